//! Finds changes of protected records.

use std::collections::BTreeSet;

use super::{GuardInput, deed, if_meant, so_too, to_apply};
use crate::model::{
    Change, CollectionId, Finding, FindingEffect, LimitedAction, Plan, PlanStep, ProtectedRecords,
    RecordAddress, ZoneCode,
};

/// Returns a finding for each entry of `protected` with a planned change.
pub fn find(GuardInput { plan, network, .. }: GuardInput<'_>) -> Vec<Finding> {
    network.guards.protected.iter().filter_map(|protected| check_protected(plan, protected)).collect()
}

fn check_protected(plan: &Plan, protected: &ProtectedRecords) -> Option<Finding> {
    let found: Vec<(&ZoneCode, &PlanStep, &Change)> = to_apply(plan)
        .filter(|(_, step, change)| {
            is_from(protected, deed(step, change)) && matches_address(protected, &change.address)
        })
        .collect();
    let (_, step, first) = found.first()?;
    let reason = protected.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let more = so_too(found.len() - 1, "record");
    let zones: BTreeSet<&ZoneCode> = found.iter().map(|(zone, _, _)| *zone).collect();
    Some(Finding {
        effect: FindingEffect::Deny,
        guard: "protected".into(),
        zones: zones.into_iter().cloned().collect(),
        message: format!(
            "{} would be {}, but is protected{reason}{more}",
            first.address,
            deed(step, first).past_participle()
        ),
        help: Some(if_meant("protected", plan.digest)),
        span: Some(protected.span.clone()),
    })
}

/// Returns true if the protection covers the action. Protection from updates includes protection from
/// disabling.
fn is_from(protected: &ProtectedRecords, deed: LimitedAction) -> bool {
    protected.from.contains(&deed)
        || deed == LimitedAction::Disable && protected.from.contains(&LimitedAction::Update)
}

/// Returns true if the pattern matches the address: in full, or without language and library.
fn matches_address(protected: &ProtectedRecords, address: &RecordAddress) -> bool {
    let RecordAddress { zone: _, collection, key } = address;
    let pattern = &*protected.records;
    let kind = pattern.split(['/', '[']).next().unwrap_or_default();
    // Shortcut without text formatting, because most records have another kind.
    if !kind.contains('*') && kind != &*collection.kind {
        return false;
    }
    let shared = collection.without_language();
    let everywhere = CollectionId { library: None, ..shared.clone() };
    let text = |collection: &CollectionId| match key.0.is_empty() {
        true => collection.to_string(),
        false => format!("{collection}/{key}"),
    };
    matches(pattern, &text(collection))
        || (shared != *collection && matches(pattern, &text(&shared)))
        || (everywhere != shared && matches(pattern, &text(&everywhere)))
}

/// Returns true if the text matches the pattern. `*` matches any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn star_matches_any_text() {
        for (pattern, text, is) in [
            ("a/b", "a/b", true),
            ("a/b", "a/bc", false),
            ("a/*", "a/b/c", true),
            ("*", "", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("a*a", "a", false),
            ("*b*", "abc", true),
            ("a**", "a", true),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }
}

//! JUnit output of a plan: one suite per zone, one case per collection.

use super::{JunitCase, JunitMessage, document};
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    Change, ChangeAction, CollectionChanges, Finding, FindingEffect, Plan, PlanCounts, PlanStep, ZoneCode,
    ZoneFailure, ZonePlan,
};
use crate::render::text::{comparison_sentences, conflict, fate, last_changed, origin_text, thousands};
use crate::render::text_difference::{brief, distinct_brief_texts};

/// Maximum number of changes shown for a collection.
const CHANGES: usize = 20;
/// Maximum number of fields shown for a change.
const FIELDS: usize = 8;

/// Returns the plan as JUnit XML.
///
/// Differences are failures, even if deferred. Unreadable zones and collections that cannot be planned are
/// errors. Findings that defer changes or require approval are skips.
pub fn junit(plan: &Plan) -> String {
    let mut suites: Vec<(String, Vec<JunitCase>)> = Vec::new();
    if !plan.findings.is_empty() {
        suites.push(("guards".to_owned(), plan.findings.iter().map(guard).collect()));
    }
    for (code, zone) in &plan.zones {
        suites.push((escape_invisible(code.as_str()), zone_cases(code, zone)));
    }
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}"));
    let name = [plan.network.clone()]
        .into_iter()
        .chain(partial)
        .chain(comparison_sentences(plan))
        .collect::<Vec<_>>();
    document(&escape_invisible(&name.join(". ")), &suites)
}

fn guard(finding: &Finding) -> JunitCase {
    let message = escape_invisible(&finding.message);
    let element = match finding.effect {
        FindingEffect::Deny => Some("failure"),
        FindingEffect::Defer | FindingEffect::RequireApproval => Some("skipped"),
        FindingEffect::Warn | FindingEffect::Overridden { .. } => None,
    };
    let zones = match finding.zones.as_slice() {
        [] => String::new(),
        zones => {
            format!(
                " [{}]",
                zones.iter().map(|zone| escape_invisible(zone.as_str())).collect::<Vec<_>>().join(", ")
            )
        }
    };
    JunitCase {
        // CI systems merge cases with equal names.
        name: format!("{}: {message}{zones}", escape_invisible(&finding.guard)),
        class: "guards".to_owned(),
        place: finding.span.as_ref().map(|place| (escape_invisible(&place.file), place.start.line)),
        verdict: element.map(|element| JunitMessage {
            element,
            sort: "guard".to_owned(),
            message,
            text: finding.help.as_deref().map(escape_invisible).unwrap_or_default(),
        }),
    }
}

fn zone_cases(code: &ZoneCode, zone: &ZonePlan) -> Vec<JunitCase> {
    let case = |step: &PlanStep| {
        let verdict = match &step.diff.outcome {
            Err(failure) => Some(error(failure)),
            Ok(found) if found.changes.is_empty() => None,
            Ok(found) => Some(differs(found, zone, step)),
        };
        let place = &step.diff.provenance.span;
        JunitCase {
            name: escape_invisible(&step.diff.id.to_string()),
            class: escape_invisible(code.as_str()),
            place: Some((escape_invisible(&place.file), place.start.line)),
            verdict,
        }
    };
    zone.collections.iter().map(case).collect()
}

fn error(failure: &ZoneFailure) -> JunitMessage {
    let sort = serde_json::to_value(failure.class).unwrap_or_default();
    JunitMessage {
        element: "error",
        sort: sort.as_str().unwrap_or_default().to_owned(),
        message: escape_invisible(&failure.message),
        text: failure.help.as_deref().map(escape_invisible).unwrap_or_default(),
    }
}

fn differs(found: &CollectionChanges, zone: &ZonePlan, step: &PlanStep) -> JunitMessage {
    let PlanCounts { add, change, destroy, report, manual: by_hand, postponed: later, .. } = found.counts();
    let parts = [
        (add, "to add"),
        (change, "to change"),
        (destroy, "to destroy"),
        (by_hand, "by hand"),
        (report, "reported only"),
        (later, "left for later"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", thousands(*number as u64)))
        .collect();
    let held = zone
        .deferral_of_step(step)
        .map(|hold| format!("; {}", escape_invisible(&hold.to_string())))
        .unwrap_or_default();
    let (shown, omitted) = cut_list(&found.changes, CHANGES);
    let mut text: String = shown.iter().map(change_lines).collect();
    text.extend(omitted.map(|omitted| format!("{omitted}\n")));
    JunitMessage {
        element: "failure",
        sort: "difference".to_owned(),
        message: format!("{}{held}", parts.join(", ")),
        text: text.trim_end().to_owned(),
    }
}

fn change_lines(change: &Change) -> String {
    let key = match change.address.key.0.is_empty() {
        true => change.address.collection.to_string(),
        false => change.address.key.to_string(),
    };
    let mut text =
        format!("{} {}\n", escape_invisible(&key), fate(change.mode, change.action, change.difference));
    if let Some(origin) = change.origin {
        text.push_str(&format!("  ({})\n", origin_text(origin)));
    }
    for told in conflict(change).into_iter().chain(last_changed(change)) {
        text.push_str(&format!("  ({})\n", escape_invisible(&told)));
    }
    let (shown, omitted) = cut_list(&change.field_changes, FIELDS);
    for edit in shown {
        let value = match (&edit.before, change.action) {
            (Some(before), ChangeAction::Update) if change.matches.is_none() => {
                let (before, after) = distinct_brief_texts(before, &edit.after);
                format!("{before} -> {after}")
            }
            (_, ChangeAction::Create | ChangeAction::Update | ChangeAction::Delete) => brief(&edit.after),
        };
        text.push_str(&format!("  {} = {value}\n", escape_invisible(&edit.name)));
    }
    text.extend(omitted.map(|omitted| format!("  {omitted}\n")));
    text
}

//! JUnit output of a plan: one suite per zone, one case per collection.

use super::{JunitCase, JunitMessage, document};
use crate::model::{
    Change, ChangeAction, CollectionChanges, Finding, FindingEffect, Plan, PlanCounts, PlanStep, ZoneCode,
    ZoneFailure, ZonePlan,
};
use crate::render::sanitize::{brief, visible};
use crate::render::text::{comparison_sentences, conflict, fate, last_changed, origin_text, thousands};

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
        suites.push((visible(code.as_str()), zone_cases(code, zone)));
    }
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}"));
    let name = [plan.network.clone()]
        .into_iter()
        .chain(partial)
        .chain(comparison_sentences(plan))
        .collect::<Vec<_>>();
    document(&visible(&name.join(". ")), &suites)
}

fn guard(finding: &Finding) -> JunitCase {
    let message = visible(&finding.message);
    let element = match finding.effect {
        FindingEffect::Deny => Some("failure"),
        FindingEffect::Defer | FindingEffect::RequireApproval => Some("skipped"),
        FindingEffect::Warn | FindingEffect::Overridden { .. } => None,
    };
    let zones = match finding.zones.as_slice() {
        [] => String::new(),
        zones => {
            format!(" [{}]", zones.iter().map(|zone| visible(zone.as_str())).collect::<Vec<_>>().join(", "))
        }
    };
    JunitCase {
        // CI systems merge cases with equal names.
        name: format!("{}: {message}{zones}", visible(&finding.guard)),
        class: "guards".to_owned(),
        place: finding.span.as_ref().map(|place| (visible(&place.file), place.start.line)),
        verdict: element.map(|element| JunitMessage {
            element,
            sort: "guard".to_owned(),
            message,
            text: finding.help.as_deref().map(visible).unwrap_or_default(),
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
            name: visible(&step.diff.id.to_string()),
            class: visible(code.as_str()),
            place: Some((visible(&place.file), place.start.line)),
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
        message: visible(&failure.message),
        text: failure.help.as_deref().map(visible).unwrap_or_default(),
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
        .map(|hold| format!("; {}", visible(&hold.to_string())))
        .unwrap_or_default();
    let mut text: String = found.changes.iter().take(CHANGES).map(change_lines).collect();
    if let Some(more) = found.changes.len().checked_sub(CHANGES).filter(|more| *more > 0) {
        text.push_str(&format!("and {} more\n", thousands(more as u64)));
    }
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
    let mut text = format!("{} {}\n", visible(&key), fate(change.mode, change.action, change.difference));
    if let Some(origin) = change.origin {
        text.push_str(&format!("  ({})\n", origin_text(origin)));
    }
    for told in conflict(change).into_iter().chain(last_changed(change)) {
        text.push_str(&format!("  ({})\n", visible(&told)));
    }
    for edit in change.field_changes.iter().take(FIELDS) {
        let before = match (&edit.before, change.action) {
            (Some(before), ChangeAction::Update) if change.matches.is_none() => {
                format!("{} -> ", brief(before))
            }
            (_, ChangeAction::Create | ChangeAction::Update | ChangeAction::Delete) => String::new(),
        };
        text.push_str(&format!("  {} = {before}{}\n", visible(&edit.name), brief(&edit.after)));
    }
    if let Some(more) = change.field_changes.len().checked_sub(FIELDS).filter(|more| *more > 0) {
        text.push_str(&format!("  and {} more\n", thousands(more as u64)));
    }
    text
}

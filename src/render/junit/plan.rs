//! JUnit output of a plan: one suite per zone, one case per collection.

use super::{JunitCase, JunitMessage, document};
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    BrokenExpectation, Change, ChangeAction, CollectionChanges, ExpectationForecast, Finding, FindingEffect,
    OtherExpectations, Plan, PlanCounts, PlanStep, ZoneCode, ZoneFailure, ZonePlan,
};
use crate::render::fact_words::forecast;
use crate::render::serialized_name::serialized_name;
use crate::render::text::{
    UNDECLARED_TITLE, UNDECLARED_WAYS_OUT, comparison_sentences, conflict, fate, last_changed, origin_text,
    thousands, undeclared_sentences,
};
use crate::render::text_difference::{brief, distinct_brief_texts};

/// Maximum number of changes shown for a collection.
const CHANGES: usize = 20;
/// Maximum number of fields shown for a change.
const FIELDS: usize = 8;

/// Returns the plan as JUnit XML.
///
/// Differences are failures, even if deferred. Unreadable zones and collections that cannot be planned are
/// errors. Findings that defer changes or require approval are skips, and so are records that are no longer declared.
/// Broken expectations are failures.
pub fn junit(plan: &Plan) -> String {
    let mut suites: Vec<(String, Vec<JunitCase>)> = Vec::new();
    if !plan.findings.is_empty() {
        suites.push(("guards".to_owned(), plan.findings.iter().map(guard).collect()));
    }
    suites.extend(expectation_suite(&plan.expectations));
    suites.extend(undeclared_suite(plan));
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

/// Returns the suite of expectations: broken ones as failures, and one case for the others.
fn expectation_suite(expected: &ExpectationForecast) -> Option<(String, Vec<JunitCase>)> {
    let ExpectationForecast { broken, others } = expected;
    let class = || "expectations".to_owned();
    let broken = broken.iter().map(|expectation| {
        let BrokenExpectation { provenance, question, reason, facts, .. } = expectation;
        let message: Vec<String> = facts.iter().map(|fact| escape_invisible(&forecast(fact))).collect();
        JunitCase {
            name: escape_invisible(question),
            class: class(),
            place: Some((escape_invisible(&provenance.span.file), provenance.span.start.line)),
            verdict: Some(JunitMessage {
                element: "failure",
                sort: "broken expectation".to_owned(),
                message: message.join("; "),
                text: reason
                    .iter()
                    .map(|because| format!("expected because {}", escape_invisible(because)))
                    .collect(),
            }),
        }
    });
    let others = others.filter(|others| *others != OtherExpectations::default()).map(|others| {
        let OtherExpectations { met: _, not_met, unknown, left_out } = others;
        let parts =
            [(not_met, "not met, as before"), (unknown, "unknown"), (left_out, "left out by the selection")];
        let parts: Vec<String> = (parts.iter().filter(|(number, _)| *number > 0))
            .map(|(number, what)| format!("{} {what}", thousands(*number as u64)))
            .collect();
        let verdict = (!parts.is_empty()).then(|| JunitMessage {
            element: "skipped",
            sort: "expectation".to_owned(),
            message: parts.join(", "),
            text: String::new(),
        });
        JunitCase { name: "other expectations".to_owned(), class: class(), place: None, verdict }
    });
    let cases: Vec<JunitCase> = broken.chain(others).collect();
    (!cases.is_empty()).then(|| (class(), cases))
}

/// Returns the suite of records that no manifest declares any more. They stay, so no case fails.
fn undeclared_suite(plan: &Plan) -> Option<(String, Vec<JunitCase>)> {
    let class = || "no longer declared".to_owned();
    let case = |sentence: String| JunitCase {
        name: escape_invisible(&sentence),
        class: class(),
        place: None,
        verdict: Some(JunitMessage {
            element: "skipped",
            sort: "undeclared".to_owned(),
            message: UNDECLARED_TITLE.to_owned(),
            text: UNDECLARED_WAYS_OUT.join("\n"),
        }),
    };
    let cases: Vec<JunitCase> = undeclared_sentences(plan).into_iter().map(case).collect();
    (!cases.is_empty()).then(|| (class(), cases))
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
    JunitMessage {
        element: "error",
        sort: serialized_name(&failure.class),
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

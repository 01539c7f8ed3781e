//! Published JSON of plans and reports, and their form in the store: a head and one part per zone.

use std::io;

use crate::model::{ApplyReport, Plan, ReviewSubject};
use crate::plan::plan_digest::{self, DigestScope};
use crate::render::json::plan::{self, PlanFileError, PlanJson};
use crate::render::json::report::{self, ApplyReportJson};
use crate::store::RunDocument;

/// Returns a plan as published JSON.
pub fn plan_json(plan: &Plan) -> PlanJson {
    let scope = DigestScope::from(plan);
    plan::plan(plan, |change| scope.change(change), plan_digest::change_set)
}

/// Returns the report of an apply as published JSON.
pub fn report_json(plan: &Plan, report: &ApplyReport) -> ApplyReportJson {
    let scope = DigestScope::from(plan);
    report::report(plan, report, |change| scope.change(change))
}

/// Returns the plan of a run for the store, with the digests that approvals refer to.
pub fn stored_plan(plan: &Plan, under_review: Option<&ReviewSubject>) -> RunDocument {
    let mut head = plan::head(plan);
    // The resumed run needs the same approvals.
    let reviewed = under_review.into_iter().flat_map(|subject| &subject.zones);
    head.reconciler.reviewed_digests = reviewed.map(|(code, digest)| (code.0.clone(), *digest)).collect();
    let mut document = RunDocument::new(&json_text(&head));
    let scope = DigestScope::from(plan);
    for (code, zone) in &plan.zones {
        let part = plan::zone_part(code, zone, |change| scope.change(change));
        document.add_zone(code, &json_text(&part));
    }
    document
}

/// Parses the stored plan of a run.
///
/// # Errors
/// Returns a [`PlanFileError`] if the document is not a plan.
pub fn parse_plan(document: &RunDocument) -> Result<PlanJson, PlanFileError> {
    let mut plan = plan::parse_stored(&document.head().map_err(damaged)?)?;
    for part in document.zones() {
        let (_, text) = part.map_err(damaged)?;
        plan.add_zone(plan::parse_zone_part(&text)?);
    }
    Ok(plan)
}

/// Returns the report of a run for the store. If the store contains `plan`, the report refers to it.
pub fn stored_report(plan: &Plan, report: &ApplyReport, plan_is_stored: bool) -> RunDocument {
    let scope = DigestScope::from(plan);
    let mut document = RunDocument::new(&json_text(&report::head(plan, report)));
    for (code, zone) in &report.zones {
        let part = report::stored_zone(plan, plan_is_stored, code, zone, |change| scope.change(change));
        document.add_zone(code, &json_text(&part));
    }
    document
}

/// Parses the stored report of a run. `plan` is its stored plan; without it, changes are left out.
///
/// # Errors
/// Returns a [`PlanFileError`] if the document is not a report.
pub fn parse_report(document: &RunDocument, plan: Option<&Plan>) -> Result<ApplyReport, PlanFileError> {
    let mut report = report::parse(&document.head().map_err(damaged)?)?;
    for part in document.zones() {
        let (_, text) = part.map_err(damaged)?;
        report::add_stored_zone(&mut report, &text, plan)?;
    }
    Ok(report)
}

/// Returns a document as JSON text. Serialization cannot fail because all map keys are texts.
fn json_text(document: &impl serde::Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

fn damaged(error: io::Error) -> PlanFileError {
    PlanFileError::NotAPlan(error.to_string())
}

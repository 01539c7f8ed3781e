//! Published JSON of plans and reports, as stored with runs.

use crate::model::{ApplyReport, Plan, ReviewSubject};
use crate::plan::plan_digest::DigestScope;
use crate::render::json::plan::PlanJson;
use crate::render::json::report::ApplyReportJson;

/// Returns a plan as published JSON.
pub fn plan_json(plan: &Plan) -> PlanJson {
    let scope = DigestScope::from(plan);
    crate::render::json::plan::plan(plan, |change| scope.change(change))
}

/// Returns the report of an apply as published JSON.
pub fn report_json(plan: &Plan, report: &ApplyReport) -> ApplyReportJson {
    let scope = DigestScope::from(plan);
    crate::render::json::report::report(plan, report, |change| scope.change(change))
}

/// Returns the plan of a run as stored text, with the digests that approvals refer to.
pub fn stored_plan(plan: &Plan, under_review: &ReviewSubject) -> String {
    let mut document = plan_json(plan);
    // The resumed run needs the same approvals.
    document.reconciler.reviewed_digests =
        under_review.zones.iter().map(|(code, digest)| (code.0.clone(), *digest)).collect();
    json_text(&document)
}

/// Returns a document as JSON text. Serialization cannot fail because all map keys are texts.
pub fn json_text(document: &impl serde::Serialize) -> String {
    serde_json::to_string(document).unwrap_or_default()
}

//! Determines the zones that wait for an approval.

use std::collections::BTreeSet;

use super::hold;
use super::plan_digest::is_busy;
use crate::model::{
    Approval, ApprovalRule, ApprovedItem, Deferral, FindingEffect, Plan, ReviewSubject, ZoneCode,
};

/// Returns the digests of a plan that can be approved.
pub fn under_review(plan: &Plan) -> ReviewSubject {
    let busy = plan.zones.iter().filter(|(_, zone)| is_busy(zone));
    ReviewSubject { plan: plan.digest, zones: busy.map(|(code, zone)| (code.clone(), zone.digest)).collect() }
}

/// Defers every zone with a missing approval. The network's rule and the plan's findings require approvals; a
/// finding without zones requires an approval of the whole plan.
pub fn wait(plan: &mut Plan, reviewed: &ReviewSubject, rule: &ApprovalRule, approvals: &[Approval]) {
    let wanted = plan.findings.iter().filter(|finding| finding.effect == FindingEffect::RequireApproval);
    let whole = wanted.clone().any(|finding| finding.zones.is_empty());
    let some: BTreeSet<&ZoneCode> = wanted.flat_map(|finding| &finding.zones).chain(&rule.zones).collect();
    let is_approved = |code: &ZoneCode| {
        let digest = reviewed.zones.get(code);
        digest.is_some() && approvals.iter().any(|approval| approval.zones.get(code.as_str()) == digest)
    };
    let whole_is_approved = approvals
        .iter()
        .any(|approval| approval.approves == ApprovedItem::Plan && approval.digest == reviewed.plan);
    let waiting: BTreeSet<ZoneCode> = (plan.zones.keys())
        .filter(|code| (whole && !whole_is_approved) || (some.contains(code) && !is_approved(code)))
        .cloned()
        .collect();
    hold(plan, |code, _| waiting.contains(code).then_some(Deferral::ApprovalRequired), |_, _| None);
}

//! Determines the zones and collections that wait for an approval.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::hold;
use super::plan_digest::{DigestScope, effective_changes, is_busy};
use crate::model::{
    Approval, ApprovalRule, ApprovedItem, CollectionId, ContentDigest, Deferral, FindingEffect, Plan,
    PlanStep, ReviewSubject, ZoneCode,
};

/// Returns the digests of a plan that can be approved.
pub fn under_review(plan: &Plan) -> ReviewSubject {
    let busy = plan.zones.iter().filter(|(_, zone)| is_busy(zone));
    ReviewSubject { plan: plan.digest, zones: busy.map(|(code, zone)| (code.clone(), zone.digest)).collect() }
}

/// Defers everything with a missing approval. The network's rule and the plan's findings require approvals; a
/// finding without zones requires an approval of the whole plan.
///
/// In a zone that nobody approved, a collection is free if approvals of manifests or rows together cover all
/// its changes.
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
    let scope = DigestScope::from(&*plan);
    let mut waiting: BTreeSet<ZoneCode> = BTreeSet::new();
    let mut waiting_in_part: BTreeMap<(ZoneCode, CollectionId), Deferral> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        if whole && !whole_is_approved {
            waiting.insert(code.clone());
        } else if some.contains(code) && !is_approved(code) {
            let approved = approved_changes(code, approvals);
            let coverage = |step| StepCoverage::new(scope, step, &approved);
            let steps: Vec<(&PlanStep, StepCoverage)> =
                zone.collections.iter().map(|step| (step, coverage(step))).collect();
            if steps.iter().all(|(_, coverage)| coverage.approved == 0) {
                waiting.insert(code.clone());
                continue;
            }
            for (step, coverage) in steps {
                if let Some(deferral) = coverage.deferral() {
                    waiting_in_part.insert((code.clone(), step.diff.id.clone()), deferral);
                }
            }
        }
    }
    hold(
        plan,
        |code, _| waiting.contains(code).then_some(Deferral::ApprovalRequired),
        |code, step| waiting_in_part.get(&(code.clone(), step.diff.id.clone())).cloned(),
    );
}

/// Returns the changes of a zone that approvals of manifests and rows cover.
fn approved_changes(zone: &ZoneCode, approvals: &[Approval]) -> BTreeSet<ContentDigest> {
    approvals.iter().flat_map(|approval| approval.changes.get(zone.as_str())).flatten().copied().collect()
}

/// Share of a collection's changes that approvals of manifests and rows cover.
struct StepCoverage {
    /// Number of approved changes.
    approved: usize,
    /// Manifests with changes that are not approved.
    missing: BTreeSet<Arc<str>>,
}

impl StepCoverage {
    fn new(scope: DigestScope<'_>, step: &PlanStep, approved: &BTreeSet<ContentDigest>) -> Self {
        let mut coverage = Self { approved: 0, missing: BTreeSet::new() };
        for change in effective_changes(&step.diff) {
            match approved.contains(&scope.change(change)) {
                true => coverage.approved += 1,
                false => {
                    coverage.missing.insert(Arc::clone(&change.provenance.manifest));
                }
            }
        }
        coverage
    }

    fn deferral(self) -> Option<Deferral> {
        match (self.missing.is_empty(), self.approved) {
            (true, _) => None,
            (false, 0) => Some(Deferral::ApprovalRequired),
            (false, _) => Some(Deferral::PartlyApproved { missing: self.missing.into_iter().collect() }),
        }
    }
}

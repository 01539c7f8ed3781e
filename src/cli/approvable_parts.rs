//! Parts of a plan that can be approved, each with its digest.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ApprovedItem, ContentDigest, Plan, ZoneCode};
use crate::plan::plan_digest::{DigestScope, change_set, is_busy, is_effective};
use crate::render::text::{PlanPart, missing_parts};

/// Part of a plan that can be approved.
#[derive(Debug, Clone)]
pub struct ApprovablePart {
    /// Type of the part.
    pub approves: ApprovedItem,
    /// Digest of the part.
    pub digest: ContentDigest,
    /// Zones that are approved as a whole.
    pub zones: Vec<ZoneCode>,
    /// Names of manifests or rows.
    pub names: Vec<String>,
    /// Digests of the changes of manifests or rows, by zone.
    pub changes: BTreeMap<String, BTreeSet<ContentDigest>>,
}

impl ApprovablePart {
    fn of_zones(approves: ApprovedItem, digest: ContentDigest, zones: Vec<ZoneCode>) -> Self {
        Self { approves, digest, zones, names: Vec::new(), changes: BTreeMap::new() }
    }

    /// Returns the part of some manifests or rows.
    ///
    /// # Errors
    /// Returns a message if the plan has no change to approve for a manifest or row.
    pub fn of_changes(plan: &Plan, approves: ApprovedItem, part: PlanPart) -> Result<Self, String> {
        let missing = missing_parts(plan, &part, is_effective);
        if !missing.is_empty() {
            return Err(format!(
                "the plan has no change to approve for {}; `zonal show PLAN` lists manifests and rows",
                missing.join(", ")
            ));
        }
        let scope = DigestScope::from(plan);
        let mut changes: BTreeMap<String, BTreeSet<ContentDigest>> = BTreeMap::new();
        for change in part.changes(plan).filter(|change| is_effective(change)) {
            changes.entry(change.address.zone.to_string()).or_default().insert(scope.change(change));
        }
        let digest = change_set(changes.values().flatten().copied().collect());
        let names = part.manifests.into_iter().chain(part.rows).collect();
        Ok(Self { approves, digest, zones: Vec::new(), names, changes })
    }
}

/// Returns the parts that consist of whole zones: the plan, its groups, and each zone with changes.
pub fn approvable_parts(plan: &Plan) -> Vec<ApprovablePart> {
    let busy = |code: &&ZoneCode| plan.zones.get(*code).is_some_and(is_busy);
    let all: Vec<ZoneCode> = plan.zones.keys().filter(busy).cloned().collect();
    let zones = all.iter().filter_map(|code| {
        let digest = plan.zones.get(code)?.digest;
        Some(ApprovablePart::of_zones(ApprovedItem::Zone, digest, vec![code.clone()]))
    });
    let groups =
        plan.change_groups.iter().filter(|group| group.zones.first().is_some_and(|code| all.contains(code)));
    let groups =
        groups.map(|group| ApprovablePart::of_zones(ApprovedItem::Group, group.digest, group.zones.clone()));
    let whole = ApprovablePart::of_zones(ApprovedItem::Plan, plan.digest, all.clone());
    std::iter::once(whole).chain(groups).chain(zones).collect()
}

//! Adopts records without writes: already in sync, and not in the applied state.

use std::collections::BTreeSet;

use crate::model::{CollectionDiff, Plan, ZonePlan};
use crate::store::CollectionStateUpdate;

/// Returns true if a collection without changes has records to adopt.
pub fn has_adopted_records(plan: &Plan) -> bool {
    adopted_records(plan).iter().any(|update| !update.learned.is_empty())
}

/// Returns the records to adopt from collections without changes, and the sizes of their readings.
///
/// Collections with changes adopt their records at the readback. A table that this run changes in another
/// language has another size by then.
pub fn adopted_records(plan: &Plan) -> Vec<CollectionStateUpdate> {
    // The desired state of a revert comes from the history, not from the manifests. A denied plan adopts
    // nothing: the next plan would take the adopted records for a base.
    if plan.inputs.reverts.is_some() || plan.is_denied() {
        return Vec::new();
    }
    let zones = plan.zones.iter();
    let steps =
        zones.flat_map(|(code, zone)| zone.collections.iter().map(move |step| (code, zone, &step.diff)));
    let updates = steps.filter(|(_, _, diff)| !diff.has_work()).filter_map(|(code, zone, diff)| {
        let mut learned = diff.outcome.as_ref().ok()?.learned.clone();
        if is_changed_in_another_language(zone, diff) {
            learned.accepted_rows = None;
        }
        let is_new = !learned.is_empty() || learned.accepted_rows.is_some();
        let (zone, collection) = (code.clone(), diff.id.clone());
        is_new.then(|| CollectionStateUpdate { zone, collection, learned, created: BTreeSet::new() })
    });
    updates.collect()
}

fn is_changed_in_another_language(zone: &ZonePlan, diff: &CollectionDiff) -> bool {
    let mut steps = zone.collections.iter();
    steps.any(|step| step.diff.has_work() && step.diff.id.shares_rows_with(&diff.id))
}

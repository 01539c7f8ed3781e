//! Adopts records without writes: already in sync, and not in the applied state.

use std::collections::BTreeSet;

use crate::model::{CollectionChanges, Plan};
use crate::store::CollectionStateUpdate;

/// Returns true if a collection without changes has records to adopt.
pub fn has_adopted_records(plan: &Plan) -> bool {
    adopted_records(plan).iter().any(|update| !update.learned.is_empty())
}

/// Returns the records to adopt from collections without changes, and the sizes of their readings.
///
/// Collections with changes adopt their records at the readback.
pub fn adopted_records(plan: &Plan) -> Vec<CollectionStateUpdate> {
    // The desired state of a revert comes from the history, not from the manifests. A denied plan adopts
    // nothing: the next plan would take the adopted records for a base.
    if plan.inputs.reverts.is_some() || plan.is_denied() {
        return Vec::new();
    }
    let zones = plan.zones.iter();
    let steps = zones.flat_map(|(code, zone)| zone.collections.iter().map(move |step| (code, &step.diff)));
    let learned = |found: &CollectionChanges| {
        let is_new = !found.learned.is_empty() || found.learned.accepted_rows.is_some();
        is_new.then(|| found.learned.clone())
    };
    let updates = steps.filter(|(_, diff)| !diff.has_work()).filter_map(|(zone, diff)| {
        let learned = diff.outcome.as_ref().ok().and_then(learned)?;
        let (zone, collection) = (zone.clone(), diff.id.clone());
        Some(CollectionStateUpdate { zone, collection, learned, created: BTreeSet::new() })
    });
    updates.collect()
}

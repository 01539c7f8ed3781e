//! Adopts records without writes: already in sync, and not in the applied state.

use std::collections::BTreeSet;

use super::plan::PlanResult;
use crate::model::CollectionChanges;
use crate::store::CollectionStateUpdate;

/// Returns the records to adopt from collections without changes.
///
/// Collections with changes adopt their records at the readback.
pub fn lessons(planned: &PlanResult) -> Vec<CollectionStateUpdate> {
    // The desired state of a revert comes from the history, not from the manifests.
    if planned.plan.inputs.reverts.is_some() {
        return Vec::new();
    }
    let zones = planned.plan.zones.iter();
    let steps = zones.flat_map(|(code, zone)| zone.collections.iter().map(move |step| (code, &step.diff)));
    let lesson = |found: &CollectionChanges| (!found.learned.is_empty()).then(|| found.learned.clone());
    let lessons = steps.filter(|(_, diff)| !diff.has_work()).filter_map(|(zone, diff)| {
        let learned = diff.outcome.as_ref().ok().and_then(lesson)?;
        Some(CollectionStateUpdate {
            zone: zone.clone(),
            collection: diff.id.clone(),
            learned,
            created: BTreeSet::new(),
        })
    });
    lessons.collect()
}

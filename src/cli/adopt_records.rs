//! What an apply learns without writing: records that are as they are wanted, and that the ledger does not say yet.

use std::collections::BTreeSet;

use super::plan::PlanResult;
use crate::model::CollectionChanges;
use crate::store::CollectionStateUpdate;

/// What the plan found out about collections that nothing is written to. What is written to is learned of when it
/// is read back.
pub fn lessons(planned: &PlanResult) -> Vec<CollectionStateUpdate> {
    // What is wanted by a run that takes another one back is not what the manifests want.
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

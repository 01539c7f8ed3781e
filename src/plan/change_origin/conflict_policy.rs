//! Resolves conflicts by the conflict policy of the manifests. Without a policy, a person decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{dependent_rows, rows, touches};
use crate::model::{
    ApplyMode, Change, ChangeConflict, CollectionDiff, CollectionRole, ConflictPolicy, Deferral,
    DesiredCollection, DesiredState, Differences, Plan, PlanStep,
};

/// Applies the policy of each conflict. Changes left to the zone, and the changes that depend on them, keep
/// the zone's values.
pub fn settle(differences: &mut Differences, desired: &DesiredState) {
    for (code, collections) in &mut differences.zones {
        let wanted = desired.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        collections.iter_mut().for_each(|diff| of_collection(diff, wanted));
        let unmade = dependent_rows(collections, ApplyMode::KeptTheirs);
        for diff in collections {
            let rows = rows(&diff.id);
            if let Ok(found) = &mut diff.outcome {
                let left =
                    |change: &&mut Change| unmade.contains(&(rows.clone(), change.address.key.clone()));
                found.changes.iter_mut().filter(left).for_each(leave);
            }
        }
    }
}

fn of_collection(diff: &mut CollectionDiff, wanted: &[DesiredCollection]) {
    let Ok(found) = &mut diff.outcome else { return };
    let speaking: Vec<&DesiredCollection> = wanted
        .iter()
        .filter(|collection| {
            collection.standing == CollectionRole::Desired && diff.asked.contains(&collection.id)
        })
        .collect();
    for change in &mut found.changes {
        let (then, manifest) = conflict_policy_for(change, &speaking);
        let Some(conflict) = &mut change.conflict else { continue };
        **conflict = ChangeConflict { applied: conflict.applied.take(), then, manifest };
        match then {
            ConflictPolicy::Defer | ConflictPolicy::Ours => {}
            ConflictPolicy::Theirs => leave(change),
        }
    }
    // An exclusive flag moves between records in a single write.
    for flag in &diff.shape.exclusive {
        let left = |change: &Change| touches(change, flag) && change.mode == ApplyMode::KeptTheirs;
        if found.changes.iter().any(left) {
            found.changes.iter_mut().filter(|change| touches(change, flag)).for_each(leave);
        }
    }
}

/// Returns the conflict policy of a change, with its manifest. If manifests disagree, `defer` wins, then
/// `theirs`, then `ours`.
fn conflict_policy_for(change: &Change, speaking: &[&DesiredCollection]) -> (ConflictPolicy, Arc<str>) {
    let who = &change.provenance.manifest;
    let all: BTreeSet<&Arc<str>> =
        change.field_changes.iter().map(|edit| &edit.provenance.manifest).chain([who]).collect();
    let of = |then| {
        let mut found = speaking.iter().filter(move |collection| collection.on_conflict == then);
        found.find(|collection| all.contains(&collection.provenance.manifest))
    };
    for then in [ConflictPolicy::Defer, ConflictPolicy::Theirs, ConflictPolicy::Ours] {
        if let Some(found) = of(then) {
            return (then, found.provenance.manifest.clone());
        }
    }
    (ConflictPolicy::Defer, who.clone())
}

fn leave(change: &mut Change) {
    match change.mode {
        ApplyMode::Apply | ApplyMode::Manual => change.mode = ApplyMode::KeptTheirs,
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => {}
    }
}

/// Defers each collection with an unresolved conflict.
pub fn hold(plan: &mut Plan) {
    crate::plan::hold(
        plan,
        |_, _| None,
        |_, step| has_unresolved_conflict(step).then_some(Deferral::Conflict),
    );
}

/// Returns true if a person has to decide about a change of the collection.
pub fn has_unresolved_conflict(step: &PlanStep) -> bool {
    step.diff
        .to_apply()
        .any(|change| change.conflict.as_ref().is_some_and(|conflict| conflict.then == ConflictPolicy::Defer))
}

//! Determines the origin of each change, from a second comparison with the manifests applied last.
//!
//! A change is *pending* if the zone still matches those manifests. A change has *drifted* if the zone
//! differs from them in the same way, so only the zone changed. If the zone differs in another way, both
//! changed: a *conflict*.
//!
//! The base is a git revision or the applied state. Conflicts with the applied state follow the conflict
//! policy of the manifests. Unresolved ones are deferred in the plan.

mod applied_state;
mod conflict_policy;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeOrigin, CollectionDiff, CollectionId, Differences, FieldName,
    FieldValue, ObservedState, ObservedZone, RecordKey, TableName,
};

pub use applied_state::classify as by_ledger;
pub use conflict_policy::{has_unresolved_conflict, hold, settle};

/// Sets the origin of each change. `base` is the comparison of the same zones with the manifests applied
/// last. Both comparisons use `observed`. Differences only in the base are ignored.
pub fn by_revision(current: &mut Differences, base: &Differences, observed: &ObservedState) {
    let nothing = ObservedZone::default();
    for (code, collections) in &mut current.zones {
        let before = base.zones.get(code).map(Vec::as_slice).unwrap_or_default();
        let zone = observed.zones.get(code).unwrap_or(&nothing);
        for collection in collections {
            let before = BaseDifference::from_base(collection, before, zone);
            if let Ok(found) = &mut collection.outcome {
                found.changes.iter_mut().for_each(|change| change.origin = Some(before.origin(change)));
            }
        }
    }
}

/// Differences of a collection from the manifests applied last.
enum BaseDifference<'a> {
    /// Changes by key.
    Known(BTreeMap<&'a RecordKey, Vec<&'a Change>>),
    /// Unknown, because those manifests did not match the collection.
    Unknown,
}

impl<'a> BaseDifference<'a> {
    fn from_base(current: &CollectionDiff, base: &'a [CollectionDiff], zone: &ObservedZone) -> Self {
        let mut known: BTreeMap<&RecordKey, Vec<&Change>> = BTreeMap::new();
        for diff in base.iter().filter(|previous| real(previous, zone) == real(current, zone)) {
            match &diff.outcome {
                Ok(found) => {
                    for change in &found.changes {
                        known.entry(&change.address.key).or_default().push(change);
                    }
                }
                Err(_) => return Self::Unknown,
            }
        }
        Self::Known(known)
    }

    /// Returns the origin of a change. An unknown origin counts as conflict: pending would hide drift, and
    /// drifted would allow a write.
    fn origin(&self, change: &Change) -> ChangeOrigin {
        match self {
            Self::Unknown => ChangeOrigin::Conflict,
            Self::Known(before) => match before.get(&change.address.key).map(Vec::as_slice) {
                None | Some([]) => ChangeOrigin::Pending,
                Some(before) if before.iter().any(|before| is_same_change(before, change)) => {
                    ChangeOrigin::Drifted
                }
                Some(_) => ChangeOrigin::Conflict,
            },
        }
    }
}

/// Returns the zone's own ID of a collection. Both comparisons may use different names.
fn real<'a>(diff: &'a CollectionDiff, zone: &'a ObservedZone) -> &'a CollectionId {
    let asked = diff.asked.first().unwrap_or(&diff.id);
    match zone.collections.get(asked) {
        Some(Ok(found)) => &found.id,
        Some(Err(_)) | None => asked,
    }
}

/// Returns true if two changes have the same effect, even under different collection names.
fn is_same_change(previous: &Change, current: &Change) -> bool {
    let (previous, current) = (previous.effect(), current.effect());
    (previous.action, previous.mode, previous.key, previous.field_changes, previous.taken)
        == (current.action, current.mode, current.key, current.field_changes, current.taken)
}

/// Postpones all changes except drift, together with the changes that depend on them.
pub fn only_drift(current: &mut Differences) {
    for collections in current.zones.values_mut() {
        collections.iter_mut().for_each(defer_collection);
        let unmade = dependent_rows(collections, ApplyMode::Postponed);
        for collection in collections {
            let rows = rows(&collection.id);
            if let Ok(found) = &mut collection.outcome {
                for change in &mut found.changes {
                    if unmade.contains(&(rows.clone(), change.address.key.clone())) {
                        later(change);
                    }
                }
            }
        }
    }
}

fn defer_collection(collection: &mut CollectionDiff) {
    let Ok(found) = &mut collection.outcome else { return };
    for change in &mut found.changes {
        match change.origin {
            Some(ChangeOrigin::Drifted) | None => {}
            Some(ChangeOrigin::Pending | ChangeOrigin::Conflict) => later(change),
        }
    }
    // An exclusive flag moves between records in a single write.
    for flag in &collection.shape.exclusive {
        let held = |change: &Change| touches(change, flag) && change.mode == ApplyMode::Postponed;
        if found.changes.iter().any(held) {
            found.changes.iter_mut().filter(|change| touches(change, flag)).for_each(later);
        }
    }
}

fn touches(change: &Change, flag: &FieldName) -> bool {
    let held = change.before.get(flag) == Some(&FieldValue::Bool(true));
    change.field_changes.iter().any(|edit| edit.field == *flag)
        && (change.action != ChangeAction::Create || sets(change, flag))
        || change.action == ChangeAction::Delete && held
}

fn sets(change: &Change, flag: &FieldName) -> bool {
    change.field_changes.iter().any(|edit| edit.field == *flag && edit.after == FieldValue::Bool(true))
}

fn later(change: &mut Change) {
    match change.mode {
        ApplyMode::Apply | ApplyMode::Manual => change.mode = ApplyMode::Postponed,
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => {}
    }
}

type RowsByKey = (Arc<str>, TableName, Option<Arc<str>>);

/// Returns the part of a collection ID that all languages of a table share.
fn rows(id: &CollectionId) -> RowsByKey {
    (id.kind.clone(), id.table.clone(), id.library.clone())
}

/// Returns the rows to be created in one language for all, whose creation has mode `left` and is skipped.
fn dependent_rows(collections: &[CollectionDiff], left: ApplyMode) -> BTreeSet<(RowsByKey, RecordKey)> {
    let creates = |change: &&Change| change.action == ChangeAction::Create && change.mode == left;
    let unmade = collections.iter().filter(|diff| !diff.siblings.is_empty()).flat_map(|diff| {
        let changes = diff.outcome.iter().flat_map(|found| &found.changes).filter(creates);
        changes.map(|change| (rows(&diff.id), change.address.key.clone()))
    });
    unmade.collect()
}

//! Who moved, zone or manifests: each difference beside what differed from the manifests that were applied
//! last.
//!
//! A difference is *pending* where the same zone does not differ from those: the zone still holds what
//! they said. It has *drifted* where it differs from them in the same way: the manifests have said so
//! all along. Where it differs in another way, both have moved: a *conflict*.
//!
//! What tells what was applied is a revision ([`by_revision`]) or a ledger ([`by_ledger`]). A ledger's conflicts are
//! then settled as the manifests say ([`settle`]), and those that wait for a person held back once there is a plan
//! ([`hold`]).

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
pub use conflict_policy::{hold, settle};

/// Says of each difference who moved. `base` compares the same zones with the manifests that were applied
/// last; both were compared with `observed`. What only those wanted is nobody's concern any more.
pub fn by_revision(now: &mut Differences, base: &Differences, observed: &ObservedState) {
    let nothing = ObservedZone::default();
    for (code, collections) in &mut now.zones {
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

/// How a collection differed from the manifests that were applied last.
enum BaseDifference<'a> {
    /// So, by key.
    Known(BTreeMap<&'a RecordKey, Vec<&'a Change>>),
    /// Those manifests did not fit it, so nobody knows.
    Unknown,
}

impl<'a> BaseDifference<'a> {
    fn from_base(now: &CollectionDiff, base: &'a [CollectionDiff], zone: &ObservedZone) -> Self {
        let mut known: BTreeMap<&RecordKey, Vec<&Change>> = BTreeMap::new();
        for diff in base.iter().filter(|then| real(then, zone) == real(now, zone)) {
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

    /// What nobody knows is not called pending, because that would pass for no drift, nor drifted, because
    /// that would let it be written.
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

/// What the zone itself calls a collection: then and now may have asked for it by different names.
fn real<'a>(diff: &'a CollectionDiff, zone: &'a ObservedZone) -> &'a CollectionId {
    let asked = diff.asked.first().unwrap_or(&diff.id);
    match zone.collections.get(asked) {
        Some(Ok(found)) => &found.id,
        Some(Err(_)) | None => asked,
    }
}

/// Whether two changes do the same, whatever the collection was called.
fn is_same_change(then: &Change, now: &Change) -> bool {
    let (then, now) = (then.effect(), now.effect());
    (then.action, then.mode, then.key, then.field_changes, then.taken)
        == (now.action, now.mode, now.key, now.field_changes, now.taken)
}

/// Leaves everything for later that has not drifted, and what cannot be written without it.
pub fn only_drift(now: &mut Differences) {
    for collections in now.zones.values_mut() {
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
    // A flag that only one record may carry goes from one to another in one write, or not at all.
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

/// What all languages of a table have in common.
fn rows(id: &CollectionId) -> RowsByKey {
    (id.kind.clone(), id.table.clone(), id.library.clone())
}

/// Rows that one language of a table would have made for all of them, and does not make now, since it was `left`.
fn dependent_rows(collections: &[CollectionDiff], left: ApplyMode) -> BTreeSet<(RowsByKey, RecordKey)> {
    let creates = |change: &&Change| change.action == ChangeAction::Create && change.mode == left;
    let unmade = collections.iter().filter(|diff| !diff.siblings.is_empty()).flat_map(|diff| {
        let changes = diff.outcome.iter().flat_map(|found| &found.changes).filter(creates);
        changes.map(|change| (rows(&diff.id), change.address.key.clone()))
    });
    unmade.collect()
}

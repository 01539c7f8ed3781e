//! Determines the outcome of writes in flight when a run was killed.
//!
//! The input: the changes of the write and the observed collection.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::model::calendar::is_creation_only;
use crate::model::{
    AppliedChange, AppliedField, AppliedRecord, AppliedStateUpdate, ChangeAction, FieldValue,
    ManagementOrigin, ObservedCollection, ObservedRecord, WritePhase,
};

/// Returns true if the zone contains all changes of the write.
pub fn is_made(changes: &[AppliedChange], observed: &ObservedCollection) -> bool {
    changes.iter().all(|done| fate(done, observed) == RecoveryOutcome::Made)
}

/// Outcome of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecoveryOutcome {
    /// The zone contains the new values.
    Made,
    /// The zone contains the previous values.
    Unmade,
    /// The zone contains other values.
    Odd,
}

/// Returns the journal phase for a collection whose write was interrupted.
///
/// Only changes present in the zone count as made.
pub fn settle(changes: &Arc<[AppliedChange]>, observed: &ObservedCollection) -> WritePhase {
    let fates: Vec<RecoveryOutcome> = changes.iter().map(|done| fate(done, observed)).collect();
    let of = |fate: RecoveryOutcome| {
        changes.iter().zip(&fates).filter(move |(_, each)| **each == fate).map(|(done, _)| done)
    };
    let odd: Vec<String> = of(RecoveryOutcome::Odd)
        .map(|done| format!("{} has neither the previous nor the sent values", done.identity()))
        .collect();
    let made: Arc<[AppliedChange]> = of(RecoveryOutcome::Made).cloned().collect();
    match (odd.is_empty(), made.is_empty()) {
        (false, _) => {
            let touched = changes.iter().zip(&fates).filter(|(_, fate)| **fate != RecoveryOutcome::Unmade);
            WritePhase::Unverified {
                changes: touched.map(|(done, _)| done.clone()).collect(),
                unexpected_differences: odd,
            }
        }
        (true, true) => {
            WritePhase::Unchanged { why: "the run ended before the write reached the zone".to_owned() }
        }
        (true, false) => WritePhase::Verified { learned: created_state_update(&made), changes: made },
    }
}

/// Returns the state update for created records: zonal created them.
///
/// All other state comes from the next comparison of the whole collection.
fn created_state_update(made: &[AppliedChange]) -> AppliedStateUpdate {
    let created = made.iter().filter(|done| done.creates());
    let found = created.map(|done| {
        let fields = compared_fields(done).map(|edit| (edit.field.clone(), edit.after.clone()));
        let known = AppliedRecord {
            holds: Some(fields.collect()),
            maker: ManagementOrigin::Created,
            manifest: done.manifest.clone(),
        };
        (done.identity(), known)
    });
    let key = made.first().map(|done| done.key.iter().map(|(field, _)| field.clone()).collect());
    AppliedStateUpdate {
        key: key.unwrap_or_default(),
        found: found.collect(),
        ..AppliedStateUpdate::default()
    }
}

/// Returns the changed fields that the zone keeps.
pub(super) fn compared_fields(done: &AppliedChange) -> impl Iterator<Item = &AppliedField> {
    done.field_changes.iter().filter(|edit| !is_creation_only(&edit.field))
}

fn fate(done: &AppliedChange, observed: &ObservedCollection) -> RecoveryOutcome {
    let field = |record: &ObservedRecord, name| record.fields.get(name).cloned().unwrap_or_default();
    // An empty key field equals an absent field.
    let is_it = |record: &&ObservedRecord| done.key.iter().all(|(name, value)| field(record, name) == *value);
    let holds = |record: &ObservedRecord, value: fn(&AppliedField) -> FieldValue| {
        compared_fields(done).all(|edit| field(record, &edit.field) == value(edit))
    };
    let after = |edit: &AppliedField| edit.after.clone();
    let before = |edit: &AppliedField| edit.before.clone().unwrap_or_default();
    match (done.action, observed.records.iter().find(is_it)) {
        (ChangeAction::Delete, None) => RecoveryOutcome::Made,
        (ChangeAction::Delete, Some(_)) | (ChangeAction::Create, None) => RecoveryOutcome::Unmade,
        (ChangeAction::Create, Some(record)) if holds(record, after) => RecoveryOutcome::Made,
        (ChangeAction::Update, Some(record)) if holds(record, after) => RecoveryOutcome::Made,
        (ChangeAction::Update, Some(record)) if holds(record, before) => RecoveryOutcome::Unmade,
        (ChangeAction::Create | ChangeAction::Update, Some(_)) | (ChangeAction::Update, None) => {
            RecoveryOutcome::Odd
        }
    }
}

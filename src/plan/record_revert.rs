//! Net change of one record by a run, compared with the zone.

use std::collections::BTreeMap;

use crate::model::{
    AppliedChange, AppliedField, ChangeAction, FieldName, FieldValue, ObservedCollection, ObservedRecord,
    Record,
};

/// Net change of one record by a run.
#[derive(Debug, Clone)]
pub struct RecordRevert {
    /// Key fields with the collection's own field names.
    pub key: Vec<(FieldName, FieldValue)>,
    /// Presence before the run.
    pub was: RecordPresence,
    /// Presence after the run.
    pub left: RecordPresence,
    /// Fields set by the run, by the collection's own names.
    pub set: BTreeMap<FieldName, FieldRevert>,
    /// Full record deleted by the run, by display names.
    pub taken: Record,
}

/// Presence of a record in its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordPresence {
    Present,
    Absent,
}

/// Net change of one field by a run.
#[derive(Debug, Clone)]
pub struct FieldRevert {
    pub name: FieldName,
    pub before: FieldValue,
    pub after: FieldValue,
}

/// State of a record compared with the run's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordState {
    /// Unchanged since the run.
    Unchanged,
    /// Already in the state before the run.
    AlreadyReverted,
    /// Changed since the run.
    ChangedSince,
}

impl From<&AppliedChange> for RecordRevert {
    fn from(done: &AppliedChange) -> Self {
        let was = if done.action == ChangeAction::Create {
            RecordPresence::Absent
        } else {
            RecordPresence::Present
        };
        let key = done.key.clone();
        let mut deed = Self { key, was, left: was, set: BTreeMap::new(), taken: Record::new() };
        deed.add_change(done);
        deed
    }
}

impl RecordRevert {
    /// Adds a later change of the same record by the run.
    pub fn add_change(&mut self, done: &AppliedChange) {
        match done.action {
            ChangeAction::Delete => {
                self.left = RecordPresence::Absent;
                if self.was == RecordPresence::Present {
                    self.taken = done.before.clone();
                    let before = self.set.values().map(|set| (set.name.clone(), set.before.clone()));
                    self.taken.extend(before);
                }
            }
            ChangeAction::Create | ChangeAction::Update => {
                self.left = RecordPresence::Present;
                for AppliedField { field, name, before, after } in &done.field_changes {
                    let first_change = || FieldRevert {
                        name: name.clone(),
                        before: before.clone().unwrap_or_default(),
                        after: after.clone(),
                    };
                    self.set
                        .entry(field.clone())
                        .and_modify(|set| set.after = after.clone())
                        .or_insert_with(first_change);
                }
            }
        }
    }

    /// Returns true if the observed record is the changed one.
    pub fn is_of(&self, record: &ObservedRecord) -> bool {
        let nothing = FieldValue::Null;
        self.key.iter().all(|(name, part)| record.fields.get(name).unwrap_or(&nothing) == part)
    }

    /// Returns true if the collection contains the record.
    pub fn is_in(&self, found: &ObservedCollection) -> bool {
        found.records.iter().any(|record| self.is_of(record))
    }

    /// Returns the state of the record in the zone.
    pub fn record_state(&self, found: &ObservedCollection) -> RecordState {
        let field =
            |record: &ObservedRecord, name: &FieldName| record.fields.get(name).cloned().unwrap_or_default();
        let is_it = |record: &&ObservedRecord| self.is_of(record);
        let holds = |record: &ObservedRecord, wanted: fn(&FieldRevert) -> &FieldValue| {
            self.set.iter().all(|(name, set)| field(record, name) == *wanted(set))
        };
        let as_taken = |record: &ObservedRecord| {
            let mut taken = self.taken.iter().filter(|(name, _)| has_field_name(found, name));
            taken.all(|(name, taken)| field(record, found.aliases.get(name).unwrap_or(name)) == *taken)
        };
        match (self.was, self.left, found.records.iter().find(is_it)) {
            (RecordPresence::Absent, RecordPresence::Absent, _) => RecordState::AlreadyReverted,
            (_, RecordPresence::Present, Some(record)) if holds(record, |set| &set.after) => {
                RecordState::Unchanged
            }
            (RecordPresence::Present, RecordPresence::Present, Some(record))
                if holds(record, |set| &set.before) =>
            {
                RecordState::AlreadyReverted
            }
            (RecordPresence::Absent, RecordPresence::Present, None) => RecordState::AlreadyReverted,
            (_, RecordPresence::Present, _) => RecordState::ChangedSince,
            (RecordPresence::Present, RecordPresence::Absent, None) => RecordState::Unchanged,
            (RecordPresence::Present, RecordPresence::Absent, Some(record)) if as_taken(record) => {
                RecordState::AlreadyReverted
            }
            (RecordPresence::Present, RecordPresence::Absent, Some(_)) => RecordState::ChangedSince,
        }
    }
}

/// Returns true if the zone knows the field name, so that the field can be written.
pub fn has_field_name(found: &ObservedCollection, name: &FieldName) -> bool {
    found.columns.is_empty() || found.columns.contains(name) || found.aliases.contains_key(name)
}

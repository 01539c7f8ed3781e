//! Keeps entries of a calendar that must not change, and reports likely duplicates.

use super::collection::CollectionComparison;
use crate::model::calendar::{copies, is_similar};
use crate::model::cut_list::cut_sentence_list;
use crate::model::{CollectionRole, DesiredCollection, DesiredRecord, Enforcement, Record, RecordKey};

/// Maximum number of entries in a note.
const NAMED: usize = 5;

/// Calendar entries that a comparison kept.
#[derive(Default)]
pub(super) struct KeptEntries<'a> {
    /// Declared entries that differ, and whose dates have passed.
    past: Vec<&'a RecordKey>,
    /// Unlisted entries that `unlisted: delete` keeps, because their dates have passed.
    past_unlisted: usize,
}

/// Returns the declared values of a record.
pub(super) fn declared_values(record: &DesiredRecord) -> Record {
    record.fields.iter().map(|(field, declared)| (field.clone(), declared.value.clone())).collect()
}

/// Returns true for an entry of a calendar whose dates have passed.
pub(super) fn is_past(entry: &Record, collection: &DesiredCollection) -> bool {
    collection.shape.calendar.as_ref().is_some_and(|rules| rules.is_past(entry))
}

impl<'a> CollectionComparison<'a> {
    /// Returns true, and keeps the key for a note, if the dates of a declared entry have passed.
    pub(super) fn keeps_past_entry(&mut self, id: &'a RecordKey, is_past: bool) -> bool {
        self.kept_entries.past.extend(is_past.then_some(id));
        is_past
    }

    /// Returns true, and counts the entry, if an unlisted entry has passed.
    pub(super) fn keeps_unlisted_entry(&mut self, entry: &Record, collection: &DesiredCollection) -> bool {
        let is_past = is_past(entry, collection);
        self.kept_entries.past_unlisted += usize::from(is_past);
        is_past
    }

    /// Adds notes about past entries and likely duplicates.
    pub(super) fn tell_calendar(&mut self, collections: &[&DesiredCollection], unlisted: &[&RecordKey]) {
        let is_calendar = |each: &&&DesiredCollection| {
            each.shape.calendar.is_some() && each.standing == CollectionRole::Desired
        };
        let collections: Vec<&&DesiredCollection> = collections.iter().filter(is_calendar).collect();
        let Some(first) = collections.first() else { return };
        let named = |keys: &[&RecordKey]| cut_sentence_list(keys.iter().map(|key| format!("`{key}`")), NAMED);
        let mut notes = Vec::new();
        let past = &self.kept_entries.past;
        if !past.is_empty() {
            notes.push(format!("{}: not changed, because the dates have passed: {}", self.id, named(past)));
        }
        if let count @ 1.. = self.kept_entries.past_unlisted {
            notes.push(format!("{}: unlisted entries kept, because the dates have passed: {count}", self.id));
        }
        let others: Vec<(&RecordKey, &Record)> = unlisted
            .iter()
            .filter_map(|key| Some((*key, &self.rows.get(key).first()?.1.fields)))
            .filter(|(_, entry)| !is_past(entry, first))
            .collect();
        let declared = collections.iter().flat_map(|collection| &collection.records);
        for (key, record) in declared.filter(|(_, record)| record.enforcement != Enforcement::Unmanage) {
            let found = self.rows.get(key).first().and_then(|(_, found)| copies(&found.fields));
            if let Some(copies) = found {
                notes.push(format!(
                    "{} has {copies} entries `{key}`: zonal updates none of them; delete the copies in Alma",
                    self.id
                ));
            }
            let values = declared_values(record);
            let similar: Vec<&RecordKey> = others
                .iter()
                .filter(|(_, entry)| !is_past(&values, first) && is_similar(&values, entry))
                .map(|(other, _)| *other)
                .collect();
            if !similar.is_empty() {
                notes.push(format!(
                    "{}: {} may duplicate `{key}`: declare such an entry with `absent: true` to delete it",
                    self.id,
                    named(&similar)
                ));
            }
        }
        self.notes.append(&mut notes);
    }
}

//! Handles orphans: records that zonal created and no manifest declares any more. No other writes follow from
//! the applied state.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::calendar_entries::is_past;
use super::change_draft::ChangeDraft;
use super::collection::CollectionComparison;
use crate::model::calendar::copies;
use crate::model::cut_list::cut_sentence_list;
use crate::model::{
    AppliedRecord, ChangeAction, Channel, DesiredCollection, DifferenceType, FieldChange, FieldName,
    FieldValue, ManagementOrigin, ObservedRecord, OrphanAction, Provenance, Record, RecordAddress, RecordKey,
    UndeclaredRecords,
};

/// Maximum number of record names in a note.
const NAMED: usize = 5;

/// Outcome for one orphan.
enum OrphanOutcome<'a> {
    /// The record is deleted or disabled.
    Change(ChangeDraft<'a>),
    /// The record stays, with a reason for the note.
    Stays(&'static str),
    /// The record needs no change and no note.
    Done,
}

impl<'a> CollectionComparison<'a> {
    /// Handles the orphans of the collection. Returns the changed ones, which must not count as unlisted too.
    pub(super) fn orphans(
        &mut self,
        listed: &dyn Fn(&RecordKey) -> bool,
        collection: &'a DesiredCollection,
    ) -> BTreeSet<RecordKey> {
        let mut dealt_with = BTreeSet::new();
        let Some(since) = self.since else { return dealt_with };
        let (Some(orphans), Some(_)) = (since.orphans, self.entries) else { return dealt_with };
        if self.observed.witness.is_people() {
            return dealt_with;
        }
        let mut staying: Vec<(&'static str, &RecordKey)> = Vec::new();
        for (key, farewell) in orphans.iter().filter(|(key, _)| !listed(key)) {
            let Some(entry) = self.entry(key) else { continue };
            let rows = self.rows.get(key);
            if let (OrphanAction::Report, Some((_, found))) = (farewell, rows.first()) {
                // Past calendar entries need no attention.
                if !is_past(&found.fields, collection) {
                    self.undeclared.insert(key.clone(), entry.manifest.clone());
                }
                continue;
            }
            let end = match rows {
                [] => OrphanOutcome::Done,
                [(_, found)] => self.orphan_outcome(entry, found, *farewell, collection),
                _ => {
                    staying.push(("several rows have the key", key));
                    continue;
                }
            };
            match end {
                OrphanOutcome::Change(draft) => {
                    self.add(key, draft);
                    dealt_with.insert(key.clone());
                }
                OrphanOutcome::Stays(why) => {
                    staying.push((why, key));
                    self.forgotten.push(key.clone());
                }
                OrphanOutcome::Done => self.forgotten.push(key.clone()),
            }
        }
        self.tell_staying(staying);
        dealt_with
    }

    /// Returns the reported orphans, by manifest.
    pub(super) fn undeclared_records(&self) -> Vec<UndeclaredRecords> {
        let mut by_manifest: BTreeMap<&Arc<str>, Vec<String>> = BTreeMap::new();
        for (key, manifest) in &self.undeclared {
            let (zone, collection, key) = (self.zone.clone(), self.id.clone(), key.clone());
            let address = RecordAddress { zone, collection, key };
            by_manifest.entry(manifest).or_default().push(address.to_string());
        }
        let records = by_manifest.into_iter();
        records
            .map(|(manifest, addresses)| UndeclaredRecords { manifest: Arc::clone(manifest), addresses })
            .collect()
    }

    fn orphan_outcome(
        &self,
        entry: &'a AppliedRecord,
        found: &'a ObservedRecord,
        farewell: OrphanAction,
        collection: &'a DesiredCollection,
    ) -> OrphanOutcome<'a> {
        let Some(holds) = &entry.holds else { return OrphanOutcome::Done };
        let switch = collection.shape.switch.as_ref();
        let farewell = match entry.maker {
            ManagementOrigin::Created => farewell,
            ManagementOrigin::Adopted | ManagementOrigin::Amended => OrphanAction::Unmanage,
        };
        if is_past(&found.fields, collection) {
            return OrphanOutcome::Stays(PAST);
        }
        let place = self.since.and_then(|since| since.prune);
        let provenance = Provenance {
            span: place.unwrap_or(&collection.provenance.span).clone(),
            manifest: entry.manifest.clone(),
            override_index: None,
        };
        let (action, edits) = match (farewell, switch) {
            // The caller reports such orphans.
            (OrphanAction::Report, _) => return OrphanOutcome::Stays(UNSAID),
            (OrphanAction::Delete | OrphanAction::Disable, _) if place.is_none() => {
                return OrphanOutcome::Stays(UNSAID);
            }
            (OrphanAction::Keep, _) => return OrphanOutcome::Stays(THEIRS),
            (OrphanAction::Unmanage, _) if entry.maker == ManagementOrigin::Created => {
                return OrphanOutcome::Stays(LET_GO);
            }
            (OrphanAction::Unmanage, _) => return OrphanOutcome::Stays(NOT_OURS),
            (OrphanAction::Delete, _) if copies(&found.fields).is_some() => {
                return OrphanOutcome::Stays(COPIED);
            }
            (OrphanAction::Disable, Some(switch))
                if found.fields.get(switch) == Some(&FieldValue::Bool(false)) =>
            {
                return OrphanOutcome::Done;
            }
            (OrphanAction::Delete | OrphanAction::Disable, _)
                if !holds_all(found, holds) || self.holds_more(found, holds, collection) =>
            {
                return OrphanOutcome::Stays(THEIRS);
            }
            (OrphanAction::Delete, _) => (ChangeAction::Delete, Vec::new()),
            (OrphanAction::Disable, None) => return OrphanOutcome::Stays(NO_SWITCH),
            (OrphanAction::Disable, Some(switch)) => {
                let edit: FieldChange = self.clear_flag(switch, found, &provenance);
                (ChangeAction::Update, vec![edit])
            }
        };
        OrphanOutcome::Change(ChangeDraft {
            action,
            edits,
            mode: self.apply_mode(),
            drift: DifferenceType::Extra,
            reason: Some(REASON.to_owned()),
            notes: &[],
            provenance: Cow::Owned(provenance),
            found: Some(found),
            each: None,
        })
    }

    /// Returns true if the record contains values that zonal did not write.
    ///
    /// A new record has the fields of its manifest and documented defaults, nothing else. Fields filled in by
    /// zones are known for columns of the API only.
    fn holds_more(&self, found: &ObservedRecord, holds: &Record, collection: &DesiredCollection) -> bool {
        let is_column = |field: &FieldName| {
            self.observed.channel == Channel::Api && self.observed.columns.contains(field)
        };
        let mut unsaid = found.fields.iter().filter(|(field, _)| !holds.contains_key(*field));
        unsaid.any(|(field, value)| match collection.shape.defaults.get(field) {
            Some(default) => value != default,
            None => is_column(field) && !is_nothing(value),
        })
    }

    fn tell_staying(&mut self, mut staying: Vec<(&'static str, &RecordKey)>) {
        staying.sort();
        for alike in staying.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((why, _)) = alike.first() else { continue };
            let named = cut_sentence_list(alike.iter().map(|(_, key)| format!("`{key}`")), NAMED);
            self.notes.push(format!("orphaned: {named}: kept; {why}"));
        }
    }
}

/// Returns true if the record still has all values of the applied state.
fn holds_all(found: &ObservedRecord, holds: &Record) -> bool {
    holds.iter().all(|(field, value)| found.fields.get(field).unwrap_or(&FieldValue::Null) == value)
}

/// Returns true for the value of an empty field.
fn is_nothing(value: &FieldValue) -> bool {
    match value {
        FieldValue::Null | FieldValue::Bool(false) => true,
        FieldValue::Bool(true) | FieldValue::Text(_) | FieldValue::List(_) => false,
    }
}

const REASON: &str = "because zonal created it and no manifest declares it any more (`prune`)";
const LET_GO: &str = "its manifest sets `enforcement: unmanage`";
const NOT_OURS: &str = "zonal changed the record but did not create it";
const THEIRS: &str = "changed since zonal created it";
const NO_SWITCH: &str = "the record cannot be disabled";
const PAST: &str = "the dates have passed";
const COPIED: &str = "the zone has copies of the entry";
const UNSAID: &str = "`prune` is not set";

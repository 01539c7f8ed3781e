//! Compares one collection, record by record.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::DesiredOfCollection;
use super::calendar_entries::{KeptEntries, declared_values, is_past};
use super::change_draft::{ChangeDraft, edits};
use super::collection_base::{CollectionBase, ComparisonSummary, RecordsInSync};
use super::field_comparisons::FieldComparisons;
use super::field_names::FieldNames;
use super::keyed_records::KeyedRecords;
use super::mismatches::{ambiguous, declared_twice, differently_keyed};
use super::notes::similar_key_reason;
use crate::model::calendar::copies;
use crate::model::{
    AppliedRecord, ApplyMode, Change, ChangeAction, Channel, CollectionChanges, CollectionId, CollectionRole,
    DesiredCollection, DesiredRecord, DifferenceType, Enforcement, FieldName, FieldValue, KeyPatterns,
    ObservationSource, ObservedCollection, Record, RecordKey, SimilarKey, UnlistedPolicy,
    UnmanagedCollection, ZoneCode, ZoneFailure,
};

/// Compares the desired and observed state of one collection.
///
/// # Errors
/// Returns `Mismatch` if the manifest does not fit the collection. Causes: unknown column, ambiguous key, new
/// record without a required value, duplicate record. The collection cannot be planned then; the message says
/// how to fix the manifest.
pub fn collection(
    zone: &ZoneCode,
    desired: &DesiredOfCollection<'_>,
    observed: &ObservedCollection,
) -> Result<CollectionChanges, ZoneFailure> {
    let names = FieldNames::from_observed(observed);
    // Orphans-only collections use the key of the applied state.
    let is_wanted = |collection: &&&DesiredCollection| collection.standing != CollectionRole::OrphansOnly;
    let first = desired.collections.iter().find(is_wanted).or(desired.collections.first());
    let Some(first) = first else { return Ok(CollectionChanges::default()) };
    let key = names.resolve_all(&first.key)?;
    for other in desired.collections.iter().filter(is_wanted) {
        if names.resolve_all(&other.key)? != key {
            return Err(differently_keyed(first, other));
        }
    }
    let rows = KeyedRecords::index_by_key(observed, &key);
    let unlisted_except = (desired.collections.iter())
        .fold(KeyPatterns::default(), |all, collection| all.with(&collection.options.unlisted_except));
    let mut comparison = CollectionComparison {
        zone,
        id: &desired.id,
        names,
        unlisted_except,
        elsewhere: &desired.listed_elsewhere,
        collections: &desired.collections,
        just_created: &desired.just_created,
        observed,
        key,
        rows: &rows,
        since: desired.since,
        entries: None,
        folded: OnceCell::new(),
        changes: BTreeMap::new(),
        ignored: 0,
        released: BTreeMap::new(),
        attested: 0,
        notes: Vec::new(),
        kept_entries: KeptEntries::default(),
        met: RecordsInSync::default(),
        forgotten: Vec::new(),
        undeclared: BTreeMap::new(),
        similar_keys: Vec::new(),
    };
    comparison.remember();

    let mut listed: BTreeMap<&RecordKey, &DesiredRecord> = BTreeMap::new();
    for collection in &desired.collections {
        for (id, record) in &collection.records {
            if let Some(other) = listed.insert(id, record) {
                return Err(declared_twice(&desired.id, id, other, record));
            }
            comparison.compare_record(id, record, collection)?;
        }
    }
    for amendment in desired.collections.iter().flat_map(|collection| &collection.amendments) {
        comparison.amend_new(amendment)?;
    }
    let is_named = |key: &RecordKey| listed.contains_key(key) || desired.listed_elsewhere.contains_key(key);
    let strictest = desired.collections.iter().max_by_key(|collection| collection.unlisted);
    // Unlisted records that are deleted anyway need no orphan handling.
    let all_go = strictest.is_some_and(|collection| {
        (collection.unlisted, collection.enforcement) == (UnlistedPolicy::Delete, Enforcement::Enforce)
            && comparison.unlisted_except.is_empty()
    });
    // If another manifest uses a different key, its records cannot be matched here.
    let same_key =
        |other: &&[FieldName]| comparison.names.resolve_all(other).is_ok_and(|other| other == comparison.key);
    let can_tell = desired.keys_elsewhere.iter().all(same_key);
    let dealt_with = match all_go || !can_tell {
        true => BTreeSet::new(),
        false => comparison.orphans(&is_named, first),
    };
    let (mut unmanaged, mut stale) = (0, Vec::new());
    for (id, found) in rows.by_key() {
        if !is_named(id) && !dealt_with.contains(id) {
            let staying = match strictest {
                Some(collection) => comparison.compare_unlisted(id, found, collection)?,
                None => found.len(),
            };
            if comparison.undeclared.contains_key(id) {
                match staying {
                    0 => drop(comparison.undeclared.remove(id)),
                    _ => continue,
                }
            }
            unmanaged += staying;
            stale.extend((staying > 0).then_some(id));
        }
    }
    comparison.tell_stale(&stale, &desired.collections);
    comparison.tell_calendar(&desired.collections, &stale);
    for collection in &desired.collections {
        for amendment in &collection.amendments {
            comparison.amend(amendment, collection)?;
        }
    }
    comparison.tell_numbers(&first.shape);
    comparison.tell_emptied(desired.collections.iter().flat_map(|collection| &collection.amendments));
    for flag in &first.shape.exclusive {
        comparison.make_exclusive(flag);
    }
    comparison.tell_refusal();
    let second_master = comparison.tell_second_master(&desired.collections);
    let ComparisonSummary { in_sync, agreed, mut learned } = comparison.learn()?;
    let accepted =
        comparison.since.as_ref().and_then(|base| base.ledger).and_then(|ledger| ledger.accepted_rows);
    let rows = observed.records.len();
    learned.accepted_rows =
        (observed.witness == ObservationSource::Zone && accepted != Some(rows)).then_some(rows);
    Ok(CollectionChanges {
        undeclared: comparison.undeclared_records(),
        changes: comparison.changes.into_values().collect(),
        existing: observed.records.len(),
        in_sync,
        converged: agreed,
        learned,
        unlisted: unmanaged,
        second_master,
        similar_keys: comparison.similar_keys,
        create_only_differences: comparison.ignored,
        unmanaged: comparison.released.into_values().collect(),
        attested: comparison.attested,
        notes: comparison.notes,
        channel: observed.channel,
        witness: observed.witness.clone(),
        references: observed.references.clone(),
    })
}

pub(super) struct CollectionComparison<'a> {
    pub(super) zone: &'a ZoneCode,
    pub(super) id: &'a CollectionId,
    pub(super) names: FieldNames<'a>,
    /// Keys of unlisted records that stay, from all manifests of the collection.
    pub(super) unlisted_except: KeyPatterns,
    pub(super) elsewhere: &'a BTreeMap<&'a RecordKey, &'a DesiredRecord>,
    pub(super) collections: &'a [&'a DesiredCollection],
    just_created: &'a BTreeSet<&'a RecordKey>,
    pub(super) observed: &'a ObservedCollection,
    pub(super) key: Vec<FieldName>,
    pub(super) rows: &'a KeyedRecords<'a>,
    pub(super) since: Option<CollectionBase<'a>>,
    /// Applied records, if the applied state uses the same key.
    pub(super) entries: Option<&'a BTreeMap<RecordKey, AppliedRecord>>,
    /// Observed keys in lower case and trimmed, computed for the first new record.
    pub(super) folded: OnceCell<BTreeMap<Vec<String>, &'a RecordKey>>,
    /// Keyed by mode too, because one record can have an applied and a reported change: see
    /// [`Self::make_exclusive`].
    pub(super) changes: BTreeMap<(RecordKey, ApplyMode), Change>,
    pub(super) ignored: usize,
    released: BTreeMap<Arc<str>, UnmanagedCollection>,
    attested: usize,
    pub(super) notes: Vec<String>,
    pub(super) kept_entries: KeptEntries<'a>,
    pub(super) met: RecordsInSync<'a>,
    /// Applied records to remove from the applied state.
    pub(super) forgotten: Vec<RecordKey>,
    /// Orphans that stay and are reported, with their manifests.
    pub(super) undeclared: BTreeMap<RecordKey, Arc<str>>,
    pub(super) similar_keys: Vec<SimilarKey>,
}

impl<'a> CollectionComparison<'a> {
    /// Loads the applied records, if the applied state uses the same key.
    fn remember(&mut self) {
        let ledger = self.since.and_then(|since| since.ledger);
        self.entries = ledger.filter(|ledger| ledger.key == self.key).map(|ledger| &ledger.entries);
    }

    /// Compares a record listed by a manifest.
    fn compare_record(
        &mut self,
        id: &'a RecordKey,
        record: &'a DesiredRecord,
        collection: &DesiredCollection,
    ) -> Result<(), ZoneFailure> {
        let found = match self.rows.get(id) {
            [] => None,
            [(_, one)] => Some(*one),
            several => return Err(ambiguous(self.id, id, several.len(), collection)),
        };
        if record.enforcement == Enforcement::Unmanage {
            if found.is_some() {
                self.release(1, collection);
            }
            self.forgotten.extend(self.entry(id).map(|_| id.clone()));
            return Ok(());
        }
        self.tell_shadow(id, found, collection);
        let desired = self.names.resolve_record(record)?;
        let is_past = collection.shape.calendar.is_some() && is_past(&declared_values(record), collection);
        let mut similar = None;
        let (action, edits, drift, reason) = match (found, record.absent) {
            (None, true) => match &self.observed.witness {
                ObservationSource::Zone => {
                    self.met.records.push((id, record));
                    return Ok(());
                }
                ObservationSource::Attestation { gone, .. } if gone.contains(&self.key_record(id)) => {
                    self.count_attested();
                    return Ok(());
                }
                ObservationSource::Attestation { .. } => {
                    (ChangeAction::Delete, Vec::new(), DifferenceType::Extra, Some(MAYBE.to_owned()))
                }
            },
            (None, false) if is_past => (ChangeAction::Create, Vec::new(), DifferenceType::Missing, None),
            (None, false) => {
                let edits = self.new_fields(id, &desired, record, collection)?;
                similar = self.undeclared_similar_key(id);
                let reason = similar.map(|existing| similar_key_reason(id, existing));
                (ChangeAction::Create, edits, DifferenceType::Missing, reason)
            }
            (Some(_), true) => {
                // Kinds with own wording give the reason in notes.
                let plainly = record.notes.is_empty().then(|| ABSENT.to_owned());
                (ChangeAction::Delete, Vec::new(), DifferenceType::Extra, plainly)
            }
            (Some(found), false) => {
                let comparisons = FieldComparisons::of_manifest(collection, &self.names);
                let edits = edits(&desired, &found.fields, &comparisons);
                let detached = edits.iter().any(|edit| {
                    Some(&edit.field) == collection.shape.attachment.as_ref()
                        && edit.after == FieldValue::Bool(true)
                });
                match detached {
                    true => {
                        (ChangeAction::Update, edits, DifferenceType::Detached, Some(DETACHED.to_owned()))
                    }
                    false => (ChangeAction::Update, edits, DifferenceType::Value, None),
                }
            }
        };
        if action == ChangeAction::Update && edits.is_empty() {
            self.count_attested();
            self.met.records.push((id, record));
            return Ok(());
        }
        if self.keeps_past_entry(id, is_past) {
            return Ok(());
        }
        let unseen = self.observed.witness.is_people();
        if unseen && (action, record.enforcement) == (ChangeAction::Create, Enforcement::Report) {
            let note = "so no difference is reported";
            self.notes.push(format!("zonal cannot check whether {} has `{id}`, {note}", self.id));
            return Ok(());
        }
        let has_copies = found.is_some_and(|found| copies(&found.fields).is_some());
        let mode = match (record.enforcement, action) {
            // An update would change every copy of the entry.
            (_, ChangeAction::Update) if has_copies => ApplyMode::Report,
            (Enforcement::Enforce, _) | (Enforcement::CreateOnly, ChangeAction::Create) => self.apply_mode(),
            (Enforcement::CreateOnly, ChangeAction::Update) if self.just_created.contains(id) => {
                self.apply_mode()
            }
            (Enforcement::Report, _) => ApplyMode::Report,
            (Enforcement::Unmanage, _) => return Ok(()),
            (Enforcement::CreateOnly, ChangeAction::Update | ChangeAction::Delete) => {
                self.ignored += 1;
                return Ok(());
            }
        };
        if let (Some(existing), ApplyMode::Apply) = (similar, mode) {
            self.similar_keys.push(SimilarKey { new: id.to_string(), existing: existing.to_string() });
        }
        let notes = &record.notes;
        let provenance = Cow::Borrowed(&record.provenance);
        self.add(
            id,
            ChangeDraft { action, edits, mode, drift, reason, notes, provenance, found, each: None },
        );
        Ok(())
    }

    /// Returns the key fields of a record.
    pub(super) fn key_record(&self, id: &RecordKey) -> Record {
        self.key.iter().cloned().zip(id.0.iter().cloned().map(FieldValue::from)).collect()
    }

    /// Counts records that a manifest unmanages.
    pub(super) fn release(&mut self, records: usize, collection: &DesiredCollection) {
        let provenance = &collection.provenance;
        let released = (self.released.entry(Arc::clone(&provenance.manifest)))
            .or_insert_with(|| UnmanagedCollection { provenance: provenance.clone(), records: 0 });
        released.records += records;
    }

    /// Counts a matching record if its source is an attestation.
    pub(super) fn count_attested(&mut self) {
        self.attested += usize::from(self.observed.witness.is_people());
    }

    /// Returns the mode of an enforced change: apply, or manual for runbook collections.
    pub(super) fn apply_mode(&self) -> ApplyMode {
        match self.observed.channel {
            Channel::Api | Channel::Gateway => ApplyMode::Apply,
            Channel::Runbook => ApplyMode::Manual,
        }
    }
}

/// Reason for a deletion in a zone that zonal cannot read.
const MAYBE: &str = "if the record exists: its removal is not attested";
const ABSENT: &str = "because the manifest says `absent: true`";

const DETACHED: &str =
    "because the zone has detached it: changes in the network do not reach it until it is attached again";

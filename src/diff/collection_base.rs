//! What a comparison with the ledger adds: which records are as they are wanted, and what of that the ledger
//! does not say yet.
//!
//! It only tells. What is written because of a ledger is in [`super::orphans`] alone.

use std::collections::{BTreeMap, BTreeSet};

use super::collection::CollectionComparison;
use crate::model::{
    Amendment, AmendmentOperation, AppliedCollection, AppliedRecord, AppliedStateUpdate, CollectionChanges,
    CollectionId, ComparisonBase, DesiredRecord, Enforcement, FieldValue, ManagementOrigin, OrphanedRecords,
    Record, RecordInSync, RecordKey, SourceSpan, ZoneCode, ZoneFailure,
};

/// What is known of a collection since zonal was there last.
#[derive(Debug, Clone, Copy, Default)]
pub struct CollectionBase<'a> {
    /// What it applied there; `None` where that is not known.
    pub ledger: Option<&'a AppliedCollection>,
    /// Records that no manifest names any more.
    pub orphans: Option<&'a OrphanedRecords>,
    /// Where the network says what becomes of them.
    pub prune: Option<&'a SourceSpan>,
}

impl<'a> CollectionBase<'a> {
    /// What is known of one collection.
    pub fn for_collection(base: &'a ComparisonBase, zone: &ZoneCode, id: &CollectionId) -> Self {
        Self {
            ledger: base.applied_state.zones.get(zone).and_then(|zone| zone.get(id)),
            orphans: base.orphans.get(zone).and_then(|zone| zone.get(id)),
            prune: base.prune.as_ref(),
        }
    }
}

impl CollectionBase<'_> {
    /// What there is to learn where a zone does not have the collection any more.
    pub(super) fn missing_collection_changes(&self) -> CollectionChanges {
        let Some(AppliedCollection { key, entries }) = self.ledger else {
            return CollectionChanges::default();
        };
        let forgotten = entries.keys().cloned().collect();
        let learned = AppliedStateUpdate { key: key.clone(), forgotten, ..AppliedStateUpdate::default() };
        CollectionChanges { learned, ..CollectionChanges::default() }
    }
}

/// What was found to be as it is wanted.
#[derive(Default)]
pub(super) struct RecordsInSync<'a> {
    /// Records that manifests name, those that are gone as they should be included.
    pub records: Vec<(&'a RecordKey, &'a DesiredRecord)>,
    /// Records of the zone's own, and what is wanted of part of them.
    pub parts: BTreeMap<&'a RecordKey, Vec<&'a Amendment>>,
}

/// What [`Comparison::learn`] comes to.
#[derive(Default)]
pub(super) struct ComparisonSummary {
    pub in_sync: usize,
    pub agreed: usize,
    pub learned: AppliedStateUpdate,
}

/// How strongly something is meant that is zonal's to keep so.
fn is_kept(enforcement: Enforcement) -> bool {
    match enforcement {
        Enforcement::Enforce | Enforcement::CreateOnly => true,
        Enforcement::Report | Enforcement::Unmanage => false,
    }
}

impl<'a> CollectionComparison<'a> {
    /// The ledger's entry for a record.
    pub(super) fn entry(&self, id: &RecordKey) -> Option<&'a AppliedRecord> {
        self.entries?.get(id)
    }

    /// What is as it is wanted once everything has been compared.
    pub(super) fn learn(&mut self) -> Result<ComparisonSummary, ZoneFailure> {
        let mut lesson = ComparisonSummary::default();
        if self.observed.witness.is_people() {
            return Ok(lesson);
        }
        let met = std::mem::take(&mut self.met);
        let done = self.apply_mode();
        let changed: BTreeSet<&RecordKey> = self.changes.keys().map(|(key, _)| key).collect();
        let ours = self.changes.keys().filter(|(_, mode)| *mode == done);
        let ours: BTreeSet<&RecordKey> = ours.map(|(key, _)| key).collect();
        let listed: BTreeSet<&RecordKey> = match met.parts.is_empty() {
            true => BTreeSet::new(),
            false => met.records.iter().map(|(key, _)| *key).collect(),
        };
        let only_part = |key: &&RecordKey| !listed.contains(*key);
        let keys = met.records.iter().map(|(key, _)| *key).chain(met.parts.keys().copied().filter(only_part));
        lesson.in_sync = keys.filter(|key| !changed.contains(key)).count();
        let Some(_) = self.since else { return Ok(lesson) };
        lesson.learned.key.clone_from(&self.key);
        lesson.learned.forgotten = std::mem::take(&mut self.forgotten);
        for (key, record) in met.records.iter().filter(|(key, _)| !ours.contains(key)) {
            let amendments = met.parts.get(key).map(Vec::as_slice).unwrap_or_default();
            let holds = match record.absent {
                true => None,
                false => {
                    let wishes = self.names.resolve_record(record)?.into_iter();
                    let mut holds: Record =
                        wishes.map(|wish| (wish.field.clone(), wish.value.value.clone())).collect();
                    holds.extend(self.parts(key, amendments)?);
                    Some(holds)
                }
            };
            let entry = self.entry(key);
            lesson.agreed += usize::from(entry.is_some_and(|entry| said_otherwise(entry, holds.as_ref())));
            if !is_kept(record.enforcement) || (holds.is_none() && entry.is_none()) {
                continue;
            }
            let manifest = record.provenance.manifest.clone();
            lesson.note(key, entry, RecordInSync { holds, maker: ManagementOrigin::Adopted, manifest });
        }
        let parts = met.parts.iter().filter(|(key, _)| !listed.contains(*key) && !ours.contains(*key));
        for (key, amendments) in parts {
            self.learn_part(key, amendments, &mut lesson)?;
        }
        Ok(lesson)
    }

    /// What there is to learn of a record that manifests want only part of.
    fn learn_part(
        &self,
        key: &RecordKey,
        amendments: &[&'a Amendment],
        lesson: &mut ComparisonSummary,
    ) -> Result<(), ZoneFailure> {
        let is_orphan =
            self.since.and_then(|since| since.orphans).is_some_and(|orphans| orphans.contains_key(key));
        let holds = self.parts(key, amendments)?;
        let Some(first) = amendments.iter().find(|amendment| is_kept(amendment.enforcement)) else {
            return Ok(());
        };
        if holds.is_empty() || is_orphan {
            return Ok(());
        }
        let entry = self.entry(key);
        let known = match entry {
            // More is known of it than what is wanted of it now.
            Some(AppliedRecord {
                holds: Some(whole),
                maker: ManagementOrigin::Created | ManagementOrigin::Adopted,
                manifest,
                run: _,
            }) => {
                let mut whole = whole.clone();
                whole.extend(holds);
                RecordInSync {
                    holds: Some(whole),
                    maker: ManagementOrigin::Adopted,
                    manifest: manifest.clone(),
                }
            }
            Some(_) | None => {
                let manifest = first.provenance.manifest.clone();
                RecordInSync { holds: Some(holds), maker: ManagementOrigin::Amended, manifest }
            }
        };
        lesson.note(key, entry, known);
        Ok(())
    }

    /// The fields that amendments want of a record, as the record holds them: of a list that is only added to or
    /// taken from it is the whole list.
    fn parts(&self, key: &RecordKey, amendments: &[&'a Amendment]) -> Result<Record, ZoneFailure> {
        let mut holds = Record::new();
        let Some((_, found)) = self.rows.get(key).first() else { return Ok(holds) };
        for amend in amendments.iter().filter(|each| is_kept(each.enforcement)).flat_map(|each| &each.amends)
        {
            match amend.to {
                AmendmentOperation::SetIfEmpty(_) => continue,
                AmendmentOperation::Set(_)
                | AmendmentOperation::AddToList(_)
                | AmendmentOperation::RemoveFromList(_)
                | AmendmentOperation::AllowInRule { .. }
                | AmendmentOperation::BlockInRule { .. } => {}
            }
            let field = self.names.resolve(&amend.field)?;
            holds.insert(field.clone(), found.fields.get(field).cloned().unwrap_or_default());
        }
        Ok(holds)
    }
}

impl ComparisonSummary {
    /// Notes what is known of a record, unless the ledger says the same.
    fn note(&mut self, key: &RecordKey, entry: Option<&AppliedRecord>, known: RecordInSync) {
        let is_known = entry.is_some_and(|AppliedRecord { holds, maker, manifest, run: _ }| {
            let same = *maker == known.maker || (*maker == ManagementOrigin::Created && holds.is_some());
            same && *holds == known.holds && *manifest == known.manifest
        });
        if !is_known {
            self.learned.found.insert(key.clone(), known);
        }
    }
}

/// Whether an entry says something else of a record than that it is so. A field that it is silent of does not
/// count.
fn said_otherwise(entry: &AppliedRecord, is: Option<&Record>) -> bool {
    match (&entry.holds, is) {
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
        (Some(was), Some(is)) => is.iter().any(|(field, value)| match (was.get(field), value) {
            // What others do to a list that is only added to or taken from is their own affair.
            (Some(FieldValue::List(_)), FieldValue::List(_)) if entry.maker == ManagementOrigin::Amended => {
                false
            }
            (Some(was), value) => was != value,
            (None, _) => false,
        }),
    }
}

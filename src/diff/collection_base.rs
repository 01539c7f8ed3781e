//! Compares with the applied state: finds records in sync, and updates to the applied state.
//!
//! Reports only. Writes caused by the applied state come from [`super::orphans`] alone.

use std::collections::{BTreeMap, BTreeSet};

use super::collection::CollectionComparison;
use crate::model::calendar::is_creation_only;
use crate::model::{
    Amendment, AmendmentOperation, AppliedCollection, AppliedRecord, AppliedStateUpdate, CollectionChanges,
    CollectionId, ComparisonBase, DesiredRecord, Enforcement, FieldValue, ManagementOrigin, OrphanAction,
    OrphanedRecords, Record, RecordKey, SourceSpan, ZoneCode, ZoneFailure,
};

/// Comparison base of one collection.
#[derive(Debug, Clone, Copy, Default)]
pub struct CollectionBase<'a> {
    /// Applied state; `None` if unknown.
    pub ledger: Option<&'a AppliedCollection>,
    /// Orphaned records.
    pub orphans: Option<&'a OrphanedRecords>,
    /// Location of `prune` in the `Network` manifest.
    pub prune: Option<&'a SourceSpan>,
}

impl<'a> CollectionBase<'a> {
    /// Selects the base of one collection.
    pub fn for_collection(base: &'a ComparisonBase, zone: &ZoneCode, id: &CollectionId) -> Self {
        Self {
            ledger: base.applied_state.zones.get(zone).and_then(|zone| zone.get(id)),
            orphans: base.orphans.get(zone).and_then(|zone| zone.get(id)),
            prune: base.prune.as_ref(),
        }
    }
}

impl CollectionBase<'_> {
    /// Returns the updates to the applied state if the zone no longer has the collection.
    pub(super) fn missing_collection_changes(&self) -> CollectionChanges {
        let Some(AppliedCollection { key, entries, .. }) = self.ledger else {
            return CollectionChanges::default();
        };
        let forgotten = entries.keys().cloned().collect();
        let learned = AppliedStateUpdate { key: key.clone(), forgotten, ..AppliedStateUpdate::default() };
        CollectionChanges { learned, ..CollectionChanges::default() }
    }
}

/// Records found in sync.
#[derive(Default)]
pub(super) struct RecordsInSync<'a> {
    /// Records listed by manifests, including correctly absent ones.
    pub records: Vec<(&'a RecordKey, &'a DesiredRecord)>,
    /// Records of the zone with their matching amendments.
    pub parts: BTreeMap<&'a RecordKey, Vec<&'a Amendment>>,
}

/// Result of [`CollectionComparison::learn`].
#[derive(Default)]
pub(super) struct ComparisonSummary {
    pub in_sync: usize,
    pub agreed: usize,
    pub learned: AppliedStateUpdate,
}

/// Returns true for enforcements whose records belong in the applied state.
fn is_kept(enforcement: Enforcement) -> bool {
    match enforcement {
        Enforcement::Enforce | Enforcement::CreateOnly => true,
        Enforcement::Report | Enforcement::Unmanage => false,
    }
}

impl<'a> CollectionComparison<'a> {
    /// Returns the applied record with this key.
    pub(super) fn entry(&self, id: &RecordKey) -> Option<&'a AppliedRecord> {
        self.entries?.get(id)
    }

    /// Summarizes the records in sync, after all records are compared.
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
                    let wishes = wishes.filter(|wish| !is_creation_only(wish.field));
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
            lesson.note(key, entry, AppliedRecord { holds, maker: ManagementOrigin::Adopted, manifest });
        }
        let parts = met.parts.iter().filter(|(key, _)| !listed.contains(*key) && !ours.contains(*key));
        for (key, amendments) in parts {
            self.learn_part(key, amendments, &mut lesson)?;
        }
        Ok(lesson)
    }

    /// Records an amended record in the summary.
    fn learn_part(
        &self,
        key: &RecordKey,
        amendments: &[&'a Amendment],
        lesson: &mut ComparisonSummary,
    ) -> Result<(), ZoneFailure> {
        let orphans = self.since.and_then(|since| since.orphans);
        let is_orphan = orphans
            .and_then(|orphans| orphans.get(key))
            .is_some_and(|farewell| *farewell != OrphanAction::Report);
        let holds = self.parts(key, amendments)?;
        let Some(first) = amendments.iter().find(|amendment| is_kept(amendment.enforcement)) else {
            return Ok(());
        };
        if holds.is_empty() || is_orphan {
            return Ok(());
        }
        let entry = self.entry(key);
        let known = match entry {
            // The applied state covers more fields than the amendments.
            Some(AppliedRecord {
                holds: Some(whole),
                maker: ManagementOrigin::Created | ManagementOrigin::Adopted,
                manifest,
            }) => {
                let mut whole = whole.clone();
                whole.extend(holds);
                AppliedRecord {
                    holds: Some(whole),
                    maker: ManagementOrigin::Adopted,
                    manifest: manifest.clone(),
                }
            }
            Some(_) | None => {
                let manifest = first.provenance.manifest.clone();
                AppliedRecord { holds: Some(holds), maker: ManagementOrigin::Amended, manifest }
            }
        };
        lesson.note(key, entry, known);
        Ok(())
    }

    /// Returns the amended fields with their observed values. For a list, the whole list counts.
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
    /// Adds the record, unless the applied state is the same.
    fn note(&mut self, key: &RecordKey, entry: Option<&AppliedRecord>, known: AppliedRecord) {
        let is_known = entry.is_some_and(|AppliedRecord { holds, maker, manifest }| {
            let same = *maker == known.maker || (*maker == ManagementOrigin::Created && holds.is_some());
            same && *holds == known.holds && *manifest == known.manifest
        });
        if !is_known {
            self.learned.found.insert(key.clone(), known);
        }
    }
}

/// Returns true if an applied record differs from the observed fields. Fields missing in the applied record
/// do not count.
fn said_otherwise(entry: &AppliedRecord, is: Option<&Record>) -> bool {
    match (&entry.holds, is) {
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
        (Some(was), Some(is)) => is.iter().any(|(field, value)| match (was.get(field), value) {
            // Other users may change the rest of an amended list.
            (Some(FieldValue::List(_)), FieldValue::List(_)) if entry.maker == ManagementOrigin::Amended => {
                false
            }
            (Some(was), value) => was != value,
            (None, _) => false,
        }),
    }
}

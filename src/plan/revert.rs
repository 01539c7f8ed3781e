//! Computes the desired state that restores the zones to their state before a run.
//!
//! Only fields set by the run are restored, and only records unchanged since the run. Other records are kept
//! and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::record_revert::{RecordPresence, RecordRevert, RecordState, has_field_name};
use crate::model::{
    AppliedCollection, AppliedRecord, AppliedStateUpdate, CollectionId, CollectionOwner, CollectionRole,
    CollectionShape, ComparisonOptions, ConflictPolicy, DesiredCollection, DesiredRecord, DesiredState,
    DesiredValue, Differences, Enforcement, FieldName, FieldValue, HistoryEntry, ObservedCollection,
    ObservedRecord, ObservedState, Provenance, REVERT_OF, RecordKey, RunId, SourceSpan, UnlistedPolicy,
    ZoneCode,
};

/// Changes of a run, record by record, for a revert.
#[derive(Debug, Clone)]
pub struct RunRevert {
    run: RunId,
    zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, CollectionRevert>>,
}

/// Changes of a run in one collection.
#[derive(Debug, Clone)]
struct CollectionRevert {
    shape: Arc<CollectionShape>,
    key: Arc<[FieldName]>,
    records: BTreeMap<RecordKey, RecordRevert>,
}

/// Action to revert the change of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RevertAction {
    /// Delete: the run created the record.
    Delete,
    /// Restore the values before the run.
    Restore,
}

/// Records kept because of changes since the run, with one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkippedRecords(BTreeMap<(ZoneCode, CollectionId), Vec<String>>);

impl RunRevert {
    /// Computes the revert from the history entries of a run, in any order. `shape` returns the behavior of a
    /// collection.
    pub fn from_history(
        run: RunId,
        entries: &[HistoryEntry],
        shape: impl Fn(&CollectionId) -> Option<Arc<CollectionShape>>,
    ) -> Self {
        let mut entries: Vec<&HistoryEntry> = entries.iter().collect();
        entries.sort_by_key(|entry| entry.number);
        let mut zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, CollectionRevert>> = BTreeMap::new();
        for HistoryEntry { address, done, .. } in entries {
            let collections = zones.entry(address.zone.clone()).or_default();
            let past = collections.entry(address.collection.clone()).or_insert_with(|| CollectionRevert {
                shape: shape(&address.collection).unwrap_or_default(),
                key: done.key.iter().map(|(field, _)| field.clone()).collect(),
                records: BTreeMap::new(),
            });
            match past.records.get_mut(&address.key) {
                Some(deed) => deed.add_change(done),
                None => drop(past.records.insert(address.key.clone(), RecordRevert::from(done))),
            }
        }
        Self { run, zones }
    }

    /// Returns the zones changed by the run.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneCode> {
        self.zones.keys()
    }

    /// Returns the full desired state, if no record changed since the run.
    pub fn to_desired_state(&self) -> DesiredState {
        self.desired_records(|_, _, _| true, |_, _, _| true)
    }

    /// Splits the desired state for the observed zones into records to revert and records to keep. Only zones
    /// in `within` are included.
    pub fn split_by_record_state(
        &self,
        within: &DesiredState,
        observed: &ObservedState,
    ) -> (DesiredState, SkippedRecords) {
        let mut kept: BTreeMap<(ZoneCode, CollectionId), Vec<String>> = BTreeMap::new();
        let mut skipped: BTreeSet<(&ZoneCode, CollectionId, &RecordKey)> = BTreeSet::new();
        let created = self.created_rows();
        for (zone, id, past) in self.pasts().filter(|(zone, _, _)| within.zones.contains_key(*zone)) {
            let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
            // The comparison reports unreadable collections.
            let Some(Ok(found)) = answer else { continue };
            for (key, deed) in &past.records {
                let goes = created.contains(&(zone, id.without_language(), key));
                match deed.record_state(found) {
                    // The created row is already deleted, in whatever language.
                    RecordState::ChangedSince if goes && !deed.is_in(found) => {}
                    RecordState::Unchanged if !past.has_rival(deed, found) => {}
                    RecordState::AlreadyReverted => {}
                    RecordState::Unchanged | RecordState::ChangedSince => {
                        skipped.insert((zone, id.without_language(), key));
                        let record =
                            if key.0.is_empty() { "the record".to_owned() } else { format!("`{key}`") };
                        let words = format!("{record} has changed since {}: kept", self.run);
                        kept.entry((zone.clone(), id.clone())).or_default().push(words);
                    }
                }
            }
        }
        let stands = |zone: &ZoneCode, id: &CollectionId, key: &RecordKey| {
            !skipped.contains(&(zone, id.without_language(), key))
        };
        let knows = |zone: &ZoneCode, id: &CollectionId, name: &FieldName| {
            let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
            answer.and_then(|answer| answer.as_ref().ok()).is_none_or(|found| has_field_name(found, name))
        };
        let mut desired = self.desired_records(stands, knows);
        desired.zones.retain(|zone, _| within.zones.contains_key(zone));
        (desired, SkippedRecords(kept))
    }

    fn pasts(&self) -> impl Iterator<Item = (&ZoneCode, &CollectionId, &CollectionRevert)> {
        self.zones
            .iter()
            .flat_map(|(zone, collections)| collections.iter().map(move |(id, past)| (zone, id, past)))
    }

    /// Returns the rows created by the run. They are deleted in all languages, including those set
    /// afterwards.
    fn created_rows(&self) -> BTreeSet<(&ZoneCode, CollectionId, &RecordKey)> {
        self.pasts()
            .flat_map(|(zone, id, past)| past.records.iter().map(move |record| (zone, id, record)))
            .filter(|(_, _, (_, deed))| {
                (deed.was, deed.left) == (RecordPresence::Absent, RecordPresence::Present)
            })
            .map(|(zone, id, (key, _))| (zone, id.without_language(), key))
            .collect()
    }

    /// Returns the desired state of the selected records, with fields known to their collections.
    fn desired_records(
        &self,
        stands: impl Fn(&ZoneCode, &CollectionId, &RecordKey) -> bool,
        knows: impl Fn(&ZoneCode, &CollectionId, &FieldName) -> bool,
    ) -> DesiredState {
        let mut desired = DesiredState::default();
        let created = self.created_rows();
        for (zone, id, past) in self.pasts() {
            let records =
                past.records.iter().filter(|(key, _)| stands(zone, id, key)).filter_map(|(key, deed)| {
                    let is_created = created.contains(&(zone, id.without_language(), key));
                    let fate = if is_created { RevertAction::Delete } else { RevertAction::Restore };
                    Some((
                        key.clone(),
                        Arc::new(self.record(deed, past, fate, &|name| knows(zone, id, name))?),
                    ))
                });
            let collection = DesiredCollection {
                id: id.clone(),
                shape: past.shape.clone(),
                key: past.key.clone(),
                unlisted: UnlistedPolicy::Keep,
                enforcement: Enforcement::Enforce,
                records: records.collect(),
                amendments: Vec::new(),
                // Only records unchanged since the run are included.
                on_conflict: ConflictPolicy::Ours,
                // A revert only returns to a collection that zonal has written before.
                owner: CollectionOwner::Zonal,
                options: ComparisonOptions::default(),
                standing: CollectionRole::Desired,
                provenance: self.provenance(),
            };
            desired.zones.entry(zone.clone()).or_default().push(collection);
        }
        desired
    }

    /// Returns the desired state of one record; `None` if the run had no net effect.
    fn record(
        &self,
        deed: &RecordRevert,
        past: &CollectionRevert,
        fate: RevertAction,
        knows: &dyn Fn(&FieldName) -> bool,
    ) -> Option<DesiredRecord> {
        let value = |value: &FieldValue| DesiredValue::new(value.clone(), self.provenance());
        let deleted_fields = || deed.taken.iter().filter(|(_, value)| **value != FieldValue::Null);
        let identity = || deed.key.iter().map(|(field, part)| (field.clone(), value(part)));
        let (fields, absent): (BTreeMap<FieldName, DesiredValue>, bool) = match (fate, deed.was, deed.left) {
            (RevertAction::Delete, _, _) => (identity().collect(), true),
            (RevertAction::Restore, RecordPresence::Absent, _) => return None,
            (RevertAction::Restore, RecordPresence::Present, RecordPresence::Present) => {
                let before = deed.set.iter().map(|(field, set)| (field.clone(), value(&set.before)));
                (identity().chain(before).collect(), false)
            }
            (RevertAction::Restore, RecordPresence::Present, RecordPresence::Absent) => {
                let taken = deleted_fields().filter(|(name, _)| knows(name));
                (taken.map(|(name, taken)| (name.clone(), value(taken))).collect(), false)
            }
        };
        // A record present before and after needs no note.
        let said: Option<String> = match (absent, deed.left, past.shape.shared.is_empty()) {
            (true, _, _) => Some(format!("created by {}", self.run)),
            (false, RecordPresence::Present, _) => None,
            (false, RecordPresence::Absent, true) => Some(format!("deleted by {}", self.run)),
            (false, RecordPresence::Absent, false) => Some(format!(
                "deleted by {}; restored with texts in one language only, because others were not recorded",
                self.run
            )),
        };
        let lost: Vec<String> = match absent {
            true => Vec::new(),
            false => deleted_fields()
                .filter(|(name, _)| !knows(name))
                .map(|(name, _)| format!("`{name}`"))
                .collect(),
        };
        let lost = (!lost.is_empty())
            .then(|| format!("{} cannot be restored: the zone has no such column", lost.join(", ")));
        let notes: Vec<Arc<str>> = said.into_iter().chain(lost).map(Into::into).collect();
        let (enforcement, provenance) = (Enforcement::Enforce, self.provenance());
        Some(DesiredRecord { fields, absent, enforcement, provenance, references: Vec::new(), notes })
    }

    fn provenance(&self) -> Provenance {
        let run = self.run.to_string();
        Provenance {
            manifest: format!("{REVERT_OF}{run}").into(),
            span: SourceSpan::file(run),
            override_index: None,
        }
    }
}

impl CollectionRevert {
    /// Returns true if a restored exclusive flag now belongs to another record, set by another user since the
    /// run.
    fn has_rival(&self, deed: &RecordRevert, found: &ObservedCollection) -> bool {
        let yes = FieldValue::Bool(true);
        let gets = |flag: &&FieldName| match deed.left {
            RecordPresence::Present => deed.set.get(*flag).is_some_and(|set| set.before == yes),
            RecordPresence::Absent => deed.taken.get(*flag) == Some(&yes),
        };
        let gives = |record: &ObservedRecord, flag: &FieldName| {
            let mut deeds = self.records.values();
            deeds.any(|deed| {
                let set = deed.set.get(flag).is_some_and(|set| set.after == yes);
                set && deed.is_of(record) && deed.record_state(found) == RecordState::Unchanged
            })
        };
        self.shape.exclusive.iter().filter(gets).any(|flag| {
            let mut records = found.records.iter().filter(|record| !deed.is_of(record));
            records.any(|record| record.fields.get(flag) == Some(&yes) && !gives(record, flag))
        })
    }
}

/// Returns the update of the applied state after a revert.
///
/// Reverted fields get their restored values, so that the manifests' values are pending and not drifted.
/// Records created or deleted by the run are removed from the applied state.
pub fn applied_state_after_revert(
    learned: AppliedStateUpdate,
    known: Option<&AppliedCollection>,
) -> AppliedStateUpdate {
    let AppliedStateUpdate { key, found, mut forgotten, accepted_rows } = learned;
    // An applied record with other key fields is a different record.
    let known = known.filter(|known| known.key == key);
    let mut kept = BTreeMap::new();
    for (id, AppliedRecord { holds: fields, maker: _, manifest: _ }) in found {
        let Some(entry) = known.and_then(|known| known.entries.get(&id)) else { continue };
        match (fields, &entry.holds) {
            (Some(fields), Some(applied)) => {
                let mut holds = applied.clone();
                holds.extend(fields);
                let (maker, manifest) = (entry.maker, Arc::clone(&entry.manifest));
                kept.insert(id, AppliedRecord { holds: Some(holds), maker, manifest });
            }
            (Some(_) | None, _) => forgotten.push(id),
        }
    }
    AppliedStateUpdate { key, found: kept, forgotten, accepted_rows }
}

impl SkippedRecords {
    /// Adds a note about each kept record to its collection.
    pub fn add_notes(self, differences: &mut Differences) {
        for ((zone, id), words) in self.0 {
            let mut found = differences.zones.get_mut(&zone).into_iter().flatten();
            let of_it = found.find(|diff| diff.asked.contains(&id));
            if let Some(Ok(changes)) = of_it.map(|diff| &mut diff.outcome) {
                changes.notes.extend(words);
            }
        }
    }

    /// Returns the number of kept records.
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

//! From what a run did to what has to be desired so that the zones are again as they were before it.
//!
//! Only what the run set is touched, and only where it still stands as the run left it: whatever anybody did since
//! stays, and is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    AppliedChange, AppliedCollection, AppliedField, AppliedStateUpdate, ChangeAction, CollectionId,
    CollectionRole, CollectionShape, ConflictPolicy, DesiredCollection, DesiredRecord, DesiredState,
    DesiredValue, Differences, Enforcement, FieldName, FieldValue, HistoryEntry, ObservedCollection,
    ObservedRecord, ObservedState, Provenance, REVERT_OF, Record, RecordInSync, RecordKey, RunId, SourceSpan,
    UnlistedPolicy, ZoneCode,
};

/// What a run did, record by record, and the way back.
#[derive(Debug, Clone)]
pub struct RunRevert {
    run: RunId,
    zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, CollectionRevert>>,
}

/// What a run did in one collection.
#[derive(Debug, Clone)]
struct CollectionRevert {
    shape: Arc<CollectionShape>,
    key: Arc<[FieldName]>,
    records: BTreeMap<RecordKey, RecordRevert>,
}

/// What a run did to one record, all in all.
#[derive(Debug, Clone)]
struct RecordRevert {
    /// The record's identity in the collection's own field names.
    key: Vec<(FieldName, FieldValue)>,
    /// Whether it was there before the run.
    was: RecordPresence,
    /// Whether it was there after the run.
    left: RecordPresence,
    /// What the run set, by the collection's own names: what was there, and what the run left.
    set: BTreeMap<FieldName, FieldRevert>,
    /// All of a record that the run took away, by the names that people use.
    taken: Record,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordPresence {
    Present,
    Absent,
}

#[derive(Debug, Clone)]
struct FieldRevert {
    name: FieldName,
    before: FieldValue,
    after: FieldValue,
}

/// What becomes of a record on the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RevertAction {
    /// The run created it.
    Delete,
    /// It is as it was before.
    Restore,
}

/// How a record stands, beside what the run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RecordState {
    /// It is as the run left it.
    Unchanged,
    /// It is as it was before the run, so nothing is left to do.
    AlreadyReverted,
    /// Somebody has been there since.
    ChangedSince,
}

/// Records that stay as they are, because somebody has been there since the run: one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkippedRecords(BTreeMap<(ZoneCode, CollectionId), Vec<String>>);

impl RunRevert {
    /// The way back from what a run did: `entries` are all of its entries in the history, in any order. `shape` tells how a
    /// type of collection behaves.
    pub fn from_history(
        run: RunId,
        entries: &[HistoryEntry],
        shape: impl Fn(&str) -> Option<Arc<CollectionShape>>,
    ) -> Self {
        let mut entries: Vec<&HistoryEntry> = entries.iter().collect();
        entries.sort_by_key(|entry| entry.number);
        let mut zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, CollectionRevert>> = BTreeMap::new();
        for HistoryEntry { address, done, .. } in entries {
            let collections = zones.entry(address.zone.clone()).or_default();
            let past = collections.entry(address.collection.clone()).or_insert_with(|| CollectionRevert {
                shape: shape(&address.collection.kind).unwrap_or_default(),
                key: done.key.iter().map(|(field, _)| field.clone()).collect(),
                records: BTreeMap::new(),
            });
            match past.records.get_mut(&address.key) {
                Some(deed) => deed.then(done),
                None => drop(past.records.insert(address.key.clone(), RecordRevert::from(done))),
            }
        }
        Self { run, zones }
    }

    /// Zones in which the run did anything.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneCode> {
        self.zones.keys()
    }

    /// What is desired where everything still stands as the run left it.
    pub fn to_desired_state(&self) -> DesiredState {
        self.desired_records(|_, _, _| true, |_, _, _| true)
    }

    /// What is left of that in zones that were looked at, and what stays as it is instead. Only what `within` speaks
    /// of is looked at.
    pub fn split_by_record_state(
        &self,
        within: &DesiredState,
        observed: &ObservedState,
    ) -> (DesiredState, SkippedRecords) {
        let mut kept: BTreeMap<(ZoneCode, CollectionId), Vec<String>> = BTreeMap::new();
        let mut held: BTreeSet<(&ZoneCode, CollectionId, &RecordKey)> = BTreeSet::new();
        let created = self.created_rows();
        for (zone, id, past) in self.pasts().filter(|(zone, _, _)| within.zones.contains_key(*zone)) {
            let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
            // What could not be read is told by the comparison.
            let Some(Ok(found)) = answer else { continue };
            for (key, deed) in &past.records {
                let goes = created.contains(&(zone, id.without_language(), key));
                match deed.record_state(found) {
                    // The row that was created is gone again, in whatever language.
                    RecordState::ChangedSince if goes && !deed.is_in(found) => {}
                    RecordState::Unchanged if !past.has_rival(deed, found) => {}
                    RecordState::AlreadyReverted => {}
                    RecordState::Unchanged | RecordState::ChangedSince => {
                        held.insert((zone, id.without_language(), key));
                        let record = if key.0.is_empty() { "it".to_owned() } else { format!("`{key}`") };
                        let words = format!("{record} is not as {} left it, so it stays as it is", self.run);
                        kept.entry((zone.clone(), id.clone())).or_default().push(words);
                    }
                }
            }
        }
        let stands = |zone: &ZoneCode, id: &CollectionId, key: &RecordKey| {
            !held.contains(&(zone, id.without_language(), key))
        };
        let knows = |zone: &ZoneCode, id: &CollectionId, name: &FieldName| {
            let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
            answer
                .and_then(|answer| answer.as_ref().ok())
                .is_none_or(|found| self::has_field_name(found, name))
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

    /// Rows that the run created. They go in all languages, also in those whose words it set afterwards.
    fn created_rows(&self) -> BTreeSet<(&ZoneCode, CollectionId, &RecordKey)> {
        self.pasts()
            .flat_map(|(zone, id, past)| past.records.iter().map(move |record| (zone, id, record)))
            .filter(|(_, _, (_, deed))| {
                (deed.was, deed.left) == (RecordPresence::Absent, RecordPresence::Present)
            })
            .map(|(zone, id, (key, _))| (zone, id.without_language(), key))
            .collect()
    }

    /// What is wanted of the records that stand, in fields that their collections know.
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
                // Only what still stands as the run left it is touched at all.
                on_conflict: ConflictPolicy::Ours,
                standing: CollectionRole::Desired,
                provenance: self.provenance(),
            };
            desired.zones.entry(zone.clone()).or_default().push(collection);
        }
        desired
    }

    /// What is wanted of one record; `None` where the run left it as it was.
    fn record(
        &self,
        deed: &RecordRevert,
        past: &CollectionRevert,
        fate: RevertAction,
        knows: &dyn Fn(&FieldName) -> bool,
    ) -> Option<DesiredRecord> {
        let value = |value: &FieldValue| DesiredValue { value: value.clone(), provenance: self.provenance() };
        let held = || deed.taken.iter().filter(|(_, value)| **value != FieldValue::Null);
        let identity = || deed.key.iter().map(|(field, part)| (field.clone(), value(part)));
        let (fields, absent): (BTreeMap<FieldName, DesiredValue>, bool) = match (fate, deed.was, deed.left) {
            (RevertAction::Delete, _, _) => (identity().collect(), true),
            (RevertAction::Restore, RecordPresence::Absent, _) => return None,
            (RevertAction::Restore, RecordPresence::Present, RecordPresence::Present) => {
                let before = deed.set.iter().map(|(field, set)| (field.clone(), value(&set.before)));
                (identity().chain(before).collect(), false)
            }
            (RevertAction::Restore, RecordPresence::Present, RecordPresence::Absent) => {
                let taken = held().filter(|(name, _)| knows(name));
                (taken.map(|(name, taken)| (name.clone(), value(taken))).collect(), false)
            }
        };
        // Nothing is told by one that was there before and after.
        let said: Option<String> = match (absent, deed.left, past.shape.shared.is_empty()) {
            (true, _, _) => Some(format!("{} created it", self.run)),
            (false, RecordPresence::Present, _) => None,
            (false, RecordPresence::Absent, true) => Some(format!("{} deleted it", self.run)),
            (false, RecordPresence::Absent, false) => Some(format!(
                "{} deleted it; it comes back with its texts in one language, because others were not recorded",
                self.run
            )),
        };
        let lost: Vec<String> = match absent {
            true => Vec::new(),
            false => held().filter(|(name, _)| !knows(name)).map(|(name, _)| format!("`{name}`")).collect(),
        };
        let lost = (!lost.is_empty()).then(|| {
            format!("what it held in {} does not come back: the zone names no such column", lost.join(", "))
        });
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

/// Whether a zone has a name for a field, so that it can be written.
fn has_field_name(found: &ObservedCollection, name: &FieldName) -> bool {
    found.columns.is_empty() || found.columns.contains(name) || found.aliases.contains_key(name)
}

impl CollectionRevert {
    /// Whether a flag that only one record may carry would have to be taken from a record that has got it from somebody
    /// else since.
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

/// What the ledger is to say of a collection in which something was taken back: what it said, with the fields as they
/// are now, so that what the manifests still want is pending, and no drift. What the run created is forgotten, and so
/// is what it had deleted: neither was known before.
pub fn applied_state_after_revert(
    learned: AppliedStateUpdate,
    known: Option<&AppliedCollection>,
) -> AppliedStateUpdate {
    let AppliedStateUpdate { key, found, mut forgotten } = learned;
    // By another key, nobody can tell which records are meant.
    let known = known.filter(|known| known.key == key);
    let mut kept = BTreeMap::new();
    for (id, RecordInSync { holds: now, maker: _, manifest: _ }) in found {
        let Some(entry) = known.and_then(|known| known.entries.get(&id)) else { continue };
        match (now, &entry.holds) {
            (Some(now), Some(held)) => {
                let mut holds = held.clone();
                holds.extend(now);
                let (maker, manifest) = (entry.maker, Arc::clone(&entry.manifest));
                kept.insert(id, RecordInSync { holds: Some(holds), maker, manifest });
            }
            (Some(_) | None, _) => forgotten.push(id),
        }
    }
    AppliedStateUpdate { key, found: kept, forgotten }
}

impl SkippedRecords {
    /// Tells of them where the collections are compared.
    pub fn add_notes(self, differences: &mut Differences) {
        for ((zone, id), words) in self.0 {
            let mut found = differences.zones.get_mut(&zone).into_iter().flatten();
            let of_it = found.find(|diff| diff.asked.contains(&id));
            if let Some(Ok(changes)) = of_it.map(|diff| &mut diff.outcome) {
                changes.notes.extend(words);
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
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
        deed.then(done);
        deed
    }
}

impl RecordRevert {
    /// The run did something more to the record.
    fn then(&mut self, done: &AppliedChange) {
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
                    let now = || FieldRevert {
                        name: name.clone(),
                        before: before.clone().unwrap_or_default(),
                        after: after.clone(),
                    };
                    self.set
                        .entry(field.clone())
                        .and_modify(|set| set.after = after.clone())
                        .or_insert_with(now);
                }
            }
        }
    }

    /// Whether a record is the one that the run did this to.
    fn is_of(&self, record: &ObservedRecord) -> bool {
        let nothing = FieldValue::Null;
        self.key.iter().all(|(name, part)| record.fields.get(name).unwrap_or(&nothing) == part)
    }

    fn is_in(&self, found: &ObservedCollection) -> bool {
        found.records.iter().any(|record| self.is_of(record))
    }

    fn record_state(&self, found: &ObservedCollection) -> RecordState {
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

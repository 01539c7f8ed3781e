//! From what a run did to what has to be desired so that the zones are again as they were before it.
//!
//! Only what the run set is touched, and only where it still stands as the run left it: whatever anybody did since
//! stays, and is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    Action, CollectionId, Desired, DesiredCollection, DesiredRecord, DesiredValue, Differences, Done,
    Enforcement, Field, HistoryEntry, Key, Known, Learned, LedgerCollection, Observed, ObservedCollection,
    ObservedRecord, OnConflict, Place, Provenance, REVERT_OF, Record, RunId, Setting, Shape, Standing,
    Unlisted, Value, ZoneCode,
};

/// What a run did, record by record, and the way back.
#[derive(Debug, Clone)]
pub struct Backwards {
    run: RunId,
    zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, Past>>,
}

/// What a run did in one collection.
#[derive(Debug, Clone)]
struct Past {
    shape: Arc<Shape>,
    key: Arc<[Field]>,
    records: BTreeMap<Key, Deed>,
}

/// What a run did to one record, all in all.
#[derive(Debug, Clone)]
struct Deed {
    /// The record's identity in the collection's own field names.
    key: Vec<(Field, Value)>,
    /// Whether it was there before the run.
    was: Presence,
    /// Whether it was there after the run.
    left: Presence,
    /// What the run set, by the collection's own names: what was there, and what the run left.
    set: BTreeMap<Field, Set>,
    /// All of a record that the run took away, by the names that people use.
    taken: Record,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    There,
    Gone,
}

#[derive(Debug, Clone)]
struct Set {
    name: Field,
    before: Value,
    after: Value,
}

/// What becomes of a record on the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The run created it.
    Goes,
    /// It is as it was before.
    Returns,
}

/// How a record stands, beside what the run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// It is as the run left it.
    AsLeft,
    /// It is as it was before the run, so nothing is left to do.
    AsBefore,
    /// Somebody has been there since.
    Otherwise,
}

/// Records that stay as they are, because somebody has been there since the run: one line each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept(BTreeMap<(ZoneCode, CollectionId), Vec<String>>);

impl Backwards {
    /// The way back from what a run did: `entries` are all of its entries in the history, in any order. `shape` tells how a
    /// type of collection behaves.
    pub fn of(run: RunId, entries: &[HistoryEntry], shape: impl Fn(&str) -> Option<Arc<Shape>>) -> Self {
        let mut entries: Vec<&HistoryEntry> = entries.iter().collect();
        entries.sort_by_key(|entry| entry.number);
        let mut zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, Past>> = BTreeMap::new();
        for HistoryEntry { address, done, .. } in entries {
            let collections = zones.entry(address.zone.clone()).or_default();
            let past = collections.entry(address.collection.clone()).or_insert_with(|| Past {
                shape: shape(&address.collection.kind).unwrap_or_default(),
                key: done.key.iter().map(|(field, _)| field.clone()).collect(),
                records: BTreeMap::new(),
            });
            match past.records.get_mut(&address.key) {
                Some(deed) => deed.then(done),
                None => drop(past.records.insert(address.key.clone(), Deed::from(done))),
            }
        }
        Self { run, zones }
    }

    /// Zones in which the run did anything.
    pub fn zones(&self) -> impl Iterator<Item = &ZoneCode> {
        self.zones.keys()
    }

    /// What is desired where everything still stands as the run left it.
    pub fn desired(&self) -> Desired {
        self.wanted(|_, _, _| true, |_, _, _| true)
    }

    /// What is left of that in zones that were looked at, and what stays as it is instead. Only what `within` speaks
    /// of is looked at.
    pub fn standing(&self, within: &Desired, observed: &Observed) -> (Desired, Kept) {
        let mut kept: BTreeMap<(ZoneCode, CollectionId), Vec<String>> = BTreeMap::new();
        let mut held: BTreeSet<(&ZoneCode, CollectionId, &Key)> = BTreeSet::new();
        let created = self.created();
        for (zone, id, past) in self.pasts().filter(|(zone, _, _)| within.zones.contains_key(*zone)) {
            let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
            // What could not be read is told by the comparison.
            let Some(Ok(found)) = answer else { continue };
            for (key, deed) in &past.records {
                let goes = created.contains(&(zone, id.without_language(), key));
                match deed.stands(found) {
                    // The row that was created is gone again, in whatever language.
                    Stand::Otherwise if goes && !deed.is_in(found) => {}
                    Stand::AsLeft if !past.has_rival(deed, found) => {}
                    Stand::AsBefore => {}
                    Stand::AsLeft | Stand::Otherwise => {
                        held.insert((zone, id.without_language(), key));
                        let record = if key.0.is_empty() { "it".to_owned() } else { format!("`{key}`") };
                        let words = format!("{record} is not as {} left it, so it stays as it is", self.run);
                        kept.entry((zone.clone(), id.clone())).or_default().push(words);
                    }
                }
            }
        }
        let stands = |zone: &ZoneCode, id: &CollectionId, key: &Key| {
            !held.contains(&(zone, id.without_language(), key))
        };
        let knows = |zone: &ZoneCode, id: &CollectionId, name: &Field| {
            let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
            answer.and_then(|answer| answer.as_ref().ok()).is_none_or(|found| self::knows(found, name))
        };
        let mut desired = self.wanted(stands, knows);
        desired.zones.retain(|zone, _| within.zones.contains_key(zone));
        (desired, Kept(kept))
    }

    fn pasts(&self) -> impl Iterator<Item = (&ZoneCode, &CollectionId, &Past)> {
        self.zones
            .iter()
            .flat_map(|(zone, collections)| collections.iter().map(move |(id, past)| (zone, id, past)))
    }

    /// Rows that the run created. They go in all languages, also in those whose words it set afterwards.
    fn created(&self) -> BTreeSet<(&ZoneCode, CollectionId, &Key)> {
        self.pasts()
            .flat_map(|(zone, id, past)| past.records.iter().map(move |record| (zone, id, record)))
            .filter(|(_, _, (_, deed))| (deed.was, deed.left) == (Presence::Gone, Presence::There))
            .map(|(zone, id, (key, _))| (zone, id.without_language(), key))
            .collect()
    }

    /// What is wanted of the records that stand, in fields that their collections know.
    fn wanted(
        &self,
        stands: impl Fn(&ZoneCode, &CollectionId, &Key) -> bool,
        knows: impl Fn(&ZoneCode, &CollectionId, &Field) -> bool,
    ) -> Desired {
        let mut desired = Desired::default();
        let created = self.created();
        for (zone, id, past) in self.pasts() {
            let records =
                past.records.iter().filter(|(key, _)| stands(zone, id, key)).filter_map(|(key, deed)| {
                    let is_created = created.contains(&(zone, id.without_language(), key));
                    let fate = if is_created { Fate::Goes } else { Fate::Returns };
                    Some((
                        key.clone(),
                        Arc::new(self.record(deed, past, fate, &|name| knows(zone, id, name))?),
                    ))
                });
            let collection = DesiredCollection {
                id: id.clone(),
                shape: past.shape.clone(),
                key: past.key.clone(),
                unlisted: Unlisted::Keep,
                enforcement: Enforcement::Enforce,
                records: records.collect(),
                amendments: Vec::new(),
                // Only what still stands as the run left it is touched at all.
                on_conflict: OnConflict::Ours,
                standing: Standing::Wanted,
                provenance: self.provenance(),
            };
            desired.zones.entry(zone.clone()).or_default().push(collection);
        }
        desired
    }

    /// What is wanted of one record; `None` where the run left it as it was.
    fn record(
        &self,
        deed: &Deed,
        past: &Past,
        fate: Fate,
        knows: &dyn Fn(&Field) -> bool,
    ) -> Option<DesiredRecord> {
        let value = |value: &Value| DesiredValue { value: value.clone(), provenance: self.provenance() };
        let held = || deed.taken.iter().filter(|(_, value)| **value != Value::Null);
        let identity = || deed.key.iter().map(|(field, part)| (field.clone(), value(part)));
        let (fields, absent): (BTreeMap<Field, DesiredValue>, bool) = match (fate, deed.was, deed.left) {
            (Fate::Goes, _, _) => (identity().collect(), true),
            (Fate::Returns, Presence::Gone, _) => return None,
            (Fate::Returns, Presence::There, Presence::There) => {
                let before = deed.set.iter().map(|(field, set)| (field.clone(), value(&set.before)));
                (identity().chain(before).collect(), false)
            }
            (Fate::Returns, Presence::There, Presence::Gone) => {
                let taken = held().filter(|(name, _)| knows(name));
                (taken.map(|(name, taken)| (name.clone(), value(taken))).collect(), false)
            }
        };
        // Nothing is told by one that was there before and after.
        let said: Option<String> = match (absent, deed.left, past.shape.shared.is_empty()) {
            (true, _, _) => Some(format!("{} created it", self.run)),
            (false, Presence::There, _) => None,
            (false, Presence::Gone, true) => Some(format!("{} deleted it", self.run)),
            (false, Presence::Gone, false) => Some(format!(
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
            place: Place::file(run),
            override_index: None,
        }
    }
}

/// Whether a zone has a name for a field, so that it can be written.
fn knows(found: &ObservedCollection, name: &Field) -> bool {
    found.columns.is_empty() || found.columns.contains(name) || found.aliases.contains_key(name)
}

impl Past {
    /// Whether a flag that only one record may carry would have to be taken from a record that has got it from somebody
    /// else since.
    fn has_rival(&self, deed: &Deed, found: &ObservedCollection) -> bool {
        let yes = Value::Bool(true);
        let gets = |flag: &&Field| match deed.left {
            Presence::There => deed.set.get(*flag).is_some_and(|set| set.before == yes),
            Presence::Gone => deed.taken.get(*flag) == Some(&yes),
        };
        let gives = |record: &ObservedRecord, flag: &Field| {
            let mut deeds = self.records.values();
            deeds.any(|deed| {
                let set = deed.set.get(flag).is_some_and(|set| set.after == yes);
                set && deed.is_of(record) && deed.stands(found) == Stand::AsLeft
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
pub fn learned(learned: Learned, known: Option<&LedgerCollection>) -> Learned {
    let Learned { key, found, mut forgotten } = learned;
    // By another key, nobody can tell which records are meant.
    let known = known.filter(|known| known.key == key);
    let mut kept = BTreeMap::new();
    for (id, Known { holds: now, maker: _, manifest: _ }) in found {
        let Some(entry) = known.and_then(|known| known.entries.get(&id)) else { continue };
        match (now, &entry.holds) {
            (Some(now), Some(held)) => {
                let mut holds = held.clone();
                holds.extend(now);
                let (maker, manifest) = (entry.maker, Arc::clone(&entry.manifest));
                kept.insert(id, Known { holds: Some(holds), maker, manifest });
            }
            (Some(_) | None, _) => forgotten.push(id),
        }
    }
    Learned { key, found: kept, forgotten }
}

impl Kept {
    /// Tells of them where the collections are compared.
    pub fn tell(self, differences: &mut Differences) {
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

impl From<&Done> for Deed {
    fn from(done: &Done) -> Self {
        let was = if done.action == Action::Create { Presence::Gone } else { Presence::There };
        let key = done.key.clone();
        let mut deed = Self { key, was, left: was, set: BTreeMap::new(), taken: Record::new() };
        deed.then(done);
        deed
    }
}

impl Deed {
    /// The run did something more to the record.
    fn then(&mut self, done: &Done) {
        match done.action {
            Action::Delete => {
                self.left = Presence::Gone;
                if self.was == Presence::There {
                    self.taken = done.before.clone();
                    let before = self.set.values().map(|set| (set.name.clone(), set.before.clone()));
                    self.taken.extend(before);
                }
            }
            Action::Create | Action::Update => {
                self.left = Presence::There;
                for Setting { field, name, before, after } in &done.edits {
                    let now = || Set {
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
        let nothing = Value::Null;
        self.key.iter().all(|(name, part)| record.fields.get(name).unwrap_or(&nothing) == part)
    }

    fn is_in(&self, found: &ObservedCollection) -> bool {
        found.records.iter().any(|record| self.is_of(record))
    }

    fn stands(&self, found: &ObservedCollection) -> Stand {
        let field =
            |record: &ObservedRecord, name: &Field| record.fields.get(name).cloned().unwrap_or_default();
        let is_it = |record: &&ObservedRecord| self.is_of(record);
        let holds = |record: &ObservedRecord, wanted: fn(&Set) -> &Value| {
            self.set.iter().all(|(name, set)| field(record, name) == *wanted(set))
        };
        let as_taken = |record: &ObservedRecord| {
            let mut taken = self.taken.iter().filter(|(name, _)| knows(found, name));
            taken.all(|(name, taken)| field(record, found.aliases.get(name).unwrap_or(name)) == *taken)
        };
        match (self.was, self.left, found.records.iter().find(is_it)) {
            (Presence::Gone, Presence::Gone, _) => Stand::AsBefore,
            (_, Presence::There, Some(record)) if holds(record, |set| &set.after) => Stand::AsLeft,
            (Presence::There, Presence::There, Some(record)) if holds(record, |set| &set.before) => {
                Stand::AsBefore
            }
            (Presence::Gone, Presence::There, None) => Stand::AsBefore,
            (_, Presence::There, _) => Stand::Otherwise,
            (Presence::There, Presence::Gone, None) => Stand::AsLeft,
            (Presence::There, Presence::Gone, Some(record)) if as_taken(record) => Stand::AsBefore,
            (Presence::There, Presence::Gone, Some(_)) => Stand::Otherwise,
        }
    }
}

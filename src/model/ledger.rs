//! What zonal last applied, and where: the base of the three-way comparison.
//!
//! A ledger is knowledge, never an instruction: without it, or with an old one, less is known of who moved, and
//! nothing else is written than without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{CollectionId, Key, ZoneCode};
use super::place::Place;
use super::run::RunId;
use super::value::{Field, Record};

/// What was last applied in all zones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// By zone, and by what the addresses of records call a collection. A zone that nothing is known of is
    /// not in the map.
    pub zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, LedgerCollection>>,
}

/// What was last applied in one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerCollection {
    /// The fields that identify its records, by the collection's own names. Entries mean nothing to a manifest
    /// that has others.
    pub key: Vec<Field>,
    /// By record.
    pub entries: BTreeMap<Key, LedgerEntry>,
}

/// What was last applied to one record, and found to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The record's own fields as they were wanted and verified, by the collection's own names; `None` where it
    /// was wanted to be gone, and was.
    pub holds: Option<Record>,
    /// Whose record it is.
    pub maker: Maker,
    /// The manifest that wanted it so, `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// The run that has seen it so.
    pub run: RunId,
}

/// Whose a record is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// zonal created it.
    Created,
    /// It was there when a manifest first named it.
    Adopted,
    /// It is the zone's own, and manifests want part of it so.
    Amended,
}

/// What the zones are compared with beside what is desired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Base {
    /// What was last applied.
    pub ledger: Ledger,
    /// Records in it that no manifest names any more, and what becomes of each. One that is to stay and to be
    /// known is not in the map.
    pub orphans: BTreeMap<ZoneCode, BTreeMap<CollectionId, Orphans>>,
    /// Where the network says what becomes of them. Without it none is removed or disabled.
    pub prune: Option<Place>,
}

/// Records of one collection that no manifest names any more, and what becomes of each.
pub type Orphans = BTreeMap<Key, Farewell>;

/// What becomes of a record that no manifest names any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Farewell {
    /// zonal created it, and it is deleted.
    Remove,
    /// zonal created it, and it is disabled.
    Disable,
    /// It stays as it is, and is forgotten.
    Release,
    /// Somebody has changed it in another language: it stays too.
    Spare,
}

/// What becomes of records that zonal created, once no manifest names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prune {
    /// Where nothing is said of the kind.
    pub otherwise: Pruning,
    /// By kind of manifest.
    pub kinds: BTreeMap<Arc<str>, Pruning>,
    /// Where the network says so; `None` where it says nothing.
    pub place: Option<Place>,
}

impl Prune {
    /// What becomes of the records of a kind of manifest.
    pub fn of(&self, kind: &str) -> Pruning {
        self.kinds.get(kind).copied().unwrap_or(self.otherwise)
    }
}

/// What becomes of the records of one kind of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Pruning {
    /// They stay, and zonal goes on knowing that it created them.
    #[default]
    Keep,
    /// They are deleted.
    Remove,
    /// They are disabled.
    Disable,
}

/// What is done where both the manifests and the zone have moved, each in its own way.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Nothing is written to the collection until a person has decided.
    #[default]
    Stop,
    /// What the manifest says is written.
    Ours,
    /// What the zone holds stays.
    Theirs,
}

/// What a comparison found out that the ledger does not say yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learned {
    /// The fields that identify the collection's records, by its own names.
    pub key: Vec<Field>,
    /// Records that are as they are wanted.
    pub found: BTreeMap<Key, Known>,
    /// Entries that no longer say anything: their records are released, or gone.
    pub forgotten: Vec<Key>,
}

/// A record that is as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its own fields, by the collection's own names; `None` where it is gone, as it should be.
    pub holds: Option<Record>,
    /// Whether manifests want the whole of it or part of one that the zone has.
    pub maker: Maker,
    /// The manifest that wants it so.
    pub manifest: Arc<str>,
}

impl Learned {
    /// Whether there is nothing new.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.forgotten.is_empty()
    }
}

impl LedgerCollection {
    /// Takes in what a run has found out. `created` are the records that it has created itself; they stay zonal's
    /// own for as long as a manifest wants the whole of them. Entries by other key fields are dropped: nobody can
    /// tell any more which records they mean.
    pub fn learn(&mut self, learned: Learned, created: &BTreeSet<Key>, run: RunId) {
        let Learned { key, found, forgotten } = learned;
        if self.key != key && !found.is_empty() {
            self.entries.clear();
            self.key = key;
        }
        for key in forgotten {
            self.entries.remove(&key);
        }
        for (key, Known { holds, maker, manifest }) in found {
            let before = self.entries.get(&key);
            // One that was wanted to be gone and has come back is whoever's made it since.
            let ours = before.is_some_and(|entry| entry.holds.is_some() && entry.maker == Maker::Created);
            let is_ours = match maker {
                Maker::Created => true,
                Maker::Adopted | Maker::Amended => ours || created.contains(&key),
            };
            let maker = if holds.is_some() && is_ours { Maker::Created } else { maker };
            self.entries.insert(key, LedgerEntry { holds, maker, manifest, run });
        }
    }
}

//! What zonal last applied, and where: the base of the three-way comparison.
//!
//! A ledger is knowledge, never an instruction: without it, or with an old one, less is known of who moved, and
//! nothing else is written than without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{CollectionId, RecordKey, ZoneCode};
use super::run::RunId;
use super::source_span::SourceSpan;
use super::value::{FieldName, Record};

/// What was last applied in all zones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppliedState {
    /// By zone, and by what the addresses of records call a collection. A zone that nothing is known of is
    /// not in the map.
    pub zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, AppliedCollection>>,
}

/// What was last applied in one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppliedCollection {
    /// The fields that identify its records, by the collection's own names. Entries mean nothing to a manifest
    /// that has others.
    pub key: Vec<FieldName>,
    /// By record.
    pub entries: BTreeMap<RecordKey, AppliedRecord>,
}

/// What was last applied to one record, and found to be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRecord {
    /// The record's own fields as they were wanted and verified, by the collection's own names; `None` where it
    /// was wanted to be gone, and was.
    pub holds: Option<Record>,
    /// Whose record it is.
    pub maker: ManagementOrigin,
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
pub enum ManagementOrigin {
    /// zonal created it.
    Created,
    /// It was there when a manifest first named it.
    Adopted,
    /// It is the zone's own, and manifests want part of it so.
    Amended,
}

/// What the zones are compared with beside what is desired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComparisonBase {
    /// What was last applied.
    pub applied_state: AppliedState,
    /// Records in it that no manifest names any more, and what becomes of each. One that is to stay and to be
    /// known is not in the map.
    pub orphans: BTreeMap<ZoneCode, BTreeMap<CollectionId, OrphanedRecords>>,
    /// Where the network says what becomes of them. Without it none is removed or disabled.
    pub prune: Option<SourceSpan>,
}

/// Records of one collection that no manifest names any more, and what becomes of each.
pub type OrphanedRecords = BTreeMap<RecordKey, OrphanAction>;

/// What becomes of a record that no manifest names any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrphanAction {
    /// zonal created it, and it is deleted.
    Delete,
    /// zonal created it, and it is disabled.
    Disable,
    /// It stays as it is, and is forgotten.
    Unmanage,
    /// Somebody has changed it in another language: it stays too.
    Keep,
}

/// What becomes of records that zonal created, once no manifest names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneConfig {
    /// Where nothing is said of the kind.
    pub otherwise: PruneMode,
    /// By kind of manifest.
    pub kinds: BTreeMap<Arc<str>, PruneMode>,
    /// Where the network says so; `None` where it says nothing.
    pub span: Option<SourceSpan>,
}

impl PruneConfig {
    /// What becomes of the records of a kind of manifest.
    pub fn mode_for_kind(&self, kind: &str) -> PruneMode {
        self.kinds.get(kind).copied().unwrap_or(self.otherwise)
    }
}

/// What becomes of the records of one kind of manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PruneMode {
    /// They stay, and zonal goes on knowing that it created them.
    #[default]
    Keep,
    /// They are deleted.
    Delete,
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
pub enum ConflictPolicy {
    /// Nothing is written to the collection until a person has decided.
    #[default]
    Defer,
    /// What the manifest says is written.
    Ours,
    /// What the zone holds stays.
    Theirs,
}

/// What a comparison found out that the ledger does not say yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppliedStateUpdate {
    /// The fields that identify the collection's records, by its own names.
    pub key: Vec<FieldName>,
    /// Records that are as they are wanted.
    pub found: BTreeMap<RecordKey, RecordInSync>,
    /// Entries that no longer say anything: their records are released, or gone.
    pub forgotten: Vec<RecordKey>,
}

/// A record that is as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordInSync {
    /// Its own fields, by the collection's own names; `None` where it is gone, as it should be.
    pub holds: Option<Record>,
    /// Whether manifests want the whole of it or part of one that the zone has.
    pub maker: ManagementOrigin,
    /// The manifest that wants it so.
    pub manifest: Arc<str>,
}

impl AppliedStateUpdate {
    /// Whether there is nothing new.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.forgotten.is_empty()
    }
}

impl AppliedCollection {
    /// Takes in what a run has found out. `created` are the records that it has created itself; they stay zonal's
    /// own for as long as a manifest wants the whole of them. Entries by other key fields are dropped: nobody can
    /// tell any more which records they mean.
    pub fn learn(&mut self, learned: AppliedStateUpdate, created: &BTreeSet<RecordKey>, run: RunId) {
        let AppliedStateUpdate { key, found, forgotten } = learned;
        if self.key != key && !found.is_empty() {
            self.entries.clear();
            self.key = key;
        }
        for key in forgotten {
            self.entries.remove(&key);
        }
        for (key, RecordInSync { holds, maker, manifest }) in found {
            let before = self.entries.get(&key);
            // One that was wanted to be gone and has come back is whoever's made it since.
            let ours =
                before.is_some_and(|entry| entry.holds.is_some() && entry.maker == ManagementOrigin::Created);
            let is_ours = match maker {
                ManagementOrigin::Created => true,
                ManagementOrigin::Adopted | ManagementOrigin::Amended => ours || created.contains(&key),
            };
            let maker = if holds.is_some() && is_ours { ManagementOrigin::Created } else { maker };
            self.entries.insert(key, AppliedRecord { holds, maker, manifest, run });
        }
    }
}

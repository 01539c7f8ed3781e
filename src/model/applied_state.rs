//! Applied state, by zone: the base of the three-way comparison.
//!
//! The applied state is knowledge, never an instruction. Without a current one, zonal knows less about change
//! origins, and writes nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{CollectionId, RecordKey, ZoneCode};
use super::source_span::SourceSpan;
use super::value::{FieldName, Record};

/// Applied state of all zones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppliedState {
    /// Collections by zone, under the names in record addresses. A zone without applied state has no entry.
    pub zones: BTreeMap<ZoneCode, BTreeMap<CollectionId, AppliedCollection>>,
}

/// Applied state of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct AppliedCollection {
    /// Key fields of the records, by the collection's own names.
    ///
    /// Manifests with other key fields ignore these records.
    pub key: Vec<FieldName>,
    /// Records by key.
    #[serde(with = "list_of_entries")]
    pub entries: BTreeMap<RecordKey, AppliedRecord>,
    /// Number of rows in the last accepted reading; `None` without one.
    #[serde(skip)]
    pub accepted_rows: Option<usize>,
}

/// Last values that zonal wrote to one record and verified, or found in sync.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppliedRecord {
    /// Desired and verified fields, by the collection's own names; `None` for a verified absence.
    pub holds: Option<Record>,
    /// Origin of the management.
    pub maker: ManagementOrigin,
    /// Manifest that declared the values, `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
}

/// Form of the records in JSON, whose map keys are texts: a list of keys and records.
mod list_of_entries {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{AppliedRecord, RecordKey};

    pub fn serialize<S: Serializer>(
        entries: &BTreeMap<RecordKey, AppliedRecord>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(entries.iter().map(|(RecordKey(key), record)| (key, record)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<RecordKey, AppliedRecord>, D::Error> {
        let entries: Vec<(Vec<Arc<str>>, AppliedRecord)> = Vec::deserialize(deserializer)?;
        Ok(entries.into_iter().map(|(key, record)| (RecordKey(key), record)).collect())
    }
}

/// Origin of a managed record.
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
    /// Created by zonal.
    Created,
    /// Present before a manifest first declared the record.
    Adopted,
    /// Owned by the zone, with amended fields.
    Amended,
}

/// Base of the three-way comparison, with the actions for orphans.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComparisonBase {
    /// Applied state.
    pub applied_state: AppliedState,
    /// Orphaned records with their actions.
    pub orphans: BTreeMap<ZoneCode, BTreeMap<CollectionId, OrphanedRecords>>,
    /// Location of `prune` in the Network manifest. Without `prune`, zonal deletes and disables no orphans.
    pub prune: Option<SourceSpan>,
}

/// Orphaned records of one collection, with their actions.
pub type OrphanedRecords = BTreeMap<RecordKey, OrphanAction>;

/// Action for an orphaned record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrphanAction {
    /// Deletes the record, which zonal created.
    Delete,
    /// Disables the record, which zonal created.
    Disable,
    /// Keeps the record and stops managing it.
    Unmanage,
    /// Keeps the record, because a person changed it in another language.
    Keep,
    /// Keeps the record and its applied state, and reports that no manifest declares it any more.
    Report,
}

/// Handling of orphaned records that zonal created.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneConfig {
    /// Mode for all other kinds.
    pub otherwise: PruneMode,
    /// Modes by kind of manifest.
    pub kinds: BTreeMap<Arc<str>, PruneMode>,
    /// Location in the Network manifest; `None` without `prune`.
    pub span: Option<SourceSpan>,
}

impl PruneConfig {
    /// Returns the mode for a kind of manifest.
    pub fn mode_for_kind(&self, kind: &str) -> PruneMode {
        self.kinds.get(kind).copied().unwrap_or(self.otherwise)
    }
}

/// Handling of the orphaned records of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PruneMode {
    /// Keeps them and their origin in the applied state.
    #[default]
    Keep,
    /// Deletes them.
    Delete,
    /// Disables them.
    Disable,
}

/// Policy for differences that manifests and zone both caused.
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
    /// Defers all changes of the collection until a person resolves the conflict.
    #[default]
    Defer,
    /// Writes the manifest's value.
    Ours,
    /// Keeps the zone's value.
    Theirs,
}

/// Update of the applied state after a comparison or a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppliedStateUpdate {
    /// Key fields of the records, by the collection's own names.
    pub key: Vec<FieldName>,
    /// Records in sync: with all fields of a managed record, or only the amended ones.
    pub found: BTreeMap<RecordKey, AppliedRecord>,
    /// Obsolete keys: unmanaged or deleted records.
    pub forgotten: Vec<RecordKey>,
    /// Number of rows in an accepted reading, if it differs from the last one.
    pub accepted_rows: Option<usize>,
}

impl AppliedStateUpdate {
    /// Returns true for an update without records.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.forgotten.is_empty()
    }
}

impl AppliedCollection {
    /// Applies an update from a run.
    ///
    /// `created` lists the records that the run created. Such records stay `Created` while a manifest
    /// declares them as a whole. Drops records with other key fields, because their identity is no longer
    /// known.
    pub fn learn(&mut self, learned: AppliedStateUpdate, created: &BTreeSet<RecordKey>) {
        let AppliedStateUpdate { key, found, forgotten, accepted_rows } = learned;
        self.accepted_rows = accepted_rows.or(self.accepted_rows);
        if self.key != key && !found.is_empty() {
            self.entries.clear();
            self.key = key;
        }
        for key in forgotten {
            self.entries.remove(&key);
        }
        for (key, AppliedRecord { holds, maker, manifest }) in found {
            let before = self.entries.get(&key);
            // A record that returned after a verified absence belongs to its new creator.
            let ours =
                before.is_some_and(|entry| entry.holds.is_some() && entry.maker == ManagementOrigin::Created);
            let is_ours = match maker {
                ManagementOrigin::Created => true,
                ManagementOrigin::Adopted | ManagementOrigin::Amended => ours || created.contains(&key),
            };
            let maker = if holds.is_some() && is_ours { ManagementOrigin::Created } else { maker };
            self.entries.insert(key, AppliedRecord { holds, maker, manifest });
        }
    }
}

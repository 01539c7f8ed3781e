//! Result of the comparison, by zone and collection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::{CollectionId, ZoneCode};
use super::applied_state::AppliedStateUpdate;
use super::change::{ApplyMode, Change};
use super::channel::Channel;
use super::desired::CollectionShape;
use super::failure::ZoneFailure;
use super::observed::ObservationSource;
use super::source_span::Provenance;

/// Differences between the zones and their desired state.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    /// Collections by zone; a zone without desired state has no entry.
    pub zones: BTreeMap<ZoneCode, Vec<CollectionDiff>>,
}

/// Comparison of one collection of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionDiff {
    /// Resolved name in the zone; the requested name if the zone reported none.
    pub id: CollectionId,
    /// Names of the collection in the manifests.
    pub asked: Vec<CollectionId>,
    /// Names in other desired languages of the same collection, with the same records.
    ///
    /// Also unresolved names that may refer to this collection.
    pub siblings: Vec<CollectionId>,
    /// Properties of the collection.
    pub shape: Arc<CollectionShape>,
    /// Collections that its records refer to, as named in manifests.
    pub requires: BTreeSet<CollectionId>,
    /// First manifest with the collection.
    pub provenance: Provenance,
    /// Differences, or the failure that prevented the comparison.
    pub outcome: Result<CollectionChanges, ZoneFailure>,
}

/// Differences of one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionChanges {
    /// Changes, by key.
    pub changes: Vec<Change>,
    /// Number of records in the zone.
    pub existing: usize,
    /// Number of records in sync, according to the zone itself.
    pub in_sync: usize,
    /// Number of converged records among those in sync: manifests and zone changed alike since the last
    /// apply.
    pub converged: usize,
    /// Update of the applied state; empty without an applied state as base.
    pub learned: AppliedStateUpdate,
    /// Number of unlisted records in the zone.
    pub unlisted: usize,
    /// Number of records that the network's distribution jobs write too; 0 if the manifests take the collection
    /// over with `owner: zonal`.
    pub second_master: usize,
    /// New records beside an undeclared record with a similar key.
    pub similar_keys: Vec<SimilarKey>,
    /// Number of different records kept because of `enforcement: createOnly`.
    pub create_only_differences: usize,
    /// Unmanaged parts of the collection, kept unchanged.
    pub unmanaged: Vec<UnmanagedCollection>,
    /// Records that zonal created and no manifest declares any more; they stay as they are.
    pub undeclared: Vec<UndeclaredRecords>,
    /// Number of records in sync by attestation, not verified.
    pub attested: usize,
    /// Notes for the plan that need no change.
    pub notes: Vec<String>,
    /// Codes of collections that supply its values; `None` if the zone does not report them.
    pub references: Option<BTreeSet<String>>,
    /// Channel of the read, also used for writes.
    pub channel: Channel,
    /// Source of the observed state.
    pub witness: ObservationSource,
}

/// Part of a collection that one manifest unmanages with `enforcement: unmanage`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct UnmanagedCollection {
    /// Manifest.
    #[serde(rename = "declared_at")]
    pub provenance: Provenance,
    /// Number of its records in the zone.
    pub records: usize,
}

/// New record whose key differs from the key of an undeclared record only in case or spaces.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct SimilarKey {
    /// Key of the new record.
    pub new: String,
    /// Key of the record in the zone.
    pub existing: String,
}

/// Records of a collection that zonal created for a manifest, and that no manifest declares any more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct UndeclaredRecords {
    /// Manifest that declared the records, as kind and name.
    pub manifest: Arc<str>,
    /// Addresses of the records.
    pub addresses: Vec<String>,
}

impl CollectionChanges {
    /// Returns the changes that apply makes.
    pub fn to_apply(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.mode == ApplyMode::Apply)
    }
}

impl CollectionDiff {
    /// Returns the changes that apply makes; none if the comparison failed.
    pub fn to_apply(&self) -> impl Iterator<Item = &Change> {
        self.outcome.iter().flat_map(CollectionChanges::to_apply)
    }

    /// Returns the changes that this apply skips: postponed, or left to the zone.
    pub fn later(&self) -> impl Iterator<Item = &Change> {
        let changes = self.outcome.iter().flat_map(|found| &found.changes);
        changes.filter(|change| matches!(change.mode, ApplyMode::Postponed | ApplyMode::KeptTheirs))
    }

    /// Returns true if apply has changes to write.
    pub fn has_work(&self) -> bool {
        self.to_apply().next().is_some()
    }
}

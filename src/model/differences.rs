//! What diff found out, zone by zone and collection by collection.

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

/// Everything in which the zones differ from what is desired.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    /// By zone; a zone of which nothing is desired is not in the map.
    pub zones: BTreeMap<ZoneCode, Vec<CollectionDiff>>,
}

/// One collection of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionDiff {
    /// What it is really called in the zone; as asked for, where the zone did not tell.
    pub id: CollectionId,
    /// The names by which the manifests ask for it.
    pub asked: Vec<CollectionId>,
    /// The names of the same collection in other languages that are desired too: its records are
    /// theirs. Also names that the zone did not resolve, which may mean this collection.
    pub siblings: Vec<CollectionId>,
    /// How such a collection behaves.
    pub shape: Arc<CollectionShape>,
    /// The collections that its records refer to, as manifests name them.
    pub requires: BTreeSet<CollectionId>,
    /// The first manifest that speaks of it.
    pub provenance: Provenance,
    /// What differs, or why that is not known.
    pub outcome: Result<CollectionChanges, ZoneFailure>,
}

/// What differs in one collection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionChanges {
    /// The differences, by key.
    pub changes: Vec<Change>,
    /// Records that the zone has.
    pub existing: usize,
    /// Records that are as they are wanted, as far as the zone itself says so.
    pub in_sync: usize,
    /// Of those, records that were wanted otherwise when zonal last applied them: manifests and zone have moved
    /// alike.
    pub converged: usize,
    /// What the ledger does not say yet. Empty where nothing was compared with one.
    pub learned: AppliedStateUpdate,
    /// Records that the zone has and no manifest mentions.
    pub unlisted: usize,
    /// Records that differ and are left alone, because the manifest says `enforcement: createOnly`.
    pub create_only_differences: usize,
    /// What manifests have let go: it stays as it is.
    pub unmanaged: Vec<UnmanagedCollection>,
    /// Records that are as wanted because somebody has attested it, which nobody has verified.
    pub attested: usize,
    /// What is worth telling although nothing changes.
    pub notes: Vec<String>,
    /// Codes of the collections that its values come from; `None` where the zone does not say.
    pub references: Option<BTreeSet<String>>,
    /// How the collection was read, which is how it is changed.
    pub channel: Channel,
    /// Who says what the collection holds.
    pub witness: ObservationSource,
}

/// What one manifest has let go of a collection, by saying `enforcement: unmanage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmanagedCollection {
    /// The manifest.
    pub provenance: Provenance,
    /// Records that the zone has of those that it speaks of.
    pub records: usize,
}

impl CollectionChanges {
    /// The changes that apply carries out.
    pub fn to_apply(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.mode == ApplyMode::Apply)
    }
}

impl CollectionDiff {
    /// The changes that apply carries out; none where it is not known what differs.
    pub fn to_apply(&self) -> impl Iterator<Item = &Change> {
        self.outcome.iter().flat_map(CollectionChanges::to_apply)
    }

    /// The changes that this apply leaves alone, be they for a later one or the zone's own affair.
    pub fn later(&self) -> impl Iterator<Item = &Change> {
        let changes = self.outcome.iter().flat_map(|found| &found.changes);
        changes.filter(|change| matches!(change.mode, ApplyMode::Postponed | ApplyMode::KeptTheirs))
    }

    /// Whether apply has anything to write here.
    pub fn has_work(&self) -> bool {
        self.to_apply().next().is_some()
    }
}

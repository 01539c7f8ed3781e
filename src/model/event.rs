//! What happens while zones are read and written, told to whoever wants to show it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::{CollectionId, ZoneCode};
use super::change::Change;
use super::failure::ZoneFailure;
use super::finding::Deferral;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum ApplyEvent {
    /// A zone is about to be asked for so many collections.
    ObserveStart {
        /// The zone.
        zone: ZoneCode,
        /// Collections that will be read.
        collections: usize,
    },
    /// A collection was read, or could not be.
    Observed {
        /// The zone.
        zone: ZoneCode,
        /// The collection, as it was asked for.
        collection: CollectionId,
        /// Why it could not be read, where it could not.
        failure: Option<ZoneFailure>,
    },
    /// A zone needs no more reading.
    ObserveComplete {
        /// The zone.
        zone: ZoneCode,
        /// Requests that it took.
        requests: u64,
    },
    /// A zone is about to be written to.
    ZoneStart {
        /// The zone.
        zone: ZoneCode,
        /// Collections that will be written.
        collections: usize,
    },
    /// A zone is not written to at all.
    ZoneRefused {
        /// The zone.
        zone: ZoneCode,
        /// Why.
        failure: ZoneFailure,
    },
    /// A zone is left alone for now.
    ZoneHeld {
        /// The zone.
        zone: ZoneCode,
        /// Why.
        deferral: Deferral,
    },
    /// Another run writes to a zone, and its end is waited for.
    ZoneWaiting {
        /// The zone.
        zone: ZoneCode,
        /// Which run, and where it is at work.
        by: Arc<str>,
    },
    /// A wave of the rollout begins.
    WaveStart {
        /// Its name.
        wave: Arc<str>,
        /// Zones of it that there is anything to do in.
        zones: usize,
    },
    /// A wave of the rollout is done with.
    WaveComplete {
        /// Its name.
        wave: Arc<str>,
        /// How it ended.
        result: WaveResult,
    },
    /// A collection was re-read, is as it was approved, and is about to be written.
    ApplyStart {
        /// The zone.
        zone: ZoneCode,
        /// The collection.
        collection: CollectionId,
        /// The changes in it.
        changes: Vec<Change>,
    },
    /// A collection is done with, one way or another.
    ApplyEnd {
        /// The zone.
        zone: ZoneCode,
        /// The collection.
        collection: CollectionId,
        /// How it ended.
        outcome: WriteOutcome,
    },
    /// A zone is done with.
    ZoneComplete {
        /// The zone.
        zone: ZoneCode,
        /// Requests that it took.
        requests: u64,
    },
}

/// How the write of one collection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Written, read back, and found to be as wanted.
    Applied {
        /// What was changed.
        changes: Vec<Change>,
    },
    /// The zone moved since the plan was made: nothing was written.
    Stale {
        /// What would have to be changed now.
        now: Vec<Change>,
    },
    /// Not written, or not known to be written.
    Failed {
        /// Why.
        failure: ZoneFailure,
    },
    /// Not tried, because something that it depends on did not succeed.
    Blocked {
        /// What it depends on.
        by: CollectionId,
    },
    /// Written, and what was read back is not what was sent.
    VerifyFailed {
        /// What is different, one line each.
        unexpected_differences: Vec<String>,
    },
    /// Not tried, because the plan holds it back.
    Held {
        /// Why.
        deferral: Deferral,
    },
    /// Not tried, because the run was interrupted.
    Interrupted,
}

impl WriteOutcome {
    /// Whether anything was sent to the zone that it may hold now.
    pub fn has_written(&self) -> bool {
        match self {
            Self::Applied { changes } => !changes.is_empty(),
            Self::VerifyFailed { .. } => true,
            Self::Stale { .. }
            | Self::Failed { .. }
            | Self::Blocked { .. }
            | Self::Held { .. }
            | Self::Interrupted => false,
        }
    }
}

/// How an apply ended, in every zone that it was to write to.
#[derive(Debug, Clone, Default)]
pub struct ApplyReport {
    /// By zone, in the order in which the collections ended.
    pub zones: BTreeMap<ZoneCode, ZoneReport>,
    /// The waves that had anything to do, in order; empty where there are none.
    pub waves: Vec<WaveReport>,
}

impl ApplyReport {
    /// Whether anything was written anywhere.
    pub fn has_written(&self) -> bool {
        let mut outcomes = self.zones.values().flat_map(|zone| &zone.collections);
        outcomes.any(|(_, outcome)| outcome.has_written())
    }
}

/// How one wave of a rollout ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveReport {
    /// Its name.
    pub name: Arc<str>,
    /// Its zones that there was anything to do in.
    pub zones: Vec<ZoneCode>,
    /// How it ended.
    pub result: WaveResult,
}

/// How a wave ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaveResult {
    /// Looked at again afterwards, and found as it should be, as far as the stop rule asks for it.
    Verified {
        /// Zones that failed all the same, no more than the rule allows.
        failed: Vec<ZoneCode>,
    },
    /// Too many zones failed: no further wave begins.
    Failed {
        /// Those zones.
        failed: Vec<ZoneCode>,
    },
    /// Nothing was written in it, so that it proves nothing: no further wave begins.
    NothingWritten,
    /// The run was interrupted.
    Interrupted,
}

/// How an apply ended in one zone.
#[derive(Debug, Clone, Default)]
pub struct ZoneReport {
    /// Why the zone was not written to at all, where it was not.
    pub zone_failure: Option<ZoneFailure>,
    /// Why it was left alone for now, where it was.
    pub deferral: Option<Deferral>,
    /// What became of its collections.
    pub collections: Vec<(CollectionId, WriteOutcome)>,
    /// Requests that it took.
    pub requests: u64,
}

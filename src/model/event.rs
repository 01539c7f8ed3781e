//! Events of reading and writing zones, for progress output.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::{CollectionId, ZoneCode};
use super::change::Change;
use super::failure::ZoneFailure;
use super::finding::Deferral;

/// Event of one run.
#[derive(Debug, Clone)]
pub enum ApplyEvent {
    /// Reading of a zone starts.
    ObserveStart {
        /// Zone.
        zone: ZoneCode,
        /// Number of collections to read.
        collections: usize,
    },
    /// Read of a collection ended, or failed.
    Observed {
        /// Zone.
        zone: ZoneCode,
        /// Collection, as requested.
        collection: CollectionId,
        /// Failure of the read, if any.
        failure: Option<ZoneFailure>,
    },
    /// Reading of a zone ended.
    ObserveComplete {
        /// Zone.
        zone: ZoneCode,
        /// Number of requests.
        requests: u64,
    },
    /// Writing to a zone starts.
    ZoneStart {
        /// Zone.
        zone: ZoneCode,
        /// Number of collections to write.
        collections: usize,
    },
    /// zonal cannot write to a zone.
    ZoneFailed {
        /// Zone.
        zone: ZoneCode,
        /// Failure.
        failure: ZoneFailure,
    },
    /// zonal defers a zone.
    ZoneDeferred {
        /// Zone.
        zone: ZoneCode,
        /// Deferral.
        deferral: Deferral,
    },
    /// Lease of the zone held by another run; this run waits.
    ZoneWaiting {
        /// Zone.
        zone: ZoneCode,
        /// Run and its host.
        by: Arc<str>,
    },
    /// Other users edited rows of the collection while zonal wrote it. Their rows are kept.
    ConcurrentEdits {
        /// Zone.
        zone: ZoneCode,
        /// Collection.
        collection: CollectionId,
        /// One line per row, with author and date.
        edits: Vec<String>,
    },
    /// Wave of the rollout starts.
    WaveStart {
        /// Name of the wave.
        wave: Arc<str>,
        /// Number of zones with changes.
        zones: usize,
    },
    /// Wave of the rollout ended.
    WaveComplete {
        /// Name of the wave.
        wave: Arc<str>,
        /// Result of the wave.
        result: WaveResult,
    },
    /// Collection read again, unchanged since the approval, and next to be written.
    ApplyStart {
        /// Zone.
        zone: ZoneCode,
        /// Collection.
        collection: CollectionId,
        /// Changes of the collection.
        changes: Vec<Change>,
    },
    /// Collection ended, with any outcome.
    ApplyEnd {
        /// Zone.
        zone: ZoneCode,
        /// Collection.
        collection: CollectionId,
        /// Outcome.
        outcome: WriteOutcome,
    },
    /// Zone ended.
    ZoneComplete {
        /// Zone.
        zone: ZoneCode,
        /// Number of requests.
        requests: u64,
    },
}

/// Outcome of the write of one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Written, read back and verified.
    Applied {
        /// Applied changes.
        changes: Vec<Change>,
    },
    /// Changed in the zone since the plan; nothing written.
    Stale {
        /// Changes that the zone needs now.
        now: Vec<Change>,
    },
    /// Not written, or not known to be written.
    Failed {
        /// Failure.
        failure: ZoneFailure,
    },
    /// Not attempted, because a dependency was not written.
    Blocked {
        /// Collection of the dependency.
        by: CollectionId,
    },
    /// Written, but the read-back differs.
    VerifyFailed {
        /// Unexpected differences, one line each.
        unexpected_differences: Vec<String>,
    },
    /// Not attempted, because the plan defers it.
    Deferred {
        /// Deferral.
        deferral: Deferral,
    },
    /// Not attempted, because the run was interrupted.
    Interrupted,
}

impl WriteOutcome {
    /// Returns the name of the outcome, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Stale { .. } => "stale",
            Self::Failed { .. } => "failed",
            Self::Blocked { .. } => "blocked",
            Self::VerifyFailed { .. } => "verify_failed",
            Self::Deferred { .. } => "deferred",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns true if a request with possible effects reached the zone.
    pub fn has_written(&self) -> bool {
        match self {
            Self::Applied { changes } => !changes.is_empty(),
            Self::VerifyFailed { .. } => true,
            Self::Stale { .. }
            | Self::Failed { .. }
            | Self::Blocked { .. }
            | Self::Deferred { .. }
            | Self::Interrupted => false,
        }
    }
}

/// Result of an apply in all its zones.
#[derive(Debug, Clone, Default)]
pub struct ApplyReport {
    /// Zones; collections in the order of their ends.
    pub zones: BTreeMap<ZoneCode, ZoneReport>,
    /// Waves with changes, in order; empty without waves.
    pub waves: Vec<WaveReport>,
}

impl ApplyReport {
    /// Returns true if any zone was written to.
    pub fn has_written(&self) -> bool {
        let mut outcomes = self.zones.values().flat_map(|zone| &zone.collections);
        outcomes.any(|(_, outcome)| outcome.has_written())
    }
}

/// Result of one wave of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct WaveReport {
    /// Name of the wave.
    pub name: Arc<str>,
    /// Zones of the wave with changes.
    pub zones: Vec<ZoneCode>,
    /// Result.
    #[serde(flatten)]
    pub result: WaveResult,
}

/// Result of a wave.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum WaveResult {
    /// Read again after the wave and verified, within the stop rule.
    Verified {
        /// Failed zones, within the limit of the rule.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<ZoneCode>,
    },
    /// Too many zones failed: no further wave starts.
    Failed {
        /// Failed zones.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<ZoneCode>,
    },
    /// No writes, so the wave proves nothing: no further wave starts.
    #[serde(rename = "idle")]
    NothingWritten,
    /// Run interrupted.
    Interrupted,
}

/// Result of an apply in one zone.
#[derive(Debug, Clone, Default)]
pub struct ZoneReport {
    /// Failure that prevented all writes to the zone, if any.
    pub zone_failure: Option<ZoneFailure>,
    /// Deferral of the whole zone, if any.
    pub deferral: Option<Deferral>,
    /// Collections with their outcomes.
    pub collections: Vec<(CollectionId, WriteOutcome)>,
    /// Number of requests.
    pub requests: u64,
}

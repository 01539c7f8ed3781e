//! Events of a session, for progress displays and notes.

use super::config_source::UnusableRevision;
use super::error::SessionStage;
use super::retired_records::{RetiredRecords, RetiredRecordsPlace};
use super::run_outcome::ExecutedPlan;
use super::run_recovery::RecoverySummary;
use crate::model::{ApplyEvent, Plan, RunId, ZoneCode, ZoneShard};
use crate::store::StoreError;

/// Receiver of events.
pub trait SessionObserver: Sync {
    /// Handles an event.
    fn notice(&self, event: &SessionEvent<'_>);
}

/// Observer that ignores all events.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilentObserver;

impl SessionObserver for SilentObserver {
    fn notice(&self, _: &SessionEvent<'_>) {}
}

/// Sends a note about dropped records of retired collection types, if there are any.
pub fn report_retired_records(
    records: RetiredRecords,
    place: RetiredRecordsPlace,
    observer: &dyn SessionObserver,
) {
    if !records.0.is_empty() {
        observer.notice(&SessionEvent::Note(SessionNote::RetiredRecords { place, records }));
    }
}

/// Event of a use case.
pub enum SessionEvent<'a> {
    /// Fact that the user should know.
    Note(SessionNote),
    /// Start of a stage.
    StageStart {
        /// The stage.
        stage: SessionStage,
        /// Number of zones.
        zones: usize,
    },
    /// End of a stage, also after an interruption.
    StageEnd(SessionStage),
    /// Event of a zone.
    Zone(&'a ApplyEvent),
    /// End of an apply. The revert of a failed wave may follow.
    Applied {
        /// Executed plan.
        plan: &'a Plan,
        /// Result.
        executed: &'a ExecutedPlan,
    },
    /// Start of the revert of a failed wave.
    WaveRevertStart {
        /// Name of the wave.
        wave: &'a str,
        /// Number of zones.
        zones: usize,
    },
    /// Plan that is executed without a question: the rest of a resumed run, or the revert of a failed wave.
    Planned(&'a Plan),
    /// End of the revert of a failed wave.
    WaveRevertApplied {
        /// Executed plan.
        plan: &'a Plan,
        /// Result.
        executed: &'a ExecutedPlan,
    },
}

/// Fact that the user should know.
#[derive(Debug)]
pub enum SessionNote {
    /// Shard without zones.
    EmptyShard(ZoneShard),
    /// Manifests that declare nothing for any zone, so that no zone is asked and no key is tried.
    NothingDeclared,
    /// Zones of an earlier revision that left the network.
    RemovedZones {
        /// The revision.
        revision: String,
        /// Zones.
        zones: Vec<ZoneCode>,
    },
    /// Revision that cannot be compared with, so every zone counts as changed.
    AllZonesChanged(UnusableRevision),
    /// Changed zones that no manifest applies to any more.
    UndeclaredZones {
        /// The revision.
        revision: String,
        /// Zones.
        zones: Vec<ZoneCode>,
    },
    /// No zone changed since the revision.
    NoChangedZones {
        /// The revision.
        revision: String,
    },
    /// Records of collection types that zonal no longer writes, dropped.
    RetiredRecords {
        /// Place of the records.
        place: RetiredRecordsPlace,
        /// Records by collection type.
        records: RetiredRecords,
    },
    /// No git repository, so the comparison has no base.
    NoRepository,
    /// Zones that left the network and are not reverted.
    NotReverted(Vec<ZoneCode>),
    /// Number of zones with the same key for reads and writes.
    SharedKeys(usize),
    /// Canceled: the writes in flight are finished.
    FinishingWrites,
    /// Recovered writes of an interrupted run.
    Recovered {
        /// The run.
        run: RunId,
        /// Counts by outcome.
        summary: RecoverySummary,
    },
    /// Run whose result is not recorded completely.
    NotRecorded {
        /// The run.
        run: RunId,
        /// Error of the store, unless already part of the report.
        error: Option<StoreError>,
    },
    /// Run of a group without a store, which cannot be merged.
    NoStoreForGroup,
    /// Requests that an export is about to send.
    ExportCost {
        /// Number of zones.
        zones: usize,
        /// Number of tables and other collections.
        collections: usize,
        /// Number of requests.
        requests: usize,
    },
    /// Answers of an earlier export that this one uses.
    ReadingReused {
        /// Number of collections, counted in each zone.
        answers: usize,
        /// Age of the oldest in minutes.
        minutes: i64,
    },
    /// Answers that cannot be kept for the next export.
    ReadingNotKept {
        /// Reason.
        reason: String,
    },
}

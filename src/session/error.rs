//! Errors of a session. A variant stands for a decision of the caller; messages name no flags and commands.

use std::io;
use std::sync::Arc;

use super::config_source::{ConfigFileError, RevisionError, UnusableRevision};
use super::selection::SelectionProblem;
use crate::apply::ZoneLockout;
use crate::guard::UnusedOverride;
use crate::manifest::SourceFile;
use crate::model::{Diagnostic, RunHost, RunId, Severity, ZoneCode};
use crate::render::json::plan::PlanFileError;
use crate::store::StoreError;

/// Error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Errors in the manifests.
    #[error("the manifests are not valid")]
    InvalidManifests(LocatedDiagnostics),
    /// Missing API keys.
    #[error("API keys are missing")]
    MissingKeys(LocatedDiagnostics),
    /// Selection that does not match the network.
    #[error("the selection does not match the network")]
    InvalidSelection(Vec<SelectionProblem>),
    /// Revision that cannot be read.
    #[error("cannot read revision {revision}")]
    Revision {
        /// Use of the revision.
        used_as: RevisionUse,
        /// Revision as given.
        revision: String,
        /// Cause.
        #[source]
        source: RevisionError,
    },
    /// Revision without manifests to compare with.
    #[error("cannot compare with the revision")]
    UnusableRevision {
        /// Use of the revision.
        used_as: RevisionUse,
        /// Cause.
        #[source]
        source: UnusableRevision,
    },
    /// Snapshot of another network or environment.
    #[error("{name} {mismatch}")]
    OtherSnapshot {
        /// Name of the snapshot.
        name: String,
        /// Difference.
        mismatch: String,
    },
    /// Reviewed plan whose inputs changed.
    #[error("cannot apply {plan}: {}", differences.join("; "))]
    ReviewedPlan {
        /// The plan.
        plan: PlanSource,
        /// Differences, one text per input.
        differences: Vec<String>,
    },
    /// Unreadable plan of a stored run.
    #[error("cannot read the plan of {run} in the store")]
    StoredPlan {
        /// The run.
        run: RunId,
        /// Cause.
        #[source]
        source: PlanFileError,
    },
    /// Unreadable plan or report of a stored run.
    #[error("cannot read the plan or report of {run} in the store")]
    StoredReport {
        /// The run.
        run: RunId,
        /// Cause.
        #[source]
        source: PlanFileError,
    },
    /// File of the config directory that cannot be read or written.
    #[error(transparent)]
    ConfigFile(#[from] ConfigFileError),
    /// Overrides without effect.
    #[error("an override has no effect")]
    UnusedOverrides(Vec<UnusedOverride>),
    /// Error of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Store that cannot be found or created.
    #[error(transparent)]
    StoreLocation(StoreProblem),
    /// Store required, but missing or disabled.
    #[error("no store found: zonal has no {}", match .0 { StoreNeed::Runs => "record of runs", StoreNeed::AppliedState => "applied state" })]
    NoStore(StoreNeed),
    /// Run that does not allow the operation.
    #[error(transparent)]
    Run(#[from] RunProblem),
    /// Records that cannot be unmanaged.
    #[error("{}", problems.join("; "))]
    NotUnmanaged {
        /// Problems, one text per record.
        problems: Vec<String>,
        /// True if a manifest still declares a record.
        declared: bool,
    },
    /// Interrupted run with zones whose state is unknown.
    #[error("the writes of {run} cannot be recovered")]
    NotRecovered {
        /// The run.
        run: RunId,
        /// Failures by zone.
        zones: Vec<(ZoneCode, ZoneLockout)>,
    },
    /// Execution that stopped with an error; the run can be resumed.
    #[error("{run} stopped")]
    RunLeftOpen {
        /// The run.
        run: RunId,
        /// Cause.
        #[source]
        source: Box<SessionError>,
    },
    /// Files of people where an export would write.
    #[error("these files exist and were not exported by zonal: {}", .0.join(", "))]
    ExistingFiles(Vec<String>),
    /// Tables that no zone lists, one text per table.
    #[error("{}", .0.join("; "))]
    UnknownTables(Vec<String>),
    /// Tables that other manifests declare, one text per table.
    #[error("{}", .0.join("; "))]
    DeclaredTables(Vec<String>),
    /// Exported manifests that do not declare what was read.
    #[error("the exported manifests would change a zone, so no file was written: {0}")]
    ExportDiffers(String),
    /// Canceled by the caller.
    #[error("interrupted")]
    Interrupted {
        /// Stage at the time of the cancel request.
        during: SessionStage,
    },
    /// Invalid time.
    #[error("invalid system time `{0}`")]
    InvalidClock(String),
}

/// Diagnostics with the manifests that they refer to.
#[derive(Debug, Clone)]
pub struct LocatedDiagnostics {
    /// Diagnostics, warnings included.
    pub found: Vec<Diagnostic>,
    /// Manifest files.
    pub sources: Arc<[SourceFile]>,
}

impl LocatedDiagnostics {
    /// Returns the first error; `None` if all diagnostics are warnings.
    pub fn first_error(&self) -> Option<&Diagnostic> {
        self.found.iter().find(|problem| problem.severity == Severity::Error)
    }
}

/// Use of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionUse {
    /// Named base of a comparison.
    Base,
    /// Checked-out commit as the base of a comparison.
    HeadBase,
    /// Selection of changed zones.
    ChangedSince,
}

/// Origin of a reviewed plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanSource {
    /// Plan file.
    File(String),
    /// Plan of a stored run.
    Run(RunId),
}

impl std::fmt::Display for PlanSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(name) => f.write_str(name),
            Self::Run(run) => write!(f, "the plan of {run}"),
        }
    }
}

/// Use of a missing store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreNeed {
    /// Stored runs.
    Runs,
    /// Applied state.
    AppliedState,
}

/// Store that cannot be found or created.
#[derive(Debug, thiserror::Error)]
pub enum StoreProblem {
    /// Invalid location.
    #[error("{named_by}: {reason}")]
    Invalid {
        /// Origin of the location.
        named_by: String,
        /// Cause.
        reason: String,
    },
    /// Folder of the default store that cannot be created.
    #[error("cannot create the store {folder}")]
    NoFolder {
        /// Path of the folder.
        folder: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

/// Run that does not allow the operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunProblem {
    /// Unknown in the network.
    #[error("{0} not found for this network")]
    UnknownInNetwork(RunId),
    /// Unknown in the network and environment.
    #[error("{0} not found for this network and environment")]
    Unknown(RunId),
    /// Still running, so it cannot be reverted.
    #[error("{0} is still running")]
    NotEnded(RunId),
    /// Still running, so it cannot be resumed.
    #[error("{run} is still running on {} (process {}), last heartbeat {silent} seconds ago", host.name, host.process)]
    Running {
        /// The run.
        run: RunId,
        /// Host of the run.
        host: RunHost,
        /// Seconds since the last heartbeat.
        silent: u64,
    },
    /// Stopped before its end.
    #[error("{0} is incomplete")]
    Incomplete(RunId),
    /// No image of the collections.
    #[error("the store has no images of {0}, or none at this address")]
    NoImages(RunId),
    /// Ended without changes.
    #[error("{0} made no changes, so there is nothing to revert")]
    NoChanges(RunId),
    /// Stored without a plan.
    #[error("the store contains no plan of {0}")]
    NoPlan(RunId),
    /// Stored without a plan, for a merge.
    #[error("the store contains no plan of these runs")]
    NoPlans,
    /// Empty run group.
    #[error("run group {0} not found")]
    UnknownGroup(String),
    /// Run of another environment.
    #[error("{run} belongs to {}, not to {selected}", environment.as_ref().map_or("no environment".to_owned(), |name| format!("environment {name}")))]
    OtherEnvironment {
        /// The run.
        run: RunId,
        /// Environment of the run.
        environment: Option<String>,
        /// Selected environment.
        selected: String,
    },
}

/// Stage of a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStage {
    /// Before the first request to a zone, or between stages.
    Preparing,
    /// Reads zones.
    Reading,
    /// Writes to zones.
    Writing,
    /// Recovers the outcome of earlier writes.
    Recovering,
}

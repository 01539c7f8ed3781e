//! Message format of the JSON stream of an apply.

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::ResourceChangeJson;
use crate::model::{ChangeAction, Deferral, Finding, ZoneFailure};
use crate::render::diagnostics;

/// One message of the stream.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal apply --json, one line")]
pub struct StreamMessage {
    /// Level: `info`, `warn` or `error`.
    #[serde(rename = "@level")]
    pub level: &'static str,
    /// Message text.
    #[serde(rename = "@message")]
    pub message: String,
    /// Always `zonal.ui`.
    #[serde(rename = "@module")]
    pub module: &'static str,
    /// Time, in RFC 3339.
    #[serde(rename = "@timestamp")]
    pub timestamp: String,
    /// Message type.
    pub r#type: StreamMessageType,
    /// Zone code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Collection, for example `CodeTable/UserBlockDescription`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// Wave of the rollout, in `wave_start` and `wave_complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
    /// Deferral of the zone or collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// Record, in `apply_start`, `apply_complete` and `apply_errored`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<HookJson>,
    /// Change, in `planned_change` and `resource_drift`; new change, in `stale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ResourceChangeJson>,
    /// Totals, in `change_summary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<ChangeSummaryJson>,
    /// Failure of the zone or collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ZoneFailure>,
    /// Finding, in `finding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Differences after reading the collection back, in `verify_failed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unexpected_differences: Vec<String>,
    /// Diagnostic of the manifests, in `diagnostic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<diagnostics::DiagnosticJson>,
    /// Number of requests to the zone, in `zone_complete` and `observe_complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Version of zonal, in `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zonal: Option<&'static str>,
    /// Version of the stream, in `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui: Option<&'static str>,
}

/// Type of a stream message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamMessageType {
    /// First message.
    Version,
    /// Diagnostic of the manifests, or missing API key. The stream ends after an error.
    Diagnostic,
    /// Start of reading a zone.
    ObserveStart,
    /// Successful read of a collection.
    ObserveProgress,
    /// Failed read of a collection.
    ObserveFailed,
    /// End of reading a zone.
    ObserveComplete,
    /// Change in the plan, before the apply.
    PlannedChange,
    /// Collection that cannot be planned. zonal writes no part of the collection.
    PlanErrored,
    /// Finding of a guard or policy.
    Finding,
    /// Difference, reported or postponed to a later apply.
    ResourceDrift,
    /// Totals of the plan, and of the apply at the end.
    ChangeSummary,
    /// Start of writing to a zone.
    ZoneStart,
    /// Zone without writes, because of a failure.
    ZoneFailure,
    /// Zone locked by another run; zonal waits for that run.
    ZoneWaiting,
    /// Rows that other users edited while zonal wrote the collection; their rows are kept.
    ConcurrentEdits,
    /// Start of writing a record.
    ApplyStart,
    /// Record written, read back and verified.
    ApplyComplete,
    /// Failed write, or write with unknown outcome.
    ApplyErrored,
    /// Collection changed since the plan; not written.
    Stale,
    /// Collection not written because a dependency was not written.
    Blocked,
    /// Difference between the written and the observed state.
    VerifyFailed,
    /// Collection not written because the run was interrupted.
    Interrupted,
    /// Deferred zone or collection.
    Deferred,
    /// Start of a wave of the rollout.
    WaveStart,
    /// End of a wave of the rollout.
    WaveComplete,
    /// End of writing to a zone.
    ZoneComplete,
}

/// Record of a stream message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HookJson {
    /// Record.
    pub resource: ResourceJson,
    /// Action on the record.
    pub action: ChangeAction,
}

/// Record, with Terraform's field names.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceJson {
    /// Record address.
    pub addr: String,
    /// Kind of the collection.
    pub resource_type: String,
    /// Collection and key.
    pub resource_name: String,
    /// Zone code.
    pub resource_key: String,
}

/// Totals, with Terraform's field names.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeSummaryJson {
    /// Number of created records, planned or applied.
    pub add: usize,
    /// Number of updated records, planned or applied.
    pub change: usize,
    /// Number of deleted records, planned or applied.
    pub remove: usize,
    /// Operation: `plan` or `apply`.
    pub operation: &'static str,
    /// All applicable exit codes, worst first, only at the end. The process exits with the first code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exit_codes: Vec<u8>,
}

//! One line of the stream that an apply prints: its fields, and what it can be about.

use schemars::JsonSchema;
use serde::Serialize;

use super::plan::ResourceChangeJson;
use super::{FailureJson, FindingJson};
use crate::model::{ChangeAction, Deferral};
use crate::render::diagnostics;

/// One line of the stream.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal apply --json, one line")]
pub struct StreamMessage {
    /// `info`, `warn` or `error`.
    #[serde(rename = "@level")]
    pub level: &'static str,
    /// The line for people.
    #[serde(rename = "@message")]
    pub message: String,
    /// Always `zonal.ui`.
    #[serde(rename = "@module")]
    pub module: &'static str,
    /// When, in RFC 3339.
    #[serde(rename = "@timestamp")]
    pub timestamp: String,
    /// What happened.
    pub r#type: StreamMessageType,
    /// The zone's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The collection, `CodeTable/UserBlockDescription`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The wave of the rollout, in `wave_start` and `wave_complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
    /// Why it is left alone, in `held`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// The record, in `apply_start`, `apply_complete` and `apply_errored`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<HookJson>,
    /// The change, in `planned_change`, and what it would take now, in `stale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ResourceChangeJson>,
    /// The totals, in `change_summary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<ChangeSummaryJson>,
    /// Why, in `apply_errored`, `plan_errored`, `zone_refused` and `observe_failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<FailureJson>,
    /// What was found, in `finding`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingJson>,
    /// What was read back and not expected, in `verify_failed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unexpected_differences: Vec<String>,
    /// The problem of the manifests, in `diagnostic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnostic: Option<diagnostics::DiagnosticJson>,
    /// Requests that the zone took, in `zone_complete` and `observe_complete`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Version of zonal, in `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zonal: Option<&'static str>,
    /// Version of this stream, in `version`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui: Option<&'static str>,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamMessageType {
    /// The first line.
    Version,
    /// A problem of the manifests, or a key that cannot be had; with an error, the stream ends here.
    Diagnostic,
    /// A zone is about to be read.
    ObserveStart,
    /// A collection was read.
    ObserveProgress,
    /// A collection could not be read.
    ObserveFailed,
    /// A zone has been read.
    ObserveComplete,
    /// A change of the plan that is about to be applied.
    PlannedChange,
    /// A collection that cannot be planned; nothing will be written to it.
    PlanErrored,
    /// What a guard or a policy has found in the plan.
    Finding,
    /// A difference that is only reported, or left for a later apply.
    ResourceDrift,
    /// Totals, of the plan and at the end.
    ChangeSummary,
    /// A zone is about to be written to.
    ZoneStart,
    /// A zone is not written to at all.
    ZoneRefused,
    /// Another run writes to a zone, and its end is waited for.
    ZoneWaiting,
    /// A record is about to be written.
    ApplyStart,
    /// A record was written, read back and verified.
    ApplyComplete,
    /// Records were not written, or not known to be.
    ApplyErrored,
    /// A collection moved since the plan; nothing was written to it.
    Stale,
    /// A collection was not tried, because one that it depends on was not written.
    Blocked,
    /// What was read back is not what was sent.
    VerifyFailed,
    /// A collection was not tried, because the run was interrupted.
    Interrupted,
    /// A zone, or a collection of it, is left alone for now.
    Held,
    /// A wave of the rollout begins.
    WaveStart,
    /// A wave of the rollout is done with.
    WaveComplete,
    /// A zone is done with.
    ZoneComplete,
}

/// The record that a line is about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HookJson {
    /// The record.
    pub resource: ResourceJson,
    /// What is done to it.
    pub action: ChangeAction,
}

/// A record in Terraform's words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceJson {
    /// Its address.
    pub addr: String,
    /// The type of collection.
    pub resource_type: String,
    /// Collection and key.
    pub resource_name: String,
    /// The zone's code.
    pub resource_key: String,
}

/// Totals in Terraform's words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeSummaryJson {
    /// Records created, or to be.
    pub add: usize,
    /// Records updated, or to be.
    pub change: usize,
    /// Records deleted, or to be.
    pub remove: usize,
    /// `plan` or `apply`.
    pub operation: &'static str,
    /// Every exit code that applies, worst first; the first one is the process's. Only at the end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exit_codes: Vec<u8>,
}

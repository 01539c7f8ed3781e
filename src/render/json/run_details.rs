//! JSON output of one recorded run, and of the removal of old data.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::runs::RunJson;
use crate::model::RunId;

/// Details of a run.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runs show --json")]
pub struct RunDetailsJson {
    /// Run, as in the list of runs.
    #[serde(flatten)]
    pub run: RunJson,
    /// True if the store keeps the plan of the run.
    pub plan_kept: bool,
    /// Number of collections by outcome, as in the report of an apply.
    pub outcomes: BTreeMap<String, usize>,
    /// Changes in the history.
    pub changes: ChangeTotalsJson,
    /// Results by zone.
    pub zone_results: Vec<ZoneOutcomeJson>,
    /// Images of collections before and after the writes.
    pub images: ImageListJson,
}

/// Number of changes in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangeTotalsJson {
    /// Changes that were read back and verified.
    pub verified: usize,
    /// Changes that were sent, but not verified.
    pub unverified: usize,
}

/// Result of a run in one zone.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ZoneOutcomeJson {
    /// Alma institution code.
    pub code: Arc<str>,
    /// Failure, if zonal wrote no part of the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Number of collections by outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// Changes in the history.
    pub changes: ChangeTotalsJson,
}

/// Images that the store keeps of a run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImageListJson {
    /// Number of images.
    pub number: usize,
    /// Size in the store, in bytes.
    pub bytes: u64,
    /// Collections with images.
    pub collections: Vec<KeptCollectionJson>,
}

/// Images of one collection.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptCollectionJson {
    /// Alma institution code.
    pub zone: Arc<str>,
    /// Address of the collection, for example `01OMNI_ALPHA/CodeTable/UserGroups`.
    pub address: String,
    /// Number of images.
    pub images: usize,
    /// Size in the store, in bytes.
    pub bytes: u64,
    /// True if `zonal restore` can plan the way back to the image.
    pub restorable: bool,
}

/// Removed data of old runs.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runs prune --json")]
pub struct PrunedRunsJson {
    /// Runs whose plan, report, journal and images were removed.
    pub runs: Vec<RunId>,
    /// Size of the removed plans, reports and journals, in bytes.
    pub document_bytes: u64,
    /// Number of removed images.
    pub images: usize,
    /// Size of the removed images, in bytes.
    pub image_bytes: u64,
    /// Size of the store's file before, in bytes; null on a server.
    pub file_bytes_before: Option<u64>,
    /// Size of the store's file after, in bytes; null on a server.
    pub file_bytes_after: Option<u64>,
}

//! JSON output of the recorded runs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Run;

/// Runs, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runs --json")]
pub struct RunsJson {
    /// Runs.
    pub runs: Vec<RunJson>,
}

/// Run with its liveness.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunJson {
    /// Run, as recorded in the store.
    #[serde(flatten)]
    pub run: Run,
    /// True if the run is dead without a recorded end.
    pub killed: bool,
}

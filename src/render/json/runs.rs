//! What zonal was at work at, for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Run;

/// Runs, the latest first.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal runs --json")]
pub struct RunsJson {
    /// The runs.
    pub runs: Vec<RunJson>,
}

/// One run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunJson {
    /// What the store remembers of it.
    #[serde(flatten)]
    pub run: Run,
    /// Whether it has not said that it ended, and is not at work any more.
    pub killed: bool,
}

//! JSON output of `zonal init`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::ZoneFailure;
use crate::model::network::EnvironmentType;

/// Result of an init.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal init --json")]
pub struct InitJson {
    /// Name of the network.
    pub network: String,
    /// Code of the Network Zone; null without one.
    pub network_zone: Option<String>,
    /// Institutions in the manifest.
    pub zones: Vec<InitZoneJson>,
    /// Keys that opened no institution of the network.
    pub refused: Vec<RefusedKeyJson>,
    /// Files of the config directory.
    pub files: Vec<InitFileJson>,
}

/// Institution in the manifest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InitZoneJson {
    /// Alma's institution code.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Name of the variable with the read key.
    pub variable: String,
    /// Environment type, if the zone reports one.
    pub environment: Option<EnvironmentType>,
    /// Number of campuses.
    pub campuses: usize,
    /// Number of libraries.
    pub libraries: usize,
}

/// Key that opened no institution of the network.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedKeyJson {
    /// Name of the variable.
    pub variable: String,
    /// Institution code as listed, or as in the name of the variable.
    pub code: String,
    /// Reason.
    pub failure: ZoneFailure,
}

/// File of the config directory.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InitFileJson {
    /// Path relative to the config directory.
    pub file: String,
    /// State after the command.
    pub state: InitFileState,
}

/// State of a file after an init.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitFileState {
    /// Written.
    Written,
    /// Present with this content.
    Unchanged,
    /// Present with other content, and kept.
    Kept,
}

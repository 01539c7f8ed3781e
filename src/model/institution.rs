//! Institution as a zone describes itself.

use serde::{Deserialize, Serialize};

use super::network::EnvironmentType;

/// Identity of an institution, as an API key finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstitutionProfile {
    /// Alma's institution code.
    pub code: String,
    /// Display name; empty if the zone does not report one.
    pub name: String,
    /// Environment type; `None` if the zone does not report a known one.
    pub environment: Option<EnvironmentType>,
}

/// Library in the list of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryListing {
    /// Alma's library code.
    pub code: String,
    /// Display name; empty if the zone does not report one.
    pub name: String,
    /// Code of its campus.
    pub campus: Option<String>,
    /// Display name of its campus; empty if the zone does not report one.
    #[serde(default)]
    pub campus_name: String,
}

//! Institution of the emulated network in the initial state.

use crate::model::network::{Campus, EnvironmentType, Library, Zone, ZoneRole};

/// Institution with API keys.
#[derive(Clone)]
pub struct EmulatedZone {
    /// Institution code in Alma.
    pub code: String,
    /// Display name.
    pub name: String,
    /// API key for GET only.
    pub read_key: String,
    /// API key for reading and writing.
    pub write_key: Option<String>,
    /// Role: Network Zone or member.
    pub role: ZoneRole,
    /// Campuses with client address ranges.
    pub campuses: Vec<Campus>,
    /// Libraries with client address ranges.
    pub libraries: Vec<Library>,
    /// Environment type reported by `GET /conf/general`.
    pub environment_type: EnvironmentType,
    /// Languages of descriptions.
    pub languages: Vec<String>,
    /// Default language of a GET.
    pub default_language: String,
}

impl EmulatedZone {
    /// Creates a member without libraries: a sandbox with the languages English (default) and French.
    pub fn new(code: impl Into<String>, read_key: impl Into<String>, write_key: Option<String>) -> Self {
        let code = code.into();
        Self {
            name: code.clone(),
            code,
            read_key: read_key.into(),
            write_key,
            role: ZoneRole::Member,
            campuses: Vec::new(),
            libraries: Vec::new(),
            environment_type: EnvironmentType::Sandbox,
            languages: vec!["en".to_owned(), "fr".to_owned()],
            default_language: "en".to_owned(),
        }
    }

    /// Creates the zone declared by a manifest, a sandbox unless the manifest sets the environment type.
    pub fn from(zone: &Zone, read_key: impl Into<String>, write_key: Option<String>) -> Self {
        Self {
            name: zone.name.clone(),
            role: zone.role,
            campuses: zone.campuses.clone(),
            libraries: zone.libraries.clone(),
            environment_type: zone.environment_type.unwrap_or(EnvironmentType::Sandbox),
            ..Self::new(zone.code.as_str(), read_key, write_key)
        }
    }

    /// Sets libraries with these codes, without campus or addresses.
    pub fn with_libraries(self, codes: &[&str]) -> Self {
        let library = |code: &&str| Library {
            code: (*code).to_owned(),
            name: (*code).to_owned(),
            campus: None,
            ip_ranges: Vec::new(),
        };
        Self { libraries: codes.iter().map(library).collect(), ..self }
    }

    /// Returns true if the zone has a library with this code.
    pub(super) fn has_library(&self, code: &str) -> bool {
        self.libraries.iter().any(|library| library.code == code)
    }

    /// Returns the codes of the libraries.
    pub(super) fn library_codes(&self) -> Vec<String> {
        self.libraries.iter().map(|library| library.code.clone()).collect()
    }
}

/// Debug output without API keys, so that logging a zone is safe.
impl std::fmt::Debug for EmulatedZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmulatedZone")
            .field("code", &self.code)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

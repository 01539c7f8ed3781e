//! One institution of the emulated network, as it is before anybody changes anything.

use crate::model::network::{Campus, EnvironmentType, Library, Zone, ZoneRole};

/// An institution and the keys that open it.
#[derive(Clone)]
pub struct EmulatedZone {
    /// Alma's institution code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Opens it for GET only.
    pub read_key: String,
    /// Opens it for everything.
    pub write_key: Option<String>,
    /// Whether it is the network zone or a member.
    pub role: ZoneRole,
    /// Its campuses, with the client addresses that are inside.
    pub campuses: Vec<Campus>,
    /// Its libraries, with the client addresses that are inside.
    pub libraries: Vec<Library>,
    /// What `GET /conf/general` reports.
    pub environment_type: EnvironmentType,
    /// Languages that descriptions are kept in.
    pub languages: Vec<String>,
    /// The language of a GET that names none.
    pub default_language: String,
}

impl EmulatedZone {
    /// A member without libraries: a sandbox whose languages are English, the default, and French.
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

    /// The zone that a manifest describes. Where the manifest does not say what environment it
    /// is, it is a sandbox.
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

    /// The same with libraries of these codes, of which nobody says where they are.
    pub fn with_libraries(self, codes: &[&str]) -> Self {
        let library = |code: &&str| Library {
            code: (*code).to_owned(),
            name: (*code).to_owned(),
            campus: None,
            ip_ranges: Vec::new(),
        };
        Self { libraries: codes.iter().map(library).collect(), ..self }
    }

    /// Whether it has a library of this code.
    pub(super) fn has_library(&self, code: &str) -> bool {
        self.libraries.iter().any(|library| library.code == code)
    }

    /// Codes of its libraries.
    pub(super) fn library_codes(&self) -> Vec<String> {
        self.libraries.iter().map(|library| library.code.clone()).collect()
    }
}

/// Without its keys, so that a zone can be logged.
impl std::fmt::Debug for EmulatedZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmulatedZone")
            .field("code", &self.code)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

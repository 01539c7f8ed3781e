//! Network of one consortium, as declared in its `Network` manifest, for one environment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::ZoneCode;
use super::applied_state::PruneConfig;
use super::guard::GuardConfig;
use super::rollout::{ApprovalRule, Rollout};
use super::source_span::SourceSpan;

/// Network Zone and its members.
#[derive(Debug, Clone)]
pub struct Network {
    /// Name, `metadata.name` of the manifest.
    pub name: String,
    /// Zones: first the Network Zone, if there is one, then the members in manifest order. Codes are unique.
    pub zones: Vec<Zone>,
    /// Environment from the command line; `None` without one.
    pub environment: Option<String>,
    /// Gateway for collections that Alma's public API does not serve, if any.
    pub gateway: Option<GatewayConfig>,
    /// Guards.
    pub guards: GuardConfig,
    /// Zones with required approval.
    pub approval: ApprovalRule,
    /// Write order of the zones.
    pub rollout: Rollout,
    /// Handling of orphaned records that zonal created.
    pub prune: PruneConfig,
    /// Location of the store: a path relative to the config directory, or a database URL without a password.
    ///
    /// `None` if the manifest sets no store.
    pub store: Option<String>,
    /// True if some zones may be unreadable.
    ///
    /// zonal plans nothing for such a network, nor for one with [`UnreadableFields`].
    pub unread: bool,
}

impl Network {
    /// Returns the zone with this code.
    pub fn zone(&self, code: &ZoneCode) -> Option<&Zone> {
        self.zones.iter().find(|zone| &zone.code == code)
    }
}

/// Alma institution.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Alma's institution code.
    pub code: ZoneCode,
    /// Display name.
    pub name: String,
    /// Role: Network Zone or member.
    pub role: ZoneRole,
    /// Labels for `appliesTo` and `--label`.
    pub labels: BTreeMap<String, String>,
    /// Variables for `{var: name}` in manifests.
    pub vars: BTreeMap<String, String>,
    /// Campuses.
    pub campuses: Vec<Campus>,
    /// Libraries.
    pub libraries: Vec<Library>,
    /// Base URL of the API: scheme, host, port and an optional path.
    ///
    /// Without `/almaws/v1` and without a trailing slash: `https://api-ca.hosted.exlibrisgroup.com`.
    pub base_url: String,
    /// Sources of the API keys.
    pub credentials: Credentials,
    /// Rate limit.
    pub rate: RateLimit,
    /// Required `environment_type` of the zone before any write; `None` without a requirement.
    pub environment_type: Option<EnvironmentType>,
    /// Location in the manifest.
    pub span: SourceSpan,
    /// Fields that could not be parsed, so that checks skip them.
    pub unread: UnreadableFields,
}

impl Zone {
    /// Returns true unless the manifest declares the zone's environment as a sandbox.
    ///
    /// An environment without a declared type counts as production.
    pub fn counts_as_production(&self) -> bool {
        self.environment_type != Some(EnvironmentType::Sandbox)
    }
}

/// Fields of a zone that could not be parsed because of errors in the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadableFields {
    /// Code, unreadable or duplicate. A zone without a valid code has no desired state.
    pub code: bool,
    /// Labels.
    pub labels: UnreadableNames,
    /// Variables.
    pub vars: UnreadableNames,
    /// Libraries.
    pub libraries: bool,
}

/// Names with unreadable values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableNames {
    /// Known names.
    Some(BTreeSet<String>),
    /// Any name.
    Any,
}

impl Default for UnreadableNames {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl UnreadableNames {
    /// Returns true if the name may have an unreadable value.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::Some(names) => names.contains(name),
            Self::Any => true,
        }
    }
}

/// Role of a zone in its network.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ZoneRole {
    /// Network Zone.
    Network,
    /// Institution Zone.
    Member,
}

/// Campus of a zone.
#[derive(Debug, Clone)]
pub struct Campus {
    /// Alma's campus code.
    pub code: String,
    /// Display name.
    pub name: String,
    /// IP ranges inside the campus, in addition to those of its libraries.
    pub ip_ranges: Vec<ipnet::IpNet>,
}

/// Library of a zone.
#[derive(Debug, Clone)]
pub struct Library {
    /// Alma's library code.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Code of its campus.
    pub campus: Option<String>,
    /// IP ranges inside the library.
    pub ip_ranges: Vec<ipnet::IpNet>,
}

/// Sources of a zone's API keys; never contains the keys.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Key for all reads.
    pub read: Option<Credential>,
    /// Key for apply only. Without one, apply uses the read key and reports this.
    pub write: Option<Credential>,
}

/// Gateway of the consortium, a service for collections of any zone.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Base URL, without `/v1` and without a trailing slash.
    pub url: String,
    /// Sources of the API keys.
    pub credentials: Credentials,
    /// Rate limit over all zones.
    pub rate: RateLimit,
    /// Location in the manifest.
    pub span: SourceSpan,
}

/// Source of one API key, with `{code}` replaced by the zone's code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credential {
    /// Source.
    pub source: CredentialSource,
    /// Location in the manifest.
    pub span: SourceSpan,
}

/// Storage of an API key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialSource {
    /// Environment variable.
    Env(Arc<str>),
    /// File, relative to the config directory; a trailing line break does not count.
    File(Arc<str>),
    /// Command with the key as its standard output: a program and its arguments.
    Command(Vec<String>),
}

/// Rate limit of a zone. Alma counts per institution, over all keys and integrations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Maximum requests in any second; at least 1.
    pub per_second: u32,
    /// Daily requests reserved for others: below this remaining quota, zonal stops sending requests.
    pub daily_reserve: u64,
}

/// Environment type, as `GET /conf/general` reports in `environment_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentType {
    /// Environment with real users.
    Production,
    /// Copy for tests.
    Sandbox,
}

impl EnvironmentType {
    /// Returns the word of manifests and zones.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

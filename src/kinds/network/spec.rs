//! Manifest format of `Network`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Visitor};

use super::guards::GuardsSpec;
use super::rollout::{ApprovalSpec, RolloutSpec};
use super::store_and_prune::PruneSpec;
use crate::manifest::deserialize::{OrderedFields, Spanned};
use crate::manifest::schema_check::{CODE, FILLED};
use crate::model::network::EnvironmentType;

/// Zones of one consortium, with their connections, labels, variables, campuses and libraries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkSpec {
    /// Alma hosting region of all zones. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Base URL of the API: scheme, host and port. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Sources of the API keys of all zones.
    pub credentials: Option<CredentialsSpec>,
    /// Request limits per zone.
    pub rate: Option<RateSpec>,
    /// Required environment type of every zone; zonal verifies the type before any write.
    pub environment_type: Option<EnvironmentTypeSpec>,
    /// Gateway: a service for collections outside Alma's public API.
    pub gateway: Option<Spanned<GatewaySpec>>,
    /// Network Zone. A fulfillment network can be without one.
    pub network_zone: Option<Spanned<ZoneSpec>>,
    /// Institution Zones.
    #[serde(default)]
    pub members: Vec<Spanned<ZoneSpec>>,
    /// Limits and conditions for an apply.
    pub guards: Option<GuardsSpec>,
    /// Zones with required approval before any write.
    pub approval: Option<ApprovalSpec>,
    /// Write order of the zones. Default: all zones at once.
    pub rollout: Option<RolloutSpec>,
    /// Action for orphans: records that zonal created and no manifest declares any more. `created` deletes
    /// all of them; a map sets the action per manifest kind. Default: keep.
    pub prune: Option<Spanned<PruneSpec>>,
    /// Store of runs and applied state: a file, relative to the configuration directory, or
    /// `postgres://HOST/DATABASE` without a password.
    pub store: Option<Spanned<String>>,
    /// Alternative connections, selected with `--environment`.
    #[serde(default)]
    pub environments: OrderedFields<EnvironmentSpec>,
}

/// Zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneSpec {
    /// Alma's institution code.
    #[schemars(regex(pattern = CODE))]
    pub code: Spanned<String>,
    /// Display name.
    #[schemars(regex(pattern = FILLED))]
    pub name: String,
    /// Labels for `appliesTo` and `--label`.
    #[serde(default)]
    pub labels: OrderedFields<String>,
    /// Variables for manifests, used as `{var: name}`.
    #[serde(default)]
    pub vars: OrderedFields<String>,
    /// Campuses.
    #[serde(default)]
    pub campuses: Vec<Spanned<CampusSpec>>,
    /// Libraries.
    #[serde(default)]
    pub libraries: Vec<Spanned<LibrarySpec>>,
    /// Alma hosting region of this zone. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Base URL of this zone's API. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Sources of this zone's API keys; replaces the network's `credentials` as a whole.
    pub credentials: Option<CredentialsSpec>,
    /// Request limits of this zone.
    pub rate: Option<RateSpec>,
    /// Required environment type of this zone; zonal verifies the type before any write.
    pub environment_type: Option<EnvironmentTypeSpec>,
}

/// Campus.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampusSpec {
    /// Alma's campus code.
    #[schemars(regex(pattern = FILLED))]
    pub code: Spanned<String>,
    /// Display name.
    #[serde(default)]
    pub name: String,
    /// Client IP ranges inside the campus, if they belong to the campus and not to its libraries.
    #[serde(default)]
    pub ip_ranges: Vec<Spanned<String>>,
}

/// Library.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibrarySpec {
    /// Alma's library code.
    #[schemars(regex(pattern = FILLED))]
    pub code: Spanned<String>,
    /// Display name.
    #[serde(default)]
    pub name: String,
    /// Code of the library's campus.
    pub campus: Option<Spanned<String>>,
    /// Client IP ranges inside the library: `192.0.2.0/24`, `192.0.2.7` or `192.0.2.1-192.0.2.9`.
    #[serde(default)]
    pub ip_ranges: Vec<Spanned<String>>,
}

/// Sources of the API keys, never the keys themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialsSpec {
    /// API key for all commands that only read.
    pub read: Option<Spanned<CredentialSpec>>,
    /// API key for `apply` only. Default: the read key.
    pub write: Option<Spanned<CredentialSpec>>,
}

/// Source of one API key: exactly one of the fields. `{code}` stands for the zone's code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["env"]}, {"required": ["file"]}, {"required": ["command"]}]))]
pub struct CredentialSpec {
    /// Environment variable.
    pub env: Option<Spanned<String>>,
    /// File, relative to the configuration directory.
    pub file: Option<Spanned<String>>,
    /// Command that prints the API key: a shell command line, or a program with its arguments.
    pub command: Option<Spanned<CommandSpec>>,
}

/// Service that implements zonal's gateway contract, see `gateway.openapi.json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewaySpec {
    /// Base URL: scheme, host, port and optional path, without `/v1`.
    pub url: Spanned<String>,
    /// Sources of the gateway's API keys.
    pub credentials: CredentialsSpec,
    /// Request limits over all zones. Default: 100 requests per second.
    pub rate: Option<RateSpec>,
}

/// Request limits.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateSpec {
    /// Maximum number of requests per second. Default: 20.
    #[schemars(range(min = 1, max = 1000))]
    pub per_second: Option<u32>,
    /// Number of daily requests reserved for other applications. Default: 0.
    pub daily_reserve: Option<u64>,
}

/// Environment: connection settings that replace those of the network and its zones.
///
/// Its credentials, rate and address take precedence, so a production key never reaches a sandbox.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentSpec {
    /// Alma hosting region of this environment. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Base URL of this environment's API. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Sources of this environment's API keys.
    pub credentials: Option<CredentialsSpec>,
    /// Request limits of the zones in this environment.
    pub rate: Option<RateSpec>,
    /// Required environment type of the zones in this environment.
    pub environment_type: Option<EnvironmentTypeSpec>,
    /// Gateway of this environment. Default: no gateway, because the network's own gateway may lead to
    /// production.
    pub gateway: Option<Spanned<GatewaySpec>>,
    /// Store of runs and applied state of this environment. Default: the network's store.
    pub store: Option<Spanned<String>>,
    /// Zones with different settings in this environment, by code.
    #[serde(default)]
    pub zones: OrderedFields<ZoneOverrideSpec>,
}

/// Settings of one zone in an environment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneOverrideSpec {
    /// Alma hosting region of the zone. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Base URL of the zone's API. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Sources of the zone's API keys.
    pub credentials: Option<CredentialsSpec>,
    /// Request limits of the zone.
    pub rate: Option<RateSpec>,
    /// Required environment type of the zone.
    pub environment_type: Option<EnvironmentTypeSpec>,
}

/// Alma hosting region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlmaRegion {
    /// Europe.
    Eu,
    /// North America.
    Na,
    /// Asia Pacific, Singapore.
    Ap,
    /// Asia Pacific South, Australia.
    Aps,
    /// Canada.
    Ca,
    /// China.
    Cn,
}

impl AlmaRegion {
    /// Regions with their words in manifests.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("eu", Self::Eu),
        ("na", Self::Na),
        ("ap", Self::Ap),
        ("aps", Self::Aps),
        ("ca", Self::Ca),
        ("cn", Self::Cn),
    ];

    /// Returns the region with this word.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, region)| *region)
    }

    /// Returns the base URL of the region's API.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Eu => "https://api-eu.hosted.exlibrisgroup.com",
            Self::Na => "https://api-na.hosted.exlibrisgroup.com",
            Self::Ap => "https://api-ap.hosted.exlibrisgroup.com",
            Self::Aps => "https://api-aps.hosted.exlibrisgroup.com",
            Self::Ca => "https://api-ca.hosted.exlibrisgroup.com",
            Self::Cn => "https://api-cn.hosted.exlibrisgroup.com.cn",
        }
    }
}

/// Environment type, as reported by a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentTypeSpec {
    /// Production environment.
    Production,
    /// Sandbox environment, a copy for tests.
    Sandbox,
}

impl From<EnvironmentTypeSpec> for EnvironmentType {
    fn from(spec: EnvironmentTypeSpec) -> Self {
        match spec {
            EnvironmentTypeSpec::Production => Self::Production,
            EnvironmentTypeSpec::Sandbox => Self::Sandbox,
        }
    }
}

/// Shell command line, or a program with its arguments.
#[derive(Debug, Clone)]
pub enum CommandSpec {
    /// Command line for `sh -c`.
    Line(String),
    /// Program and arguments, executed without a shell.
    Program(Vec<String>),
}

impl<'de> Deserialize<'de> for CommandSpec {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CommandVisitor;

        impl<'de> Visitor<'de> for CommandVisitor {
            type Value = CommandSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shell command line, or a list with a program and its arguments")
            }

            fn visit_str<E: de::Error>(self, line: &str) -> Result<CommandSpec, E> {
                Ok(CommandSpec::Line(line.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<CommandSpec, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(CommandSpec::Program(words))
            }
        }

        deserializer.deserialize_any(CommandVisitor)
    }
}

impl JsonSchema for CommandSpec {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
        })
    }
}

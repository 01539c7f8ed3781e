//! What a `Network` manifest can say.

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

/// The zones of one consortium, how they are reached, and what is known of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkSpec {
    /// Where Alma hosts the zones. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Where the API answers: scheme, host and port. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Where the keys of every zone come from.
    pub credentials: Option<CredentialsSpec>,
    /// How fast every zone may be asked.
    pub rate: Option<RateSpec>,
    /// What every zone must say it is before anything is written to it.
    pub environment_type: Option<EnvironmentTypeSpec>,
    /// A service in front of what Alma's public API does not reach.
    pub gateway: Option<Spanned<GatewaySpec>>,
    /// The network zone.
    pub network_zone: Spanned<ZoneSpec>,
    /// The institution zones.
    #[serde(default)]
    pub members: Vec<Spanned<ZoneSpec>>,
    /// What keeps a plan from being applied.
    pub guards: Option<GuardsSpec>,
    /// Which zones need an approval before anything is written to them.
    pub approval: Option<ApprovalSpec>,
    /// In what order the zones are written to; all at once where nothing is said.
    pub rollout: Option<RolloutSpec>,
    /// What becomes of records that zonal created, once no manifest names them any more: `owned` removes all of
    /// them, a map says it for each kind of manifest. Where nothing is said, they stay.
    pub prune: Option<Spanned<PruneSpec>>,
    /// Where zonal remembers what it did: a file, relative to the config directory, or `postgres://HOST/DATABASE`
    /// without a password.
    pub store: Option<Spanned<String>>,
    /// Other ways to reach the zones, chosen by `--environment`.
    #[serde(default)]
    pub environments: OrderedFields<EnvironmentSpec>,
}

/// One zone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneSpec {
    /// Alma's institution code.
    #[schemars(regex(pattern = CODE))]
    pub code: Spanned<String>,
    /// What people call it.
    #[schemars(regex(pattern = FILLED))]
    pub name: String,
    /// Free labels that `appliesTo` and `--label` select by.
    #[serde(default)]
    pub labels: OrderedFields<String>,
    /// Values that manifests use as `{var: name}`.
    #[serde(default)]
    pub vars: OrderedFields<String>,
    /// Campuses.
    #[serde(default)]
    pub campuses: Vec<Spanned<CampusSpec>>,
    /// Libraries.
    #[serde(default)]
    pub libraries: Vec<Spanned<LibrarySpec>>,
    /// Where Alma hosts this zone. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Where the API of this zone answers. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Where the keys of this zone come from; replaces the network's `credentials` as a whole.
    pub credentials: Option<CredentialsSpec>,
    /// How fast this zone may be asked.
    pub rate: Option<RateSpec>,
    /// What this zone must say it is before anything is written to it.
    pub environment_type: Option<EnvironmentTypeSpec>,
}

/// A campus.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampusSpec {
    /// Alma's campus code.
    #[schemars(regex(pattern = FILLED))]
    pub code: Spanned<String>,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Client addresses that count as being inside, where they are kept for the campus and not for its
    /// libraries.
    #[serde(default)]
    pub ip_ranges: Vec<Spanned<String>>,
}

/// A library.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibrarySpec {
    /// Alma's library code.
    #[schemars(regex(pattern = FILLED))]
    pub code: Spanned<String>,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Code of the campus it belongs to.
    pub campus: Option<Spanned<String>>,
    /// Client addresses that count as being inside: `192.0.2.0/24`, `192.0.2.7` or `192.0.2.1-192.0.2.9`.
    #[serde(default)]
    pub ip_ranges: Vec<Spanned<String>>,
}

/// Where the keys come from. Never the keys themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialsSpec {
    /// The key used by everything that only looks.
    pub read: Option<Spanned<CredentialSpec>>,
    /// The key used by `apply` alone; without it, `apply` uses the read key.
    pub write: Option<Spanned<CredentialSpec>>,
}

/// Where one key is kept: exactly one of these. `{code}` is the zone's code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["env"]}, {"required": ["file"]}, {"required": ["command"]}]))]
pub struct CredentialSpec {
    /// An environment variable.
    pub env: Option<Spanned<String>>,
    /// A file, relative to the config directory.
    pub file: Option<Spanned<String>>,
    /// A command that prints the key: a line for the shell, or a program and its arguments.
    pub command: Option<Spanned<CommandSpec>>,
}

/// A service that speaks zonal's gateway contract, see `gateway.openapi.json`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewaySpec {
    /// Where it answers: scheme, host, port and perhaps a path, without `/v1`.
    pub url: Spanned<String>,
    /// Where its keys come from.
    pub credentials: CredentialsSpec,
    /// How fast it may be asked, over all zones; 100 requests in any one second where nothing is said.
    pub rate: Option<RateSpec>,
}

/// How fast a zone may be asked.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateSpec {
    /// Requests in any one second; 20 where nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    pub per_second: Option<u32>,
    /// Requests of the day to leave to others; 0 where nothing is said.
    pub daily_reserve: Option<u64>,
}

/// Lays itself over the network and its zones when it is chosen.
///
/// What it says of credentials, rate and address replaces what the network and its zones say, so
/// that a sandbox is never reached with a key of production.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentSpec {
    /// Where Alma hosts the zones of this environment. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Where the API of this environment answers. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Where the keys of this environment come from.
    pub credentials: Option<CredentialsSpec>,
    /// How fast the zones of this environment may be asked.
    pub rate: Option<RateSpec>,
    /// What the zones of this environment must say they are.
    pub environment_type: Option<EnvironmentTypeSpec>,
    /// The gateway of this environment. An environment that has none is reached without one: the
    /// network's own may lead to production.
    pub gateway: Option<Spanned<GatewaySpec>>,
    /// Where zonal remembers what it did in this environment; where the network says, if nothing is said.
    pub store: Option<Spanned<String>>,
    /// Zones that differ in this environment, by code.
    #[serde(default)]
    pub zones: OrderedFields<ZoneOverrideSpec>,
}

/// What is different in one zone of an environment.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ZoneOverrideSpec {
    /// Where Alma hosts the zone. Excludes `baseUrl`.
    pub region: Option<Spanned<AlmaRegion>>,
    /// Where the API of the zone answers. Excludes `region`.
    pub base_url: Option<Spanned<String>>,
    /// Where the keys of the zone come from.
    pub credentials: Option<CredentialsSpec>,
    /// How fast the zone may be asked.
    pub rate: Option<RateSpec>,
    /// What the zone must say it is.
    pub environment_type: Option<EnvironmentTypeSpec>,
}

/// Where Alma hosts a zone.
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
    /// Where its API answers.
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

/// What a zone says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentTypeSpec {
    /// People work there.
    Production,
    /// A copy to try things on.
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

/// A line for the shell, or a program and its arguments.
#[derive(Debug, Clone)]
pub enum CommandSpec {
    /// Given to `sh -c`.
    Line(String),
    /// Run as it is.
    Program(Vec<String>),
}

impl<'de> Deserialize<'de> for CommandSpec {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CommandVisitor;

        impl<'de> Visitor<'de> for CommandVisitor {
            type Value = CommandSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a line for the shell or a list of a program and its arguments")
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

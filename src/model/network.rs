//! One consortium, as its `Network` manifest describes it once an environment has been chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::ZoneCode;
use super::applied_state::PruneConfig;
use super::guard::GuardConfig;
use super::rollout::{ApprovalRule, Rollout};
use super::source_span::SourceSpan;

/// A network zone and its members.
#[derive(Debug, Clone)]
pub struct Network {
    /// `metadata.name` of its manifest.
    pub name: String,
    /// The network zone first, then the members in the order of the manifest. Codes are unique.
    pub zones: Vec<Zone>,
    /// The environment chosen on the command line; `None` for the fields as they stand.
    pub environment: Option<String>,
    /// What stands in front of what Alma's public API does not reach, where anything does.
    pub gateway: Option<GatewayConfig>,
    /// What keeps a plan from being applied.
    pub guards: GuardConfig,
    /// Which zones need an approval.
    pub approval: ApprovalRule,
    /// In what order its zones are written to.
    pub rollout: Rollout,
    /// What becomes of records that zonal created, once no manifest names them any more.
    pub prune: PruneConfig,
    /// Where zonal remembers what it did: a path, relative to the config directory, or the address of a database,
    /// never with a password. `None` where the manifest says nothing.
    pub store: Option<String>,
    /// Whether there may be zones that could not be read. Nothing is planned for such a network, nor
    /// for one in which anything else is [`Unread`].
    pub unread: bool,
}

impl Network {
    /// The zone with this code.
    pub fn zone(&self, code: &ZoneCode) -> Option<&Zone> {
        self.zones.iter().find(|zone| &zone.code == code)
    }
}

/// One Alma institution.
#[derive(Debug, Clone)]
pub struct Zone {
    /// Alma's institution code.
    pub code: ZoneCode,
    /// What people call it.
    pub name: String,
    /// Whether it is the network zone or a member.
    pub role: ZoneRole,
    /// Free labels that `appliesTo` and `--label` select by.
    pub labels: BTreeMap<String, String>,
    /// Values that manifests use as `{var: name}`.
    pub vars: BTreeMap<String, String>,
    /// Campus codes and names.
    pub campuses: Vec<Campus>,
    /// Libraries.
    pub libraries: Vec<Library>,
    /// Where its API answers: scheme, host, port and perhaps a path, without `/almaws/v1` and
    /// without a slash at the end. `https://api-ca.hosted.exlibrisgroup.com`.
    pub base_url: String,
    /// Where its keys come from.
    pub credentials: Credentials,
    /// How fast it may be asked.
    pub rate: RateLimit,
    /// What `environment_type` the zone must report before anything is written to it;
    /// `None` where the manifest does not say.
    pub environment_type: Option<EnvironmentType>,
    /// Where the zone stands in its manifest.
    pub span: SourceSpan,
    /// What of it could not be read, so that nothing can be said about it.
    pub unread: UnreadableFields,
}

/// What of a zone could not be read, because its manifest is wrong there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadableFields {
    /// The code, or there are two such zones. Nothing is wanted of a zone that cannot be named.
    pub code: bool,
    /// Labels.
    pub labels: UnreadableNames,
    /// Variables.
    pub vars: UnreadableNames,
    /// Libraries.
    pub libraries: bool,
}

/// Names whose values could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableNames {
    /// These.
    Some(BTreeSet<String>),
    /// It may be any.
    Any,
}

impl Default for UnreadableNames {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl UnreadableNames {
    /// Whether a name is one of them.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::Some(names) => names.contains(name),
            Self::Any => true,
        }
    }
}

/// What a zone is in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneRole {
    /// The network zone.
    Network,
    /// An institution zone.
    Member,
}

/// A campus of a zone.
#[derive(Debug, Clone)]
pub struct Campus {
    /// Alma's campus code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Client addresses that count as being inside, beside those of its libraries.
    pub ip_ranges: Vec<ipnet::IpNet>,
}

/// A library of a zone.
#[derive(Debug, Clone)]
pub struct Library {
    /// Alma's library code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Code of the campus it belongs to.
    pub campus: Option<String>,
    /// Client addresses that count as being inside.
    pub ip_ranges: Vec<ipnet::IpNet>,
}

/// Where the keys of a zone come from. Never the keys themselves.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key used by everything that only looks.
    pub read: Option<Credential>,
    /// The key used by apply alone; without it, apply uses the read key and says so.
    pub write: Option<Credential>,
}

/// A service of the consortium's own that serves collections of any zone.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Where it answers, without `/v1` and without a slash at the end.
    pub url: String,
    /// Where its keys come from.
    pub credentials: Credentials,
    /// How fast it may be asked, over all zones.
    pub rate: RateLimit,
    /// Where the manifest says so.
    pub span: SourceSpan,
}

/// One key's whereabouts, `{code}` already replaced by the zone's code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credential {
    /// Where to look.
    pub source: CredentialSource,
    /// Where the manifest says so.
    pub span: SourceSpan,
}

/// Where a key is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CredentialSource {
    /// An environment variable.
    Env(Arc<str>),
    /// A file, relative to the config directory; a line break at the end does not count.
    File(Arc<str>),
    /// A command whose standard output is the key: a program and its arguments.
    Command(Vec<String>),
}

/// How fast a zone may be asked. Alma counts per institution, over all keys and integrations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Requests in any one second; at least 1.
    pub per_second: u32,
    /// Requests of the day to leave to others: when the zone reports fewer left, zonal stops asking it.
    pub daily_reserve: u64,
}

/// What `GET /conf/general` reports as `environment_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentType {
    /// People work there.
    Production,
    /// A copy to try things on.
    Sandbox,
}

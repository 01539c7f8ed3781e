//! `Network`: zones of one consortium, and their connections.

mod guards;
mod parse;
mod rollout;
mod spec;
mod store_and_prune;
mod validation;
mod zone_connection;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};

pub use self::parse::{base_url as parse_base_url, fill, is_exposed as sends_keys_in_the_open};
pub use self::spec::{AlmaRegion, NetworkSpec};
pub(super) use self::validation::distinct_names;

use self::spec::{CredentialSpec, GatewaySpec, ZoneSpec};
use self::zone_connection::{LayeredValue, SelectedEnvironment, ZoneConnection};
use super::{Expansion, KindManifest, KindSpec, ManifestSpec};
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::{self, AppliesToSpec};
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::{Manifest, ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::{
    Campus, Credential, Credentials, GatewayConfig, Library, RateLimit, UnreadableFields, UnreadableNames,
    Zone, ZoneRole,
};
use crate::model::{ApprovalRule, Diagnostic, GuardConfig, Network, Rollout, ZoneCode};

impl KindSpec for NetworkSpec {
    const NAME: &'static str = "Network";
    const SUMMARY: &'static str =
        "Zones of one consortium, with their connections, labels, variables, campuses and libraries.";
    const COLLECTIONS: &'static [&'static str] = &[];
}

impl ManifestSpec for NetworkSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        validation::check(self, head)
    }

    /// Does nothing: a network declares zones, but no records.
    fn expand<'n>(&self, _: &ManifestHeader, _: &'n Network, _: &mut Expansion<'n>) {}
}

/// Returns the network of the manifests.
pub(super) fn find(
    manifests: &[KindManifest],
    environment: Option<&str>,
) -> (Option<Network>, Vec<Diagnostic>) {
    let mut networks = manifests.iter().filter_map(|Manifest { head, spec }| {
        let spec: &dyn Any = spec.as_ref();
        spec.downcast_ref::<NetworkSpec>().map(|spec| (head, spec))
    });
    let Some((head, spec)) = networks.next() else {
        let problem = Diagnostic::nowhere(diagnostic_codes::NO_NETWORK, "no manifest has `kind: Network`")
            .help("declare the zones and their credentials in one manifest of `kind: Network`");
        return (None, vec![problem]);
    };
    let mut problems: Vec<Diagnostic> = networks
        .clone()
        .map(|(second, _)| {
            let message = format!("two `Network` manifests: `{}` and `{}`", head.name, second.name);
            Diagnostic::error(diagnostic_codes::SECOND_NETWORK, second.span(), message)
                .with_secondary_span(head.span(), "first here")
                .help("remove one of them; use `environments` for differences between environments")
        })
        .collect();
    let network = read_network(head, spec, environment, &mut problems);
    // Two networks are ambiguous, unless they have the same zones.
    let alike = networks.all(|(head, spec)| {
        let mut told = Vec::new();
        is_alike(&network, &read_network(head, spec, None, &mut told))
    });
    (alike.then_some(network), problems)
}

fn is_alike(one: &Network, other: &Network) -> bool {
    fn unique_identifiers(
        zone: &Zone,
    ) -> (&ZoneCode, [&BTreeMap<String, String>; 2], BTreeSet<&str>, &UnreadableFields) {
        let libraries = zone.libraries.iter().map(|library| library.code.as_str()).collect();
        (&zone.code, [&zone.labels, &zone.vars], libraries, &zone.unread)
    }
    one.unread == other.unread
        && one.zones.iter().map(unique_identifiers).eq(other.zones.iter().map(unique_identifiers))
}

fn read_network(
    head: &ManifestHeader,
    spec: &NetworkSpec,
    environment: Option<&str>,
    problems: &mut Vec<Diagnostic>,
) -> Network {
    let (chosen, known) = match choose(head, spec, environment) {
        Ok(chosen) => (chosen, true),
        Err(problem) => {
            problems.extend(problem.map(|problem| *problem));
            (None, false)
        }
    };
    let mut unreachable = UnreachableZones::default();
    let network_zone = spec.network_zone.iter().map(|_| ZoneRole::Network);
    let roles = network_zone.chain(std::iter::repeat(ZoneRole::Member));
    let zones = (roles.zip(validation::zones(spec, head)))
        .map(|(role, (each, lost))| zone(head, spec, role, (each, lost), chosen, &mut unreachable));
    let mut zones: Vec<Zone> = zones.collect();
    // With an unknown environment, the connections are also unknown.
    problems.extend(unreachable.into_diagnostics(head).into_iter().filter(|_| known));
    let mut seen = BTreeSet::new();
    for zone in &mut zones {
        zone.unread.code |= !seen.insert(zone.code.clone());
    }
    let mut network = Network {
        name: head.name.as_ref().to_owned(),
        zones,
        environment: environment.map(str::to_owned),
        gateway: gateway(head, spec, environment, chosen),
        guards: GuardConfig::default(),
        approval: ApprovalRule::default(),
        rollout: Rollout::default(),
        prune: store_and_prune::prune(spec, head),
        store: store_and_prune::store(spec, chosen),
        unread: validation::lacks_zones(spec, head),
    };
    network.guards = guards::guards(spec, &network, head, problems);
    network.approval = rollout::approval(spec, &network, head, problems);
    network.rollout = rollout::rollout(spec, &network, head, problems);
    network
}

/// Returns the zones selected by a part of the `Network` manifest.
fn select_zones(
    applies_to: (&Spanned<AppliesToSpec>, &UnreadableParts),
    network: &Network,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) -> BTreeSet<ZoneCode> {
    let selection = selection::of_part(applies_to, network, head, problems);
    selection.zones.iter().map(|&zone| network.zones[zone].code.clone()).collect()
}

/// Default rate limit of a gateway, in requests per second. The consortium runs the gateway, so Alma's
/// thresholds do not apply.
const GATEWAY_RATE: u32 = 100;

/// Returns the gateway of the selected environment, or the network's gateway without an environment. An
/// invalid gateway is already reported.
fn gateway(
    head: &ManifestHeader,
    spec: &NetworkSpec,
    environment: Option<&str>,
    chosen: Option<SelectedEnvironment<'_>>,
) -> Option<GatewayConfig> {
    let said = match (environment, chosen) {
        (None, _) => spec.gateway.as_ref(),
        (Some(_), chosen) => chosen.and_then(|chosen| chosen.spec.gateway.as_ref()),
    }?;
    let key = |said: &Option<Spanned<CredentialSpec>>| {
        let said = said.as_ref()?;
        let source = parse::credential(&said.value, "").ok()?;
        Some(Credential { source, span: head.place(said.extent) })
    };
    let GatewaySpec { url, credentials, rate } = &said.value;
    Some(GatewayConfig {
        url: parse::base_url(&url.value).ok()?,
        credentials: Credentials { read: key(&credentials.read), write: key(&credentials.write) },
        rate: RateLimit {
            per_second: rate.and_then(|rate| rate.per_second).unwrap_or(GATEWAY_RATE),
            daily_reserve: 0,
        },
        span: head.place(url.extent),
    })
}

/// Returns the selected environment.
///
/// # Errors
/// Returns a diagnostic for an unknown name, or `None` if the environment may be among the unreadable parts.
fn choose<'a>(
    head: &'a ManifestHeader,
    spec: &'a NetworkSpec,
    environment: Option<&'a str>,
) -> Result<Option<SelectedEnvironment<'a>>, Option<Box<Diagnostic>>> {
    let Some(name) = environment else { return Ok(None) };
    let declared = &spec.environments.0;
    let lost = head.lost_spec().field("environments").field(name);
    match declared.iter().find(|(declared, _)| declared.value == name) {
        Some((_, spec)) => Ok(Some(SelectedEnvironment { name, spec, lost })),
        None if !lost.is_nothing() => Err(None),
        None => {
            let message = format!("the network has no environment `{name}`");
            let names = declared.iter().map(|(name, _)| name.value.as_str());
            let help = match declared.is_empty() {
                true => "omit `--environment`, or declare the environment in `environments`".to_owned(),
                false => suggestions::among(name, names),
            };
            let problem = Diagnostic::error(diagnostic_codes::UNKNOWN_ENVIRONMENT, head.span(), message);
            Err(Some(Box::new(problem.help(help))))
        }
    }
}

/// Zones without an API key or base URL. One diagnostic covers many zones, because usually the network lacks
/// the setting.
#[derive(Default)]
struct UnreachableZones<'a> {
    without_key: Vec<&'a Spanned<String>>,
    without_address: Vec<&'a Spanned<String>>,
}

impl UnreachableZones<'_> {
    fn into_diagnostics(self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let key = "add `credentials: {read: {env: \"ZONAL_READ_{code}\"}}` to the network or the zone";
        let address = "add `region: ...` (`eu`, `na`, `ap`, `aps`, `ca` or `cn`) to the network or the zone";
        let lacking = [
            (diagnostic_codes::NO_READ_KEY, self.without_key, ["has no", "have no"], "read credentials", key),
            (
                diagnostic_codes::NO_ADDRESS,
                self.without_address,
                ["has neither", "have neither"],
                "a `region` nor a `baseUrl`",
                address,
            ),
        ];
        let tell =
            |(code, zones, [one, many], what, help): (_, Vec<&Spanned<String>>, [&str; 2], &str, &str)| {
                let named = suggestions::abbreviated_list(zones.iter().map(|code| code.value.as_str()));
                let message = match zones.len() {
                    1 => format!("zone {named} {one} {what}"),
                    count => format!("{count} zones {many} {what}: {named}"),
                };
                let place = head.place(zones.first()?.extent);
                Some(Diagnostic::error(code, place, message).help(help))
            };
        lacking.into_iter().filter_map(tell).collect()
    }
}

fn zone<'a>(
    head: &ManifestHeader,
    network: &NetworkSpec,
    role: ZoneRole,
    (spec, lost): (&'a ZoneSpec, &UnreadableParts),
    chosen: Option<SelectedEnvironment<'_>>,
    unreachable: &mut UnreachableZones<'a>,
) -> Zone {
    let place = head.place(spec.code.extent);
    let ZoneConnection { base_url, read, write, rate, environment_type } =
        zone_connection::of_zone(head, network, (spec, lost), chosen);
    let code = spec.code.value.as_str();
    let is_named = lost.has_all(&["code"]);
    if is_named && read == LayeredValue::NotSet {
        unreachable.without_key.push(&spec.code);
    }
    if is_named && base_url == LayeredValue::NotSet {
        unreachable.without_address.push(&spec.code);
    }
    let libraries = lost.field("libraries");
    let lacks_libraries = libraries.lacks_items()
        || spec.libraries.iter().any(|library| !libraries.item(library.extent).has_all(&["code"]));
    Zone {
        code: code.into(),
        name: spec.name.clone(),
        role,
        labels: validation::map(&spec.labels),
        vars: validation::map(&spec.vars),
        campuses: (spec.campuses.iter().map(|campus| &campus.value))
            .map(|campus| Campus {
                code: campus.code.value.clone(),
                name: campus.name.clone(),
                ip_ranges: networks(&campus.ip_ranges),
            })
            .collect(),
        libraries: (spec.libraries.iter().map(|library| &library.value))
            .map(|library| Library {
                code: library.code.value.clone(),
                name: library.name.clone(),
                campus: library.campus.as_ref().map(|campus| campus.value.clone()),
                ip_ranges: networks(&library.ip_ranges),
            })
            .collect(),
        // A missing base URL is already an error, so zonal never connects.
        base_url: base_url.usable_value().unwrap_or_default(),
        credentials: Credentials { read: read.usable_value(), write: write.usable_value() },
        rate,
        environment_type,
        span: place,
        unread: UnreadableFields {
            code: !is_named,
            labels: names(lost.field("labels")),
            vars: names(lost.field("vars")),
            libraries: lacks_libraries,
        },
    }
}

fn names(lost: &UnreadableParts) -> UnreadableNames {
    lost.names().map_or(UnreadableNames::Any, UnreadableNames::Some)
}

/// Returns the valid IP ranges; invalid ranges are already reported.
fn networks(ranges: &[Spanned<String>]) -> Vec<ipnet::IpNet> {
    ranges.iter().filter_map(|range| parse::ip_range(&range.value)).flatten().collect()
}

//! Checks a `Network` manifest, for every environment.

use std::collections::BTreeMap;

use super::parse::{self, CredentialProblem};
use super::spec::{CredentialSpec, CredentialsSpec, GatewaySpec, NetworkSpec, ZoneSpec};
use super::zone_connection::ConnectionLayer;
use super::{guards, rollout, store_and_prune};
use crate::manifest::deserialize::{OrderedFields, Spanned};
use crate::manifest::unreadable::UnreadableParts;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::Diagnostic;
use crate::model::secret_text::SOURCE_FORM;

/// Returns all problems of a network.
pub fn check(spec: &NetworkSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for layer in layers(spec, head) {
        address(&layer, head, &mut problems);
        for credential in credentials(&layer) {
            problems.extend(wrong_credential(credential, head));
        }
    }
    let environments = spec.environments.0.iter().filter_map(|(_, environment)| environment.gateway.as_ref());
    for gateway in spec.gateway.iter().chain(environments) {
        self::gateway(&gateway.value, head, &mut problems);
    }
    for (zone, lost) in zones(spec, head) {
        zone_parts(zone, lost, head, &mut problems);
    }
    let codes = || zones(spec, head).map(|(zone, lost)| (&zone.code, lost));
    distinct("zone", codes(), diagnostic_codes::DUPLICATE_ZONE, head, &mut problems);
    let all_known = !lacks_zones(spec, head) && codes().all(|(_, lost)| lost.has_all(&["code"]));
    for (_, environment) in spec.environments.0.iter().filter(|_| all_known) {
        for (code, _) in &environment.zones.0 {
            if !codes().any(|(known, _)| known.value == code.value) {
                let message = format!("unknown zone `{}`", code.value);
                let help = suggestions::among(&code.value, codes().map(|(code, _)| code.value.as_str()));
                problems.push(
                    Diagnostic::error(diagnostic_codes::UNKNOWN_ZONE, head.place(code.extent), message)
                        .help(help),
                );
            }
        }
    }
    problems.extend(spec.guards.iter().flat_map(|said| guards::check(said, head)));
    problems.extend(store_and_prune::check(spec, head));
    problems.extend(spec.rollout.iter().flat_map(|said| rollout::check(said, head)));
    problems
}

/// Reports duplicate names.
pub fn distinct_names<'a>(
    things: &str,
    names: impl Iterator<Item = &'a Spanned<String>>,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &Spanned<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.value.as_str()) {
            let message = format!("two {things} have the name `{}`", name.value);
            problems.push(
                Diagnostic::error(diagnostic_codes::DUPLICATE_NAME, head.place(name.extent), message)
                    .with_secondary_span(head.place(first.extent), "first here")
                    .help("rename one of them"),
            );
        } else {
            seen.insert(&name.value, name);
        }
    }
}

/// Returns true if zones may be missing after parse errors.
pub fn lacks_zones(spec: &NetworkSpec, head: &ManifestHeader) -> bool {
    let lacks_network_zone = spec.network_zone.is_none() && !head.lost_spec().has_all(&["networkZone"]);
    head.lost_spec().field("members").lacks_items() || lacks_network_zone
}

/// Returns a map without locations.
pub fn map(fields: &OrderedFields<String>) -> BTreeMap<String, String> {
    fields.0.iter().map(|(key, value)| (key.value.clone(), value.clone())).collect()
}

/// Returns all zones, the Network Zone first if there is one, with their unreadable parts.
pub fn zones<'a>(
    spec: &'a NetworkSpec,
    head: &'a ManifestHeader,
) -> impl Iterator<Item = (&'a ZoneSpec, &'a UnreadableParts)> + Clone {
    let lost = head.lost_spec();
    let member =
        move |member: &'a Spanned<ZoneSpec>| (&member.value, lost.field("members").item(member.extent));
    let network_zone = spec.network_zone.iter();
    (network_zone.map(|zone| (&zone.value, lost.field("networkZone")))).chain(spec.members.iter().map(member))
}

fn layers<'a>(spec: &'a NetworkSpec, head: &'a ManifestHeader) -> Vec<ConnectionLayer<'a>> {
    let lost = head.lost_spec();
    let environments = (spec.environments.0.iter())
        .map(|(name, environment)| (environment, lost.field("environments").field(&name.value)));
    let entries = environments.clone().flat_map(|(environment, lost)| {
        let entries = environment.zones.0.iter();
        entries.map(|(code, entry)| (entry, lost.field("zones").field(&code.value)))
    });
    std::iter::once(ConnectionLayer::from((spec, lost)))
        .chain(zones(spec, head).map(ConnectionLayer::from))
        .chain(environments.map(ConnectionLayer::from))
        .chain(entries.map(ConnectionLayer::from))
        .collect()
}

fn credentials<'a>(
    layer: &ConnectionLayer<'a>,
) -> impl Iterator<Item = &'a Spanned<CredentialSpec>> + use<'a> {
    layer.credentials.into_iter().flat_map(|credentials| credentials.read.iter().chain(&credentials.write))
}

fn gateway(gateway: &GatewaySpec, head: &ManifestHeader, problems: &mut Vec<Diagnostic>) {
    url(&gateway.url, head, problems);
    let CredentialsSpec { read, write } = &gateway.credentials;
    for credential in read.iter().chain(write) {
        problems.extend(wrong_credential(credential, head));
    }
    if read.is_none() {
        let message = "the gateway has no read credentials";
        let help = "add `credentials: {read: {env: ZONAL_GATEWAY_READ}}` to the gateway";
        problems.push(
            Diagnostic::error(diagnostic_codes::NO_READ_KEY, head.place(gateway.url.extent), message)
                .help(help),
        );
    }
}

fn address(layer: &ConnectionLayer<'_>, head: &ManifestHeader, problems: &mut Vec<Diagnostic>) {
    let Some(url) = layer.base_url else { return };
    let place = head.place(url.extent);
    if let Some(region) = layer.region {
        problems.push(
            Diagnostic::error(
                diagnostic_codes::NOT_EXACTLY_ONE,
                place,
                "only one of `region`, `baseUrl` is allowed",
            )
            .with_secondary_span(head.place(region.extent), "other field")
            .help("remove one of the fields"),
        );
    }
    self::url(url, head, problems);
}

/// Checks a URL that receives API keys.
fn url(url: &Spanned<String>, head: &ManifestHeader, problems: &mut Vec<Diagnostic>) {
    let place = head.place(url.extent);
    match parse::base_url(&url.value) {
        Err(reason) => problems.push(
            Diagnostic::error(
                diagnostic_codes::BASE_URL,
                place,
                // A user name can be followed by a password.
                match url.value.contains('@') {
                    true => format!("invalid base URL: {reason}"),
                    false => format!("invalid base URL `{}`: {reason}", url.value),
                },
            )
            .help("enter scheme, host and port, such as `https://api-ca.hosted.exlibrisgroup.com`"),
        ),
        Ok(base_url) if parse::is_exposed(&base_url) => problems.push(
            Diagnostic::warning(
                diagnostic_codes::PLAIN_HTTP,
                place,
                "API keys and data are sent unencrypted to this host",
            )
            .help("use `https://`"),
        ),
        Ok(_) => {}
    }
}

fn wrong_credential(credential: &Spanned<CredentialSpec>, head: &ManifestHeader) -> Option<Diagnostic> {
    let CredentialSpec { env, file, command } = &credential.value;
    let extent = (env.as_ref().map(|env| env.extent))
        .or(file.as_ref().map(|file| file.extent))
        .or(command.as_ref().map(|command| command.extent))
        .unwrap_or(credential.extent);
    let place = head.place(extent);
    match parse::credential(&credential.value, "CODE") {
        Ok(_) => None,
        Err(CredentialProblem::Placeholder) => Some(
            Diagnostic::error(diagnostic_codes::PLACEHOLDER, place, "unknown placeholder in a credential")
                .help("the only placeholder is `{code}`, the zone's code"),
        ),
        Err(CredentialProblem::Key) => Some(
            Diagnostic::error(diagnostic_codes::KEY_IN_MANIFEST, place, "API key in place of its source")
                .help(SOURCE_FORM),
        ),
        Err(CredentialProblem::Empty) => Some(
            Diagnostic::error(diagnostic_codes::EMPTY_COMMAND, place, "the credential is empty")
                .help("enter an environment variable, a file or a command"),
        ),
    }
}

fn zone_parts(
    zone: &ZoneSpec,
    lost: &UnreadableParts,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let (lost_campuses, lost_libraries) = (lost.field("campuses"), lost.field("libraries"));
    let campuses = zone.campuses.iter().map(|campus| (&campus.value.code, lost_campuses.item(campus.extent)));
    distinct("campus", campuses.clone(), diagnostic_codes::DUPLICATE_PART, head, problems);
    let libraries =
        zone.libraries.iter().map(|library| (&library.value.code, lost_libraries.item(library.extent)));
    distinct("library", libraries, diagnostic_codes::DUPLICATE_PART, head, problems);
    let all_known = !lost_campuses.lacks_items() && campuses.clone().all(|(_, lost)| lost.has_all(&["code"]));
    let of_campuses = zone.campuses.iter().flat_map(|campus| &campus.value.ip_ranges);
    let ranges = of_campuses.chain(zone.libraries.iter().flat_map(|library| &library.value.ip_ranges));
    for range in ranges.filter(|range| parse::ip_range(&range.value).is_none()) {
        let message = format!("invalid IP range `{}`", range.value);
        problems.push(
            Diagnostic::error(diagnostic_codes::IP_RANGE, head.place(range.extent), message)
                .help("enter `192.0.2.0/24`, `192.0.2.7` or `192.0.2.1-192.0.2.9`"),
        );
    }
    for Spanned { value: library, .. } in &zone.libraries {
        let Some(campus) = &library.campus else { continue };
        if all_known && !campuses.clone().any(|(known, _)| known.value == campus.value) {
            let message = match lost.has_all(&["code"]) {
                true => format!("zone `{}` has no campus `{}`", zone.code.value, campus.value),
                false => format!("the zone has no campus `{}`", campus.value),
            };
            let known = campuses.clone().map(|(code, _)| code.value.as_str());
            problems.push(
                Diagnostic::error(diagnostic_codes::UNKNOWN_CAMPUS, head.place(campus.extent), message)
                    .help(suggestions::among(&campus.value, known)),
            );
        }
    }
}

fn distinct<'a>(
    thing: &str,
    codes: impl Iterator<Item = (&'a Spanned<String>, &'a UnreadableParts)>,
    problem: &'static str,
    head: &ManifestHeader,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &Spanned<String>> = BTreeMap::new();
    for (code, _) in codes.filter(|(_, lost)| lost.has_all(&["code"])) {
        match seen.get(code.value.as_str()) {
            Some(first) => problems.push(
                Diagnostic::error(
                    problem,
                    head.place(code.extent),
                    format!("{thing} `{}` is declared twice", code.value),
                )
                .with_secondary_span(head.place(first.extent), "first here")
                .help("remove one of them, or correct its code"),
            ),
            None => drop(seen.insert(&code.value, code)),
        }
    }
}

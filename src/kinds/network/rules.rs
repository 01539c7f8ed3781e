//! What must hold within a `Network` manifest, whichever environment is chosen.

use std::collections::BTreeMap;

use super::access::Layer;
use super::parts::{self, CredentialProblem};
use super::spec::{CredentialSpec, CredentialsSpec, GatewaySpec, NetworkSpec, ZoneSpec};
use super::{guards, memory, rollout};
use crate::manifest::lost::Lost;
use crate::manifest::typed::{At, Fields};
use crate::manifest::{Head, codes, suggest};
use crate::model::Diagnostic;

/// Everything that is wrong with a network.
pub fn check(spec: &NetworkSpec, head: &Head) -> Vec<Diagnostic> {
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
    distinct("zone", codes(), codes::DUPLICATE_ZONE, head, &mut problems);
    let all_known = !lacks_zones(head) && codes().all(|(_, lost)| lost.has_all(&["code"]));
    for (_, environment) in spec.environments.0.iter().filter(|_| all_known) {
        for (code, _) in &environment.zones.0 {
            if !codes().any(|(known, _)| known.value == code.value) {
                let message = format!("`{}` is no zone of the network", code.value);
                let help = suggest::among(&code.value, codes().map(|(code, _)| code.value.as_str()));
                problems.push(
                    Diagnostic::error(codes::UNKNOWN_ZONE, head.place(code.extent), message).help(help),
                );
            }
        }
    }
    problems.extend(spec.guards.iter().flat_map(|said| guards::check(said, head)));
    problems.extend(memory::check(spec, head));
    problems.extend(spec.rollout.iter().flat_map(|said| rollout::check(said, head)));
    problems
}

/// Names by which things are told apart.
pub fn distinct_names<'a>(
    things: &str,
    names: impl Iterator<Item = &'a At<String>>,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for name in names {
        if let Some(first) = seen.get(name.value.as_str()) {
            let message = format!("two {things} are called `{}`", name.value);
            problems.push(
                Diagnostic::error(codes::DUPLICATE_NAME, head.place(name.extent), message)
                    .related(head.place(first.extent), "first here")
                    .help("give one of them another name"),
            );
        } else {
            seen.insert(&name.value, name);
        }
    }
}

/// Whether there may be zones that could not be read.
pub fn lacks_zones(head: &Head) -> bool {
    head.lost_spec().field("members").lacks_items()
}

/// A map without its places.
pub fn map(fields: &Fields<String>) -> BTreeMap<String, String> {
    fields.0.iter().map(|(key, value)| (key.value.clone(), value.clone())).collect()
}

/// All zones, the network zone first, and what of each could not be read.
pub fn zones<'a>(
    spec: &'a NetworkSpec,
    head: &'a Head,
) -> impl Iterator<Item = (&'a ZoneSpec, &'a Lost)> + Clone {
    let lost = head.lost_spec();
    let member = move |member: &'a At<ZoneSpec>| (&member.value, lost.field("members").item(member.extent));
    std::iter::once((&spec.network_zone.value, lost.field("networkZone")))
        .chain(spec.members.iter().map(member))
}

fn layers<'a>(spec: &'a NetworkSpec, head: &'a Head) -> Vec<Layer<'a>> {
    let lost = head.lost_spec();
    let environments = (spec.environments.0.iter())
        .map(|(name, environment)| (environment, lost.field("environments").field(&name.value)));
    let entries = environments.clone().flat_map(|(environment, lost)| {
        let entries = environment.zones.0.iter();
        entries.map(|(code, entry)| (entry, lost.field("zones").field(&code.value)))
    });
    std::iter::once(Layer::from((spec, lost)))
        .chain(zones(spec, head).map(Layer::from))
        .chain(environments.map(Layer::from))
        .chain(entries.map(Layer::from))
        .collect()
}

fn credentials<'a>(layer: &Layer<'a>) -> impl Iterator<Item = &'a At<CredentialSpec>> + use<'a> {
    layer.credentials.into_iter().flat_map(|credentials| credentials.read.iter().chain(&credentials.write))
}

fn gateway(gateway: &GatewaySpec, head: &Head, problems: &mut Vec<Diagnostic>) {
    url(&gateway.url, head, problems);
    let CredentialsSpec { read, write } = &gateway.credentials;
    for credential in read.iter().chain(write) {
        problems.extend(wrong_credential(credential, head));
    }
    if read.is_none() {
        let message = "the gateway has no credentials to read with";
        let help = "add `credentials: {read: {env: ZONAL_GATEWAY_READ}}` to it";
        problems
            .push(Diagnostic::error(codes::NO_READ_KEY, head.place(gateway.url.extent), message).help(help));
    }
}

fn address(layer: &Layer<'_>, head: &Head, problems: &mut Vec<Diagnostic>) {
    let Some(url) = layer.base_url else { return };
    let place = head.place(url.extent);
    if let Some(region) = layer.region {
        problems.push(
            Diagnostic::error(codes::NOT_EXACTLY_ONE, place, "only one of `region`, `baseUrl` can be given")
                .related(head.place(region.extent), "the other one")
                .help("remove one of them"),
        );
    }
    self::url(url, head, problems);
}

/// What must hold of every URL that keys are sent to.
fn url(url: &At<String>, head: &Head, problems: &mut Vec<Diagnostic>) {
    let place = head.place(url.extent);
    match parts::base_url(&url.value) {
        Err(reason) => problems.push(
            Diagnostic::error(codes::BASE_URL, place, format!("`{}` is no base URL: {reason}", url.value))
                .help("write scheme, host and port: `https://api-ca.hosted.exlibrisgroup.com`"),
        ),
        Ok(base_url) if parts::is_exposed(&base_url) => problems.push(
            Diagnostic::warning(codes::PLAIN_HTTP, place, "keys and data travel unencrypted to this host")
                .help("write `https://`"),
        ),
        Ok(_) => {}
    }
}

fn wrong_credential(credential: &At<CredentialSpec>, head: &Head) -> Option<Diagnostic> {
    let CredentialSpec { env, file, command } = &credential.value;
    let extent = (env.as_ref().map(|env| env.extent))
        .or(file.as_ref().map(|file| file.extent))
        .or(command.as_ref().map(|command| command.extent))
        .unwrap_or(credential.extent);
    let place = head.place(extent);
    match parts::credential(&credential.value, "CODE") {
        Ok(_) => None,
        Err(CredentialProblem::Placeholder(word)) => Some(
            Diagnostic::error(codes::PLACEHOLDER, place, format!("unknown placeholder `{{{word}}}`"))
                .help("the only placeholder is `{code}`, the zone's code"),
        ),
        Err(CredentialProblem::Empty) => Some(
            Diagnostic::error(codes::EMPTY_COMMAND, place, "the credential names nothing")
                .help("name an environment variable, a file or a command"),
        ),
    }
}

fn zone_parts(zone: &ZoneSpec, lost: &Lost, head: &Head, problems: &mut Vec<Diagnostic>) {
    let (lost_campuses, lost_libraries) = (lost.field("campuses"), lost.field("libraries"));
    let campuses = zone.campuses.iter().map(|campus| (&campus.value.code, lost_campuses.item(campus.extent)));
    distinct("campus", campuses.clone(), codes::DUPLICATE_PART, head, problems);
    let libraries =
        zone.libraries.iter().map(|library| (&library.value.code, lost_libraries.item(library.extent)));
    distinct("library", libraries, codes::DUPLICATE_PART, head, problems);
    let all_known = !lost_campuses.lacks_items() && campuses.clone().all(|(_, lost)| lost.has_all(&["code"]));
    let of_campuses = zone.campuses.iter().flat_map(|campus| &campus.value.ip_ranges);
    let ranges = of_campuses.chain(zone.libraries.iter().flat_map(|library| &library.value.ip_ranges));
    for range in ranges.filter(|range| parts::ip_range(&range.value).is_none()) {
        let message = format!("`{}` is no IP range", range.value);
        problems.push(
            Diagnostic::error(codes::IP_RANGE, head.place(range.extent), message)
                .help("write `192.0.2.0/24`, `192.0.2.7` or `192.0.2.1-192.0.2.9`"),
        );
    }
    for At { value: library, .. } in &zone.libraries {
        let Some(campus) = &library.campus else { continue };
        if all_known && !campuses.clone().any(|(known, _)| known.value == campus.value) {
            let message = match lost.has_all(&["code"]) {
                true => format!("zone `{}` has no campus `{}`", zone.code.value, campus.value),
                false => format!("the zone has no campus `{}`", campus.value),
            };
            let known = campuses.clone().map(|(code, _)| code.value.as_str());
            problems.push(
                Diagnostic::error(codes::UNKNOWN_CAMPUS, head.place(campus.extent), message)
                    .help(suggest::among(&campus.value, known)),
            );
        }
    }
}

fn distinct<'a>(
    thing: &str,
    codes: impl Iterator<Item = (&'a At<String>, &'a Lost)>,
    problem: &'static str,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for (code, _) in codes.filter(|(_, lost)| lost.has_all(&["code"])) {
        match seen.get(code.value.as_str()) {
            Some(first) => problems.push(
                Diagnostic::error(
                    problem,
                    head.place(code.extent),
                    format!("{thing} `{}` is there twice", code.value),
                )
                .related(head.place(first.extent), "first here")
                .help("remove one of them, or correct its code"),
            ),
            None => drop(seen.insert(&code.value, code)),
        }
    }
}

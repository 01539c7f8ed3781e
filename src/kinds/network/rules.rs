//! What must hold within a `Network` manifest, whichever environment is chosen.

use std::collections::BTreeMap;

use super::access::Layer;
use super::parts::{self, CredentialProblem};
use super::spec::{CredentialSpec, NetworkSpec, ZoneSpec};
use crate::manifest::typed::{At, Fields};
use crate::manifest::{Head, codes, suggest};
use crate::model::Diagnostic;

/// Everything that is wrong with a network.
pub fn check(spec: &NetworkSpec, head: &Head) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for layer in layers(spec) {
        address(&layer, head, &mut problems);
        for credential in credentials(&layer) {
            problems.extend(wrong_credential(credential, head));
        }
    }
    for zone in zones(spec) {
        zone_parts(zone, head, &mut problems);
    }
    distinct("zone", zones(spec).map(|zone| &zone.code), codes::DUPLICATE_ZONE, head, &mut problems);
    for (_, environment) in &spec.environments.0 {
        for (code, _) in &environment.zones.0 {
            if !zones(spec).any(|zone| zone.code.value == code.value) {
                let message = format!("`{}` is no zone of the network", code.value);
                let help = suggest::among(&code.value, zones(spec).map(|zone| zone.code.value.as_str()));
                problems.push(
                    Diagnostic::error(codes::UNKNOWN_ZONE, head.place(code.extent), message).help(help),
                );
            }
        }
    }
    problems
}

/// Whether no two zones have the same code.
pub fn codes_are_distinct(spec: &NetworkSpec) -> bool {
    let codes: std::collections::BTreeSet<&str> = zones(spec).map(|zone| zone.code.value.as_str()).collect();
    codes.len() == zones(spec).count()
}

/// Whether [`check`] complains about a credential.
pub fn has_wrong_credentials(spec: &NetworkSpec) -> bool {
    layers(spec)
        .iter()
        .flat_map(credentials)
        .any(|credential| parts::credential(&credential.value, "").is_err())
}

/// Whether [`check`] complains about a base URL.
pub fn has_wrong_base_url(spec: &NetworkSpec) -> bool {
    layers(spec).iter().filter_map(|layer| layer.base_url).any(|url| parts::base_url(&url.value).is_err())
}

/// A map without its places.
pub fn map(fields: &Fields<String>) -> BTreeMap<String, String> {
    fields.0.iter().map(|(key, value)| (key.value.clone(), value.clone())).collect()
}

fn zones(spec: &NetworkSpec) -> impl Iterator<Item = &ZoneSpec> {
    std::iter::once(&spec.network_zone).chain(&spec.members)
}

fn layers(spec: &NetworkSpec) -> Vec<Layer<'_>> {
    let environments = spec.environments.0.iter().map(|(_, environment)| environment);
    let entries =
        environments.clone().flat_map(|environment| environment.zones.0.iter().map(|(_, entry)| entry));
    std::iter::once(Layer::from(spec))
        .chain(zones(spec).map(Layer::from))
        .chain(environments.map(Layer::from))
        .chain(entries.map(Layer::from))
        .collect()
}

fn credentials<'a>(layer: &Layer<'a>) -> impl Iterator<Item = &'a At<CredentialSpec>> + use<'a> {
    layer.credentials.into_iter().flat_map(|credentials| credentials.read.iter().chain(&credentials.write))
}

fn address(layer: &Layer<'_>, head: &Head, problems: &mut Vec<Diagnostic>) {
    let Some(url) = layer.base_url else { return };
    let place = head.place(url.extent);
    if let Some(region) = layer.region {
        problems.push(
            Diagnostic::error(
                codes::NOT_EXACTLY_ONE,
                place.clone(),
                "only one of `region`, `baseUrl` can be given",
            )
            .related(head.place(region.extent), "the other one")
            .help("remove one of them"),
        );
    }
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

fn zone_parts(zone: &ZoneSpec, head: &Head, problems: &mut Vec<Diagnostic>) {
    let campuses = zone.campuses.iter().map(|campus| &campus.code);
    distinct("campus", campuses, codes::DUPLICATE_PART, head, problems);
    let libraries = zone.libraries.iter().map(|library| &library.code);
    distinct("library", libraries, codes::DUPLICATE_PART, head, problems);
    for library in &zone.libraries {
        for range in library.ip_ranges.iter().filter(|range| parts::ip_range(&range.value).is_none()) {
            let message = format!("`{}` is no IP range", range.value);
            problems.push(
                Diagnostic::error(codes::IP_RANGE, head.place(range.extent), message)
                    .help("write `192.0.2.0/24`, `192.0.2.7` or `192.0.2.1-192.0.2.9`"),
            );
        }
        let Some(campus) = &library.campus else { continue };
        if !zone.campuses.iter().any(|each| each.code.value == campus.value) {
            let message = format!("zone `{}` has no campus `{}`", zone.code.value, campus.value);
            let known = zone.campuses.iter().map(|campus| campus.code.value.as_str());
            problems.push(
                Diagnostic::error(codes::UNKNOWN_CAMPUS, head.place(campus.extent), message)
                    .help(suggest::among(&campus.value, known)),
            );
        }
    }
}

fn distinct<'a>(
    thing: &str,
    codes: impl Iterator<Item = &'a At<String>>,
    problem: &'static str,
    head: &Head,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<&str, &At<String>> = BTreeMap::new();
    for code in codes {
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

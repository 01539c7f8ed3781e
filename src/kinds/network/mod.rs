//! `Network`: the zones of one consortium and how they are reached.

mod access;
mod parts;
mod rules;
mod spec;

use std::any::Any;

pub use self::spec::NetworkSpec;

use self::access::{Access, Chosen};
use self::spec::ZoneSpec;
use super::{Expansion, KindSpec, Spec};
use crate::manifest::{Head, Manifest, codes, suggest};
use crate::model::network::{Campus, Library, Role, Zone};
use crate::model::{Diagnostic, Network};

impl KindSpec for NetworkSpec {
    const NAME: &'static str = "Network";
    const ABOUT: &'static str =
        "The zones of one consortium, how they are reached, and what is known of them.";
}

impl Spec for NetworkSpec {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        rules::check(self, head)
    }

    /// A network says where things are wanted, not what.
    fn expand(&self, _: &Head, _: &Network, _: &mut Expansion) {}
}

/// The one network among the manifests.
pub(super) fn find(manifests: &[Manifest], environment: Option<&str>) -> (Option<Network>, Vec<Diagnostic>) {
    let mut networks = manifests.iter().filter_map(|Manifest { head, spec }| {
        let spec: &dyn Any = spec.as_ref();
        spec.downcast_ref::<NetworkSpec>().map(|spec| (head, spec))
    });
    let Some((head, spec)) = networks.next() else {
        let problem = Diagnostic::nowhere(codes::NO_NETWORK, "no manifest has `kind: Network`")
            .help("describe the zones and their keys in one manifest of `kind: Network`");
        return (None, vec![problem]);
    };
    let mut problems: Vec<Diagnostic> = networks
        .map(|(second, _)| {
            let message =
                format!("two manifests describe the network: `{}` and `{}`", head.name, second.name);
            Diagnostic::error(codes::SECOND_NETWORK, second.here(), message)
                .related(head.here(), "first here")
                .help("keep one; what differs between environments goes below `environments`")
        })
        .collect();
    let chosen = match choose(head, spec, environment) {
        Ok(chosen) => chosen,
        Err(problem) => {
            problems.push(*problem);
            return (None, problems);
        }
    };
    let zones = std::iter::once((Role::Network, &spec.network_zone))
        .chain(spec.members.iter().map(|member| (Role::Member, member)))
        .filter_map(|(role, member)| zone(head, spec, role, member, chosen, &mut problems))
        .collect();
    let environment = environment.map(str::to_owned);
    let network = Network { name: head.name.as_ref().to_owned(), zones, environment };
    let usable = problems.is_empty() && rules::codes_are_distinct(spec);
    (usable.then_some(network), problems)
}

fn choose<'a>(
    head: &Head,
    spec: &'a NetworkSpec,
    environment: Option<&'a str>,
) -> Result<Option<Chosen<'a>>, Box<Diagnostic>> {
    let Some(name) = environment else { return Ok(None) };
    let declared = &spec.environments.0;
    match declared.iter().find(|(declared, _)| declared.value == name) {
        Some((_, spec)) => Ok(Some(Chosen { name, spec })),
        None => {
            let message = format!("the network has no environment `{name}`");
            let names = declared.iter().map(|(name, _)| name.value.as_str());
            let help = match declared.is_empty() {
                true => "leave out `--environment`, or declare it below `environments`".to_owned(),
                false => suggest::among(name, names),
            };
            let problem = Diagnostic::error(codes::UNKNOWN_ENVIRONMENT, head.here(), message);
            Err(Box::new(problem.help(help)))
        }
    }
}

fn zone(
    head: &Head,
    network: &NetworkSpec,
    role: Role,
    spec: &ZoneSpec,
    chosen: Option<Chosen<'_>>,
    problems: &mut Vec<Diagnostic>,
) -> Option<Zone> {
    let place = head.place(spec.code.extent);
    let Access { base_url, credentials, rate, environment_type } =
        access::of_zone(head, network, spec, chosen);
    let code = spec.code.value.as_str();
    // What is written but wrong has been told by the rules already.
    if credentials.read.is_none() && !rules::has_wrong_credentials(network) {
        let message = format!("zone `{code}` has no credentials to read with");
        let help = "add `credentials: {read: {env: \"ZONAL_READ_{code}\"}}` to the network or to the zone";
        problems.push(Diagnostic::error(codes::NO_READ_KEY, place.clone(), message).help(help));
    }
    if base_url.is_none() && !rules::has_wrong_base_url(network) {
        let message = format!("zone `{code}` has neither a `region` nor a `baseUrl`");
        let help = "add `region: ...` (`eu`, `na`, `ap`, `aps`, `ca` or `cn`) to the network or to the zone";
        problems.push(Diagnostic::error(codes::NO_ADDRESS, place.clone(), message).help(help));
    }
    Some(Zone {
        code: code.into(),
        name: spec.name.clone(),
        role,
        labels: rules::map(&spec.labels),
        vars: rules::map(&spec.vars),
        campuses: (spec.campuses.iter())
            .map(|campus| Campus { code: campus.code.value.clone(), name: campus.name.clone() })
            .collect(),
        libraries: (spec.libraries.iter())
            .map(|library| Library {
                code: library.code.value.clone(),
                name: library.name.clone(),
                campus: library.campus.as_ref().map(|campus| campus.value.clone()),
                ip_ranges: (library.ip_ranges.iter())
                    .filter_map(|range| parts::ip_range(&range.value))
                    .flatten()
                    .collect(),
            })
            .collect(),
        base_url: base_url?,
        credentials,
        rate,
        environment_type,
        place,
    })
}

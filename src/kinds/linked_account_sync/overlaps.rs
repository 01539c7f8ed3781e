//! Finds members with the settings of two manifests for one source institution.

use std::collections::BTreeSet;

use super::SOURCES;
use crate::kinds::KindSpec as _;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::{DesiredState, Diagnostic, ServiceSettings, ServiceValue, ZoneCode};

/// Returns an error for each pair of manifests that set the delay of the same linked accounts.
pub fn overlaps(desired: &DesiredState) -> Vec<Diagnostic> {
    let manifests: Vec<&ServiceSettings> = (desired.service.iter())
        .filter(|settings| settings.kind() == super::LinkedAccountSyncSpec::NAME)
        .collect();
    let mut found = Vec::new();
    for (index, second) in manifests.iter().enumerate() {
        for first in &manifests[..index] {
            let members = common_members(first, second);
            if members.is_empty() {
                continue;
            }
            let names = [&first.declared_at.manifest, &second.declared_at.manifest];
            let members = suggestions::abbreviated_list(members.iter().map(|code| code.as_str()));
            let message =
                format!("a second manifest sets the refresh of the same linked accounts, at {members}");
            let place = second.declared_at.span.clone();
            found.push(
                Diagnostic::error(diagnostic_codes::DUPLICATE_ADDRESS, place, message)
                    .with_secondary_span(first.declared_at.span.clone(), "other declaration")
                    .help(format!(
                        "select other members or source institutions in `{}` or `{}`",
                        names[0], names[1]
                    )),
            );
        }
    }
    found
}

/// Returns the members of both manifests with a common source institution.
fn common_members<'a>(first: &'a ServiceSettings, second: &'a ServiceSettings) -> BTreeSet<&'a ZoneCode> {
    let of_second: BTreeSet<&ZoneCode> = sources(second).iter().collect();
    let sources: BTreeSet<&ZoneCode> =
        sources(first).iter().filter(|source| of_second.contains(source)).collect();
    let others: BTreeSet<&ZoneCode> = second.applies_to.selected.iter().collect();
    let common = first.applies_to.selected.iter().filter(|member| others.contains(member));
    common.filter(|member| sources.iter().any(|source| source != member)).collect()
}

fn sources(settings: &ServiceSettings) -> &[ZoneCode] {
    match settings.settings.get(SOURCES) {
        Some(ServiceValue::Members(members)) => &members.selected,
        Some(ServiceValue::Same(_) | ServiceValue::ByMember(_)) | None => &[],
    }
}

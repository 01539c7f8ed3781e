//! Members of availability groups, and their checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::Spanned;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::network::{self, Zone};

/// Members of an availability group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupMembersSpec {
    /// Selector of whole institutions. Default: none.
    pub institutions: Option<Spanned<AppliesToSpec>>,
    /// Campuses.
    #[serde(default)]
    pub campuses: Vec<CampusMemberSpec>,
    /// Libraries.
    #[serde(default)]
    pub libraries: Vec<LibraryMemberSpec>,
}

/// Campus of an institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampusMemberSpec {
    /// Code of the institution.
    pub institution: Spanned<String>,
    /// Code of the campus.
    pub campus: Spanned<String>,
}

/// Library of an institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryMemberSpec {
    /// Code of the institution.
    pub institution: Spanned<String>,
    /// Code of the library.
    pub library: Spanned<String>,
}

impl GroupMembersSpec {
    /// Returns true without any declared member.
    pub fn is_nobody(&self) -> bool {
        self.institutions.is_none() && self.campuses.is_empty() && self.libraries.is_empty()
    }
}

/// Members of a group, resolved in the network.
#[derive(Default)]
pub struct ResolvedGroupMembers<'n> {
    /// Whole institutions.
    pub institutions: Vec<&'n Zone>,
    campuses: Vec<(&'n Zone, Arc<str>, NodeSpan)>,
    libraries: Vec<(&'n Zone, &'n network::Library, NodeSpan)>,
}

impl<'n> ResolvedGroupMembers<'n> {
    /// Adds a campus, or reports an unknown campus.
    pub fn campus(
        &mut self,
        scope: &mut ManifestExpansion<'_, 'n>,
        zone: &'n Zone,
        code: &str,
        extent: NodeSpan,
    ) {
        if zone.campuses.iter().any(|campus| campus.code == code) {
            self.campuses.push((zone, code.into(), extent));
            return;
        }
        let known = zone.campuses.iter().map(|campus| campus.code.as_str());
        let help = unknown(zone, code, "campuses", known.collect());
        scope.error(
            diagnostic_codes::NO_SUCH_CAMPUS,
            extent,
            format!("`{}` has no campus `{code}`", zone.code),
            &help,
        );
    }

    /// Adds a library, or reports an unknown library.
    pub fn library(
        &mut self,
        scope: &mut ManifestExpansion<'_, 'n>,
        zone: &'n Zone,
        code: &str,
        extent: NodeSpan,
    ) {
        if let Some(library) = zone.libraries.iter().find(|library| library.code == code) {
            self.libraries.push((zone, library, extent));
            return;
        }
        let known = zone.libraries.iter().map(|library| library.code.as_str());
        let help = unknown(zone, code, "libraries", known.collect());
        scope.error(
            diagnostic_codes::UNKNOWN_LIBRARY,
            extent,
            format!("`{}` has no library `{code}`", zone.code),
            &help,
        );
    }

    /// Returns true if the group contains campuses or libraries.
    pub fn has_places(&self) -> bool {
        !self.campuses.is_empty() || !self.libraries.is_empty()
    }

    /// Returns the member fields of the record.
    pub fn fields(&self) -> [(&'static str, Vec<String>); 3] {
        let campuses = self.campuses.iter().map(|(zone, code, _)| format!("{}/{code}", zone.code));
        let libraries =
            self.libraries.iter().map(|(zone, library, _)| format!("{}/{}", zone.code, library.code));
        [
            ("institutions", self.institutions.iter().map(|zone| zone.code.to_string()).collect()),
            ("campuses", campuses.collect()),
            ("libraries", libraries.collect()),
        ]
    }

    /// Warns of duplicate members, and of campuses and libraries without IP ranges.
    pub fn check_members(&self, scope: &mut ManifestExpansion<'_, 'n>) {
        let whole = |zone: &Zone| self.institutions.iter().any(|each| each.code == zone.code);
        let mut seen: BTreeMap<(&str, &str, &str), NodeSpan> = BTreeMap::new();
        for (zone, code, extent) in &self.campuses {
            let what = format!("campus `{code}` of `{}`", zone.code);
            if whole(zone) {
                redundant(scope, *extent, &what, "its institution");
            } else if seen.insert((zone.code.as_str(), "campus", code), *extent).is_some() {
                redundant(scope, *extent, &what, "an earlier entry");
            } else if !has_addresses(zone, code) {
                let message = format!("{what} has no IP range, {NOBODY_INSIDE}");
                let help = "add `ipRanges` to the campus or its libraries in the Network manifest: Alma \
                            checks the client's IP address";
                scope.warning(diagnostic_codes::UNREACHABLE_LIBRARY, *extent, message, help);
            }
        }
        for (zone, library, extent) in &self.libraries {
            let what = format!("library `{}` of `{}`", library.code, zone.code);
            let campus = library.campus.as_deref().filter(|campus| {
                self.campuses.iter().any(|(of, code, _)| of.code == zone.code && **code == **campus)
            });
            if whole(zone) {
                redundant(scope, *extent, &what, "its institution");
            } else if let Some(campus) = campus {
                redundant(scope, *extent, &what, &format!("its campus `{campus}`"));
            } else if seen.insert((zone.code.as_str(), "library", &library.code), *extent).is_some() {
                redundant(scope, *extent, &what, "an earlier entry");
            }
            let inside_anyway = whole(zone) || campus.is_some();
            if library.ip_ranges.is_empty() && !inside_anyway {
                let message = format!("{what} has no IP range, {NOBODY_INSIDE}");
                let help = "add `ipRanges` to the library in the Network manifest: Alma checks the client's \
                            IP address";
                scope.warning(diagnostic_codes::UNREACHABLE_LIBRARY, *extent, message, help);
            }
        }
    }
}

const NOBODY_INSIDE: &str = "so no user has access to the resource from there";

/// Returns true if a campus or any of its libraries has IP ranges.
fn has_addresses(zone: &Zone, code: &str) -> bool {
    let own = |campus: &network::Campus| campus.code == code && !campus.ip_ranges.is_empty();
    let of_library =
        |library: &network::Library| library.campus.as_deref() == Some(code) && !library.ip_ranges.is_empty();
    zone.campuses.iter().any(own) || zone.libraries.iter().any(of_library)
}

fn redundant(scope: &mut ManifestExpansion<'_, '_>, extent: NodeSpan, what: &str, with: &str) {
    let message = format!("{what} is already in the group through {with}");
    scope.warning(diagnostic_codes::REDUNDANT_MEMBER, extent, message, "remove the redundant member");
}

fn unknown(zone: &Zone, code: &str, parts: &str, known: Vec<&str>) -> String {
    match known.is_empty() {
        true => format!("declare it under `{parts}` of `{}` in the Network manifest", zone.code),
        false => suggestions::among(code, known),
    }
}

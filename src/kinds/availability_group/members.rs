//! Who is in a group, and what is odd about that.

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

/// Who is in a group.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupMembersSpec {
    /// Whole institutions; none where nothing is said.
    pub institutions: Option<Spanned<AppliesToSpec>>,
    /// Campuses.
    #[serde(default)]
    pub campuses: Vec<CampusMemberSpec>,
    /// Libraries.
    #[serde(default)]
    pub libraries: Vec<LibraryMemberSpec>,
}

/// A campus of an institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampusMemberSpec {
    /// Code of the institution.
    pub institution: Spanned<String>,
    /// Code of the campus.
    pub campus: Spanned<String>,
}

/// A library of an institution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LibraryMemberSpec {
    /// Code of the institution.
    pub institution: Spanned<String>,
    /// Code of the library.
    pub library: Spanned<String>,
}

impl GroupMembersSpec {
    /// Whether nobody is named.
    pub fn is_nobody(&self) -> bool {
        self.institutions.is_none() && self.campuses.is_empty() && self.libraries.is_empty()
    }
}

/// Everybody who is in a group, found in the network.
#[derive(Default)]
pub struct ResolvedGroupMembers<'n> {
    /// Whole institutions.
    pub institutions: Vec<&'n Zone>,
    campuses: Vec<(&'n Zone, Arc<str>, NodeSpan)>,
    libraries: Vec<(&'n Zone, &'n network::Library, NodeSpan)>,
}

impl<'n> ResolvedGroupMembers<'n> {
    /// A campus is in the group as well; one that its institution does not have is told.
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

    /// A library is in the group as well; one that its institution does not have is told.
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

    /// Whether there is anything smaller than an institution in it.
    pub fn has_places(&self) -> bool {
        !self.campuses.is_empty() || !self.libraries.is_empty()
    }

    /// The fields of a record that say who is in the group.
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

    /// Warns of whoever is in it twice, and of campuses and libraries that nobody can be inside of.
    pub fn check_members(&self, scope: &mut ManifestExpansion<'_, 'n>) {
        let whole = |zone: &Zone| self.institutions.iter().any(|each| each.code == zone.code);
        let mut seen: BTreeMap<(&str, &str, &str), NodeSpan> = BTreeMap::new();
        for (zone, code, extent) in &self.campuses {
            let what = format!("campus `{code}` of `{}`", zone.code);
            if whole(zone) {
                redundant(scope, *extent, &what, "its whole institution");
            } else if seen.insert((zone.code.as_str(), "campus", code), *extent).is_some() {
                redundant(scope, *extent, &what, "an entry before");
            } else if !has_addresses(zone, code) {
                let message = format!("{what} has no IP range, {NOBODY_INSIDE}");
                let help = "add `ipRanges` to the campus or to its libraries in the Network manifest: Alma goes by the client's address";
                scope.warning(diagnostic_codes::UNREACHABLE_LIBRARY, *extent, message, help);
            }
        }
        for (zone, library, extent) in &self.libraries {
            let what = format!("library `{}` of `{}`", library.code, zone.code);
            let campus = library.campus.as_deref().filter(|campus| {
                self.campuses.iter().any(|(of, code, _)| of.code == zone.code && **code == **campus)
            });
            if whole(zone) {
                redundant(scope, *extent, &what, "its whole institution");
            } else if let Some(campus) = campus {
                redundant(scope, *extent, &what, &format!("its campus `{campus}`"));
            } else if seen.insert((zone.code.as_str(), "library", &library.code), *extent).is_some() {
                redundant(scope, *extent, &what, "an entry before");
            }
            let inside_anyway = whole(zone) || campus.is_some();
            if library.ip_ranges.is_empty() && !inside_anyway {
                let message = format!("{what} has no IP range, {NOBODY_INSIDE}");
                let help = "add `ipRanges` to the library in the Network manifest: Alma goes by the client's address";
                scope.warning(diagnostic_codes::UNREACHABLE_LIBRARY, *extent, message, help);
            }
        }
    }
}

const NOBODY_INSIDE: &str = "so that nobody is inside it and can reach the resource";

/// Whether a client can be inside a campus, or inside a library of it.
fn has_addresses(zone: &Zone, code: &str) -> bool {
    let own = |campus: &network::Campus| campus.code == code && !campus.ip_ranges.is_empty();
    let of_library =
        |library: &network::Library| library.campus.as_deref() == Some(code) && !library.ip_ranges.is_empty();
    zone.campuses.iter().any(own) || zone.libraries.iter().any(of_library)
}

fn redundant(scope: &mut ManifestExpansion<'_, '_>, extent: NodeSpan, what: &str, with: &str) {
    let message = format!("{what} is in the group already, with {with}");
    scope.warning(diagnostic_codes::REDUNDANT_MEMBER, extent, message, "remove the one that is not meant");
}

fn unknown(zone: &Zone, code: &str, parts: &str, known: Vec<&str>) -> String {
    match known.is_empty() {
        true => format!("declare it under `{parts}` of `{}` in the Network manifest", zone.code),
        false => suggestions::among(code, known),
    }
}

//! Expectation rows about access to electronic resources.

use std::net::IpAddr;
use std::sync::Arc;

use super::fact::{Decides, FactError, WhyNot};
use super::row::{ExpectationFields, ExpectationRow, fact_diagnostic, names_of_missing, row};
use super::zones::{self, ZonesSpec};
use crate::kinds::ZoneCoverage;
use crate::kinds::manifest_expansion::ManifestExpansion;
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::value_or_list::ValueOrList;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes, suggestions};
use crate::model::network::Zone;
use crate::model::{AccessQuestion, ClientLocation, Diagnostic, Question, ResourceId};

row! {
    /// Expected access of a member's users to an electronic resource of the Network Zone, and the reason for
    /// a refusal.
    AccessRow;
    asks {
        /// Member of the users: a code, a list of codes, or a selector of members.
        member: ZonesSpec,
        /// IDs of e-collection, e-service and portfolio, joined by dots: `"61100.62110"`.
        resource: String,
        /// IP address of the user's client. Without address, library or campus, the user is outside all of
        /// them.
        address: String,
        /// Code of the library with the user inside.
        library: TextOrVariable,
        /// Code of the campus with the user inside, but outside its libraries.
        campus: TextOrVariable,
        /// User group, or several, for rules that hide a resource from some groups.
        user_group: ValueOrList<TextOrVariable>,
    }
    expects {
        /// True if users can access the content.
        reach "reach": bool,
        /// Group that grants access, the first by name; null for none.
        group "group": Nullable<TextOrVariable>,
        /// All groups that grant access.
        groups "groups": Vec<Spanned<String>>,
        /// Resource level with the decisive groups; null if no level has groups.
        level "level": Nullable<Decides>,
        /// True for access through a proxy; null if the group has no setting.
        proxy_enabled "proxyEnabled": Nullable<bool>,
        /// Code of the proxy; null for none.
        proxy "proxy": Nullable<String>,
        /// Public name of the resource for the group; null for none.
        public_name "publicName": Nullable<String>,
        /// Authentication note of the group; null for none.
        authentication_note "authenticationNote": Nullable<String>,
        /// Public note of the group; null for none.
        public_note "publicNote": Nullable<String>,
        /// True if search results show the title, with or without access to the content.
        title_shown "titleShown": bool,
        /// Reason for the refusal; null if users can access the content.
        why "why": Nullable<WhyNot>,
    }
}

impl AccessRow {
    fn places(&self) -> Vec<(&'static str, NodeSpan)> {
        let places = [
            ("address", self.address.as_ref().map(|at| at.extent)),
            ("library", self.library.as_ref().map(|at| at.extent)),
            ("campus", self.campus.as_ref().map(|at| at.extent)),
        ];
        places.into_iter().filter_map(|(name, extent)| Some((name, extent?))).collect()
    }

    fn client<'n>(&self, member: &'n Zone, scope: &mut ManifestExpansion<'_, 'n>) -> Option<ClientLocation> {
        if let Some(address) = &self.address {
            return ip(&address.value).ok().map(ClientLocation::Address);
        }
        let known =
            |codes: Vec<&str>, code: &str, extent, what, number, scope: &mut ManifestExpansion<'_, '_>| {
                let found = codes.contains(&code);
                if !found {
                    let message = format!("`{}` has no {what} `{code}`", member.code);
                    scope.error(number, extent, message, &suggestions::among(code, codes));
                }
                found
            };
        match (&self.library, &self.campus) {
            (Some(library), _) => {
                let code = scope.resolve_text(library, member)?;
                let codes = member.libraries.iter().map(|each| each.code.as_str()).collect();
                known(codes, &code, library.extent, "library", diagnostic_codes::UNKNOWN_LIBRARY, scope)
                    .then_some(ClientLocation::Library(code))
            }
            (None, Some(campus)) => {
                let code = scope.resolve_text(campus, member)?;
                let codes = member.campuses.iter().map(|each| each.code.as_str()).collect();
                known(codes, &code, campus.extent, "campus", diagnostic_codes::NO_SUCH_CAMPUS, scope)
                    .then_some(ClientLocation::Campus(code))
            }
            (None, None) => Some(ClientLocation::Elsewhere),
        }
    }
}

impl ExpectationRow for AccessRow {
    /// A row with its own user location ignores the location in `given`.
    fn with_defaults(&self, given: &Self) -> Self {
        let merged = self.field_by_field(given);
        match self.places().is_empty() {
            true => merged,
            false => Self {
                address: self.address.clone(),
                library: self.library.clone(),
                campus: self.campus.clone(),
                ..merged
            },
        }
    }

    fn missing_fields(&self) -> Vec<&'static str> {
        names_of_missing([("member", self.member.is_some()), ("resource", self.resource.is_some())])
    }

    fn check(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if let Some(Spanned { value, extent }) = &self.resource {
            problems.extend(resource(value).err().map(|wrong| fact_diagnostic(wrong, head, *extent)));
        }
        if let Some(Spanned { value, extent }) = &self.address {
            problems.extend(ip(value).err().map(|wrong| fact_diagnostic(wrong, head, *extent)));
        }
        if let [(_, first), (_, second), ..] = self.places().as_slice() {
            let message = "only one of `address`, `library`, `campus` is allowed";
            problems.push(
                Diagnostic::error(diagnostic_codes::NOT_EXACTLY_ONE, head.place(*second), message)
                    .with_secondary_span(head.place(*first), "other field")
                    .help("remove one of the fields"),
            );
        }
        problems
    }

    fn questions<'n>(&self, _: NodeSpan, scope: &mut ManifestExpansion<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(member), Some(Ok(resource))) =
            (&self.member, self.resource.as_ref().map(|at| resource(&at.value)))
        else {
            return Vec::new();
        };
        let mut questions = Vec::new();
        for member in zones::zones(member, ZoneCoverage::Members, scope).unwrap_or_default() {
            let Some(from) = self.client(member, scope) else { continue };
            let mut ask = |user_group| {
                let (from, resource) = (from.clone(), resource.clone());
                let question = AccessQuestion { member: member.code.clone(), from, resource, user_group };
                questions.push((Question::Access(question), member));
            };
            match &self.user_group {
                None => ask(None),
                Some(groups) => {
                    groups_of(groups, member, scope).into_iter().for_each(|group| ask(Some(group)))
                }
            }
        }
        questions
    }
}

/// Returns the named groups of a zone, and reports missing variables.
pub fn groups_of<'n>(
    groups: &Spanned<ValueOrList<TextOrVariable>>,
    zone: &'n Zone,
    scope: &mut ManifestExpansion<'_, 'n>,
) -> Vec<Arc<str>> {
    let groups = groups.values();
    groups
        .into_iter()
        .filter_map(|Spanned { value, extent }| {
            scope.resolve_text(&Spanned { value: value.clone(), extent }, zone)
        })
        .collect()
}

fn resource(text: &str) -> Result<ResourceId, FactError> {
    ResourceId::parse(text).ok_or_else(|| FactError {
        code: diagnostic_codes::RESOURCE_IDS,
        message: format!("`{text}` is not a valid e-resource ID"),
        help: "enter one to three IDs joined by dots, such as `\"61100.62110\"`",
    })
}

fn ip(text: &str) -> Result<IpAddr, FactError> {
    text.parse().map_err(|_| FactError {
        code: diagnostic_codes::CLIENT_ADDRESS,
        message: format!("`{text}` is not a valid IP address"),
        help: "enter one address, such as `192.0.2.7`",
    })
}

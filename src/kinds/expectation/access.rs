//! Rows about who can reach an electronic resource.

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
    /// Can users of members reach an electronic resource of the Network Zone, and why not?
    AccessRow;
    asks {
        /// The member whose users these are: a code, a list of codes, or a selection of members.
        member: ZonesSpec,
        /// The resource by the ids of e-collection, e-service and portfolio, joined by dots: `"61100.62110"`.
        resource: String,
        /// The user's client address. Without it, a library or a campus, the user is in none of them.
        address: String,
        /// Code of the library that the user is in.
        library: TextOrVariable,
        /// Code of the campus that the user is on, in none of its libraries.
        campus: TextOrVariable,
        /// The user's group, or several, for rules that hide a resource from some.
        user_group: ValueOrList<TextOrVariable>,
    }
    expects {
        /// Whether the content can be reached.
        reach "reach": bool,
        /// The group that grants it, the first by name; null for none.
        group "group": Nullable<TextOrVariable>,
        /// All groups that grant it.
        groups "groups": Vec<Spanned<String>>,
        /// The level whose groups decide; null where no level has any.
        level "level": Nullable<Decides>,
        /// Whether a proxy is used; null where the group does not say.
        proxy_enabled "proxyEnabled": Nullable<bool>,
        /// Which one; null for none.
        proxy "proxy": Nullable<String>,
        /// What the resource is called for the group; null where that says nothing.
        public_name "publicName": Nullable<String>,
        /// The group's authentication note; null for none.
        authentication_note "authenticationNote": Nullable<String>,
        /// The group's public note; null for none.
        public_note "publicNote": Nullable<String>,
        /// Whether the title shows in search, be its content out of reach or not.
        title_shown "titleShown": bool,
        /// Why the content cannot be reached; null where it can.
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
    /// A row that says where the user is, leaves nothing of that to what is given.
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
            let message = "only one of `address`, `library`, `campus` can be given";
            problems.push(
                Diagnostic::error(diagnostic_codes::NOT_EXACTLY_ONE, head.place(*second), message)
                    .with_secondary_span(head.place(*first), "the other one")
                    .help("remove one of them"),
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

/// The groups of a zone that are named; those that are variables that it lacks are told.
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
        message: format!("`{text}` is not the ids of an e-resource"),
        help: "write one to three ids, joined by dots: `\"61100.62110\"`",
    })
}

fn ip(text: &str) -> Result<IpAddr, FactError> {
    text.parse().map_err(|_| FactError {
        code: diagnostic_codes::CLIENT_ADDRESS,
        message: format!("`{text}` is not a client's IP address"),
        help: "write one address, such as `192.0.2.7`",
    })
}

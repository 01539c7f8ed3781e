//! Rows about who can reach an electronic resource.

use std::net::IpAddr;
use std::sync::Arc;

use super::fact::{Decides, WhyNot, Wrong};
use super::places::{self, Places};
use super::row::{Fields, Row, missing, row, told};
use crate::kinds::Reach;
use crate::kinds::scope::Scope;
use crate::manifest::node::Extent;
use crate::manifest::several::Several;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes, suggest};
use crate::model::network::Zone;
use crate::model::{AccessQuestion, Client, Diagnostic, Question, Resource};

row! {
    /// Can users of members reach an electronic resource of the Network Zone, and why not?
    AccessRow;
    asks {
        /// The member whose users these are: a code, a list of codes, or a selection of members.
        member: Places,
        /// The resource by the ids of e-collection, e-service and portfolio, joined by dots: `"61100.62110"`.
        resource: String,
        /// The user's client address. Without it, a library or a campus, the user is in none of them.
        address: String,
        /// Code of the library that the user is in.
        library: Text,
        /// Code of the campus that the user is on, in none of its libraries.
        campus: Text,
        /// The user's group, or several, for rules that hide a resource from some.
        user_group: Several<Text>,
    }
    expects {
        /// Whether the content can be reached.
        reach "reach": bool,
        /// The group that grants it, the first by name; null for none.
        group "group": Nullable<Text>,
        /// All groups that grant it.
        groups "groups": Vec<At<String>>,
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
    fn places(&self) -> Vec<(&'static str, Extent)> {
        let places = [
            ("address", self.address.as_ref().map(|at| at.extent)),
            ("library", self.library.as_ref().map(|at| at.extent)),
            ("campus", self.campus.as_ref().map(|at| at.extent)),
        ];
        places.into_iter().filter_map(|(name, extent)| Some((name, extent?))).collect()
    }

    fn client<'n>(&self, member: &'n Zone, scope: &mut Scope<'_, 'n>) -> Option<Client> {
        if let Some(address) = &self.address {
            return ip(&address.value).ok().map(Client::Address);
        }
        let known = |codes: Vec<&str>, code: &str, extent, what, number, scope: &mut Scope<'_, '_>| {
            let found = codes.contains(&code);
            if !found {
                let message = format!("`{}` has no {what} `{code}`", member.code);
                scope.error(number, extent, message, &suggest::among(code, codes));
            }
            found
        };
        match (&self.library, &self.campus) {
            (Some(library), _) => {
                let code = scope.text(library, member)?;
                let codes = member.libraries.iter().map(|each| each.code.as_str()).collect();
                known(codes, &code, library.extent, "library", codes::UNKNOWN_LIBRARY, scope)
                    .then_some(Client::Library(code))
            }
            (None, Some(campus)) => {
                let code = scope.text(campus, member)?;
                let codes = member.campuses.iter().map(|each| each.code.as_str()).collect();
                known(codes, &code, campus.extent, "campus", codes::NO_SUCH_CAMPUS, scope)
                    .then_some(Client::Campus(code))
            }
            (None, None) => Some(Client::Elsewhere),
        }
    }
}

impl Row for AccessRow {
    /// A row that says where the user is, leaves nothing of that to what is given.
    fn over(&self, given: &Self) -> Self {
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

    fn lacks(&self) -> Vec<&'static str> {
        missing([("member", self.member.is_some()), ("resource", self.resource.is_some())])
    }

    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if let Some(At { value, extent }) = &self.resource {
            problems.extend(resource(value).err().map(|wrong| told(wrong, head, *extent)));
        }
        if let Some(At { value, extent }) = &self.address {
            problems.extend(ip(value).err().map(|wrong| told(wrong, head, *extent)));
        }
        if let [(_, first), (_, second), ..] = self.places().as_slice() {
            let message = "only one of `address`, `library`, `campus` can be given";
            problems.push(
                Diagnostic::error(codes::NOT_EXACTLY_ONE, head.place(*second), message)
                    .related(head.place(*first), "the other one")
                    .help("remove one of them"),
            );
        }
        problems
    }

    fn ask<'n>(&self, _: Extent, scope: &mut Scope<'_, 'n>) -> Vec<(Question, &'n Zone)> {
        let (Some(member), Some(Ok(resource))) =
            (&self.member, self.resource.as_ref().map(|at| resource(&at.value)))
        else {
            return Vec::new();
        };
        let mut questions = Vec::new();
        for member in places::zones(member, Reach::Members, scope).unwrap_or_default() {
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
pub fn groups_of<'n>(groups: &At<Several<Text>>, zone: &'n Zone, scope: &mut Scope<'_, 'n>) -> Vec<Arc<str>> {
    let groups = groups.each();
    groups
        .into_iter()
        .filter_map(|At { value, extent }| scope.text(&At { value: value.clone(), extent }, zone))
        .collect()
}

fn resource(text: &str) -> Result<Resource, Wrong> {
    Resource::parse(text).ok_or_else(|| Wrong {
        code: codes::RESOURCE_IDS,
        message: format!("`{text}` is not the ids of an e-resource"),
        help: "write one to three ids, joined by dots: `\"61100.62110\"`",
    })
}

fn ip(text: &str) -> Result<IpAddr, Wrong> {
    text.parse().map_err(|_| Wrong {
        code: codes::CLIENT_ADDRESS,
        message: format!("`{text}` is not a client's IP address"),
        help: "write one address, such as `192.0.2.7`",
    })
}

//! Question: can a user access an electronic resource of the Network Zone?

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::definition::{QuestionDefinition, arguments, facts};
use crate::model::address::ZoneCode;
use crate::model::alma_codes::{AccessRefusal, ResourceLevel, ZoneCoverage};

/// Question: can a user access an electronic resource of the Network Zone?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct AccessQuestion {
    /// Member of the user.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// Location of the user.
    pub from: ClientLocation,
    /// Resource.
    pub resource: ResourceId,
    /// User group, for display logic rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_group: Option<Arc<str>>,
}

/// Location of a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientLocation {
    /// Outside every library and campus, or unknown.
    Elsewhere,
    /// Client IP address.
    Address(IpAddr),
    /// Library, by code.
    Library(Arc<str>),
    /// Campus, by code, outside its libraries.
    Campus(Arc<str>),
}

impl AccessQuestion {
    /// Definition.
    pub const DEFINITION: QuestionDefinition = QuestionDefinition {
        topic: "access",
        help: "Explain whether a user can access an electronic resource",
        table: "Expectations about access to electronic resources of the Network Zone.",
        row: "Expected access of a member's users to an electronic resource of the Network Zone, and the reason for\n\
              a refusal.",
        arguments: arguments! {
            /// Member of the users: a code, a list of codes, or a selector of members.
            "member" "member" Required Zone(ZoneCoverage::Members) => "Code of the user's member";
            /// IDs of e-collection, e-service and portfolio, joined by dots: `"61100.62110"`.
            "resource" "resource" Required Resource
                => "Resource as one to three IDs joined by dots: e-collection, e-service, portfolio";
            /// IP address of the user's client. Without address, library or campus, the user is outside all of
            /// them.
            "address" "address" Optional Address => "Client address of the user";
            /// Code of the library with the user inside.
            "library" "library" Optional Library => "Code of the library that the user visits";
            /// Code of the campus with the user inside, but outside its libraries.
            "campus" "campus" Optional Campus
                => "Code of the campus that the user visits, outside its libraries";
            /// User group, or several, for rules that hide a resource from some groups.
            "userGroup" "user-group" Optional UserGroup
                => "User group, for rules that hide a resource from some groups";
        },
        facts: facts! {
            /// True if users can access the content.
            "reach" Flag;
            /// Group that grants access, the first by name; null for none.
            "group" NullableVariable;
            /// All groups that grant access.
            "groups" Texts;
            /// Resource level with the decisive groups; null if no level has groups.
            "level" NullableWord(ResourceLevel::WORDS);
            /// True for access through a proxy; null if the group has no setting.
            "proxyEnabled" NullableFlag;
            /// Code of the proxy; null for none.
            "proxy" NullableText;
            /// Public name of the resource for the group; null for none.
            "publicName" NullableText;
            /// Authentication note of the group; null for none.
            "authenticationNote" NullableText;
            /// Public note of the group; null for none.
            "publicNote" NullableText;
            /// True if search results show the title, with or without access to the content.
            "titleShown" Flag;
            /// Reason for the refusal; null if users can access the content.
            "refusal" NullableWord(AccessRefusal::WORDS);
        },
        answering_zone: "member",
        build: |values| {
            let address = values.address("address").map(ClientLocation::Address);
            let library = || values.text("library").map(ClientLocation::Library);
            let campus = || values.text("campus").map(ClientLocation::Campus);
            let question = Self {
                member: values.zone("member")?,
                from: address.or_else(library).or_else(campus).unwrap_or(ClientLocation::Elsewhere),
                resource: values.resource("resource")?,
                user_group: values.text("userGroup"),
            };
            Some(question.into())
        },
    };
}

impl fmt::Display for AccessQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, from, resource, user_group } = self;
        f.write_str("can a user of ")?;
        if let Some(group) = user_group {
            write!(f, "user group {group} of ")?;
        }
        write!(f, "{member}{from} access the {} {resource}", resource.level())
    }
}

/// Formats with a leading space: ` in the library MAIN`; empty for an unknown location.
impl fmt::Display for ClientLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere => Ok(()),
            Self::Address(address) => write!(f, " at {address}"),
            Self::Library(code) => write!(f, " in the library {code}"),
            Self::Campus(code) => write!(f, " on the campus {code}"),
        }
    }
}

/// Electronic resource, by the path of IDs: e-collection, e-service, portfolio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(Vec<Arc<str>>);

impl ResourceId {
    /// Parses the IDs of a resource, joined by dots: `61100.62110`. `None` for invalid IDs.
    pub fn parse(text: &str) -> Option<Self> {
        let ids: Vec<Arc<str>> = text.split('.').map(Into::into).collect();
        let is_id = |id: &Arc<str>| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        (ids.len() <= 3 && ids.iter().all(is_id)).then_some(Self(ids))
    }

    /// Returns the level.
    pub fn level(&self) -> ResourceLevel {
        match self.0.len() {
            1 => ResourceLevel::Collection,
            2 => ResourceLevel::Service,
            _ => ResourceLevel::Portfolio,
        }
    }

    /// Returns the resource, then its containers from the inside out.
    pub fn outwards(&self) -> impl Iterator<Item = Self> {
        (1..=self.0.len()).rev().map(|depth| Self(self.0[..depth].to_vec()))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl serde::Serialize for ResourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for ResourceId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Resource".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Electronic resource by its IDs, joined by dots: e-collection, e-service, portfolio.",
            "type": "string",
            "pattern": r"^\d+(\.\d+){0,2}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{ResourceId, ResourceLevel};

    #[test]
    fn resource_has_one_to_three_ids() {
        for text in ["", ".", "1.", ".1", "1.2.3.4", "a", "1 ", "1.-2"] {
            assert_eq!(ResourceId::parse(text), None, "{text}");
        }
        let portfolio = ResourceId::parse("1.22.333");
        assert_eq!(portfolio.as_ref().map(ResourceId::level), Some(ResourceLevel::Portfolio));
        let all: Vec<String> =
            portfolio.iter().flat_map(ResourceId::outwards).map(|resource| resource.to_string()).collect();
        assert_eq!(all, ["1.22.333", "1.22", "1"]);
    }
}

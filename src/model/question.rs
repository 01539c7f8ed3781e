//! What a central office asks: not what stands in a row, but what it comes to for a member and its users.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;

use super::address::ZoneCode;

/// One question about a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// May a member bring a record into the Network Zone?
    Import(ImportQuestion),
    /// Can somebody reach an electronic resource of the Network Zone?
    Access(AccessQuestion),
    /// What is a patron of one member at another?
    Patron(PatronQuestion),
    /// Do partners see a user group of a member?
    Visibility(VisibilityQuestion),
    /// What may a role do with the task list of authority control?
    Tasks(TasksQuestion),
}

/// May a member bring a record into the Network Zone?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct ImportQuestion {
    /// The member.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// What sort of record.
    pub record: RecordType,
}

/// A sort of record that can be brought into the Network Zone.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum RecordType {
    /// Bibliographic records.
    Bibliographic,
    /// Authority records.
    Authority,
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bibliographic => "bibliographic",
            Self::Authority => "authority",
        })
    }
}

/// Can somebody reach an electronic resource of the Network Zone?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct AccessQuestion {
    /// The member whose user it is.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// Where the user is.
    pub from: ClientLocation,
    /// The resource.
    pub resource: ResourceId,
    /// The user's group, where display logic shall be asked about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_group: Option<Arc<str>>,
}

/// Where a user is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientLocation {
    /// Outside every library and campus, or nobody knows where.
    Elsewhere,
    /// At a client address.
    Address(IpAddr),
    /// In a library, by its code.
    Library(Arc<str>),
    /// On a campus, by its code, and in none of its libraries.
    Campus(Arc<str>),
}

/// An electronic resource by the ids that lead to it: those of an e-collection, of an e-service in it, of a portfolio
/// in that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(Vec<Arc<str>>);

/// How deep a resource lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceLevel {
    /// An e-collection.
    Collection,
    /// An e-service.
    Service,
    /// A portfolio.
    Portfolio,
}

impl ResourceLevel {
    /// As people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "e-collection",
            Self::Service => "e-service",
            Self::Portfolio => "portfolio",
        }
    }
}

impl ResourceId {
    /// A resource by its ids, joined by dots: `61100.62110`. `None` where these are no ids.
    pub fn parse(text: &str) -> Option<Self> {
        let ids: Vec<Arc<str>> = text.split('.').map(Into::into).collect();
        let is_id = |id: &Arc<str>| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        (ids.len() <= 3 && ids.iter().all(is_id)).then_some(Self(ids))
    }

    /// How deep it lies.
    pub fn level(&self) -> ResourceLevel {
        match self.0.len() {
            1 => ResourceLevel::Collection,
            2 => ResourceLevel::Service,
            _ => ResourceLevel::Portfolio,
        }
    }

    /// The resource itself, then what it lies in, from the inside out.
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
            "description": "An electronic resource by its ids, joined by dots: e-collection, e-service, portfolio.",
            "type": "string",
            "pattern": r"^\d+(\.\d+){0,2}$",
        })
    }
}

/// What is a patron of one member at another?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct PatronQuestion {
    /// The source institution: the patron's own.
    #[schemars(with = "String")]
    pub source: ZoneCode,
    /// The patron's user group there.
    pub user_group: Arc<str>,
    /// The target institution: where the linked account is.
    #[schemars(with = "String")]
    pub target: ZoneCode,
    /// When the patron's account at the source expires; `None` where it does not, or nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Date>,
    /// A third member, for what of the patron's blocks would travel on to it from the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_target: Option<ZoneCode>,
}

/// Do partners see a user group of a member?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct VisibilityQuestion {
    /// The member.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// The group.
    pub user_group: Arc<str>,
}

/// What may a role do with the task list of authority control?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct TasksQuestion {
    /// The zone whose list it is.
    #[schemars(with = "String")]
    pub zone: ZoneCode,
    /// The role: `Cataloger`, `Catalog Manager`, `Catalog Administrator`.
    pub role: Arc<str>,
    /// A report type, in the words of Alma's page, where it shall be said whether it is in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Arc<str>>,
}

impl Question {
    /// What is asked about, as commands and manifests call it.
    pub fn topic(&self) -> &'static str {
        match self {
            Self::Import(_) => "import",
            Self::Access(_) => "access",
            Self::Patron(_) => "patron",
            Self::Visibility(_) => "visibility",
            Self::Tasks(_) => "tasks",
        }
    }
}

/// As people ask it, without the question mark: `may 01OMNI_BETA bring bibliographic records into the Network Zone`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(ImportQuestion { member, record }) => {
                write!(f, "may {member} bring {record} records into the Network Zone")
            }
            Self::Access(AccessQuestion { member, from, resource, user_group }) => {
                f.write_str("does a user of ")?;
                if let Some(group) = user_group {
                    write!(f, "group {group} of ")?;
                }
                write!(f, "{member}{from} reach the {} {resource}", resource.level().as_str())
            }
            Self::Patron(PatronQuestion {
                source: from,
                user_group,
                target: at,
                expires,
                next_target: on_to,
            }) => {
                write!(f, "what is a patron of group {user_group} of {from} at {at}")?;
                if let Some(expires) = expires {
                    write!(f, ", expiring on {expires}")?;
                }
                match on_to {
                    Some(on_to) => write!(f, ", and on to {on_to}"),
                    None => Ok(()),
                }
            }
            Self::Visibility(VisibilityQuestion { member, user_group }) => {
                write!(f, "do partners see the user group {user_group} of {member}")
            }
            Self::Tasks(TasksQuestion { zone, role, report }) => {
                write!(f, "what may a {role} do with the task list of {zone}")?;
                match report {
                    Some(report) => write!(f, ", and is `{report}` in it"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// With a space in front: ` in the library MAIN`; nothing for elsewhere.
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

#[cfg(test)]
mod tests {
    use super::{ResourceId, ResourceLevel};

    #[test]
    fn a_resource_is_one_to_three_ids() {
        for text in ["", ".", "1.", ".1", "1.2.3.4", "a", "1 ", "1.-2"] {
            assert_eq!(ResourceId::parse(text), None, "{text}");
        }
        let portfolio = ResourceId::parse("1.22.333");
        assert_eq!(portfolio.as_ref().map(ResourceId::level), Some(ResourceLevel::Portfolio));
        let all: Vec<String> =
            portfolio.iter().flat_map(ResourceId::outwards).map(|each| each.to_string()).collect();
        assert_eq!(all, ["1.22.333", "1.22", "1"]);
    }
}

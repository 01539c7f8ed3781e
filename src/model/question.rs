//! Questions about effective settings: the outcome for a member and its users, not the content of a row.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::Date;

use super::address::ZoneCode;

/// Question about a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Permission of a member to contribute records to the Network Zone.
    Import(ImportQuestion),
    /// Access of a user to an electronic resource of the Network Zone.
    Access(AccessQuestion),
    /// Linked account of a patron at another member.
    Patron(PatronQuestion),
    /// Visibility of a user group to partners.
    Visibility(VisibilityQuestion),
    /// Permissions of a role in the authority control task list.
    Tasks(TasksQuestion),
}

/// Question: may a member contribute records to the Network Zone?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct ImportQuestion {
    /// Member.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// Type of record.
    pub record: RecordType,
}

/// Type of record that members contribute to the Network Zone.
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

/// Electronic resource, by the path of IDs: e-collection, e-service, portfolio.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(Vec<Arc<str>>);

/// Level of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceLevel {
    /// E-collection.
    Collection,
    /// E-service.
    Service,
    /// Portfolio.
    Portfolio,
}

impl ResourceLevel {
    /// Returns Alma's noun for the level.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "e-collection",
            Self::Service => "e-service",
            Self::Portfolio => "portfolio",
        }
    }
}

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

/// Question: which linked account does a patron of one member get at another?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct PatronQuestion {
    /// Source institution: the patron's own.
    #[schemars(with = "String")]
    pub source: ZoneCode,
    /// User group at the source institution.
    pub user_group: Arc<str>,
    /// Target institution, which gives the linked account.
    #[schemars(with = "String")]
    pub target: ZoneCode,
    /// Expiry date of the source account; `None` for no expiry, or if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Date>,
    /// Third member that may get copies of the patron's blocks from the target institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub next_target: Option<ZoneCode>,
}

/// Question: can partners see a user group of a member?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct VisibilityQuestion {
    /// Member.
    #[schemars(with = "String")]
    pub member: ZoneCode,
    /// User group.
    pub user_group: Arc<str>,
}

/// Question: what may a role do in the authority control task list?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
pub struct TasksQuestion {
    /// Zone of the task list.
    #[schemars(with = "String")]
    pub zone: ZoneCode,
    /// Role: `Cataloger`, `Catalog Manager`, `Catalog Administrator`.
    pub role: Arc<str>,
    /// Report type, as named on Alma's page, to check for its presence in the task list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<Arc<str>>,
}

impl Question {
    /// Returns the topic, as in commands and manifests.
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

/// Formats the question without a question mark: `may 01OMNI_BETA contribute bibliographic records to the
/// Network Zone`.
impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(ImportQuestion { member, record }) => {
                write!(f, "may {member} contribute {record} records to the Network Zone")
            }
            Self::Access(AccessQuestion { member, from, resource, user_group }) => {
                f.write_str("can a user of ")?;
                if let Some(group) = user_group {
                    write!(f, "user group {group} of ")?;
                }
                write!(f, "{member}{from} access the {} {resource}", resource.level().as_str())
            }
            Self::Patron(PatronQuestion {
                source: from,
                user_group,
                target: at,
                expires,
                next_target: on_to,
            }) => {
                write!(
                    f,
                    "which linked account does a patron in user group {user_group} of {from} get at {at}"
                )?;
                if let Some(expires) = expires {
                    write!(f, ", with expiry date {expires}")?;
                }
                match on_to {
                    Some(on_to) => write!(f, ", with {on_to} as next target"),
                    None => Ok(()),
                }
            }
            Self::Visibility(VisibilityQuestion { member, user_group }) => {
                write!(f, "can partners see the user group {user_group} of {member}")
            }
            Self::Tasks(TasksQuestion { zone, role, report }) => {
                write!(f, "what may a {role} do in the authority control task list of {zone}")?;
                match report {
                    Some(report) => write!(f, ", and does the list contain `{report}`"),
                    None => Ok(()),
                }
            }
        }
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
            portfolio.iter().flat_map(ResourceId::outwards).map(|each| each.to_string()).collect();
        assert_eq!(all, ["1.22.333", "1.22", "1"]);
    }
}

//! Which collections questions are about. Everything else that a zone holds has no part in an answer.

use std::fmt;
use std::sync::LazyLock;

use crate::model::network::Role;
use crate::model::{CollectionId, Resource, Table};

/// A collection that answers follow from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Which members may bring records into the Network Zone: the network zone's.
    ImportPermissions,
    /// The groups that e-resources are available for: the network zone's.
    AvailabilityGroups,
    /// The groups that one e-resource is available for: the network zone's.
    Availability(Resource),
    /// A member's linked account rules.
    LinkedAccountRules,
    /// The user groups of other members, as a member knows them.
    ExternalUserGroups,
    /// A member's own user groups.
    UserGroups,
    /// Which record types a member's user groups are for.
    RecordTypes,
    /// How a member's blocks are described.
    BlockDescriptions,
    /// What a member's blocks do.
    BlockDefinitions,
    /// The user groups that a member hides from partners.
    RestrictedUsers,
    /// Which requests a member sends along which rota.
    RotaRules,
    /// What a member hides in discovery, and from whom.
    DisplayRules,
    /// What roles may do with a zone's task list of authority control.
    TaskList,
    /// Which reports are in a zone's task list.
    ReportTypes,
    /// Who may dismiss an entry for the whole network: the network zone's.
    Dismissal,
}

/// All of them, those of single e-resources aside.
const SUBJECTS: [Subject; 14] = [
    Subject::ImportPermissions,
    Subject::AvailabilityGroups,
    Subject::LinkedAccountRules,
    Subject::ExternalUserGroups,
    Subject::UserGroups,
    Subject::RecordTypes,
    Subject::BlockDescriptions,
    Subject::BlockDefinitions,
    Subject::RestrictedUsers,
    Subject::RotaRules,
    Subject::DisplayRules,
    Subject::TaskList,
    Subject::ReportTypes,
    Subject::Dismissal,
];

/// The same, by their collections: asked for each collection of each zone.
static COLLECTIONS: LazyLock<[(CollectionId, Subject); SUBJECTS.len()]> =
    LazyLock::new(|| SUBJECTS.map(|subject| (subject.collection(), subject)));

/// The type of collection that has one for each e-resource.
const AVAILABILITY: &str = "ElectronicAvailability";

impl Subject {
    /// What a collection is to questions; `None` where it has no part in any answer. Those of single libraries have
    /// none.
    pub fn of(id: &CollectionId) -> Option<Self> {
        match (&*id.kind, &id.table) {
            _ if id.library.is_some() => None,
            (AVAILABILITY, Table::Code(ids)) => Resource::parse(ids).map(Self::Availability),
            // Its usual code, where somebody knows it.
            ("MappingTable", Table::Code(code)) if **code == *"UserBlockDefinitions" => {
                Some(Self::BlockDefinitions)
            }
            (kind, table) => {
                let named = COLLECTIONS.iter().find(|(id, _)| *id.kind == *kind && id.table == *table);
                named.map(|(_, subject)| subject.clone())
            }
        }
    }

    /// The collection to ask a zone for.
    pub fn collection(&self) -> CollectionId {
        match self {
            Self::ImportPermissions => CollectionId::whole("ImportPermissions"),
            Self::AvailabilityGroups => CollectionId::whole("AvailabilityGroups"),
            Self::Availability(resource) => CollectionId::coded(AVAILABILITY, &resource.to_string()),
            Self::LinkedAccountRules => CollectionId::whole("LinkedAccountRules"),
            Self::ExternalUserGroups => CollectionId::whole("ExternalUserGroups"),
            Self::UserGroups => CollectionId::coded("CodeTable", "UserGroups"),
            Self::RecordTypes => CollectionId::coded("MappingTable", "UserRecordTypeUserGroup"),
            Self::BlockDescriptions => CollectionId::coded("CodeTable", "UserBlockDescription"),
            // Its code in the API is not known for certain: each zone's own list is asked for the title.
            Self::BlockDefinitions => CollectionId {
                table: Table::Title("User Block Definitions".into()),
                ..CollectionId::whole("MappingTable")
            },
            Self::RestrictedUsers => CollectionId::whole("RestrictedUsers"),
            Self::RotaRules => CollectionId::whole("RotaAssignmentRules"),
            Self::DisplayRules => CollectionId::whole("DisplayLogicRules"),
            Self::TaskList => CollectionId::whole("AuthorityTaskList"),
            Self::ReportTypes => CollectionId::whole("AuthorityReportTypes"),
            Self::Dismissal => CollectionId::whole("AuthorityDismissal"),
        }
    }

    /// The e-resource whose groups it is, where it is that.
    pub fn resource(&self) -> Option<&Resource> {
        match self {
            Self::Availability(resource) => Some(resource),
            Self::ImportPermissions
            | Self::AvailabilityGroups
            | Self::LinkedAccountRules
            | Self::ExternalUserGroups
            | Self::UserGroups
            | Self::RecordTypes
            | Self::BlockDescriptions
            | Self::BlockDefinitions
            | Self::RestrictedUsers
            | Self::RotaRules
            | Self::DisplayRules
            | Self::TaskList
            | Self::ReportTypes
            | Self::Dismissal => None,
        }
    }

    /// The fields that identify a record of it, by the names that people use.
    pub fn key(&self) -> &'static [&'static str] {
        match self {
            Self::ImportPermissions => &["institution"],
            Self::AvailabilityGroups | Self::LinkedAccountRules | Self::RotaRules | Self::DisplayRules => {
                &["name"]
            }
            Self::Availability(_) => &["group"],
            Self::ExternalUserGroups | Self::UserGroups | Self::BlockDescriptions => &["code"],
            Self::RecordTypes => &["Record Type", "User Group"],
            Self::BlockDefinitions => &["ID"],
            Self::RestrictedUsers => &["userGroup"],
            Self::TaskList => &["role"],
            Self::ReportTypes => &["reportType"],
            Self::Dismissal => &["institution", "role"],
        }
    }

    /// Whether zones of a role have it.
    pub fn is_of(&self, role: Role) -> bool {
        match self {
            Self::ImportPermissions | Self::AvailabilityGroups | Self::Availability(_) | Self::Dismissal => {
                role == Role::Network
            }
            Self::LinkedAccountRules
            | Self::ExternalUserGroups
            | Self::UserGroups
            | Self::RecordTypes
            | Self::BlockDescriptions
            | Self::BlockDefinitions
            | Self::RestrictedUsers
            | Self::RotaRules
            | Self::DisplayRules => role == Role::Member,
            Self::TaskList | Self::ReportTypes => true,
        }
    }
}

/// `RestrictedUsers`, `CodeTable/UserGroups`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.collection().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{SUBJECTS, Subject};
    use crate::model::{CollectionId, Resource};

    #[test]
    fn a_subject_is_found_by_the_collection_that_it_is() {
        let resource = Resource::parse("1.2").map(Subject::Availability);
        for subject in SUBJECTS.into_iter().chain(resource) {
            assert_eq!(Subject::of(&subject.collection()), Some(subject.clone()), "{subject}");
        }
        let library =
            CollectionId { library: Some("MAIN".into()), ..CollectionId::coded("CodeTable", "UserGroups") };
        assert_eq!(Subject::of(&library), None);
        assert_eq!(Subject::of(&CollectionId::coded("CodeTable", "ItemPolicy")), None);
        let coded = CollectionId::coded("MappingTable", "UserBlockDefinitions");
        assert_eq!(Subject::of(&coded), Some(Subject::BlockDefinitions));
    }
}

//! Which collections questions are about. Everything else that a zone holds has no part in an answer.

use std::fmt;
use std::sync::LazyLock;

use crate::model::network::ZoneRole;
use crate::model::{CollectionId, ResourceId, TableName};

/// A collection that answers follow from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingsCollection {
    /// Which members may bring records into the Network Zone: the network zone's.
    ImportPermissions,
    /// The groups that e-resources are available for: the network zone's.
    AvailabilityGroups,
    /// The groups that one e-resource is available for: the network zone's.
    Availability(ResourceId),
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
const SUBJECTS: [SettingsCollection; 14] = [
    SettingsCollection::ImportPermissions,
    SettingsCollection::AvailabilityGroups,
    SettingsCollection::LinkedAccountRules,
    SettingsCollection::ExternalUserGroups,
    SettingsCollection::UserGroups,
    SettingsCollection::RecordTypes,
    SettingsCollection::BlockDescriptions,
    SettingsCollection::BlockDefinitions,
    SettingsCollection::RestrictedUsers,
    SettingsCollection::RotaRules,
    SettingsCollection::DisplayRules,
    SettingsCollection::TaskList,
    SettingsCollection::ReportTypes,
    SettingsCollection::Dismissal,
];

/// The same, by their collections: asked for each collection of each zone.
static COLLECTIONS: LazyLock<[(CollectionId, SettingsCollection); SUBJECTS.len()]> =
    LazyLock::new(|| SUBJECTS.map(|subject| (subject.collection(), subject)));

/// The type of collection that has one for each e-resource.
const AVAILABILITY: &str = "ElectronicAvailability";

impl SettingsCollection {
    /// What a collection is to questions; `None` where it has no part in any answer. Those of single libraries have
    /// none.
    pub fn from_collection_id(id: &CollectionId) -> Option<Self> {
        match (&*id.kind, &id.table) {
            _ if id.library.is_some() => None,
            (AVAILABILITY, TableName::Code(ids)) => ResourceId::parse(ids).map(Self::Availability),
            // Its usual code, where somebody knows it.
            ("MappingTable", TableName::Code(code)) if **code == *"UserBlockDefinitions" => {
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
            Self::ImportPermissions => CollectionId::of_institution("ImportPermissions"),
            Self::AvailabilityGroups => CollectionId::of_institution("AvailabilityGroups"),
            Self::Availability(resource) => CollectionId::with_code(AVAILABILITY, &resource.to_string()),
            Self::LinkedAccountRules => CollectionId::of_institution("LinkedAccountRules"),
            Self::ExternalUserGroups => CollectionId::of_institution("ExternalUserGroups"),
            Self::UserGroups => CollectionId::with_code("CodeTable", "UserGroups"),
            Self::RecordTypes => CollectionId::with_code("MappingTable", "UserRecordTypeUserGroup"),
            Self::BlockDescriptions => CollectionId::with_code("CodeTable", "UserBlockDescription"),
            // Its code in the API is not known for certain: each zone's own list is asked for the title.
            Self::BlockDefinitions => CollectionId {
                table: TableName::Title("User Block Definitions".into()),
                ..CollectionId::of_institution("MappingTable")
            },
            Self::RestrictedUsers => CollectionId::of_institution("RestrictedUsers"),
            Self::RotaRules => CollectionId::of_institution("RotaAssignmentRules"),
            Self::DisplayRules => CollectionId::of_institution("DisplayLogicRules"),
            Self::TaskList => CollectionId::of_institution("AuthorityTaskList"),
            Self::ReportTypes => CollectionId::of_institution("AuthorityReportTypes"),
            Self::Dismissal => CollectionId::of_institution("AuthorityDismissal"),
        }
    }

    /// The e-resource whose groups it is, where it is that.
    pub fn resource(&self) -> Option<&ResourceId> {
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
    pub fn is_of(&self, role: ZoneRole) -> bool {
        match self {
            Self::ImportPermissions | Self::AvailabilityGroups | Self::Availability(_) | Self::Dismissal => {
                role == ZoneRole::Network
            }
            Self::LinkedAccountRules
            | Self::ExternalUserGroups
            | Self::UserGroups
            | Self::RecordTypes
            | Self::BlockDescriptions
            | Self::BlockDefinitions
            | Self::RestrictedUsers
            | Self::RotaRules
            | Self::DisplayRules => role == ZoneRole::Member,
            Self::TaskList | Self::ReportTypes => true,
        }
    }
}

/// `RestrictedUsers`, `CodeTable/UserGroups`.
impl fmt::Display for SettingsCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.collection().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{SUBJECTS, SettingsCollection};
    use crate::model::{CollectionId, ResourceId};

    #[test]
    fn a_subject_is_found_by_the_collection_that_it_is() {
        let resource = ResourceId::parse("1.2").map(SettingsCollection::Availability);
        for subject in SUBJECTS.into_iter().chain(resource) {
            assert_eq!(
                SettingsCollection::from_collection_id(&subject.collection()),
                Some(subject.clone()),
                "{subject}"
            );
        }
        let library = CollectionId {
            library: Some("MAIN".into()),
            ..CollectionId::with_code("CodeTable", "UserGroups")
        };
        assert_eq!(SettingsCollection::from_collection_id(&library), None);
        assert_eq!(
            SettingsCollection::from_collection_id(&CollectionId::with_code("CodeTable", "ItemPolicy")),
            None
        );
        let coded = CollectionId::with_code("MappingTable", "UserBlockDefinitions");
        assert_eq!(
            SettingsCollection::from_collection_id(&coded),
            Some(SettingsCollection::BlockDefinitions)
        );
    }
}

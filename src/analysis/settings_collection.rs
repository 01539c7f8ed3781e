//! Collections that questions need. All other collections have no effect on answers.

use std::fmt;
use std::sync::LazyLock;

use crate::model::alma_codes::{self, CollectionLayout};
use crate::model::network::ZoneRole;
use crate::model::{CollectionId, PlanStep, ResourceId, TableName};

/// Collection with an effect on answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SettingsCollection {
    /// Permissions of members to contribute records to the Network Zone, in the Network Zone.
    ImportPermissions,
    /// Availability groups for e-resources, in the Network Zone.
    AvailabilityGroups,
    /// Availability groups of one e-resource, in the Network Zone.
    Availability(ResourceId),
    /// Linked account rules of a member.
    LinkedAccountRules,
    /// External user groups of a member.
    ExternalUserGroups,
    /// User groups of a member.
    UserGroups,
    /// Record types of a member's user groups.
    RecordTypes,
    /// Block descriptions of a member.
    BlockDescriptions,
    /// Block definitions of a member.
    BlockDefinitions,
    /// Restricted user groups of a member, hidden from partners.
    RestrictedUsers,
    /// Rota assignment rules of a member.
    RotaRules,
    /// Display logic rules of a member.
    DisplayRules,
    /// Permissions of roles in a zone's authority control task list.
    TaskList,
    /// Report types in a zone's task list.
    ReportTypes,
    /// Permissions to dismiss entries for the whole network, in the Network Zone.
    Dismissal,
}

/// All collections, except those of single e-resources.
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

/// Collections by ID, for the lookup of each collection of each zone.
static COLLECTIONS: LazyLock<[(CollectionId, SettingsCollection); SUBJECTS.len()]> =
    LazyLock::new(|| SUBJECTS.map(|subject| (subject.collection(), subject)));

/// Type of the collections of single e-resources.
const AVAILABILITY: &str = "ElectronicAvailability";

impl SettingsCollection {
    /// Returns the settings collection of an ID; `None` without an effect on answers.
    ///
    /// Collections of single libraries have no effect.
    pub fn from_collection_id(id: &CollectionId) -> Option<Self> {
        match (&*id.kind, &id.table) {
            _ if id.library.is_some() => None,
            (AVAILABILITY, TableName::Code(ids)) => ResourceId::parse(ids).map(Self::Availability),
            // Usual code of the table, if known.
            ("MappingTable", TableName::Code(code)) if **code == *"UserBlockDefinitions" => {
                Some(Self::BlockDefinitions)
            }
            (kind, table) => {
                let named = COLLECTIONS.iter().find(|(id, _)| *id.kind == *kind && id.table == *table);
                named.map(|(_, subject)| subject.clone())
            }
        }
    }

    /// Returns the settings collection of a plan step, by any of its IDs.
    pub fn from_step(step: &PlanStep) -> Option<Self> {
        step.diff.asked.iter().chain([&step.diff.id]).find_map(Self::from_collection_id)
    }

    /// Returns the ID of the collection to read from a zone.
    pub fn collection(&self) -> CollectionId {
        match self {
            Self::ImportPermissions => CollectionId::of_institution("ImportPermissions"),
            Self::AvailabilityGroups => CollectionId::of_institution("AvailabilityGroups"),
            Self::Availability(resource) => CollectionId::with_code(AVAILABILITY, &resource.to_string()),
            Self::LinkedAccountRules => CollectionId::of_institution("LinkedAccountRules"),
            Self::ExternalUserGroups => CollectionId::of_institution("ExternalUserGroups"),
            Self::UserGroups => CollectionId::with_code("CodeTable", "UserGroups"),
            Self::RecordTypes => CollectionId::with_code("MappingTable", alma_codes::RECORD_TYPES_TABLE),
            Self::BlockDescriptions => {
                CollectionId::with_code("CodeTable", alma_codes::BLOCK_DESCRIPTIONS_TABLE)
            }
            Self::BlockDefinitions => CollectionId {
                table: TableName::Title(alma_codes::BLOCK_DEFINITIONS_TITLE.into()),
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

    /// Returns the e-resource of an availability collection.
    pub fn resource(&self) -> Option<&ResourceId> {
        let Self::Availability(resource) = self else { return None };
        Some(resource)
    }

    /// Returns the key fields, under the names that people use.
    pub fn key(&self) -> &'static [&'static str] {
        self.layout().key
    }

    /// Returns true if zones of a role have the collection.
    pub fn is_of(&self, role: ZoneRole) -> bool {
        self.layout().reach.covers(role)
    }

    fn layout(&self) -> CollectionLayout {
        match self {
            Self::ImportPermissions => alma_codes::IMPORT_PERMISSIONS,
            Self::AvailabilityGroups => alma_codes::AVAILABILITY_GROUPS,
            Self::Availability(_) => alma_codes::RESOURCE_GROUPS,
            Self::LinkedAccountRules => alma_codes::LINKED_ACCOUNT_RULES,
            Self::ExternalUserGroups => alma_codes::EXTERNAL_USER_GROUPS,
            Self::UserGroups => alma_codes::USER_GROUPS,
            Self::RecordTypes => alma_codes::RECORD_TYPES,
            Self::BlockDescriptions => alma_codes::BLOCK_DESCRIPTIONS,
            Self::BlockDefinitions => alma_codes::BLOCK_DEFINITIONS,
            Self::RestrictedUsers => alma_codes::RESTRICTED_USERS,
            Self::RotaRules => alma_codes::ROTA_RULES,
            Self::DisplayRules => alma_codes::DISPLAY_RULES,
            Self::TaskList => alma_codes::TASK_LIST,
            Self::ReportTypes => alma_codes::REPORT_TYPES,
            Self::Dismissal => alma_codes::DISMISSAL,
        }
    }
}

/// Formats as `RestrictedUsers`, `CodeTable/UserGroups`.
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
    fn settings_collection_is_found_by_collection_id() {
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

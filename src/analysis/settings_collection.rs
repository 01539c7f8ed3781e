//! Collections that questions need. All other collections have no effect on answers.

use std::fmt;
use std::sync::LazyLock;

use crate::model::alma_codes::{self, CollectionLayout};
use crate::model::network::ZoneRole;
use crate::model::{CollectionId, PlanStep, ResourceId, TableName};

/// Declares the collections: name, ID and layout.
macro_rules! collections {
    ($($(#[$about:meta])* $name:ident = $id:expr, $layout:ident;)*) => {
        /// Collection with an effect on answers.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SettingsCollection {
            $($(#[$about])* $name,)*
            /// Availability groups of one e-resource, in the Network Zone.
            Availability(ResourceId),
        }

        /// All collections, except those of single e-resources.
        const SUBJECTS: &[SettingsCollection] = &[$(SettingsCollection::$name),*];

        impl SettingsCollection {
            /// Returns the ID of the collection to read from a zone.
            pub fn collection(&self) -> CollectionId {
                match self {
                    $(Self::$name => $id,)*
                    Self::Availability(resource) => CollectionId::with_code(AVAILABILITY, &resource.to_string()),
                }
            }

            fn layout(&self) -> CollectionLayout {
                match self {
                    $(Self::$name => alma_codes::$layout,)*
                    Self::Availability(_) => alma_codes::RESOURCE_GROUPS,
                }
            }
        }
    };
}

collections! {
    /// Permissions of members to contribute records to the Network Zone, in the Network Zone.
    ImportPermissions = CollectionId::of_institution("ImportPermissions"), IMPORT_PERMISSIONS;
    /// Availability groups for e-resources, in the Network Zone.
    AvailabilityGroups = CollectionId::of_institution("AvailabilityGroups"), AVAILABILITY_GROUPS;
    /// Linked account rules of a member.
    LinkedAccountRules = CollectionId::of_institution("LinkedAccountRules"), LINKED_ACCOUNT_RULES;
    /// External user groups of a member.
    ExternalUserGroups = CollectionId::of_institution("ExternalUserGroups"), EXTERNAL_USER_GROUPS;
    /// User groups of a member.
    UserGroups = alma_codes::user_groups(), USER_GROUPS;
    /// Record types of a member's user groups.
    RecordTypes = alma_codes::record_types(), RECORD_TYPES;
    /// Block descriptions of a member.
    BlockDescriptions = alma_codes::block_descriptions(), BLOCK_DESCRIPTIONS;
    /// Block definitions of a member.
    BlockDefinitions = alma_codes::block_definitions(), BLOCK_DEFINITIONS;
    /// Restricted user groups of a member, hidden from partners.
    RestrictedUsers = CollectionId::of_institution("RestrictedUsers"), RESTRICTED_USERS;
    /// Rota assignment rules of a member.
    RotaRules = CollectionId::of_institution("RotaAssignmentRules"), ROTA_RULES;
    /// Display logic rules of a member.
    DisplayRules = CollectionId::of_institution("DisplayLogicRules"), DISPLAY_RULES;
    /// Permissions of roles in a zone's authority control task list.
    TaskList = CollectionId::of_institution("AuthorityTaskList"), TASK_LIST;
    /// Report types in a zone's task list.
    ReportTypes = CollectionId::of_institution("AuthorityReportTypes"), REPORT_TYPES;
    /// Permissions to dismiss entries for the whole network, in the Network Zone.
    Dismissal = CollectionId::of_institution("AuthorityDismissal"), DISMISSAL;
}

/// Collections by ID, for the lookup of each collection of each zone.
static COLLECTIONS: LazyLock<Vec<(CollectionId, &SettingsCollection)>> =
    LazyLock::new(|| SUBJECTS.iter().map(|subject| (subject.collection(), subject)).collect());

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
                named.map(|(_, subject)| (*subject).clone())
            }
        }
    }

    /// Returns the settings collection of a plan step, by any of its IDs.
    pub fn from_step(step: &PlanStep) -> Option<Self> {
        step.diff.asked.iter().chain([&step.diff.id]).find_map(Self::from_collection_id)
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
        for subject in SUBJECTS.iter().cloned().chain(resource) {
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

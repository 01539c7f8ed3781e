//! Codes of Alma and zonal that manifests write and answers contain, each with the source of the fact.

use schemars::{Schema, SchemaGenerator};

use super::address::{CollectionId, TableName};
use super::network::ZoneRole;

/// Last editor of records that a distribution job of the Network Zone wrote (Alma's pages on central
/// configuration).
pub const NETWORK_EDITOR: &str = "Network";

/// Closed list of words, for arguments and facts.
#[derive(Debug, Clone, Copy)]
pub struct WordList {
    /// Words in manifests, each with the word in answers and on Alma's pages.
    pub words: &'static [(&'static str, &'static str)],
    /// Schema of the words, with a description of each.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

impl WordList {
    /// Returns the word in answers for a word in manifests or answers.
    pub fn find(&self, text: &str) -> Option<&'static str> {
        self.words.iter().find(|(code, name)| *code == text || *name == text).map(|(_, name)| *name)
    }

    /// Returns the words in answers.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.words.iter().map(|(_, name)| *name)
    }
}

/// Declares enums of words: the word in manifests, then the word in answers if different.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident {
        $($(#[$about_word:meta])* $word:ident = $text:literal $(=> $shown:literal)?,)*
    })*) => { $(
        $(#[$about])*
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
        pub enum $name {
            $($(#[$about_word])* #[serde(rename = $text)] $word,)*
        }

        impl $name {
            /// All words.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];
            /// Words, for definitions of questions.
            pub const WORDS: WordList = WordList {
                words: &[$(($text, Self::$word.as_str())),*],
                schema: |generator| generator.subschema_for::<Self>(),
            };

            /// Returns the word in answers and on Alma's pages.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => words!(@last $text $($shown)?),)*
                }
            }

            /// Returns the value of a word in answers.
            pub fn from_word(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
    (@last $text:literal) => { $text };
    (@last $text:literal $shown:literal) => { $shown };
}

words! {
    /// Type of record that members contribute to the Network Zone.
    RecordType {
        /// Bibliographic records.
        Bibliographic = "bibliographic",
        /// Authority records.
        Authority = "authority",
    }
    /// Permission.
    ImportPermission {
        /// Allows the action.
        Allowed = "allow",
        /// Denies the action.
        Denied = "deny",
    }
    /// Channel of records into the Network Zone.
    ImportChannel {
        /// Import profiles.
        Profile = "import-profile",
        /// Share with Network.
        Share = "share-with-network",
        /// Linking job with `Contribute IZ records`.
        LinkingJob = "link-and-contribute",
        /// New records placed in the network.
        NewRecord = "new-record",
        /// Copies from the Community Zone.
        CommunityCopy = "copy-from-community-zone",
    }
    /// Decisive level of an e-resource.
    ResourceLevel {
        /// E-collection.
        Collection = "e-collection",
        /// E-service.
        Service = "e-service",
        /// Portfolio.
        Portfolio = "portfolio",
    }
    /// Reason for no access to an e-resource.
    AccessRefusal {
        /// No group with access includes the member.
        NotInGroup = "not-in-group",
        /// The part of the member with access has no IP range.
        NoIpRange = "no-ip-range",
        /// The user's address is outside all IP ranges.
        OutsideIpRange = "outside-ip-range",
        /// The member hides the resource.
        HiddenLocally = "hidden-locally",
        /// A wider level grants access, but a narrower level excludes the member.
        Narrowed = "narrowed",
    }
    /// Action blocked by a patron block.
    BlockedService {
        /// Loan.
        Loan = "loan",
        /// Renewal.
        Renew = "renew",
        /// Hold request.
        Hold = "hold",
        /// Interlibrary loan.
        InterlibraryLoan = "ill",
    }
    /// Actions blocked for a user.
    BlockedAction {
        /// Loans.
        Loan = "01",
        /// Loans and renewals.
        Renew = "02",
        /// Loans, renewals and hold requests.
        Hold = "03",
        /// Interlibrary loans, only if Ex Libris added this action.
        InterlibraryLoan = "04",
        /// All of these actions, only if Ex Libris added this action.
        Everything = "05",
    }
    /// Roles with access to the list, from Alma's documentation.
    AuthorityRole {
        /// Cataloger.
        Cataloger = "Cataloger",
        /// Catalog Manager.
        CatalogManager = "Catalog Manager",
        /// Catalog Administrator.
        CatalogAdministrator = "Catalog Administrator",
    }
    /// Reports of authority control, from Alma's documentation.
    AuthorityReport {
        /// A heading was linked. Alma shows this report only if the customer parameter
        /// `authority_control_link_available` is `true`.
        Linked = "linked",
        /// No authority record matched a heading.
        LinkingNoMatch = "linking-no-match" => "linking no match",
        /// Several authority records matched a heading.
        LinkingAmbiguous = "linking-ambiguous" => "linking ambiguous",
        /// A redirection to another identifier changed a link.
        LinkRedirected = "link-redirected" => "link changed by redirection",
        /// The preferred term replaced a heading.
        PreferredTermUpdated = "preferred-term-updated" => "preferred term updated",
        /// Several authority records have the identifier of the preferred term.
        PreferredTermAmbiguous = "preferred-term-ambiguous" => "preferred term multiple same ID",
        /// The authority record has no authorized term.
        PreferredTermMissing = "preferred-term-missing" => "preferred term no authorised term",
        /// The preferred term replaced a heading and its tag.
        PreferredTermTagUpdated = "preferred-term-tag-updated" => "preferred term updated and tag modified",
        /// An authority record was deleted and the heading unlinked.
        AuthorityDeleted = "authority-deleted" => "authority deleted",
        /// An authority record was updated.
        AuthorityUpdated = "authority-updated" => "authority updated",
    }
}

impl RecordType {
    /// Returns the channels into the Network Zone, each with its text, from Alma's help and pages of consortia.
    pub fn channels(self) -> &'static [(ImportChannel, &'static str)] {
        match self {
            Self::Bibliographic => &[
                (ImportChannel::Profile, "import profiles that use the Network Zone"),
                (ImportChannel::Share, "Share with Network"),
                (ImportChannel::LinkingJob, "the linking job with `Contribute IZ records`"),
                (ImportChannel::NewRecord, "new records placed in the network"),
                (ImportChannel::CommunityCopy, "copies from the Community Zone"),
            ],
            Self::Authority => &[
                (ImportChannel::Profile, "import profiles of authorities"),
                (ImportChannel::NewRecord, "new authorities placed in the network"),
            ],
        }
    }
}

impl BlockedAction {
    /// Returns the blocked services. The meaning of the last two follows the documentation of consortia.
    pub fn services(self) -> &'static [BlockedService] {
        use BlockedService::{Hold, InterlibraryLoan, Loan, Renew};
        match self {
            Self::Loan => &[Loan],
            Self::Renew => &[Loan, Renew],
            Self::Hold => &[Loan, Renew, Hold],
            Self::InterlibraryLoan => &[InterlibraryLoan],
            Self::Everything => &[Loan, Renew, Hold, InterlibraryLoan],
        }
    }

    /// Returns true for actions of every institution. Ex Libris adds the others on request, according to
    /// consortia.
    pub fn is_delivered(self) -> bool {
        match self {
            Self::Loan | Self::Renew | Self::Hold => true,
            Self::InterlibraryLoan | Self::Everything => false,
        }
    }
}

/// Type and description of a copied patron block.
///
/// The description is inferred from the settings of consortia; the type is in the release notes of 2017.
pub const COPIED_BLOCK: &str = "CONSORTIA";
/// ID of the definition of a block that a target institution sent back to the source (Alma's help).
pub const SENT_BACK_BLOCK: &str = "FROM_TARGET";
/// Name of Alma's default linked account rule, always present and always last.
pub const DEFAULT_RULE: &str = "Default";
/// Record type of users without another declared type: the public (Alma's default).
pub const PUBLIC_RECORD_TYPE: &str = "PUBLIC";
/// Code of the table of record types of user groups (Alma's REST API).
pub const RECORD_TYPES_TABLE: &str = "UserRecordTypeUserGroup";
/// Code of the table of block descriptions (Alma's REST API).
pub const BLOCK_DESCRIPTIONS_TABLE: &str = "UserBlockDescription";
/// Code of the table of user groups (Alma's REST API).
pub const USER_GROUPS_TABLE: &str = "UserGroups";
/// Title of the table of block definitions.
pub const BLOCK_DEFINITIONS_TITLE: &str = "User Block Definitions";

/// Returns the table of user groups.
pub fn user_groups() -> CollectionId {
    CollectionId::with_code("CodeTable", USER_GROUPS_TABLE)
}

/// Returns the table of record types of user groups.
pub fn record_types() -> CollectionId {
    CollectionId::with_code("MappingTable", RECORD_TYPES_TABLE)
}

/// Returns the table of block descriptions.
pub fn block_descriptions() -> CollectionId {
    CollectionId::with_code("CodeTable", BLOCK_DESCRIPTIONS_TABLE)
}

/// Returns the table of block definitions, by title.
///
/// The code in the API is not certain, so zonal looks up the title in each zone's own list.
pub fn block_definitions() -> CollectionId {
    CollectionId {
        table: TableName::Title(BLOCK_DEFINITIONS_TITLE.into()),
        ..CollectionId::of_institution("MappingTable")
    }
}

/// Zones with the collections of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneCoverage {
    /// Members.
    Members,
    /// Network Zone.
    Network,
    /// All zones.
    All,
}

impl ZoneCoverage {
    /// Returns true if zones of this role have the collections.
    pub fn covers(self, role: ZoneRole) -> bool {
        match (self, role) {
            (Self::All, _) | (Self::Members, ZoneRole::Member) | (Self::Network, ZoneRole::Network) => true,
            (Self::Members, ZoneRole::Network) | (Self::Network, ZoneRole::Member) => false,
        }
    }
}

/// Key fields of a collection, and the zones with the collection.
///
/// Ex Libris publishes no record format for collections outside the API; these names come from the labels of
/// Alma's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectionLayout {
    /// Key fields of a record, under the names that people use.
    pub key: &'static [&'static str],
    /// Zones with the collection.
    pub reach: ZoneCoverage,
}

/// Declares the layouts of collections.
macro_rules! layouts {
    ($($(#[$about:meta])* $name:ident: $reach:ident $key:expr;)*) => { $(
        $(#[$about])*
        pub const $name: CollectionLayout = CollectionLayout { key: &$key, reach: ZoneCoverage::$reach };
    )* };
}

layouts! {
    /// Permissions of members to contribute records.
    IMPORT_PERMISSIONS: Network ["institution"];
    /// Availability groups.
    AVAILABILITY_GROUPS: Network ["name"];
    /// Availability groups of one e-resource.
    RESOURCE_GROUPS: Network ["group"];
    /// Linked account rules.
    LINKED_ACCOUNT_RULES: Members ["name"];
    /// External user groups.
    EXTERNAL_USER_GROUPS: Members ["code"];
    /// User groups.
    USER_GROUPS: Members ["code"];
    /// Record types of user groups.
    RECORD_TYPES: Members ["Record Type", "User Group"];
    /// Block descriptions.
    BLOCK_DESCRIPTIONS: Members ["code"];
    /// Block definitions.
    BLOCK_DEFINITIONS: Members ["ID"];
    /// Restricted user groups.
    RESTRICTED_USERS: Members ["userGroup"];
    /// Rota assignment rules.
    ROTA_RULES: Members ["name"];
    /// Display logic rules.
    DISPLAY_RULES: Members ["name"];
    /// Permissions of roles in the authority control task list.
    TASK_LIST: All ["role"];
    /// Report types in the task list.
    REPORT_TYPES: All ["reportType"];
    /// Permissions to dismiss entries for the whole network.
    DISMISSAL: Network ["institution", "role"];
}

#[cfg(test)]
mod tests {
    use super::{AuthorityReport, BlockedAction};

    #[test]
    fn word_is_found_by_manifest_code_and_by_name() {
        let words = AuthorityReport::WORDS;
        assert_eq!(words.find("link-redirected"), Some("link changed by redirection"));
        assert_eq!(words.find("link changed by redirection"), Some("link changed by redirection"));
        assert_eq!(words.find("redirected"), None);
        assert_eq!(BlockedAction::from_word("03"), Some(BlockedAction::Hold));
        assert_eq!(BlockedAction::from_word("06"), None);
    }
}

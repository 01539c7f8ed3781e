//! The catalogue of what a manifest can describe: one file for each kind, and the list of them.
//!
//! Adding a kind is one new file and one line in [`KINDS`].

mod authority_task_list;
mod availability_group;
mod block_sharing;
mod code_table;
mod electronic_availability;
mod expansion;
mod expectation;
mod fulfillment_rules;
mod import_permissions;
mod institution_relations;
mod letter;
mod library_relations;
mod linked_account_sync;
mod linking_rules;
mod manifest_conflicts;
mod manifest_expansion;
mod mapping_table;
mod network;
mod open_hours;
mod policy;
mod row_checks;
mod row_expansion;
mod schema;
mod stylesheet;
mod support_services;
mod table_manifest;
mod terms_of_use;
mod user_groups;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use self::authority_task_list::report_names;
pub use self::expansion::Expansion;
pub use self::schema::schemas;
pub use self::support_services::PRIVILEGES;

use crate::manifest::deserialize::{self, DeserializeError};
use crate::manifest::parallel::parallel_map;
use crate::manifest::schema_check::ManifestSchema;
use crate::manifest::yaml_node::YamlNode;
use crate::manifest::{self, CatalogKind, Manifest, ManifestHeader};
use crate::model::network::ZoneRole;
use crate::model::{CollectionShape, DesiredState, Diagnostic, Expectation, Network, Policy};

/// Makes the list, so that its length need not be counted.
macro_rules! kinds {
    ($($spec:ty,)*) => {
        /// All kinds.
        pub static KINDS: [ManifestKind; [$(stringify!($spec)),*].len()] = [$(ManifestKind::for_spec::<$spec>()),*];
    };
}

kinds! {
    network::NetworkSpec,
    code_table::CodeTableSpec,
    mapping_table::MappingTableSpec,
    letter::LetterSpec,
    library_relations::LibraryRelationsSpec,
    institution_relations::InstitutionRelationsSpec,
    open_hours::OpenHoursSpec,
    import_permissions::ImportPermissionsSpec,
    electronic_availability::ElectronicAvailabilitySpec,
    linking_rules::LinkingRulesSpec,
    linked_account_sync::LinkedAccountSyncSpec,
    user_groups::UserGroupsSpec,
    block_sharing::BlockSharingSpec,
    terms_of_use::TermsOfUseSpec,
    fulfillment_rules::FulfillmentRulesSpec,
    availability_group::AvailabilityGroupSpec,
    authority_task_list::AuthorityTaskListSpec,
    support_services::SupportServicesSpec,
    policy::PolicySpec,
    expectation::ExpectationSpec,
}

/// What a kind has to say for itself. The doc comments of the type and its fields become the
/// descriptions of its schema.
pub trait KindSpec: ManifestSpec + DeserializeOwned + JsonSchema {
    /// Its name, as manifests spell it.
    const NAME: &'static str;
    /// What it is for, in one sentence.
    const SUMMARY: &'static str;
    /// The types of collection that its records can be in.
    const COLLECTIONS: &'static [&'static str];
    /// Whose zones have them.
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Members;
    /// Those that Alma's public API does not reach. The emulator's gateway serves them so.
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[];

    /// How a type of collection behaves, where it is this kind's own.
    fn shape(_collection: &str) -> Option<Arc<CollectionShape>> {
        None
    }
}

/// A type of collection that Alma's public API does not reach. No vendor has published what its records
/// look like: these are the project's own words for what Alma's pages show.
#[derive(Debug)]
pub struct GatewayCollection {
    /// Its name.
    pub kind: &'static str,
    /// Whose zones have it.
    pub reach: ZoneCoverage,
    /// The fields that identify a record.
    pub key: &'static [&'static str],
    /// All others; `*` where a field may be called anything.
    pub fields: &'static [&'static str],
}

impl GatewayCollection {
    /// Whether records have such a field.
    pub fn has_field(&self, field: &str) -> bool {
        self.key.contains(&field) || self.fields.contains(&field) || self.fields.contains(&"*")
    }
}

/// A manifest of any kind.
pub type KindManifest = Manifest<Box<dyn ManifestSpec>>;

/// The spec of one manifest of any kind.
pub trait ManifestSpec: Any + fmt::Debug + Send + Sync {
    /// What is wrong with the manifest, whatever the network looks like.
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic>;

    /// What the manifest wants of the zones of the network, and what is wrong with that.
    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>);
}

/// Whose zones have what a kind speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneCoverage {
    /// Members.
    Members,
    /// The network zone.
    Network,
    /// Both.
    All,
}

impl ZoneCoverage {
    /// Whether zones of a role have it.
    pub fn covers(self, role: ZoneRole) -> bool {
        match (self, role) {
            (Self::All, _) | (Self::Members, ZoneRole::Member) | (Self::Network, ZoneRole::Network) => true,
            (Self::Members, ZoneRole::Network) | (Self::Network, ZoneRole::Member) => false,
        }
    }
}

/// One kind of manifest.
pub struct ManifestKind {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The types of collection that its records can be in.
    pub collections: &'static [&'static str],
    /// Whose zones have them.
    pub reach: ZoneCoverage,
    /// Those that Alma's public API does not reach.
    pub gateway: &'static [GatewayCollection],
    read: fn(&YamlNode) -> Result<Box<dyn ManifestSpec>, DeserializeError>,
    shape: fn(&str) -> Option<Arc<CollectionShape>>,
    make_schema: fn() -> serde_json::Value,
    schema: OnceLock<ManifestSchema>,
}

impl ManifestKind {
    const fn for_spec<S: KindSpec>() -> Self {
        Self {
            name: S::NAME,
            about: S::SUMMARY,
            collections: S::COLLECTIONS,
            reach: S::ZONE_COVERAGE,
            gateway: S::GATEWAY_COLLECTIONS,
            read: |node| {
                deserialize::deserialize_node::<S>(node).map(|spec| Box::new(spec) as Box<dyn ManifestSpec>)
            },
            shape: S::shape,
            make_schema: schema::manifest_schema::<S>,
            schema: OnceLock::new(),
        }
    }
}

impl CatalogKind for ManifestKind {
    type Spec = Box<dyn ManifestSpec>;

    fn name(&self) -> &'static str {
        self.name
    }

    /// The schema of whole manifests of this kind, compiled once.
    fn schema(&self) -> &ManifestSchema {
        self.schema.get_or_init(|| ManifestSchema::new((self.make_schema)()))
    }

    fn parse_spec(&self, spec: &YamlNode) -> Result<Self::Spec, DeserializeError> {
        (self.read)(spec)
    }

    fn validate(head: &ManifestHeader, spec: &Self::Spec) -> Vec<Diagnostic> {
        spec.validate(head)
    }

    fn find_network(
        manifests: &[KindManifest],
        environment: Option<&str>,
    ) -> (Option<Network>, Vec<Diagnostic>) {
        network::find(manifests, environment)
    }
}

impl fmt::Debug for ManifestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}

/// The policies among the manifests, in their order.
pub fn policies(manifests: &[KindManifest]) -> Vec<Policy> {
    policy::collect_policies(manifests)
}

/// What the manifests expect of answers, in their order, and everything that is wrong with it in this network. Where
/// anything is an error, what is expected is not whole.
pub fn expectations(network: &Network, manifests: &[KindManifest]) -> (Vec<Expectation>, Vec<Diagnostic>) {
    expectation::collect_expectations(network, manifests)
}

/// How a type of collection behaves, whichever kinds speak of it; `None` for a type that there is not.
pub fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
    KINDS.iter().find_map(|kind| (kind.shape)(collection))
}

/// What all manifests want of all zones of the network, and everything that is wrong with it. Where
/// anything is an error, here or in what was loaded, what is wanted is not whole.
pub fn expand(network: &Network, manifests: &[KindManifest]) -> (DesiredState, Vec<Diagnostic>) {
    let expansions = parallel_map(manifests, |Manifest { head, spec }| {
        let mut expansion = Expansion::new(network);
        spec.expand(head, network, &mut expansion);
        expansion
    });
    let expansion = expansions.into_iter().fold(Expansion::new(network), Expansion::merge);
    let (desired, doubts, mut problems) = expansion.finish();
    problems.extend(manifest_conflicts::find(network, &desired, &doubts));
    problems.extend(availability_group::differ_only_in_case(&desired));
    manifest::sort(&mut problems);
    (desired, problems)
}

#[cfg(test)]
mod tests {
    use super::{KINDS, shape};

    #[test]
    fn it_is_known_how_each_type_of_collection_behaves() {
        for collection in KINDS.iter().flat_map(|kind| kind.collections) {
            assert!(shape(collection).is_some(), "{collection}");
        }
        assert_eq!(shape("NoSuchThing"), None);
    }
}

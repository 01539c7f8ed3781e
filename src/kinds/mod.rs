//! Catalog of the manifest kinds: one file per kind, and their list [`KINDS`].
//!
//! A new kind needs one new file and one line in [`KINDS`].

mod authority_task_list;
mod availability_group;
mod block_sharing;
mod code_table;
mod collection_shape;
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
mod shared_forms;
mod stylesheet;
mod support_services;
mod table_export;
mod table_manifest;
mod terms_of_use;
mod user_groups;
mod way_back;
pub mod zone_text;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use self::collection_shape::shape;
pub use self::expansion::Expansion;
pub use self::network::{AlmaRegion, parse_base_url, sends_keys_in_the_open};
pub use self::schema::schemas;
pub use self::support_services::PRIVILEGES;
pub use self::table_export::{ClaimedRows, ExportedTable, ObservedTable, UndeclarableTable, export_table};
pub use self::way_back::{
    CollectionSource, ExplainOmission, ExportKind, ObservedSettings, ZoneRecord, distribution_comment,
    kebab_case,
};

use crate::manifest::deserialize::{self, DeserializeError};
use crate::manifest::parallel::parallel_map;
use crate::manifest::schema_check::ManifestSchema;
use crate::manifest::yaml_node::YamlNode;
use crate::manifest::{self, CatalogKind, Manifest, ManifestHeader, diagnostic_codes};
pub use crate::model::alma_codes::ZoneCoverage;
use crate::model::network::ZoneRole;
use crate::model::{
    CollectionId, CollectionShape, DesiredState, Diagnostic, Expectation, Network, Policy, manifest_kind,
};

/// Builds the list of kinds with its length.
macro_rules! kinds {
    ($($spec:ty,)*) => {
        /// All manifest kinds.
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

/// Static properties of a manifest kind. The schema descriptions come from the doc comments of the type and
/// its fields.
pub trait KindSpec: ManifestSpec + DeserializeOwned + JsonSchema {
    /// Kind name, as in `kind:` of a manifest.
    const NAME: &'static str;
    /// Summary in one sentence.
    const SUMMARY: &'static str;
    /// Collection types of the kind's records.
    const COLLECTIONS: &'static [&'static str];
    /// Zones with these collections.
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Members;
    /// Collection types outside Alma's public API. The emulator's gateway serves them.
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[];
    /// Former collection types: an older zonal wrote them to zones. Applied states, plans and gateways may still
    /// contain them; zonal drops them and never deletes their records.
    const RETIRED_COLLECTIONS: &'static [&'static str] = &[];

    /// Way back, from records of zones to manifests of this kind; `None` for a kind that `export` leaves out.
    const EXPORT: Option<ExportKind> = None;
    /// Tables that the way back needs beside the collections of the gateway, named as in the desired state.
    const EXPORT_TABLES: &'static [fn() -> CollectionId] = &[];
    /// Source of the other collections that the way back needs.
    const EXPORT_SOURCE: CollectionSource = CollectionSource::Gateway;
    /// Reason why the kind cannot declare a record.
    const EXPLAIN_OMISSION: ExplainOmission = |_, _| None;

    /// Returns the shape of a collection type of this kind, or `None` for any foreign type. Other kinds that
    /// write to the collection get this shape from [`shape`].
    fn shape(_collection: &str) -> Option<Arc<CollectionShape>> {
        None
    }
}

/// Collection type outside Alma's public API. Ex Libris publishes no record format for these collections; the
/// field names here are zonal's own, taken from the labels of Alma's pages.
#[derive(Debug)]
pub struct GatewayCollection {
    /// Name of the collection type.
    pub kind: &'static str,
    /// Zones with this collection.
    pub reach: ZoneCoverage,
    /// Key fields of a record.
    pub key: &'static [&'static str],
    /// Remaining fields; `*` allows any field name.
    pub fields: &'static [&'static str],
}

impl GatewayCollection {
    /// Returns true if records have this field.
    pub fn has_field(&self, field: &str) -> bool {
        self.key.contains(&field) || self.fields.contains(&field) || self.fields.contains(&"*")
    }
}

/// Manifest of any kind.
pub type KindManifest = Manifest<Box<dyn ManifestSpec>>;

/// Parsed `spec` of one manifest.
pub trait ManifestSpec: Any + fmt::Debug + Send + Sync {
    /// Checks the manifest alone, without the network.
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic>;

    /// Expands the manifest to desired records per zone, and reports problems.
    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>);
}

/// Manifest kind.
pub struct ManifestKind {
    /// Kind name.
    pub name: &'static str,
    /// Summary.
    pub about: &'static str,
    /// Collection types of the kind's records.
    pub collections: &'static [&'static str],
    /// Zones with these collections.
    pub reach: ZoneCoverage,
    /// Collection types outside Alma's public API.
    pub gateway: &'static [GatewayCollection],
    /// Former collection types of the kind, which zonal drops.
    pub retired: &'static [&'static str],
    read: fn(&YamlNode) -> Result<Box<dyn ManifestSpec>, DeserializeError>,
    shape: fn(&str) -> Option<Arc<CollectionShape>>,
    /// Way back, from records of zones to manifests of the kind.
    pub export: Option<ExportKind>,
    /// Tables that the way back needs.
    pub export_tables: &'static [fn() -> CollectionId],
    /// Source of the other collections that the way back needs.
    pub export_source: CollectionSource,
    /// Reason why the kind cannot declare a record.
    pub explain_omission: ExplainOmission,
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
            retired: S::RETIRED_COLLECTIONS,
            read: |node| {
                deserialize::deserialize_node::<S>(node).map(|spec| Box::new(spec) as Box<dyn ManifestSpec>)
            },
            shape: S::shape,
            export: S::EXPORT,
            export_tables: S::EXPORT_TABLES,
            export_source: S::EXPORT_SOURCE,
            explain_omission: S::EXPLAIN_OMISSION,
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

    fn writes_zones(&self) -> bool {
        !self.collections.is_empty()
    }

    /// Returns the schema of complete manifests of this kind, compiled once.
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

/// Returns true for a former collection type, which no zone is asked for any more.
pub fn is_retired(collection: &str) -> bool {
    KINDS.iter().any(|kind| kind.retired.contains(&collection))
}

/// Returns false for a manifest, given as kind and name, of a kind without records in any zone.
pub fn may_have_records(manifest: &str) -> bool {
    let name = manifest_kind(manifest);
    KINDS.iter().find(|kind| kind.name == name).is_none_or(|kind| !kind.collections.is_empty())
}

/// Returns the policies of the manifests, in manifest order.
pub fn policies(manifests: &[KindManifest]) -> Vec<Policy> {
    policy::collect_policies(manifests)
}

/// Returns the expectations of the manifests in manifest order, and their problems in this network. The
/// expectations are incomplete if any problem is an error.
pub fn expectations(network: &Network, manifests: &[KindManifest]) -> (Vec<Expectation>, Vec<Diagnostic>) {
    expectation::collect_expectations(network, manifests)
}

/// Returns one problem per manifest whose kind has records in the Network Zone only, for a network without one.
fn without_network_zone(network: &Network, manifests: &[KindManifest]) -> Vec<Diagnostic> {
    let has_network_zone = network.zones.iter().any(|zone| zone.role == ZoneRole::Network);
    if has_network_zone || network.unread {
        return Vec::new();
    }
    let needs_network_zone = |head: &ManifestHeader| {
        let kind = KINDS.iter().find(|kind| kind.name == head.kind);
        kind.is_some_and(|kind| kind.reach == ZoneCoverage::Network && !kind.collections.is_empty())
    };
    let heads = manifests.iter().map(|manifest| &manifest.head).filter(|head| needs_network_zone(head));
    let problem = |head: &ManifestHeader| {
        let message = format!("`{}` needs a Network Zone, and the network has none", head.kind);
        Diagnostic::error(diagnostic_codes::NO_NETWORK_ZONE, head.span(), message)
            .help("add `networkZone` to the Network manifest, or remove this manifest")
    };
    heads.map(problem).collect()
}

/// Returns the desired state of all zones, and the problems of the manifests. The state is incomplete after
/// any error here or during loading.
pub fn expand(network: &Network, manifests: &[KindManifest]) -> (DesiredState, Vec<Diagnostic>) {
    let expansions = parallel_map(manifests, |Manifest { head, spec }| {
        let mut expansion = Expansion::new(network);
        spec.expand(head, network, &mut expansion);
        expansion
    });
    let expansion = expansions.into_iter().fold(Expansion::new(network), Expansion::merge);
    let (desired, doubts, mut problems) = expansion.finish();
    problems.extend(without_network_zone(network, manifests));
    problems.extend(manifest_conflicts::find(network, &desired, &doubts));
    problems.extend(availability_group::differ_only_in_case(&desired));
    problems.extend(linked_account_sync::overlaps(&desired));
    manifest::sort(&mut problems);
    (desired, problems)
}

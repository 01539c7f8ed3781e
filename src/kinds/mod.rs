//! The catalogue of what a manifest can describe: one file for each kind, and the list of them.
//!
//! Adding a kind is one new file and one line in [`KINDS`].

mod authority_task_list;
mod availability_group;
mod block_sharing;
mod code_table;
mod conflicts;
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
mod mapping_table;
mod network;
mod open_hours;
mod policy;
mod records;
mod rows;
mod schema;
mod scope;
mod support_services;
mod table;
mod terms_of_use;
mod user_groups;
mod xsl;

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use self::authority_task_list::report_names;
pub use self::expansion::Expansion;
pub use self::schema::schemas;
pub use self::support_services::PRIVILEGES;

use crate::manifest::check::Schema;
use crate::manifest::node::Node;
use crate::manifest::spread::spread;
use crate::manifest::typed::{self, Misfit};
use crate::manifest::{self, Head, Manifest};
use crate::model::network::Role;
use crate::model::{Desired, Diagnostic, Expectation, Network, Policy, Shape};

/// Makes the list, so that its length need not be counted.
macro_rules! kinds {
    ($($spec:ty,)*) => {
        /// All kinds.
        pub static KINDS: [Kind; [$(stringify!($spec)),*].len()] = [$(Kind::of::<$spec>()),*];
    };
}

kinds! {
    network::NetworkSpec,
    code_table::CodeTable,
    mapping_table::MappingTable,
    letter::Letter,
    library_relations::LibraryRelations,
    institution_relations::InstitutionRelations,
    open_hours::OpenHours,
    import_permissions::ImportPermissions,
    electronic_availability::ElectronicAvailability,
    linking_rules::LinkingRules,
    linked_account_sync::LinkedAccountSync,
    user_groups::UserGroups,
    block_sharing::BlockSharing,
    terms_of_use::TermsOfUse,
    fulfillment_rules::FulfillmentRules,
    availability_group::AvailabilityGroup,
    authority_task_list::AuthorityTaskList,
    support_services::SupportServices,
    policy::Policy,
    expectation::Expectation,
}

/// What a kind has to say for itself. The doc comments of the type and its fields become the
/// descriptions of its schema.
pub trait KindSpec: Spec + DeserializeOwned + JsonSchema {
    /// Its name, as manifests spell it.
    const NAME: &'static str;
    /// What it is for, in one sentence.
    const ABOUT: &'static str;
    /// The types of collection that its records can be in.
    const COLLECTIONS: &'static [&'static str];
    /// Whose zones have them.
    const REACH: Reach = Reach::Members;
    /// Those that Alma's public API does not reach. The emulator's gateway serves them so.
    const GATEWAY: &'static [GatewayCollection] = &[];

    /// How a type of collection behaves, where it is this kind's own.
    fn shape(_collection: &str) -> Option<Arc<Shape>> {
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
    pub reach: Reach,
    /// The fields that identify a record.
    pub key: &'static [&'static str],
    /// All others; `*` where a field may be called anything.
    pub fields: &'static [&'static str],
}

impl GatewayCollection {
    /// Whether records have such a field.
    pub fn has(&self, field: &str) -> bool {
        self.key.contains(&field) || self.fields.contains(&field) || self.fields.contains(&"*")
    }
}

/// The spec of one manifest of any kind.
pub trait Spec: Any + fmt::Debug + Send + Sync {
    /// What is wrong with the manifest, whatever the network looks like.
    fn check(&self, head: &Head) -> Vec<Diagnostic>;

    /// What the manifest wants of the zones of the network, and what is wrong with that.
    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>);
}

/// Whose zones have what a kind speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Members.
    Members,
    /// The network zone.
    Network,
    /// Both.
    All,
}

impl Reach {
    /// Whether zones of a role have it.
    pub fn is(self, role: Role) -> bool {
        match (self, role) {
            (Self::All, _) | (Self::Members, Role::Member) | (Self::Network, Role::Network) => true,
            (Self::Members, Role::Network) | (Self::Network, Role::Member) => false,
        }
    }
}

/// One kind of manifest.
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The types of collection that its records can be in.
    pub collections: &'static [&'static str],
    /// Whose zones have them.
    pub reach: Reach,
    /// Those that Alma's public API does not reach.
    pub gateway: &'static [GatewayCollection],
    read: fn(&Node) -> Result<Box<dyn Spec>, Misfit>,
    shape: fn(&str) -> Option<Arc<Shape>>,
    make_schema: fn() -> serde_json::Value,
    schema: OnceLock<Schema>,
}

impl Kind {
    const fn of<S: KindSpec>() -> Self {
        Self {
            name: S::NAME,
            about: S::ABOUT,
            collections: S::COLLECTIONS,
            reach: S::REACH,
            gateway: S::GATEWAY,
            read: |node| typed::read::<S>(node).map(|spec| Box::new(spec) as Box<dyn Spec>),
            shape: S::shape,
            make_schema: schema::of::<S>,
            schema: OnceLock::new(),
        }
    }

    /// The schema of whole manifests of this kind, compiled once.
    pub fn schema(&self) -> &Schema {
        self.schema.get_or_init(|| Schema::new((self.make_schema)()))
    }

    /// Reads the `spec` of a manifest that has passed the schema.
    pub fn read(&self, spec: &Node) -> Result<Box<dyn Spec>, Misfit> {
        (self.read)(spec)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}

/// The network that the manifests describe, with one environment laid over it.
pub fn network(manifests: &[Manifest], environment: Option<&str>) -> (Option<Network>, Vec<Diagnostic>) {
    network::find(manifests, environment)
}

/// The policies among the manifests, in their order.
pub fn policies(manifests: &[Manifest]) -> Vec<Policy> {
    policy::all(manifests)
}

/// What the manifests expect of answers, in their order, and everything that is wrong with it in this network. Where
/// anything is an error, what is expected is not whole.
pub fn expectations(network: &Network, manifests: &[Manifest]) -> (Vec<Expectation>, Vec<Diagnostic>) {
    expectation::all(network, manifests)
}

/// How a type of collection behaves, whichever kinds speak of it; `None` for a type that there is not.
pub fn shape(collection: &str) -> Option<Arc<Shape>> {
    KINDS.iter().find_map(|kind| (kind.shape)(collection))
}

/// What all manifests want of all zones of the network, and everything that is wrong with it. Where
/// anything is an error, here or in what was loaded, what is wanted is not whole.
pub fn expand(network: &Network, manifests: &[Manifest]) -> (Desired, Vec<Diagnostic>) {
    let expansions = spread(manifests, |Manifest { head, spec }| {
        let mut expansion = Expansion::new(network);
        spec.expand(head, network, &mut expansion);
        expansion
    });
    let expansion = expansions.into_iter().fold(Expansion::new(network), Expansion::and);
    let (desired, doubts, mut problems) = expansion.finish();
    problems.extend(conflicts::find(network, &desired, &doubts));
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

//! `ElectronicAvailability`: which groups an e-resource of the network zone is available for, and what each
//! of them sees of it.

mod said;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::said::{CODE, Notes, Said};
use super::scope::Scope;
use super::{Expansion, KindSpec, Reach, Spec};
use crate::manifest::check::{DIGITS, FILLED};
use crate::manifest::selection::AppliesTo;
use crate::manifest::text::Text;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{Head, codes};
use crate::model::{CollectionId, Diagnostic, Enforcement, Network, OnConflict, Shape, Unlisted, Value};

/// The groups that one e-resource of the network zone is available for. While it has none, it is available
/// to the whole network; with the first one, to that group alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["collection"]}, {"required": ["service"]}, {"required": ["portfolio"]}]))]
pub struct ElectronicAvailability {
    /// Id of the e-collection. Excludes `service` and `portfolio`.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: Option<String>,
    /// The e-service. Excludes `collection` and `portfolio`.
    pub service: Option<ServiceId>,
    /// The portfolio. Excludes `collection` and `service`.
    pub portfolio: Option<PortfolioId>,
    /// The groups, by name.
    #[serde(default)]
    pub groups: Vec<At<GroupSpec>>,
    /// One group for each of some members, for what differs from member to member.
    #[serde(default)]
    pub per_member: Vec<At<PerMemberSpec>>,
    /// What happens to groups that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedGroups,
    /// How strongly all of this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: OnConflict,
}

/// An e-service by its ids.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceId {
    /// Id of its e-collection.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: String,
    /// Its own id.
    #[schemars(regex(pattern = DIGITS))]
    pub id: String,
}

/// A portfolio by its ids.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortfolioId {
    /// Id of its e-collection.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: String,
    /// Id of its e-service.
    #[schemars(regex(pattern = DIGITS))]
    pub service: String,
    /// Its own id.
    #[schemars(regex(pattern = DIGITS))]
    pub id: String,
}

/// A group and what is different for it. A field that is left out is not zonal's and never changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupSpec {
    /// Name of the group, one of the network zone's Inventory Network Groups.
    #[schemars(regex(pattern = FILLED))]
    pub group: At<String>,
    /// Whether the group goes through a proxy.
    pub proxy_enabled: Option<At<ProxyEnabled>>,
    /// Code of the proxy; `null` clears it.
    pub proxy: Option<At<Nullable<Text>>>,
    /// What the resource is called for the group; `null` clears it.
    pub public_name: Option<At<Nullable<Text>>>,
    /// How the group logs in; `null` clears it.
    pub authentication_note: Option<At<Nullable<Text>>>,
    /// What the group is told; `null` clears it.
    pub public_note: Option<At<Nullable<Text>>>,
    /// True where the resource shall not be available for the group.
    pub absent: Option<bool>,
}

/// A group of each of some members. A field that is left out is not zonal's and never changes; a variable
/// is the member's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerMemberSpec {
    /// Which members; all where nothing is said.
    pub applies_to: Option<At<AppliesTo>>,
    /// Name of each member's group, with `{code}` in the place of the member's code: `SUB-{code}`.
    #[schemars(regex(pattern = FILLED))]
    pub group: At<String>,
    /// Whether the group goes through a proxy.
    pub proxy_enabled: Option<At<ProxyEnabled>>,
    /// Code of the proxy; `null` clears it.
    pub proxy: Option<At<Nullable<Text>>>,
    /// What the resource is called for the group; `null` clears it.
    pub public_name: Option<At<Nullable<Text>>>,
    /// How the group logs in; `null` clears it.
    pub authentication_note: Option<At<Nullable<Text>>>,
    /// What the group is told; `null` clears it.
    pub public_note: Option<At<Nullable<Text>>>,
    /// True where the resource shall not be available for the group.
    pub absent: Option<bool>,
}

/// Whether a group goes through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProxyEnabled {
    /// As the resource itself says.
    ResourceDefault,
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl From<ProxyEnabled> for Value {
    fn from(proxy_enabled: ProxyEnabled) -> Self {
        match proxy_enabled {
            ProxyEnabled::ResourceDefault => Self::Null,
            ProxyEnabled::Yes => "true".into(),
            ProxyEnabled::No => "false".into(),
        }
    }
}

/// What happens to groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnlistedGroups {
    /// They stay.
    #[default]
    Keep,
    /// The resource is taken away from them.
    Remove,
}

static SHAPE: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stage: 3,
        menu: "the Group Settings tab of the e-collection, e-service or portfolio".into(),
        ..Shape::default()
    })
});

impl KindSpec for ElectronicAvailability {
    const NAME: &'static str = "ElectronicAvailability";
    const ABOUT: &'static str =
        "Which groups an e-resource of the network zone is available for, and what is different for each.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const REACH: Reach = Reach::Network;

    fn shape(collection: &str) -> Option<Arc<Shape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

impl Spec for ElectronicAvailability {
    fn check(&self, head: &Head) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for said in self.said() {
            said.check(head, &mut problems);
        }
        for group in self.groups.iter().map(|spec| &spec.value.group) {
            problems.extend(said::no_placeholder(group, head));
        }
        for spec in &self.per_member {
            problems.extend(said::one_placeholder(&spec.value.group, head));
            problems.extend(spec.value.applies_to.as_ref().and_then(|zones| said::members_only(zones, head)));
        }
        problems.extend(self.proxy_doubt(head));
        if head.lost_spec().has_all(&["groups", "perMember", "unlisted"]) {
            problems.extend(self.for_whom(head));
        }
        problems
    }

    fn expand<'n>(&self, head: &Head, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = Scope::new(head, network, expansion) else { return };
        let Some(zone) = scope.network_zone() else { return };
        let unlisted = match self.unlisted {
            UnlistedGroups::Keep => Unlisted::Keep,
            UnlistedGroups::Remove => Unlisted::Remove,
        };
        let id = CollectionId::coded(Self::NAME, &self.ids().join("."));
        let mut collection = scope
            .collection(id, &["group"], &SHAPE)
            .enforced(self.enforcement, self.conflict)
            .unlisted(unlisted);
        let mut told = BTreeSet::new();
        let mut notes = Notes::of(self);
        for spec in &self.groups {
            let said = Said::of_group(spec);
            let name = said.group.value.as_str().into();
            let entry = said.record(&name, zone, &mut scope, &mut notes);
            said.add(&name, entry, &mut scope, &mut collection, &mut told);
        }
        // A name that is the same for every member is one mistake, not one for each.
        for spec in self.per_member.iter().filter(|spec| spec.value.group.value.contains(CODE)) {
            let said = Said::of_member(spec);
            for member in scope.zones(spec.value.applies_to.as_ref()) {
                let name = said.group.value.replace(CODE, member.code.as_str()).into();
                let entry = said.record(&name, member, &mut scope, &mut notes);
                said.add(&name, entry, &mut scope, &mut collection, &mut told);
            }
        }
        scope.want(zone, collection);
        scope.finish();
    }
}

impl ElectronicAvailability {
    /// The ids that lead to the resource; the schema lets one of the three pass, and one only.
    fn ids(&self) -> Vec<&str> {
        match (&self.collection, &self.service, &self.portfolio) {
            (_, _, Some(PortfolioId { collection, service, id })) => vec![collection, service, id],
            (_, Some(ServiceId { collection, id }), None) => vec![collection, id],
            (collection, None, None) => collection.iter().map(String::as_str).collect(),
        }
    }

    fn said(&self) -> impl Iterator<Item = Said<'_>> {
        self.groups.iter().map(Said::of_group).chain(self.per_member.iter().map(Said::of_member))
    }

    /// Of the vendor's own pages an older one says that a proxy for a group is not supported, and a newer one
    /// has a chapter about it.
    fn proxy_doubt(&self, head: &Head) -> Option<Diagnostic> {
        let extent = self.said().find_map(|said| said.proxy())?;
        let message = "the vendor's documentation contradicts itself about a proxy for a group";
        let problem = Diagnostic::warning(codes::GROUP_PROXY, head.place(extent), message);
        Some(problem.help("try it with one resource first, or leave the proxy to the members' own zones"))
    }

    /// Whether the manifest leaves the resource to nobody in particular, or says nothing at all.
    fn for_whom(&self, head: &Head) -> Option<Diagnostic> {
        let any = self.said().any(|said| !said.absent);
        match (self.unlisted, self.said().next().is_some()) {
            (UnlistedGroups::Remove, _) if !any => {
                let message = format!("`{}` leaves no group: the whole network can use it", head.manifest);
                Some(
                    Diagnostic::warning(codes::NO_GROUP_LEFT, head.here(), message)
                        .help("list a group, unless it is meant for everybody"),
                )
            }
            (UnlistedGroups::Keep, false) => {
                let message = format!("`{}` does nothing", head.manifest);
                Some(
                    Diagnostic::warning(codes::DOES_NOTHING, head.here(), message)
                        .help("it has no groups and keeps unlisted ones: add groups, or remove the manifest"),
                )
            }
            (UnlistedGroups::Keep | UnlistedGroups::Remove, _) => None,
        }
    }
}

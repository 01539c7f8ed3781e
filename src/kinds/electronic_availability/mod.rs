//! `ElectronicAvailability`: which groups an e-resource of the network zone is available for, and what each
//! of them sees of it.

mod declared_group;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::declared_group::{AvailabilityNotes, CODE, DeclaredGroup};
use super::manifest_expansion::ManifestExpansion;
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::{DIGITS, FILLED};
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
    UnlistedPolicy,
};

/// The groups that one e-resource of the network zone is available for. While it has none, it is available
/// to the whole network; with the first one, to that group alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["collection"]}, {"required": ["service"]}, {"required": ["portfolio"]}]))]
pub struct ElectronicAvailabilitySpec {
    /// Id of the e-collection. Excludes `service` and `portfolio`.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: Option<String>,
    /// The e-service. Excludes `collection` and `portfolio`.
    pub service: Option<ServiceIdSpec>,
    /// The portfolio. Excludes `collection` and `service`.
    pub portfolio: Option<PortfolioIdSpec>,
    /// The groups, by name.
    #[serde(default)]
    pub groups: Vec<Spanned<GroupAvailabilitySpec>>,
    /// One group for each of some members, for what differs from member to member.
    #[serde(default)]
    pub per_member: Vec<Spanned<MemberAvailabilitySpec>>,
    /// What happens to groups that no manifest mentions.
    #[serde(default)]
    pub unlisted: UnlistedAvailabilityGroups,
    /// How strongly all of this is meant.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have changed something, each in its own way.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

/// An e-service by its ids.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceIdSpec {
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
pub struct PortfolioIdSpec {
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
pub struct GroupAvailabilitySpec {
    /// Name of the group, one of the network zone's Inventory Network Groups.
    #[schemars(regex(pattern = FILLED))]
    pub group: Spanned<String>,
    /// Whether the group goes through a proxy.
    pub proxy_enabled: Option<Spanned<ProxyMode>>,
    /// Code of the proxy; `null` clears it.
    pub proxy: Option<Spanned<Nullable<TextOrVariable>>>,
    /// What the resource is called for the group; `null` clears it.
    pub public_name: Option<Spanned<Nullable<TextOrVariable>>>,
    /// How the group logs in; `null` clears it.
    pub authentication_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// What the group is told; `null` clears it.
    pub public_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// True where the resource shall not be available for the group.
    pub absent: Option<bool>,
}

/// A group of each of some members. A field that is left out is not zonal's and never changes; a variable
/// is the member's.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberAvailabilitySpec {
    /// Which members; all where nothing is said.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Name of each member's group, with `{code}` in the place of the member's code: `SUB-{code}`.
    #[schemars(regex(pattern = FILLED))]
    pub group: Spanned<String>,
    /// Whether the group goes through a proxy.
    pub proxy_enabled: Option<Spanned<ProxyMode>>,
    /// Code of the proxy; `null` clears it.
    pub proxy: Option<Spanned<Nullable<TextOrVariable>>>,
    /// What the resource is called for the group; `null` clears it.
    pub public_name: Option<Spanned<Nullable<TextOrVariable>>>,
    /// How the group logs in; `null` clears it.
    pub authentication_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// What the group is told; `null` clears it.
    pub public_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// True where the resource shall not be available for the group.
    pub absent: Option<bool>,
}

/// Whether a group goes through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProxyMode {
    /// As the resource itself says.
    ResourceDefault,
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl From<ProxyMode> for FieldValue {
    fn from(proxy_enabled: ProxyMode) -> Self {
        match proxy_enabled {
            ProxyMode::ResourceDefault => Self::Null,
            ProxyMode::Yes => "true".into(),
            ProxyMode::No => "false".into(),
        }
    }
}

/// What happens to groups that no manifest mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnlistedAvailabilityGroups {
    /// They stay.
    #[default]
    Keep,
    /// The resource is taken away from them.
    Delete,
}

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stage: 3,
        menu: "the Group Settings tab of the e-collection, e-service or portfolio".into(),
        ..CollectionShape::default()
    })
});

impl KindSpec for ElectronicAvailabilitySpec {
    const NAME: &'static str = "ElectronicAvailability";
    const SUMMARY: &'static str =
        "Which groups an e-resource of the network zone is available for, and what is different for each.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Network;

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == Self::NAME).then(|| Arc::clone(&SHAPE))
    }
}

impl ManifestSpec for ElectronicAvailabilitySpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for said in self.declared_groups() {
            said.check(head, &mut problems);
        }
        for group in self.groups.iter().map(|spec| &spec.value.group) {
            problems.extend(declared_group::no_placeholder(group, head));
        }
        for spec in &self.per_member {
            problems.extend(declared_group::one_placeholder(&spec.value.group, head));
            problems.extend(
                spec.value.applies_to.as_ref().and_then(|zones| declared_group::members_only(zones, head)),
            );
        }
        problems.extend(self.proxy_doubt(head));
        if head.lost_spec().has_all(&["groups", "perMember", "unlisted"]) {
            problems.extend(self.for_whom(head));
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let Some(zone) = scope.network_zone() else { return };
        let unlisted = match self.unlisted {
            UnlistedAvailabilityGroups::Keep => UnlistedPolicy::Keep,
            UnlistedAvailabilityGroups::Delete => UnlistedPolicy::Delete,
        };
        let id = CollectionId::with_code(Self::NAME, &self.ids().join("."));
        let mut collection = scope
            .collection(id, &["group"], &SHAPE)
            .with_enforcement(self.enforcement, self.conflict)
            .with_unlisted_policy(unlisted);
        let mut told = BTreeSet::new();
        let mut notes = AvailabilityNotes::default_notes(self);
        for spec in &self.groups {
            let said = DeclaredGroup::of_group(spec);
            let name = said.group.value.as_str().into();
            let entry = said.record(&name, zone, &mut scope, &mut notes);
            said.add(&name, entry, &mut scope, &mut collection, &mut told);
        }
        // A name that is the same for every member is one mistake, not one for each.
        for spec in self.per_member.iter().filter(|spec| spec.value.group.value.contains(CODE)) {
            let said = DeclaredGroup::of_member(spec);
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

impl ElectronicAvailabilitySpec {
    /// The ids that lead to the resource; the schema lets one of the three pass, and one only.
    fn ids(&self) -> Vec<&str> {
        match (&self.collection, &self.service, &self.portfolio) {
            (_, _, Some(PortfolioIdSpec { collection, service, id })) => vec![collection, service, id],
            (_, Some(ServiceIdSpec { collection, id }), None) => vec![collection, id],
            (collection, None, None) => collection.iter().map(String::as_str).collect(),
        }
    }

    fn declared_groups(&self) -> impl Iterator<Item = DeclaredGroup<'_>> {
        self.groups
            .iter()
            .map(DeclaredGroup::of_group)
            .chain(self.per_member.iter().map(DeclaredGroup::of_member))
    }

    /// Of the vendor's own pages an older one says that a proxy for a group is not supported, and a newer one
    /// has a chapter about it.
    fn proxy_doubt(&self, head: &ManifestHeader) -> Option<Diagnostic> {
        let extent = self.declared_groups().find_map(|said| said.proxy())?;
        let message = "the vendor's documentation contradicts itself about a proxy for a group";
        let problem = Diagnostic::warning(diagnostic_codes::GROUP_PROXY, head.place(extent), message);
        Some(problem.help("try it with one resource first, or leave the proxy to the members' own zones"))
    }

    /// Whether the manifest leaves the resource to nobody in particular, or says nothing at all.
    fn for_whom(&self, head: &ManifestHeader) -> Option<Diagnostic> {
        let any = self.declared_groups().any(|said| !said.absent);
        match (self.unlisted, self.declared_groups().next().is_some()) {
            (UnlistedAvailabilityGroups::Delete, _) if !any => {
                let message = format!("`{}` leaves no group: the whole network can use it", head.manifest);
                Some(
                    Diagnostic::warning(diagnostic_codes::NO_GROUP_LEFT, head.span(), message)
                        .help("list a group, unless it is meant for everybody"),
                )
            }
            (UnlistedAvailabilityGroups::Keep, false) => {
                let message = format!("`{}` does nothing", head.manifest);
                Some(
                    Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message)
                        .help("it has no groups and keeps unlisted ones: add groups, or remove the manifest"),
                )
            }
            (UnlistedAvailabilityGroups::Keep | UnlistedAvailabilityGroups::Delete, _) => None,
        }
    }
}

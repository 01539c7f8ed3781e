//! `ElectronicAvailability`: availability groups of one Network Zone e-resource, and settings per group.

mod declared_group;
mod export;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::declared_group::{AvailabilityNotes, CODE, DeclaredGroup};
use super::manifest_expansion::ManifestExpansion;
use super::way_back::{CollectionSource, ExplainOmission, ExportKind};
use super::{Expansion, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::schema_check::{DIGITS, FILLED};
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::unlisted_spec::{UnlistedAction, UnlistedSpec};
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::RESOURCE_GROUPS;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, Diagnostic, Enforcement, FieldValue, Network,
};

/// Availability groups of one e-resource in the Network Zone. Without any group, the e-resource is available
/// to the whole network; with groups, only to these groups.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["collection"]}, {"required": ["service"]}, {"required": ["portfolio"]}]))]
pub struct ElectronicAvailabilitySpec {
    /// ID of the e-collection. Excludes `service` and `portfolio`.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: Option<String>,
    /// E-service. Excludes `collection` and `portfolio`.
    pub service: Option<ServiceIdSpec>,
    /// Portfolio. Excludes `collection` and `service`.
    pub portfolio: Option<PortfolioIdSpec>,
    /// Availability groups, by name.
    #[serde(default)]
    pub groups: Vec<Spanned<GroupAvailabilitySpec>>,
    /// One group per member, for settings that differ between members.
    #[serde(default)]
    pub per_member: Vec<Spanned<MemberAvailabilitySpec>>,
    /// Action for unlisted groups: `keep` (default) or `delete`.
    #[serde(default)]
    pub unlisted: UnlistedSpec<UnlistedAction>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
}

/// E-service, by IDs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceIdSpec {
    /// ID of the e-collection.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: String,
    /// ID of the e-service.
    #[schemars(regex(pattern = DIGITS))]
    pub id: String,
}

/// Portfolio, by IDs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PortfolioIdSpec {
    /// ID of the e-collection.
    #[schemars(regex(pattern = DIGITS))]
    pub collection: String,
    /// ID of the e-service.
    #[schemars(regex(pattern = DIGITS))]
    pub service: String,
    /// ID of the portfolio.
    #[schemars(regex(pattern = DIGITS))]
    pub id: String,
}

/// Availability group with its settings. zonal does not manage omitted fields.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupAvailabilitySpec {
    /// Name of one of the Network Zone's Inventory Network Groups.
    #[schemars(regex(pattern = FILLED))]
    pub group: Spanned<String>,
    /// Proxy setting of the group: `yes`, `no` or `resourceDefault`.
    pub proxy_enabled: Option<Spanned<ProxyMode>>,
    /// Code of the proxy; `null` clears the code.
    pub proxy: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Public name of the resource for the group; `null` clears the name.
    pub public_name: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Authentication note for the group; `null` clears the note.
    pub authentication_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Public note for the group; `null` clears the note.
    pub public_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// True to remove the group from the resource.
    pub absent: Option<bool>,
}

/// One group per member. zonal does not manage omitted fields. Variables take the member's values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MemberAvailabilitySpec {
    /// Selector of the members. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Name of each member's group; `{code}` stands for the member's code, as in `SUB-{code}`.
    #[schemars(regex(pattern = FILLED))]
    pub group: Spanned<String>,
    /// Proxy setting of the group: `yes`, `no` or `resourceDefault`.
    pub proxy_enabled: Option<Spanned<ProxyMode>>,
    /// Code of the proxy; `null` clears the code.
    pub proxy: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Public name of the resource for the group; `null` clears the name.
    pub public_name: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Authentication note for the group; `null` clears the note.
    pub authentication_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// Public note for the group; `null` clears the note.
    pub public_note: Option<Spanned<Nullable<TextOrVariable>>>,
    /// True to remove the groups from the resource.
    pub absent: Option<bool>,
}

/// Proxy setting of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ProxyMode {
    /// Setting of the resource.
    ResourceDefault,
    /// Access through a proxy.
    Yes,
    /// Access without a proxy.
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

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stage: 3,
        menu: "Group Settings tab of the e-collection, e-service or portfolio".into(),
        ..CollectionShape::default()
    })
});

impl KindSpec for ElectronicAvailabilitySpec {
    const NAME: &'static str = "ElectronicAvailability";
    const SUMMARY: &'static str =
        "Availability groups of one e-resource in the Network Zone, with settings per group.";
    const COLLECTIONS: &'static [&'static str] = &[Self::NAME];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Network;
    const EXPORT: Option<ExportKind> = Some(export::export);
    const EXPORT_SOURCE: CollectionSource = CollectionSource::NamedObjects;
    const EXPLAIN_OMISSION: ExplainOmission = export::explain_omission;

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
        let id = CollectionId::with_code(Self::NAME, &self.ids().join("."));
        let mut collection = scope
            .collection(id, RESOURCE_GROUPS.key)
            .with_enforcement(self.enforcement, self.conflict)
            .with_unlisted(&self.unlisted);
        let mut told = BTreeSet::new();
        let mut notes = AvailabilityNotes::default_notes(self);
        for spec in &self.groups {
            let said = DeclaredGroup::of_group(spec);
            let name = said.group.value.as_str().into();
            let entry = said.record(&name, zone, &mut scope, &mut notes);
            said.add(&name, entry, &mut scope, &mut collection, &mut told);
        }
        // A `perMember` name without `{code}` gets one diagnostic, not one per member.
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
    /// Returns the IDs of the resource. The schema requires exactly one of the three fields.
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

    /// Warns of a group proxy. In Alma's documentation, an older page calls a group proxy unsupported, and a
    /// newer page has a chapter about it.
    fn proxy_doubt(&self, head: &ManifestHeader) -> Option<Diagnostic> {
        let extent = self.declared_groups().find_map(|said| said.proxy())?;
        let message = "Alma's documentation is contradictory about a proxy for a group";
        let problem = Diagnostic::warning(diagnostic_codes::GROUP_PROXY, head.place(extent), message);
        Some(problem.help(
            "test the proxy with one resource first, or configure the proxy in the members' \
                           zones",
        ))
    }

    /// Warns of a manifest without groups: one that opens the resource to the whole network, or has no
    /// effect.
    fn for_whom(&self, head: &ManifestHeader) -> Option<Diagnostic> {
        let any = self.declared_groups().any(|said| !said.absent);
        match (self.unlisted.action, self.declared_groups().next().is_some()) {
            (UnlistedAction::Delete, _) if !any => {
                let message = format!(
                    "`{}` leaves no group: the whole network gets access to the resource",
                    head.manifest
                );
                Some(
                    Diagnostic::warning(diagnostic_codes::NO_GROUP_LEFT, head.span(), message)
                        .help("add a group, unless access for the whole network is intended"),
                )
            }
            (UnlistedAction::Keep, false) => {
                let message = format!("`{}` has no effect", head.manifest);
                Some(Diagnostic::warning(diagnostic_codes::DOES_NOTHING, head.span(), message).help(
                    "the manifest has no groups and `unlisted` is `keep`: add groups, or remove \
                               the manifest",
                ))
            }
            (UnlistedAction::Keep | UnlistedAction::Delete, _) => None,
        }
    }
}

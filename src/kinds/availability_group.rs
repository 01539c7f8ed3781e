//! `AvailabilityGroup`: institutions, campuses and libraries with access to electronic resources of the
//! Network Zone.
//!
//! Alma stores institution-specific settings (proxy, linking parameters) per group. Therefore a manifest
//! declares either one group, or one group per member.

mod export;
mod members;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::Deserialize;

use self::members::{CampusMemberSpec, GroupMembersSpec, LibraryMemberSpec, ResolvedGroupMembers};
use super::manifest_expansion::ManifestExpansion;
use super::network::fill;
use super::way_back::ExportKind;
use super::{Expansion, GatewayCollection, KindSpec, ManifestSpec, ZoneCoverage};
use crate::manifest::deserialize::Spanned;
use crate::manifest::schema_check::FILLED;
use crate::manifest::selection::AppliesToSpec;
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::alma_codes::AVAILABILITY_GROUPS;
use crate::model::{
    CollectionId, CollectionShape, ConflictPolicy, DesiredRecord, DesiredState, Diagnostic, Enforcement,
    FieldValue, Network, RecordKey,
};

/// Group of institutions, campuses and libraries with access to electronic resources, or one such group per
/// member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["name"]}, {"required": ["perMember"]}]))]
pub struct AvailabilityGroupSpec {
    /// Name of the group. Excludes `perMember`.
    #[schemars(regex(pattern = FILLED))]
    pub name: Option<Spanned<String>>,
    /// Description of the group. Alma accepts letters, digits, `_` and spaces.
    pub description: Option<Spanned<String>>,
    /// Members of the group. zonal removes unlisted members from the group.
    pub members: Option<Spanned<GroupMembersSpec>>,
    /// One group per member, instead of one group for all. Excludes `name`.
    pub per_member: Option<Spanned<EachMemberSpec>>,
    /// Enforcement: `enforce` (default), `createOnly`, `report` or `unmanage`.
    #[serde(default)]
    pub enforcement: Enforcement,
    /// Conflict policy: `defer` (default), `ours` or `theirs`.
    #[serde(default)]
    pub conflict: ConflictPolicy,
    /// True to delete the group or groups.
    pub absent: Option<Spanned<bool>>,
}

/// Groups per member.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EachMemberSpec {
    /// Selector of the members. Default: all members.
    pub applies_to: Option<Spanned<AppliesToSpec>>,
    /// Name of each group; `{code}` stands for the member's code.
    #[schemars(regex(pattern = FILLED))]
    pub name: Spanned<String>,
    /// Description of each group; `{code}` stands for the member's code.
    pub description: Option<Spanned<String>>,
    /// Campus codes in the group, instead of the whole institution.
    #[serde(default)]
    pub campuses: Vec<Spanned<TextOrVariable>>,
    /// Library codes in the group, instead of the whole institution.
    #[serde(default)]
    pub libraries: Vec<Spanned<TextOrVariable>>,
}

impl KindSpec for AvailabilityGroupSpec {
    const NAME: &'static str = "AvailabilityGroup";
    const SUMMARY: &'static str = "Group of institutions, campuses and libraries with access to electronic \
                                 resources of the Network Zone.";
    const EXPORT: Option<ExportKind> = Some(export::export);
    const COLLECTIONS: &'static [&'static str] = &[COLLECTION];
    const ZONE_COVERAGE: ZoneCoverage = ZoneCoverage::Network;
    const GATEWAY_COLLECTIONS: &'static [GatewayCollection] = &[GatewayCollection {
        kind: COLLECTION,
        reach: AVAILABILITY_GROUPS.reach,
        key: AVAILABILITY_GROUPS.key,
        fields: &["description", "institutions", "campuses", "libraries"],
    }];

    fn shape(collection: &str) -> Option<Arc<CollectionShape>> {
        (collection == COLLECTION).then(|| Arc::clone(&SHAPE))
    }
}

const COLLECTION: &str = "AvailabilityGroups";

/// Placeholder for the member's code in names.
const CODE: &str = "{code}";

static SHAPE: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        menu: "Network Zone: Configuration > Resources > General > Inventory Network Groups".into(),
        ..CollectionShape::default()
    })
});

/// Availability group with resolved members.
struct ExpandedAvailabilityGroup<'n> {
    name: (Arc<str>, NodeSpan),
    description: Option<(Arc<str>, NodeSpan)>,
    parts: ResolvedGroupMembers<'n>,
}

impl ManifestSpec for AvailabilityGroupSpec {
    fn validate(&self, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let each = self.per_member.as_ref().map(|each| &each.value);
        let descriptions = [self.description.as_ref(), each.and_then(|each| each.description.as_ref())];
        problems.extend(descriptions.into_iter().flatten().filter_map(|text| check_punctuation(text, head)));
        let absent = self.absent.is_some_and(|absent| absent.value);
        match (each, &self.name) {
            (Some(each), _) => problems.extend(self.check_each(each, head)),
            (None, Some(name)) if name.value.contains(CODE) => {
                let message = format!("the placeholder `{CODE}` is not allowed in `name`");
                problems.push(
                    Diagnostic::error(diagnostic_codes::GROUP_PLACEHOLDER, head.place(name.extent), message)
                        .help("use `perMember` to declare one group per member"),
                );
            }
            (None, Some(name)) if !absent && head.lost_spec().is_nothing() => {
                let nobody = self.members.as_ref().is_none_or(|members| members.value.is_nobody());
                if nobody {
                    let message = format!("the group `{}` has no members", name.value);
                    problems.push(
                        Diagnostic::error(diagnostic_codes::EMPTY_GROUP, head.place(name.extent), message)
                            .help("add `members`, or set `absent: true`"),
                    );
                }
            }
            (None, _) => {}
        }
        let described = self.description.is_some() || self.members.is_some();
        if let Some(said) = self.absent.filter(|_| absent && described) {
            let message = "`members` and `description` are not allowed with `absent: true`";
            problems.push(
                Diagnostic::error(diagnostic_codes::ABSENT_WITH_FIELDS, head.place(said.extent), message)
                    .help("remove the other fields, or remove `absent`"),
            );
        }
        problems
    }

    fn expand<'n>(&self, head: &ManifestHeader, network: &'n Network, expansion: &mut Expansion<'n>) {
        let Some(mut scope) = ManifestExpansion::new(head, network, expansion) else { return };
        let Some(nz) = scope.network_zone() else { return };
        let groups = match &self.per_member {
            Some(each) => each.value.groups(&mut scope),
            None => self.group(&mut scope).into_iter().collect(),
        };
        let mut collection = scope
            .collection(CollectionId::of_institution(COLLECTION), AVAILABILITY_GROUPS.key)
            .with_enforcement(self.enforcement, self.conflict);
        let absent = self.absent.is_some_and(|absent| absent.value);
        for ExpandedAvailabilityGroup { name: (name, extent), description, parts } in groups {
            let mut entry = scope.record(extent).with_field("name", name, extent);
            if absent {
                collection.add(entry.absent());
                continue;
            }
            parts.check_members(&mut scope);
            if let Some((description, extent)) = description {
                entry = entry.with_field("description", description, extent);
            }
            for (field, codes) in parts.fields() {
                entry = entry.with_field(field, FieldValue::list(codes), extent);
            }
            if parts.has_places() {
                // Alma's documentation describes this effect for groups of campuses and libraries.
                entry = entry.note(
                    "users outside these campuses and libraries may still see the titles, but cannot access \
                     them",
                );
            }
            collection.add(entry);
        }
        scope.want(nz, collection);
        scope.finish();
    }
}

impl AvailabilityGroupSpec {
    fn check_each(&self, each: &EachMemberSpec, head: &ManifestHeader) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let beside = [
            ("description", self.description.as_ref().map(|said| said.extent)),
            ("members", self.members.as_ref().map(|said| said.extent)),
        ];
        for (field, extent) in beside {
            let Some(extent) = extent else { continue };
            let message = format!("`{field}` is not allowed with `perMember`");
            problems.push(
                Diagnostic::error(diagnostic_codes::BESIDE_EACH_MEMBER, head.place(extent), message).help(
                    format!("remove the field, or write a separate manifest with `name` and `{field}`"),
                ),
            );
        }
        for text in [Some(&each.name), each.description.as_ref()].into_iter().flatten() {
            if let Err(word) = fill(&text.value, "") {
                let message = format!("unknown placeholder `{{{word}}}`");
                problems.push(
                    Diagnostic::error(diagnostic_codes::PLACEHOLDER, head.place(text.extent), message)
                        .help("the only placeholder is `{code}`, the member's code"),
                );
            }
        }
        if !each.name.value.contains(CODE) {
            let message = format!("all members would get the same group name `{}`", each.name.value);
            problems.push(
                Diagnostic::error(diagnostic_codes::ONE_NAME_FOR_ALL, head.place(each.name.extent), message)
                    .help("add `{code}`, the member's code, to the name"),
            );
        }
        problems
    }

    fn group<'n>(&self, scope: &mut ManifestExpansion<'_, 'n>) -> Option<ExpandedAvailabilityGroup<'n>> {
        let name = self.name.as_ref()?;
        let mut parts = ResolvedGroupMembers::default();
        if let Some(members) = &self.members {
            let GroupMembersSpec { institutions, campuses, libraries } = &members.value;
            if let Some(institutions) = institutions {
                parts.institutions = scope.zones(Some(institutions));
            }
            for CampusMemberSpec { institution, campus } in campuses {
                let Some(zone) = scope.member(institution) else { continue };
                parts.campus(scope, zone, &campus.value, campus.extent);
            }
            for LibraryMemberSpec { institution, library } in libraries {
                let Some(zone) = scope.member(institution) else { continue };
                parts.library(scope, zone, &library.value, library.extent);
            }
        }
        let description = self.description.as_ref();
        Some(ExpandedAvailabilityGroup {
            name: (name.value.as_str().into(), name.extent),
            description: description.map(|text| (text.value.as_str().into(), text.extent)),
            parts,
        })
    }
}

impl EachMemberSpec {
    fn groups<'n>(&self, scope: &mut ManifestExpansion<'_, 'n>) -> Vec<ExpandedAvailabilityGroup<'n>> {
        let mut groups = Vec::new();
        for zone in scope.zones(self.applies_to.as_ref()) {
            let filled = |text: &Spanned<String>| {
                // `check_each` already reported unknown placeholders.
                let filled = fill(&text.value, zone.code.as_str()).unwrap_or_else(|_| text.value.clone());
                (Arc::from(filled), text.extent)
            };
            let mut parts = ResolvedGroupMembers::default();
            if self.campuses.is_empty() && self.libraries.is_empty() {
                parts.institutions.push(zone);
            }
            for campus in &self.campuses {
                let Some(code) = scope.resolve_text(campus, zone) else { continue };
                parts.campus(scope, zone, &code, campus.extent);
            }
            for library in &self.libraries {
                let Some(code) = scope.resolve_text(library, zone) else { continue };
                parts.library(scope, zone, &code, library.extent);
            }
            let (name, description) = (filled(&self.name), self.description.as_ref().map(filled));
            groups.push(ExpandedAvailabilityGroup { name, description, parts });
        }
        groups
    }
}

/// Returns a diagnostic for punctuation in a description. Alma's page of groups does not accept it, by its
/// documentation.
fn check_punctuation(description: &Spanned<String>, head: &ManifestHeader) -> Option<Diagnostic> {
    // `check_each` reports unknown placeholders.
    let text = fill(&description.value, "").ok()?;
    let taken = |c: char| c.is_alphanumeric() || c.is_whitespace() || c == '_';
    let found = text.chars().find(|c| !taken(*c))?;
    let message = format!("the group description contains `{found}`; Alma does not accept punctuation here");
    let place = head.place(description.extent);
    Some(
        Diagnostic::error(diagnostic_codes::PUNCTUATION, place, message)
            .help("use only letters, digits, `_` and spaces"),
    )
}

/// Returns warnings for group names that differ only in letter case.
pub fn differ_only_in_case(desired: &DesiredState) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for collections in desired.zones.values() {
        let mut seen: BTreeMap<String, (&RecordKey, &DesiredRecord)> = BTreeMap::new();
        let groups = collections.iter().filter(|collection| *collection.id.kind == *COLLECTION);
        for (key, record) in groups.flat_map(|collection| &collection.records) {
            match seen.get(&key.to_string().to_lowercase()) {
                Some((other, first)) if *other != key => {
                    let message = format!("the groups `{other}` and `{key}` differ only in letter case");
                    found.push(
                        Diagnostic::warning(
                            diagnostic_codes::GROUPS_DIFFER_IN_CASE,
                            record.provenance.span.clone(),
                            message,
                        )
                        .with_secondary_span(first.provenance.span.clone(), "other group")
                        .help("rename one of the groups"),
                    );
                }
                Some(_) => {}
                None => drop(seen.insert(key.to_string().to_lowercase(), (key, record))),
            }
        }
    }
    found
}

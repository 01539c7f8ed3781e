//! Expands linking rules to each member's linked account rules and external user groups.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::external_groups::{ResolvedExternalGroup, check_undeclared_groups};
use super::rule_audience::{RuleAudience, ScopedRule, reach};
use super::{LinkedAccountAttributes, LinkingRulesSpec, dates, normalized_text};
use crate::kinds::manifest_expansion::{CollectionDraft, ManifestExpansion, RecordDraft};
use crate::manifest::deserialize::{Nullable, Spanned};
use crate::manifest::selection;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{diagnostic_codes, suggestions};
use crate::model::alma_codes::{
    DEFAULT_RULE, EXTERNAL_USER_GROUPS, LINKED_ACCOUNT_RULES, PUBLIC_RECORD_TYPE, record_types, user_groups,
};
use crate::model::network::{Zone, ZoneRole};
use crate::model::{CollectionId, CollectionShape, FieldValue, Network, Severity};

pub(super) static RULES: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    // Defaults from Alma's release notes of 2017.
    let no = ["refreshExpiryDate", "refreshPurgeDate", "copyNetworkBlocks"]
        .map(|field| (field.into(), false.into()));
    Arc::new(CollectionShape {
        stage: 2,
        required: vec!["userGroup".into()],
        defaults: no.into_iter().chain([("enabled".into(), true.into())]).collect(),
        switch: Some("enabled".into()),
        menu: "Configuration > User Management > Collaborative Networks > Linked Account Rules".into(),
        ..CollectionShape::default()
    })
});

/// Reason for stale groups; usually a member changed its groups.
const STALE: &str = "the manifests declare this group for no member, and `unlisted: delete` would delete it";

pub(super) static GROUPS: LazyLock<Arc<CollectionShape>> = LazyLock::new(|| {
    Arc::new(CollectionShape {
        stale: Some(STALE.into()),
        menu: "Configuration > User Management > External User Groups".into(),
        ..CollectionShape::default()
    })
});

/// Adds all desired records of the manifest.
pub fn records(spec: &LinkingRulesSpec, mut scope: ManifestExpansion<'_, '_>) {
    let (head, network) = (scope.head, scope.network);
    let mut told = Vec::new();
    let targets = selection::of_manifest(spec.applies_to.as_ref(), network, head, &mut told);
    let held = spec
        .external_groups
        .as_ref()
        .map(|external| ResolvedExternalGroup::resolve_groups(external, &mut scope, &mut told));
    let rules: Vec<ScopedRule<'_>> =
        spec.rules.iter().map(|rule| ScopedRule::new(rule, &targets, &mut scope, &mut told)).collect();
    let certain =
        told.iter().all(|problem| problem.severity != Severity::Error) && !scope.has_missing_variables();
    told.into_iter().for_each(|problem| scope.report(problem));
    only_members(spec, &targets.zones, &mut scope);
    let held = held.as_deref();
    if certain {
        let undeclared = held.map(|held| check_undeclared_groups(&rules, held, head)).unwrap_or_default();
        undeclared.into_iter().for_each(|problem| scope.report(problem));
        reach(&rules, held, head).into_iter().for_each(|problem| scope.report(problem));
    }
    for &index in &targets.zones {
        let zone = &network.zones[index];
        if zone.role != ZoneRole::Member {
            continue;
        }
        if !spec.rules.is_empty() || spec.default.is_some() {
            linked_account_rules(spec, &rules, held, (index, zone), &mut scope);
        }
        if let (Some(external), Some(held)) = (&spec.external_groups, held) {
            let mut collection = scope
                .collection(CollectionId::of_institution("ExternalUserGroups"), EXTERNAL_USER_GROUPS.key)
                .with_enforcement(spec.enforcement, spec.conflict)
                .with_unlisted(&external.unlisted);
            for group in held {
                external_group(group, index, network, &scope, &mut collection);
            }
            scope.want(zone, collection);
        }
    }
    scope.finish();
}

/// Reports the Network Zone as target or source: only members have linked account rules and users.
fn only_members(spec: &LinkingRulesSpec, targets: &[usize], scope: &mut ManifestExpansion<'_, '_>) {
    let network = scope.network;
    let from = spec.rules.iter().filter_map(|rule| rule.value.sources.as_ref());
    let groups = spec.external_groups.iter().flat_map(|external| &external.groups);
    let sources = from.chain(groups.filter_map(|group| group.value.institutions.as_ref())).filter(|said| {
        let selected = selection::of_manifest(Some(said), network, scope.head, &mut Vec::new());
        has_network_zone(&selected.zones, network)
    });
    let own = spec.applies_to.iter().filter(|_| has_network_zone(targets, network));
    let places: Vec<NodeSpan> = own.chain(sources).map(|said| said.extent).collect();
    for extent in places {
        let message = "the Network Zone has no linked accounts, and is not a source institution";
        let help = "exclude the Network Zone; the default is all members";
        scope.error(diagnostic_codes::NOT_A_MEMBER, extent, message, help);
    }
}

fn has_network_zone(zones: &[usize], network: &Network) -> bool {
    zones.iter().any(|&zone| network.zones[zone].role == ZoneRole::Network)
}

fn linked_account_rules<'n>(
    spec: &LinkingRulesSpec,
    rules: &[ScopedRule<'_>],
    held: Option<&[ResolvedExternalGroup]>,
    (index, zone): (usize, &'n Zone),
    scope: &mut ManifestExpansion<'_, 'n>,
) {
    let network = scope.network;
    let mut collection = scope
        .collection(CollectionId::of_institution("LinkedAccountRules"), LINKED_ACCOUNT_RULES.key)
        .with_enforcement(spec.enforcement, spec.conflict)
        .with_unlisted(&spec.unlisted);
    let mut position = 0_usize;
    for placed in rules.iter().filter(|placed| placed.targets.contains(&index)) {
        let Spanned { value: rule, extent } = placed.rule;
        let entry = scope.record(*extent).with_field("name", rule.name.value.as_str(), rule.name.extent);
        if rule.is_absent() {
            collection.add(entry.absent());
            continue;
        }
        let Some(RuleAudience { sources, groups }) = placed.audience_at(index, held) else {
            collection.add(entry.absent().note(format!(
                "no source institution or user group remains for the \
                                                        rule at {}",
                zone.name
            )));
            continue;
        };
        position += 1;
        let from = rule.sources.as_ref().map_or(*extent, |from| from.extent);
        let mut entry = entry
            .with_field("position", position.to_string().as_str(), *extent)
            .with_field("sourceInstitutions", FieldValue::list(codes_of(&sources, network)), from)
            .with_field(
                "sourceUserGroups",
                FieldValue::list(groups.iter().flatten().map(|group| Arc::clone(&group.code))),
                *extent,
            )
            .with_some("enabled", rule.enabled.as_ref());
        if let Some(description) = &rule.description {
            let Some(text) = scope.resolve_text(description, zone) else { continue };
            entry = entry.with_field("description", text, description.extent);
        }
        for group in groups.iter().flatten() {
            let to = CollectionId::of_institution("ExternalUserGroups");
            entry = entry.with_reference(to, &[("code", &group.code)], "external user group");
        }
        if let Some(others) = others_in_words(&sources, index, network) {
            entry = entry.note(others);
        }
        if let Some(entry) = with_attributes(entry, &rule.output(), zone, scope) {
            collection.add(entry);
        }
    }
    if let Some(Spanned { value: default, extent }) = &spec.default {
        let entry = scope.record(*extent).with_field("name", DEFAULT_RULE, *extent);
        if let Some(entry) = with_attributes(entry, &default.output(), zone, scope) {
            collection
                .add(entry.note("Alma's own rule always exists: zonal updates it, but never creates it"));
        }
    }
    scope.want(zone, collection);
}

/// Returns the rule with its attributes, or `None` for a missing variable.
fn with_attributes<'a, 'n>(
    mut entry: RecordDraft<'a>,
    output: &LinkedAccountAttributes<'_>,
    zone: &'n Zone,
    scope: &mut ManifestExpansion<'a, 'n>,
) -> Option<RecordDraft<'a>> {
    let LinkedAccountAttributes { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks } = output;
    if let Some(said) = group {
        let group = scope.resolve_text(said, zone)?;
        // The user group must exist and be valid for public users (Alma's schema of users).
        entry = entry
            .with_field("userGroup", Arc::clone(&group), said.extent)
            .with_reference(user_groups(), &[("code", &group)], "user group")
            .with_reference(
                record_types(),
                &[("User Group", &group), ("Record Type", &PUBLIC_RECORD_TYPE.into())],
                "user group and record type",
            );
    }
    if let Some(Spanned { value, extent }) = expiry {
        let (day, source) = match value {
            Nullable::Null => (None, None),
            Nullable::Value(expiry) => (expiry.date.as_ref(), expiry.from_source.as_ref()),
        };
        entry = set_exclusive_field(entry, ("expiryDate", normalized_text(dates::day, day)), *extent);
        entry = set_exclusive_field(
            entry,
            ("expiryFromSource", normalized_text(dates::distance, source)),
            *extent,
        );
    }
    if let Some(Spanned { value, extent }) = purge {
        let (day, after) = match value {
            Nullable::Null => (None, None),
            Nullable::Value(purge) => (purge.date.as_ref(), purge.after_expired.as_ref()),
        };
        entry = set_exclusive_field(entry, ("purgeDate", normalized_text(dates::day, day)), *extent);
        entry =
            set_exclusive_field(entry, ("purgeAfterExpired", normalized_text(dates::length, after)), *extent);
    }
    let entry = (entry.with_some("refreshExpiryDate", *refresh_expiry))
        .with_some("refreshPurgeDate", *refresh_purge)
        .with_some("copyNetworkBlocks", *copy_blocks);
    Some(entry)
}

/// Sets one of two exclusive fields; the page accepts only one, so an empty value clears the field.
fn set_exclusive_field<'a>(
    entry: RecordDraft<'a>,
    (field, text): (&str, Option<Arc<str>>),
    extent: NodeSpan,
) -> RecordDraft<'a> {
    entry.with_field(field, text.map_or(FieldValue::Null, FieldValue::from), extent)
}

fn external_group(
    group: &ResolvedExternalGroup,
    index: usize,
    network: &Network,
    scope: &ManifestExpansion<'_, '_>,
    collection: &mut CollectionDraft,
) {
    let entry = scope.record(group.extent).with_field("code", Arc::clone(&group.code), group.extent);
    let entry = match group.other_members(index) {
        _ if group.absent => entry.absent(),
        _ if group.of_everyone => {
            let note = "every member has this group: an empty list of source institutions means all";
            entry.with_field("sourceInstitutions", FieldValue::Null, group.extent).note(note)
        }
        others if others.is_empty() => {
            entry.absent().note(format!("only {} has this group", network.zones[index].name))
        }
        others => {
            entry.with_field("sourceInstitutions", FieldValue::list(codes_of(&others, network)), group.from)
        }
    };
    collection.add(entry);
}

fn codes_of(zones: &BTreeSet<usize>, network: &Network) -> impl Iterator<Item = Arc<str>> {
    zones.iter().map(|&zone| Arc::clone(&network.zones[zone].code.0))
}

/// Returns the source institutions as a text, if a list of exceptions is shorter.
fn others_in_words(sources: &BTreeSet<usize>, index: usize, network: &Network) -> Option<String> {
    let left_out: Vec<&str> = (network.zones.iter().enumerate())
        .filter(|(zone, each)| each.role == ZoneRole::Member && *zone != index && !sources.contains(zone))
        .map(|(_, each)| each.name.as_str())
        .collect();
    match left_out.len() {
        0 => Some("from all other members".to_owned()),
        count if count < sources.len() => {
            Some(format!("from all other members except {}", suggestions::abbreviated_list(left_out)))
        }
        _ => None,
    }
}

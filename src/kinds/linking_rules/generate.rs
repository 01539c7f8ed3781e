//! What linking rules come to at each member: its own rules and external user groups.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::held::{Held, undeclared};
use super::reach::{Here, Placed, reach};
use super::{DEFAULT, LinkingRules, Output, compared, dates};
use crate::kinds::scope::{Collection, Entry, Scope};
use crate::manifest::node::Extent;
use crate::manifest::selection;
use crate::manifest::typed::{At, Nullable};
use crate::manifest::{codes, suggest};
use crate::model::network::{Role, Zone};
use crate::model::{CollectionId, Network, Severity, Shape, Value};

pub(super) static RULES: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    // The defaults are those of the vendor's release notes of 2017.
    let no = ["refreshExpiryDate", "refreshPurgeDate", "copyNetworkBlocks"]
        .map(|field| (field.into(), false.into()));
    Arc::new(Shape {
        stage: 2,
        required: vec!["userGroup".into()],
        defaults: no.into_iter().chain([("enabled".into(), true.into())]).collect(),
        switch: Some("enabled".into()),
        menu: "Configuration > User Management > Collaborative Networks > Linked Account Rules".into(),
        ..Shape::default()
    })
});

/// A member whose groups changed is the usual reason.
const STALE: &str = "by the manifests no member has such a group, and `unlisted: remove` would delete it";

pub(super) static GROUPS: LazyLock<Arc<Shape>> = LazyLock::new(|| {
    Arc::new(Shape {
        stale: Some(STALE.into()),
        menu: "Configuration > User Management > External User Groups".into(),
        ..Shape::default()
    })
});

/// Wants everything that the manifest comes to.
pub fn records(spec: &LinkingRules, mut scope: Scope<'_, '_>) {
    let (head, network) = (scope.head, scope.network);
    let mut told = Vec::new();
    let targets = selection::of_manifest(spec.applies_to.as_ref(), network, head, &mut told);
    let held = spec.external_groups.as_ref().map(|external| Held::all(external, &mut scope, &mut told));
    let rules: Vec<Placed<'_>> =
        spec.rules.iter().map(|rule| Placed::new(rule, &targets, &mut scope, &mut told)).collect();
    let certain = told.iter().all(|problem| problem.severity != Severity::Error) && !scope.lacks();
    told.into_iter().for_each(|problem| scope.tell(problem));
    only_members(spec, &targets.zones, &mut scope);
    let held = held.as_deref();
    if certain {
        let undeclared = held.map(|held| undeclared(&rules, held, head)).unwrap_or_default();
        undeclared.into_iter().for_each(|problem| scope.tell(problem));
        reach(&rules, held, head).into_iter().for_each(|problem| scope.tell(problem));
    }
    for &index in &targets.zones {
        let zone = &network.zones[index];
        if zone.role != Role::Member {
            continue;
        }
        if !spec.rules.is_empty() || spec.default.is_some() {
            linked_account_rules(spec, &rules, held, (index, zone), &mut scope);
        }
        if let (Some(external), Some(held)) = (&spec.external_groups, held) {
            let mut collection = scope
                .collection(CollectionId::whole("ExternalUserGroups"), &["code"], &GROUPS)
                .enforced(spec.enforcement, spec.conflict)
                .unlisted(external.unlisted.into());
            for group in held {
                external_group(group, index, network, &scope, &mut collection);
            }
            scope.want(zone, collection);
        }
    }
    scope.finish();
}

/// Rules and users are members': the network zone is neither target nor source.
fn only_members(spec: &LinkingRules, targets: &[usize], scope: &mut Scope<'_, '_>) {
    let network = scope.network;
    let from = spec.rules.iter().filter_map(|rule| rule.value.from.as_ref());
    let groups = spec.external_groups.iter().flat_map(|external| &external.groups);
    let sources = from.chain(groups.filter_map(|group| group.value.institutions.as_ref())).filter(|said| {
        let selected = selection::of_manifest(Some(said), network, scope.head, &mut Vec::new());
        has_network_zone(&selected.zones, network)
    });
    let own = spec.applies_to.iter().filter(|_| has_network_zone(targets, network));
    let places: Vec<Extent> = own.chain(sources).map(|said| said.extent).collect();
    for extent in places {
        let message = "the network zone has no linked accounts, and no users that members link to";
        let help = "leave it out: members are meant where nothing is said";
        scope.error(codes::NOT_A_MEMBER, extent, message, help);
    }
}

fn has_network_zone(zones: &[usize], network: &Network) -> bool {
    zones.iter().any(|&zone| network.zones[zone].role == Role::Network)
}

fn linked_account_rules<'n>(
    spec: &LinkingRules,
    rules: &[Placed<'_>],
    held: Option<&[Held]>,
    (index, zone): (usize, &'n Zone),
    scope: &mut Scope<'_, 'n>,
) {
    let network = scope.network;
    let mut collection = scope
        .collection(CollectionId::whole("LinkedAccountRules"), &["name"], &RULES)
        .enforced(spec.enforcement, spec.conflict)
        .unlisted(spec.unlisted);
    let mut position = 0_usize;
    for placed in rules.iter().filter(|placed| placed.targets.contains(&index)) {
        let At { value: rule, extent } = placed.rule;
        let entry = scope.record(*extent).with("name", rule.name.value.as_str(), rule.name.extent);
        if rule.is_absent() {
            collection.add(entry.absent());
            continue;
        }
        let Some(Here { sources, groups }) = placed.at(index, held) else {
            collection.add(entry.absent().note(format!("nobody is left for it at {}", zone.name)));
            continue;
        };
        position += 1;
        let from = rule.from.as_ref().map_or(*extent, |from| from.extent);
        let mut entry = entry
            .with("position", position.to_string().as_str(), *extent)
            .with("sourceInstitutions", Value::list(codes_of(&sources, network)), from)
            .with(
                "sourceUserGroups",
                Value::list(groups.iter().flatten().map(|group| Arc::clone(&group.code))),
                *extent,
            )
            .with_some("enabled", rule.enabled.as_ref());
        if let Some(description) = &rule.description {
            let Some(text) = scope.text(description, zone) else { continue };
            entry = entry.with("description", text, description.extent);
        }
        for group in groups.iter().flatten() {
            let to = CollectionId::whole("ExternalUserGroups");
            entry = entry.referring(to, &[("code", &group.code)], "external user group");
        }
        if let Some(others) = others_in_words(&sources, index, network) {
            entry = entry.note(others);
        }
        if let Some(entry) = gives(entry, &rule.output(), zone, scope) {
            collection.add(entry);
        }
    }
    if let Some(At { value: default, extent }) = &spec.default {
        let entry = scope.record(*extent).with("name", DEFAULT, *extent);
        if let Some(entry) = gives(entry, &default.output(), zone, scope) {
            collection.add(entry.note("Alma's own rule, which is always there: it is edited, not added"));
        }
    }
    scope.want(zone, collection);
}

/// The rule with what it gives; `None` where the zone lacks a variable.
fn gives<'a, 'n>(
    mut entry: Entry<'a>,
    output: &Output<'_>,
    zone: &'n Zone,
    scope: &mut Scope<'a, 'n>,
) -> Option<Entry<'a>> {
    let Output { group, expiry, refresh_expiry, purge, refresh_purge, copy_blocks } = output;
    if let Some(said) = group {
        let group = scope.text(said, zone)?;
        // A group must exist, and be one that public users may have (the vendor's schema of users).
        entry = entry
            .with("userGroup", Arc::clone(&group), said.extent)
            .referring(CollectionId::coded("CodeTable", "UserGroups"), &[("code", &group)], "user group")
            .referring(
                CollectionId::coded("MappingTable", "UserRecordTypeUserGroup"),
                &[("User Group", &group), ("Record Type", &"PUBLIC".into())],
                "user group and record type",
            );
    }
    if let Some(At { value, extent }) = expiry {
        let (day, source) = match value {
            Nullable::Null => (None, None),
            Nullable::Value(expiry) => (expiry.date.as_ref(), expiry.from_source.as_ref()),
        };
        entry = either(entry, ("expiryDate", compared(dates::day, day)), *extent);
        entry = either(entry, ("expiryFromSource", compared(dates::distance, source)), *extent);
    }
    if let Some(At { value, extent }) = purge {
        let (day, after) = match value {
            Nullable::Null => (None, None),
            Nullable::Value(purge) => (purge.date.as_ref(), purge.after_expired.as_ref()),
        };
        entry = either(entry, ("purgeDate", compared(dates::day, day)), *extent);
        entry = either(entry, ("purgeAfterExpired", compared(dates::length, after)), *extent);
    }
    let entry = (entry.with_some("refreshExpiryDate", *refresh_expiry))
        .with_some("refreshPurgeDate", *refresh_purge)
        .with_some("copyNetworkBlocks", *copy_blocks);
    Some(entry)
}

/// One of two fields of which the page takes one only: the other is cleared.
fn either<'a>(entry: Entry<'a>, (field, text): (&str, Option<Arc<str>>), extent: Extent) -> Entry<'a> {
    entry.with(field, text.map_or(Value::Null, Value::from), extent)
}

fn external_group(
    group: &Held,
    index: usize,
    network: &Network,
    scope: &Scope<'_, '_>,
    collection: &mut Collection,
) {
    let entry = scope.record(group.extent).with("code", Arc::clone(&group.code), group.extent);
    let entry = match group.others(index) {
        _ if group.absent => entry.absent(),
        _ if group.of_everyone => {
            let note = "every member has it: no source institution is chosen, which means all";
            entry.with("sourceInstitutions", Value::Null, group.extent).note(note)
        }
        others if others.is_empty() => {
            entry.absent().note(format!("no member but {} has it", network.zones[index].name))
        }
        others => entry.with("sourceInstitutions", Value::list(codes_of(&others, network)), group.from),
    };
    collection.add(entry);
}

fn codes_of(zones: &BTreeSet<usize>, network: &Network) -> impl Iterator<Item = Arc<str>> {
    zones.iter().map(|&zone| Arc::clone(&network.zones[zone].code.0))
}

/// The sources as people tell them, where it is easier to say who is not among them.
fn others_in_words(sources: &BTreeSet<usize>, index: usize, network: &Network) -> Option<String> {
    let left_out: Vec<&str> = (network.zones.iter().enumerate())
        .filter(|(zone, each)| each.role == Role::Member && *zone != index && !sources.contains(zone))
        .map(|(_, each)| each.name.as_str())
        .collect();
    match left_out.len() {
        0 => Some("from every other member".to_owned()),
        count if count < sources.len() => {
            Some(format!("from every other member but {}", suggest::some(left_out)))
        }
        _ => None,
    }
}

//! Failures of zones, put together if they differ only in the zone, the collection and the tracking id.

use std::collections::{BTreeMap, BTreeSet};

use super::ZoneNames;
use crate::model::{CollectionId, FailureClass, Plan, ZoneCode, ZoneFailure};

/// Placeholder for the code of the zone.
const ZONE: &str = "{zone}";
/// Placeholder for the name of the collection.
const TABLE: &str = "{table}";

/// Equal failures of several zones.
#[derive(Debug)]
pub struct FailureGroup<'a> {
    /// Message; `{zone}` and `{table}` stand for what differs.
    pub message: String,
    /// Way out, with the same placeholders.
    pub help: Option<String>,
    /// One of the failures, for class and tracking id.
    pub failure: &'a ZoneFailure,
    /// Zones in the order of the network.
    pub zones: Vec<&'a ZoneCode>,
    /// Collections that cannot be planned; empty if the zones failed as a whole.
    pub collections: BTreeSet<&'a CollectionId>,
    /// Number of failed collections of all zones; 0 if the zones failed as a whole.
    pub number: usize,
}

/// Class, message and help of a failure without what differs, and whether it is of a whole zone.
type FailureContent = (bool, FailureClass, String, Option<String>);

/// Returns the failures of a plan, zones that failed as a whole first. Such a zone lists only collections
/// that failed for a reason of their own.
pub fn failure_groups<'a>(plan: &'a Plan, names: &ZoneNames<'a>) -> Vec<FailureGroup<'a>> {
    let mut groups: Vec<FailureGroup<'a>> = Vec::new();
    let mut known: BTreeMap<FailureContent, usize> = BTreeMap::new();
    let mut add = |code: &'a ZoneCode, failure: &'a ZoneFailure, collection: Option<&'a CollectionId>| {
        let table = collection.map(CollectionId::name).unwrap_or_default();
        let plain = |text: &str| without_place(text, code, &table);
        let (message, help) = (plain(&failure.message), failure.help.as_deref().map(plain));
        let content = (collection.is_some(), failure.class, message.clone(), help.clone());
        let index = *known.entry(content).or_insert_with(|| {
            let (zones, collections) = (Vec::new(), BTreeSet::new());
            groups.push(FailureGroup { message, help, failure, zones, collections, number: 0 });
            groups.len() - 1
        });
        let group = &mut groups[index];
        group.zones.push(code);
        group.collections.extend(collection);
        group.number += usize::from(collection.is_some());
    };
    for (code, zone) in &plan.zones {
        if let Some(failure) = &zone.failure {
            add(code, failure, None);
        }
        for step in &zone.collections {
            if let Some(failure) = step.diff.outcome.as_ref().err().filter(|each| !each.class.whole_zone()) {
                add(code, failure, Some(&step.diff.id));
            }
        }
    }
    groups.sort_by_key(|group| group.number > 0);
    for group in &mut groups {
        group.zones = names.in_order(group.zones.iter().copied());
        let only_zone = group.zones.first().filter(|_| group.zones.len() == 1).copied();
        let only_table = group.collections.first().filter(|_| group.collections.len() == 1);
        let named = |text: &str| {
            let text = with_zone(text, only_zone);
            only_table.map_or(text.clone(), |table| text.replace(TABLE, &table.name()))
        };
        (group.message, group.help) = (named(&group.message), group.help.as_deref().map(named));
    }
    groups
}

/// Returns a text of a failure without the zone, the collection and tracking ids. An empty name of the
/// collection stays.
pub fn without_place(text: &str, zone: &ZoneCode, table: &str) -> String {
    let mut parts = text.split(" (tracking id ");
    let first = parts.next().unwrap_or_default().to_owned();
    let text = parts.fold(first, |text, part| text + part.split_once(')').map_or("", |(_, rest)| rest));
    let text = text.replace(zone.as_str(), ZONE);
    if table.is_empty() { text } else { text.replace(table, TABLE) }
}

/// Returns a text of a failure with the code of the only zone, if it is one.
pub fn with_zone(text: &str, only_zone: Option<&ZoneCode>) -> String {
    match only_zone {
        Some(zone) => text.replace(ZONE, zone.as_str()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_differ_only_in_what_is_no_place() {
        let plain = |text: &str| without_place(text, &"01M_A".into(), "T");
        assert_eq!(plain("`T` of 01M_A failed (tracking id E1)"), "`{table}` of {zone} failed");
        assert_eq!(plain("a (tracking id E1), b (tracking id E2) c (tracking id "), "a, b c");
        assert_eq!(without_place("GET /", &"01M_A".into(), ""), "GET /");
        assert_eq!(with_zone("{zone} failed", Some(&"01M_A".into())), "01M_A failed");
        assert_eq!(with_zone("{zone} failed", None), "{zone} failed");
    }
}

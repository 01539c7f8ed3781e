//! The way back of user groups: code, record types and restriction of a group come from three tables.
//!
//! A group whose tables do not agree is left out, and exported as rows of the tables.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::followed_rules::{FollowedRules, ZoneRules};
use super::{RECORD_TYPE, RESTRICTED, USER_GROUP, UserGroupsSpec};
use crate::export::{ExportRow, FieldTerm, RowValues, TableRows, ZoneSet, common_variables};
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{
    ObservedSettings, ZoneRecord, by_zone_sets, flag, items, manifest, numbered, object, term_json, text,
};
use crate::manifest::write_yaml::ManifestText;
use crate::model::alma_codes::{record_types, user_groups};
use crate::model::{FieldName, FieldValue, ObservedCollection, ObservedRecord, RecordKey};

/// Largest number of manifests that is easier to read than overrides of the tables.
const MANY_MANIFESTS: usize = 24;
/// Smallest part of the members whose group has the code of a variable, in percent.
const MOST_PERCENT: usize = 80;

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let restricted = settings.by_zone(RESTRICTED);
    let (Some(groups), Some(types)) =
        (settings.collections.get(&user_groups()), settings.collections.get(&record_types()))
    else {
        return Vec::new();
    };
    let mut table = TableRows::default();
    for zone in settings.members().zones() {
        let (Some(groups), Some(types), Some(restricted)) =
            (groups.get(&zone), types.get(&zone), restricted.get(&zone))
        else {
            continue;
        };
        table.zones.insert(zone);
        let rules = ZoneRules::of_zone(zone, settings);
        for (code, mut values) in groups_of(groups, types, restricted) {
            values.extend(rules.followed_by(&code, !is_restricted(&code, restricted)));
            let row = ExportRow { values, ..ExportRow::default() };
            table.rows.entry(RecordKey(vec![code.into()])).or_default().insert(zone, row);
        }
    }
    let varying = varying_codes(&mut table, settings);
    let mut sets = group_sets(&table, &varying, true);
    if sets.len() > MANY_MANIFESTS {
        // Rules that members own are worth less than groups.
        sets = group_sets(&table, &varying, false);
    }
    if sets.len() > MANY_MANIFESTS {
        return Vec::new();
    }
    let manifests = sets.into_iter().enumerate().map(|(index, (zones, rules, groups))| {
        let mut spec: Vec<_> = settings.applies_to(&zones).into_iter().collect();
        spec.push(("groups", items(groups)));
        spec.extend(rules.fields());
        manifest(UserGroupsSpec::NAME, numbered("user-groups", index), spec)
    });
    manifests.collect()
}

/// Groups with the same rules, with their zones.
type GroupSet = (ZoneSet, FollowedRules, Vec<Json>);

/// Group whose code is a variable, with its zones.
type VaryingGroup = (String, RowValues, ZoneSet);

/// Returns the groups of each manifest.
fn group_sets(table: &TableRows, varying: &[VaryingGroup], with_rules: bool) -> Vec<GroupSet> {
    let mut sets: Vec<GroupSet> = Vec::new();
    let mut add = |zones: &ZoneSet, code: Json, values: &RowValues| {
        let rules = if with_rules { FollowedRules::of_group(values) } else { FollowedRules::default() };
        let group = group_json(code, values);
        match sets.iter_mut().find(|(set, known, _)| set == zones && *known == rules) {
            Some((_, _, groups)) => groups.push(group),
            None => sets.push((zones.clone(), rules, vec![group])),
        }
    };
    let mut table = table.clone();
    if !with_rules {
        let rows = table.rows.values_mut().flat_map(BTreeMap::values_mut);
        rows.for_each(|row| FollowedRules::remove(&mut row.values));
    }
    for (zones, groups) in by_zone_sets(&table) {
        for (key, values) in groups {
            add(&zones, json!(key.0.first().map_or("", |code| code)), values);
        }
    }
    for (variable, values, zones) in varying {
        add(zones, json!({"var": variable}), values);
    }
    sets
}

/// Returns the groups of one member by code, as far as its tables agree.
fn groups_of(
    groups: &ObservedCollection,
    types: &ObservedCollection,
    restricted: &[ObservedRecord],
) -> BTreeMap<String, RowValues> {
    groups.records.iter().filter_map(|record| group_values(record, types, restricted).ok()).collect()
}

/// Returns the code and the values of a group.
///
/// # Errors
/// Returns the reason why no manifest can declare the group.
fn group_values(
    record: &ObservedRecord,
    types: &ObservedCollection,
    restricted: &[ObservedRecord],
) -> Result<(String, RowValues), &'static str> {
    let column = |name: &str| types.aliases.get(name).cloned().unwrap_or_else(|| FieldName::from(name));
    let (type_column, group_column) = (column(RECORD_TYPE), column(USER_GROUP));
    let code = text(record, "code").ok_or("the row has no code")?;
    let description = text(record, "description").ok_or("the row has no description")?;
    let enabled = flag(record, "enabled").ok_or("the row has no flag `enabled`")?;
    let mut names = BTreeSet::new();
    for row in types.records.iter().filter(|row| text(row, &group_column) == Some(code)) {
        if enabled && flag(row, "enabled") != Some(true) {
            return Err("the kind would enable its record types");
        }
        names.insert(text(row, &type_column).ok_or("a record type of the group is empty")?);
    }
    if names.is_empty() {
        return Err("the kind would add a record type, because the group has none");
    }
    let is_restricted = is_restricted(code, restricted);
    let values = [
        ("description", FieldValue::from(description)),
        ("enabled", FieldValue::Bool(enabled)),
        ("recordTypes", FieldValue::list(names)),
        ("visibleToPartners", FieldValue::Bool(!is_restricted)),
    ];
    let values = values.map(|(field, value)| (field.into(), FieldTerm::Value(value)));
    Ok((code.to_owned(), RowValues::from(values)))
}

/// Returns the reason why no manifest declares a group of a member.
pub(super) fn explain_omission(settings: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    if *record.collection != user_groups() || !settings.members().contains(record.zone) {
        return None;
    }
    let types = settings.collections.get(&record_types())?.get(&record.zone)?;
    let restricted = settings.in_zone(RESTRICTED, record.zone)?;
    Some(match group_values(record.record, types, restricted) {
        Ok(_) => "the groups of the members differ too much".to_owned(),
        Err(reason) => reason.to_owned(),
    })
}

fn is_restricted(code: &str, restricted: &[ObservedRecord]) -> bool {
    restricted.iter().any(|record| text(record, "userGroup") == Some(code))
}

/// Moves groups whose code is a variable of the members out of the table.
fn varying_codes(table: &mut TableRows, settings: &ObservedSettings<'_>) -> Vec<VaryingGroup> {
    let mut found = Vec::new();
    for variable in common_variables(settings.network, &table.zones) {
        let code_at =
            |zone: usize| settings.network.zones[zone].vars.get(variable).cloned().unwrap_or_default();
        let mut by_value: BTreeMap<RowValues, ZoneSet> = BTreeMap::new();
        for zone in table.zones.zones() {
            let rows = table.rows.get(&RecordKey(vec![code_at(zone).into()]));
            if let Some(row) = rows.and_then(|rows| rows.get(&zone)) {
                by_value.entry(row.values.clone()).or_default().insert(zone);
            }
        }
        let Some((values, zones)) = by_value.into_iter().max_by_key(|(_, zones)| zones.len()) else {
            continue;
        };
        let codes: BTreeSet<String> = zones.zones().map(code_at).collect();
        if codes.len() < 2 || zones.len() * 100 < table.zones.len() * MOST_PERCENT {
            continue;
        }
        for zone in zones.zones() {
            if let Some(rows) = table.rows.get_mut(&RecordKey(vec![code_at(zone).into()])) {
                rows.remove(&zone);
            }
        }
        found.push((variable.to_owned(), values, zones));
    }
    table.rows.retain(|_, rows| !rows.is_empty());
    found
}

fn group_json(code: Json, values: &RowValues) -> Json {
    let term = |field: &str| values.get(field).map(term_json);
    object([
        ("code", Some(code)),
        ("description", term("description")),
        ("enabled", term("enabled")),
        ("recordTypes", term("recordTypes")),
        ("visibleToPartners", term("visibleToPartners")),
    ])
}

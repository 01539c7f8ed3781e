//! The way back of linked account rules and external user groups: "all other members" is one selector, and
//! members with the same rules share a manifest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::LinkingRulesSpec;
use crate::export::{ExportRow, FieldTerm, RowValues, TableRows, ZoneSet, recognize_variables};
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{
    ObservedSettings, common_partners, items, manifest, numbered, object, term_json, text,
};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::alma_codes::DEFAULT_RULE;
use crate::model::{FieldValue, ObservedRecord, RecordKey};

const RULES: &str = "LinkedAccountRules";
const GROUPS: &str = "ExternalUserGroups";
const SOURCES: &str = "sourceInstitutions";

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut manifests = export_rules(settings);
    manifests.extend(export_groups(settings));
    manifests
}

/// Rules of one member, in order, and its default rule.
type RuleProfile = (Vec<String>, Option<String>);

fn export_rules(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let by_zone = settings.by_zone(RULES);
    let mut table =
        TableRows { zones: ZoneSet::from_indices(by_zone.keys().copied()), ..TableRows::default() };
    let mut sources: BTreeMap<&str, BTreeMap<usize, ZoneSet>> = BTreeMap::new();
    for (zone, records) in &by_zone {
        for record in *records {
            let Some(name) = text(record, "name") else { continue };
            let values: RowValues = (record.fields.iter())
                .filter(|(_, value)| **value != FieldValue::Null)
                .map(|(field, value)| (field.clone(), FieldTerm::Value(value.clone())))
                .collect();
            let row = ExportRow { values, ..ExportRow::default() };
            table.rows.entry(RecordKey(vec![name.into()])).or_default().insert(*zone, row);
            if let Some(from) = record.fields.get(SOURCES).and_then(|codes| settings.member_set(codes)) {
                sources.entry(name).or_default().insert(*zone, from);
            }
        }
    }
    recognize_variables(&mut table, settings.network);
    let sources: BTreeMap<&str, BTreeMap<usize, ZoneSet>> =
        sources.iter().map(|(name, lists)| (*name, common_partners(lists))).collect();
    let mut profiles: BTreeMap<RuleProfile, ZoneSet> = BTreeMap::new();
    for (zone, records) in by_zone {
        let values_of = |name: &str| {
            let rows = table.rows.get(&RecordKey(vec![name.into()]))?;
            Some(&rows.get(&zone)?.values)
        };
        let mut ordered: Vec<&ObservedRecord> =
            records.iter().filter(|record| text(record, "name") != Some(DEFAULT_RULE)).collect();
        let position = |record: &&ObservedRecord| {
            text(record, "position").and_then(|position| position.parse::<usize>().ok()).unwrap_or(usize::MAX)
        };
        ordered.sort_by_key(position);
        let mut rules = Vec::new();
        // Positions count the rules of the manifest, so a rule that cannot be declared ends the list.
        for (index, record) in
            ordered.iter().enumerate().filter(|(index, record)| position(record) == index + 1)
        {
            let rule = text(record, "name")
                .and_then(|name| rule_json(name, values_of(name)?, sources.get(name)?.get(&zone)?, settings));
            match rule {
                Some(rule) if rules.len() == index => rules.push(rule.to_string()),
                Some(_) | None => break,
            }
        }
        let default = values_of(DEFAULT_RULE).filter(|values| values.contains_key("userGroup"));
        let default = default.map(|values| Json::Object(attributes(values)).to_string());
        if !rules.is_empty() || default.is_some() {
            profiles.entry((rules, default)).or_default().insert(zone);
        }
    }
    let mut profiles: Vec<(RuleProfile, ZoneSet)> = profiles.into_iter().collect();
    profiles.sort_by_key(|(_, zones)| std::cmp::Reverse(zones.len()));
    let parsed = |text: &String| serde_json::from_str::<Json>(text).unwrap_or_default();
    let manifests = profiles.iter().enumerate().map(|(index, ((rules, default), zones))| {
        let mut spec: Vec<(&'static str, YamlPart)> = settings.applies_to(zones).into_iter().collect();
        if !rules.is_empty() {
            spec.push(("rules", items(rules.iter().map(parsed))));
        }
        spec.extend(default.iter().map(|default| ("default", YamlPart::Value(parsed(default)))));
        manifest(LinkingRulesSpec::NAME, numbered("linking-rules", index), spec)
    });
    manifests.collect()
}

fn rule_json(
    name: &str,
    values: &RowValues,
    sources: &ZoneSet,
    settings: &ObservedSettings<'_>,
) -> Option<Json> {
    let groups = match values.get("sourceUserGroups") {
        None => None,
        Some(FieldTerm::Value(codes)) => Some(json!(codes.texts())),
        Some(FieldTerm::Variable(_)) => return None,
    };
    let sources = Some(settings.selector(sources)).filter(|selector| *selector != json!({}));
    let mut rule = match object([
        ("name", Some(json!(name))),
        ("description", values.get("description").map(term_json)),
        ("sources", sources),
        ("userGroups", groups),
    ]) {
        Json::Object(rule) => rule,
        _ => return None,
    };
    rule.extend(attributes(values));
    rule.extend(values.get("enabled").map(|term| ("enabled".to_owned(), term_json(term))));
    Some(Json::Object(rule))
}

/// Returns the attributes of the linked account.
fn attributes(values: &RowValues) -> serde_json::Map<String, Json> {
    let term = |field: &str| values.get(field).map(term_json);
    let either = |[(first, first_name), (second, second_name)]: [(&str, &str); 2]| {
        Some(match (term(first), term(second)) {
            (Some(value), _) => json!({first_name: value}),
            (None, Some(value)) => json!({second_name: value}),
            (None, None) => Json::Null,
        })
    };
    let fields = object([
        ("group", term("userGroup")),
        ("expiry", either([("expiryDate", "date"), ("expiryFromSource", "fromSource")])),
        ("refreshExpiry", term("refreshExpiryDate")),
        ("purge", either([("purgeDate", "date"), ("purgeAfterExpired", "afterExpired")])),
        ("refreshPurge", term("refreshPurgeDate")),
        ("copyBlocks", term("copyNetworkBlocks")),
    ]);
    match fields {
        Json::Object(fields) => fields,
        _ => serde_json::Map::new(),
    }
}

/// Institutions of an external group; `None` for all members.
type GroupInstitutions = Option<ZoneSet>;

fn export_groups(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut lists: BTreeMap<&str, BTreeMap<usize, ZoneSet>> = BTreeMap::new();
    let mut groups_of: BTreeMap<usize, BTreeMap<&str, GroupInstitutions>> = BTreeMap::new();
    let by_zone = settings.by_zone(GROUPS);
    for (zone, records) in &by_zone {
        for record in *records {
            let Some(code) = text(record, "code") else { continue };
            match record.fields.get(SOURCES).filter(|codes| **codes != FieldValue::Null) {
                None => drop(groups_of.entry(*zone).or_default().insert(code, None)),
                Some(codes) => {
                    if let Some(members) = settings.member_set(codes) {
                        lists.entry(code).or_default().insert(*zone, members);
                    }
                }
            }
        }
    }
    let common: BTreeMap<&str, BTreeMap<usize, ZoneSet>> =
        lists.iter().map(|(code, lists)| (*code, common_partners(lists))).collect();
    for (code, sets) in &common {
        for (zone, set) in sets {
            groups_of.entry(*zone).or_default().insert(code, Some(set.clone()));
        }
        // The only member with a group does not list it.
        let distinct: BTreeSet<&ZoneSet> = sets.values().collect();
        if let (1, Some(only)) = (distinct.len(), distinct.first())
            && let (1, Some(member)) = (only.len(), only.zones().next())
            && let Some(groups) = groups_of.get_mut(&member)
        {
            groups.entry(code).or_insert_with(|| Some((*only).clone()));
        }
    }
    let mut profiles: BTreeMap<BTreeMap<&str, GroupInstitutions>, ZoneSet> = BTreeMap::new();
    for (zone, groups) in groups_of {
        profiles.entry(groups).or_default().insert(zone);
    }
    let mut profiles: Vec<_> = profiles.into_iter().collect();
    profiles.sort_by_key(|(_, zones)| std::cmp::Reverse(zones.len()));
    let manifests = profiles.iter().enumerate().map(|(index, (groups, zones))| {
        let mut by_institutions: BTreeMap<&GroupInstitutions, Vec<&str>> = BTreeMap::new();
        for (code, institutions) in groups {
            by_institutions.entry(institutions).or_default().push(code);
        }
        let written = by_institutions.iter().map(|(institutions, codes)| {
            let selector = institutions.as_ref().map(|set| settings.selector(set));
            object([("codes", Some(json!(codes))), ("institutions", selector)])
        });
        let mut spec: Vec<(&'static str, YamlPart)> = settings.applies_to(zones).into_iter().collect();
        spec.push(("externalGroups", YamlPart::Fields(vec![("groups", items(written))])));
        manifest(LinkingRulesSpec::NAME, numbered("external-groups", index), spec)
    });
    manifests.collect()
}

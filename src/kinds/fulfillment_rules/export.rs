//! The way back of fulfillment rules: the fields of a rule that a manifest can amend, for the zones that agree.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{ENABLED, FulfillmentRulesSpec, NAME, TERMS, UNIT};
use crate::kinds::KindSpec as _;
use crate::kinds::shared_forms::{VariableFields, ZoneSettings, by_zones, shared_forms};
use crate::kinds::way_back::{ObservedSettings, ZoneRecord, items, manifest, numbered, object, text};
use crate::manifest::write_yaml::ManifestText;
use crate::model::{FieldValue, IN_LIST, NOT_IN_LIST, ObservedRecord};

/// Fields that can be variables.
const VARIABLE: VariableFields =
    VariableFields { names: &[UNIT, TERMS, "include", "exclude"], text: |text| text };
/// End of the names of operators.
const OPERATOR: &str = ".operator";

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut by_zone = ZoneSettings::new();
    for (zone, records) in settings.by_zone(FulfillmentRulesSpec::NAME) {
        let rules = rules_of_zone(records, zone, settings).into_iter().filter_map(|(_, rule)| rule.ok());
        let mut distinct: Vec<Json> = Vec::new();
        for rule in rules {
            if !distinct.contains(&rule) {
                distinct.push(rule);
            }
        }
        by_zone.insert(zone, distinct);
    }
    let forms = shared_forms(&by_zone, VARIABLE, settings.network);
    let manifests = by_zones(forms).into_iter().enumerate().map(|(index, (zones, rules))| {
        let mut spec: Vec<_> = settings.applies_to(&zones).into_iter().collect();
        spec.push(("rules", items(rules)));
        manifest(FulfillmentRulesSpec::NAME, numbered("fulfillment-rules", index), spec)
    });
    manifests.collect()
}

/// Returns the reason why no manifest can amend a rule.
pub(super) fn explain_omission(settings: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    let records = settings.in_zone(FulfillmentRulesSpec::NAME, record.zone)?;
    let rules = rules_of_zone(records, record.zone, settings);
    rules.into_iter().find(|(rule, _)| *rule == record.record)?.1.err()
}

/// Rule, with its form in a manifest or the reason why there is none.
type ExportedRule<'r> = (&'r ObservedRecord, Result<Json, String>);

/// Returns the rules of a zone. A rule names its unit only if rules of one name differ.
fn rules_of_zone<'r>(
    records: &'r [ObservedRecord],
    zone: usize,
    settings: &ObservedSettings<'_>,
) -> Vec<ExportedRule<'r>> {
    let mut by_name: BTreeMap<&str, Vec<&ObservedRecord>> = BTreeMap::new();
    for record in records {
        by_name.entry(text(record, NAME).unwrap_or_default()).or_default().push(record);
    }
    let mut rules = Vec::new();
    for record in records {
        let same = &by_name[text(record, NAME).unwrap_or_default()];
        let form = |record: &ObservedRecord, unit| rule(record, unit, zone, settings);
        let all: BTreeSet<Result<String, String>> =
            same.iter().map(|record| form(record, None).map(|rule| rule.to_string())).collect();
        if all.len() == 1 {
            rules.push((record, form(record, None)));
            continue;
        }
        let unit = text(record, UNIT);
        let twins = same.iter().filter(|other| text(other, UNIT) == unit).count();
        rules.push((
            record,
            match unit.filter(|unit| !unit.trim().is_empty()) {
                Some(unit) if twins == 1 => form(record, Some(unit)),
                Some(_) | None => Err("other rules of the same unit and name differ".to_owned()),
            },
        ));
    }
    rules
}

/// Returns what a manifest can say about a rule.
///
/// # Errors
/// Returns the reason why no manifest can amend the rule.
fn rule(
    record: &ObservedRecord,
    unit: Option<&str>,
    zone: usize,
    settings: &ObservedSettings<'_>,
) -> Result<Json, String> {
    let name = text(record, NAME).filter(|name| !name.trim().is_empty()).ok_or("the rule has no name")?;
    let terms = text(record, TERMS).filter(|terms| has_terms(terms, zone, settings));
    let enabled = match record.fields.get(ENABLED) {
        Some(FieldValue::Bool(enabled)) => Some(*enabled),
        Some(FieldValue::Null | FieldValue::Text(_) | FieldValue::List(_)) | None => None,
    };
    let set =
        object([(TERMS, terms.map(|terms| json!(terms))), (ENABLED, enabled.map(|enabled| json!(enabled)))]);
    let inputs: Vec<Json> = record.fields.keys().filter_map(|field| input(field, record)).collect();
    if set == json!({}) && inputs.is_empty() {
        return Err("the rule has no terms of use, no flag `enabled` and no list".to_owned());
    }
    Ok(object([
        (NAME, Some(json!(name))),
        (UNIT, unit.map(|unit| json!(unit))),
        ("set", Some(set).filter(|set| *set != json!({}))),
        ("inputs", (!inputs.is_empty()).then_some(Json::Array(inputs))),
    ]))
}

/// Returns true unless the zone is known to lack the terms of use.
fn has_terms(name: &str, zone: usize, settings: &ObservedSettings<'_>) -> bool {
    let terms = settings.in_zone("TermsOfUse", zone);
    terms.is_none_or(|terms| terms.iter().any(|record| text(record, NAME) == Some(name)))
}

/// Returns an input parameter by the field of its operator.
fn input(field: &str, record: &ObservedRecord) -> Option<Json> {
    let parameter = field.strip_suffix(OPERATOR)?;
    let is_name = parameter.starts_with(|first: char| first.is_ascii_alphabetic())
        && parameter.chars().all(|c| c.is_ascii_alphanumeric())
        && ![UNIT, NAME, TERMS, ENABLED].contains(&parameter);
    let list = match text(record, field)? {
        IN_LIST => "include",
        NOT_IN_LIST => "exclude",
        _ => return None,
    };
    let FieldValue::List(values) = record.fields.get(parameter)? else { return None };
    if !is_name || values.iter().any(|value| value.trim().is_empty()) {
        return None;
    }
    let values: Vec<&str> = values.iter().map(|value| &**value).collect();
    Some(object([
        ("parameter", Some(json!(parameter))),
        ("operator", text(record, field).map(|operator| json!(operator))),
        (list, Some(json!(values))),
    ]))
}

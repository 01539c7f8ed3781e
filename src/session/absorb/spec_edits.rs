//! Edits that absorb a group of differences, and what the manifest must declare after them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::edit_groups::EditGroup;
use super::meaning::ManifestMeaning;
use super::spec_tree::{SpecTree, WrittenRow, field, override_path};
use super::zone_differences::{FoundRecord, ZoneDifference, find_record};
use crate::manifest::edit_yaml::{NewFieldPlace, SpecEdit, SpecStep};
use crate::manifest::yaml_node::YamlValue;
use crate::model::{DesiredRecord, DesiredState, Enforcement, FieldName, FieldValue, ZoneCode};
use crate::render::json::absorb::AbsorbLayer;

/// Returns the edits of a group. Changes `expected` to what the manifest must declare after them.
///
/// # Errors
/// Returns the reason if the group has no place in the manifest.
pub fn edits(
    group: &EditGroup,
    tree: &SpecTree,
    desired: &DesiredState,
    layer: AbsorbLayer,
    expected: &mut ManifestMeaning,
) -> Result<Vec<SpecEdit>, String> {
    match layer {
        AbsorbLayer::Shared => shared_edits(group, tree, desired, expected),
        AbsorbLayer::Override => override_edits(group, tree, desired, expected),
        AbsorbLayer::Report => {
            for (_, collection) in expected.iter_mut().filter(|((zone, _), _)| group.zones.contains(zone)) {
                collection.enforcement = Enforcement::Report;
                collection.records.values_mut().for_each(|record| record.enforcement = Enforcement::Report);
            }
            Ok(vec![match tree.override_of(&group.zones) {
                Some(index) => set(override_path(index).to_vec(), "enforcement", json!("report")),
                None => {
                    add(tree, "overrides", json!({"appliesTo": only(&group.zones), "enforcement": "report"}))
                }
            }])
        }
        AbsorbLayer::Except => {
            expected.retain(|(zone, _), _| !group.zones.contains(zone));
            Ok(except_edits(&group.zones, tree))
        }
    }
}

fn shared_edits(
    group: &EditGroup,
    tree: &SpecTree,
    desired: &DesiredState,
    expected: &mut ManifestMeaning,
) -> Result<Vec<SpecEdit>, String> {
    let rows = tree.rows();
    let mut edits = Vec::new();
    for difference in &group.differences {
        let record = record_of(difference, desired)?;
        for (name, value) in values(difference) {
            let (row, prefix) = row_of_value(&rows, record, name)?;
            let edit = set(row_path(row, prefix), name, to_json(value));
            if !edits.contains(&edit) {
                edits.push(edit);
            }
            let span = record.fields.get(name).map(|declared| &declared.provenance.span);
            let zones = desired.zones.iter().flat_map(|(zone, own)| own.iter().map(move |each| (zone, each)));
            for (zone, collection) in zones.filter(|(_, each)| each.provenance.manifest == group.manifest) {
                let Some(content) = expected.get_mut(&(zone.clone(), collection.id.clone())) else {
                    continue;
                };
                for (key, record) in &collection.records {
                    let is_same =
                        record.fields.get(name).is_some_and(|each| Some(&each.provenance.span) == span);
                    if let (true, Some(record)) = (is_same, content.records.get_mut(key)) {
                        record.fields.insert(Arc::clone(name), value.clone());
                    }
                }
            }
        }
    }
    Ok(edits)
}

fn override_edits(
    group: &EditGroup,
    tree: &SpecTree,
    desired: &DesiredState,
    expected: &mut ManifestMeaning,
) -> Result<Vec<SpecEdit>, String> {
    for difference in &group.differences {
        let place = (difference.address.zone.clone(), difference.collection.clone());
        let undeclared = "the manifest no longer declares the record";
        let records = &mut expected.get_mut(&place).ok_or(undeclared)?.records;
        match &difference.found {
            FoundRecord::Missing => drop(records.remove(&difference.key).ok_or(undeclared)?),
            FoundRecord::Values(values) => {
                records.get_mut(&difference.key).ok_or(undeclared)?.fields.extend(values.clone());
            }
        }
    }
    let rows = tree.rows();
    let existing = tree.override_of(&group.zones).filter(|&index| {
        // A later override would win.
        let sources = group.differences.iter().filter_map(|difference| {
            let record = record_of(difference, desired).ok()?;
            values(difference)
                .filter_map(|(name, _)| record.fields.get(name)?.provenance.override_index)
                .max()
        });
        sources.max().is_none_or(|last| last as usize <= index)
    });
    let (mut edits, mut new_rows) = (Vec::new(), Vec::new());
    for difference in group.of_first_zone() {
        let record = record_of(difference, desired)?;
        let row = rows.iter().find(|row| row.starts_at(record.provenance.span.start.byte));
        let row = row.ok_or("the row is not written as a row of its own")?;
        let (collection, _) = find_record(desired, &difference.address.zone, difference)
            .ok_or("the manifest no longer declares the record")?;
        let key = row.key(&collection.key).ok_or("the row does not contain its key")?;
        let own_rows = existing.map(|index| tree.rows_of_override(index)).unwrap_or_default();
        let own_row = own_rows.iter().find(|own| own.key(&collection.key).as_ref() == Some(&key));
        match own_row {
            Some(own_row) => edits.extend(edits_of_row(own_row, &rows, record, difference)?),
            None => {
                let mut new_row = Map::new();
                for (name, value) in collection.key.iter().zip(key) {
                    let prefix = row.value(name).map(|(prefix, _)| prefix).unwrap_or_default();
                    insert(&mut new_row, prefix, name, value);
                }
                if difference.found == FoundRecord::Missing {
                    // The row would be deleted with `absent: true` if the zone adds it later.
                    new_row.insert("managed".to_owned(), Json::Bool(false));
                }
                for (name, value) in values(difference) {
                    let (_, prefix) = row_of_value(&rows, record, name)?;
                    insert(&mut new_row, prefix, name, to_json(value));
                }
                new_rows.push(Json::Object(new_row));
            }
        }
    }
    if new_rows.is_empty() {
        return Ok(edits);
    }
    let Some(index) = existing else {
        edits.push(add(tree, "overrides", json!({"appliesTo": only(&group.zones), "rows": new_rows})));
        return Ok(edits);
    };
    let path = override_path(index);
    if tree.rows_of_override(index).is_empty() {
        edits.push(set(path.to_vec(), "rows", Json::Array(new_rows)));
    } else {
        let [overrides, item] = path;
        let path = vec![overrides, item, field("rows")];
        edits.extend(new_rows.into_iter().map(|item| SpecEdit::AddItem { path: path.clone(), item }));
    }
    Ok(edits)
}

/// Returns the edits of a row that an override contains already.
fn edits_of_row(
    own_row: &WrittenRow<'_>,
    rows: &[WrittenRow<'_>],
    record: &DesiredRecord,
    difference: &ZoneDifference,
) -> Result<Vec<SpecEdit>, String> {
    if difference.found == FoundRecord::Missing {
        return Err("an override sets values of the row; replace them with `managed: false`".to_owned());
    }
    let edit = |(name, value): (&FieldName, &FieldValue)| {
        let (_, prefix) = row_of_value(rows, record, name)?;
        Ok(set(row_path(own_row, prefix), name, to_json(value)))
    };
    values(difference).map(edit).collect()
}

/// Returns the edits that exclude zones from the manifest.
fn except_edits(zones: &[ZoneCode], tree: &SpecTree) -> Vec<SpecEdit> {
    let codes: Json = zones.iter().map(|zone| Json::from(zone.as_str())).collect();
    let applies_to = tree.spec.get("appliesTo").map(|found| found.node);
    let except = applies_to.and_then(|node| node.get("except")).map(|found| &found.node.value);
    let path = vec![field("appliesTo")];
    match (applies_to.map(|node| &node.value), except) {
        (Some(YamlValue::Map(_)), Some(YamlValue::List(codes))) if !codes.is_empty() => {
            let path = vec![field("appliesTo"), field("except")];
            let add = |zone: &ZoneCode| SpecEdit::AddItem { path: path.clone(), item: zone.as_str().into() };
            zones.iter().map(add).collect()
        }
        (Some(YamlValue::Map(_)), _) => vec![set(path, "except", codes)],
        (Some(_) | None, _) => vec![SpecEdit::SetField {
            path: Vec::new(),
            name: "appliesTo".to_owned(),
            value: json!({"except": codes}),
            place: NewFieldPlace::First,
        }],
    }
}

fn record_of<'a>(
    difference: &ZoneDifference,
    desired: &'a DesiredState,
) -> Result<&'a DesiredRecord, String> {
    find_record(desired, &difference.address.zone, difference)
        .map(|(_, record)| record)
        .ok_or_else(|| "the manifest no longer declares the record".to_owned())
}

fn values(difference: &ZoneDifference) -> impl Iterator<Item = (&FieldName, &FieldValue)> {
    static NONE: BTreeMap<FieldName, FieldValue> = BTreeMap::new();
    match &difference.found {
        FoundRecord::Values(values) => values.iter(),
        FoundRecord::Missing => NONE.iter(),
    }
}

/// Returns the row that declares a value, and the path of the value's map in the row.
fn row_of_value<'a>(
    rows: &'a [WrittenRow<'a>],
    record: &DesiredRecord,
    name: &FieldName,
) -> Result<(&'a WrittenRow<'a>, &'static [&'static str]), String> {
    let start = record.fields.get(name).map(|value| value.provenance.span.start.byte);
    let written = rows.iter().find_map(|row| {
        let (prefix, node) = row.value(name)?;
        (Some(node.extent.start.byte) == start).then_some((row, prefix))
    });
    written.ok_or_else(|| format!("the row does not contain {name} as a value of its own; edit it by hand"))
}

fn row_path(row: &WrittenRow<'_>, prefix: &[&str]) -> Vec<SpecStep> {
    row.path.iter().cloned().chain(prefix.iter().map(|name| field(name))).collect()
}

fn insert(row: &mut Map<String, Json>, prefix: &[&str], name: &str, value: Json) {
    let Some(parent) = prefix.first() else {
        row.insert(name.to_owned(), value);
        return;
    };
    let parent = row.entry(*parent).or_insert_with(|| Json::Object(Map::new()));
    if let Json::Object(fields) = parent {
        fields.insert(name.to_owned(), value);
    }
}

fn set(path: Vec<SpecStep>, name: &str, value: Json) -> SpecEdit {
    SpecEdit::SetField { path, name: name.to_owned(), value, place: NewFieldPlace::Last }
}

/// Adds an item to a list of the spec, which can be missing.
fn add(tree: &SpecTree, list: &str, item: Json) -> SpecEdit {
    let written = tree.spec.get(list).map(|found| &found.node.value);
    match written {
        Some(YamlValue::List(items)) if !items.is_empty() => {
            SpecEdit::AddItem { path: vec![field(list)], item }
        }
        Some(_) | None => set(Vec::new(), list, Json::Array(vec![item])),
    }
}

fn only(zones: &[ZoneCode]) -> Json {
    json!({"only": zones.iter().map(ZoneCode::as_str).collect::<Vec<_>>()})
}

fn to_json(value: &FieldValue) -> Json {
    match value {
        FieldValue::Null => Json::Null,
        FieldValue::Bool(flag) => Json::Bool(*flag),
        FieldValue::Text(text) => Json::from(&**text),
        FieldValue::List(texts) => texts.iter().map(|text| Json::from(&**text)).collect(),
    }
}

//! Finds unexpected differences after a whole-table write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::table_body::lay_over;
use super::table_layout::{JsonObject, TableLayout, cell, flag, rows};
use crate::model::{Change, FieldName, FieldValue, Record};
use crate::provider::CollectionSnapshot;
use crate::provider::record_changes::RecordLabels;

/// Row fields that the zone sets itself.
const ROW_OUTPUT: &[&str] = &["updated_by", "update_date", "link"];
/// Table fields that the zone sets itself, and the rows, compared one by one.
const TABLE_OUTPUT: &[&str] = &["updated_by", "update_date", "customized", "link", "row", "rows"];

/// Returns one line per difference between `after` and the expected result of the changes to `before`.
pub fn strays(
    layout: &TableLayout,
    before: &CollectionSnapshot,
    changes: &[Change],
    after: &CollectionSnapshot,
) -> Vec<String> {
    let expected = match lay_over(layout, before, changes) {
        Ok(body) => plain_rows(layout, &body),
        Err(failure) => return vec![format!("cannot determine the expected rows: {failure}")],
    };
    let (expected, found) = match (expected, plain_rows(layout, &after.raw)) {
        (Ok(expected), Ok(found)) => (expected, found),
        (Err(what), _) | (_, Err(what)) => return vec![what],
    };
    let labels = RecordLabels {
        noun: "row",
        key: key_fields(layout, changes),
        aliases: &after.observed.aliases,
        partial: Vec::new(),
    };
    // Compares with the previous read, not with the sent body: a zone may omit an added library from the scope.
    let table = content_differences(&table_content(&before.raw), &table_content(&after.raw));
    let table = table.into_iter().map(|line| format!("table: {line}"));
    table.chain(labels.unexpected_records(expected, found)).collect()
}

/// Returns the fields that distinguish rows: the key of the changes, or the table type's default key.
fn key_fields(layout: &TableLayout, changes: &[Change]) -> Vec<FieldName> {
    match changes.iter().find(|change| !change.key.is_empty()) {
        Some(change) => change.key.iter().map(|(field, _)| Arc::clone(field)).collect(),
        None => layout.key.iter().map(|field| FieldName::from(*field)).collect(),
    }
}

/// Returns the normalized content outside the rows.
fn table_content(body: &Json) -> Json {
    let members = body.as_object().into_iter().flatten();
    let own = members.filter(|(name, _)| !TABLE_OUTPUT.contains(&name.as_str()));
    own.filter_map(|(name, value)| Some((name.clone(), normalize_value(value)?))).collect()
}

/// Returns one line per different field of two contents outside the records.
pub fn content_differences(before: &Json, after: &Json) -> Vec<String> {
    let (Json::Object(was), Json::Object(is)) = (before, after) else {
        return match before == after {
            true => Vec::new(),
            false => vec![format!("content outside the changes was {before} and is {after}")],
        };
    };
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let show = |value: Option<&Json>| value.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    names
        .into_iter()
        .filter(|name| was.get(*name) != is.get(*name))
        .map(|name| format!("`{name}` is {}, was {}", show(is.get(name)), show(was.get(name))))
        .collect()
}

fn plain_rows(layout: &TableLayout, body: &Json) -> Result<Vec<Record>, String> {
    rows(body)?.into_iter().map(|row| plain_row(layout, row)).collect()
}

fn plain_row(layout: &TableLayout, row: &JsonObject) -> Result<Record, String> {
    let mut plain = Record::new();
    for (name, value) in row {
        if ROW_OUTPUT.contains(&name.as_str()) || layout.default_of(name).is_some() {
            continue;
        }
        let value = match (layout.is_text)(name) {
            true => cell(value)?,
            false => match normalize_value(value) {
                Some(Json::String(text)) => FieldValue::from_text(text),
                other => FieldValue::from_text(other.map(|value| value.to_string()).unwrap_or_default()),
            },
        };
        if value != FieldValue::Null {
            plain.insert(name.as_str().into(), value);
        }
    }
    for (name, default) in layout.flags.iter().chain(layout.silent_flags) {
        plain.insert((*name).into(), flag(row.get(*name), *default)?.to_string().as_str().into());
    }
    Ok(plain)
}

/// Normalizes a value: removes nulls, empty texts and descriptions, and converts flags and numbers to texts.
///
/// `None` if nothing remains.
pub fn normalize_value(value: &Json) -> Option<Json> {
    match value {
        Json::Null => None,
        Json::String(text) if text.is_empty() => None,
        Json::String(text) => Some(Json::String(match text.to_ascii_lowercase().as_str() {
            flag @ ("true" | "false") => flag.into(),
            _ => text.clone(),
        })),
        Json::Bool(_) | Json::Number(_) => Some(Json::String(value.to_string())),
        Json::Array(values) => {
            let values: Vec<_> = values.iter().filter_map(normalize_value).collect();
            (!values.is_empty()).then_some(Json::Array(values))
        }
        Json::Object(members) => {
            let sorted: BTreeMap<&String, Json> = members
                .iter()
                .filter(|(name, _)| name.as_str() != "link")
                .filter(|(name, _)| name.as_str() != "desc" || !members.contains_key("value"))
                .filter_map(|(name, value)| Some((name, normalize_value(value)?)))
                .collect();
            let plain: JsonObject = sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect();
            (!plain.is_empty()).then_some(Json::Object(plain))
        }
    }
}

//! Finds unexpected differences after a whole-table write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::table_body::lay_over;
use super::table_layout::{JsonObject, TableLayout, flag, rows};
use crate::model::{Change, FieldName, ObservedCollection};
use crate::provider::CollectionSnapshot;

/// Row fields that the zone sets itself.
const ROW_OUTPUT: &[&str] = &["updated_by", "update_date", "link"];
/// Table fields that the zone sets itself, and the rows, compared one by one.
const TABLE_OUTPUT: &[&str] = &["updated_by", "update_date", "customized", "link", "row", "rows"];

/// Row for comparisons: all fields by name, normalized.
type NormalizedRow = BTreeMap<String, String>;

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
    let (mut expected, found) = match (expected, plain_rows(layout, &after.raw)) {
        (Ok(expected), Ok(found)) => (expected, found),
        (Err(what), _) | (_, Err(what)) => return vec![what],
    };
    // Matching rows are removed in pairs; a duplicate row counts twice.
    let mut surplus: BTreeMap<NormalizedRow, usize> = BTreeMap::new();
    for row in found {
        *surplus.entry(row).or_default() += 1;
    }
    expected.retain(|row| match surplus.get_mut(row) {
        Some(count @ 1..) => {
            *count -= 1;
            false
        }
        Some(0) | None => true,
    });
    let mut found: Vec<NormalizedRow> =
        surplus.into_iter().flat_map(|(row, count)| std::iter::repeat_n(row, count)).collect();
    let names = MismatchLabels { key: key_fields(layout, changes), collection: &after.observed };
    let mut lines = members(&before.raw, &after.raw);
    for row in expected {
        let key = names.labels_for_row(&row);
        match found.iter().position(|other| names.labels_for_row(other) == key) {
            Some(index) => lines.extend(differences(&names, &row, &found.remove(index))),
            None => lines.push(format!("row `{}` is missing", names.label(&row))),
        }
    }
    lines.extend(found.iter().map(|row| format!("row `{}` is unexpected", names.label(row))));
    lines
}

/// Returns the fields that distinguish rows: the key of the changes, or the table type's default key.
fn key_fields(layout: &TableLayout, changes: &[Change]) -> Vec<FieldName> {
    match changes.iter().find(|change| !change.key.is_empty()) {
        Some(change) => change.key.iter().map(|(field, _)| Arc::clone(field)).collect(),
        None => layout.key.iter().map(|field| FieldName::from(*field)).collect(),
    }
}

/// Names of rows and fields in messages.
struct MismatchLabels<'a> {
    key: Vec<FieldName>,
    collection: &'a ObservedCollection,
}

impl MismatchLabels<'_> {
    fn labels_for_row<'r>(&self, row: &'r NormalizedRow) -> Vec<Option<&'r String>> {
        self.key.iter().map(|field| row.get(&**field)).collect()
    }

    fn label(&self, row: &NormalizedRow) -> String {
        let parts = self.key.iter().filter_map(|field| Some((field, row.get(&**field)?)));
        parts.map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join(", ")
    }

    /// Returns `Network Block (column5)`.
    fn field(&self, field: &str) -> String {
        match self.collection.aliases.iter().find(|(_, column)| &***column == field) {
            Some((name, _)) => format!("`{name}` ({field})"),
            None => format!("`{field}`"),
        }
    }
}

fn differences(names: &MismatchLabels<'_>, expected: &NormalizedRow, found: &NormalizedRow) -> Vec<String> {
    let fields: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let show = |row: &NormalizedRow, field: &String| {
        row.get(field).map_or("nothing".into(), |value| format!("{value:?}"))
    };
    fields
        .into_iter()
        .filter(|field| expected.get(*field) != found.get(*field))
        .map(|field| {
            format!(
                "row `{}`: {} is {}, should be {}",
                names.label(expected),
                names.field(field),
                show(found, field),
                show(expected, field)
            )
        })
        .collect()
}

/// Returns the differences outside the rows.
///
/// Compares with the previous read, not with the sent body. A zone may omit an added library from the scope.
fn members(before: &Json, after: &Json) -> Vec<String> {
    let plain = |body: &Json| -> NormalizedRow {
        let members = body.as_object().into_iter().flatten();
        members
            .filter(|(name, _)| !TABLE_OUTPUT.contains(&name.as_str()))
            .filter_map(|(name, value)| Some((name.clone(), value_text(&normalize_value(value)?))))
            .collect()
    };
    let (before, after) = (plain(before), plain(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let show =
        |body: &NormalizedRow, name: &String| body.get(name).cloned().unwrap_or_else(|| "nothing".into());
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| format!("table: `{name}` is {}, was {}", show(&after, name), show(&before, name)))
        .collect()
}

fn plain_rows(layout: &TableLayout, body: &Json) -> Result<Vec<NormalizedRow>, String> {
    rows(body)?.into_iter().map(|row| plain_row(layout, row)).collect()
}

fn plain_row(layout: &TableLayout, row: &JsonObject) -> Result<NormalizedRow, String> {
    let mut plain = NormalizedRow::new();
    for (name, value) in row {
        if ROW_OUTPUT.contains(&name.as_str()) || layout.default_of(name).is_some() {
            continue;
        }
        let value = match (layout.is_text)(name) {
            true => super::table_layout::cell(value)?.as_text().map(str::to_owned),
            false => normalize_value(value).map(|value| value_text(&value)),
        };
        plain.extend(value.map(|value| (name.clone(), value)));
    }
    for (name, default) in layout.flags.iter().chain(layout.silent_flags) {
        plain.insert((*name).into(), flag(row.get(*name), *default)?.to_string());
    }
    Ok(plain)
}

/// Returns a value for messages.
fn value_text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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

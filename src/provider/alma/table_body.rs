//! Applies changes to freshly read rows, for a whole-table PUT.
//!
//! Alma replaces the whole table and drops rows missing from a PUT. All other content therefore goes back
//! unchanged.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::table::records;
use super::table_layout::{JsonObject, TableLayout, inner};
use crate::model::change::ApplyMode;
use crate::model::{Change, ChangeAction, FailureClass, FieldName, FieldValue, Record, ZoneFailure};
use crate::provider::CollectionSnapshot;

/// Returns the body of a table after the changes, without those in report mode.
///
/// # Errors
/// [`FailureClass::Mismatch`] if the rows do not match the changes. zonal never guesses.
pub fn lay_over(
    layout: &TableLayout,
    fresh: &CollectionSnapshot,
    changes: &[Change],
) -> Result<Json, ZoneFailure> {
    let mut body = fresh.raw.clone();
    let mut rows = parse_rows(layout, &body).map_err(mismatch)?;
    let here = rows.len();
    let mut index = RowIndex::default();
    for change in changes.iter().filter(|change| change.mode == ApplyMode::Apply) {
        let found = index.find(&rows, change)?;
        match (change.action, found) {
            (ChangeAction::Create, None) => {
                let row = new_row_json(layout, fresh, &rows[..here], change)?;
                rows.push(BodyRow { record: read_one(layout, &row)?, json: Some(row), touched: true });
            }
            (ChangeAction::Create, Some(_)) => {
                return Err(mismatch(format!("{} already exists", name(change))));
            }
            (ChangeAction::Update | ChangeAction::Delete, None) => {
                return Err(mismatch(format!("{} no longer exists", name(change))));
            }
            (_, Some(index)) if rows[index].touched => {
                return Err(mismatch(format!("two changes to {}", name(change))));
            }
            (ChangeAction::Update, Some(index)) => {
                let row = &mut rows[index];
                row.touched = true;
                if let Some(json) = &mut row.json {
                    edit(layout, json, change)?;
                }
            }
            (ChangeAction::Delete, Some(index)) => {
                rows[index].touched = true;
                rows[index].json = None;
            }
        }
    }
    let rows = rows.into_iter().filter_map(|row| row.json).map(Json::Object).collect();
    let members = body.as_object_mut().ok_or_else(|| mismatch("the table is not an object".into()))?;
    members.insert("row".into(), Json::Array(rows));
    if let Some(library) = fresh.observed.id.library.as_deref() {
        belong_to(members, library);
    }
    Ok(body)
}

/// Row as read, with its new content.
struct BodyRow {
    record: Record,
    /// `None` after a deletion.
    json: Option<JsonObject>,
    touched: bool,
}

fn parse_rows(layout: &TableLayout, body: &Json) -> Result<Vec<BodyRow>, String> {
    let records = records(layout, body)?;
    let rows = super::table_layout::rows(body)?;
    Ok(records
        .into_iter()
        .zip(rows)
        .map(|(record, row)| BodyRow { record: record.fields, json: Some(row.clone()), touched: false })
        .collect())
}

fn read_one(layout: &TableLayout, row: &JsonObject) -> Result<Record, ZoneFailure> {
    let read = records(layout, &json!({ "row": [row] })).map_err(mismatch)?;
    Ok(read.into_iter().next().unwrap_or_default().fields)
}

/// Index of rows by key, to avoid comparing every change with every row.
///
/// Changes of one table usually use the same key fields.
#[derive(Default)]
struct RowIndex {
    fields: Vec<FieldName>,
    /// Number of indexed rows; later rows are new.
    upto: usize,
    rows: BTreeMap<Vec<String>, Vec<usize>>,
}

impl RowIndex {
    /// Returns the position of a change's row.
    fn find(&mut self, rows: &[BodyRow], change: &Change) -> Result<Option<usize>, ZoneFailure> {
        if change.key.is_empty() {
            return Err(mismatch("the change has no key, so any row matches".into()));
        }
        if !self.fields.iter().eq(change.key.iter().map(|(field, _)| field)) {
            *self = Self {
                fields: change.key.iter().map(|(field, _)| field.clone()).collect(),
                ..Self::default()
            };
        }
        for (index, row) in rows.iter().enumerate().skip(self.upto) {
            let key = self.fields.iter().map(|field| key_text(row.record.get(field))).collect();
            self.rows.entry(key).or_default().push(index);
        }
        self.upto = rows.len();
        let key: Vec<String> = change.key.iter().map(|(_, value)| key_text(Some(value))).collect();
        match self.rows.get(&key).map_or(&[][..], Vec::as_slice) {
            [] => Ok(None),
            [one] => Ok(Some(*one)),
            [_, _, ..] => Err(mismatch(format!("more than one match for {}", name(change)))
                .help("add columns to `key` until the key is unique")),
        }
    }
}

/// Returns a value as part of a key.
///
/// Absent, null and `""` are equal, and so are a flag and its text, because columns contain only texts.
fn key_text(value: Option<&FieldValue>) -> String {
    match value {
        None | Some(FieldValue::Null) => String::new(),
        Some(FieldValue::Bool(flag)) => flag.to_string(),
        Some(FieldValue::Text(text)) => text.to_string(),
        // Table columns contain no lists.
        Some(FieldValue::List(texts)) => texts.join(","),
    }
}

fn edit(layout: &TableLayout, row: &mut JsonObject, change: &Change) -> Result<(), ZoneFailure> {
    for edit in &change.field_changes {
        let json = json_value(layout, &edit.field, row.get(&*edit.field), &edit.after)?;
        row.insert(edit.field.to_string(), json);
    }
    Ok(())
}

/// Returns a new row with every field of the table's other rows.
///
/// The vendor's schema requires columns even if unused.
fn new_row_json(
    layout: &TableLayout,
    fresh: &CollectionSnapshot,
    others: &[BodyRow],
    change: &Change,
) -> Result<JsonObject, ZoneFailure> {
    let mut row = JsonObject::new();
    for field in (layout.columns)(fresh) {
        row.insert(field.to_string(), Json::String(String::new()));
    }
    for (field, value) in &change.key {
        row.insert(field.to_string(), json_value(layout, field, None, value)?);
    }
    for (flag, default) in layout.flags {
        // Flags take the table's own form, in case it differs from the documentation.
        let example = others.iter().filter_map(|other| other.json.as_ref()).find_map(|json| json.get(*flag));
        row.insert((*flag).into(), json_value(layout, flag, example, &FieldValue::Bool(*default))?);
    }
    edit(layout, &mut row, change)?;
    Ok(row)
}

/// Returns a value in the JSON type of the field's previous value.
fn json_value(
    layout: &TableLayout,
    field: &str,
    came: Option<&Json>,
    value: &FieldValue,
) -> Result<Json, ZoneFailure> {
    if !layout.has_field(field) {
        return Err(mismatch(format!("a {} has no field `{field}`", layout.noun)));
    }
    if let FieldValue::List(_) = value {
        return Err(mismatch(format!("`{field}` of a {} must be one text, not a list", layout.noun)));
    }
    let plain = match layout.default_of(field) {
        None => Json::String(match value {
            FieldValue::Null | FieldValue::List(_) => String::new(),
            FieldValue::Bool(flag) => flag.to_string(),
            FieldValue::Text(text) => text.to_string(),
        }),
        Some(default) => {
            let flag = match value {
                FieldValue::Null | FieldValue::List(_) => default,
                FieldValue::Bool(flag) => *flag,
                FieldValue::Text(text) => {
                    super::table_layout::flag(Some(&Json::String(text.to_string())), default)
                        .map_err(|what| mismatch(format!("`{field}`: {what}")))?
                }
            };
            match came.map(inner) {
                Some(Json::String(_)) => Json::String(flag.to_string()),
                _ => Json::Bool(flag),
            }
        }
    };
    Ok(match came {
        Some(Json::Object(wrapper)) if wrapper.contains_key("value") => {
            let mut wrapper = wrapper.clone();
            wrapper.insert("value".into(), plain);
            Json::Object(wrapper)
        }
        _ => plain,
    })
}

/// Adds the library to the body, because PUT has no `scope` parameter (the vendor's OpenAPI).
fn belong_to(members: &mut JsonObject, library: &str) {
    let scope = members.entry("scope").or_insert_with(|| json!({}));
    if !scope.is_object() {
        *scope = json!({});
    }
    let named = super::table_layout::non_empty_text(scope.get("library_id")).is_some();
    if let Some(scope) = scope.as_object_mut().filter(|_| !named) {
        scope.insert("library_id".into(), json!({ "value": library }));
    }
}

/// Returns the row of a change for messages: `code=CONSORTIA`.
fn name(change: &Change) -> String {
    let parts: Vec<_> = change.key.iter().map(|(field, value)| format!("{field}={value}")).collect();
    format!("the row `{}`", parts.join(", "))
}

fn mismatch(what: String) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Mismatch, what).help("plan again: the table changed since the plan")
}

//! Applies changes to freshly read rows, for a whole-table PUT.
//!
//! Alma replaces the whole table and drops rows missing from a PUT. All other content therefore goes back
//! unchanged.

use serde_json::{Value as Json, json};

use super::table::records;
use super::table_layout::{JsonObject, TableLayout, inner, rows};
use crate::model::change::ApplyMode;
use crate::model::{Change, FieldValue, ZoneFailure};
use crate::provider::CollectionSnapshot;
use crate::provider::record_changes::{apply_changes, mismatch};

/// Returns the body of a table after the changes, without those in report mode.
///
/// # Errors
/// [`FailureClass::Mismatch`] if the rows do not match the changes. zonal never guesses.
///
/// [`FailureClass::Mismatch`]: crate::model::FailureClass::Mismatch
pub fn lay_over(
    layout: &TableLayout,
    fresh: &CollectionSnapshot,
    changes: &[Change],
) -> Result<Json, ZoneFailure> {
    if changes.iter().any(|change| change.mode == ApplyMode::Apply && change.key.is_empty()) {
        return Err(mismatch("the change has no key, so any row matches"));
    }
    let rows = rows(&fresh.raw).map_err(mismatch)?;
    let records = records(layout, &fresh.raw).map_err(mismatch)?;
    let current =
        records.into_iter().zip(&rows).map(|(record, row)| (record.fields, (*row).clone())).collect();
    let rows = apply_changes(
        "row",
        current,
        changes,
        |change| new_row_json(layout, fresh, &rows, change),
        |row, change| edit(layout, row, change),
    )?;
    let rows = rows.into_iter().map(|(_, row)| Json::Object(row)).collect();
    let mut body = fresh.raw.clone();
    let members = body.as_object_mut().ok_or_else(|| mismatch("the table is not an object"))?;
    members.insert("row".into(), Json::Array(rows));
    if let Some(library) = fresh.observed.id.library.as_deref() {
        belong_to(members, library);
    }
    Ok(body)
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
    others: &[&JsonObject],
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
        let example = others.iter().find_map(|row| row.get(*flag));
        row.insert((*flag).into(), json_value(layout, flag, example, &FieldValue::Bool(*default))?);
    }
    edit(layout, &mut row, change)?;
    Ok(row)
}

/// Returns a value in the JSON type of the field's previous value.
fn json_value(
    layout: &TableLayout,
    field: &str,
    current: Option<&Json>,
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
            match current.map(inner) {
                Some(Json::String(_)) => Json::String(flag.to_string()),
                _ => Json::Bool(flag),
            }
        }
    };
    Ok(match current {
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

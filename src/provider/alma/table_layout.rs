//! Describes the JSON layout of each table type, shared by reads, writes and comparisons.

use serde_json::{Map, Value as Json};

use crate::model::{FieldName, FieldValue};
use crate::provider::CollectionSnapshot;

/// JSON object.
pub type JsonObject = Map<String, Json>;

/// Layout of one table type, from the vendor's schemas.
#[derive(Debug)]
pub struct TableLayout {
    /// Name of the type in a collection's name.
    pub kind: &'static str,
    /// Name of the type for messages.
    pub noun: &'static str,
    /// Folder under `/conf`.
    pub folder: &'static str,
    /// Field of the table list that contains the tables.
    pub listed: &'static str,
    /// Field with a table's technical code.
    pub code: &'static str,
    /// Field with a table's display name.
    pub title: &'static str,
    /// Returns true for fields of a row that are texts of the record.
    pub is_text: fn(&str) -> bool,
    /// Flags of a record, with their documented defaults.
    pub flags: &'static [(&'static str, bool)],
    /// Returns the texts that a new row of the table must contain.
    pub columns: fn(&CollectionSnapshot) -> Vec<FieldName>,
    /// Default key: texts that distinguish rows if no manifest declares a key.
    pub key: &'static [&'static str],
    /// Flags of a row outside the record; they go back unchanged.
    pub silent_flags: &'static [(&'static str, bool)],
}

impl TableLayout {
    /// Returns the documented default of a flag; `None` for other fields.
    pub fn default_of(&self, field: &str) -> Option<bool> {
        self.flags
            .iter()
            .chain(self.silent_flags)
            .find(|(name, _)| *name == field)
            .map(|(_, default)| *default)
    }

    /// Returns true if records have the field.
    pub fn has_field(&self, field: &str) -> bool {
        (self.is_text)(field) || self.flags.iter().any(|(name, _)| *name == field)
    }
}

/// Returns the rows of a table.
///
/// The vendor's JSON omits an empty list. Bodies converted from XML contain a single row without a list (both
/// reported by client authors).
///
/// # Errors
/// Description of the unexpected content.
pub fn rows(body: &Json) -> Result<Vec<&JsonObject>, String> {
    let rows = match body.get("row") {
        None | Some(Json::Null) => {
            let members = body.as_object().into_iter().flatten();
            let is_row = |item: &Json| {
                let members = item.as_object().into_iter().flatten();
                let mut names = members.map(|(name, _)| name.trim_start_matches("column"));
                names.any(|name| name == "code" || name.parse::<u8>().is_ok())
            };
            let is_row_list = |value: &Json| value.as_array().is_some_and(|list| list.iter().any(is_row));
            let mut lists =
                members.filter(|(name, value)| *name == "rows" && !value.is_null() || is_row_list(value));
            return match lists.next() {
                Some((name, _)) => Err(format!("the rows are under `{name}`, expected `row`")),
                None => Ok(Vec::new()),
            };
        }
        Some(Json::Array(rows)) => rows.iter().collect(),
        Some(row) => vec![row],
    };
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| row.as_object().ok_or_else(|| format!("row {} is not an object", index + 1)))
        .collect()
}

/// Returns the content of a field, without the wrapper `{"value": ...}` of elements with attributes.
pub fn inner(value: &Json) -> &Json {
    value.as_object().and_then(|object| object.get("value")).unwrap_or(value)
}

/// Returns the text of a field; `None` if the field is absent or null.
pub fn text(value: Option<&Json>) -> Option<String> {
    match inner(value?) {
        Json::Null | Json::Object(_) | Json::Array(_) => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Returns the text of a field; `None` if the text is absent or empty.
pub fn non_empty_text(value: Option<&Json>) -> Option<String> {
    text(value).filter(|text| !text.is_empty())
}

/// Parses a flag in any known form: `true`, `"true"`, `{"value": "true"}`.
///
/// Absent, null and empty mean the default.
///
/// # Errors
/// Description of the unexpected content.
pub fn flag(value: Option<&Json>, default: bool) -> Result<bool, String> {
    match value.map(inner) {
        None | Some(Json::Null) => Ok(default),
        Some(Json::Bool(flag)) => Ok(*flag),
        Some(Json::String(text)) if text.is_empty() => Ok(default),
        Some(Json::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Json::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(other) => Err(format!("{other} is not a boolean")),
    }
}

/// Flag of a row that the Network Zone's distribution jobs write (the vendor's schema of a mapping table).
pub const MANAGED_IN_NETWORK: &str = "managed_in_network";

/// Returns a row's text as a record value.
///
/// # Errors
/// Description of the unexpected content.
pub fn cell(value: &Json) -> Result<FieldValue, String> {
    match inner(value) {
        Json::Null => Ok(FieldValue::Null),
        Json::String(text) => Ok(FieldValue::from_text(text)),
        Json::Bool(flag) => Ok(FieldValue::from_text(flag.to_string())),
        Json::Number(number) => Ok(FieldValue::from_text(number.to_string())),
        // `{"desc": ...}` without a value represents an empty element with attributes.
        Json::Object(object) if !object.contains_key("value") && value.is_object() => Ok(FieldValue::Null),
        other => Err(format!("{other} is not a text")),
    }
}

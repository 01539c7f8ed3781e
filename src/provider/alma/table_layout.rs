//! Says where things stand in the JSON of each type of table, so that reading, writing and
//! comparing tables is written once.

use serde_json::{Map, Value as Json};

use crate::model::{FieldName, FieldValue};
use crate::provider::CollectionSnapshot;

/// A JSON object.
pub type JsonObject = Map<String, Json>;

/// The shape of one type of table, from the vendor's schemas.
#[derive(Debug)]
pub struct TableLayout {
    /// What people call it.
    pub noun: &'static str,
    /// The folder under `/conf`.
    pub folder: &'static str,
    /// The member of the list of tables that holds them.
    pub listed: &'static str,
    /// The member that holds a table's technical code.
    pub code: &'static str,
    /// The member that holds the name that people see.
    pub title: &'static str,
    /// Whether a member of a row is a text of the record.
    pub is_text: fn(&str) -> bool,
    /// The flags of a record, each with its documented default.
    pub flags: &'static [(&'static str, bool)],
    /// The texts that a new row must have, given the table.
    pub columns: fn(&CollectionSnapshot) -> Vec<FieldName>,
    /// The texts that tell rows apart where nobody says which do.
    pub key: &'static [&'static str],
    /// Flags of a row that no record holds: they go back as they came.
    pub silent_flags: &'static [(&'static str, bool)],
}

impl TableLayout {
    /// The documented default of a flag; `None` where the field is none.
    pub fn default_of(&self, field: &str) -> Option<bool> {
        self.flags
            .iter()
            .chain(self.silent_flags)
            .find(|(name, _)| *name == field)
            .map(|(_, default)| *default)
    }

    /// Whether records have such a field.
    pub fn has_field(&self, field: &str) -> bool {
        (self.is_text)(field) || self.flags.iter().any(|(name, _)| *name == field)
    }
}

/// The rows of a table. The vendor's JSON leaves an empty list out, and bodies that were XML
/// once hold a single row without its list (both reported by client authors).
///
/// # Errors
/// What is there instead of rows.
pub fn rows(body: &Json) -> Result<Vec<&JsonObject>, String> {
    let rows = match body.get("row") {
        None | Some(Json::Null) if body.get("rows").is_some_and(|rows| !rows.is_null()) => {
            return Err("its rows are under `rows`, not under `row`".into());
        }
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(rows)) => rows.iter().collect(),
        Some(row) => vec![row],
    };
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| row.as_object().ok_or_else(|| format!("row {} is not an object", index + 1)))
        .collect()
}

/// A member that may be wrapped, `{"value": ...}`, as elements with attributes are.
pub fn inner(value: &Json) -> &Json {
    value.as_object().and_then(|object| object.get("value")).unwrap_or(value)
}

/// The text behind a member; `None` where there is no such member or it is null.
pub fn text(value: Option<&Json>) -> Option<String> {
    match inner(value?) {
        Json::Null | Json::Object(_) | Json::Array(_) => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A text that is there and not empty.
pub fn non_empty_text(value: Option<&Json>) -> Option<String> {
    text(value).filter(|text| !text.is_empty())
}

/// A flag in any of the spellings that were seen: `true`, `"true"`, `{"value": "true"}`. Absent,
/// null and empty mean the default.
///
/// # Errors
/// What is there instead of a flag.
pub fn flag(value: Option<&Json>, default: bool) -> Result<bool, String> {
    match value.map(inner) {
        None | Some(Json::Null) => Ok(default),
        Some(Json::Bool(flag)) => Ok(*flag),
        Some(Json::String(text)) if text.is_empty() => Ok(default),
        Some(Json::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Json::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(other) => Err(format!("{other} is not a flag")),
    }
}

/// A row's text as a value of a record.
///
/// # Errors
/// What is there instead of a text.
pub fn cell(value: &Json) -> Result<FieldValue, String> {
    match inner(value) {
        Json::Null => Ok(FieldValue::Null),
        Json::String(text) => Ok(FieldValue::from_text(text)),
        Json::Bool(flag) => Ok(FieldValue::from_text(flag.to_string())),
        Json::Number(number) => Ok(FieldValue::from_text(number.to_string())),
        // `{"desc": ...}` without a value is how an empty element with attributes looks.
        Json::Object(object) if !object.contains_key("value") && value.is_object() => Ok(FieldValue::Null),
        other => Err(format!("{other} is not a text")),
    }
}

//! Parsing and validation of a PUT, shared by both types of tables.

use serde_json::{Map, Value};

use super::config::ZoneConfig;
use super::error_response::ErrorResponse;
use super::table::{ModificationStamp, TableScope};
use super::zone::EmulatedZone;

/// Complete table sent by a client.
pub(super) struct TablePut<'a> {
    pub body: &'a Map<String, Value>,
    pub language: &'a str,
    pub zone: &'a EmulatedZone,
    pub settings: &'a ZoneConfig,
}

impl TablePut<'_> {
    /// Returns author and date for changes by the PUT.
    pub fn stamp(&self) -> ModificationStamp {
        ModificationStamp { by: self.settings.api_user.clone(), date: self.settings.today.clone() }
    }

    /// Checks fields required by the vendor's schema.
    pub fn require(&self, fields: &[&str]) -> Result<(), ErrorResponse> {
        match fields.iter().find(|field| self.body.get(**field).is_none_or(Value::is_null)) {
            Some(field) => Err(ErrorResponse::invalid_request(format!("The element '{field}' is missing."))),
            None => Ok(()),
        }
    }

    /// Returns the library of the rows, `""` for the institution. `illegal` is the error code for an invalid
    /// scope.
    pub fn library(&self, level: TableScope, illegal: u32) -> Result<String, ErrorResponse> {
        let scope = self.body.get("scope");
        let institution = scope.and_then(|scope| code(scope.get("institution_id"))).unwrap_or_default();
        let library = scope.and_then(|scope| code(scope.get("library_id"))).unwrap_or_default();
        let known = library.is_empty() || (level == TableScope::Library && self.zone.has_library(library));
        if institution == self.zone.code && known {
            Ok(library.to_owned())
        } else {
            Err(ErrorResponse::business(
                illegal,
                format!("The scope '{institution}/{library}' is not legal."),
            ))
        }
    }

    /// Returns the rows, none without a list.
    pub fn rows(&self) -> Result<Vec<&Map<String, Value>>, ErrorResponse> {
        let malformed = || ErrorResponse::invalid_request("The element 'row' is not a list of rows.");
        match self.body.get("row") {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(rows)) => {
                rows.iter().map(|row| row.as_object().ok_or_else(malformed)).collect()
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => Err(malformed()),
        }
    }
}

/// Returns a text of a row, `""` if missing.
pub(super) fn required_text<'a>(row: &'a Map<String, Value>, field: &str) -> Result<&'a str, ErrorResponse> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(ErrorResponse::invalid_request(format!("The element '{field}' is not a text.")))
        }
    }
}

/// Value of a flag in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RowFlag {
    On,
    Off,
    Missing,
}

impl RowFlag {
    /// Parses a flag: a boolean, or a text as in XML.
    pub fn parse_flag(row: &Map<String, Value>, field: &str) -> Result<Self, ErrorResponse> {
        match row.get(field) {
            None | Some(Value::Null) => Ok(Self::Missing),
            Some(Value::Bool(true)) => Ok(Self::On),
            Some(Value::Bool(false)) => Ok(Self::Off),
            Some(Value::String(text)) if text == "true" => Ok(Self::On),
            Some(Value::String(text)) if text == "false" => Ok(Self::Off),
            Some(Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(ErrorResponse::invalid_request(format!("The element '{field}' is not a boolean.")))
            }
        }
    }
}

/// Returns the code in `{"value": ..}`, or in a text instead of the object.
pub(super) fn code(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        Value::Object(object) => object.get("value")?.as_str(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

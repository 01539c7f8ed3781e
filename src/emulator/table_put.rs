//! What both types of tables take from the body of a PUT, and how they refuse it.

use serde_json::{Map, Value};

use super::config::ZoneConfig;
use super::error_response::ErrorResponse;
use super::table::{ModificationStamp, TableScope};
use super::zone::EmulatedZone;

/// A whole table that a client sends.
pub(super) struct TablePut<'a> {
    pub body: &'a Map<String, Value>,
    pub language: &'a str,
    pub zone: &'a EmulatedZone,
    pub settings: &'a ZoneConfig,
}

impl TablePut<'_> {
    /// Who and when, for what this PUT changes.
    pub fn stamp(&self) -> ModificationStamp {
        ModificationStamp { by: self.settings.api_user.clone(), date: self.settings.today.clone() }
    }

    /// Fields that the vendor's schema requires.
    pub fn require(&self, fields: &[&str]) -> Result<(), ErrorResponse> {
        match fields.iter().find(|field| self.body.get(**field).is_none_or(Value::is_null)) {
            Some(field) => Err(ErrorResponse::invalid_request(format!("The element '{field}' is missing."))),
            None => Ok(()),
        }
    }

    /// The library whose rows are replaced, `""` for the institution's; `illegal` is the code of the refusal.
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

    /// The rows; none where there is no list.
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

/// A text of a row, `""` where it is missing.
pub(super) fn required_text<'a>(row: &'a Map<String, Value>, field: &str) -> Result<&'a str, ErrorResponse> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(ErrorResponse::invalid_request(format!("The element '{field}' is not a text.")))
        }
    }
}

/// What a flag of a row says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RowFlag {
    On,
    Off,
    Missing,
}

impl RowFlag {
    /// A flag is a boolean, or the text of one, which is what XML has.
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

/// The code in `{"value": ..}`, or in a text that stands for it.
pub(super) fn code(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        Value::Object(object) => object.get("value")?.as_str(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

//! Fields of a body: texts, flags, codes and lists.

use serde_json::{Map, Value};

use super::error_response::ErrorResponse;

/// Returns a text, `""` if missing.
pub(super) fn required_text<'a>(body: &'a Map<String, Value>, field: &str) -> Result<&'a str, ErrorResponse> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(ErrorResponse::invalid_request(format!("The element '{field}' is not a text.")))
        }
    }
}

/// Returns a flag: a boolean, or a text as in XML. `None` if missing.
pub(super) fn flag(body: &Map<String, Value>, field: &str) -> Result<Option<bool>, ErrorResponse> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
        Some(Value::String(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(ErrorResponse::invalid_request(format!("The element '{field}' is not a boolean.")))
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

/// Returns the objects of a list, none without a list.
pub(super) fn object_list<'a>(
    body: &'a Map<String, Value>,
    field: &str,
    malformed: impl Fn() -> ErrorResponse,
) -> Result<Vec<&'a Map<String, Value>>, ErrorResponse> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_object().ok_or_else(&malformed)).collect()
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => Err(malformed()),
    }
}

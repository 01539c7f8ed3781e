//! Fields of an e-resource: effect of a PUT, and response.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::emulator::config::{EmulatorConfig, OptionalFields};
use crate::emulator::response_document::{DocumentNode, DocumentPart};

/// Names of all fields of resources and groups, nested fields included (names used by client authors).
const NAMES: &str = "access_type activation_date activation_status authentication_note availability \
    available_until_date coverage_details description free interface internal_description is_local \
    is_standalone library license linking_details linking_level linking_parameters material_type \
    mms_id name notes number parser_parameters po_line proxy proxy_enabled public_access_model \
    public_description public_name public_note resource_metadata static_url title type url url_type \
    vendor";

/// Returns the name of a known field.
pub fn known_name(name: &str) -> Option<&'static str> {
    NAMES.split(' ').find(|known| *known == name)
}

/// Applies one field of a PUT.
pub fn set_field(members: &mut BTreeMap<String, Value>, name: &str, value: &Value) {
    match field_after_put(name, members.get(name), value) {
        Some(value) => drop(members.insert(name.to_owned(), value)),
        None => drop(members.remove(name)),
    }
}

/// Returns the value of a field after a PUT.
///
/// An empty text or list clears the field. Null also clears dates, as in the vendor's own app. A client cannot change
/// the description of a code.
fn field_after_put(name: &str, current: Option<&Value>, value: &Value) -> Option<Value> {
    let dated = name.ends_with("_date") || name == "public_access_model";
    match (current, value) {
        (_, Value::Null) => current.filter(|_| !dated).cloned(),
        (_, Value::String(text)) if text.is_empty() => None,
        (_, Value::Array(items)) if items.is_empty() => None,
        (_, Value::Object(new)) if new.get("value").is_some_and(|value| value == "") => None,
        (Some(Value::Object(old)), value) if old.contains_key("value") => {
            Some(match (old.get("value").map(code) == Some(code(value)), value) {
                (true, _) => Value::Object(old.clone()),
                (false, Value::String(text)) => json!({"value": text}),
                (false, value) => value.clone(),
            })
        }
        (Some(Value::Object(old)), Value::Object(new)) => {
            let mut merged = old.clone();
            for (name, value) in new {
                match field_after_put(name, old.get(name), value) {
                    Some(value) => drop(merged.insert(name.clone(), value)),
                    None => drop(merged.remove(name)),
                }
            }
            Some(Value::Object(merged))
        }
        // XML sends flags as texts.
        (Some(Value::Bool(_)), Value::String(text)) if text == "true" || text == "false" => {
            Some(Value::Bool(text == "true"))
        }
        (_, value) => Some(value.clone()),
    }
}

/// Returns the text of a field: `{"value": ..}`, `{"desc": ..}`, or the text itself.
pub fn code(value: &Value) -> String {
    match value {
        Value::Object(object) => match object.get("value").map(code).filter(|text| !text.is_empty()) {
            Some(text) => text,
            None => object.get("desc").map(code).unwrap_or_default(),
        },
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) => String::new(),
    }
}

/// Returns the fields for a response, without unknown names.
pub fn members<'a>(
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    settings: &EmulatorConfig,
) -> Vec<DocumentPart> {
    members
        .filter_map(|(name, value)| {
            let name = known_name(name)?;
            match value {
                Value::Array(items) => {
                    Some(DocumentPart::list(name, items.iter().filter_map(|item| node(item, settings))))
                }
                value => Some(DocumentPart::Child(name, node(value, settings)?)),
            }
        })
        .collect()
}

fn node(value: &Value, settings: &EmulatorConfig) -> Option<DocumentNode> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Bool(flag) => Some(DocumentNode::Flag(*flag)),
        Value::Number(number) => Some(DocumentNode::text(number.to_string())),
        Value::String(text) => Some(DocumentNode::text(text)),
        Value::Object(object) => Some(match object.get("value") {
            Some(value) => {
                let full = settings.optional_fields == OptionalFields::Answered;
                let label = object.get("desc").and_then(Value::as_str).filter(|_| full);
                DocumentNode::labelled(code(value), label)
            }
            None => DocumentNode::Group(members(object.iter(), settings)),
        }),
    }
}

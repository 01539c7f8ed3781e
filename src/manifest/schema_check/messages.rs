//! Wording of schema violations.

use jsonschema::JsonType;
use jsonschema::error::TypeKind;
use serde_json::Value as Json;

use crate::manifest::yaml_node::{YamlNode, YamlValue};

/// Returns a name for a JSON pointer: `row 3`, `metadata`, `the document`.
pub fn path_text(pointer: &str) -> String {
    let mut segments = pointer.rsplit('/');
    match (segments.next(), segments.next()) {
        (None | Some(""), _) => "the document".to_owned(),
        (Some(last), Some(list)) if last.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("an item of `{list}`")
        }
        (Some(last), _) => format!("`{}`", last.replace("~1", "/").replace("~0", "~")),
    }
}

/// Returns a value in quotes, or a description of its type.
pub fn quoted_value(node: &YamlNode) -> String {
    match &node.value {
        YamlValue::Text(text) | YamlValue::Number(text) => format!("`{text}`"),
        YamlValue::Null | YamlValue::Bool(_) | YamlValue::List(_) | YamlValue::Map(_) => kind_of(node),
    }
}

/// Returns a description of a value: type and text.
pub fn kind_of(node: &YamlNode) -> String {
    match &node.value {
        YamlValue::Null => "an empty value".to_owned(),
        YamlValue::Bool(flag) => format!("`{flag}`"),
        YamlValue::Number(text) => format!("the number `{text}`"),
        YamlValue::Text(text) if text.chars().count() > 40 => "text".to_owned(),
        YamlValue::Text(text) => format!("the text `{text}`"),
        YamlValue::List(_) => "a list".to_owned(),
        YamlValue::Map(_) => "a map".to_owned(),
    }
}

/// Returns the names of the types that a schema expects.
pub fn expected_types(kind: &TypeKind) -> Vec<&'static str> {
    let name = |one: JsonType| match one {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::Null => "`null`",
        JsonType::Object => "a map",
        JsonType::String => "text",
    };
    match kind {
        TypeKind::Single(one) => vec![name(*one)],
        TypeKind::Multiple(several) => several.iter().map(name).collect(),
    }
}

/// Returns the allowed values.
pub fn allowed_values(options: &Json) -> Vec<String> {
    options
        .as_array()
        .map(|options| {
            options.iter().map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
        })
        .map(Iterator::collect)
        .unwrap_or_default()
}

/// Returns `` `a`, `b` ``.
pub fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Returns `text, a map or null`.
pub fn alternatives(words: &[&str]) -> String {
    match words {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

//! Tree of a YAML document with the span of every key and value.

use std::sync::Arc;

use crate::model::SourcePosition;

/// Span in a file. The owner of the tree knows the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NodeSpan {
    /// Position of the first character.
    pub start: SourcePosition,
    /// Position after the last character.
    pub end: SourcePosition,
}

/// YAML value with its span.
#[derive(Debug, Clone)]
pub struct YamlNode {
    /// Span of the value.
    pub extent: NodeSpan,
    /// The value.
    pub value: YamlValue,
}

/// Types of YAML values.
#[derive(Debug, Clone)]
pub enum YamlValue {
    /// `null`, `~` or an empty value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Number as written.
    Number(Arc<str>),
    /// Text.
    Text(Arc<str>),
    /// List.
    List(Vec<YamlNode>),
    /// Map in file order, with distinct keys.
    Map(Vec<(YamlKey, YamlNode)>),
}

/// Key of a map entry.
#[derive(Debug, Clone)]
pub struct YamlKey {
    /// Text of the key.
    pub text: Arc<str>,
    /// Span of the key.
    pub extent: NodeSpan,
}

/// Result of a lookup by field name or path.
#[derive(Debug, Clone, Copy)]
pub struct NodeLookup<'a> {
    /// The value.
    pub node: &'a YamlNode,
    /// Key of the value; `None` for the root and for list items.
    pub key: Option<&'a YamlKey>,
}

impl NodeLookup<'_> {
    /// Returns the span for problems of the whole value. The span of the key is preferred, because a map or
    /// list can be long.
    pub fn head(&self) -> NodeSpan {
        self.key.map_or_else(|| self.node.head(), |key| key.extent)
    }
}

impl YamlNode {
    /// Returns the value of a field; `None` if the node is not a map or lacks the field.
    pub fn get(&self, key: &str) -> Option<NodeLookup<'_>> {
        let YamlValue::Map(entries) = &self.value else { return None };
        let (key, node) = entries.iter().find(|(each, _)| &*each.text == key)?;
        Some(NodeLookup { node, key: Some(key) })
    }

    /// Resolves a JSON pointer; `None` if the path leaves the tree.
    pub fn find(&self, pointer: &str) -> Option<NodeLookup<'_>> {
        pointer.split('/').skip(1).try_fold(NodeLookup { node: self, key: None }, |found, segment| {
            match &found.node.value {
                YamlValue::List(items) => {
                    Some(NodeLookup { node: items.get(segment.parse::<usize>().ok()?)?, key: None })
                }
                YamlValue::Map(_) => found.node.get(&segment.replace("~1", "/").replace("~0", "~")),
                YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => None,
            }
        })
    }

    /// Returns the span for problems of the whole node. For a map, only the first key, because a map can be
    /// long.
    pub fn head(&self) -> NodeSpan {
        match &self.value {
            YamlValue::Map(entries) => entries.first().map_or(self.extent, |(key, _)| key.extent),
            YamlValue::List(_)
            | YamlValue::Null
            | YamlValue::Bool(_)
            | YamlValue::Number(_)
            | YamlValue::Text(_) => self.extent,
        }
    }

    /// Returns the text; `None` for other types.
    pub fn as_text(&self) -> Option<&Arc<str>> {
        match &self.value {
            YamlValue::Text(text) => Some(text),
            YamlValue::Null
            | YamlValue::Bool(_)
            | YamlValue::Number(_)
            | YamlValue::List(_)
            | YamlValue::Map(_) => None,
        }
    }

    /// Converts the node to JSON for the schema check.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            YamlValue::Null => serde_json::Value::Null,
            YamlValue::Bool(flag) => (*flag).into(),
            YamlValue::Number(text) => number(text),
            YamlValue::Text(text) => serde_json::Value::String(text.as_ref().to_owned()),
            YamlValue::List(items) => serde_json::Value::Array(items.iter().map(Self::to_json).collect()),
            YamlValue::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, node)| (key.text.as_ref().to_owned(), node.to_json())).collect(),
            ),
        }
    }
}

/// Returns a number as JSON. Numbers out of range are already texts.
fn number(text: &str) -> serde_json::Value {
    integer(text).map(serde_json::Value::from).unwrap_or_else(|| {
        text.parse::<f64>().map_or_else(|_| text.to_owned().into(), serde_json::Value::from)
    })
}

/// Parses an integer of YAML's core schema; `None` if invalid or out of range.
pub fn integer(text: &str) -> Option<i64> {
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(hex), _) => i64::from_str_radix(hex, 16).ok(),
        (_, Some(octal)) => i64::from_str_radix(octal, 8).ok(),
        (None, None) => text.parse().ok(),
    }
}

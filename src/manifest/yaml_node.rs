//! A YAML document as a tree in which every key and every value knows where it stands.

use std::sync::Arc;

use crate::model::SourcePosition;

/// A stretch of one file. The file itself is known by whoever holds the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct NodeSpan {
    /// First character.
    pub start: SourcePosition,
    /// Just behind the last character.
    pub end: SourcePosition,
}

/// One value and where it stands.
#[derive(Debug, Clone)]
pub struct YamlNode {
    /// Where.
    pub extent: NodeSpan,
    /// What.
    pub value: YamlValue,
}

/// What YAML can say.
#[derive(Debug, Clone)]
pub enum YamlValue {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(Arc<str>),
    /// A text.
    Text(Arc<str>),
    /// A list.
    List(Vec<YamlNode>),
    /// A map in the order of the file; keys are distinct.
    Map(Vec<(YamlKey, YamlNode)>),
}

/// The key of a map's entry.
#[derive(Debug, Clone)]
pub struct YamlKey {
    /// The text.
    pub text: Arc<str>,
    /// Where it stands.
    pub extent: NodeSpan,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy)]
pub struct NodeLookup<'a> {
    /// The value.
    pub node: &'a YamlNode,
    /// The key it stands under; `None` for the root and for items of lists.
    pub key: Option<&'a YamlKey>,
}

impl NodeLookup<'_> {
    /// What to point at when something is wrong with the value as a whole: its key where there
    /// is one, because a map or a list can be long.
    pub fn head(&self) -> NodeSpan {
        self.key.map_or_else(|| self.node.head(), |key| key.extent)
    }
}

impl YamlNode {
    /// The value of a field, where this is a map that has it.
    pub fn get(&self, key: &str) -> Option<NodeLookup<'_>> {
        let YamlValue::Map(entries) = &self.value else { return None };
        let (key, node) = entries.iter().find(|(each, _)| &*each.text == key)?;
        Some(NodeLookup { node, key: Some(key) })
    }

    /// What a JSON pointer leads to; `None` where the path leaves the tree.
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

    /// What to point at for the node as a whole: of a map its first key, because it can be long.
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

    /// The text, where it is one.
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

    /// The same as JSON, for the schema check.
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

/// A number as JSON. Only numbers that fit get here: others are texts already.
fn number(text: &str) -> serde_json::Value {
    integer(text).map(serde_json::Value::from).unwrap_or_else(|| {
        text.parse::<f64>().map_or_else(|_| text.to_owned().into(), serde_json::Value::from)
    })
}

/// The integer that a text of YAML's core schema means, where it is one and fits.
pub fn integer(text: &str) -> Option<i64> {
    match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(hex), _) => i64::from_str_radix(hex, 16).ok(),
        (_, Some(octal)) => i64::from_str_radix(octal, 8).ok(),
        (None, None) => text.parse().ok(),
    }
}

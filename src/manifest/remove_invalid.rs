//! Removes the invalid parts of a document, so that the rest can still be checked.
//!
//! Values rejected by the schema are removed. A placeholder replaces a required value that was removed or
//! missing. Both are recorded in [`UnreadableParts`]. A document with removed parts is never planned.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map, Value as Json};

use super::schema_check::ManifestSchema;
use super::suggestions;
use super::unreadable::UnreadableParts;
use super::yaml_node::{NodeSpan, YamlKey, YamlNode, YamlValue};

/// Maximum number of rounds. Each round fixes one level, and no schema is this deep.
const ROUNDS: usize = 32;

/// Placeholder text accepted by every text pattern of the schemas.
const ANYTHING: &str = "0";

/// Returns the valid part of a tree, or `None` if the tree cannot be made valid. Adds the removed parts to
/// `lost`.
pub fn prune(schema: &ManifestSchema, mut root: YamlNode, lost: &mut UnreadableParts) -> Option<YamlNode> {
    for _ in 0..ROUNDS {
        let instance = root.to_json();
        let mut edits = NodeEdits::default();
        let mut errors = schema.validator().iter_errors(&instance).peekable();
        if errors.peek().is_none() {
            return Some(root);
        }
        for error in errors {
            InvalidPartFinder { schema: schema.json(), root: &root }.resolve_error(&error, &mut edits);
        }
        if edits.gone {
            return None;
        }
        edits.apply(&mut root, lost);
    }
    None
}

/// Edits of a value and of its nested values.
#[derive(Default)]
struct NodeEdits {
    gone: bool,
    /// Placeholder fields for required fields.
    fill: Vec<(Arc<str>, YamlNode)>,
    /// Fields that a removed field may have been meant as.
    meant: Vec<Arc<str>>,
    inner: BTreeMap<String, NodeEdits>,
}

impl NodeEdits {
    fn edits_at(&mut self, pointer: &str) -> &mut Self {
        let segments = pointer.split('/').skip(1);
        segments.fold(self, |edits, segment| {
            edits.inner.entry(segment.replace("~1", "/").replace("~0", "~")).or_default()
        })
    }

    fn apply(self, node: &mut YamlNode, lost: &mut UnreadableParts) {
        let Self { gone: _, fill, meant, mut inner } = self;
        match &mut node.value {
            YamlValue::Map(entries) => {
                for (key, mut value) in std::mem::take(entries) {
                    match inner.remove(&*key.text) {
                        Some(edits) if edits.gone => lost.field_mut(&key.text).lose(),
                        Some(edits) => {
                            edits.apply(&mut value, lost.field_mut(&key.text));
                            entries.push((key, value));
                        }
                        None => entries.push((key, value)),
                    }
                }
                if entries.is_empty() && !fill.is_empty() {
                    // A map without remaining entries is unreadable, not empty.
                    lost.lose();
                }
                for (name, value) in fill {
                    lost.field_mut(&name).lose();
                    if !entries.iter().any(|(key, _)| key.text == name) {
                        entries.push((YamlKey { text: name, extent: value.extent }, value));
                    }
                }
            }
            YamlValue::List(items) => {
                for (index, mut item) in std::mem::take(items).into_iter().enumerate() {
                    match inner.remove(&index.to_string()) {
                        Some(edits) if edits.gone => lost.lose_item(),
                        Some(edits) => {
                            let extent = item.extent;
                            edits.apply(&mut item, lost.item_mut(extent));
                            items.push(item);
                        }
                        None => items.push(item),
                    }
                }
            }
            YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => {}
        }
        for name in meant {
            lost.field_mut(&name).lose();
        }
    }
}

struct InvalidPartFinder<'a> {
    schema: &'a Json,
    root: &'a YamlNode,
}

impl InvalidPartFinder<'_> {
    fn resolve_error(&self, error: &ValidationError<'_>, edits: &mut NodeEdits) {
        let pointer = error.instance_path().as_str();
        let Some(found) = self.root.find(pointer) else { return };
        let at = found.node.head();
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                let edits = edits.edits_at(pointer);
                for field in unexpected {
                    edits.meant.extend(self.candidate_fields(error, found.node, field));
                    edits.inner.entry(field.clone()).or_default().gone = true;
                }
            }
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                self.fill(error, name, at, edits.edits_at(pointer));
            }
            Kind::OneOfNotValid { .. } => match self.exclusive(error).as_slice() {
                [first, rest @ ..] => {
                    let edits = edits.edits_at(pointer);
                    edits.meant.extend(rest.iter().map(|field| Arc::from(*field)));
                    self.fill(error, first, at, edits);
                }
                [] => edits.edits_at(pointer).gone = true,
            },
            Kind::OneOfMultipleValid { .. } => {
                let given = self.exclusive(error).into_iter().filter(|field| found.node.get(field).is_some());
                let given: Vec<&str> = given.collect();
                let edits = edits.edits_at(pointer);
                edits.gone |= given.len() < 2;
                edits.meant.extend(given.iter().map(|field| Arc::from(*field)));
                for field in given.iter().skip(1) {
                    edits.inner.entry((*field).to_owned()).or_default().gone = true;
                }
            }
            // Valid items stay in a list with invalid items.
            Kind::AnyOf { context } if matches!(found.node.value, YamlValue::List(_)) => {
                let inside =
                    |error: &ValidationError<'_>| error.instance_path().as_str().len() > pointer.len();
                match context.iter().find(|errors| errors.iter().all(inside)) {
                    Some(errors) => errors
                        .iter()
                        .for_each(|error| edits.edits_at(error.instance_path().as_str()).gone = true),
                    None => edits.edits_at(pointer).gone = true,
                }
            }
            // Known fields stay in a map with unknown fields.
            Kind::AnyOf { context } if matches!(found.node.value, YamlValue::Map(_)) => {
                let unknown = |errors: &&Vec<ValidationError<'static>>| {
                    errors.iter().all(|error| matches!(error.kind(), Kind::AdditionalProperties { .. }))
                };
                match context.iter().find(unknown) {
                    Some(errors) => errors.iter().for_each(|error| self.resolve_error(error, edits)),
                    None => edits.edits_at(pointer).gone = true,
                }
            }
            // Any other error makes this value itself invalid.
            _ => edits.edits_at(pointer).gone = true,
        }
    }

    /// Returns the schema of the map that the error belongs to.
    fn map(&self, error: &ValidationError<'_>) -> Option<&Json> {
        let (map, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(map)
    }

    fn properties(&self, error: &ValidationError<'_>) -> Option<&Map<String, Json>> {
        self.map(error)?.get("properties")?.as_object()
    }

    /// Returns the fields that an unknown field may have been meant as.
    ///
    /// The nearest name wins. Without one: fields that contain such a field, and absent fields with a
    /// matching type.
    fn candidate_fields(&self, error: &ValidationError<'_>, node: &YamlNode, field: &str) -> Vec<Arc<str>> {
        let Some(properties) = self.properties(error) else { return Vec::new() };
        if let Some(nearest) = suggestions::nearest(field, properties.keys().map(String::as_str)) {
            return node.get(nearest).is_none().then(|| nearest.into()).into_iter().collect();
        }
        let value = node.get(field).map(|found| &found.node.value);
        (properties.iter())
            .filter(|(name, _)| node.get(name).is_none())
            .filter(|(_, schema)| {
                schema.get("properties").is_some_and(|inner| inner.get(field).is_some())
                    || value.is_some_and(|value| accepts_type(schema, value))
            })
            .map(|(name, _)| name.as_str().into())
            .collect()
    }

    fn fill(&self, error: &ValidationError<'_>, name: &str, at: NodeSpan, edits: &mut NodeEdits) {
        match self.properties(error).and_then(|properties| properties.get(name)) {
            Some(schema) => edits.fill.push((name.into(), placeholder_node(schema, at))),
            None => edits.gone = true,
        }
    }

    /// Returns the mutually exclusive fields of a `oneOf`.
    fn exclusive(&self, error: &ValidationError<'_>) -> Vec<&str> {
        let branches = self.schema.pointer(error.schema_path().as_str()).and_then(Json::as_array);
        let fields = branches.map(|branches| {
            branches.iter().map(|branch| branch.get("required")?.get(0)?.as_str()).collect::<Option<_>>()
        });
        fields.flatten().unwrap_or_default()
    }
}

/// Returns true if the schema accepts the type of the value.
fn accepts_type(schema: &Json, value: &YamlValue) -> bool {
    let own = match value {
        YamlValue::Null => return false,
        YamlValue::Bool(_) => "boolean",
        YamlValue::Number(_) => "integer",
        YamlValue::Text(_) => "string",
        YamlValue::List(_) => "array",
        YamlValue::Map(_) => "object",
    };
    let branches = schema.get("anyOf").or_else(|| schema.get("oneOf"));
    match (schema.get("type"), branches.and_then(Json::as_array)) {
        (Some(Json::String(one)), _) => one == own,
        (_, Some(branches)) => branches.iter().any(|branch| accepts_type(branch, value)),
        _ => false,
    }
}

/// Returns a placeholder node of the type that the schema expects. The next round adds its required fields.
fn placeholder_node(schema: &Json, extent: NodeSpan) -> YamlNode {
    let first = schema.get("anyOf").and_then(|branches| branches.get(0));
    let value = match (schema.get("type").and_then(Json::as_str), first) {
        (Some("object"), _) => YamlValue::Map(Vec::new()),
        (Some("array"), _) => YamlValue::List(
            schema.get("items").map(|item| placeholder_node(item, extent)).into_iter().collect(),
        ),
        (None, Some(first)) => return placeholder_node(first, extent),
        _ => YamlValue::Text(ANYTHING.into()),
    };
    YamlNode { extent, value }
}

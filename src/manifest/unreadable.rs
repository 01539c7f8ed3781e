//! Tracks the unreadable parts of a manifest, to suppress follow-up diagnostics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::yaml_node::{NodeSpan, YamlNode, YamlValue};

/// Unreadable parts of one manifest value, with all nested values.
#[derive(Debug, Clone, Default)]
pub struct UnreadableParts {
    whole: bool,
    /// True if items of this list are missing.
    items_gone: bool,
    /// For a map with invalid keys: the valid keys. Any other field may be among the invalid ones.
    readable: Option<BTreeSet<Arc<str>>>,
    fields: BTreeMap<Arc<str>, UnreadableParts>,
    /// Keyed by the span of the item, which stays the same if other items are removed.
    items: BTreeMap<NodeSpan, UnreadableParts>,
}

/// Complete value without unreadable parts.
pub static NOTHING: UnreadableParts = UnreadableParts::unreadable_value(false);
static WHOLE: UnreadableParts = UnreadableParts::unreadable_value(true);

impl UnreadableParts {
    const fn unreadable_value(whole: bool) -> Self {
        Self { whole, items_gone: false, readable: None, fields: BTreeMap::new(), items: BTreeMap::new() }
    }

    /// Returns the unreadable parts caused by invalid keys. `maps` holds the spans of the maps with such
    /// keys.
    pub fn keys(node: &YamlNode, maps: &BTreeSet<NodeSpan>) -> Self {
        let mut lost = Self::default();
        match &node.value {
            YamlValue::Map(entries) => {
                if maps.contains(&node.extent) {
                    lost.readable = Some(entries.iter().map(|(key, _)| Arc::clone(&key.text)).collect());
                }
                let inner = entries.iter().map(|(key, node)| (Arc::clone(&key.text), Self::keys(node, maps)));
                lost.fields = inner.filter(|(_, lost)| !lost.is_nothing()).collect();
            }
            YamlValue::List(items) => {
                let inner = items.iter().map(|node| (node.extent, Self::keys(node, maps)));
                lost.items = inner.filter(|(_, lost)| !lost.is_nothing()).collect();
            }
            YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => {}
        }
        lost
    }

    /// Returns true if no part of the value is unreadable.
    pub fn is_nothing(&self) -> bool {
        !self.lacks_items() && self.readable.is_none() && self.fields.is_empty() && self.items.is_empty()
    }

    /// Returns true if list items may be missing.
    pub fn lacks_items(&self) -> bool {
        self.whole || self.items_gone
    }

    /// Returns the unreadable parts of a field.
    pub fn field(&self, name: &str) -> &Self {
        match self.fields.get(name) {
            _ if self.whole => &WHOLE,
            Some(lost) => lost,
            None if self.readable.as_ref().is_some_and(|readable| !readable.contains(name)) => &WHOLE,
            None => &NOTHING,
        }
    }

    /// Returns true if all these fields are complete.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.field(name).is_nothing())
    }

    /// Returns the unreadable parts of the list item with this span.
    pub fn item(&self, extent: NodeSpan) -> &Self {
        match self.whole {
            true => &WHOLE,
            false => self.items.get(&extent).unwrap_or(&NOTHING),
        }
    }

    /// Returns the names of the incomplete fields of a map; `None` if any field may be affected.
    pub fn names(&self) -> Option<BTreeSet<String>> {
        let known = !self.whole && self.readable.is_none();
        known.then(|| self.fields.keys().map(|name| name.as_ref().to_owned()).collect())
    }

    /// Returns the entry of a field, for marking.
    pub(super) fn field_mut(&mut self, name: &Arc<str>) -> &mut Self {
        self.fields.entry(Arc::clone(name)).or_default()
    }

    /// Returns the entry of a list item, for marking.
    pub(super) fn item_mut(&mut self, extent: NodeSpan) -> &mut Self {
        self.items.entry(extent).or_default()
    }

    /// Marks the whole value as unreadable: removed, or replaced by a placeholder.
    pub(super) fn lose(&mut self) {
        self.whole = true;
    }

    /// Marks a list item as removed.
    pub(super) fn lose_item(&mut self) {
        self.items_gone = true;
    }
}

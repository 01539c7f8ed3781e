//! Remembers what of a manifest could not be read, so that its consequences are not told as problems of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::yaml_node::{NodeSpan, YamlNode, YamlValue};

/// What is lost of one value of a manifest, and of everything in it.
#[derive(Debug, Clone, Default)]
pub struct UnreadableParts {
    whole: bool,
    /// Items of this list that are gone.
    items_gone: bool,
    /// Of a map with keys that cannot be keys: those that can. Any other may have been meant.
    readable: Option<BTreeSet<Arc<str>>>,
    fields: BTreeMap<Arc<str>, UnreadableParts>,
    /// By where the items stand, which does not change when others go.
    items: BTreeMap<NodeSpan, UnreadableParts>,
}

/// What is lost of a value that is all there.
pub static NOTHING: UnreadableParts = UnreadableParts::unreadable_value(false);
static WHOLE: UnreadableParts = UnreadableParts::unreadable_value(true);

impl UnreadableParts {
    const fn unreadable_value(whole: bool) -> Self {
        Self { whole, items_gone: false, readable: None, fields: BTreeMap::new(), items: BTreeMap::new() }
    }

    /// What the keys of a tree lose that cannot be keys, by the maps that they stood in.
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

    /// Whether the value is all there.
    pub fn is_nothing(&self) -> bool {
        !self.lacks_items() && self.readable.is_none() && self.fields.is_empty() && self.items.is_empty()
    }

    /// Whether items of the list may be gone.
    pub fn lacks_items(&self) -> bool {
        self.whole || self.items_gone
    }

    /// What is lost of a field.
    pub fn field(&self, name: &str) -> &Self {
        match self.fields.get(name) {
            _ if self.whole => &WHOLE,
            Some(lost) => lost,
            None if self.readable.as_ref().is_some_and(|readable| !readable.contains(name)) => &WHOLE,
            None => &NOTHING,
        }
    }

    /// Whether all that these fields say is there.
    pub fn has_all(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.field(name).is_nothing())
    }

    /// What is lost of the item that stands here.
    pub fn item(&self, extent: NodeSpan) -> &Self {
        match self.whole {
            true => &WHOLE,
            false => self.items.get(&extent).unwrap_or(&NOTHING),
        }
    }

    /// The fields of a map that are lost; `None` where it could be any.
    pub fn names(&self) -> Option<BTreeSet<String>> {
        let known = !self.whole && self.readable.is_none();
        known.then(|| self.fields.keys().map(|name| name.as_ref().to_owned()).collect())
    }

    /// To say more of a field.
    pub(super) fn field_mut(&mut self, name: &Arc<str>) -> &mut Self {
        self.fields.entry(Arc::clone(name)).or_default()
    }

    /// To say more of an item.
    pub(super) fn item_mut(&mut self, extent: NodeSpan) -> &mut Self {
        self.items.entry(extent).or_default()
    }

    /// The value is gone, or stands for one that is.
    pub(super) fn lose(&mut self) {
        self.whole = true;
    }

    /// An item of the list is gone.
    pub(super) fn lose_item(&mut self) {
        self.items_gone = true;
    }
}

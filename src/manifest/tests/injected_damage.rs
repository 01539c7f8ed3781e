//! Damage to a manifest: every value, key and map in turn.

use crate::manifest::yaml_node::{NodeSpan, YamlNode, YamlValue};

/// Replacement of a span in a file. Problems within `place` are lost with it.
pub struct InjectedDamage {
    pub place: std::ops::Range<usize>,
    pub path: String,
    pub from: usize,
    pub to: usize,
    pub patch: &'static str,
}

/// Returns the first byte of a span and the byte after it.
pub fn bytes(extent: NodeSpan) -> (usize, usize) {
    (extent.start.byte as usize, extent.end.byte as usize)
}

/// Collects every way to damage a tree: each value replaced, each key renamed, and an extra field in each
/// map.
pub fn damages(node: &YamlNode, start: usize, path: &str, out: &mut Vec<InjectedDamage>) {
    let (from, to) = bytes(node.extent);
    let place = start..to.max(start + 1);
    let mut add = |from, to, patch| {
        out.push(InjectedDamage { place: place.clone(), path: path.to_owned(), from, to, patch })
    };
    for patch in ["7", "''", "'?'", "~", "[]", "[[7]]", "{}"] {
        add(from, to, patch);
    }
    match &node.value {
        YamlValue::Map(entries) => {
            out.push(InjectedDamage {
                place: from..from,
                path: format!("{path} (more)"),
                from,
                to: from,
                patch: "? zzzzzzzzzz\n: 7\n",
            });
            for (key, value) in entries {
                let path = format!("{path}/{}", key.text);
                let (from, to) = bytes(key.extent);
                let renamed = format!("{path} (renamed)");
                let place = from..bytes(value.extent).1;
                out.push(InjectedDamage { place, path: renamed, from, to, patch: "qqqqqqqqqqqq" });
                damages(value, from, &path, out);
            }
        }
        YamlValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                damages(item, bytes(item.extent).0, &format!("{path}/{index}"), out);
            }
        }
        YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) | YamlValue::Text(_) => {}
    }
}

//! Finds rows and values in the spec of a manifest by their locations.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::manifest::SourceFile;
use crate::manifest::edit_yaml::SpecStep;
use crate::manifest::source::documents;
use crate::manifest::yaml_node::{YamlNode, YamlValue};
use crate::model::ZoneCode;

/// Spec of a manifest as written.
pub struct SpecTree {
    /// Root of `spec`.
    pub spec: YamlNode,
}

/// Row as written.
pub struct WrittenRow<'a> {
    /// Path below the spec.
    pub path: Vec<SpecStep>,
    /// Row.
    pub node: &'a YamlNode,
}

impl SpecTree {
    /// Parses the file of a manifest, `KIND/NAME`.
    pub fn parse(source: &SourceFile, manifest: &str) -> Option<Self> {
        let (kind, name) = manifest.split_once('/')?;
        let root = documents(source).0.into_iter().map(|document| document.root).find(|root| {
            let is_text = |path: &str, text: &str| {
                root.find(path).and_then(|found| found.node.as_text()).is_some_and(|found| **found == *text)
            };
            is_text("/kind", kind) && is_text("/metadata/name", name)
        })?;
        Some(Self { spec: root.get("spec")?.node.clone() })
    }

    /// Returns all rows of the manifest and its overrides.
    pub fn rows(&self) -> Vec<WrittenRow<'_>> {
        let mut rows = rows_at(&self.spec, &[]);
        for (index, node) in items(&self.spec, "overrides").iter().enumerate() {
            rows.extend(rows_at(node, &override_path(index)));
        }
        rows
    }

    /// Returns the rows of an override.
    pub fn rows_of_override(&self, index: usize) -> Vec<WrittenRow<'_>> {
        items(&self.spec, "overrides")
            .get(index)
            .map(|node| rows_at(node, &override_path(index)))
            .unwrap_or_default()
    }

    /// Returns the last override for exactly these zones, selected by `only`.
    pub fn override_of(&self, zones: &[ZoneCode]) -> Option<usize> {
        items(&self.spec, "overrides").iter().rposition(|node| {
            let Some(applies_to) = node.get("appliesTo") else { return false };
            let YamlValue::Map(fields) = &applies_to.node.value else { return false };
            let [(key, only)] = &fields[..] else { return false };
            let YamlValue::List(codes) = &only.value else { return false };
            let named: Option<Vec<&str>> =
                codes.iter().map(|code| code.as_text().map(AsRef::as_ref)).collect();
            let Some(mut named) = named else { return false };
            named.sort_unstable();
            let mut codes: Vec<&str> = zones.iter().map(ZoneCode::as_str).collect();
            codes.sort_unstable();
            &*key.text == "only" && named == codes
        })
    }
}

/// Returns the path of an override.
pub fn override_path(index: usize) -> [SpecStep; 2] {
    [field("overrides"), SpecStep::Item(index)]
}

/// Returns the step to a field.
pub fn field(name: &str) -> SpecStep {
    SpecStep::Field(name.to_owned())
}

fn rows_at<'a>(parent: &'a YamlNode, path: &[SpecStep]) -> Vec<WrittenRow<'a>> {
    let row = |(index, node)| {
        let mut path = path.to_vec();
        path.extend([field("rows"), SpecStep::Item(index)]);
        WrittenRow { path, node }
    };
    items(parent, "rows").iter().enumerate().map(row).collect()
}

fn items<'a>(parent: &'a YamlNode, name: &str) -> &'a [YamlNode] {
    match parent.get(name).map(|found| &found.node.value) {
        Some(YamlValue::List(items)) => items,
        Some(
            YamlValue::Null
            | YamlValue::Bool(_)
            | YamlValue::Number(_)
            | YamlValue::Text(_)
            | YamlValue::Map(_),
        )
        | None => &[],
    }
}

impl WrittenRow<'_> {
    /// Returns true if the row starts at an offset of the file.
    pub fn starts_at(&self, byte: u32) -> bool {
        self.node.extent.start.byte == byte
    }

    /// Returns the field in the row, or among its `columns`.
    pub fn value(&self, name: &str) -> Option<(&'static [&'static str], &YamlNode)> {
        let columns = self.node.get("columns").and_then(|columns| columns.node.get(name));
        match columns {
            Some(found) => Some((&["columns"], found.node)),
            None => self.node.get(name).map(|found| (&[][..], found.node)),
        }
    }

    /// Returns the keys as written.
    pub fn key(&self, fields: &[Arc<str>]) -> Option<Vec<Json>> {
        fields.iter().map(|name| self.value(name).map(|(_, node)| node.to_json())).collect()
    }
}

//! Edits by librarians outside zonal: rows set, added and deleted in the user interface, tables locked or
//! removed.
//!
//! Each endpoint defines the actions; the schema of an action is the list of all.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::endpoint::{EditFormat, TargetField};
use super::endpoints::ENDPOINTS;
use super::table_seed::EmulatedTableType;

/// Edit by one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LibrarianEdit {
    /// Code of the zone.
    pub zone: String,
    /// Type of the target.
    pub kind: EditTarget,
    /// Name of the table or letter in the API path, or IDs of the e-resource. Empty for targets without a
    /// name.
    #[serde(default)]
    pub table: String,
    /// Library of the rows. `null` for the institution.
    #[serde(default)]
    pub library: Option<String>,
    /// Author of the edit, the later `updated_by`.
    pub by: String,
    /// Trigger of the edit.
    #[serde(default)]
    pub when: EditTrigger,
    /// Action of the edit.
    pub action: EditAction,
}

impl LibrarianEdit {
    /// Returns the name of the target among targets of the same type.
    pub(super) fn name(&self, format: &EditFormat) -> &str {
        match format.named_by {
            TargetField::Table => &self.table,
            TargetField::Library => self.library_code(),
        }
    }

    /// Returns the library of the rows, `""` for the institution.
    pub(super) fn library_code(&self) -> &str {
        self.library.as_deref().unwrap_or_default()
    }
}

/// Trigger of an edit. Only requests for the table in the zone count, from the time of scheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditTrigger {
    /// Immediately.
    #[default]
    Now,
    /// Right after the n-th successful GET of the table, so that the read data is stale.
    AfterReads(u64),
    /// Right after the n-th successful PUT of the table, so that the written data does not last.
    AfterWrites(u64),
}

/// Type of an edited object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditTarget(pub(super) String);

impl From<&str> for EditTarget {
    fn from(kind: &str) -> Self {
        Self(kind.to_owned())
    }
}

impl From<EmulatedTableType> for EditTarget {
    fn from(kind: EmulatedTableType) -> Self {
        kind.as_str().into()
    }
}

impl JsonSchema for EditTarget {
    fn schema_name() -> Cow<'static, str> {
        "EditTarget".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Value> = edit_formats()
            .map(|EditFormat { kind, description, .. }| {
                serde_json::json!({"description": description, "type": "string", "const": kind})
            })
            .collect();
        json_schema!({"description": "Type of an edited object.", "oneOf": kinds})
    }
}

/// Action on the target of an edit, such as a [`CodeTableEdit`](super::CodeTableEdit).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditAction(pub(super) Value);

impl EditAction {
    /// Creates an action from the typed action of an endpoint.
    pub fn new(action: impl Serialize) -> Self {
        // Serialization cannot fail, because all keys are texts.
        Self(serde_json::to_value(action).unwrap_or_default())
    }

    /// Returns the typed action. `None` for an action of another endpoint.
    pub fn parse<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.0).ok()
    }
}

impl JsonSchema for EditAction {
    fn schema_name() -> Cow<'static, str> {
        "EditAction".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut actions: Vec<Value> = Vec::new();
        for format in edit_formats() {
            let schema = (format.schema)(generator);
            let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
            for variant in variants {
                // Several endpoints share actions such as `remove`.
                if !actions.contains(variant) {
                    actions.push(variant.clone());
                }
            }
        }
        json_schema!({"description": "Action on the target of an edit.", "oneOf": actions})
    }
}

fn edit_formats() -> impl Iterator<Item = &'static EditFormat> {
    ENDPOINTS.iter().filter_map(|endpoint| endpoint.edits.as_ref())
}

//! Generates the JSON Schemas of manifests, for validation and editor completion.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::{KINDS, KindSpec, ManifestKind};
use crate::manifest::API_VERSION;
use crate::manifest::CatalogKind;
use crate::manifest::schema_check::NAME;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Returns all published manifest schemas as file name and content: one per kind, and `manifest.json` for any
/// kind.
pub fn schemas() -> Vec<(String, Value)> {
    let mut schemas: Vec<(String, Value)> =
        KINDS.iter().map(|kind| (file_name(kind), kind.schema().json().clone())).collect();
    schemas.push(("manifest.json".to_owned(), manifest()));
    schemas
}

fn file_name(kind: &ManifestKind) -> String {
    format!("{}.json", kind.name)
}

/// Returns the schema of complete manifests of one kind.
pub(super) fn manifest_schema<S: KindSpec>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        // One flat schema keeps each description at its field.
        settings.inline_subschemas = true;
    });
    let mut spec = settings.into_generator().into_root_schema_for::<S>();
    RecursiveTransform(forbid_null).transform(&mut spec);
    spec.remove("title");
    json!({
        "$schema": DRAFT,
        "title": S::NAME,
        "description": S::SUMMARY,
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "Version of the manifest format."},
            "kind": {"const": S::NAME, "description": S::SUMMARY},
            "metadata": {
                "type": "object",
                "description": "Name of the manifest.",
                "properties": {
                    "name": {
                        "type": "string",
                        "pattern": NAME,
                        "description": "Name, unique among manifests of the kind: lowercase letters, digits \
                                        and `-`."
                    }
                },
                "required": ["name"],
                "additionalProperties": false
            },
            "spec": spec
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false
    })
}

/// Removes `null` from optional fields: `null` clears a value and needs `Nullable`. `Option` puts `null`
/// last, `Nullable` puts `null` first.
fn forbid_null(schema: &mut schemars::Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    let null = json!({"type": "null"});
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|each| each != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            object.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(options)) = object.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    let inner = match object.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([inner, last]) if *last == null => inner.as_object().cloned(),
        _ => None,
    };
    if let Some(inner) = inner {
        object.remove("anyOf");
        let outer: Map<String, Value> = std::mem::take(object);
        object.extend(inner);
        // The description of the field takes precedence over the description of its type.
        object.extend(outer);
    }
}

/// Builds the schema for manifests of any kind. Selecting by kind first limits completion and errors to one
/// kind.
fn manifest() -> Value {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let choices: Vec<Value> = KINDS
        .iter()
        .map(|kind| {
            json!({
                "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
                "then": without_draft(kind.schema().json())
            })
        })
        .collect();
    json!({
        "$schema": DRAFT,
        "title": "zonal manifest",
        "description": "YAML document of a configuration repository.",
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": names, "description": "Kind of the manifest."},
            "metadata": {"type": "object"},
            "spec": {"type": "object"}
        },
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "allOf": choices
    })
}

fn without_draft(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
    }
    schema
}

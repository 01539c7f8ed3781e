//! Makes the schemas that manifests are checked with and that editors complete from.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::{KINDS, KindSpec, ManifestKind};
use crate::manifest::API_VERSION;
use crate::manifest::CatalogKind;
use crate::manifest::schema_check::NAME;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Every schema that is published for manifests: file name and content. One for each kind, and
/// `manifest.json`, which chooses by `kind`.
pub fn schemas() -> Vec<(String, Value)> {
    let mut schemas: Vec<(String, Value)> =
        KINDS.iter().map(|kind| (file_name(kind), kind.schema().json().clone())).collect();
    schemas.push(("manifest.json".to_owned(), manifest()));
    schemas
}

fn file_name(kind: &ManifestKind) -> String {
    format!("{}.json", kind.name)
}

/// The schema of whole manifests of one kind.
pub(super) fn manifest_schema<S: KindSpec>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        // One flat schema: what is said of a field stands at the field.
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
            "apiVersion": {"const": API_VERSION, "description": "The version of the manifest's form."},
            "kind": {"const": S::NAME, "description": S::SUMMARY},
            "metadata": {
                "type": "object",
                "description": "What the manifest is called.",
                "properties": {
                    "name": {
                        "type": "string",
                        "pattern": NAME,
                        "description": "Distinct among the manifests of the kind: lower-case letters, digits and `-`."
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

/// A field that may be left out may not therefore be `null`: that means "clear it", and only
/// `Nullable` says so. `Option` puts its `null` last, `Nullable` first.
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
        // What the field says about itself wins over what its type says.
        object.extend(outer);
    }
}

/// Chooses the kind's schema first, so that an editor completes and complains about that kind alone.
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
        "description": "One YAML document of a config repository.",
        "type": "object",
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": names, "description": "What the manifest describes."},
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

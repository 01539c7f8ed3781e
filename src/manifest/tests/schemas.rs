//! Published schemas match the schemas that check manifests.

use crate::kinds::{KINDS, schemas};
use crate::manifest::CatalogKind;
use crate::manifest::source;

use super::{NETWORK, manifest};

#[test]
fn schemas_compile_and_have_no_id() {
    for (name, schema) in schemas() {
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
        assert!(jsonschema::validator_for(&schema).is_ok(), "{name}");
        assert!(schema.get("$id").is_none(), "{name}");
        assert!(schema.get("title").is_some() && schema.get("description").is_some(), "{name}");
    }
}

#[test]
fn schemas_cover_each_kind_and_all_manifests() {
    let names: Vec<String> = schemas().into_iter().map(|(name, _)| name).collect();
    let kinds = KINDS.iter().map(|kind| format!("{}.json", kind.name));
    assert_eq!(names, kinds.chain(["manifest.json".to_owned()]).collect::<Vec<_>>());
}

#[test]
fn every_schema_field_has_a_description() {
    fn walk(schema: &serde_json::Value, path: &str, lacking: &mut Vec<String>) {
        for (name, field) in schema.get("properties").and_then(|all| all.as_object()).into_iter().flatten() {
            let path = format!("{path}.{name}");
            if field.get("description").is_none() && name != "var" {
                lacking.push(path.clone());
            }
            walk(field, &path, lacking);
        }
        for inner in ["items", "additionalProperties"].iter().filter_map(|key| schema.get(key)) {
            walk(inner, path, lacking);
        }
    }
    let mut lacking = Vec::new();
    for kind in &KINDS {
        walk(kind.schema().json(), kind.name, &mut lacking);
    }
    assert!(lacking.is_empty(), "{lacking:?}");
}

#[test]
fn only_clearable_fields_accept_null() {
    let schema = KINDS[1].schema().json();
    let row = &schema["properties"]["spec"]["properties"]["rows"]["items"]["properties"];
    assert_eq!(row["enabled"]["type"], "boolean");
    assert_eq!(row["description"]["anyOf"][0]["type"], "null");
    assert!(!schema["properties"]["spec"]["properties"]["library"].to_string().contains("null"));
}

#[test]
fn manifest_schema_accepts_what_kind_schemas_accept() {
    let (_, choosing) = schemas().pop().unwrap_or_default();
    let Ok(validator) = jsonschema::validator_for(&choosing) else { unreachable!("it compiles") };
    let takes = |text: &str| {
        let (documents, _) = source::documents(&super::source("m.yaml", text));
        documents.iter().all(|document| validator.is_valid(&document.root.to_json()))
    };
    assert!(takes(NETWORK));
    assert!(takes(&manifest("CodeTable", "x", "table: T\nrows: [{code: A, description: {var: x}}]")));
    assert!(!takes(&manifest("CodeTable", "x", "table: T\nkey: [ID]")));
    assert!(!takes(&manifest("Nothing", "x", "table: T")));
}

//! Parsing of mapping table bodies.

use super::*;

async fn snapshot(body: Json) -> CollectionSnapshot {
    read(vec![ok(&body)], &id("MappingTable", None, None)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn columns_have_the_names_of_the_header() {
    let body = json!({"code": "T", "header": [
        {"number": "0", "name": "ID", "type": {"value": "TextField"}},
        {"number": 5, "name": "Network Block", "type": {"value": "code-tables", "link": "https://x/almaws/v1/conf/code-tables/Sub%20Systems?lang=en"}},
        {"number": "6", "name": "ID 2", "type": {"value": "mapping-tables", "link": "https://x/almaws/v1/conf/mapping-tables/M"}},
    ], "row": [{"column0": "A", "column3": "used", "column4": "", "enabled": "false"}]});
    let observed = snapshot(body).await.observed;
    let aliases: Vec<_> = observed.aliases.iter().map(|(name, field)| format!("{name}={field}")).collect();
    assert_eq!(aliases, ["ID=column0", "ID 2=column6", "Network Block=column5"]);
    let columns: Vec<_> = observed.columns.iter().map(|field| &**field).collect();
    assert_eq!(columns, ["column0", "column3", "column5", "column6", "enabled"]);
    assert_eq!(observed.references.unwrap().into_iter().collect::<Vec<_>>(), ["Sub Systems"]);
    assert!(!observed.records[0].fields.contains_key("column4"), "an empty column has no value");
    assert_eq!(observed.records[0].fields["enabled"], FieldValue::Bool(false));
}

#[tokio::test(start_paused = true)]
async fn ambiguous_column_name_is_no_alias() {
    let header = json!([
        {"number": 0, "name": "X"}, {"number": 1, "name": "X"}, {"number": 2, "name": "enabled"},
        {"number": 3, "name": ""}, {"name": "Y"}, {"number": 4, "name": "column1"},
    ]);
    assert!(snapshot(json!({"code": "T", "header": header})).await.observed.aliases.is_empty());
}

#[tokio::test(start_paused = true)]
async fn table_without_header_has_unknown_references() {
    let observed = snapshot(json!({"code": "T"})).await.observed;
    assert_eq!(observed.references, None);
}

#[tokio::test(start_paused = true)]
async fn table_without_header_has_schema_columns() {
    for body in [json!({"code": "T"}), json!({"code": "T", "row": [{"column2": "a"}]})] {
        let columns: Vec<String> =
            snapshot(body).await.observed.columns.iter().map(ToString::to_string).collect();
        let schema = (0..7).map(|number| format!("column{number}")).chain(["enabled".into()]);
        assert_eq!(columns, schema.collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn code_column_without_link_has_unknown_references() {
    let header = json!([
        {"number": 0, "name": "X", "type": {"value": "TextField"}},
        {"number": 1, "name": "Y", "type": {"value": "code-tables"}},
    ]);
    assert_eq!(snapshot(json!({"code": "T", "header": header})).await.observed.references, None);
}

#[tokio::test(start_paused = true)]
async fn mapping_table_request_has_library_without_language() {
    let (reader, script) = reader(vec![ok(&json!({"code": "T"}))]);
    reader.read_collection(&id("MappingTable", Some("MAIN"), Some("fr"))).await.unwrap();
    assert_eq!(script.lines(), ["GET /conf/mapping-tables/T?scope=MAIN"]);
}

//! Tests of tables: responses, and the state after a PUT.

use serde_json::json;

use super::*;

#[tokio::test]
async fn put_removes_omitted_rows() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let body =
        code_table("JobTitles", "01OMNI_ALPHA", json!([{"code": "LIBRARIAN", "description": "Librarian"}]));
    let path = "/conf/code-tables/JobTitles";
    let (status, _) = put(&emulator, "w-alpha", path, &body).await;
    assert_eq!(status, 200);
    let (_, table) = get(&emulator, "r-alpha", path).await;
    assert_eq!(codes(&table), ["LIBRARIAN"]);
    let (_, other) = get(&emulator, "r-beta", path).await;
    assert_eq!(codes(&other), ["LIBRARIAN", "ASSISTANT", "STUDENT_WORKER"], "another zone keeps its rows");
}

#[tokio::test]
async fn table_without_rows_omits_row_list() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let body = code_table("JobTitles", "01OMNI_ALPHA", json!([]));
    put(&emulator, "w-alpha", "/conf/code-tables/JobTitles", &body).await;
    let (_, table) = get(&emulator, "r-alpha", "/conf/code-tables/JobTitles").await;
    assert!(table.get("row").is_none(), "{table}");
}

#[tokio::test]
async fn put_of_unchanged_response_changes_nothing() {
    let emulator = network(EmulatorConfig::without_thresholds());
    for path in [BLOCKS, GROUPS, DEFINITIONS, "/conf/code-tables/ItemPolicy?scope=LAW"] {
        let (_, before) = get(&emulator, "r-alpha", path).await;
        let (status, after) = put(&emulator, "w-alpha", path.split('?').next().unwrap(), &before).await;
        assert_eq!((status, &after), (200, &before));
        assert_eq!(get(&emulator, "r-alpha", path).await.1, before);
    }
}

#[tokio::test]
async fn put_stamps_only_changed_rows() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, mut table) = get(&emulator, "r-nz", BLOCKS).await;
    table["row"][0]["description"] = json!("Card lost");
    let rows = table["row"].as_array_mut().unwrap();
    rows.push(json!({"code": "CONSORTIA", "description": "Consortial block"}));
    put(&emulator, "w-nz", BLOCKS, &table).await;
    let (_, table) = get(&emulator, "r-nz", BLOCKS).await;
    let by: Vec<&Value> = table["row"].as_array().unwrap().iter().map(|row| &row["updated_by"]).collect();
    let (us, nobody) = (json!("API_USER"), Value::Null);
    assert_eq!(by, [&us, &nobody, &nobody, &nobody, &nobody, &us]);
    assert_eq!(row(&table, "CONSORTIA")["update_date"], "2026-03-02Z");
    assert_eq!(row(&table, "CONSORTIA")["enabled"], true, "enabled by default");
    assert_eq!(row(&table, "CONSORTIA")["default"], false, "not the default by default");
}

#[tokio::test]
async fn descriptions_are_per_language_and_flags_shared() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let french = format!("{BLOCKS}?lang=fr");
    let (_, mut table) = get(&emulator, "r-nz", &french).await;
    assert_eq!(table["language"], json!({"value": "fr", "desc": "French"}));
    assert_eq!(row(&table, "04")["description"], "Frais impayés");
    table["row"][3]["description"] = json!("Frais dus");
    table["row"][3]["enabled"] = json!(false);
    put(&emulator, "w-nz", &french, &table).await;
    let (_, english) = get(&emulator, "r-nz", BLOCKS).await;
    assert_eq!(row(&english, "04")["description"], "Unpaid fees");
    assert_eq!(row(&english, "04")["enabled"], false);
    assert_eq!(row(&get(&emulator, "r-nz", &french).await.1, "04")["description"], "Frais dus");
}

#[tokio::test]
async fn put_without_language_is_english() {
    let zone = EmulatedZone {
        default_language: "fr".to_owned(),
        ..EmulatedZone::new("01OMNI_FR", "r", Some("w".to_owned()))
    };
    let emulator = Emulator::new(vec![zone], EmulatorConfig::without_thresholds());
    let (_, table) = get(&emulator, "r", BLOCKS).await;
    assert_eq!(row(&table, "04")["description"], "Frais impayés");
    // The trap: the PUT stores French descriptions as English.
    put(&emulator, "w", BLOCKS, &table).await;
    let (_, english) = get(&emulator, "r", &format!("{BLOCKS}?lang=en")).await;
    assert_eq!(row(&english, "04")["description"], "Frais impayés");
}

#[tokio::test]
async fn library_has_separate_rows() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let policies = "/conf/code-tables/ItemPolicy";
    let (_, mut table) = get(&emulator, "r-alpha", &format!("{policies}?scope=LAW")).await;
    assert_eq!(codes(&table), ["LAPTOP", "ROOMKEY"]);
    assert_eq!(table["scope"]["library_id"]["value"], "LAW");
    table["row"].as_array_mut().unwrap().truncate(1);
    put(&emulator, "w-alpha", policies, &table).await;
    let read = async |scope: &str| get(&emulator, "r-alpha", &format!("{policies}?scope={scope}")).await.1;
    assert_eq!(codes(&read("LAW").await), ["LAPTOP"]);
    assert_eq!(codes(&read("MAIN").await), ["LAPTOP", "ROOMKEY"]);
    assert_eq!(codes(&read("01OMNI_ALPHA").await), ["01", "02", "03", "04"]);
}

#[tokio::test]
async fn invalid_code_table_put_returns_documented_codes() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let rows = json!([{"code": "A", "description": "a", "default": true}]);
    let body = |name: &str| code_table(name, "01OMNI_ALPHA", rows.clone());
    let changed = |name: &str, pointer: &str, value: Value| {
        let mut body = body(name);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let groups = |pointer: &str, value: Value| changed("UserGroups", pointer, value);
    let twice = json!([{"code": "A", "description": "a", "default": true}, {"code": "B", "description": "b", "default": true}]);
    let same = json!([{"code": "A", "description": "a"}, {"code": "A", "description": "b"}]);
    let cases = [
        (GROUPS, groups("/name", json!("")), "90100"),
        ("/conf/code-tables/Nothing", body("Nothing"), "90101"),
        ("/conf/mapping-tables/BlockToBlockedActions", json!({}), "90102"),
        (GROUPS, groups("/scope/library_id/value", json!("NOWHERE")), "90121"),
        (GROUPS, groups("/scope/library_id/value", json!("MAIN")), "90121"),
        (GROUPS, groups("/scope/institution_id/value", json!("01OMNI_BETA")), "90121"),
        (GROUPS, groups("/row", twice), "90122"),
        (GROUPS, groups("/row", same), "402119"),
        (GROUPS, groups("/row/0/code", json!("")), "402119"),
        (GROUPS, groups("/row", json!("rows")), "INVALID_REQUEST"),
        (GROUPS, groups("/row/0/default", json!("perhaps")), "INVALID_REQUEST"),
        (GROUPS, groups("/patron_facing", Value::Null), "INVALID_REQUEST"),
        (GROUPS, json!("no object"), "INVALID_REQUEST"),
        ("/conf/code-tables/Sub%20Systems", body("Sub Systems"), "90123"),
        (&format!("{GROUPS}?lang=xx"), body("UserGroups"), "40166411"),
    ];
    for (path, body, code) in cases {
        let answer = put(&emulator, "w-alpha", path, &body).await;
        assert_eq!(refusal(&answer), (400, code), "{path} {answer:?}");
    }
    let (_, table) = get(&emulator, "r-alpha", GROUPS).await;
    assert!(codes(&table).contains(&"UNDRGRD"), "a rejected PUT changes nothing");
}

#[tokio::test]
async fn invalid_mapping_table_put_returns_documented_codes() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, table) = get(&emulator, "r-alpha", DEFINITIONS).await;
    let changed = |pointer: &str, value: Value| {
        let mut body = table.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for (body, code) in [
        (changed("/code", json!("")), "90126"),
        (changed("/scope/library_id/value", json!("MAIN")), "90127"),
        (changed("/customized", Value::Null), "INVALID_REQUEST"),
    ] {
        assert_eq!(refusal(&put(&emulator, "w-alpha", DEFINITIONS, &body).await), (400, code));
    }
    let get_refusal = async |path: &str| get(&emulator, "r-alpha", path).await;
    assert_eq!(refusal(&get_refusal("/conf/mapping-tables/Nothing").await), (400, "90101"));
    assert_eq!(refusal(&get_refusal("/conf/mapping-tables/BlockToBlockedActions").await), (400, "90102"));
    assert_eq!(refusal(&get_refusal(&format!("{DEFINITIONS}?scope=NOWHERE")).await), (400, "40166411"));
}

#[tokio::test]
async fn headers_name_source_of_column_values() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, table) = get(&emulator, "r-nz", DEFINITIONS).await;
    assert_eq!(table["name"], "User Block Definitions");
    assert_eq!(
        table["header"][2],
        json!({
            "number": "2", "name": "Description", "description": "Description",
            "type": {
                "value": "code-tables",
                "link": "http://127.0.0.1:8080/almaws/v1/conf/code-tables/UserBlockDescription",
            },
        })
    );
    assert_eq!(table["header"][0]["type"], json!({"value": "TextField"}));
    assert_eq!(table["row"][0]["column4"], "01");
    assert!(table["row"][0].get("column6").is_none());
}

#[tokio::test]
async fn changed_mapping_row_is_stamped_and_table_customized() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, mut table) = get(&emulator, "r-nz", DEFINITIONS).await;
    assert_eq!(table["customized"], false);
    table["row"][1]["column5"] = json!("true");
    let (_, table) = put(&emulator, "w-nz", DEFINITIONS, &table).await;
    assert_eq!(table["customized"], true);
    assert_eq!(table["row"][1]["updated_by"], "API_USER");
    assert_eq!(table["row"][0].get("updated_by"), None);
}

#[tokio::test]
async fn lists_contain_visible_tables_without_rows() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let (_, list) = get(&emulator, "r-nz", "/conf/mapping-tables").await;
    let codes: Vec<&Value> =
        list["mapping_table"].as_array().unwrap().iter().map(|table| &table["code"]).collect();
    assert_eq!(
        codes,
        ["CurrencySubset", "InstitutionLanguages", "UserBlockDefinitions", "UserRecordTypeUserGroup"]
    );
    assert_eq!(list["total_record_count"], 4);
    assert!(list["mapping_table"][0].get("row").is_none());
    let (_, list) = get(&emulator, "r-nz", "/conf/code-tables?limit=1").await;
    assert_eq!(list["code_table"].as_array().unwrap().len(), 9, "limit has no effect without paging");
}

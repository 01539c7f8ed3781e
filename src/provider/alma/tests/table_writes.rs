//! Bodies of writes: fresh rows with the changes applied.

use super::*;
use crate::model::FailureClass::Mismatch;
use crate::provider::WriteError;

/// Returns the request for changes to a snapshot.
async fn sent(fresh: &CollectionSnapshot, changes: &[Change]) -> (String, Json) {
    let (writer, script) = writer(vec![ok(&json!({}))]);
    write(&writer, fresh, changes).await.unwrap();
    (script.lines().pop().unwrap(), script.last_body())
}

async fn refused(fresh: &CollectionSnapshot, changes: &[Change]) -> ZoneFailure {
    let (writer, script) = writer(Vec::new());
    let Err(WriteError::Refused(failure)) = write(&writer, fresh, changes).await else {
        panic!("the write was not rejected");
    };
    assert!(script.lines().is_empty());
    failure
}

fn rows() -> Json {
    json!([
        {"code": "A", "description": "a", "default": false, "enabled": true, "updated_by": "x", "new_field": {"n": 1}},
        {"enabled": "true", "code": "B", "description": "b", "unknown": null},
        {"code": "C", "description": "c", "enabled": {"value": "true", "desc": "Yes"}},
    ])
}

#[tokio::test(start_paused = true)]
async fn unchanged_content_is_sent_byte_for_byte() {
    let fresh = code_table(rows()).await;
    let edit = change(ChangeAction::Update, &[("code", "A")], &[("description", "new".into())]);
    let (line, body) = sent(&fresh, &[edit]).await;
    assert_eq!(line, "PUT /conf/code-tables/T?lang=en");
    let mut expected = fresh.raw.clone();
    expected["row"][0]["description"] = json!("new");
    assert_eq!(body.to_string(), expected.to_string());
}

#[tokio::test(start_paused = true)]
async fn flags_keep_their_format() {
    let fresh = code_table(rows()).await;
    let disable = |code| change(ChangeAction::Update, &[("code", code)], &[("enabled", false.into())]);
    let (_, body) = sent(&fresh, &[disable("A"), disable("B"), disable("C")]).await;
    assert_eq!(body["row"][0]["enabled"], json!(false));
    assert_eq!(body["row"][1]["enabled"], json!("false"));
    assert_eq!(body["row"][2]["enabled"], json!({"value": "false", "desc": "Yes"}));
}

#[tokio::test(start_paused = true)]
async fn new_row_is_last_deleted_row_is_absent() {
    let fresh = code_table(rows()).await;
    let create =
        change(ChangeAction::Create, &[("code", "D")], &[("code", "D".into()), ("description", "d".into())]);
    let delete = change(ChangeAction::Delete, &[("code", "B")], &[]);
    let (_, body) = sent(&fresh, &[create, delete]).await;
    let codes: Vec<_> = body["row"].as_array().unwrap().iter().map(|row| row["code"].clone()).collect();
    assert_eq!(codes, ["A", "C", "D"]);
    assert_eq!(body["row"][2], json!({"code": "D", "description": "d", "default": false, "enabled": true}));
}

#[tokio::test(start_paused = true)]
async fn empty_table_gets_a_row_list() {
    let body = json!({"name": "T", "language": {"value": "fr"}});
    let fresh = read(vec![ok(&body)], &id("CodeTable", None, None)).await.unwrap();
    let create = change(ChangeAction::Create, &[("code", "D")], &[]);
    let (line, body) = sent(&fresh, &[create]).await;
    assert_eq!(line, "PUT /conf/code-tables/T?lang=fr");
    assert_eq!(body["row"], json!([{"code": "D", "description": "", "default": false, "enabled": true}]));
}

#[tokio::test(start_paused = true)]
async fn change_in_report_mode_is_not_made() {
    let fresh = code_table(rows()).await;
    let delete = change(ChangeAction::Delete, &[("code", "A")], &[]);
    let (_, body) = sent(&fresh, &[Change { mode: ApplyMode::Report, ..delete }]).await;
    assert_eq!(body, fresh.raw);
}

#[tokio::test(start_paused = true)]
async fn missing_duplicate_or_existing_row_is_refused() {
    let mut twice = code_table(json!([{"code": "A"}, {"code": "C"}, {"code": "B"}])).await;
    // A reading with a repeated row fails already.
    twice.raw["row"][1]["code"] = json!("A");
    twice.observed.records[1] = twice.observed.records[0].clone();
    for changes in [
        vec![change(ChangeAction::Update, &[("code", "A")], &[("description", "x".into())])],
        vec![change(ChangeAction::Delete, &[("code", "A")], &[])],
        vec![change(ChangeAction::Delete, &[("code", "Z")], &[])],
        vec![change(ChangeAction::Update, &[("code", "Z")], &[])],
        vec![change(ChangeAction::Create, &[("code", "B")], &[])],
        vec![change(ChangeAction::Delete, &[], &[])],
        vec![change(ChangeAction::Update, &[("code", "B")], &[("column0", "x".into())])],
        vec![change(ChangeAction::Update, &[("code", "B")], &[("enabled", "maybe".into())])],
        vec![
            change(ChangeAction::Update, &[("code", "B")], &[]),
            change(ChangeAction::Delete, &[("code", "B")], &[]),
        ],
        vec![
            change(ChangeAction::Create, &[("code", "D")], &[]),
            change(ChangeAction::Create, &[("code", "D")], &[]),
        ],
    ] {
        assert_eq!(refused(&twice, &changes).await.class, Mismatch, "{changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn absent_null_and_empty_match_in_keys() {
    let fresh = mapping_table(
        json!([{"column0": "A", "column1": ""}, {"column0": "B"}, {"column0": "C", "column1": null}]),
    )
    .await;
    let disable = |key| {
        change(ChangeAction::Update, &[("column0", key), ("column1", "")], &[("enabled", false.into())])
    };
    let (line, body) = sent(&fresh, &[disable("A"), disable("B"), disable("C")]).await;
    assert_eq!(line, "PUT /conf/mapping-tables/T");
    assert_eq!(body["row"][1], json!({"column0": "B", "enabled": false}));
    assert_eq!(body["row"][2], json!({"column0": "C", "column1": null, "enabled": false}));
}

#[tokio::test(start_paused = true)]
async fn new_mapping_row_has_all_table_columns() {
    let fresh = mapping_table(json!([{"column0": "A", "column3": "x", "managed_in_network": true}])).await;
    let create = change(
        ChangeAction::Create,
        &[("column0", "B")],
        &[("column0", "B".into()), ("column1", true.into())],
    );
    let (_, body) = sent(&fresh, &[create]).await;
    assert_eq!(body["row"][0], json!({"column0": "A", "column3": "x", "managed_in_network": true}));
    assert_eq!(body["row"][1], json!({"column0": "B", "column1": "true", "column3": "", "enabled": true}));
}

#[tokio::test(start_paused = true)]
async fn flag_in_key_matches_its_text() {
    let fresh = mapping_table(json!([{"column0": "A", "column1": "true"}])).await;
    let mut create = change(ChangeAction::Create, &[("column0", "A"), ("column1", "true")], &[]);
    create.key[1].1 = FieldValue::Bool(true);
    assert!(refused(&fresh, &[create]).await.message.ends_with("already exists"));
}

#[tokio::test(start_paused = true)]
async fn cleared_text_is_sent_as_empty_text() {
    let fresh = code_table(rows()).await;
    let clear = change(ChangeAction::Update, &[("code", "A")], &[("description", FieldValue::Null)]);
    assert_eq!(sent(&fresh, &[clear]).await.1["row"][0]["description"], json!(""));
}

#[tokio::test(start_paused = true)]
async fn library_is_sent_in_the_body() {
    let main = id("CodeTable", Some("MAIN"), Some("fr"));
    let delete = change(ChangeAction::Delete, &[("code", "A")], &[]);
    for scope in
        [json!(null), json!({}), json!({"library_id": null}), json!({"library_id": {"value": "MAIN"}})]
    {
        let body = json!({"name": "T", "scope": scope, "row": [{"code": "A"}]});
        let fresh = read(vec![ok(&body)], &main).await.unwrap();
        // The institution has no such table, so there is nothing to check.
        let (writer, script) = writer(vec![error(400, "90101"), ok(&json!({}))]);
        write(&writer, &fresh, std::slice::from_ref(&delete)).await.unwrap();
        assert_eq!(script.lines(), ["GET /conf/code-tables/T?lang=fr", "PUT /conf/code-tables/T?lang=fr"]);
        assert_eq!(script.last_body()["scope"]["library_id"]["value"], "MAIN");
    }
}

#[tokio::test(start_paused = true)]
async fn library_write_requires_readable_institution_table() {
    let body = json!({"name": "T", "language": {"value": "en"}, "row": [{"code": "A"}]});
    let fresh = read(vec![ok(&body)], &id("CodeTable", Some("MAIN"), None)).await.unwrap();
    let delete = [change(ChangeAction::Delete, &[("code", "A")], &[])];
    let (writer, script) = writer((0..4).map(|_| ScriptedResponse::Connect).collect());
    let Err(WriteError::Refused(_)) = write(&writer, &fresh, &delete).await else {
        panic!("the write was sent without the check");
    };
    assert!(script.lines().iter().all(|line| line.starts_with("GET")), "{:?}", script.lines());
}

#[tokio::test(start_paused = true)]
async fn library_rows_in_institution_table_are_detected() {
    let table = |library: Json, codes: &[&str]| {
        let rows: Vec<Json> = codes.iter().map(|code| json!({"code": code, "description": code})).collect();
        ok(&json!({"name": "T", "language": {"value": "en"}, "scope": {"library_id": library}, "row": rows}))
    };
    let main = || json!({"value": "MAIN"});
    let write = async |after: &[&str]| {
        let read_main = vec![table(main(), &["A"])];
        let fresh = read(read_main, &id("CodeTable", Some("MAIN"), None)).await.unwrap();
        let add = [change(ChangeAction::Create, &[("code", "B")], &[("description", "B".into())])];
        let steps = vec![table(json!(null), &["X", "A"]), ok(&json!({})), table(json!(null), after)];
        write(&writer(steps).0, &fresh, &add).await
    };
    assert_eq!(write(&["X", "A"]).await, Ok(()));
    // An edit of the institution's table in the meantime is allowed.
    assert_eq!(write(&["X"]).await, Ok(()));
    let Err(WriteError::Astray(failure)) = write(&["A", "B"]).await else {
        panic!("the wrong target was not detected");
    };
    assert!(failure.message.contains("library MAIN"), "{failure}");
    assert!(failure.message.contains("code=\"X\""), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn unknown_language_must_be_english_or_declared() {
    let table = |description: &str| json!({"name": "T", "row": [{"code": "A", "description": description}]});
    let fresh = read(vec![ok(&table("a"))], &id("CodeTable", None, None)).await.unwrap();
    let delete = [change(ChangeAction::Delete, &[("code", "A")], &[])];
    let (english, script) = writer(vec![ok(&table("a")), ok(&json!({}))]);
    write(&english, &fresh, &delete).await.unwrap();
    assert_eq!(script.lines(), ["GET /conf/code-tables/T?lang=en", "PUT /conf/code-tables/T?lang=en"]);
    let (other, script) = writer(vec![ok(&table("b"))]);
    let Err(WriteError::Refused(failure)) = write(&other, &fresh, &delete).await else {
        panic!("the write was not rejected");
    };
    assert!(failure.help.unwrap().contains("`language`"));
    assert_eq!(script.lines().len(), 1);
}

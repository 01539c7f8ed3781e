//! What a write sends: the rows that were just read, with the changes laid over them.

use super::*;
use crate::model::FailureClass::Mismatch;
use crate::provider::{WriteError, ZoneWriter};

/// What is sent for these changes of this snapshot.
async fn sent(fresh: &CollectionSnapshot, changes: &[Change]) -> (String, Json) {
    let (writer, script) = writer(vec![ok(&json!({}))]);
    writer.write_collection(fresh, changes).await.unwrap();
    (script.lines().pop().unwrap(), script.last_body())
}

async fn refused(fresh: &CollectionSnapshot, changes: &[Change]) -> ZoneFailure {
    let (writer, script) = writer(Vec::new());
    let Err(WriteError::Refused(failure)) = writer.write_collection(fresh, changes).await else {
        panic!("the write was not refused");
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
async fn what_nobody_asked_for_goes_back_byte_for_byte() {
    let fresh = code_table(rows()).await;
    let edit = change(ChangeAction::Update, &[("code", "A")], &[("description", "new".into())]);
    let (line, body) = sent(&fresh, &[edit]).await;
    assert_eq!(line, "PUT /conf/code-tables/T?lang=en");
    let mut expected = fresh.raw.clone();
    expected["row"][0]["description"] = json!("new");
    assert_eq!(body.to_string(), expected.to_string());
}

#[tokio::test(start_paused = true)]
async fn flags_stay_in_the_shape_they_came_in() {
    let fresh = code_table(rows()).await;
    let disable = |code| change(ChangeAction::Update, &[("code", code)], &[("enabled", false.into())]);
    let (_, body) = sent(&fresh, &[disable("A"), disable("B"), disable("C")]).await;
    assert_eq!(body["row"][0]["enabled"], json!(false));
    assert_eq!(body["row"][1]["enabled"], json!("false"));
    assert_eq!(body["row"][2]["enabled"], json!({"value": "false", "desc": "Yes"}));
}

#[tokio::test(start_paused = true)]
async fn a_new_row_comes_last_and_a_deleted_one_goes() {
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
async fn a_table_that_was_empty_gets_its_list() {
    let body = json!({"name": "T", "language": {"value": "fr"}});
    let fresh = read(vec![ok(&body)], &id("CodeTable", None, None)).await.unwrap();
    let create = change(ChangeAction::Create, &[("code", "D")], &[]);
    let (line, body) = sent(&fresh, &[create]).await;
    assert_eq!(line, "PUT /conf/code-tables/T?lang=fr");
    assert_eq!(body["row"], json!([{"code": "D", "description": "", "default": false, "enabled": true}]));
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_only_reported_is_not_made() {
    let fresh = code_table(rows()).await;
    let delete = change(ChangeAction::Delete, &[("code", "A")], &[]);
    let (_, body) = sent(&fresh, &[Change { mode: ApplyMode::Report, ..delete }]).await;
    assert_eq!(body, fresh.raw);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_gone_doubled_or_already_there_is_not_guessed() {
    let twice = code_table(json!([{"code": "A"}, {"code": "A"}, {"code": "B"}])).await;
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
async fn nothing_absent_and_empty_are_one_in_a_key() {
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
async fn a_new_row_of_a_mapping_table_has_all_columns_of_the_table() {
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
async fn a_flag_in_a_key_is_the_text_that_a_column_holds() {
    let fresh = mapping_table(json!([{"column0": "A", "column1": "true"}])).await;
    let mut create = change(ChangeAction::Create, &[("column0", "A"), ("column1", "true")], &[]);
    create.key[1].1 = FieldValue::Bool(true);
    assert!(refused(&fresh, &[create]).await.message.ends_with("is already there"));
}

#[tokio::test(start_paused = true)]
async fn clearing_a_text_sends_an_empty_one() {
    let fresh = code_table(rows()).await;
    let clear = change(ChangeAction::Update, &[("code", "A")], &[("description", FieldValue::Null)]);
    assert_eq!(sent(&fresh, &[clear]).await.1["row"][0]["description"], json!(""));
}

#[tokio::test(start_paused = true)]
async fn the_library_travels_in_the_body() {
    let main = id("CodeTable", Some("MAIN"), Some("fr"));
    let delete = change(ChangeAction::Delete, &[("code", "A")], &[]);
    for scope in
        [json!(null), json!({}), json!({"library_id": null}), json!({"library_id": {"value": "MAIN"}})]
    {
        let body = json!({"name": "T", "scope": scope, "row": [{"code": "A"}]});
        let fresh = read(vec![ok(&body)], &main).await.unwrap();
        // The institution has no such table of its own: there is nothing to watch.
        let (writer, script) = writer(vec![error(400, "90101"), ok(&json!({}))]);
        writer.write_collection(&fresh, std::slice::from_ref(&delete)).await.unwrap();
        assert_eq!(script.lines(), ["GET /conf/code-tables/T?lang=fr", "PUT /conf/code-tables/T?lang=fr"]);
        assert_eq!(script.last_body()["scope"]["library_id"]["value"], "MAIN");
    }
}

#[tokio::test(start_paused = true)]
async fn a_library_is_not_written_while_the_institutions_table_cannot_be_seen() {
    let body = json!({"name": "T", "language": {"value": "en"}, "row": [{"code": "A"}]});
    let fresh = read(vec![ok(&body)], &id("CodeTable", Some("MAIN"), None)).await.unwrap();
    let delete = [change(ChangeAction::Delete, &[("code", "A")], &[])];
    let (writer, script) = writer((0..4).map(|_| ScriptedResponse::Connect).collect());
    let Err(WriteError::Refused(_)) = writer.write_collection(&fresh, &delete).await else {
        panic!("it was written unwatched");
    };
    assert!(script.lines().iter().all(|line| line.starts_with("GET")), "{:?}", script.lines());
}

#[tokio::test(start_paused = true)]
async fn a_library_written_into_the_institutions_table_is_noticed() {
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
        writer(steps).0.write_collection(&fresh, &add).await
    };
    assert_eq!(write(&["X", "A"]).await, Ok(()));
    // Somebody edits the institution's table meanwhile: that is theirs to do.
    assert_eq!(write(&["X"]).await, Ok(()));
    let Err(WriteError::Astray(failure)) = write(&["A", "B"]).await else {
        panic!("nobody noticed");
    };
    assert!(failure.message.contains("library MAIN"), "{failure}");
    assert!(failure.message.contains("code=\"X\""), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_language_that_nobody_knows_must_be_english_or_be_declared() {
    let table = |description: &str| json!({"name": "T", "row": [{"code": "A", "description": description}]});
    let fresh = read(vec![ok(&table("a"))], &id("CodeTable", None, None)).await.unwrap();
    let delete = [change(ChangeAction::Delete, &[("code", "A")], &[])];
    let (english, script) = writer(vec![ok(&table("a")), ok(&json!({}))]);
    english.write_collection(&fresh, &delete).await.unwrap();
    assert_eq!(script.lines(), ["GET /conf/code-tables/T?lang=en", "PUT /conf/code-tables/T?lang=en"]);
    let (other, script) = writer(vec![ok(&table("b"))]);
    let Err(WriteError::Refused(failure)) = other.write_collection(&fresh, &delete).await else {
        panic!("the write was not refused");
    };
    assert!(failure.help.unwrap().contains("`language`"));
    assert_eq!(script.lines().len(), 1);
}

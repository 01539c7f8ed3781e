//! Parsing of code table bodies.

use super::*;
use crate::model::FailureClass::{Malformed, Mismatch};

async fn records(body: Json) -> Vec<String> {
    let snapshot = read(vec![ok(&body)], &id("CodeTable", None, None)).await.unwrap();
    let shown = |record: &Record| {
        record.iter().map(|(field, value)| format!("{field}={value}")).collect::<Vec<_>>().join(" ")
    };
    snapshot.observed.records.iter().map(|record| shown(&record.fields)).collect()
}

async fn class(body: Json, id: &CollectionId) -> crate::model::FailureClass {
    read(vec![ok(&body), ok(&body), ok(&body)], id).await.unwrap_err().class
}

#[tokio::test(start_paused = true)]
async fn row_is_a_record_with_documented_defaults() {
    let rows = json!([
        {"code": "A", "description": "a", "default": true, "enabled": false, "unknown": 1},
        {"code": "B", "description": "", "enabled": null},
        {"code": {"value": "C", "desc": "c"}, "description": null, "default": "TRUE", "enabled": {"value": "false"}},
    ]);
    assert_eq!(
        records(json!({"name": "T", "row": rows})).await,
        [
            "code=\"A\" default=true description=\"a\" enabled=false",
            "code=\"B\" default=false enabled=true",
            "code=\"C\" default=true enabled=false",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn answer_that_repeats_a_code_is_refused() {
    let rows = json!([{"code": "A"}, {"code": "B"}, {"code": "A", "description": "again"}]);
    let body = json!({"name": "T", "row": rows});
    let failure = read(vec![ok(&body)], &id("CodeTable", None, None)).await.unwrap_err();
    assert_eq!(failure.class, Malformed);
    assert_eq!(failure.message, "the zone returned the row `A` of CodeTable/T twice");
}

#[tokio::test(start_paused = true)]
async fn missing_list_and_single_row_are_accepted() {
    assert!(records(json!({"name": "T"})).await.is_empty());
    assert!(records(json!({"name": "T", "row": null, "language": null, "scope": null})).await.is_empty());
    assert!(records(json!({"row": []})).await.is_empty());
    assert_eq!(records(json!({"name": "T", "row": {"code": "A"}})).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn invalid_body_is_never_an_empty_table() {
    let plain = id("CodeTable", None, None);
    for body in [
        json!({}),
        json!([]),
        json!("T"),
        json!({"total_record_count": 0}),
        json!({"name": ""}),
        json!({"name": "Other", "row": []}),
        json!({"name": "T", "rows": {"row": []}}),
        json!({"name": "T", "row": "A"}),
        json!({"name": "T", "row": ["A"]}),
        json!({"name": "T", "row": [{"code": ["A"]}]}),
        json!({"name": "T", "row": [{"code": "A", "enabled": "maybe"}]}),
    ] {
        assert_eq!(class(body.clone(), &plain).await, Malformed, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn path_is_encoded_with_language_and_library() {
    let (reader, script) = reader(vec![ok(&json!({"name": "Sub Systems/x.y"}))]);
    let id = CollectionId {
        table: TableName::Code("Sub Systems/x.y".into()),
        ..id("CodeTable", Some("MAIN"), Some("fr"))
    };
    reader.read_collection(&id).await.unwrap();
    assert_eq!(script.lines(), ["GET /conf/code-tables/Sub%20Systems%2Fx.y?lang=fr&scope=MAIN"]);
}

#[tokio::test(start_paused = true)]
async fn response_language_must_match_the_request() {
    let language = async |asked, answered| {
        let body = json!({"name": "T", "language": {"value": answered}});
        let read = read(vec![ok(&body)], &id("CodeTable", None, asked)).await;
        read.map(|snapshot| snapshot.observed.id.language.map(|language| language.to_string()))
    };
    assert_eq!(language(None, "fr").await.unwrap().as_deref(), Some("fr"));
    assert_eq!(language(None, "").await.unwrap(), None);
    assert_eq!(language(Some("fr"), "").await.unwrap().as_deref(), Some("fr"));
    assert_eq!(language(Some("zh-tw"), "zh_TW").await.unwrap().as_deref(), Some("zh-tw"));
    assert_eq!(language(Some("fr"), "en").await.unwrap_err().class, Mismatch);
}

#[tokio::test(start_paused = true)]
async fn table_of_another_library_is_refused() {
    let of = |library: Json| json!({"name": "T", "scope": {"institution_id": {"value": "01A"}, "library_id": library}});
    let main = id("CodeTable", Some("MAIN"), None);
    let institution = id("CodeTable", None, None);
    assert!(read(vec![ok(&of(json!({"value": "MAIN"})))], &main).await.is_ok());
    assert!(read(vec![ok(&of(Json::Null))], &main).await.is_ok());
    assert!(read(vec![ok(&of(json!({"value": "", "desc": ""})))], &institution).await.is_ok());
    assert_eq!(class(of(json!({"value": "OTHER"})), &main).await, Mismatch);
    assert_eq!(class(of(json!({"value": ""})), &main).await, Mismatch);
    assert_eq!(class(of(json!({"value": "MAIN"})), &institution).await, Mismatch);
}

#[tokio::test(start_paused = true)]
async fn row_author_and_raw_response_are_kept() {
    let body = json!({"name": "t", "extra": {"x": [1]}, "row": [{"code": "A", "updated_by": "exl", "update_date": "2024-05-30Z"}]});
    let snapshot = read(vec![ok(&body)], &id("CodeTable", None, None)).await.unwrap();
    assert_eq!(snapshot.raw, body);
    assert_eq!(snapshot.observed.records[0].updated_by.as_deref(), Some("exl"));
    assert_eq!(snapshot.observed.records[0].update_date.as_deref(), Some("2024-05-30Z"));
    assert_eq!(snapshot.observed.id.table, TableName::Code("t".into()));
    assert_eq!(snapshot.observed.columns.len(), 4);
}

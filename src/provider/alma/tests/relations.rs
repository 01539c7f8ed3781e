//! Relations between libraries, in formats that the vendor does not document.

use super::*;
use crate::model::FailureClass::{Malformed, Mismatch};

fn main() -> CollectionId {
    CollectionId { library: Some("MAIN".into()), ..CollectionId::of_institution("LibraryRelations") }
}

async fn snapshot(body: &Json) -> Result<CollectionSnapshot, ZoneFailure> {
    read(vec![ok(body)], &main()).await
}

/// Returns one line per record, such as `LAW: RETURN PICKUP`.
async fn found(body: &Json) -> Vec<String> {
    let records = snapshot(body).await.unwrap().observed.records;
    let texts = |record: &crate::model::ObservedRecord, field| {
        record.fields.get(field).map(|value: &FieldValue| value.texts().join(" ")).unwrap_or_default()
    };
    records.iter().map(|record| format!("{}: {}", texts(record, "library"), texts(record, "types"))).collect()
}

async fn sent(body: &Json, changes: &[Change]) -> Json {
    let fresh = snapshot(body).await.unwrap();
    let (writer, script) = writer(vec![ok(&json!({}))]);
    write(&writer, &fresh, changes).await.unwrap();
    assert_eq!(script.lines(), ["PUT /conf/relations?scope=MAIN"]);
    script.last_body()
}

fn set(library: &str, types: &[&str]) -> Change {
    change(
        ChangeAction::Update,
        &[("library", library)],
        &[("types", FieldValue::list(types.iter().copied()))],
    )
}

fn create(library: &str, types: &[&str]) -> Change {
    Change { action: ChangeAction::Create, ..set(library, types) }
}

#[tokio::test(start_paused = true)]
async fn relations_are_parsed_in_every_likely_format() {
    for body in [
        json!({"relation": [{"library": {"value": "LAW", "desc": "Law"}, "type": {"value": "RETURN"}}, {"library": {"value": "LAW"}, "type": {"value": "PICKUP"}}], "total_record_count": 2}),
        json!({"relations": [{"target_library": "LAW", "types": ["RETURN", "PICKUP"]}]}),
        json!({"relation": {"source_library": "MAIN", "library": "LAW", "type": [{"value": "PICKUP"}, {"value": "RETURN"}]}}),
        json!({"relations": {"relation": [{"library_code": "LAW", "relation_types": {"relation_type": ["PICKUP", "RETURN"]}}]}}),
        json!([{"library": "MAIN", "code": "LAW", "types": ["PICKUP", "RETURN"]}]),
    ] {
        assert_eq!(found(&body).await, ["LAW: PICKUP RETURN"], "{body}");
    }
    for body in [
        json!({}),
        json!({"relation": []}),
        json!({"relations": null}),
        json!({"relation": "", "link": "x"}),
        json!([]),
    ] {
        assert_eq!(found(&body).await, Vec::<String>::new(), "{body}");
    }
    assert_eq!(found(&json!({"relation": [{"library": "LAW"}]})).await, ["LAW: "]);
}

#[tokio::test(start_paused = true)]
async fn unknown_format_is_not_an_empty_list() {
    for body in [
        json!("x"),
        json!({"row": [{"library": "LAW"}]}),
        json!({"relation": ["LAW"]}),
        json!({"relation": [{"id": 1}]}),
    ] {
        assert_eq!(snapshot(&body).await.unwrap_err().class, Malformed, "{body}");
    }
    let nobody = CollectionId::of_institution("LibraryRelations");
    assert_eq!(read(Vec::new(), &nobody).await.unwrap_err().class, Mismatch);
}

#[tokio::test(start_paused = true)]
async fn single_type_entries_change_others_stay_unchanged() {
    let (pickup, med) = (
        json!({"library": {"value": "LAW", "desc": "Law"}, "type": {"value": "PICKUP", "desc": "p"}, "id": 7}),
        json!({"library": {"value": "MED"}, "id": 8}),
    );
    let first = json!({"library": {"value": "LAW", "desc": "Law"}, "type": {"value": "RETURN", "desc": "r"}, "id": 6});
    let body = json!({"relation": [first, pickup, med], "total_record_count": 3, "new": {"kept": 1}});
    let put = sent(&body, &[set("LAW", &["PICKUP", "CHECKOUT"]), create("LIB", &["RETURN"])]).await;
    let checkout =
        json!({"library": {"value": "LAW", "desc": "Law"}, "type": {"value": "CHECKOUT"}, "id": 6});
    let new = json!({"library": {"value": "LIB"}, "type": {"value": "RETURN"}});
    assert_eq!(put, json!({"relation": [checkout, pickup, med, new], "new": {"kept": 1}}));
}

#[tokio::test(start_paused = true)]
async fn type_lists_keep_their_form_and_position() {
    let body = json!({"relations": {"relation": [{"source_library": "MAIN", "target_library": "LAW", "types": {"type": [{"value": "RETURN"}]}, "id": 6}]}});
    let put = sent(&body, &[set("LAW", &["PICKUP", "CHECKOUT"]), create("MED", &["RETURN"])]).await;
    let types =
        |types: &[&str]| json!({"type": types.iter().map(|each| json!({"value": each})).collect::<Vec<_>>()});
    let law = json!({"source_library": "MAIN", "target_library": "LAW", "types": types(&["CHECKOUT", "PICKUP"]), "id": 6});
    let med = json!({"source_library": "MAIN", "target_library": "MED", "types": types(&["RETURN"])});
    assert_eq!(put, json!({"relations": {"relation": [law, med]}}));
}

#[tokio::test(start_paused = true)]
async fn first_relation_is_guessed_last_leaves_empty_list() {
    let put = sent(&json!({}), &[create("LAW", &["RETURN"])]).await;
    assert_eq!(put, json!({"relation": [{"library": {"value": "LAW"}, "type": {"value": "RETURN"}}]}));
    let gone = change(ChangeAction::Delete, &[("library", "LAW")], &[]);
    let put = sent(&json!({"relations": [{"library": "LAW", "types": []}]}), &[gone]).await;
    assert_eq!(put, json!({"relations": []}));
}

//! Requests to a gateway, against a scripted transport.
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

mod contract_checks;
mod unresponsive;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value as Json, json};

use super::{GatewayReader, GatewayWriter, SharedGateway, openapi};
use crate::model::network::RateLimit;
use crate::model::{
    ApplyMode, Change, ChangeAction, CollectionId, DifferenceType, FailureClass, FieldChange, FieldValue,
    Provenance, Record, RecordAddress, RecordKey, SourceSpan,
};
use crate::provider::WriteError;
use crate::provider::transport::{Transport, TransportError, TransportFuture};

/// Gateway with a sequence of scripted responses; no status means a lost response.
struct ScriptedGateway {
    steps: Mutex<VecDeque<(Option<u16>, Json)>>,
    seen: Mutex<Vec<String>>,
}

impl Transport for ScriptedGateway {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        let if_match =
            request.headers().get("if-match").map(|value| format!(" if {}", value.to_str().unwrap()));
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let target = request.uri().path_and_query().unwrap();
        let line = format!("{} {target}{} {body}", request.method(), if_match.unwrap_or_default());
        self.seen.lock().unwrap().push(line.trim_end().to_owned());
        let (status, body) = self.steps.lock().unwrap().pop_front().unwrap();
        Box::pin(async move {
            match status {
                None => Err(TransportError::Lost("connection closed".into())),
                Some(status) => {
                    Ok(Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap())
                }
            }
        })
    }
}

fn script(steps: &[(u16, Json)]) -> Arc<ScriptedGateway> {
    let steps = steps.iter().map(|(status, body)| ((*status != 0).then_some(*status), body.clone()));
    Arc::new(ScriptedGateway { steps: Mutex::new(steps.collect()), seen: Mutex::default() })
}

fn gateway(script: &Arc<ScriptedGateway>) -> Arc<SharedGateway> {
    let rate = RateLimit { per_second: 20, daily_reserve: 0 };
    Arc::new(SharedGateway::new("https://gateway.test/x", rate, Arc::clone(script) as Arc<dyn Transport>))
}

fn reader(script: &Arc<ScriptedGateway>) -> GatewayReader {
    GatewayReader::new(&gateway(script), &"01A".into(), "KEY".into())
}

fn writer(script: &Arc<ScriptedGateway>) -> GatewayWriter {
    GatewayWriter::new(&gateway(script), &"01A".into(), "KEY".into())
}

fn groups(revision: &str, names: &[(&str, &str)]) -> Json {
    let record =
        |(name, description): &(&str, &str)| json!({"fields": {"name": name, "description": description}});
    json!({"revision": revision, "records": names.iter().map(record).collect::<Vec<_>>()})
}

fn change(action: ChangeAction, name: &str, description: &str) -> Change {
    let provenance =
        Provenance { span: SourceSpan::file("m.yaml"), manifest: "K/m".into(), override_index: None };
    let edit = FieldChange {
        field: "description".into(),
        name: "description".into(),
        before: None,
        after: description.into(),
        provenance: provenance.clone(),
    };
    Change {
        address: RecordAddress {
            zone: "01A".into(),
            collection: CollectionId::of_institution("Groups"),
            key: RecordKey(vec![name.into()]),
        },
        action,
        key: vec![("name".into(), FieldValue::from(name))],
        matches: None,
        before: Record::new(),
        field_changes: if action == ChangeAction::Delete { Vec::new() } else { vec![edit] },
        mode: ApplyMode::Apply,
        difference: DifferenceType::Value,
        origin: None,
        conflict: None,
        reason: None,
        notes: Vec::new(),
        provenance,
        updated_by: None,
        update_date: None,
    }
}

async fn write(steps: &[(u16, Json)], changes: &[Change]) -> (Result<(), WriteError>, Vec<String>) {
    let script = script(steps);
    let writer = writer(&script);
    let fresh = writer.reader().read(&CollectionId::of_institution("Groups")).await.unwrap();
    let written = writer.write(&fresh, changes).await;
    let seen = script.seen.lock().unwrap().split_off(1);
    (written, seen)
}

#[tokio::test(start_paused = true)]
async fn each_record_is_written_with_previous_revision() {
    let changes = [
        change(ChangeAction::Update, "a", "new"),
        change(ChangeAction::Delete, "b", ""),
        change(ChangeAction::Create, "c/d", "x"),
    ];
    let revision = |revision: &str| (200, json!({"revision": revision}));
    let steps =
        [(200, groups("7", &[("a", "old"), ("b", "old")])), revision("8"), revision("9"), revision("10")];
    let (written, seen) = write(&steps, &changes).await;
    assert_eq!(written, Ok(()));
    assert_eq!(
        seen,
        [
            r#"PUT /x/v1/zones/01A/collections/Groups/records/a if "7" {"fields":{"description":"new","name":"a"}}"#,
            r#"DELETE /x/v1/zones/01A/collections/Groups/records/b if "8""#,
            r#"PUT /x/v1/zones/01A/collections/Groups/records/c%2Fd if "9" {"fields":{"description":"x","name":"c/d"}}"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn collection_changed_since_read_is_not_written() {
    let steps = [(200, groups("7", &[("a", "old")])), (412, json!({}))];
    let (written, seen) = write(&steps, &[change(ChangeAction::Update, "a", "new")]).await;
    assert_eq!((written, seen.len()), (Err(WriteError::Moved), 1));
}

#[tokio::test(start_paused = true)]
async fn lost_response_is_verified_before_the_next_request() {
    let changes = [change(ChangeAction::Update, "a", "new"), change(ChangeAction::Create, "c", "x")];
    let start = (200, groups("7", &[("a", "old")]));
    let last = (200, json!({"revision": "9"}));
    // The request arrived: the write continues.
    let arrived = (200, groups("8", &[("a", "new")]));
    let (written, seen) = write(&[start.clone(), (0, Json::Null), arrived, last.clone()], &changes).await;
    assert_eq!((written, seen.len()), (Ok(()), 3));
    assert!(seen[2].contains("records/c if \"8\""), "{seen:?}");
    // The request did not arrive: zonal sends the request again.
    let (written, seen) = write(
        &[start.clone(), (0, Json::Null), start.clone(), (200, json!({"revision": "8"})), last],
        &changes,
    )
    .await;
    assert_eq!((written, seen.len()), (Ok(()), 4));
    assert_eq!(seen[0], seen[2]);
    // Another user changed the collection: the write stops.
    let other = (200, groups("9", &[("a", "theirs")]));
    let (written, seen) = write(&[start, (0, Json::Null), other], &changes).await;
    assert!(matches!(written, Err(WriteError::Unknown(_))), "{written:?}");
    assert_eq!(seen.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn omitted_gateway_fields_are_read_as_empty() {
    let script = script(&[
        (200, json!({})),
        (200, json!({"revision": 3, "records": null})),
        (
            200,
            json!({"revision": "4", "records": [{"fields": {"name": "a", "n": 5, "list": ["y", "x", "y"], "no": ""}, "updatedBy": "m"}]}),
        ),
    ]);
    let reader = reader(&script);
    assert!(reader.list().await.unwrap().is_empty());
    let id = CollectionId::with_code("Groups", "T x");
    assert!(reader.read(&id).await.unwrap().observed.records.is_empty());
    let read = reader.read(&id).await.unwrap().observed.records.remove(0);
    assert_eq!(read.fields["list"], FieldValue::list(["x", "y"]));
    assert_eq!((&read.fields["n"], &read.fields["no"]), (&FieldValue::from("5"), &FieldValue::Null));
    assert_eq!(read.updated_by.as_deref(), Some("m"));
    assert_eq!(script.seen.lock().unwrap()[1], "GET /x/v1/zones/01A/collections/Groups?table=T%20x");
}

#[tokio::test(start_paused = true)]
async fn unchanged_gateway_fields_are_sent_as_received() {
    let held = json!({"name": "a", "description": "old", "n": 5, "list": ["y", "x", "y"], "no": ""});
    let steps =
        [(200, json!({"revision": "1", "records": [{"fields": held}]})), (200, json!({"revision": "2"}))];
    let (written, seen) = write(&steps, &[change(ChangeAction::Update, "a", "new")]).await;
    assert_eq!(written, Ok(()));
    let sent = seen[0].split_once("{\"fields\":").map(|(_, body)| body.trim_end_matches('}'));
    assert_eq!(sent, Some(r#"{"description":"new","list":["y","x","y"],"n":5,"name":"a","no":"""#));
}

#[tokio::test(start_paused = true)]
async fn unresponsive_gateway_is_queried_once() {
    let script = script(&[(403, json!({}))]);
    let reader = reader(&script);
    for kind in ["Groups", "Rules"] {
        let failure = reader.serves(&CollectionId::of_institution(kind)).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Gateway);
    }
}

#[tokio::test(start_paused = true)]
async fn failure_during_write_is_a_gateway_failure() {
    let steps = [(200, groups("7", &[])), (0, Json::Null), (403, json!({}))];
    let (written, _) = write(&steps, &[change(ChangeAction::Create, "a", "x")]).await;
    let Err(WriteError::Unknown(lost)) = written else { panic!("{written:?}") };
    assert_eq!(lost.class, FailureClass::Gateway);
}

#[tokio::test(start_paused = true)]
async fn contract_violation_is_a_gateway_failure() {
    for body in [
        json!([]),
        json!({"records": []}),
        json!({"revision": "1", "records": {}}),
        json!({"revision": "1", "records": [{}]}),
        json!({"revision": "1", "records": [{"fields": {"a": {"b": 1}}}]}),
        json!({"revision": "1", "records": [{"fields": {"a": [1]}}]}),
    ] {
        let failure = reader(&script(&[(200, body.clone())]))
            .read(&CollectionId::of_institution("Groups"))
            .await
            .unwrap_err();
        assert_eq!(failure.class, FailureClass::Gateway, "{body}");
        assert!(!failure.class.whole_zone());
        assert!(failure.message.starts_with("gateway: "), "{failure}");
    }
    let refused = reader(&script(&[(403, json!({}))])).list().await.unwrap_err();
    assert_eq!(refused.class, FailureClass::Gateway);
}

#[test]
fn only_record_client_sends_put_and_delete() {
    let files = [
        ("mod", include_str!("mod.rs")),
        ("contract", include_str!("contract.rs")),
        ("contract_check", include_str!("contract_check.rs")),
    ];
    for (name, text) in files {
        assert!(!text.contains("Method::"), "{name}");
    }
    let reader = include_str!("mod.rs");
    let start = reader.find("pub struct GatewayReader {").unwrap();
    let fields = &reader[start..start + reader[start..].find('}').unwrap()];
    assert!(fields.contains("getter: GetClient") && !fields.contains("GatewayRecordClient"), "{fields}");
}

#[test]
fn openapi_references_resolve() {
    let document = openapi();
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

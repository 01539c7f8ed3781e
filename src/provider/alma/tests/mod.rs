//! Behavior of the API client, against a scripted transport.
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

mod code_tables;
mod computed_hours;
mod electronic;
mod error_responses;
mod institution;
mod jobs;
mod letters;
mod mapping_tables;
mod open_hours;
mod relations;
mod retries;
mod secrets;
mod table_directory;
mod table_writes;
mod write_verification;
mod zone_identity;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::{AlmaReader, AlmaWriteTurn, AlmaWriter, LibraryScopeCheck};
use crate::model::change::ApplyMode;
use crate::model::network::{Credentials, EnvironmentType, RateLimit, Zone, ZoneRole};
use crate::model::{
    Change, ChangeAction, CollectionId, DifferenceType, FieldChange, FieldValue, Provenance, Record,
    RecordAddress, RecordKey, SourceSpan, TableName, ZoneFailure,
};
use crate::provider::budget::{RequestBudget, WriteSlot};
use crate::provider::http::reading_age::{FreshReading, ReadingTime};
use crate::provider::transport::{Transport, TransportError, TransportFuture};
use crate::provider::{CollectionSnapshot, UnprocessedReason, WriteError, ZoneReader, ZoneWriter as _};

const KEY: &str = "l8xx5ecre7a1b2c3d4e5";

/// Scripted response to one request.
enum ScriptedResponse {
    Reply(u16, Vec<(&'static str, &'static str)>, String),
    Bytes(&'static [u8]),
    Connect,
    Lost,
    Hang,
}

/// Writes a collection after a reading by another writer.
async fn write(
    writer: &AlmaWriter,
    fresh: &CollectionSnapshot,
    changes: &[Change],
) -> Result<(), WriteError> {
    let id = &fresh.observed.id;
    let reading = || FreshReading { slot: WriteSlot::default(), read_at: ReadingTime::now(&OnlyClock) };
    loop {
        let english = writer.read_english(id).await.map_err(WriteError::Refused)?;
        let scope_check = LibraryScopeCheck::begin(&writer.reader, id).await.map_err(WriteError::Refused)?;
        let turn = AlmaWriteTurn { reading: reading(), english, scope_check };
        match writer.write_collection(Some(turn), fresh, changes).await {
            Err(WriteError::Unprocessed(UnprocessedReason::ReadingMissing)) => {}
            written => return written,
        }
    }
}

/// Transport of a simulated network, for its clock only.
struct OnlyClock;

impl Transport for OnlyClock {
    fn send(&self, _: Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async { Err(TransportError::Connect("no request is sent".into())) })
    }
}

fn ok(body: &Json) -> ScriptedResponse {
    reply(200, &body.to_string())
}

fn reply(status: u16, body: &str) -> ScriptedResponse {
    ScriptedResponse::Reply(status, Vec::new(), body.to_owned())
}

fn error(status: u16, code: &str) -> ScriptedResponse {
    let error = json!({"errorCode": code, "errorMessage": "Because.", "trackingId": "E01-1"});
    reply(status, &json!({"errorsExist": true, "errorList": {"error": [error]}}).to_string())
}

/// Request as received by the zone.
struct RecordedRequest {
    line: String,
    body: String,
    at: Instant,
    authorization: String,
}

/// Zone with a sequence of scripted responses.
struct ScriptedZone {
    steps: Mutex<VecDeque<ScriptedResponse>>,
    seen: Mutex<Vec<RecordedRequest>>,
}

impl ScriptedZone {
    fn new(steps: Vec<ScriptedResponse>) -> Arc<Self> {
        Arc::new(Self { steps: Mutex::new(steps.into()), seen: Mutex::default() })
    }

    /// Returns request lines such as `GET /conf/general`, in order of arrival.
    fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.line.clone()).collect()
    }

    fn last_body(&self) -> Json {
        serde_json::from_str(&self.seen.lock().unwrap().last().unwrap().body).unwrap()
    }

    /// Returns the times between consecutive requests.
    fn gaps(&self) -> Vec<Duration> {
        self.seen.lock().unwrap().windows(2).map(|pair| pair[1].at - pair[0].at).collect()
    }
}

impl Transport for ScriptedZone {
    fn send(&self, request: Request<Bytes>) -> TransportFuture<'_> {
        let target = request.uri().path_and_query().unwrap().as_str();
        let line = format!("{} {}", request.method(), target.strip_prefix("/almaws/v1").unwrap());
        self.seen.lock().unwrap().push(RecordedRequest {
            line,
            body: String::from_utf8(request.body().to_vec()).unwrap(),
            at: Instant::now(),
            authorization: request.headers()["authorization"].to_str().unwrap().to_owned(),
        });
        let step = self.steps.lock().unwrap().pop_front().unwrap();
        Box::pin(async move {
            match step {
                ScriptedResponse::Connect => Err(TransportError::Connect("connection refused".into())),
                ScriptedResponse::Lost => Err(TransportError::Lost("connection closed".into())),
                ScriptedResponse::Hang => std::future::pending().await,
                ScriptedResponse::Bytes(body) => Ok(Response::new(Bytes::from_static(body))),
                ScriptedResponse::Reply(status, headers, body) => {
                    let mut response = Response::builder().status(status);
                    for (name, value) in headers {
                        response = response.header(name, value);
                    }
                    Ok(response.body(Bytes::from(body)).unwrap())
                }
            }
        })
    }
}

fn zone(environment_type: Option<EnvironmentType>) -> Zone {
    Zone {
        code: "01A".into(),
        name: "A".into(),
        role: ZoneRole::Member,
        labels: BTreeMap::new(),
        vars: BTreeMap::new(),
        campuses: Vec::new(),
        libraries: Vec::new(),
        base_url: "https://alma.test".into(),
        credentials: Credentials { read: None, write: None },
        rate: RateLimit { per_second: 20, daily_reserve: 100 },
        environment_type,
        span: SourceSpan::file("network.yaml"),
        unread: Default::default(),
    }
}

fn reader(steps: Vec<ScriptedResponse>) -> (AlmaReader, Arc<ScriptedZone>) {
    let (zone, script) = (zone(None), ScriptedZone::new(steps));
    let budget = Arc::new(RequestBudget::new(zone.rate));
    (AlmaReader::new(&zone, KEY.into(), Arc::clone(&script) as Arc<dyn Transport>, budget), script)
}

fn writer(steps: Vec<ScriptedResponse>) -> (AlmaWriter, Arc<ScriptedZone>) {
    writer_in(None, steps)
}

fn writer_in(
    environment: Option<EnvironmentType>,
    steps: Vec<ScriptedResponse>,
) -> (AlmaWriter, Arc<ScriptedZone>) {
    let (zone, script) = (zone(environment), ScriptedZone::new(steps));
    let budget = Arc::new(RequestBudget::new(zone.rate));
    (AlmaWriter::new(&zone, KEY.into(), Arc::clone(&script) as Arc<dyn Transport>, budget), script)
}

/// Returns `CodeTable/T`, with an optional library and language.
fn id(kind: &str, library: Option<&str>, language: Option<&str>) -> CollectionId {
    CollectionId {
        kind: kind.into(),
        table: TableName::Code("T".into()),
        library: library.map(Into::into),
        language: language.map(Into::into),
    }
}

async fn read(steps: Vec<ScriptedResponse>, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
    reader(steps).0.read_collection(id).await
}

/// Reads the code table `T` with these rows.
async fn code_table(rows: Json) -> CollectionSnapshot {
    let body = json!({"name": "T", "language": {"value": "en"}, "row": rows, "unknown": {"kept": 1}});
    read(vec![ok(&body)], &id("CodeTable", None, None)).await.unwrap()
}

/// Reads the mapping table `T` with these rows and two named columns.
async fn mapping_table(rows: Json) -> CollectionSnapshot {
    let header = json!([{"number": "0", "name": "ID"}, {"number": 1, "name": "Network Block"}]);
    let body = json!({"code": "T", "name": "The table", "header": header, "row": rows});
    read(vec![ok(&body)], &id("MappingTable", None, None)).await.unwrap()
}

fn provenance() -> Provenance {
    Provenance { span: SourceSpan::file("a.yaml"), manifest: "CodeTable/a".into(), override_index: None }
}

fn change(action: ChangeAction, key: &[(&str, &str)], edits: &[(&str, FieldValue)]) -> Change {
    let edit = |(field, after): &(&str, FieldValue)| FieldChange {
        field: (*field).into(),
        name: (*field).into(),
        before: None,
        after: after.clone(),
        provenance: provenance(),
    };
    Change {
        address: RecordAddress {
            zone: "01A".into(),
            collection: id("CodeTable", None, None),
            key: RecordKey(key.iter().map(|(_, value)| (*value).into()).collect()),
        },
        action,
        key: key.iter().map(|(field, value)| ((*field).into(), FieldValue::from_text(value))).collect(),
        matches: None,
        before: Record::new(),
        field_changes: edits.iter().map(edit).collect(),
        mode: ApplyMode::Apply,
        difference: DifferenceType::Value,
        origin: None,
        conflict: None,
        reason: None,
        notes: Vec::new(),
        provenance: provenance(),
        updated_by: None,
        update_date: None,
    }
}

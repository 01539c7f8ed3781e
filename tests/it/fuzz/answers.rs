//! Targets for the answers of zones and gateways.
//!
//! A text begins with a line `KIND METHOD PATH STATUS`; the rest is the body of the answer to this request, while a
//! manifest of the kind is planned, or planned and applied if the method writes. The seeds are what the emulator
//! answers, with the errors that a zone, a gateway or a proxy may give instead.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use secrecy::SecretString;
use zonal::apply::{NullJournal, StopSignal, apply};
use zonal::emulator::{EmulatedZone, Emulator, EmulatorConfig, EmulatorTransport, GatewayKeys};
use zonal::manifest::{self, SourceFile};
use zonal::model::network::RateLimit;
use zonal::model::{DesiredState, Network, ZoneCode};
use zonal::observe::observe;
use zonal::provider::alma::jobs::JobRunQuery;
use zonal::provider::alma::{AlmaReader, AlmaWriter};
use zonal::provider::budget::RequestBudget;
use zonal::provider::channel_routing::{RoutingReader, RoutingWriter};
use zonal::provider::gateway::{GatewayReader, GatewayWriter, SharedGateway};
use zonal::provider::transport::{Transport, TransportFuture};
use zonal::render::text;
use zonal::{diff, kinds, plan};

use super::targets::file;
use crate::case_runner::paused;
use crate::simulated_network::{read_key, write_key};

/// Kinds whose answers come from Alma's API, and all others.
const TABLES: [&str; 4] = ["CodeTable", "MappingTable", "UserGroups", "BlockSharing"];
const GATEWAY: [&str; 6] = [
    "ImportPermissions",
    "TermsOfUse",
    "FulfillmentRules",
    "AvailabilityGroup",
    "AuthorityTaskList",
    "SupportServices",
];
/// Answers of a failing zone, gateway or proxy: status and body.
const ERRORS: [(u16, &str); 8] = [
    (
        400,
        r#"{"errorsExist":true,"errorList":{"error":[{"errorCode":"90102","errorMessage":"The table is hidden.","trackingId":"E01-1"}]},"result":null}"#,
    ),
    (
        400,
        r#"{"web_service_result":{"errorsExist":true,"errorList":{"error":{"errorCode":"402119","errorMessage":"No."}}}}"#,
    ),
    (
        400,
        r#"<?xml version="1.0"?><web_service_result xmlns="http://com/exlibris/urm/general/xmlbeans"><errorsExist>true</errorsExist><errorList><error><errorCode>UNAUTHORIZED</errorCode><errorMessage>API-key &amp; more</errorMessage></error></errorList></web_service_result>"#,
    ),
    (
        429,
        r#"{"errorsExist":true,"errorList":{"error":[{"errorCode":"PER_SECOND_THRESHOLD","errorMessage":"Too fast."}]}}"#,
    ),
    (403, r#"{"errors":[{"code":"FORBIDDEN","message":"unknown API key"}]}"#),
    (412, r#"{"errors":[{"code":"MOVED","message":"the current revision is 4"}]}"#),
    (500, "<html><body><h1>Internal Server Error</h1></body></html>"),
    (503, ""),
];

/// Manifest of one kind with its network.
struct KindStage {
    network: Network,
    desired: DesiredState,
}

static STAGES: LazyLock<BTreeMap<&'static str, KindStage>> = LazyLock::new(|| {
    let kinds = kinds::KINDS.iter().filter(|kind| !kind.collections.is_empty());
    kinds.map(|kind| (kind.name, KindStage::new(kind.name))).collect()
});

impl KindStage {
    fn new(kind: &str) -> Self {
        let source = |name: &str| {
            let text = Ok(file(&format!("examples/kinds/{name}.yaml")));
            SourceFile { file: format!("{name}.yaml").into(), text }
        };
        let loaded = manifest::load(&kinds::KINDS, &[source("network"), source(kind)], None);
        let network = loaded.network.expect("network should exist");
        let (desired, _) = kinds::expand(&network, &loaded.manifests);
        Self { network, desired }
    }

    fn emulator(&self) -> Emulator {
        let zones = self.network.zones.iter();
        let zones =
            zones.map(|zone| EmulatedZone::from(zone, read_key(&zone.code), Some(write_key(&zone.code))));
        Emulator::new(zones.collect(), EmulatorConfig::without_thresholds())
    }

    /// Plans, and applies if `writes`.
    async fn run(&self, transport: Arc<dyn Transport>, writes: bool) {
        let rate = RateLimit { per_second: 1_000, daily_reserve: 0 };
        let gateway =
            Arc::new(SharedGateway::new("https://config.omni.example/gateway", rate, transport.clone()));
        let keys = GatewayKeys::default();
        let zones = || {
            self.network.zones.iter().filter(|zone| self.desired.zones.contains_key(&zone.code)).map(|zone| {
                let budget = Arc::new(RequestBudget::new(rate));
                (zone, budget)
            })
        };
        let readers: BTreeMap<ZoneCode, RoutingReader> = zones()
            .map(|(zone, budget)| {
                let key = SecretString::from(read_key(&zone.code));
                let alma = AlmaReader::new(zone, key, transport.clone(), budget);
                let gateway = GatewayReader::new(&gateway, &zone.code, keys.read.clone().into());
                (zone.code.clone(), RoutingReader::new(alma, Some(gateway), BTreeMap::new()))
            })
            .collect();
        let observed = observe(&readers, &self.desired, None, &|_| {}).await;
        for reader in readers.values() {
            drop(reader.capabilities().await);
            let query =
                JobRunQuery { from: "2026-03-01".into(), to: "2026-03-02".into(), jobs: 3, named: None };
            drop(reader.alma().jobs(&query).await);
        }
        let plan = plan::plan(&self.network, diff::diff(&self.desired, &observed), &observed, None);
        drop(text::plan(&plan));
        if !writes {
            return;
        }
        let writers: BTreeMap<ZoneCode, RoutingWriter> = zones()
            .map(|(zone, budget)| {
                let key = SecretString::from(write_key(&zone.code));
                let alma = AlmaWriter::new(zone, key, transport.clone(), budget);
                let gateway = GatewayWriter::new(&gateway, &zone.code, keys.write.clone().into());
                (zone.code.clone(), RoutingWriter::new(alma, Some(gateway)))
            })
            .collect();
        let (_never, stop) = StopSignal::new();
        let surprise = self.network.guards.surprise;
        apply(&writers, &self.desired, None, &plan, surprise, &NullJournal, &stop, &|_| {}).await;
    }
}

/// Status and body of answers, by method and path.
type RecordedAnswers = BTreeMap<(String, String), (u16, String)>;

/// Transport that remembers answers.
struct RecordingTransport {
    inner: EmulatorTransport,
    answers: Arc<Mutex<RecordedAnswers>>,
}

impl Transport for RecordingTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let place = (request.method().to_string(), request.uri().path().to_owned());
            let response = self.inner.send(request).await?;
            let text = String::from_utf8_lossy(response.body()).into_owned();
            let answer = (response.status().as_u16(), text);
            self.answers.lock().expect("lock").entry(place).or_insert(answer);
            Ok(response)
        })
    }
}

/// Transport that gives one answer to the requests of one place.
struct ReplacingTransport {
    inner: EmulatorTransport,
    method: String,
    path: String,
    status: u16,
    body: String,
}

impl Transport for ReplacingTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            if *request.method() != *self.method || request.uri().path() != self.path {
                return self.inner.send(request).await;
            }
            let kind = if self.body.starts_with('<') { "application/xml" } else { "application/json" };
            let response = http::Response::builder().status(self.status).header(CONTENT_TYPE, kind);
            Ok(response.body(self.body.clone().into()).expect("response should be valid"))
        })
    }
}

/// Returns what the emulator answers to requests of these kinds, by method and path of one zone.
fn answers(kinds: &[&str]) -> Vec<(String, (u16, String))> {
    let mut texts = Vec::new();
    for kind in kinds {
        let stage = &STAGES[kind];
        let answers = Arc::new(Mutex::new(BTreeMap::new()));
        let inner = stage.emulator().transport();
        let transport = Arc::new(RecordingTransport { inner, answers: Arc::clone(&answers) });
        paused(stage.run(transport, true));
        let answers = answers.lock().expect("lock").clone();
        // The other zones answer alike.
        let is_other = |path: &str| ["BETA", "GAMMA"].iter().any(|zone| path.contains(zone));
        let answers = answers.into_iter().filter(|((_, path), _)| !is_other(path));
        texts.extend(answers.map(|((method, path), answer)| (format!("{kind} {method} {path}"), answer)));
    }
    texts
}

fn seeds(kinds: &[&str]) -> Vec<String> {
    let answers = answers(kinds).into_iter();
    answers.map(|(head, (status, body))| format!("{head} {status}\n{body}")).collect()
}

pub fn tables() -> Vec<String> {
    seeds(&TABLES)
}

pub fn calendars() -> Vec<String> {
    seeds(&["OpenHours"])
}

pub fn letters() -> Vec<String> {
    seeds(&["Letter"])
}

pub fn libraries() -> Vec<String> {
    seeds(&["LibraryRelations", "InstitutionRelations"])
}

pub fn e_resources() -> Vec<String> {
    seeds(&["ElectronicAvailability"])
}

pub fn gateway_records() -> Vec<String> {
    seeds(&GATEWAY)
}

/// Errors instead of all answers.
pub fn errors() -> Vec<String> {
    let kinds = ["CodeTable", "OpenHours", "Letter", "LibraryRelations", "TermsOfUse"];
    let heads = answers(&kinds).into_iter().map(|(head, _)| head);
    heads.flat_map(|head| ERRORS.map(|(status, body)| format!("{head} {status}\n{body}"))).collect()
}

/// Plans, or applies, with a zone or gateway that gives this answer.
pub fn read_answer(input: &str) {
    let Some((head, body)) = input.split_once('\n') else { return };
    let [kind, method, path, status] = head.split(' ').collect::<Vec<_>>()[..] else { return };
    let Some((stage, status)) = STAGES.get(kind).zip(status.parse().ok()) else { return };
    if !(200..600).contains(&status) {
        return;
    }
    let (method, path, body) = (method.to_owned(), path.to_owned(), body.to_owned());
    let writes = method != "GET" || body.len() % 4 == 0;
    let inner = stage.emulator().transport();
    paused(stage.run(Arc::new(ReplacingTransport { inner, method, path, status, body }), writes));
}

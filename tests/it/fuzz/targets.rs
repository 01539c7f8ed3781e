//! Targets: everything that reads a text from outside.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use jiff::Timestamp;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use zonal::emulator::{EmulatorConfig, EmulatorTransport};
use zonal::manifest::{self, SourceFile};
use zonal::model::network::RateLimit;
use zonal::model::{CollectionId, ObservedState, Plan};
use zonal::provider::gateway::{GatewayReader, SharedGateway};
use zonal::provider::transport::{Transport, TransportFuture};
use zonal::render::{diagnostics, html, json, text};
use zonal::session::attestations::AttestationFile;
use zonal::session::reviewed_plan::ReviewedPlan;
use zonal::session::snapshot_reader::ObservedSnapshot;
use zonal::{diff, guard, kinds, plan};

use crate::case_runner::paused;
use crate::generated_networks::{GeneratedScenario, scenarios};
use crate::simulated_network::SimulatedNetwork;

/// Network of the example kinds.
static NETWORK: LazyLock<String> = LazyLock::new(|| file("examples/kinds/network.yaml"));

pub fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(path).expect("file should be readable")
}

fn files(folder: &str, ending: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("folder should be readable");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("entry should be readable").path()).collect();
    paths.sort();
    let texts = paths.iter().filter(|path| path.to_string_lossy().ends_with(ending));
    texts.map(|path| std::fs::read_to_string(path).expect("file should be readable")).collect()
}

/// Returns the scenario of a seed.
fn scenario(seed: u8) -> GeneratedScenario {
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    scenarios().new_tree(&mut runner).expect("scenario should be generated").current()
}

pub fn manifests() -> Vec<String> {
    files("examples/kinds", ".yaml")
}

/// Loads, expands and shows manifests.
pub fn read_manifests(input: &str) {
    let sources = [("network.yaml", NETWORK.as_str()), ("m.yaml", input)];
    let sources = sources.map(|(file, text)| SourceFile { file: file.into(), text: Ok(text.to_owned()) });
    for sources in [&sources[..], &sources[1..]] {
        let loaded = manifest::load(&kinds::KINDS, sources, None);
        let mut problems = loaded.diagnostics;
        if let Some(network) = &loaded.network {
            problems.extend(kinds::expand(network, &loaded.manifests).1);
            problems.extend(kinds::expectations(network, &loaded.manifests).1);
            drop(kinds::policies(&loaded.manifests));
        }
        assert!(!problems.is_empty() || loaded.network.is_some());
        let texts = [("network.yaml", NETWORK.as_str()), ("m.yaml", input)].into();
        drop(diagnostics::text(&problems, &texts, diagnostics::ColorMode::Plain));
        drop(diagnostics::json(&problems, &texts));
    }
}

static PLANS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let plan = |seed| {
        let stage = SimulatedNetwork::new(&scenario(seed), EmulatorConfig::without_thresholds());
        let plan = paused(stage.plan());
        let file = zonal::session::plan_documents::plan_json(&plan);
        serde_json::to_string_pretty(&file).expect("plan should be JSON")
    };
    (0..4).map(plan).collect()
});

pub fn plans() -> Vec<String> {
    PLANS.clone()
}

/// Shows a plan file, and reads it as a reviewed plan.
pub fn read_plan(input: &str) {
    if let Ok(file) = json::plan::parse(input)
        && let Ok(plan) = Plan::try_from(file)
    {
        drop(text::plan(&plan));
        drop(html::html(&plan));
    }
    drop(ReviewedPlan::from_file("plan.json".to_owned(), input));
}

static STAGE: LazyLock<(SimulatedNetwork, Vec<String>)> = LazyLock::new(|| {
    let stage = SimulatedNetwork::new(&scenario(1), EmulatorConfig::without_thresholds());
    let observed = paused(stage.observe(&stage.desired));
    let text = json::snapshot::to_text(&json::snapshot::snapshot(&stage.network, &observed));
    (stage, vec![text])
});

pub fn snapshots() -> Vec<String> {
    STAGE.1.clone()
}

/// Plans with a snapshot.
pub fn read_snapshot(input: &str) {
    let (stage, _) = &*STAGE;
    drop(ObservedSnapshot::parse("s.json".to_owned(), input));
    let Ok(content) = json::snapshot::parse(input) else { return };
    let observed = ObservedState::from(content);
    let plan = plan::plan(&stage.network, diff::diff(&stage.desired, &observed), &observed, None);
    drop(guard::findings(&plan, &stage.network, &[], Timestamp::UNIX_EPOCH));
    drop(text::plan(&plan));
}

pub fn attestations() -> Vec<String> {
    let attestation = |table: &str| {
        format!(
            r#"{{"zone": "01A", "kind": "CodeTable", {table}, "fields": {{"code": "A", "enabled": true, "texts": ["x", "y"], "none": null}}, "gone": false, "by": "ada", "date": "2026-01-01"}}"#
        )
    };
    let list = [r#""table": "T""#, r#""title": "Table""#].map(attestation).join(",\n");
    vec![format!("{{\"version\": 1, \"attestations\": [\n{list}\n]}}")]
}

/// Reads attestations.
pub fn read_attestations(input: &str) {
    if let Ok(file) = serde_json::from_str::<AttestationFile>(input) {
        drop(file.by_zone());
        drop(serde_json::to_string(&file).expect("attestations should be JSON"));
    }
}

pub fn approvals() -> Vec<String> {
    let digest = "b01515bd334163b2724d7b90c355ffe9fc2f97e2683c0ed4da7a049c12200aa8";
    vec![format!(
        "{{\"version\": 1,\n\"network\": \"omni\",\n\"environment\": null,\n\"approves\": \"plan\",\n\"digest\": \"{digest}\",\n\"zones\": {{\"01A\": \"{digest}\"}},\n\"by\": \"ada\",\n\"date\": \"2026-01-01\",\n\"overrides\": [{{\"guard\": \"deletes-per-zone\", \"reason\": \"because\"}}]}}"
    )]
}

/// Reads approvals.
pub fn read_approval(input: &str) {
    if let Ok(approval) = serde_json::from_str::<zonal::model::Approval>(input) {
        drop(serde_json::to_string(&approval).expect("approval should be JSON"));
    }
}

/// Transport that answers every request for a table with the same text.
struct AnswerTransport {
    inner: Option<EmulatorTransport>,
    path: &'static str,
    answer: String,
}

impl Transport for AnswerTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let is_target = request.uri().path().contains(self.path);
            match &self.inner {
                Some(inner) if !is_target => inner.send(request).await,
                Some(_) | None => Ok(http::Response::new(Bytes::from(self.answer.clone()))),
            }
        })
    }
}

pub fn zone_answers() -> Vec<String> {
    let (stage, _) = &*STAGE;
    let answer = |path: &str| {
        let request = http::Request::get(format!("http://zone/almaws/v1/conf/{path}"))
            .header("authorization", "apikey read-01P_ALPHA")
            .header("accept", "application/json");
        let request = request.body(Bytes::new()).expect("request should be valid");
        let response = paused(stage.emulator.transport().send(request)).expect("response");
        String::from_utf8(response.body().to_vec()).expect("response should be text")
    };
    ["code-tables/P1", "mapping-tables/M1", "code-tables", "mapping-tables"].map(answer).to_vec()
}

/// Plans and applies with a zone that gives this answer for every table.
pub fn read_zone_answer(input: &str) {
    let (stage, _) = &*STAGE;
    let transport = AnswerTransport {
        inner: Some(stage.emulator.transport()),
        path: "-tables",
        answer: input.to_owned(),
    };
    let zone = stage.over(Arc::new(transport));
    paused(async {
        let plan = zone.plan().await;
        drop(zone.apply(&plan, &|_| {}).await);
    });
}

pub fn gateway_answers() -> Vec<String> {
    let collections = r#"{"collections": [{"kind": "Groups", "verbs": ["read", "put", "delete"]}]}"#;
    let records = r#"{"revision": "1", "records": [{"fields": {"name": "a", "texts": ["x"], "on": true, "none": null}}]}"#;
    [collections, records].map(str::to_owned).to_vec()
}

/// Reads from a gateway that gives this answer to every request.
pub fn read_gateway_answer(input: &str) {
    let transport = AnswerTransport { inner: None, path: "", answer: input.to_owned() };
    let rate = RateLimit { per_second: 20, daily_reserve: 0 };
    let gateway = Arc::new(SharedGateway::new("https://gateway.test/x", rate, Arc::new(transport)));
    let reader = GatewayReader::new(&gateway, &"01A".into(), "KEY".into());
    paused(async {
        drop(reader.list().await.map(drop));
        drop(reader.read(&CollectionId::of_institution("Groups")).await);
    });
}

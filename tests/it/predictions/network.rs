//! Network with generated settings, used only through its API, gateway and control endpoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Method, Request};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use zonal::analysis;
use zonal::emulator::{
    EmulatedCodeRow, EmulatedMappingRow, EmulatedZone, Emulator, EmulatorConfig, EmulatorTransport,
    GatewayKeys, RecordEdit, TableSeed,
};
use zonal::model::{Network, ObservedState, Question, ZoneCode};
use zonal::provider::ZoneReader as _;
use zonal::provider::alma::AlmaReader;
use zonal::provider::budget::RequestBudget;
use zonal::provider::channel_routing::RoutingReader;
use zonal::provider::gateway::{GatewayReader, SharedGateway};
use zonal::provider::transport::Transport as _;

use super::generated_settings::{CODES, GROUPS, GeneratedMember, GeneratedSettings, RESOURCES};
use crate::simulated_network::source;

pub struct PredictionNetwork {
    emulator: Emulator,
    network: Network,
    transport: EmulatorTransport,
}

/// Returns the manifest. Members have a campus `NORTH` with a library `LAW`, and a library `MAIN` without a
/// campus.
fn manifest(settings: &GeneratedSettings) -> String {
    let mut out = "apiVersion: zonal/v1\nkind: Network\nmetadata: {name: m}\nspec:\n  region: ca\n  \
                   credentials: {read: {env: 'R_{code}'}}\n  \
                   gateway: {url: \"http://127.0.0.1:8080/gateway\", credentials: {read: {env: G}}}\n  \
                   networkZone: {code: 01M_NETWORK, name: Made up}\n  members:\n"
        .to_owned();
    for (code, member) in CODES[1..].iter().zip(&settings.members) {
        let range = |index: usize, range: &str| match member.ranges[index] {
            true => format!(", ipRanges: [\"{range}\"]"),
            false => String::new(),
        };
        out.push_str(&format!(
            "    - code: {code}\n      name: Made up\n      campuses:\n        - {{code: NORTH, name: North{}}}\n      \
             libraries:\n        - {{code: LAW, name: Law, campus: NORTH{}}}\n        - {{code: MAIN, name: Main{}}}\n",
            range(0, "192.0.2.0/25"),
            range(1, "192.0.2.128-192.0.2.255"),
            range(2, "198.51.100.0/24"),
        ));
    }
    out
}

impl PredictionNetwork {
    pub fn new(settings: &GeneratedSettings) -> Self {
        let loaded =
            zonal::manifest::load(&zonal::kinds::KINDS, &[source("network.yaml", manifest(settings))], None);
        assert!(!loaded.has_errors(), "{:#?}", loaded.diagnostics);
        let network = loaded.network.expect("network should exist");
        let zones = network.zones.iter();
        let zones = zones.map(|zone| {
            EmulatedZone::from(zone, format!("r-{}", zone.code), Some(format!("w-{}", zone.code)))
        });
        let emulator = Emulator::new(zones.collect(), EmulatorConfig::without_thresholds());
        let transport = emulator.transport();
        let stage = Self { emulator, network, transport };
        stage.store(settings);
        stage
    }

    /// Replaces the initial settings of new zones with the generated ones.
    fn store(&self, settings: &GeneratedSettings) {
        let GeneratedSettings { members, permissions, groups, dismissal, available } = settings;
        self.records(CODES[0], "ImportPermissions", permissions);
        self.records(CODES[0], "AvailabilityGroups", groups);
        self.records(CODES[0], "AuthorityDismissal", dismissal);
        let control = self.emulator.control();
        for (ids, groups) in RESOURCES.iter().zip(available) {
            let mut resource = control.resource(CODES[0], ids).expect("resource should exist");
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let said = groups.iter().map(|(group, said)| {
                let said = said.iter().map(|(name, value)| (name.clone(), text(value)));
                ((*group).to_owned(), said.collect())
            });
            resource.groups = said.collect();
            control.put_table(CODES[0], TableSeed::Electronic(resource)).expect("zone should exist");
        }
        for (code, member) in CODES[1..].iter().zip(members) {
            self.member(code, member);
        }
    }

    fn member(&self, code: &str, member: &GeneratedMember) {
        let restricted = member.restricted.iter().map(|group| json!({"userGroup": group}));
        let restricted: Vec<Value> = restricted.collect();
        self.records(code, "LinkedAccountRules", &member.rules);
        self.records(code, "RestrictedUsers", &restricted);
        self.records(code, "DisplayLogicRules", &member.display);
        self.records(code, "AuthorityTaskList", &member.tasks);
        self.records(code, "AuthorityReportTypes", &member.reports);
        let control = self.emulator.control();
        let put = |table: TableSeed| control.put_table(code, table).expect("zone should exist");
        let mut groups = control.code_table(code, "UserGroups").expect("should exist");
        let row = |group: &&str| EmulatedCodeRow {
            enabled: !member.off.contains(group),
            ..EmulatedCodeRow::new(group, group)
        };
        groups.rows.insert(String::new(), GROUPS.iter().map(row).collect());
        put(groups.into());
        let mut types = control.mapping_table(code, "UserRecordTypeUserGroup").expect("should exist");
        types
            .rows
            .insert(String::new(), GROUPS.map(|group| EmulatedMappingRow::new(&["PUBLIC", group])).to_vec());
        put(types.into());
        let mut descriptions = control.code_table(code, "UserBlockDescription").expect("should exist");
        let rows = descriptions.rows.entry(String::new()).or_default();
        rows.retain(|row| !row.code.eq_ignore_ascii_case("CONSORTIA"));
        for (code, enabled) in ["CONSORTIA", "FROM_TARGET"].into_iter().zip(member.shared) {
            rows.extend(
                enabled.map(|enabled| EmulatedCodeRow { enabled, ..EmulatedCodeRow::new(code, code) }),
            );
        }
        put(descriptions.into());
        let mut definitions = control.mapping_table(code, "UserBlockDefinitions").expect("should exist");
        let row = |(columns, enabled): &([String; 6], bool)| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            EmulatedMappingRow { enabled: *enabled, ..EmulatedMappingRow::new(&columns) }
        };
        definitions.rows.insert(String::new(), member.definitions.iter().map(row).collect());
        put(definitions.into());
    }

    /// Replaces the records of a collection.
    fn records(&self, zone: &str, kind: &str, records: &[Value]) {
        let control = self.emulator.control();
        let old = control.records(zone, kind).expect("zone should exist");
        for (record, delete) in
            old.iter().map(|old| (old, true)).chain(records.iter().map(|new| (new, false)))
        {
            let edit: RecordEdit = serde_json::from_value(
                json!({"zone": zone, "kind": kind, "by": "m.tremblay", "fields": record, "delete": delete}),
            )
            .expect("edit should be valid");
            control.edit_record(&edit).expect("record should be valid");
        }
    }

    /// Returns the observed settings, as `zonal explain --observed` reads them.
    pub async fn observe(&self, questions: &[Question]) -> analysis::NetworkSettings {
        let mut needed: BTreeMap<ZoneCode, std::collections::BTreeSet<analysis::SettingsCollection>> =
            BTreeMap::new();
        for question in questions {
            for (zone, subjects) in analysis::needs(question, &self.network) {
                needed.entry(zone).or_default().extend(subjects);
            }
        }
        let key = SecretString::from;
        let gateway = self.network.gateway.as_ref().expect("gateway should exist");
        let shared =
            Arc::new(SharedGateway::new(&gateway.url, gateway.rate, Arc::new(self.transport.clone())));
        let mut observed = ObservedState::default();
        for (code, subjects) in needed {
            let zone = self.network.zone(&code).expect("zone should exist");
            let budget = Arc::new(RequestBudget::new(zone.rate));
            let alma =
                AlmaReader::new(zone, key(format!("r-{code}")), Arc::new(self.transport.clone()), budget);
            let gateway = GatewayReader::new(&shared, &code, key(GatewayKeys::default().read));
            let reader = RoutingReader::new(alma, Some(gateway), BTreeMap::new());
            let answers = observed.zones.entry(code).or_default();
            for subject in subjects {
                let id = subject.collection();
                let answer = reader.read_collection(&id).await.map(|snapshot| snapshot.observed);
                answers.collections.insert(id, answer);
            }
        }
        analysis::NetworkSettings::from_observed(&self.network, &observed)
    }

    /// Sends a request to the API of a zone, and returns the body or the error code.
    pub async fn api(&self, method: Method, zone: &str, path: &str, body: &Value) -> Result<Value, String> {
        let request = Request::builder()
            .method(method)
            .uri(format!("https://alma.test/almaws/v1/users{path}"))
            .header("authorization", format!("apikey w-{zone}"))
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))
            .expect("request should be valid");
        let response = self.transport.send(request).await.expect("should answer");
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        told(response.status().as_u16(), body)
    }

    /// Sends a request to a control endpoint of the emulator.
    pub async fn door(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request =
            Request::builder().method(method).uri(format!("/emulator/{path}")).body(Body::from(body));
        let response = self
            .emulator
            .router()
            .oneshot(request.expect("request should be valid"))
            .await
            .expect("should answer");
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("body should be complete");
        told(status, serde_json::from_slice(&body).expect("should be JSON"))
    }

    /// Returns the number of members.
    pub fn members(&self) -> usize {
        self.network.zones.len() - 1
    }

    pub fn explain(&self, question: Question, settings: &analysis::NetworkSettings) -> PredictedFacts {
        PredictedFacts(analysis::explain(&question, settings))
    }
}

fn told(status: u16, body: Value) -> Result<Value, String> {
    match status {
        200 | 204 => Ok(body),
        _ => {
            let code = body["errorList"]["error"][0]["errorCode"].as_str().or(body["error"].as_str());
            Err(code.map_or_else(|| format!("{status} {body}"), str::to_owned))
        }
    }
}

/// Prediction of `explain`.
#[derive(Debug)]
pub struct PredictedFacts(zonal::model::Explanation);

impl PredictedFacts {
    /// Returns a fact, or `None` if unknown.
    pub fn get(&self, fact: &str) -> Option<Value> {
        let told = self.0.facts.get(fact).unwrap_or_else(|| panic!("no fact `{fact}`: {:#?}", self.0));
        told.get().map(|value| json!(value))
    }

    pub fn is(&self, fact: &str) -> bool {
        self.get(fact) == Some(json!(true))
    }

    pub fn text(&self, fact: &str) -> Option<String> {
        self.get(fact)?.as_str().map(str::to_owned)
    }

    /// Returns the texts of a known list, or an empty list for another type.
    pub fn texts(&self, fact: &str) -> Option<Vec<String>> {
        Some(match self.get(fact)? {
            Value::Array(texts) => texts.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
            _ => Vec::new(),
        })
    }
}

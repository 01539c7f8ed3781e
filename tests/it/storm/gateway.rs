//! Records outside Alma's API: a gateway that fails, and the laws of its writes.
//!
//! * A write names the revision that its process read last, and changes only declared records.
//! * No write overwrites an edit of a declared record after the plan.
//! * Records of others keep their last edit.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::IF_MATCH;
use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;
use zonal::emulator::RecordEdit;

use super::fate::RequestRole;
use super::network::StormNetwork;

pub const KIND: &str = "TermsOfUse";
/// Record that the manifest declares, and its declared value.
const OURS: &str = "AFN request";
const POLICY: &str = "Hold shelf period";
const DECLARED: &str = "14 days";
const THEIRS: &str = "Local terms";

/// What the gateway and its writers did.
#[derive(Default)]
pub struct GatewayState {
    /// Last revision that a process saw of a zone's collection.
    revisions: BTreeMap<(usize, String), String>,
    /// Last edit of the declared record, by zone.
    edits: BTreeMap<String, Instant>,
    /// Last text of the record of others, by zone.
    theirs: BTreeMap<String, String>,
    unserved_until: Option<Instant>,
}

/// Request to the gateway.
#[derive(Debug, Clone)]
pub struct GatewayCall {
    zone: String,
    /// `None` for the list of collections.
    kind: Option<String>,
    /// Key of a record.
    key: Option<String>,
    /// Revision that a write names.
    revision: Option<String>,
    is_write: bool,
}

/// Returns the manifest of the declared record.
pub fn manifest() -> String {
    format!(
        "apiVersion: zonal/v1\nkind: {KIND}\nmetadata: {{name: terms}}\nspec:\n  conflict: ours\n  terms:\n    \
         - {{name: {OURS}, type: request, policies: {{{POLICY}: {DECLARED}}}}}\n"
    )
}

impl GatewayCall {
    /// Returns the call of a request, or `None` for a request to Alma's API.
    pub fn of(request: &http::Request<Bytes>) -> Option<Self> {
        let path = request.uri().path().strip_prefix("/gateway/v1/zones/")?;
        let mut parts = path.split('/').map(|part| part.replace("%20", " "));
        let zone = parts.next()?;
        let kind = parts.nth(1);
        let key = parts.nth(1);
        let revision = request.headers().get(IF_MATCH).and_then(|value| value.to_str().ok());
        let revision = revision.map(|value| value.trim_matches('"').to_owned());
        let is_write = request.method() != http::Method::GET;
        Some(Self { zone, kind, key, revision, is_write })
    }

    pub fn role(&self) -> RequestRole {
        if self.is_write { RequestRole::GatewayWrite } else { RequestRole::GatewayRead }
    }
}

impl StormNetwork {
    /// Checks a write when its process hands it over.
    pub fn check_gateway_write(&self, process: usize, call: &GatewayCall) {
        if !call.is_write {
            return;
        }
        let state = &mut *self.state();
        let GatewayCall { zone, key, revision, .. } = call;
        let known = state.gateway.revisions.get(&(process, zone.clone()));
        if revision.is_none() || known != revision.as_ref() {
            state.broken.push(format!(
                "record of {zone} by process {process}: the write names revision {revision:?}, read was {known:?}"
            ));
        }
        if key.as_deref() != Some(OURS) {
            state.broken.push(format!("record of {zone} by process {process}: no manifest declares {key:?}"));
        }
    }

    /// Remembers the revision of an answer that reached its process.
    pub fn remember_gateway(&self, process: usize, call: &GatewayCall, response: &http::Response<Bytes>) {
        if response.status() != 200 || call.kind.is_none() {
            return;
        }
        let body: Json = serde_json::from_slice(response.body()).unwrap_or_default();
        if let Some(revision) = body["revision"].as_str() {
            let place = (process, call.zone.clone());
            self.state().gateway.revisions.insert(place, revision.to_owned());
        }
    }

    /// Checks a write that the gateway has processed.
    pub fn check_gateway_processed(&self, process: usize, call: &GatewayCall, status: u16) {
        if !call.is_write || status != 200 {
            return;
        }
        self.count("Processed record");
        let state = &mut *self.state();
        let planned = state.processes.get(&process).and_then(|process| process.planned.as_ref());
        let edited = state.gateway.edits.get(&call.zone);
        if planned.zip(edited).is_some_and(|((planned, _), edited)| edited > planned) {
            let line = "overwrites an edit after the plan";
            state.broken.push(format!("record of {} by process {process}: {line}", call.zone));
        }
        state.gateway.edits.remove(&call.zone);
        state.puts += 1;
    }

    /// Returns the answer of a gateway that does not serve the collection for a while.
    pub fn unserved_answer(&self, call: &GatewayCall) -> Option<http::Response<Bytes>> {
        let until = self.state().gateway.unserved_until?;
        if call.is_write || until <= Instant::now() {
            return None;
        }
        let (status, body) = match call.kind {
            Some(_) => (404, json!({"errors": [{"code": "NOT_FOUND", "message": "storm"}]})),
            None => (200, json!({"collections": []})),
        };
        let response = http::Response::builder().status(status).header("content-type", "application/json");
        response.body(body.to_string().into()).ok()
    }

    /// Makes the gateway forget the collection for a while.
    pub fn unserve(&self) {
        let mut state = self.state();
        let time = Duration::from_millis(state.random.pick(&[500, 5_000, 30_000]));
        state.gateway.unserved_until = Some(Instant::now() + time);
    }

    /// Ends the failure of the gateway.
    pub fn serve_again(&self) {
        self.state().gateway.unserved_until = None;
    }

    /// Edits the declared record just before the gateway processes a write, by chance.
    pub fn edit_before_write(&self, call: &GatewayCall) {
        let is_edited = {
            let state = &mut *self.state();
            call.is_write && state.weather.edits > 0 && state.random.percent(20)
        };
        if is_edited && let Some((zone, _)) = self.zones.iter().find(|(zone, _)| *zone == call.zone) {
            self.edit_record_of(zone, true);
        }
    }

    /// Edits a record as a librarian.
    pub fn edit_record(&self) {
        let (zone, is_ours) = {
            let mut state = self.state();
            let (zone, _) = state.random.pick(&self.zones);
            (zone, state.random.percent(50))
        };
        self.edit_record_of(zone, is_ours);
    }

    fn edit_record_of(&self, zone: &str, is_ours: bool) {
        let words = {
            let mut state = self.state();
            state.words += 1;
            format!("words {}", state.words)
        };
        let exists = self
            .control
            .records(zone, KIND)
            .is_ok_and(|records| records.iter().any(|each| each["name"] == OURS));
        if is_ours && !exists {
            return;
        }
        let mut fields = Map::new();
        fields.insert("name".to_owned(), if is_ours { OURS } else { THEIRS }.into());
        fields.insert(if is_ours { POLICY } else { "description" }.to_owned(), words.clone().into());
        let edit = json!({"zone": zone, "kind": KIND, "by": "m.tremblay", "fields": fields});
        let edit: RecordEdit = serde_json::from_value(edit).expect("edit should be valid");
        self.control.edit_record(&edit).expect("zone should have the collection");
        match is_ours {
            true => drop(self.state().gateway.edits.insert(zone.to_owned(), Instant::now())),
            false => drop(self.state().gateway.theirs.insert(zone.to_owned(), words)),
        }
        self.count("Record edit");
    }

    /// Returns what is wrong with the records after the last apply.
    pub fn wrong_records(&self, is_declared_in: impl Fn(&str) -> bool) -> Vec<String> {
        let theirs = self.state().gateway.theirs.clone();
        let mut lines = Vec::new();
        for (zone, _) in self.zones.iter() {
            let records = self.control.records(zone, KIND).unwrap_or_default();
            let text = |name: &str, field: &str| {
                let record = records.iter().find(|record| record["name"] == name)?;
                record[field].as_str().map(str::to_owned)
            };
            if is_declared_in(zone) && text(OURS, POLICY).as_deref() != Some(DECLARED) {
                lines.push(format!("{zone}: the declared record has {:?}", text(OURS, POLICY)));
            }
            if text(THEIRS, "description").as_ref() != theirs.get(*zone) {
                lines.push(format!("{zone}: an edit of a record of others is lost"));
            }
        }
        lines
    }
}

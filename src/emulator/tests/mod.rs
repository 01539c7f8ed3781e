//! Tests of the emulator from a client's view.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

mod client_habits;
mod config_switches;
mod control_endpoints;
mod edits;
mod electronic;
mod faults;
mod formats;
mod gateway;
mod jobs;
mod objects;
mod seeds;
mod services;
mod sockets;
mod stored_objects;
mod tables;
mod users;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::{Value, json};

use super::{EmulatedZone, Emulator, EmulatorConfig};
use crate::model::network::ZoneRole;
use crate::provider::transport::{Transport, TransportError};

const BLOCKS: &str = "/conf/code-tables/UserBlockDescription";
const GROUPS: &str = "/conf/code-tables/UserGroups";
const DEFINITIONS: &str = "/conf/mapping-tables/UserBlockDefinitions";

/// Creates a Network Zone and two members. Keys are `r-` or `w-` and the name.
fn network(behaviour: EmulatorConfig) -> Emulator {
    let zone = |code: &str, name: &str| {
        EmulatedZone::new(code, format!("r-{name}"), Some(format!("w-{name}")))
            .with_libraries(&["MAIN", "LAW"])
    };
    let nz = EmulatedZone { role: ZoneRole::Network, ..zone("01OMNI_NETWORK", "nz") };
    Emulator::new(vec![nz, zone("01OMNI_ALPHA", "alpha"), zone("01OMNI_BETA", "beta")], behaviour)
}

fn request(method: Method, key: &str, path: &str, body: Bytes) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("https://alma.test/almaws/v1{path}"))
        .header("authorization", format!("apikey {key}"))
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

async fn send(emulator: &Emulator, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    emulator.transport().send(request).await
}

async fn try_get(emulator: &Emulator, key: &str, path: &str) -> Result<Response<Bytes>, TransportError> {
    send(emulator, request(Method::GET, key, path, Bytes::new())).await
}

/// Sends a GET and returns status and body.
async fn get(emulator: &Emulator, key: &str, path: &str) -> (u16, Value) {
    answer(try_get(emulator, key, path).await.unwrap())
}

/// Sends a PUT and returns status and body.
async fn put(emulator: &Emulator, key: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = Bytes::from(body.to_string());
    answer(send(emulator, request(Method::PUT, key, path, body)).await.unwrap())
}

fn answer(response: Response<Bytes>) -> (u16, Value) {
    let body = serde_json::from_slice(response.body()).unwrap_or_else(|_| text(&response).into());
    (response.status().as_u16(), body)
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// Returns HTTP status and Alma's error code.
fn refusal((status, body): &(u16, Value)) -> (u16, &str) {
    (*status, body["errorList"]["error"][0]["errorCode"].as_str().unwrap_or("none"))
}

/// Returns the codes of a code table's rows, in order.
fn codes(table: &Value) -> Vec<&str> {
    table["row"]
        .as_array()
        .map_or(Vec::new(), |rows| rows.iter().map(|row| row["code"].as_str().unwrap()).collect())
}

/// Returns the row with this code.
fn row<'a>(table: &'a Value, code: &str) -> &'a Value {
    table["row"].as_array().unwrap().iter().find(|row| row["code"] == code).unwrap()
}

/// Returns the body of a code table in one zone with exactly these rows.
fn code_table(name: &str, zone: &str, rows: Value) -> Value {
    json!({
        "name": name, "sub_system": {"value": "FULFILLMENT"}, "patron_facing": false,
        "scope": {"institution_id": {"value": zone}, "library_id": {"value": ""}}, "row": rows,
    })
}

//! HTTP server of the network: the API below `/almaws`, the control endpoints below `/emulator`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use bytes::Bytes;
use futures::stream;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::api_request::ApiRequest;
use super::control::{ControlError, EmulatorControl};
use super::control_response::{change, clear, done_or_error, json_or_error, json_response, parse_json, show};
use super::error_response::ErrorResponse;
use super::gateway::PREFIX;
use super::gateway_collections::RecordEdit;
use super::network::EmulatedNetwork;
use super::services;
use super::table_seed::{EmulatedTableType, TableSeed};
use crate::model::network::ZoneRole;

/// Maximum size of a body. Tables in Alma are far smaller.
const LARGEST: usize = 16 * 1024 * 1024;

type Control = State<EmulatorControl>;

pub(super) fn router(network: &Arc<EmulatedNetwork>) -> Router {
    let behaviour = show(EmulatorControl::behaviour).merge(change(EmulatorControl::set_behaviour));
    let faults = show(EmulatorControl::faults).merge(change(EmulatorControl::add_fault));
    let control = Router::new()
        .route("/behaviour", behaviour)
        .route("/faults", faults.merge(clear(EmulatorControl::clear_faults)))
        .route("/edits", change(EmulatorControl::edit))
        .route("/records", change(|control, edit: RecordEdit| control.edit_record(&edit)))
        .route("/zones/{zone}/records/{kind}", get(records))
        .route("/requests", show(EmulatorControl::requests).merge(clear(EmulatorControl::clear_requests)))
        .route("/statistics", show(EmulatorControl::statistics))
        .route("/zones", show(zones))
        .route("/zones/{zone}/tables", get(tables))
        .route("/zones/{zone}/tables/{kind}/{name}", get(table).put(put_table))
        .merge(services::routes())
        .with_state(EmulatorControl(Arc::clone(network)));
    Router::new().nest("/emulator", control).fallback(api).with_state(Arc::clone(network))
}

async fn api(State(network): State<Arc<EmulatedNetwork>>, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path();
    if !path.starts_with("/almaws/") && !path.starts_with(PREFIX) {
        return json_response(
            StatusCode::NOT_FOUND,
            &json!({"error": "unknown path: the API is below /almaws, the gateway below /gateway, the control endpoints below /emulator"}),
        );
    }
    let (parts, body) = request.into_parts();
    let body = match parts.method {
        Method::GET => Ok(Bytes::new()),
        _ => axum::body::to_bytes(body, LARGEST).await,
    };
    let Ok(body) = body else {
        let refusal = ErrorResponse::gateway(413, "REQUEST_TOO_LARGE", "The request is too large.");
        return network
            .turn_away(&ApiRequest::read(&Request::from_parts(parts, ())), refusal)
            .map(Body::from);
    };
    match network.handle(Request::from_parts(parts, body)).await {
        Ok(response) => response.map(Body::from),
        // A body that fails before the first byte makes the server drop the connection without sending
        // anything.
        Err(_) => Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::from(
            io::ErrorKind::ConnectionReset,
        ))]))),
    }
}

async fn records(State(control): Control, Path((zone, kind)): Path<(String, String)>) -> Response<Body> {
    json_or_error(control.records(&zone, &kind))
}

/// Lists the zones without API keys, because a reader of the list may lack write access.
fn zones(control: &EmulatorControl) -> Vec<Value> {
    let zones = control.zones().map(|zone| {
        let role = match zone.role {
            ZoneRole::Network => "network",
            ZoneRole::Member => "member",
        };
        json!({
            "code": zone.code, "name": zone.name, "role": role, "libraries": zone.library_codes(),
            "languages": zone.languages, "default_language": zone.default_language,
        })
    });
    zones.collect()
}

async fn tables(State(control): Control, Path(zone): Path<String>) -> Response<Body> {
    let kinds = [EmulatedTableType::Code, EmulatedTableType::Mapping, EmulatedTableType::Electronic];
    let names = kinds.map(|kind| Ok((kind.as_str(), control.tables(&zone, kind)?)));
    json_or_error(names.into_iter().collect::<Result<BTreeMap<_, _>, ControlError>>())
}

async fn table(
    State(control): Control,
    Path((zone, kind, name)): Path<(String, EmulatedTableType, String)>,
) -> Response<Body> {
    json_or_error(control.table(&zone, kind, &name))
}

async fn put_table(
    State(control): Control,
    Path((zone, kind, name)): Path<(String, EmulatedTableType, String)>,
    body: Bytes,
) -> Response<Body> {
    done_or_error(parse_json::<TableSeed>(&body).and_then(|table| {
        match table.kind() == kind && table.name() == name {
            true => control.put_table(&zone, table),
            false => Err(ControlError("the path and the body name different tables".to_owned())),
        }
    }))
}

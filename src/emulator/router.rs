//! HTTP server of the network: the API below `/almaws`, the control endpoints below `/emulator`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use bytes::Bytes;
use futures::stream;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::api_request::ApiRequest;
use super::control::{ControlError, EmulatorControl};
use super::control_response::{done_or_error, json_or_error, json_response, parse_json};
use super::error_response::ErrorResponse;
use super::gateway::PREFIX;
use super::network::EmulatedNetwork;
use super::services;
use super::table_seed::{EmulatedTableType, TableSeed};
use crate::model::network::ZoneRole;

/// Maximum size of a body. Tables in Alma are far smaller.
const LARGEST: usize = 16 * 1024 * 1024;

type Control = State<EmulatorControl>;

pub(super) fn router(network: &Arc<EmulatedNetwork>) -> Router {
    let control = Router::new()
        .route("/behaviour", get(config).post(set_config))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/edits", post(edit))
        .route("/records", post(edit_record))
        .route("/zones/{zone}/records/{kind}", get(records))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/statistics", get(statistics))
        .route("/zones", get(zones))
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

async fn config(State(control): Control) -> Response<Body> {
    json_or_error(Ok(control.behaviour()))
}

async fn set_config(State(control): Control, body: Bytes) -> Response<Body> {
    done_or_error(parse_json(&body).and_then(|config| control.set_behaviour(config)))
}

async fn faults(State(control): Control) -> Response<Body> {
    json_or_error(Ok(control.faults()))
}

async fn add_fault(State(control): Control, body: Bytes) -> Response<Body> {
    done_or_error(parse_json(&body).and_then(|fault| control.add_fault(fault)))
}

async fn clear_faults(State(control): Control) -> Response<Body> {
    control.clear_faults();
    done_or_error(Ok(()))
}

async fn edit(State(control): Control, body: Bytes) -> Response<Body> {
    done_or_error(parse_json(&body).and_then(|edit| control.edit(edit)))
}

async fn edit_record(State(control): Control, body: Bytes) -> Response<Body> {
    done_or_error(parse_json(&body).and_then(|edit| control.edit_record(&edit)))
}

async fn records(State(control): Control, Path((zone, kind)): Path<(String, String)>) -> Response<Body> {
    json_or_error(control.records(&zone, &kind))
}

async fn requests(State(control): Control) -> Response<Body> {
    json_or_error(Ok(control.requests()))
}

async fn clear_requests(State(control): Control) -> Response<Body> {
    control.clear_requests();
    done_or_error(Ok(()))
}

async fn statistics(State(control): Control) -> Response<Body> {
    json_or_error(Ok(control.statistics()))
}

/// Lists the zones without API keys, because a reader of the list may lack write access.
async fn zones(State(control): Control) -> Response<Body> {
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
    json_or_error(Ok(zones.collect::<Vec<_>>()))
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

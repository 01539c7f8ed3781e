//! HTTP server of the network: the API below `/almaws`, the control endpoints below `/emulator`.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::routing::get;
use bytes::Bytes;
use futures::stream;
use http::header::CONTENT_TYPE;
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::api_request::ApiRequest;
use super::control::{ControlError, EmulatorControl};
use super::error_response::ErrorResponse;
use super::gateway::PREFIX;
use super::network::EmulatedNetwork;
use super::services;
use super::table::{EmulatedTableType, TableSeed};
use crate::model::network::ZoneRole;

/// Maximum size of a body. Tables in Alma are far smaller.
const LARGEST: usize = 16 * 1024 * 1024;

pub(super) fn router(network: &Arc<EmulatedNetwork>) -> Router {
    let doors = Router::new()
        .route("/behaviour", get(behaviour).post(set_behaviour))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/edits", axum::routing::post(edit))
        .route("/records", axum::routing::post(edit_record))
        .route("/zones/{zone}/records/{kind}", get(records))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/statistics", get(statistics))
        .route("/zones", get(zones))
        .route("/zones/{zone}/tables", get(tables))
        .route("/zones/{zone}/tables/{kind}/{name}", get(table).put(put_table))
        .merge(services::doors())
        .with_state(EmulatorControl(Arc::clone(network)));
    Router::new().nest("/emulator", doors).fallback(api).with_state(Arc::clone(network))
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

async fn behaviour(State(control): State<EmulatorControl>) -> Response<Body> {
    json_response(StatusCode::OK, &control.behaviour())
}

async fn set_behaviour(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    empty_or_error_response(
        read(&body).and_then(|behaviour| control.set_behaviour(behaviour).map_err(control_error_text)),
    )
}

async fn faults(State(control): State<EmulatorControl>) -> Response<Body> {
    json_response(StatusCode::OK, &control.faults())
}

async fn add_fault(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    empty_or_error_response(
        read(&body).and_then(|fault| control.add_fault(fault).map_err(control_error_text)),
    )
}

async fn clear_faults(State(control): State<EmulatorControl>) -> Response<Body> {
    control.clear_faults();
    empty_or_error_response(Ok(()))
}

async fn edit(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    empty_or_error_response(read(&body).and_then(|edit| control.edit(edit).map_err(control_error_text)))
}

async fn edit_record(State(control): State<EmulatorControl>, body: Bytes) -> Response<Body> {
    empty_or_error_response(
        read(&body).and_then(|edit| control.edit_record(&edit).map_err(control_error_text)),
    )
}

async fn records(
    State(control): State<EmulatorControl>,
    Path((zone, kind)): Path<(String, String)>,
) -> Response<Body> {
    match control.records(&zone, &kind) {
        Ok(records) => json_response(StatusCode::OK, &records),
        Err(misfit) => empty_or_error_response(Err(control_error_text(misfit))),
    }
}

async fn requests(State(control): State<EmulatorControl>) -> Response<Body> {
    json_response(StatusCode::OK, &control.requests())
}

async fn clear_requests(State(control): State<EmulatorControl>) -> Response<Body> {
    control.clear_requests();
    empty_or_error_response(Ok(()))
}

async fn statistics(State(control): State<EmulatorControl>) -> Response<Body> {
    json_response(StatusCode::OK, &control.statistics())
}

/// Lists the zones without API keys, because a reader of the list may lack write access.
async fn zones(State(control): State<EmulatorControl>) -> Response<Body> {
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
    json_response(StatusCode::OK, &zones.collect::<Vec<_>>())
}

async fn tables(State(control): State<EmulatorControl>, Path(zone): Path<String>) -> Response<Body> {
    let of = |kind| control.tables(&zone, kind);
    match (of(EmulatedTableType::Code), of(EmulatedTableType::Mapping), of(EmulatedTableType::Electronic)) {
        (Ok(code), Ok(mapping), Ok(electronic)) => json_response(
            StatusCode::OK,
            &json!({"code": code, "mapping": mapping, "electronic": electronic}),
        ),
        (Err(misfit), _, _) | (_, Err(misfit), _) | (_, _, Err(misfit)) => {
            empty_or_error_response(Err(control_error_text(misfit)))
        }
    }
}

async fn table(
    State(control): State<EmulatorControl>,
    Path((zone, kind, name)): Path<(String, EmulatedTableType, String)>,
) -> Response<Body> {
    match control.table(&zone, kind, &name) {
        Ok(table) => json_response(StatusCode::OK, &table),
        Err(misfit) => empty_or_error_response(Err(control_error_text(misfit))),
    }
}

async fn put_table(
    State(control): State<EmulatorControl>,
    Path((zone, kind, name)): Path<(String, EmulatedTableType, String)>,
    body: Bytes,
) -> Response<Body> {
    empty_or_error_response(read::<TableSeed>(&body).and_then(|table| {
        match table.kind() == kind && table.name() == name {
            true => control.put_table(&zone, table).map_err(control_error_text),
            false => Err("the path and the body name different tables".to_owned()),
        }
    }))
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn control_error_text(misfit: ControlError) -> String {
    misfit.to_string()
}

pub(super) fn empty_or_error_response(result: Result<(), String>) -> Response<Body> {
    match result {
        Ok(()) => json_response(StatusCode::OK, &json!({"done": true})),
        Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({"error": error})),
    }
}

pub(super) fn json_response(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (status, body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

//! JSON bodies and responses of the control endpoints.

use axum::body::Body;
use axum::extract::{Query, State};
use axum::routing::{MethodRouter, delete, get, post};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::control::{ControlError, EmulatorControl};
use super::response_document::to_response;

/// Parses the body of a request.
pub(super) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(body).map_err(|error| ControlError(error.to_string()))
}

/// Returns the value, or HTTP 400 with the error.
pub(super) fn json_or_error(result: Result<impl Serialize, ControlError>) -> Response<Body> {
    match result {
        Ok(value) => json_response(StatusCode::OK, &value),
        Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({"error": error.to_string()})),
    }
}

/// Returns a confirmation, or HTTP 400 with the error.
pub(super) fn done_or_error(result: Result<(), ControlError>) -> Response<Body> {
    json_or_error(result.map(|()| json!({"done": true})))
}

pub(super) fn json_response(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let (status, body) = match serde_json::to_vec(value) {
        Ok(body) => (status, body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
    };
    to_response(status, "application/json", body)
}

/// Endpoint with a value of the network.
pub(super) fn show<T: Serialize + 'static>(
    value: fn(&EmulatorControl) -> T,
) -> MethodRouter<EmulatorControl> {
    get(move |State(control): State<EmulatorControl>| async move { json_or_error(Ok(value(&control))) })
}

/// Endpoint with the answer to a query.
pub(super) fn answer<Q: DeserializeOwned + Send + 'static, T: Serialize + 'static>(
    result: fn(&EmulatorControl, Q) -> Result<T, ControlError>,
) -> MethodRouter<EmulatorControl> {
    get(move |State(control): State<EmulatorControl>, Query(query): Query<Q>| async move {
        json_or_error(result(&control, query))
    })
}

/// Endpoint for a change described by the body.
pub(super) fn change<T: DeserializeOwned + 'static>(
    apply: fn(&EmulatorControl, T) -> Result<(), ControlError>,
) -> MethodRouter<EmulatorControl> {
    post(move |State(control): State<EmulatorControl>, body: Bytes| async move {
        done_or_error(parse_json(&body).and_then(|value| apply(&control, value)))
    })
}

/// Endpoint that removes all entries of a list.
pub(super) fn clear(apply: fn(&EmulatorControl)) -> MethodRouter<EmulatorControl> {
    delete(move |State(control): State<EmulatorControl>| async move {
        apply(&control);
        done_or_error(Ok(()))
    })
}

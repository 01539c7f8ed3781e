//! JSON bodies and responses of the control endpoints.

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::control::ControlError;

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
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

//! Error responses of Alma and of the gateway in front of Alma.

use bytes::Bytes;
use quick_xml::escape::escape;
use serde_json::{Value, json};

use super::config::ErrorShape;
use super::response_document::{BodyFormat, XML_DECLARATION};

/// Error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ErrorResponse {
    pub status: u16,
    pub code: String,
    pub message: String,
    pub shape: ErrorShapeRule,
}

/// Source of the error format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorShapeRule {
    /// Alma: JSON with a list, or XML, as requested.
    Alma,
    /// Gateway: format configured for the zone.
    Gateway,
    /// Injected fault: fixed format.
    Fixed(ErrorShape),
}

/// Returns an error in the list of errors in JSON, without details.
pub(super) fn error_json(code: &str, message: &str) -> Value {
    let error = json!({"errorCode": code, "errorMessage": message});
    json!({"errorsExist": true, "errorList": {"error": [error]}})
}

impl ErrorResponse {
    /// Creates a gateway error. The code is a word (listed by the authors of a client library).
    pub fn gateway(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), shape: ErrorShapeRule::Gateway }
    }

    /// Creates an Alma error: always HTTP 400, with a numeric code (the vendor's OpenAPI).
    pub fn business(code: u32, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.to_string(), message: message.into(), shape: ErrorShapeRule::Alma }
    }

    pub fn unauthorized_response() -> Self {
        Self::gateway(400, "UNAUTHORIZED", "API-key not defined or not configured to allow this API.")
    }

    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::gateway(400, "INVALID_REQUEST", message)
    }

    /// Creates the error for an invalid query parameter.
    pub fn invalid_parameter(name: &str, value: &str) -> Self {
        Self::business(40_166_411, format!("Invalid parameter: '{value}' is not a valid {name}."))
    }

    /// Creates the error for an unknown path. Alma's HTTP status is unknown.
    pub fn routing_error() -> Self {
        Self::gateway(404, "ROUTING_ERROR", "No such API.")
    }

    pub fn too_fast() -> Self {
        Self::gateway(429, "PER_SECOND_THRESHOLD", "HTTP requests are more than allowed per second")
    }

    pub fn day_used_up() -> Self {
        Self::gateway(429, "DAILY_THRESHOLD", "HTTP requests are more than allowed per day")
    }

    /// Returns content type and body. `gateway` is the zone's format for gateway errors.
    pub fn write(&self, format: BodyFormat, gateway: ErrorShape, tracking: &str) -> (&'static str, Bytes) {
        let shape = match self.shape {
            ErrorShapeRule::Alma => ErrorShape::AsRequested,
            ErrorShapeRule::Gateway => gateway,
            ErrorShapeRule::Fixed(shape) => shape,
        };
        let Self { status, code, message, shape: _ } = self;
        match (shape, format) {
            (ErrorShape::JsonList, _) | (ErrorShape::AsRequested, BodyFormat::Json) => {
                let error = json!({"errorCode": code, "errorMessage": message, "trackingId": tracking});
                let body = json!({"errorsExist": true, "errorList": {"error": [error]}, "result": null});
                (BodyFormat::Json.content_type(), body.to_string().into())
            }
            (ErrorShape::JsonObject, _) => {
                let error = json!({"errorMessage": message, "errorCode": code});
                let body =
                    json!({"web_service_result": {"errorsExist": true, "errorList": {"error": error}}});
                (BodyFormat::Json.content_type(), body.to_string().into())
            }
            (ErrorShape::Xml, _) | (ErrorShape::AsRequested, BodyFormat::Xml) => {
                let (code, message) = (escape(code.as_str()), escape(message.as_str()));
                let body = format!(
                    "{XML_DECLARATION}<web_service_result xmlns=\"http://com/exlibris/urm/general/xmlbeans\">\
                     <errorsExist>true</errorsExist><errorList><error><errorCode>{code}</errorCode>\
                     <errorMessage>{message}</errorMessage><trackingId>{tracking}</trackingId></error>\
                     </errorList></web_service_result>"
                );
                (BodyFormat::Xml.content_type(), body.into())
            }
            (ErrorShape::Html, _) => {
                let message = escape(message.as_str());
                let body = format!(
                    "<!doctype html><html><head><title>HTTP Status {status}</title></head>\
                     <body><h1>HTTP Status {status}</h1><p>{message}</p></body></html>"
                );
                ("text/html;charset=UTF-8", body.into())
            }
        }
    }
}

//! Replaces objects in a zone with PUT.

use std::sync::Arc;

use http::Method;
use serde_json::Value as Json;

use crate::model::FailureClass;
use crate::provider::http::client::{ContentFormat, HttpClient, HttpRequest};
use crate::provider::http::reading_age::FreshReading;
use crate::provider::http::request_path::RequestPath;
use crate::provider::http::response::{HttpFailureType, HttpSuccess, not_json};
use crate::provider::http::retry::RetrySafety;
use crate::provider::{UnprocessedReason, WriteError};

/// Body of a PUT.
#[derive(Debug, Clone)]
pub enum PutBody {
    /// JSON, for most of the API.
    Json(Json),
    /// XML, the only format for some objects, such as letters (60105 in the vendor's OpenAPI).
    Xml(String),
}

/// Client that sends PUT.
pub struct PutClient {
    wire: Arc<HttpClient>,
}

impl PutClient {
    /// Creates a client over this HTTP client.
    pub fn new(wire: Arc<HttpClient>) -> Self {
        Self { wire }
    }

    /// Sends a PUT to a path, once, if the reading for its body is still fresh.
    ///
    /// # Errors
    /// [`WriteError::Unprocessed`] if the caller may try again with a new reading, [`WriteError::Refused`] if
    /// the zone rejected the request, [`WriteError::Unknown`] in all other cases.
    pub async fn put(
        &self,
        path: &RequestPath,
        payload: &PutBody,
        reading: &FreshReading<'_>,
    ) -> Result<(), WriteError> {
        let (format, body) = match payload {
            PutBody::Json(body) => (ContentFormat::Json, body.to_string().into()),
            PutBody::Xml(body) => (ContentFormat::Xml, body.clone().into()),
        };
        let draft = HttpRequest {
            format,
            reading: Some(reading),
            ..HttpRequest::new(Method::PUT, path, body, RetrySafety::AfterNewReading)
        };
        let name = draft.name();
        let put = self.wire.send(&draft, |answer| match answer {
            HttpSuccess::Json(_) => Ok(()),
            HttpSuccess::Text(text)
                if text.trim().is_empty() || format == ContentFormat::Xml && text.trim().ends_with('>') =>
            {
                Ok(())
            }
            HttpSuccess::Text(text) => Err(not_json(&name, &text)),
        });
        put.await.map(drop).map_err(|trouble| match trouble.kind {
            HttpFailureType::Outdated(pace) => WriteError::Unprocessed(UnprocessedReason::Outdated {
                age: self.wire.reading_age(reading),
                pace,
            }),
            HttpFailureType::Throttled => {
                WriteError::Unprocessed(UnprocessedReason::Throttled(trouble.failure))
            }
            HttpFailureType::NotSent if trouble.failure.class == FailureClass::Unreachable => {
                WriteError::Unprocessed(UnprocessedReason::NotSent(trouble.failure))
            }
            HttpFailureType::NotSent | HttpFailureType::Rejected | HttpFailureType::PreconditionFailed => {
                WriteError::Refused(trouble.failure)
            }
            HttpFailureType::NoResponse
            | HttpFailureType::ServerError
            | HttpFailureType::InvalidBody
            | HttpFailureType::UnexpectedStatus => WriteError::Unknown(trouble.failure),
        })
    }
}

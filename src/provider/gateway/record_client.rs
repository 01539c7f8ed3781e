//! Puts and deletes single records, each with the last known revision.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde_json::Value as Json;

use super::contract::revision;
use crate::provider::WriteError;
use crate::provider::http::client::{HttpClient, HttpRequest};
use crate::provider::http::request_path::RequestPath;
use crate::provider::http::response::{HttpFailureType, HttpSuccess, not_json};
use crate::provider::http::retry::RetrySafety;

/// Client that sends PUT and DELETE to a gateway.
pub struct GatewayRecordClient {
    wire: Arc<HttpClient>,
}

impl GatewayRecordClient {
    /// Creates a client over this HTTP client.
    pub fn new(wire: Arc<HttpClient>) -> Self {
        Self { wire }
    }

    /// Puts a record, or deletes the record if `record` is `None`.
    ///
    /// Returns the new revision; `None` if the gateway omits the revision.
    ///
    /// # Errors
    /// [`WriteError::Moved`] if the revision does not match.
    pub async fn keep(
        &self,
        path: &RequestPath,
        record: Option<&Json>,
        expected: Option<&str>,
    ) -> Result<Option<String>, WriteError> {
        let (method, body) = match record {
            Some(record) => (Method::PUT, record.to_string().into()),
            None => (Method::DELETE, Bytes::new()),
        };
        let mut draft = HttpRequest::new(method, path, body, RetrySafety::OnlyIfNotProcessed);
        draft.if_match = expected.map(str::to_owned);
        let name = draft.name();
        let kept = self.wire.send(&draft, |answer| match answer {
            HttpSuccess::Json(body) => Ok(revision(&body)),
            HttpSuccess::Text(text) if text.trim().is_empty() => Ok(None),
            HttpSuccess::Text(text) => Err(not_json(&name, &text)),
        });
        kept.await.map(|(revision, _)| revision).map_err(|trouble| match trouble.kind {
            HttpFailureType::PreconditionFailed => WriteError::Moved,
            HttpFailureType::Throttled
            | HttpFailureType::NotSent
            | HttpFailureType::Outdated(_)
            | HttpFailureType::Rejected => WriteError::Refused(trouble.failure),
            HttpFailureType::NoResponse
            | HttpFailureType::ServerError
            | HttpFailureType::InvalidBody
            | HttpFailureType::UnexpectedStatus => WriteError::Unknown(trouble.failure),
        })
    }
}

//! Looks at a zone, and cannot do anything else.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Method;
use serde_json::Value as Json;

use super::client::{HttpClient, HttpRequest};
use super::request_path::RequestPath;
use super::response::{HttpFailure, HttpSuccess, not_json};
use super::retry::RetrySafety;
use crate::model::ZoneFailure;

/// Sends GET. There is no way to make it send another verb.
pub struct GetClient {
    wire: Arc<HttpClient>,
}

impl GetClient {
    /// A getter over this wire.
    pub fn new(wire: Arc<HttpClient>) -> Self {
        Self { wire }
    }

    /// Requests sent over its wire, by whomever.
    pub fn request_count(&self) -> u64 {
        self.wire.sent.load(Ordering::Relaxed)
    }

    /// What stands at a path, as JSON.
    ///
    /// # Errors
    /// What [`Self::text`] fails with, and [`crate::model::FailureClass::Malformed`] where it is not
    /// JSON even when asked again.
    pub async fn json(&self, path: &RequestPath) -> Result<Json, ZoneFailure> {
        self.get(path, |answer, name| match answer {
            HttpSuccess::Json(json) => Ok(json),
            HttpSuccess::Text(text) => Err(not_json(name, &text)),
        })
        .await
    }

    /// What stands at a path, as text.
    ///
    /// # Errors
    /// Whatever a zone can refuse a request with; trouble that passes has been retried.
    pub async fn get_text(&self, path: &RequestPath) -> Result<String, ZoneFailure> {
        self.get(path, |answer, _| match answer {
            HttpSuccess::Json(json) => Ok(json.to_string()),
            HttpSuccess::Text(text) => Ok(text),
        })
        .await
    }

    /// A failure that does not show the key, should the zone have put it into an answer.
    pub fn discreet(&self, failure: ZoneFailure) -> ZoneFailure {
        self.wire.key.discreet(failure)
    }

    async fn get<T>(
        &self,
        path: &RequestPath,
        understand: impl Fn(HttpSuccess, &str) -> Result<T, HttpFailure>,
    ) -> Result<T, ZoneFailure> {
        let draft = HttpRequest::new(Method::GET, path, Bytes::new(), RetrySafety::Idempotent);
        let name = draft.name();
        let got = self.wire.send(&draft, |answer| understand(answer, &name)).await;
        got.map_err(|trouble| trouble.failure)
    }
}

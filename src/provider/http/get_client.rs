//! Sends GET requests only.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use http::Method;
use serde_json::Value as Json;

use super::client::{HttpClient, HttpRequest};
use super::reading_age::FreshReading;
use super::request_path::RequestPath;
use super::response::{HttpFailure, HttpSuccess, not_json};
use super::retry::RetrySafety;
use crate::model::ZoneFailure;

/// Client that sends GET. No other method is possible.
pub struct GetClient {
    wire: Arc<HttpClient>,
}

impl GetClient {
    /// Creates a client over this HTTP client.
    pub fn new(wire: Arc<HttpClient>) -> Self {
        Self { wire }
    }

    /// Returns the number of requests over the HTTP client, from all its users.
    pub fn request_count(&self) -> u64 {
        self.wire.sent.load(Ordering::Relaxed)
    }

    /// Returns the JSON at a path.
    ///
    /// # Errors
    /// Failures of [`Self::get_text`], and [`crate::model::FailureClass::Malformed`] if the response is not
    /// JSON even after retries.
    pub async fn json(&self, path: &RequestPath) -> Result<Json, ZoneFailure> {
        self.fresh_json(path).await.map(|(json, _)| json)
    }

    /// Returns the JSON at a path, as a reading for a write.
    ///
    /// # Errors
    /// Same as [`Self::json`].
    pub async fn fresh_json(&self, path: &RequestPath) -> Result<(Json, FreshReading<'_>), ZoneFailure> {
        self.get(path, |answer, name| match answer {
            HttpSuccess::Json(json) => Ok(json),
            HttpSuccess::Text(text) => Err(not_json(name, &text)),
        })
        .await
    }

    /// Returns the text at a path.
    ///
    /// # Errors
    /// Any failure of a zone. Transient failures were retried.
    pub async fn get_text(&self, path: &RequestPath) -> Result<String, ZoneFailure> {
        self.get(path, |answer, _| match answer {
            HttpSuccess::Json(json) => Ok(json.to_string()),
            HttpSuccess::Text(text) => Ok(text),
        })
        .await
        .map(|(text, _)| text)
    }

    /// Returns the header `Date` of the latest answer.
    pub fn server_date(&self) -> Option<String> {
        self.wire.server_date.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes the key from a failure, in case the zone echoed the key.
    pub fn discreet(&self, failure: ZoneFailure) -> ZoneFailure {
        self.wire.key.discreet(failure)
    }

    async fn get<T>(
        &self,
        path: &RequestPath,
        understand: impl Fn(HttpSuccess, &str) -> Result<T, HttpFailure>,
    ) -> Result<(T, FreshReading<'_>), ZoneFailure> {
        let draft = HttpRequest::new(Method::GET, path, Bytes::new(), RetrySafety::Idempotent);
        let name = draft.name();
        let got = self.wire.send(&draft, |answer| understand(answer, &name)).await;
        got.map_err(|trouble| trouble.failure)
    }
}

//! Looks at a zone, and cannot do anything else.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Method;
use serde_json::Value as Json;

use super::path::Path;
use super::patience::Repeat;
use super::verdict::{Answer, Trouble, not_json};
use super::wire::{Draft, Wire};
use crate::model::Failure;

/// Sends GET. There is no way to make it send another verb.
pub struct Getter {
    wire: Arc<Wire>,
}

impl Getter {
    /// A getter over this wire.
    pub fn new(wire: Arc<Wire>) -> Self {
        Self { wire }
    }

    /// Requests sent over its wire, by whomever.
    pub fn sent(&self) -> u64 {
        self.wire.sent.load(Ordering::Relaxed)
    }

    /// What stands at a path, as JSON.
    ///
    /// # Errors
    /// What [`Self::text`] fails with, and [`crate::model::FailureClass::Malformed`] where it is not
    /// JSON even when asked again.
    pub async fn json(&self, path: &Path) -> Result<Json, Failure> {
        self.get(path, |answer, name| match answer {
            Answer::Json(json) => Ok(json),
            Answer::Text(text) => Err(not_json(name, &text)),
        })
        .await
    }

    /// What stands at a path, as text.
    ///
    /// # Errors
    /// Whatever a zone can refuse a request with; trouble that passes has been retried.
    pub async fn text(&self, path: &Path) -> Result<String, Failure> {
        self.get(path, |answer, _| match answer {
            Answer::Json(json) => Ok(json.to_string()),
            Answer::Text(text) => Ok(text),
        })
        .await
    }

    /// A failure that does not show the key, should the zone have put it into an answer.
    pub fn discreet(&self, failure: Failure) -> Failure {
        self.wire.key.discreet(failure)
    }

    async fn get<T>(
        &self,
        path: &Path,
        understand: impl Fn(Answer, &str) -> Result<T, Trouble>,
    ) -> Result<T, Failure> {
        let draft = Draft::new(Method::GET, path, Bytes::new(), Repeat::Anything);
        let name = draft.name();
        let got = self.wire.send(&draft, |answer| understand(answer, &name)).await;
        got.map_err(|trouble| trouble.failure)
    }
}

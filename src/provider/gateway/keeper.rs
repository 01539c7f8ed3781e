//! Puts and deletes single records, each on the revision that was read.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde_json::Value as Json;

use super::contract::revision;
use crate::provider::WriteError;
use crate::provider::http::path::Path;
use crate::provider::http::patience::Repeat;
use crate::provider::http::verdict::{Answer, Kind, not_json};
use crate::provider::http::wire::{Draft, Wire};

/// Sends PUT and DELETE to a gateway.
pub struct Keeper {
    wire: Arc<Wire>,
}

impl Keeper {
    /// A keeper over this wire.
    pub fn new(wire: Arc<Wire>) -> Self {
        Self { wire }
    }

    /// Puts a record, or deletes it where there is none to put, and says what revision that made; `None`
    /// where the gateway does not say.
    ///
    /// # Errors
    /// [`WriteError::Moved`] where the revision is another one by now.
    pub async fn keep(
        &self,
        path: &Path,
        record: Option<&Json>,
        expected: Option<&str>,
    ) -> Result<Option<String>, WriteError> {
        let (method, body) = match record {
            Some(record) => (Method::PUT, record.to_string().into()),
            None => (Method::DELETE, Bytes::new()),
        };
        let mut draft = Draft::new(method, path, body, Repeat::Unseen);
        draft.if_match = expected.map(str::to_owned);
        let name = draft.name();
        let kept = self.wire.send(&draft, |answer| match answer {
            Answer::Json(body) => Ok(revision(&body)),
            Answer::Text(text) if text.trim().is_empty() => Ok(None),
            Answer::Text(text) => Err(not_json(&name, &text)),
        });
        kept.await.map_err(|trouble| match trouble.kind {
            Kind::Moved => WriteError::Moved,
            Kind::Busy(_) | Kind::Unsent | Kind::Refused => WriteError::Refused(trouble.failure),
            Kind::Lost | Kind::Server | Kind::Garbled | Kind::Odd => WriteError::Unknown(trouble.failure),
        })
    }
}

//! Replaces what stands in a zone.

use std::sync::Arc;

use http::Method;
use serde_json::Value as Json;

use crate::provider::WriteError;
use crate::provider::http::path::Path;
use crate::provider::http::patience::Repeat;
use crate::provider::http::verdict::{Answer, Kind, not_json};
use crate::provider::http::wire::{Draft, Format, Wire};

/// What is put.
#[derive(Debug, Clone)]
pub enum Payload {
    /// What most of the API takes.
    Json(Json),
    /// What some of it takes and nothing else, such as letters (60105 in the vendor's OpenAPI).
    Xml(String),
}

/// Sends PUT.
pub struct Putter {
    wire: Arc<Wire>,
}

impl Putter {
    /// A putter over this wire.
    pub fn new(wire: Arc<Wire>) -> Self {
        Self { wire }
    }

    /// Puts a body where a path says. Sent again only where the zone cannot have seen it.
    ///
    /// # Errors
    /// [`WriteError::Refused`] where the zone refused it or never got it, [`WriteError::Unknown`]
    /// in every other case.
    pub async fn put(&self, path: &Path, payload: &Payload) -> Result<(), WriteError> {
        let (format, body) = match payload {
            Payload::Json(body) => (Format::Json, body.to_string().into()),
            Payload::Xml(body) => (Format::Xml, body.clone().into()),
        };
        let draft = Draft { format, ..Draft::new(Method::PUT, path, body, Repeat::Unseen) };
        let name = draft.name();
        let put = self.wire.send(&draft, |answer| match answer {
            Answer::Json(_) => Ok(()),
            Answer::Text(text)
                if text.trim().is_empty() || format == Format::Xml && text.trim().ends_with('>') =>
            {
                Ok(())
            }
            Answer::Text(text) => Err(not_json(&name, &text)),
        });
        put.await.map_err(|trouble| match trouble.kind {
            Kind::Busy(_) | Kind::Unsent | Kind::Refused | Kind::Moved => {
                WriteError::Refused(trouble.failure)
            }
            Kind::Lost | Kind::Server | Kind::Garbled | Kind::Odd => WriteError::Unknown(trouble.failure),
        })
    }
}

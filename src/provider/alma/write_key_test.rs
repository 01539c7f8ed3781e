//! Proves that a write key may write, with the documented test request that changes nothing.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use secrecy::SecretString;

use super::table::wrong_zone;
use super::wire;
use super::zone_identity::institution_in;
use crate::model::network::Zone;
use crate::model::{ZoneCode, ZoneFailure};
use crate::provider::budget::RequestBudget;
use crate::provider::http::client::{HttpClient, HttpRequest};
use crate::provider::http::request_path::RequestPath;
use crate::provider::http::response::HttpSuccess;
use crate::provider::http::retry::RetrySafety;
use crate::provider::transport::Transport;

/// Test of one write key. Sends `POST /conf/test`, and no other request is possible.
pub struct WriteKeyTest {
    zone: ZoneCode,
    wire: HttpClient,
}

impl WriteKeyTest {
    /// Creates the test of a key.
    pub fn new(
        zone: &Zone,
        key: SecretString,
        transport: Arc<dyn Transport>,
        budget: Arc<RequestBudget>,
    ) -> Self {
        Self { zone: zone.code.clone(), wire: wire(zone, key, transport, budget) }
    }

    /// Sends the test request; succeeds if the key may write in the area Configuration of its zone.
    ///
    /// # Errors
    /// [`crate::model::FailureClass::Denied`] for a key that only reads,
    /// [`crate::model::FailureClass::WrongZone`] for a key of another institution, or any failure of a request.
    pub async fn run(&self) -> Result<(), ZoneFailure> {
        let path = RequestPath::new(&["conf", "test"])?;
        let draft = HttpRequest::new(Method::POST, &path, Bytes::new(), RetrySafety::OnlyIfNotProcessed);
        let sent = self.wire.send(&draft, |answer| match answer {
            HttpSuccess::Json(json) => Ok(json.to_string()),
            HttpSuccess::Text(text) => Ok(text),
        });
        let answer = sent.await.map(|(text, _)| text);
        let answer = answer.map_err(|trouble| self.wire.key.discreet(trouble.failure))?;
        match institution_in(&answer) {
            Some(institution) if institution != self.zone.as_str() => {
                Err(self.wire.key.discreet(wrong_zone(&self.zone, &institution)))
            }
            Some(_) | None => Ok(()),
        }
    }
}

//! Transport to the emulated network without sockets, so that a whole run fits under a paused clock.

use std::sync::Arc;

use bytes::Bytes;

use super::network::{DroppedConnection, EmulatedNetwork};
use crate::provider::transport::{Transport, TransportError, TransportFuture};

/// Transport by function calls to an emulated network. Cheap to clone.
///
/// Ignores scheme and host of a request: the API key selects the zone.
#[derive(Clone)]
pub struct EmulatorTransport(pub(super) Arc<EmulatedNetwork>);

impl Transport for EmulatorTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            self.0.handle(request).await.map_err(|broken| match broken {
                DroppedConnection::NotReceived => {
                    TransportError::Connect("connection refused (emulated)".into())
                }
                DroppedConnection::ResponseLost => {
                    TransportError::Lost("connection closed (emulated)".into())
                }
            })
        })
    }
}

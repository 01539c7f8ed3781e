//! Calls the emulated network without sockets, so that a whole run fits under a paused clock.

use std::sync::Arc;

use bytes::Bytes;

use super::network::{Broken, Network};
use crate::provider::transport::{Answer, Transport, TransportError};

/// A way to an emulated network that is only function calls. Cheap to clone.
///
/// Scheme and host of a request do not count: the key selects the zone.
#[derive(Clone)]
pub struct EmulatorTransport(pub(super) Arc<Network>);

impl Transport for EmulatorTransport {
    fn send(&self, request: http::Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            self.0.answer(request).await.map_err(|broken| match broken {
                Broken::Before => TransportError::Connect("connection refused (emulated)".to_owned()),
                Broken::After => TransportError::Lost("connection closed (emulated)".to_owned()),
            })
        })
    }
}

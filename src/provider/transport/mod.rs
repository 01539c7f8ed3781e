//! Transports requests over a socket, or straight into the emulator's router.
//!
//! Retries and rate limits are above this interface. A simulated network therefore runs them unchanged, under
//! tokio's paused clock.

mod http;

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

pub use self::http::{HttpSettings, HttpTransport};

/// Transport of one request to a zone.
pub trait Transport: Send + Sync {
    /// Sends once, without retries and without following redirects. Any HTTP status counts as a response, not
    /// as an error.
    ///
    /// # Errors
    /// [`TransportError`] if no response arrived.
    fn send(&self, request: ::http::Request<Bytes>) -> TransportFuture<'_>;

    /// Returns the time since the start of the machine, with the time in which it was suspended; `None` if
    /// only the clock of the runtime counts, as in a simulated network.
    fn uptime(&self) -> Option<Duration> {
        None
    }
}

/// Pending response of a [`Transport`].
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<::http::Response<Bytes>, TransportError>> + Send + 'a>>;

/// Error of the client or the network, or a text.
pub type TransportCause = Box<dyn Error + Send + Sync>;

/// Reason for a missing response.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection: the zone cannot have received the request.
    #[error("cannot connect")]
    Connect(#[source] TransportCause),
    /// No response: the request may have arrived.
    #[error("no response")]
    Lost(#[source] TransportCause),
}

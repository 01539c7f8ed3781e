//! How a request travels: over a socket, or straight into the emulator's router.
//!
//! The seam is here, below retries and rates, so that a simulated network runs everything above
//! it as it is, under tokio's paused clock.

mod http;

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

pub use self::http::{HttpSettings, HttpTransport};

/// Carries one request to a zone and brings back its answer.
pub trait Transport: Send + Sync {
    /// Sends once: no retries, no redirects followed. Any HTTP status is an answer, not an error.
    ///
    /// # Errors
    /// See [`TransportError`].
    fn send(&self, request: ::http::Request<Bytes>) -> TransportFuture<'_>;
}

/// The answer that a [`Transport`] will bring.
pub type TransportFuture<'a> =
    Pin<Box<dyn Future<Output = Result<::http::Response<Bytes>, TransportError>> + Send + 'a>>;

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection: the zone cannot have seen the request.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The request may have arrived, its answer did not.
    #[error("no answer: {0}")]
    Lost(String),
}

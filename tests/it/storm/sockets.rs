//! Storm over real sockets: every process sends over loopback to a server that passes its requests on.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Scheme};
use zonal::provider::transport::{HttpSettings, HttpTransport, Transport, TransportFuture};

use super::network::StormNetwork;
use super::service::StormTransport;

/// Divisor of all long times, because the clock is real.
pub const HASTE: u32 = 60;
/// Timeout of a request, longer than the longest delay.
const PATIENCE: Duration = Duration::from_secs(3);

/// Transport of one process.
pub struct SocketTransport {
    client: HttpTransport,
    server: SocketAddr,
    network: StormNetwork,
}

impl SocketTransport {
    /// Starts the server of a process.
    pub fn new(inner: StormTransport) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback port should be free");
        listener.set_nonblocking(true).expect("listener should not block");
        let server = listener.local_addr().expect("listener should have an address");
        let listener = tokio::net::TcpListener::from_std(listener).expect("listener should be usable");
        let network = inner.network.clone();
        let router = axum::Router::new().fallback(move |request: Request| answer(inner.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let settings = HttpSettings { connect: PATIENCE, request: PATIENCE };
        let client = HttpTransport::new(settings, || None);
        Self { client, server, network }
    }
}

/// Passes a request on. Without a result, the connection breaks in the middle of the response.
async fn answer(inner: StormTransport, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match inner.send(http::Request::from_parts(head, body)).await {
        Ok(response) => response.map(Body::from),
        Err(error) => {
            let broken = futures::stream::once(async move { Err::<Bytes, _>(error) });
            Response::new(Body::from_stream(broken))
        }
    }
}

impl Transport for SocketTransport {
    fn send(&self, mut request: http::Request<Bytes>) -> TransportFuture<'_> {
        let mut parts = request.uri().clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority =
            Some(Authority::try_from(self.server.to_string()).expect("address should be valid"));
        *request.uri_mut() = Uri::from_parts(parts).expect("address should be valid");
        self.client.send(request)
    }

    fn uptime(&self) -> Option<Duration> {
        Some(self.network.uptime())
    }
}

//! Sends requests over real sockets.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Transport, TransportError, TransportFuture};

/// Maximum size of a response, far above any table.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Timeouts of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpSettings {
    /// Timeout for a connection.
    pub connect: Duration,
    /// Timeout for a whole response, including the connection. Every request ends within a minute.
    pub request: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_secs(30) }
    }
}

/// [`Transport`] over HTTP/1.1 and HTTP/2 with pooled connections.
///
/// Redirects are not followed, because a key must not reach a host outside the configuration. Automatic
/// retries happen only for requests that HTTP/2 reports as unprocessed.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    /// Timeouts.
    settings: HttpSettings,
    /// Clients, each made when a request needs it.
    clients: Arc<HttpClients>,
    /// Clock that counts suspended time.
    uptime: UptimeClock,
}

/// Clock with the time since the start of the machine, suspended time included; `None` if unknown.
pub type UptimeClock = fn() -> Option<Duration>;

/// Clients by the way that their requests take.
#[derive(Debug, Default)]
struct HttpClients {
    /// Other hosts, through the system's proxy if configured.
    outside: OnceLock<reqwest::Client>,
    /// This machine, without a proxy, because a proxy would resolve the wrong machine.
    loopback: OnceLock<reqwest::Client>,
    /// This machine without TLS: the certificates of the system, which take long to load, are not needed.
    loopback_plain: OnceLock<reqwest::Client>,
}

impl HttpTransport {
    /// Creates a transport without connections.
    pub fn new(settings: HttpSettings, uptime: UptimeClock) -> Self {
        // If other code in this process has installed a provider, that provider stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { settings, clients: Arc::default(), uptime }
    }

    /// Returns the client for an address, and makes it for the first request.
    ///
    /// # Errors
    /// [`TransportError::Connect`] if the system has no usable certificates or proxy settings: fix the
    /// system.
    fn client(&self, uri: &http::Uri) -> Result<&reqwest::Client, TransportError> {
        let on_this_machine = uri.host().is_some_and(is_loopback);
        let is_plain = uri.scheme() == Some(&http::uri::Scheme::HTTP);
        let (place, prepare): (_, fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder) =
            match (on_this_machine, is_plain) {
                (false, _) => (&self.clients.outside, |builder| builder),
                (true, false) => (&self.clients.loopback, reqwest::ClientBuilder::no_proxy),
                (true, true) => {
                    (&self.clients.loopback_plain, |builder| builder.no_proxy().tls_certs_only([]))
                }
            };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .user_agent(concat!("zonal/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(self.settings.connect)
            .timeout(self.settings.request);
        let client =
            prepare(builder).build().map_err(|error| TransportError::Connect(ClientError(error).into()))?;
        // If another request was faster, its client stays.
        Ok(place.get_or_init(|| client))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let client = self.client(request.uri())?;
            let request = reqwest::Request::try_from(request)
                .map_err(|error| TransportError::Connect(ClientError(error.without_url()).into()))?;
            let answer = client.execute(request).await.map_err(no_answer)?;
            collect(answer).await
        })
    }

    fn uptime(&self) -> Option<Duration> {
        (self.uptime)()
    }
}

/// Reads the whole response into memory.
async fn collect(mut answer: reqwest::Response) -> Result<http::Response<Bytes>, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(TransportError::Lost("response exceeds 64 MiB".into()));
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = http::Response::new(body.freeze());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

/// Returns true for hosts that mean this machine, without regard to the port.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Classifies an error. Only failures before the connection prove that the zone received nothing.
fn no_answer(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        TransportError::Connect(ClientError(error).into())
    } else if error.is_timeout() {
        TransportError::Lost("timeout".into())
    } else {
        TransportError::Lost(ClientError(error).into())
    }
}

/// Error of reqwest, without its own text, which only says that a request failed.
#[derive(Debug)]
struct ClientError(reqwest::Error);

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()?.source()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(cause) => fmt::Display::fmt(cause, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::model::error_chain_text;

    /// Sends one request to a server that returns these bytes and closes the connection.
    async fn answered_with(bytes: &'static str) -> Result<http::Response<Bytes>, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut seen = [0; 4096];
            let _ = socket.read(&mut seen).await.unwrap();
            socket.write_all(bytes.as_bytes()).await.unwrap();
        });
        let answer = get(&format!("http://{address}/x")).await;
        server.await.unwrap();
        answer
    }

    async fn get(url: &str) -> Result<http::Response<Bytes>, TransportError> {
        let transport = HttpTransport::new(HttpSettings::default(), || None);
        transport.send(http::Request::get(url).body(Bytes::new()).unwrap()).await
    }

    #[tokio::test]
    async fn any_status_is_a_response() {
        let answer = answered_with("HTTP/1.1 418 Teapot\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (418, &b"hi"[..]));
    }

    #[tokio::test]
    async fn redirect_is_not_followed() {
        let answer = answered_with(
            "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/steal\r\ncontent-length: 0\r\n\r\n",
        );
        assert_eq!(answer.await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn closed_port_is_a_connection_error() {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().port()
        };
        let error = get(&format!("http://127.0.0.1:{port}/secret?apikey=k")).await.unwrap_err();
        assert!(
            matches!(&error, TransportError::Connect(_) if !error_chain_text(&error).contains("apikey")),
            "{error}"
        );
    }

    #[tokio::test]
    async fn broken_connection_is_a_lost_response() {
        let error = answered_with("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi").await.unwrap_err();
        assert!(matches!(error, TransportError::Lost(_)), "{error}");
        let error = answered_with("").await.unwrap_err();
        assert!(matches!(error, TransportError::Lost(_)), "{error}");
    }

    #[test]
    fn loopback_hosts_are_recognized() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["api-ca.hosted.exlibrisgroup.com", "10.0.0.1", "localhost.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

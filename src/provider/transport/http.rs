//! Carries requests over real sockets.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Transport, TransportError, TransportFuture};

/// An answer that is longer is not read to its end: no table comes near it.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How long to wait for sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpSettings {
    /// For a connection.
    pub connect: Duration,
    /// For a whole answer, connection included. Nothing is waited for longer than a minute.
    pub request: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_secs(30) }
    }
}

/// A [`Transport`] over HTTP/1.1 and HTTP/2 with pooled connections.
///
/// It follows no redirects: a key must not travel to a host that nobody configured. What it sends
/// again by itself is only what HTTP/2 says was not looked at.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    /// For hosts out there: through the system's proxy, where there is one.
    outside: reqwest::Client,
    /// For this machine, where a proxy would look for the wrong one.
    loopback: reqwest::Client,
}

impl HttpTransport {
    /// A transport without connections yet.
    ///
    /// # Errors
    /// [`TransportError::Connect`] where the system has no usable certificates or proxy settings:
    /// mend the machine.
    pub fn new(settings: HttpSettings) -> Result<Self, TransportError> {
        // Somebody else in this process may have chosen one before: then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("zonal/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(settings.connect)
                .timeout(settings.request)
        };
        let unusable = |error| TransportError::Connect(causes(&error));
        Ok(Self {
            outside: builder().build().map_err(unusable)?,
            loopback: builder().no_proxy().build().map_err(unusable)?,
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let client = match request.uri().host() {
                Some(host) if is_loopback(host) => &self.loopback,
                Some(_) | None => &self.outside,
            };
            let request = reqwest::Request::try_from(request)
                .map_err(|error| TransportError::Connect(causes(&error.without_url())))?;
            let answer = client.execute(request).await.map_err(no_answer)?;
            collect(answer).await
        })
    }
}

/// The whole answer in memory.
async fn collect(mut answer: reqwest::Response) -> Result<http::Response<Bytes>, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(TransportError::Lost("it is longer than 64 MiB".into()));
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = http::Response::new(body.freeze());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    Ok(response)
}

/// Whether a host is this machine, whatever its port.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Only what failed before a connection stood is sure not to have been seen by the zone.
fn no_answer(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        TransportError::Connect(causes(&error))
    } else if error.is_timeout() {
        TransportError::Lost("it took too long".into())
    } else {
        TransportError::Lost(causes(&error))
    }
}

/// What is underneath an error: reqwest's own words only say that something was.
fn causes(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    match texts.is_empty() {
        true => error.to_string(),
        false => texts.join(": "),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Sends one request to a server that answers with these bytes and hangs up.
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
        let transport = HttpTransport::new(HttpSettings::default()).unwrap();
        transport.send(http::Request::get(url).body(Bytes::new()).unwrap()).await
    }

    #[tokio::test]
    async fn any_status_is_an_answer() {
        let answer = answered_with("HTTP/1.1 418 Teapot\r\ncontent-length: 2\r\n\r\nhi").await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (418, &b"hi"[..]));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let answer = answered_with(
            "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/steal\r\ncontent-length: 0\r\n\r\n",
        );
        assert_eq!(answer.await.unwrap().status(), 302);
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_no_connection() {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().port()
        };
        let error = get(&format!("http://127.0.0.1:{port}/secret?apikey=k")).await.unwrap_err();
        assert!(matches!(&error, TransportError::Connect(text) if !text.contains("apikey")), "{error}");
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_a_lost_answer() {
        let error = answered_with("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi").await.unwrap_err();
        assert!(matches!(error, TransportError::Lost(_)), "{error}");
        let error = answered_with("").await.unwrap_err();
        assert!(matches!(error, TransportError::Lost(_)), "{error}");
    }

    #[test]
    fn this_machine_is_recognized() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["api-ca.hosted.exlibrisgroup.com", "10.0.0.1", "localhost.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}

//! Tests over sockets: the same responses as in process, and broken connections.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::{FaultEffect, FaultTrigger, InjectedFault};
use super::*;

/// Returns all bytes received for a request, until the server closes the connection.
async fn exchange(emulator: &Emulator, path: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = emulator.router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /almaws/v1{path} HTTP/1.1\r\nhost: alma.test\r\nauthorization: apikey r-alpha\r\n\
         accept: application/json\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A broken connection may be reset. Only the bytes before count.
    let _ = stream.read_to_string(&mut answer).await;
    server.abort();
    answer
}

#[tokio::test]
async fn router_responds_like_transport() {
    let emulator = network(EmulatorConfig::without_thresholds());
    let answer = exchange(&emulator, BLOCKS).await;
    let in_process = try_get(&emulator, "r-alpha", BLOCKS).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\nx-exl-api-remaining: "), "{answer}");
    assert!(answer.ends_with(&text(&in_process)), "{answer}");
}

#[tokio::test]
async fn broken_connection_returns_no_bytes() {
    for effect in [FaultEffect::Refused, FaultEffect::ResponseLost] {
        let emulator = network(EmulatorConfig::without_thresholds());
        let fault =
            InjectedFault { zone: None, method: None, path: None, when: FaultTrigger::Always, effect };
        emulator.control().add_fault(fault).unwrap();
        assert_eq!(exchange(&emulator, BLOCKS).await, "");
    }
}

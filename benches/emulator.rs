//! Requests per second of the emulator on loopback: the emulator must not limit other benchmarks.
//!
//! The client is minimal, because both share the machine.

mod shared;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use zonal::emulator::EmulatorConfig;

use shared::{ConsortiumSize, ManifestAudience, ZoneFill};

const CONNECTIONS: usize = 64;
const MEMBERS: usize = 60;

#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn main() {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("runtime should start");
    heading();
    for rows in [10, 100, 1_000] {
        let size = ConsortiumSize { members: MEMBERS, tables: 2, rows };
        let times = if rows == 1_000 { 500 } else { 3_000 };
        runtime.block_on(async {
            let (address, body) = serve(size).await;
            row("GET", size, times, drive(address, times, |zone| get("/code-tables/Table0", zone)).await);
            let times = times / 10;
            row(
                "PUT",
                size,
                times,
                drive(address, times, |zone| put("/code-tables/Table0", zone, &body)).await,
            );
        });
    }
}

/// Serves a network, and returns its address and the body of a table of its first member.
#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
async fn serve(size: ConsortiumSize) -> (SocketAddr, String) {
    let sources = size.sources(ManifestAudience::Shared, "http://alma.test", 25);
    let (network, _) = shared::load(&sources);
    let behaviour = EmulatorConfig { per_second: 10_000_000, ..EmulatorConfig::without_thresholds() };
    let emulator = size.emulate(&network, ZoneFill::Everything, behaviour);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback port should be free");
    let address = listener.local_addr().expect("listener should have an address");
    let router = emulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stream = TcpStream::connect(address).await.expect("emulator should listen");
    let mut answer = Vec::new();
    stream.write_all(&get("/code-tables/Table0", 0)).await.expect("emulator should read");
    let from = exchange(&mut stream, &mut answer).await;
    (address, String::from_utf8_lossy(&answer[from..]).into_owned())
}

fn get(path: &str, zone: usize) -> Vec<u8> {
    format!(
        "GET /almaws/v1/conf{path} HTTP/1.1\r\nhost: alma.test\r\nauthorization: apikey 01BENCH_{:03}\r\n\
         accept: application/json\r\n\r\n",
        zone % MEMBERS
    )
    .into_bytes()
}

fn put(path: &str, zone: usize, body: &str) -> Vec<u8> {
    format!(
        "PUT /almaws/v1/conf{path}?lang=en HTTP/1.1\r\nhost: alma.test\r\n\
         authorization: apikey write-01BENCH_{:03}\r\naccept: application/json\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        zone % MEMBERS,
        body.len()
    )
    // The body contains the code of its institution, with the same length for all.
    .replace("01BENCH_000", &format!("01BENCH_{:03}", zone % MEMBERS))
    .into_bytes()
}

/// Sends the same request `times` times over each connection, one after the other.
#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
async fn drive(address: SocketAddr, times: usize, request: impl Fn(usize) -> Vec<u8>) -> Duration {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CONNECTIONS {
        let request = request(number);
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("emulator should listen");
            stream.set_nodelay(true).expect("socket option should be set");
            let mut answer = Vec::new();
            for _ in 0..times {
                stream.write_all(&request).await.expect("emulator should read");
                exchange(&mut stream, &mut answer).await;
            }
        });
    }
    clients.join_all().await;
    start.elapsed()
}

/// Reads a whole successful response, and returns the start of its body.
#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
async fn exchange(stream: &mut TcpStream, answer: &mut Vec<u8>) -> usize {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.expect("should answer");
        assert!(read > 0, "the emulator closed the connection");
        let Some(head) = find(answer, b"\r\n\r\n") else { continue };
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(answer));
        let length = find(&answer[..head], b"content-length: ").expect("response should have a length");
        let digits = answer[length + 16..].iter().take_while(|byte| byte.is_ascii_digit());
        let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
        let body = head + 4;
        answer.reserve((body + length).saturating_sub(answer.len()));
        while answer.len() < body + length {
            assert!(
                stream.read_buf(answer).await.expect("should answer") > 0,
                "the emulator closed the connection"
            );
        }
        return body;
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn heading() {
    println!(
        "{:<6} {:>5} {:>11} {:>8} {:>9} {:>18}",
        "method", "rows", "connections", "requests", "wall", "requests per second"
    );
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn row(method: &str, size: ConsortiumSize, times: usize, wall: Duration) {
    let requests = times * CONNECTIONS;
    println!(
        "{method:<6} {:>5} {CONNECTIONS:>11} {requests:>8} {:>7.3} s {:>18.0}",
        size.rows,
        wall.as_secs_f64(),
        requests as f64 / wall.as_secs_f64()
    );
}

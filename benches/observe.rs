//! Duration of a plan compared with the minimum at the zones' rate limit, and the number of throttled
//! requests.
//!
//! Runs in process with a paused clock, for an exact time on every machine, and over sockets in real time.

mod shared;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::time::Instant;
use zonal::emulator::{Emulator, EmulatorConfig};
use zonal::model::{DesiredState, Network};
use zonal::observe::observe;
use zonal::provider::alma::AlmaReader;
use zonal::provider::budget::RequestBudget;
use zonal::provider::transport::{HttpSettings, HttpTransport, Transport};

use shared::{ConsortiumSize, ManifestAudience, ZoneFill};

const LATENCY: Duration = Duration::from_millis(150);
const PER_SECOND: u32 = 25;
/// Sizes with 20 tables, below the limit of one second, and with 100 tables, above the limit.
const SIZES: [ConsortiumSize; 2] = [
    ConsortiumSize { members: 60, tables: 20, rows: 100 },
    ConsortiumSize { members: 60, tables: 100, rows: 20 },
];

#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
fn main() {
    let paused = || Builder::new_current_thread().enable_all().start_paused(true).build();
    heading();
    for size in SIZES {
        let measured = paused().expect("runtime should start").block_on(in_process(size));
        row("in process", size, &measured);
    }
    for size in SIZES {
        let runtime = Builder::new_multi_thread().enable_all().build().expect("runtime should start");
        let measured = runtime.block_on(over_sockets(size));
        row("sockets", size, &measured);
    }
}

/// Measured costs of a plan.
struct PlanMeasurement {
    wall: Duration,
    /// Real time of comparing and planning.
    pure: Duration,
    changes: usize,
    /// Requests of the busiest zone.
    busiest: u64,
    requests: u64,
    throttled: u64,
    peak: u64,
}

async fn in_process(size: ConsortiumSize) -> PlanMeasurement {
    let (network, desired) =
        shared::load(&size.sources(ManifestAudience::Shared, "http://alma.test", PER_SECOND));
    let emulator = size.emulate(&network, ZoneFill::Drifted, behaviour());
    measure(&network, &desired, &emulator, || Arc::new(emulator.transport())).await
}

#[expect(clippy::expect_used, reason = "a failing benchmark panics")]
async fn over_sockets(size: ConsortiumSize) -> PlanMeasurement {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback port should be free");
    let address = listener.local_addr().expect("listener should have an address");
    let (network, desired) =
        shared::load(&size.sources(ManifestAudience::Shared, &format!("http://{address}"), PER_SECOND));
    let emulator = size.emulate(&network, ZoneFill::Drifted, behaviour());
    let router = emulator.router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let sockets = || Arc::new(HttpTransport::new(HttpSettings::default(), || None)) as Arc<_>;
    let measured = measure(&network, &desired, &emulator, sockets).await;
    server.abort();
    measured
}

fn behaviour() -> EmulatorConfig {
    EmulatorConfig { latency_ms: 150, per_second: PER_SECOND, ..EmulatorConfig::default() }
}

/// Runs the stages of `zonal plan` between reading its files and printing.
async fn measure(
    network: &Network,
    desired: &DesiredState,
    emulator: &Emulator,
    transport: impl FnOnce() -> Arc<dyn Transport>,
) -> PlanMeasurement {
    let start = Instant::now();
    let transport = transport();
    let readers: BTreeMap<_, _> = network
        .zones
        .iter()
        .map(|zone| {
            let (key, budget) =
                (SecretString::from(zone.code.as_str()), Arc::new(RequestBudget::new(zone.rate)));
            (zone.code.clone(), AlmaReader::new(zone, key, transport.clone(), budget))
        })
        .collect();
    let observed = observe(&readers, desired, None, &|_| {}).await;
    let compare = std::time::Instant::now();
    let plan = shared::make_plan(network, desired, &observed);
    let (pure, wall) = (compare.elapsed(), start.elapsed());
    assert!(plan.is_complete(), "every zone should answer");
    let statistics = emulator.control().statistics();
    PlanMeasurement {
        wall,
        pure,
        changes: plan.counts().change,
        busiest: statistics.values().map(|zone| zone.requests).max().unwrap_or_default(),
        requests: statistics.values().map(|zone| zone.requests).sum(),
        throttled: statistics.values().map(|zone| zone.throttled).sum(),
        peak: statistics.values().map(|zone| zone.peak_per_second).max().unwrap_or_default(),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn heading() {
    println!(
        "{:<11} {:>7} {:>6} {:>5} {:>9} {:>9} {:>6} {:>8} {:>4} {:>12} {:>9} {:>8}",
        "transport",
        "members",
        "tables",
        "rows",
        "wall",
        "floor",
        "ratio",
        "requests",
        "429s",
        "peak/second",
        "diff+plan",
        "changes"
    );
}

/// Prints a row. The floor is the time of the busiest zone's requests at its rate, plus one round trip.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn row(transport: &str, size: ConsortiumSize, measured: &PlanMeasurement) {
    let PlanMeasurement { wall, pure, changes, busiest, requests, throttled, peak } = measured;
    let ConsortiumSize { members, tables, rows } = size;
    let floor = *busiest as f64 / f64::from(PER_SECOND) + LATENCY.as_secs_f64();
    let wall = wall.as_secs_f64();
    println!(
        "{transport:<11} {members:>7} {tables:>6} {rows:>5} {wall:>7.3} s {floor:>7.3} s {:>6.3} {requests:>8} \
         {throttled:>4} {peak:>12} {:>6} ms {changes:>8}",
        wall / floor,
        pure.as_millis()
    );
}

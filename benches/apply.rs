//! Cost of a store for a whole apply, and of a comparison with a full applied state.
//!
//! The same apply runs over sockets in real time: without a store, with SQLite, and with PostgreSQL, in
//! turns.

#![expect(clippy::expect_used, reason = "a failing benchmark panics")]

#[path = "../tests/it/postgres_server.rs"]
mod postgres;
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use zonal::cli::{self, CommandContext, OutputStream, TerminalKind};
use zonal::emulator::EmulatorConfig;
use zonal::model::{AppliedState, ComparisonBase};
use zonal::plan::change_origin;
use zonal::plan::orphans::{self, RunScope};
use zonal::plan::selection::DeclarationScope;
use zonal::store::{CollectionStateUpdate, Store, StoreAccess, StoreLocation, StoreScope, WaitMode};
use zonal::{diff, plan};

use postgres::{DiskSync, PostgresServer};
use shared::{ConsortiumSize, ManifestAudience, ZoneFill};

/// Size of the applies: 200 new records in each of 60 zones.
const APPLY: ConsortiumSize = ConsortiumSize { members: 60, tables: 20, rows: 10 };
/// Size of the comparisons: 2,000 known records in each of 120 zones.
const DRIFT: ConsortiumSize = ConsortiumSize { members: 120, tables: 20, rows: 100 };
const ROUNDS: usize = 5;

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime should start");
    let mut server = PostgresServer::start(DiskSync::Trusted);
    whole_applies(&runtime, &mut server);
    comparisons(&runtime, &mut server);
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn whole_applies(runtime: &Runtime, server: &mut PostgresServer) {
    let mut took: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let place = tempfile::tempdir().expect("temporary directory");
        let file = place.path().join("store.db").display().to_string();
        for (store, named) in
            [("none", "none".to_owned()), ("SQLite", file), ("PostgreSQL", server.database())]
        {
            took.entry(store).or_default().push(runtime.block_on(apply(&named)));
        }
    }
    let median = |store: &str| {
        let mut took = took[store].clone();
        took.sort_unstable();
        took[ROUNDS / 2]
    };
    println!(
        "an apply of {} zones x {} records, median of {ROUNDS}:",
        APPLY.members,
        APPLY.tables * APPLY.rows
    );
    for store in ["none", "SQLite", "PostgreSQL"] {
        let over = median(store).as_secs_f64() / median("none").as_secs_f64() * 100.0 - 100.0;
        println!("  {store:<10} {:>6.2} s  {over:>+5.1} %", median(store).as_secs_f64());
    }
}

/// Runs `zonal apply --yes` on an empty network, and returns its duration.
async fn apply(store: &str) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback port should be free");
    let address = listener.local_addr().expect("listener should have an address");
    let sources = APPLY.sources(ManifestAudience::Shared, &format!("http://{address}"), 25);
    let directory = tempfile::tempdir().expect("temporary directory");
    for source in &sources {
        let text = source.text.as_ref().expect("should be text");
        std::fs::write(directory.path().join(&*source.file), text).expect("temporary directory");
    }
    let (network, _) = shared::load(&sources);
    let behaviour = EmulatorConfig { latency_ms: 60, per_second: 25, ..EmulatorConfig::default() };
    let emulator = APPLY.emulate(&network, ZoneFill::Nothing, behaviour);
    let router = emulator.router();
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let keys =
        network.zones.iter().map(|zone| (format!("KEY_{}", zone.code), format!("write-{}", zone.code)));
    let world = world(directory.path(), keys.collect());
    let argv = ["zonal", "apply", "--yes", "--store", store].map(Into::into);
    let start = Instant::now();
    let exit = cli::run(argv.to_vec(), &world).await;
    let took = start.elapsed();
    assert_eq!(exit.code(), 0, "every change should be applied");
    served.abort();
    took
}

fn world(directory: &Path, env: BTreeMap<String, String>) -> CommandContext {
    CommandContext {
        env,
        directory: directory.to_path_buf(),
        out: OutputStream::new(io::sink(), TerminalKind::Pipe),
        err: OutputStream::new(io::sink(), TerminalKind::Pipe),
        input: None,
        now: || jiff::Timestamp::now().to_string(),
        transport: None,
        interrupts: tokio::sync::watch::channel(0).1,
    }
}

/// Measures `zonal drift` between the last response of a zone and the output, with a full applied state.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn comparisons(runtime: &Runtime, server: &mut PostgresServer) {
    let (network, desired) = shared::load(&DRIFT.sources(ManifestAudience::Shared, "http://alma.test", 25));
    let scope = StoreScope { network: "bench".into(), environment: "".into() };
    let known =
        diff::three_way(&desired, &ZoneFill::Everything.observed(&desired), Some(&ComparisonBase::default()));
    let lessons = known.zones.iter().flat_map(|(zone, diffs)| {
        diffs.iter().map(|diff| CollectionStateUpdate {
            zone: zone.clone(),
            collection: diff.id.clone(),
            learned: diff.outcome.as_ref().expect("comparison should succeed").learned.clone(),
            created: BTreeSet::new(),
        })
    });
    let lessons: Vec<CollectionStateUpdate> = lessons.collect();
    let observed = ZoneFill::Drifted.observed(&desired);
    let zones: BTreeSet<_> = network.zones.iter().map(|zone| zone.code.clone()).collect();
    let place = tempfile::tempdir().expect("temporary directory");
    let file = StoreLocation::File(place.path().join("store.db"));
    let address = StoreLocation::parse(&server.database()).expect("address should be valid");
    println!("drift of {} zones x {} records with a full ledger:", DRIFT.members, DRIFT.tables * DRIFT.rows);
    for (name, location) in [("SQLite", file), ("PostgreSQL", address)] {
        let store = runtime.block_on(Store::open(location, StoreAccess::Write, WaitMode::Async));
        let store = store.expect("store should open").expect("store should be created");
        runtime
            .block_on(store.learn(scope.clone(), lessons.clone()))
            .expect("applied state should be stored");
        let (mut loads, mut compares) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let ledger: AppliedState = runtime.block_on(store.ledger(scope.clone())).expect("should answer");
            loads.push(start.elapsed());
            let start = Instant::now();
            let covered = RunScope { zones: &zones, declarations: &DeclarationScope::default() };
            let base = orphans::base(ledger, &desired, &network.prune, covered);
            let mut differences = diff::three_way(&desired, &observed, Some(&base));
            change_origin::by_ledger(&mut differences, &desired, &observed, &base);
            change_origin::settle(&mut differences, &desired);
            let plan = plan::plan(&network, differences, &observed, None);
            compares.push(start.elapsed());
            let counts = plan.counts();
            assert_eq!(
                (counts.drifted, counts.in_sync),
                (120 * 20, 120 * 20 * 99),
                "one of a hundred rows drifted"
            );
        }
        loads.sort_unstable();
        compares.sort_unstable();
        let (load, compare) = (loads[ROUNDS / 2], compares[ROUNDS / 2]);
        println!("  {name:<10} loading {:>4} ms, comparing {:>4} ms", load.as_millis(), compare.as_millis());
    }
}

//! What remembering costs a whole apply, over sockets and in real time: the same apply without a store, with one of
//! SQLite, and with one of PostgreSQL, in turns. And what a comparison with a full ledger costs.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says so by panicking")]

#[path = "../tests/it/postgres.rs"]
mod postgres;
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use zonal::cli::{self, Look, Output, World};
use zonal::emulator::Behaviour;
use zonal::model::{Base, Ledger, RunId};
use zonal::plan::origin;
use zonal::plan::orphans::{self, Covered};
use zonal::store::{Access, Lesson, Location, Scope, Store, Waiting};
use zonal::{diff, plan};

use postgres::{Disk, Server};
use shared::{Held, Manifests, Size};

/// 200 records of each of 60 zones are created.
const APPLY: Size = Size { members: 60, tables: 20, rows: 10 };
/// 2,000 records of each of 120 zones are known.
const DRIFT: Size = Size { members: 120, tables: 20, rows: 100 };
const ROUNDS: usize = 5;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let mut server = Server::start(Disk::Trusted);
    whole_applies(&runtime, &mut server);
    comparisons(&runtime, &mut server);
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn whole_applies(runtime: &Runtime, server: &mut Server) {
    let mut took: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let place = tempfile::tempdir().expect("there is room");
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

/// A whole `zonal apply --yes` in a network that holds nothing yet.
async fn apply(store: &str) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
    let address = listener.local_addr().expect("it has an address");
    let sources = APPLY.sources(Manifests::Shared, &format!("http://{address}"), 25);
    let directory = tempfile::tempdir().expect("there is room");
    for source in &sources {
        let text = source.text.as_ref().expect("it is text");
        std::fs::write(directory.path().join(&*source.file), text).expect("there is room");
    }
    let (network, _) = shared::load(&sources);
    let behaviour = Behaviour { latency_ms: 60, per_second: 25, ..Behaviour::default() };
    let emulator = APPLY.emulate(&network, Held::Nothing, behaviour);
    let router = emulator.router();
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let keys =
        network.zones.iter().map(|zone| (format!("KEY_{}", zone.code), format!("write-{}", zone.code)));
    let world = world(directory.path(), keys.collect());
    let argv = ["zonal", "apply", "--yes", "--store", store].map(Into::into);
    let start = Instant::now();
    let exit = cli::run(argv.to_vec(), &world).await;
    let took = start.elapsed();
    assert_eq!(exit.code(), 0, "everything is applied");
    served.abort();
    took
}

fn world(directory: &Path, env: BTreeMap<String, String>) -> World {
    World {
        env,
        directory: directory.to_path_buf(),
        out: Output::new(io::sink(), Look::Piped),
        err: Output::new(io::sink(), Look::Piped),
        input: None,
        now: || jiff::Timestamp::now().to_string(),
        transport: None,
        interrupts: tokio::sync::watch::channel(0).1,
    }
}

/// What `zonal drift` does between the last answer of a zone and its first line, with a ledger that knows everything.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn comparisons(runtime: &Runtime, server: &mut Server) {
    let (network, desired) = shared::load(&DRIFT.sources(Manifests::Shared, "http://alma.test", 25));
    let scope = Scope { network: "bench".into(), environment: "".into() };
    let known = diff::since(&desired, &Held::Everything.observed(&desired), Some(&Base::default()));
    let lessons = known.zones.iter().flat_map(|(zone, diffs)| {
        diffs.iter().map(|diff| Lesson {
            zone: zone.clone(),
            collection: diff.id.clone(),
            learned: diff.outcome.as_ref().expect("it could be compared").learned.clone(),
            created: BTreeSet::new(),
        })
    });
    let lessons: Vec<Lesson> = lessons.collect();
    let observed = Held::Drifted.observed(&desired);
    let zones: BTreeSet<_> = network.zones.iter().map(|zone| zone.code.clone()).collect();
    let place = tempfile::tempdir().expect("there is room");
    let file = Location::File(place.path().join("store.db"));
    let address = Location::parse(&server.database()).expect("an address");
    println!("drift of {} zones x {} records with a full ledger:", DRIFT.members, DRIFT.tables * DRIFT.rows);
    for (name, location) in [("SQLite", file), ("PostgreSQL", address)] {
        let store = runtime.block_on(Store::open(location, Access::Write, Waiting::Aside));
        let store = store.expect("it opens").expect("it is made");
        runtime.block_on(store.learn(scope.clone(), RunId(1), lessons.clone())).expect("it is learned");
        let (mut loads, mut compares) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let ledger: Ledger = runtime.block_on(store.ledger(scope.clone())).expect("it answers");
            loads.push(start.elapsed());
            let start = Instant::now();
            let covered = Covered { zones: &zones, kinds: &[] };
            let base = orphans::base(ledger, &desired, &network.prune, covered);
            let mut differences = diff::since(&desired, &observed, Some(&base));
            origin::by_ledger(&mut differences, &desired, &observed, &base);
            origin::settle(&mut differences, &desired);
            let plan = plan::plan(&network, differences, &observed, None);
            compares.push(start.elapsed());
            let counts = plan.counts();
            assert_eq!(
                (counts.drifted, counts.in_sync),
                (120 * 20, 120 * 20 * 99),
                "one row of a hundred drifted"
            );
        }
        loads.sort_unstable();
        compares.sort_unstable();
        let (load, compare) = (loads[ROUNDS / 2], compares[ROUNDS / 2]);
        println!("  {name:<10} loading {:>4} ms, comparing {:>4} ms", load.as_millis(), compare.as_millis());
    }
}

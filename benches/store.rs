//! Cost of the store: journal lines of an apply, a long history, and a full applied state.
//!
//! Measured on SQLite, and on a PostgreSQL server with disk synchronization.

#![expect(clippy::expect_used, reason = "a failing benchmark panics")]

#[path = "../tests/it/postgres_server.rs"]
mod postgres;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};

use divan::Bencher;
use futures::future::join_all;
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use zonal::model::{
    AppliedChange, AppliedField, AppliedRecord, AppliedStateUpdate, ChangeAction, CollectionId,
    ContentDigest, FieldValue, JournalEntry, ManagementOrigin, Run, RunAuthor, RunHost, RunId, RunOperation,
    RunState, WritePhase, WriteResponse,
};
use zonal::store::{
    CollectionStateUpdate, HistoryFilter, NewRun, RunDocument, Store, StoreAccess, StoreLocation, StoreScope,
    StoredJournalEntry, WaitMode,
};

use postgres::{DiskSync, PostgresServer};

/// Supported databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BenchDatabase {
    Sqlite,
    Postgres,
}

/// Differences between the zones' applied states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BenchZones {
    /// Equal in all zones.
    Alike,
    /// Different in every zone.
    Unlike,
}

/// Query of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HistoryQuestion {
    Everything,
    Earlier,
    Zone,
    Collection,
    Record,
    Run,
    NothingOfIt,
}

const TABLES: usize = 20;

fn main() {
    divan::main();
    print_figures();
}

/// Writes all journal lines of an apply to 60 zones, with 20 tables of 10 rows each. As in production, each
/// zone waits until its intent and its result are stored.
#[divan::bench(args = [BenchDatabase::Sqlite, BenchDatabase::Postgres], sample_count = 5, sample_size = 1)]
fn lines_of_an_apply(bencher: Bencher<'_, '_>, on: BenchDatabase) {
    let runtime = runtime();
    let store = runtime.block_on(TemporaryDirectory::new(on).open());
    let (before, mut applies) = (processor(), 0);
    bencher.bench_local(|| {
        applies += 1;
        runtime.block_on(async {
            let run = store.begin(new_run()).await.expect("run should start");
            let numbers = Arc::new(Mutex::new(0));
            let zones = (0..60).map(|zone| apply(store.clone(), run, zone, 10, numbers.clone()));
            join_all(zones.map(tokio::spawn).collect::<Vec<_>>()).await;
        });
    });
    let figure =
        format!("processor time of each apply's lines on {on:?}: {} ms", (processor() - before) / applies);
    FIGURES.lock().expect("lock should not be poisoned").push(figure);
}

/// Writes the last lines of an apply that adopts 120 zones, with 20 tables of 100 rows each.
#[divan::bench(args = [BenchDatabase::Sqlite, BenchDatabase::Postgres], sample_count = 3, sample_size = 1)]
fn adoption(bencher: Bencher<'_, '_>, on: BenchDatabase) {
    let runtime = runtime();
    bencher
        .with_inputs(|| runtime.block_on(TemporaryDirectory::new(on).open()))
        .bench_local_values(|store| runtime.block_on(adopt(&store, BenchZones::Unlike)));
}

/// Writes a whole apply of 200,000 creations: plan, journal and report. Prints the bytes for each record.
///
/// `ZONAL_BENCH_RECORDS=2000000` writes another number of records.
#[divan::bench(sample_count = 1, sample_size = 1)]
fn creation(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let records = std::env::var("ZONAL_BENCH_RECORDS").ok().and_then(|text| text.parse().ok());
    let records = records.unwrap_or(200_000);
    bencher.bench_local(|| {
        let location = TemporaryDirectory::new(BenchDatabase::Sqlite);
        let files = location.0.files().expect("store should be a file");
        runtime.block_on(create(location, records));
        let bytes: u64 =
            files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum();
        let figure =
            format!("store after {records} creations: {bytes} bytes, {} each", bytes / records as u64);
        FIGURES.lock().expect("lock should not be poisoned").push(figure);
    });
}

/// Creates records in 100 zones, in tables of 100 rows.
async fn create(location: TemporaryDirectory, records: usize) {
    let store = location.open().await;
    let (zones, rows) = (100, 100);
    let tables = records / zones / rows;
    // The part of a plan that grows: the digest and both formats of each change.
    let mut plan = RunDocument::new("{}");
    for zone in 0..zones {
        let changes = (0..tables).flat_map(|table| (0..rows).map(move |row| (table, row)));
        let line = |(table, row)| {
            let done = creation_of(table, row);
            let address = format!("{}/CodeTable/Table{table}/ROW_{row:05}", code(zone));
            let digest = ContentDigest(Sha256::digest(&address).into());
            serde_json::json!({"resource": {"address": address, "mode": "managed", "type": "CodeTable",
                "index": code(zone), "provider_name": "zonal", "change": {"actions": ["create"],
                "after": done.field_changes.iter().map(|edit| (edit.name.to_string(), edit.after.clone()))
                    .collect::<std::collections::BTreeMap<_, _>>()}}, "detail": {"digest": digest.to_string(),
                "collection": format!("CodeTable/Table{table}"), "mode": "apply", "declared_at": done.declared_at,
                "key": done.key, "field_changes": done.field_changes.iter().map(|edit|
                    serde_json::json!({"name": edit.name, "line": row, "column": 7})).collect::<Vec<_>>()}})
            .to_string()
        };
        let text = changes.map(line).collect::<Vec<_>>().join("\n");
        plan.add_zone(&code(zone).as_str().into(), &text);
    }
    let run = store.begin(NewRun { plan, ..new_run() }).await.expect("run should start");
    let mut number = 0;
    for zone in 0..zones {
        for table in 0..tables {
            let changes: Arc<[AppliedChange]> = (0..rows).map(|row| creation_of(table, row)).collect();
            let found = changes.iter().map(|done| (done.identity(), known(done))).collect();
            let learned =
                AppliedStateUpdate { key: vec!["code".into()], found, ..AppliedStateUpdate::default() };
            let mut last = None;
            for phase in [
                WritePhase::Intent { changes: changes.clone() },
                WritePhase::Sent,
                WritePhase::Responded { answer: WriteResponse::Accepted },
                WritePhase::Verified { changes, learned },
            ] {
                number += 1;
                last = Some(store.append(line(run, number, zone, table, phase)));
            }
            let last = last.expect("phases should exist");
            // Memory must not grow with the queue.
            if table % 20 == 19 || table + 1 == tables {
                last.wait_until_durable().await.expect("line should be stored");
            }
        }
    }
    let mut report = RunDocument::new("{}");
    for zone in 0..zones {
        report.add_zone(&code(zone).as_str().into(), "{\"report\":{},\"as_planned\":[0]}");
    }
    let ended = Run { id: run, state: RunState::Ended, ..new_run().run };
    store.end(ended, Some(report)).await.expect("run should end");
    store.close().await;
}

/// Returns the creation of a row that differs from row to row.
fn creation_of(table: usize, row: usize) -> AppliedChange {
    let done = change(table, row);
    let field = |(name, value): (&zonal::model::FieldName, &FieldValue)| AppliedField {
        field: name.clone(),
        name: name.clone(),
        before: None,
        after: value.clone(),
    };
    let mut fields = done.before.clone();
    fields.extend(done.field_changes.iter().map(|edit| (edit.field.clone(), edit.after.clone())));
    AppliedChange {
        action: ChangeAction::Create,
        field_changes: fields.iter().map(field).collect(),
        before: zonal::model::Record::new(),
        ..done
    }
}

#[divan::bench(args = [BenchZones::Alike, BenchZones::Unlike], consts = [0, 1], sample_count = 5, sample_size = 1)]
fn ledger_of_240_000_records<const ON: usize>(bencher: Bencher<'_, '_>, zones: BenchZones) {
    let runtime = runtime();
    let store = runtime.block_on(async {
        let store = TemporaryDirectory::new(on(ON)).open().await;
        adopt(&store, zones).await;
        store
    });
    bencher.bench_local(|| {
        let ledger = runtime.block_on(store.ledger(scope())).expect("should answer");
        assert_eq!(ledger.zones.len(), 120);
        ledger
    });
}

#[divan::bench(
    args = [HistoryQuestion::Everything, HistoryQuestion::Earlier, HistoryQuestion::Zone, HistoryQuestion::Collection, HistoryQuestion::Record,
        HistoryQuestion::Run, HistoryQuestion::NothingOfIt],
    consts = [0, 1], sample_count = 5, sample_size = 1
)]
fn history_of_1_000_000<const ON: usize>(bencher: Bencher<'_, '_>, question: HistoryQuestion) {
    let runtime = runtime();
    let store = long_history(on(ON), &runtime);
    let zone = || "01BENCH_007".into();
    let (asked, before) = match question {
        HistoryQuestion::Everything => (HistoryFilter::Everything, None),
        HistoryQuestion::Earlier => (HistoryFilter::Everything, Some(500_000)),
        HistoryQuestion::Zone => (HistoryFilter::Zone(zone()), None),
        HistoryQuestion::Collection => {
            (HistoryFilter::Collection(zone(), "CodeTable/Table3".to_owned()), None)
        }
        HistoryQuestion::Record => {
            (HistoryFilter::Record(zone(), "CodeTable/Table3".to_owned(), "ROW_00004".to_owned()), None)
        }
        HistoryQuestion::Run => (HistoryFilter::Run(RunId(1)), None),
        HistoryQuestion::NothingOfIt => {
            (HistoryFilter::Collection(zone(), "CodeTable/Table99".to_owned()), None)
        }
    };
    bencher.bench_local(|| {
        let page =
            runtime.block_on(store.history(scope(), asked.clone(), before, 100)).expect("should answer");
        assert_eq!(page.entries.is_empty(), question == HistoryQuestion::NothingOfIt);
        page
    });
}

#[divan::bench(consts = [0, 1], sample_count = 1, sample_size = 1)]
fn chain_of_1_000_000<const ON: usize>(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let store = long_history(on(ON), &runtime);
    bencher.bench_local(|| runtime.block_on(store.follow(&|_| {})).expect("should answer"));
}

fn on(number: usize) -> BenchDatabase {
    [BenchDatabase::Sqlite, BenchDatabase::Postgres][number]
}

/// Temporary location that lasts until the process ends.
struct TemporaryDirectory(StoreLocation);

impl TemporaryDirectory {
    fn new(on: BenchDatabase) -> Self {
        static SERVER: OnceLock<Mutex<PostgresServer>> = OnceLock::new();
        static DIRECTORIES: Mutex<Vec<tempfile::TempDir>> = Mutex::new(Vec::new());
        let address = match on {
            BenchDatabase::Sqlite => {
                let directory = tempfile::tempdir().expect("temporary directory");
                let file = directory.path().join("store.db").display().to_string();
                DIRECTORIES.lock().expect("lock should not be poisoned").push(directory);
                file
            }
            BenchDatabase::Postgres => {
                let server = SERVER.get_or_init(|| Mutex::new(PostgresServer::start(DiskSync::Waited)));
                server.lock().expect("lock should not be poisoned").database()
            }
        };
        Self(StoreLocation::parse(&address).expect("address should be valid"))
    }

    async fn open(self) -> Store {
        let opened = Store::open(self.0, StoreAccess::Write, WaitMode::Async).await;
        opened.expect("store should open").expect("store should be created")
    }
}

/// Writes the journal lines of one zone's tables, in the order of an apply.
async fn apply(store: Store, run: RunId, zone: usize, rows: usize, numbers: Arc<Mutex<u64>>) {
    // Number and line must reach the queue together, as in an apply.
    let append = |table, phase| {
        let mut number = numbers.lock().expect("lock should not be poisoned");
        *number += 1;
        store.append(line(run, *number, zone, table, phase))
    };
    for table in 0..TABLES {
        let changes: Arc<[AppliedChange]> = (0..rows).map(|row| change(table, row)).collect();
        append(table, WritePhase::Intent { changes: changes.clone() })
            .wait_until_durable()
            .await
            .expect("line should be stored");
        let _ = append(table, WritePhase::Sent);
        let _ = append(table, WritePhase::Responded { answer: WriteResponse::Accepted });
        let found = changes.iter().map(|done| (done.identity(), known(done)));
        let learned = AppliedStateUpdate {
            key: vec!["code".into()],
            found: found.collect(),
            ..AppliedStateUpdate::default()
        };
        append(table, WritePhase::Verified { changes, learned })
            .wait_until_durable()
            .await
            .expect("line should be stored");
    }
}

async fn adopt(store: &Store, zones: BenchZones) {
    let lessons = (0..120).flat_map(move |zone| {
        // Texts contain the table number, so another number gives other texts.
        let own = match zones {
            BenchZones::Alike => 0,
            BenchZones::Unlike => zone * TABLES,
        };
        (0..TABLES).map(move |table| CollectionStateUpdate {
            zone: code(zone).as_str().into(),
            collection: collection(table),
            learned: AppliedStateUpdate {
                accepted_rows: None,
                key: vec!["code".into()],
                found: (0..100)
                    .map(|row| change(own + table, row))
                    .map(|done| (done.identity(), known(&done)))
                    .collect(),
                forgotten: Vec::new(),
            },
            created: BTreeSet::new(),
        })
    });
    store.learn(scope(), lessons.collect()).await.expect("applied state should be stored");
}

/// Creates a history of a million changes: 417 in each of 20 tables and 120 zones, by twenty runs.
fn long_history(on: BenchDatabase, runtime: &Runtime) -> Store {
    static STORES: Mutex<Vec<(BenchDatabase, Store)>> = Mutex::new(Vec::new());
    let mut stores = STORES.lock().expect("lock should not be poisoned");
    if let Some((_, store)) = stores.iter().find(|(there, _)| *there == on) {
        return store.clone();
    }
    let store = runtime.block_on(async {
        let store = TemporaryDirectory::new(on).open().await;
        for _ in 0..20 {
            let run = store.begin(new_run()).await.expect("run should start");
            let mut last = None;
            for step in 0..120 * TABLES {
                let changes = (0..21).map(|row| change(step % TABLES, row)).collect();
                let strays = Vec::new();
                let phase = WritePhase::Unverified { changes, unexpected_differences: strays };
                last = Some(store.append(line(run, step as u64 + 1, step / TABLES, step % TABLES, phase)));
            }
            last.expect("steps should exist").wait_until_durable().await.expect("line should be stored");
        }
        store
    });
    stores.push((on, store.clone()));
    store
}

fn scope() -> StoreScope {
    StoreScope { network: "bench".into(), environment: "".into() }
}

fn code(zone: usize) -> String {
    format!("01BENCH_{zone:03}")
}

fn collection(table: usize) -> CollectionId {
    CollectionId::with_code("CodeTable", &format!("Table{table}"))
}

fn line(run: RunId, number: u64, zone: usize, table: usize, phase: WritePhase) -> StoredJournalEntry {
    let entry =
        JournalEntry { zone: code(zone).as_str().into(), collection: collection(table), phase, image: None };
    StoredJournalEntry { scope: scope(), run, number, at: "2026-01-01T00:00:01Z".to_owned(), entry }
}

/// Returns a change of a code table row.
fn change(table: usize, row: usize) -> AppliedChange {
    let (key, before, after) = (
        format!("ROW_{row:05}"),
        "What it was".to_owned(),
        format!("What people see of row {row} in table {table}"),
    );
    let record = |text: &str| {
        [
            ("code".into(), FieldValue::from_text(&key)),
            ("default".into(), FieldValue::Bool(false)),
            ("description".into(), FieldValue::from_text(text)),
            ("enabled".into(), FieldValue::Bool(true)),
        ]
    };
    let setting = AppliedField {
        field: "description".into(),
        name: "description".into(),
        before: Some(FieldValue::from_text(&before)),
        after: FieldValue::from_text(&after),
    };
    AppliedChange {
        action: ChangeAction::Update,
        key: vec![("code".into(), FieldValue::from_text(&key))],
        before: record(&before).into(),
        field_changes: vec![setting],
        manifest: format!("CodeTable/table-{table}").into(),
        declared_at: format!("{table:03}.yaml:{}:7", row + 8),
        reason: None,
    }
}

fn known(done: &AppliedChange) -> AppliedRecord {
    let mut holds = done.before.clone();
    holds.extend(done.field_changes.iter().map(|edit| (edit.field.clone(), edit.after.clone())));
    AppliedRecord { holds: Some(holds), maker: ManagementOrigin::Adopted, manifest: done.manifest.clone() }
}

fn new_run() -> NewRun {
    let run = Run {
        id: RunId(0),
        operation: RunOperation::Apply,
        network: "bench".to_owned(),
        environment: None,
        selection: None,
        shard: None,
        group: None,
        plan: ContentDigest::default(),
        author: RunAuthor::default(),
        host: RunHost::default(),
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        ended_at: None,
        state: RunState::Running,
        exit_codes: Vec::new(),
        reverts: None,
        zones: Vec::new(),
    };
    NewRun { run, plan: RunDocument::new("{}") }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("runtime should start")
}

/// Returns the processor time of this process in milliseconds, for all threads.
fn processor() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_the_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks =
        behind_the_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    ticks.sum::<u64>() * 10
}

/// Figures that divan does not measure.
static FIGURES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Prints the figures and the peak memory of the process. For a single benchmark's peak, run only that
/// benchmark.
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn print_figures() {
    for figure in FIGURES.lock().expect("lock should not be poisoned").iter() {
        println!("{figure}");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:")) {
        println!("highest resident memory of the whole run: {}", line.trim_start_matches("VmHWM:").trim());
    }
}

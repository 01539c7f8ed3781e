//! Time between the last reading of a table and its write, during which apply could overwrite an edit.
//!
//! No PUT rests on a reading older than a second, whatever delays the PUT.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};
use zonal::apply::{ApplyJournal, ZoneLockout};
use zonal::emulator::{EditTrigger, EmulatorConfig, EmulatorControl, EmulatorTransport, LibrarianEdit};
use zonal::model::{ApplyEvent, JournalEntry, WritePhase, ZoneCode, ZoneFailure};
use zonal::provider::transport::{Transport, TransportFuture};

use crate::case_runner::{CaseNetwork, CommandOutput, case, paused};
use crate::concurrent_edits::row_edit;
use crate::generated_networks::GeneratedScenario;
use crate::simulated_network::{SimulatedNetwork, source, trouble};

const TABLES: [&str; 7] = [
    "UserBlockDescription",
    "UserGroups",
    "ItemPolicy",
    "RequestCancellationReasons",
    "JobTitles",
    "NoteTypes",
    "UserBlockTypes",
];
const ZONE: &str = "01OMNI_ALPHA";
/// Maximum age of a reading before its PUT, with the precision of timers.
pub const LAW: Duration = Duration::from_millis(1_010);

fn manifest(table: &str) -> String {
    format!(
        "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {{name: {}}}\nspec:\n  table: {table}\n  \
         rows: [{{code: ZONAL_NEW, description: New}}]\n",
        table.to_lowercase()
    )
}

/// Returns an edit that adds a row without an owner.
fn edit(table: &str, code: &str) -> LibrarianEdit {
    row_edit(ZONE, table, code, "Added by a librarian", EditTrigger::Now)
}

/// Transport that rejects some PUTs as too fast, and edits the table right after the rejection.
#[derive(Clone)]
struct ThrottlingTransport {
    inner: EmulatorTransport,
    control: EmulatorControl,
    state: Arc<Mutex<ThrottlingState>>,
}

#[derive(Default)]
struct ThrottlingState {
    /// PUTs to reject, and the seconds of their header `Retry-After`.
    rejections: Vec<(usize, u32)>,
    puts: usize,
    log: Vec<Exchange>,
}

/// Request and its response.
struct Exchange {
    is_put: bool,
    table: String,
    sent: Instant,
    answered: Instant,
}

impl ThrottlingTransport {
    fn new(stage: &CaseNetwork, rejections: &[(usize, u32)]) -> Self {
        let state = ThrottlingState { rejections: rejections.to_vec(), ..ThrottlingState::default() };
        let (inner, control) = (stage.emulator.transport(), stage.emulator.control());
        Self { inner, control, state: Arc::new(Mutex::new(state)) }
    }

    /// Returns the ages of the readings at their PUTs, rejected PUTs included.
    fn ages(&self) -> Vec<Duration> {
        let state = self.state.lock().expect("lock");
        let puts = state.log.iter().filter(|exchange| exchange.is_put);
        puts.map(|put| {
            let is_reading =
                |get: &&Exchange| !get.is_put && get.table == put.table && get.answered <= put.sent;
            let read_at = state.log.iter().filter(is_reading).map(|get| get.answered).max();
            put.sent - read_at.expect("the table should be read before the PUT")
        })
        .collect()
    }
}

impl Transport for ThrottlingTransport {
    fn send(&self, request: http::Request<Bytes>) -> TransportFuture<'_> {
        Box::pin(async move {
            let table = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            let (is_put, sent) = (request.method() == http::Method::PUT, Instant::now());
            let rejection = {
                let mut state = self.state.lock().expect("lock");
                state.puts += usize::from(is_put);
                let puts = state.puts;
                state.rejections.iter().find(|(at, _)| is_put && *at == puts).copied()
            };
            let response = match rejection {
                Some((at, seconds)) => {
                    self.control.edit(edit(&table, &format!("LOCAL_{at}"))).expect("table should exist");
                    let body = r#"{"errorsExist":true,"errorList":{"error":[{"errorCode":"PER_SECOND_THRESHOLD"}]}}"#;
                    let response = http::Response::builder().status(429).header("retry-after", seconds);
                    Ok(response.body(Bytes::from(body)).expect("response"))
                }
                None => self.inner.send(request).await,
            };
            let answered = Instant::now();
            self.state.lock().expect("lock").log.push(Exchange { is_put, table, sent, answered });
            response
        })
    }
}

/// Applies to one zone with seven tables, and returns the requests and the output.
async fn apply_throttled(
    rejections: &[(usize, u32)],
    rate: u32,
) -> (CaseNetwork, ThrottlingTransport, CommandOutput) {
    let mut stage = CaseNetwork::new(&case("network-blocks"));
    stage.edit("network.yaml", "perSecond: 20", &format!("perSecond: {rate}"));
    std::fs::remove_file(stage.directory().join("network-blocks.yaml")).expect("case should have the file");
    for table in TABLES {
        std::fs::write(stage.directory().join(format!("{table}.yaml")), manifest(table))
            .expect("file should be writable");
    }
    let transport = ThrottlingTransport::new(&stage, rejections);
    stage.transport = Arc::new(transport.clone());
    let command = format!("zonal apply --yes --zone {ZONE}");
    let output = stage.output(&command).await;
    (stage, transport, output)
}

#[test]
fn edit_during_a_throttled_write_is_kept() {
    paused(async {
        for rejections in [&[(1, 5)][..], &[(1, 30), (2, 30), (3, 30)], &[(2, 5), (5, 5), (6, 1)]] {
            let (stage, transport, output) = apply_throttled(rejections, 20).await;
            assert_eq!(output.code, 0, "{}{}", output.out, output.err);
            let rows = |table: &str| {
                let table = stage.emulator.control().code_table(ZONE, table).expect("table should exist");
                table.rows[""].iter().map(|row| row.code.clone()).collect::<Vec<_>>()
            };
            let all: Vec<String> = TABLES.iter().flat_map(|table| rows(table)).collect();
            for (at, _) in rejections {
                assert!(all.contains(&format!("LOCAL_{at}")), "edit {at} is lost: {all:?}");
            }
            assert_eq!(all.iter().filter(|code| *code == "ZONAL_NEW").count(), TABLES.len());
            let oldest = transport.ages().into_iter().max().expect("PUTs");
            assert!(oldest <= LAW, "a PUT rests on a reading of {oldest:?} before");
        }
    });
}

#[test]
fn rate_of_one_request_per_second_leaves_no_old_reading() {
    paused(async {
        for rate in [1, 2, 5] {
            let (_, transport, output) = apply_throttled(&[], rate).await;
            assert_eq!(output.code, 0, "{}{}", output.out, output.err);
            let oldest = transport.ages().into_iter().max().expect("PUTs");
            assert!(oldest <= LAW, "rate {rate}: a PUT rests on a reading of {oldest:?} before");
        }
    });
}

#[test]
fn write_that_is_always_throttled_fails_alone() {
    paused(async {
        let rejections: Vec<(usize, u32)> = (1..=200).map(|at| (at, 1)).collect();
        let (_, transport, output) = apply_throttled(&rejections, 20).await;
        assert_eq!(output.code, 3, "{}{}", output.out, output.err);
        assert!(transport.ages().iter().all(|age| *age <= LAW));
    });
}

/// Journal that keeps the sender waiting, while a librarian edits the table.
struct SlowJournal {
    control: EmulatorControl,
    waits: Mutex<Vec<Duration>>,
}

impl ApplyJournal for SlowJournal {
    async fn acquire_lease(&self, _: &ZoneCode, _: &(dyn Fn(ApplyEvent) + Sync)) -> Result<(), ZoneLockout> {
        Ok(())
    }

    async fn release_lease(&self, _: &ZoneCode) {}

    async fn append(&self, entry: JournalEntry) -> Result<(), ZoneFailure> {
        let wait = match entry.phase {
            WritePhase::Sent => self.waits.lock().expect("lock").pop(),
            _ => None,
        };
        if let Some(wait) = wait {
            self.control.edit(edit(TABLES[0], "LOCAL")).expect("table should exist");
            sleep(wait).await;
        }
        Ok(())
    }
}

/// Applies one table with a store that does not answer for these times.
async fn apply_with_slow_store(waits: &[u64]) -> (Vec<String>, Vec<String>) {
    let network = format!(
        "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: n}}\nspec:\n  region: ca\n  \
         credentials: {{read: {{env: R}}, write: {{env: W}}}}\n  networkZone: {{code: 01N, name: N}}\n  \
         members: [{{code: {ZONE}, name: A}}]\n"
    );
    let sources = [source("network.yaml", network), source("t.yaml", manifest(TABLES[0]))];
    let empty = GeneratedScenario { zones: Vec::new(), manifests: Vec::new() };
    let stage = SimulatedNetwork::of(&empty, &sources, EmulatorConfig::default());
    let plan = stage.plan().await;
    let waits = Mutex::new(waits.iter().rev().map(|wait| Duration::from_secs(*wait)).collect());
    let journal = SlowJournal { control: stage.control(), waits };
    let report = stage.carry_out(&stage.desired, &plan, &journal, &|_| {}).await;
    let table = stage.control().code_table(ZONE, TABLES[0]).expect("table should exist");
    let codes = table.rows[""].iter().map(|row| row.code.clone());
    (codes.filter(|code| code.starts_with("LOCAL") || code == "ZONAL_NEW").collect(), trouble(&report))
}

#[test]
fn edit_while_the_store_is_locked_is_kept() {
    paused(async {
        let (rows, trouble) = apply_with_slow_store(&[10]).await;
        assert_eq!(trouble, [""; 0]);
        assert_eq!(rows, ["LOCAL", "ZONAL_NEW"]);
    });
}

#[test]
fn write_fails_with_its_cause_after_four_old_readings() {
    paused(async {
        let (rows, trouble) = apply_with_slow_store(&[10, 5, 5, 7, 9]).await;
        assert_eq!(rows, ["LOCAL"]);
        let [line] = &trouble[..] else { panic!("{trouble:?}") };
        assert!(line.contains("the last one waited 7.0 s for the store"), "{line}");
    });
}

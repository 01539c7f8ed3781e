//! Kills a process that writes to the store: stored lines survive.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rstest::rstest;
use zonal::model::RunId;
use zonal::store::{HistoryFilter, Store, StoreAccess, StoreLocation, WaitMode};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, append, entries, new_run, scope, set, told, verified};

/// Environment variable with the store's address; tells the child process to write until killed.
const WRITE_TO: &str = "ZONAL_TEST_WRITES_TO";

#[tokio::test]
async fn writing_until_killed() {
    let Ok(address) = std::env::var(WRITE_TO) else { return };
    let location = StoreLocation::parse(&address).expect("address should be valid");
    let opened = Store::open(location, StoreAccess::Write, WaitMode::Async).await;
    let store = opened.expect("store should open").expect("store should be created");
    let run = store.begin(new_run()).await.expect("run should start");
    use std::io::Write as _;
    for number in 1.. {
        let changes = (0..3).map(|row| set(&format!("{run}-{number}-{row}"), "1", "2")).collect();
        append(&store, verified(run, number, "ALPHA", changes)).await;
        // Writes directly to stdout, because the test harness buffers `println!`.
        let mut out = std::io::stdout();
        writeln!(out, "kept {} {number}", run.0).and_then(|()| out.flush()).expect("reader should exist");
    }
}

#[rstest]
#[tokio::test]
async fn stored_lines_survive_a_kill(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let program = std::env::current_exe().expect("program should have a path");
    let mut written = 0;
    for after in [0, 1, 3, 7, 20, 45, 80, 150] {
        let mut writer = Command::new(&program)
            .args(["--exact", "store_crash::writing_until_killed", "--nocapture"])
            .env(WRITE_TO, &place.address)
            .stdout(Stdio::piped())
            .spawn()
            .expect("process should start");
        let mut lines = BufReader::new(writer.stdout.take().expect("stream should be a pipe")).lines();
        let kept = |line: std::io::Result<String>| {
            let line = line.ok()?;
            let mut words = line.strip_prefix("kept ")?.split(' ').map(|word| word.parse::<u64>());
            Some((words.next()?.ok()?, words.next()?.ok()?))
        };
        let first = lines.by_ref().find_map(kept).expect("process should write");
        let reading = std::thread::spawn(move || lines.filter_map(kept).last());
        std::thread::sleep(Duration::from_millis(after));
        // On Unix this sends SIGKILL.
        writer.kill().and_then(|()| writer.wait()).expect("process should be killed");
        let (run, number) = reading.join().expect("reader should end").unwrap_or(first);
        written += number;

        let store = place.open().await;
        let lines = store.last_line(RunId(run)).await.expect("should answer");
        assert!(lines >= number, "{run} stored {number} lines, but {lines} remain");
        let there = told(&store, HistoryFilter::Run(RunId(run))).await;
        assert_eq!(
            there.first(),
            Some(&format!("ALPHA/CodeTable/T/run-{run}-{lines}-2")),
            "no line should be stored in part"
        );
        let all = entries(&store).await;
        let of_all = usize::try_from(all).expect("number should fit");
        let ledger = store.ledger(scope()).await.expect("should answer");
        let known: usize = ledger.zones.values().flatten().map(|(_, records)| records.entries.len()).sum();
        assert_eq!(known, of_all, "the applied state should cover the whole history");
        store.close().await;
    }
    assert!(written > 8, "the kills should interrupt the writing");
}

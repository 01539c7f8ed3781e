//! A process that writes to the store is killed at any moment: what it was told is kept is kept.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rstest::rstest;
use zonal::model::RunId;
use zonal::store::{HistoryFilter, Store, StoreAccess, StoreLocation, WaitMode};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, entries, new_run, scope, set, told, verified};

/// Tells this very program, started once more, that it is to write until it is killed, and where.
const WRITE_TO: &str = "ZONAL_TEST_WRITES_TO";

#[tokio::test]
async fn writing_until_killed() {
    let Ok(address) = std::env::var(WRITE_TO) else { return };
    let location = StoreLocation::parse(&address).expect("an address");
    let opened = Store::open(location, StoreAccess::Write, WaitMode::Async).await;
    let store = opened.expect("it can be opened").expect("it is made");
    let run = store.begin(new_run()).await.expect("a run begins");
    use std::io::Write as _;
    for number in 1.. {
        let changes = (0..3).map(|row| set(&format!("{run}-{number}-{row}"), "1", "2")).collect();
        store
            .append(verified(run, number, "ALPHA", changes))
            .wait_until_durable()
            .await
            .expect("the line is kept");
        // Past the harness, which would hold it back.
        let mut out = std::io::stdout();
        writeln!(out, "kept {} {number}", run.0).and_then(|()| out.flush()).expect("somebody listens");
    }
}

#[rstest]
#[tokio::test]
async fn whatever_was_kept_is_there_after_a_kill(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let program = std::env::current_exe().expect("this program has a file");
    let mut written = 0;
    for after in [0, 1, 3, 7, 20, 45, 80, 150] {
        let mut writer = Command::new(&program)
            .args(["--exact", "store_crashes::writing_until_killed", "--nocapture"])
            .env(WRITE_TO, &place.address)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        let mut lines = BufReader::new(writer.stdout.take().expect("it is a pipe")).lines();
        let kept = |line: std::io::Result<String>| {
            let line = line.ok()?;
            let mut words = line.strip_prefix("kept ")?.split(' ').map(|word| word.parse::<u64>());
            Some((words.next()?.ok()?, words.next()?.ok()?))
        };
        let first = lines.by_ref().find_map(kept).expect("it gets as far as writing");
        let reading = std::thread::spawn(move || lines.filter_map(kept).last());
        std::thread::sleep(Duration::from_millis(after));
        // On Unix this is `kill -9`.
        writer.kill().and_then(|()| writer.wait()).expect("it can be killed");
        let (run, number) = reading.join().expect("it reads to the end").unwrap_or(first);
        written += number;

        let store = place.open().await;
        let lines = store.open_steps(RunId(run)).await.expect("it answers").1;
        assert!(lines >= number, "{run} kept {number} lines, and {lines} are there");
        let there = told(&store, HistoryFilter::Run(RunId(run))).await;
        assert_eq!(
            there.first(),
            Some(&format!("ALPHA/CodeTable/T/run-{run}-{lines}-2")),
            "none is there by half"
        );
        let all = entries(&store).await;
        let of_all = usize::try_from(all).expect("they are few");
        let ledger = store.ledger(scope()).await.expect("it answers");
        let known: usize = ledger.zones.values().flatten().map(|(_, records)| records.entries.len()).sum();
        assert_eq!(known, of_all, "the ledger knows all that is in the history");
        store.close().await;
    }
    assert!(written > 8, "the kills fell into the middle of the writing");
}

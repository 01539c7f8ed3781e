//! Two processes on one store: concurrent in different zones, one after the other in the same zone.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;
use zonal::model::RunState;

use super::request_gate::PauseSide;
use super::sandbox::{ProcessSandbox, ended, signal};
use super::{TABLES, running};
use crate::postgres_server::database;

async fn in_different_zones_side_by_side(store: Option<String>) {
    let place = ProcessSandbox::on(TABLES, store).await;
    place.gate.hold_write(PauseSide::Before);
    let first = place.start("apply --yes --zone 01D_A");
    place.gate.held().await;
    // The second process ends while the first is in the middle of a write.
    let second = place.expect("apply --yes --zone 01D_B", 0).await;
    assert!(!second.err.contains("waiting"), "{}", second.err);
    place.gate.free();
    let first = ended(first).await;
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    let plan = place.expect("plan --detailed-exitcode", 0).await;
    assert!(plan.out.contains("No changes."), "{}", plan.out);
}

async fn in_the_same_zone_one_after_the_other(store: Option<String>) {
    let place = ProcessSandbox::on(TABLES, store).await;
    place.gate.hold_write(PauseSide::Before);
    let first = place.start("apply --yes --zone 01D_B");
    place.gate.held().await;
    let mut second = place.start("apply --yes --zone 01D_B");
    waits_for_run_1(&mut second).await;
    let third = place.expect("apply --yes --no-wait --zone 01D_B", 4).await;
    assert!(third.out.contains("because run-1 on"), "{}", third.out);
    let json = place.expect("apply --yes --json --no-wait --zone 01D_B", 4).await;
    assert!(json.out.contains(r#""reason":"lease_held""#), "{}", json.out);
    place.gate.free();
    let first = ended(first).await;
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    let second = ended(second).await;
    assert_eq!(second.code, Some(0), "{}{}", second.out, second.err);
    assert!(second.out.contains("Records: 0 added, 0 changed, 0 destroyed."), "{}", second.out);
    assert_eq!(place.gate.written().into_values().sum::<usize>(), 1);
}

/// Reads the output of a process until the process waits for run-1.
async fn waits_for_run_1(child: &mut Child) {
    let mut lines = BufReader::new(child.stderr.take().expect("stream should be a pipe")).lines();
    let waiting = async {
        while let Some(line) = lines.next_line().await.expect("should be readable") {
            if line.contains("01D_B: waiting for the lease of run-1 on ") {
                return;
            }
        }
        panic!("the process did not wait");
    };
    timeout(Duration::from_secs(30), waiting).await.expect("process should wait soon");
    // Reads the rest, because a full pipe would block the process.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
}

#[test]
fn two_runs_write_to_different_zones_concurrently() {
    for store in [None, Some(database())] {
        running(in_different_zones_side_by_side(store));
    }
}

#[test]
fn run_waits_for_or_skips_a_leased_zone() {
    for store in [None, Some(database())] {
        running(in_the_same_zone_one_after_the_other(store));
    }
}

#[test]
fn waiting_run_continues_once_the_other_is_killed() {
    running(async {
        for side in [PauseSide::Before, PauseSide::After] {
            let place = ProcessSandbox::new(TABLES).await;
            // The read before the write pauses, so the second run plans the same changes.
            place.gate.hold_write(PauseSide::Before);
            let mut first = place.start("apply --yes --zone 01D_B");
            place.gate.held().await;
            let mut second = place.start("apply --yes --zone 01D_B");
            waits_for_run_1(&mut second).await;
            if side == PauseSide::After {
                place.gate.free();
                while place.gate.written().is_empty() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            first.start_kill().expect("process should be killed");
            first.wait().await.expect("should end");
            let second =
                timeout(Duration::from_secs(10), ended(second)).await.expect("process should end in time");
            assert_eq!(second.code, Some(0), "{}", second.out);
            assert_eq!(place.gate.written().into_values().sum::<usize>(), 1, "{side:?}");
            assert_eq!(place.history().await.len(), 1, "{side:?}");
            assert_eq!(place.states().await, [RunState::Ended, RunState::Ended], "{side:?}");
        }
    });
}

#[test]
fn run_with_expired_lease_sends_nothing_after_pause() {
    running(async {
        let rehearsed = ProcessSandbox::new(TABLES).await;
        rehearsed.expect("apply --yes --zone 01D_B", 0).await;
        let place = ProcessSandbox::new(TABLES).await;
        // Read of the table before its write.
        place.gate.hold(rehearsed.first_write() - 1, PauseSide::After);
        let first = place.start("apply --yes --zone 01D_B");
        place.gate.held().await;
        signal(&first, "-STOP");
        place.sql("UPDATE leases SET expires = 0").await;
        place.expect("apply --yes --zone 01D_B", 0).await;
        place.gate.free();
        // Time for which a run trusts its lease.
        tokio::time::sleep(Duration::from_secs(6)).await;
        signal(&first, "-CONT");
        let first = ended(first).await;
        assert_eq!(first.code, Some(3), "{}{}", first.out, first.err);
        assert!(
            first.out.contains("the lease of this run expired and another run acquired"),
            "{}{}",
            first.out,
            first.err
        );
        assert_eq!(place.gate.written().into_values().sum::<usize>(), 1);
        assert_eq!(place.history().await.len(), 1);
        let plan = place.expect("plan --detailed-exitcode", 2).await;
        assert!(!plan.out.contains("01D_B"), "{}", plan.out);
    });
}

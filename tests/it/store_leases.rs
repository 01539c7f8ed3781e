//! Leases: only one run at a time writes to a zone, and every lease expires.

use std::time::Duration;

use rstest::rstest;
use zonal::model::{Run, RunId, RunState};
use zonal::store::{LeaseResult, Store};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, new_run, scope, set, verified};

async fn lease(store: &Store, run: RunId) -> LeaseResult {
    store.lease(scope(), "ALPHA".into(), run, format!("host/{run}")).await.expect("should answer")
}

/// Returns the holder of a refused lease, and whether its remaining time is plausible.
fn holder(turn: LeaseResult) -> Option<(RunId, String, bool)> {
    match turn {
        LeaseResult::Ours => None,
        LeaseResult::Theirs(holder) => Some((holder.run, holder.at, holder.ends_in <= 30)),
    }
}

#[rstest]
#[tokio::test]
async fn lease_belongs_to_one_run_until_it_ends(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let (one, other) = (place.open().await, place.open().await);
    let first = one.begin(new_run()).await.expect("run should start");
    let second = other.begin(new_run()).await.expect("run should start");
    assert_eq!(lease(&one, first).await, LeaseResult::Ours);
    assert_eq!(lease(&one, first).await, LeaseResult::Ours, "a second request should change nothing");
    let told = Some((first, "host/run-1".to_owned(), true));
    assert_eq!(holder(lease(&other, second).await), told);

    other.let_go(scope(), "ALPHA".into(), second).await.expect("should answer");
    assert_eq!(holder(lease(&other, second).await), told, "a run cannot release another lease");
    one.let_go(scope(), "ALPHA".into(), first).await.expect("should answer");
    assert_eq!(lease(&other, second).await, LeaseResult::Ours);

    // The second process is killed, and half a minute passes.
    drop(other);
    place.sql("UPDATE leases SET expires = expires - 31").await;
    assert_eq!(lease(&one, first).await, LeaseResult::Ours);
}

#[rstest]
#[tokio::test]
async fn lost_lease_does_no_harm(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let (first, second) = (
        store.begin(new_run()).await.expect("run should start"),
        store.begin(new_run()).await.expect("run should start"),
    );
    assert_eq!(lease(&store, first).await, LeaseResult::Ours);
    place.sql("UPDATE leases SET expires = 0").await;
    assert_eq!(lease(&store, second).await, LeaseResult::Ours);
    let line = verified(first, 1, "ALPHA", vec![set("A", "1", "2")]);
    store.append(line).wait_until_durable().await.expect("line should be stored without a lease");
    let ended = Run { id: first, state: RunState::Ended, ..new_run().run };
    store.end(ended, None).await.expect("should end");
    assert_eq!(
        holder(lease(&store, first).await).map(|(run, ..)| run),
        Some(second),
        "the end of the run should not release the other lease"
    );
}

#[rstest]
#[tokio::test]
async fn heartbeat_renews_leases_until_the_run_ends(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let (place, store, run) = TestStoreLocation::with_run(on).await;
    for zone in ["ALPHA", "BETA"] {
        let turn = store.lease(scope(), zone.into(), run, "host/1".to_owned()).await;
        assert_eq!(turn, Ok(LeaseResult::Ours));
    }
    place.sql("UPDATE leases SET expires = 7; UPDATE runs SET last_heartbeat = 7").await;
    let mut waited = 0;
    while place.number("SELECT COUNT(*) FROM leases WHERE expires > 7").await < 2
        || place.number("SELECT COUNT(*) FROM runs WHERE last_heartbeat > 7").await < 1
    {
        waited += 1;
        assert!(waited < 120, "no heartbeat within twelve seconds");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ended = Run { id: run, state: RunState::Ended, ..new_run().run };
    store.end(ended, None).await.expect("should end");
    assert_eq!(place.number("SELECT COUNT(*) FROM leases").await, 0, "all leases should be released");
}

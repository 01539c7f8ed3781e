//! Leases: one run at a time writes to a zone, and none is kept out for good.

use std::time::Duration;

use rstest::rstest;
use zonal::model::{Run, RunId, RunState};
use zonal::store::{LeaseResult, Store};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, new_run, scope, set, verified};

async fn lease(store: &Store, run: RunId) -> LeaseResult {
    store.lease(scope(), "ALPHA".into(), run, format!("host/{run}")).await.expect("it answers")
}

/// Who is told to have the turn instead, and whether the time that is left makes sense.
fn holder(turn: LeaseResult) -> Option<(RunId, String, bool)> {
    match turn {
        LeaseResult::Ours => None,
        LeaseResult::Theirs(holder) => Some((holder.run, holder.at, holder.ends_in <= 30)),
    }
}

#[rstest]
#[tokio::test]
async fn a_zone_is_one_run_s_until_it_lets_go_or_falls_silent(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let (one, other) = (place.open().await, place.open().await);
    let first = one.begin(new_run()).await.expect("a run begins");
    let second = other.begin(new_run()).await.expect("a run begins");
    assert_eq!(lease(&one, first).await, LeaseResult::Ours);
    assert_eq!(lease(&one, first).await, LeaseResult::Ours, "asking again does no harm");
    let told = Some((first, "host/run-1".to_owned(), true));
    assert_eq!(holder(lease(&other, second).await), told);

    other.let_go(scope(), "ALPHA".into(), second).await.expect("it answers");
    assert_eq!(holder(lease(&other, second).await), told, "nobody lets go of what is another's");
    one.let_go(scope(), "ALPHA".into(), first).await.expect("it answers");
    assert_eq!(lease(&other, second).await, LeaseResult::Ours);

    // The second one is killed, and half a minute passes.
    drop(other);
    place.sql("UPDATE leases SET expires = expires - 31").await;
    assert_eq!(lease(&one, first).await, LeaseResult::Ours);
}

#[rstest]
#[tokio::test]
async fn a_lost_lease_does_no_harm(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let (first, second) = (
        store.begin(new_run()).await.expect("a run begins"),
        store.begin(new_run()).await.expect("a run begins"),
    );
    assert_eq!(lease(&store, first).await, LeaseResult::Ours);
    place.sql("UPDATE leases SET expires = 0").await;
    assert_eq!(lease(&store, second).await, LeaseResult::Ours);
    let line = verified(first, 1, "ALPHA", vec![set("A", "1", "2")]);
    store.append(line).wait_until_durable().await.expect("what was done is written down, lease or not");
    let ended = Run { id: first, state: RunState::Ended, ..new_run().run };
    store.end(ended, "{}".to_owned()).await.expect("it ends");
    assert_eq!(
        holder(lease(&store, first).await).map(|(run, ..)| run),
        Some(second),
        "it took nothing along"
    );
}

#[rstest]
#[tokio::test]
async fn a_heartbeat_renews_the_leases_of_a_run_until_it_ends(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let run = store.begin(new_run()).await.expect("a run begins");
    for zone in ["ALPHA", "BETA"] {
        let turn = store.lease(scope(), zone.into(), run, "host/1".to_owned()).await;
        assert_eq!(turn, Ok(LeaseResult::Ours));
    }
    place.sql("UPDATE leases SET expires = 7; UPDATE runs SET heard = 7").await;
    let mut waited = 0;
    while place.number("SELECT COUNT(*) FROM leases WHERE expires > 7").await < 2 {
        waited += 1;
        assert!(waited < 120, "no heartbeat in twelve seconds");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(place.number("SELECT COUNT(*) FROM runs WHERE heard > 7").await, 1);
    let ended = Run { id: run, state: RunState::Ended, ..new_run().run };
    store.end(ended, "{}".to_owned()).await.expect("it ends");
    assert_eq!(place.number("SELECT COUNT(*) FROM leases").await, 0, "all of them are let go");
}

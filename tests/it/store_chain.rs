//! Hash chain of the history: detects every changed, inserted or removed entry.

use rstest::rstest;
use zonal::store::{ChainCheck, StoreErrorType};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, entries, new_run, set, verified};

/// Creates a history of five entries.
async fn five(on: TestDatabase) -> TestStoreLocation {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let run = store.begin(new_run()).await.expect("run should start");
    for number in 1..=5 {
        let line = verified(run, number, "ALPHA", vec![set(&format!("R{number}"), "1", "2")]);
        store.append(line).wait_until_durable().await.expect("line should be stored");
    }
    assert_eq!(entries(&store).await, 5);
    store.close().await;
    place
}

#[rstest]
#[case::a_body_was_changed("UPDATE history SET body = replace(body, '\"2\"', '\"3\"') WHERE number = 3", ChainCheck::Modified { number: 3 })]
#[case::the_proof_was_changed("UPDATE history SET verification = 'unverified' WHERE number = 1", ChainCheck::Modified { number: 1 })]
#[case::the_zone_was_changed("UPDATE history SET zone = 'BETA' WHERE number = 5", ChainCheck::Modified { number: 5 })]
#[case::the_record_was_changed("UPDATE history SET record = 'R1' WHERE number = 2", ChainCheck::Modified { number: 2 })]
#[case::the_time_was_changed("UPDATE history SET at = '2020-01-01T00:00:00Z' WHERE number = 2", ChainCheck::Modified { number: 2 })]
#[case::the_run_was_changed("UPDATE history SET run = 9 WHERE number = 2", ChainCheck::Modified { number: 2 })]
#[case::who_set_the_run_off_was_changed("UPDATE runs SET body = replace(body, '\"committer\":null', '\"committer\":\"Eve\"')", ChainCheck::Modified { number: 1 })]
#[case::the_commit_of_the_run_was_changed("UPDATE runs SET body = replace(body, '\"commit\":null', '\"commit\":\"abc\"')", ChainCheck::Modified { number: 1 })]
#[case::the_run_was_removed("DELETE FROM runs", ChainCheck::Modified { number: 1 })]
#[case::a_hash_was_changed("UPDATE history SET hash = replace(hash, 'a', 'b') WHERE number = 4", ChainCheck::Modified { number: 4 })]
#[case::one_in_the_middle_was_removed("DELETE FROM history WHERE number = 3", ChainCheck::Removed { number: 3 })]
#[case::the_first_one_was_removed("DELETE FROM history WHERE number = 1", ChainCheck::Removed { number: 1 })]
#[case::the_last_one_was_removed("DELETE FROM history WHERE number = 5", ChainCheck::Removed { number: 5 })]
#[case::all_were_removed("DELETE FROM history", ChainCheck::Removed { number: 1 })]
#[case::two_were_swapped("UPDATE history SET number = 12 WHERE number = 2; UPDATE history SET number = 2 WHERE number = 4; UPDATE history SET number = 4 WHERE number = 12", ChainCheck::Modified { number: 2 })]
#[case::one_was_removed_and_the_rest_moved_up("DELETE FROM history WHERE number = 2; UPDATE history SET number = number - 1 + 100 WHERE number > 2; UPDATE history SET number = number - 100 WHERE number > 100; UPDATE history_head SET number = 4", ChainCheck::Modified { number: 2 })]
#[case::one_was_put_at_the_end("INSERT INTO history SELECT 6, run, at, network, environment, zone, collection, record, body, verification, hash FROM history WHERE number = 5", ChainCheck::Modified { number: 6 })]
#[case::one_was_put_before_the_first("INSERT INTO history SELECT 0, run, at, network, environment, zone, collection, record, body, verification, hash FROM history WHERE number = 5", ChainCheck::Modified { number: 0 })]
#[case::the_end_was_set_back("UPDATE history_head SET number = 4, hash = (SELECT hash FROM history WHERE number = 4)", ChainCheck::Modified { number: 5 })]
#[case::the_end_was_set_to_nothing("UPDATE history_head SET number = 0, hash = ''", ChainCheck::Modified { number: 1 })]
#[case::the_end_has_another_hash("UPDATE history_head SET hash = (SELECT hash FROM history WHERE number = 4)", ChainCheck::Modified { number: 5 })]
#[case::the_end_was_moved_on("UPDATE history_head SET number = 6", ChainCheck::Removed { number: 6 })]
#[tokio::test]
async fn any_change_of_the_history_is_detected(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[case] deed: &str,
    #[case] found: ChainCheck,
) {
    let place = five(on).await;
    place.sql(deed).await;
    let store = place.open().await;
    assert_eq!(store.follow(&|_| {}).await, Ok(found));
}

#[rstest]
#[tokio::test]
async fn chain_without_head_is_corrupt(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = five(on).await;
    place.sql("DELETE FROM history_head").await;
    let store = place.open().await;
    let error = store.follow(&|_| {}).await.expect_err("chain without head should fail");
    assert_eq!(error.class, StoreErrorType::Damaged);
    assert_eq!(error.cause.to_string(), "the head of the history's hash chain is missing");
    let error = store.begin(new_run()).await.expect_err("append should fail");
    assert_eq!(error.class, StoreErrorType::Damaged);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn entries_added_during_verification_are_accepted(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = five(on).await;
    let (reader, writer) = (place.open().await, place.open().await);
    let run = writer.begin(new_run()).await.expect("run should start");
    let writing = tokio::spawn(async move {
        for number in 1..=100 {
            let line = verified(run, number, "BETA", vec![set("A", "1", "2")]);
            writer.append(line).wait_until_durable().await.expect("line should be stored");
        }
    });
    let mut seen = 0;
    while !writing.is_finished() {
        let now = entries(&reader).await;
        assert!(now >= seen, "the number of entries should not decrease");
        seen = now;
    }
    writing.await.expect("should end");
    assert_eq!(entries(&reader).await, 105);
}

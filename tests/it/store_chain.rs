//! Hash chain of the history: detects every changed, inserted or removed entry.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rstest::rstest;
use sqlx::{Connection as _, Row as _};
use zonal::model::{AppliedChange, WritePhase};
use zonal::store::{ChainCheck, HistoryFilter, StoreErrorType};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, append, entries, line, new_run, set, told, verified};

/// Creates a history of five entries.
async fn five(on: TestDatabase) -> TestStoreLocation {
    let (place, store, run) = TestStoreLocation::with_run(on).await;
    for number in 1..=5 {
        let line = verified(run, number, "ALPHA", vec![set(&format!("R{number}"), "1", "2")]);
        append(&store, line).await;
    }
    assert_eq!(entries(&store).await, 5);
    store.close().await;
    place
}

#[rstest]
#[case::the_proof_was_changed("UPDATE history_blocks SET verification = 'unverified' WHERE first_entry = 1", ChainCheck::Modified { number: 1 })]
#[case::the_zone_was_changed("UPDATE history_blocks SET zone = 'BETA' WHERE first_entry = 5", ChainCheck::Modified { number: 5 })]
#[case::the_time_was_changed("UPDATE history_blocks SET at = '2020-01-01T00:00:00Z' WHERE first_entry = 2", ChainCheck::Modified { number: 2 })]
#[case::the_run_was_changed("UPDATE history_blocks SET run = 9 WHERE first_entry = 2", ChainCheck::Modified { number: 2 })]
#[case::who_set_the_run_off_was_changed("UPDATE runs SET body = replace(body, '\"committer\":null', '\"committer\":\"Eve\"')", ChainCheck::Modified { number: 1 })]
#[case::the_commit_of_the_run_was_changed("UPDATE runs SET body = replace(body, '\"commit\":null', '\"commit\":\"abc\"')", ChainCheck::Modified { number: 1 })]
#[case::the_run_was_removed("DELETE FROM runs", ChainCheck::Modified { number: 1 })]
#[case::a_hash_was_changed("UPDATE history_blocks SET hashes = (SELECT hashes FROM history_blocks WHERE first_entry = 3) WHERE first_entry = 4", ChainCheck::Modified { number: 4 })]
#[case::the_changes_were_removed("DELETE FROM changes WHERE number = 3", ChainCheck::Modified { number: 3 })]
#[case::the_changes_are_damaged("UPDATE changes SET body = (SELECT hashes FROM history_blocks WHERE first_entry = 1) WHERE number = 3", ChainCheck::Modified { number: 3 })]
#[case::one_in_the_middle_was_removed("DELETE FROM history_blocks WHERE first_entry = 3", ChainCheck::Removed { number: 3 })]
#[case::the_first_one_was_removed("DELETE FROM history_blocks WHERE first_entry = 1", ChainCheck::Removed { number: 1 })]
#[case::the_last_one_was_removed("DELETE FROM history_blocks WHERE first_entry = 5", ChainCheck::Removed { number: 5 })]
#[case::all_were_removed("DELETE FROM history_blocks", ChainCheck::Removed { number: 1 })]
#[case::the_changes_of_two_were_swapped("UPDATE history_blocks SET changes = 6 - changes WHERE first_entry = 2 OR first_entry = 4", ChainCheck::Modified { number: 2 })]
#[case::two_were_swapped("UPDATE history_blocks SET first_entry = 12 WHERE first_entry = 2; UPDATE history_blocks SET first_entry = 2, last_entry = 2 WHERE first_entry = 4; UPDATE history_blocks SET first_entry = 4, last_entry = 4 WHERE first_entry = 12", ChainCheck::Modified { number: 2 })]
#[case::one_was_removed_and_the_rest_moved_up("DELETE FROM history_blocks WHERE first_entry = 2; UPDATE history_blocks SET first_entry = first_entry - 1 + 100 WHERE first_entry > 2; UPDATE history_blocks SET first_entry = first_entry - 100, last_entry = last_entry - 1 WHERE first_entry > 100; UPDATE history_head SET number = 4", ChainCheck::Modified { number: 2 })]
#[case::one_was_put_at_the_end("INSERT INTO history_blocks SELECT 6, 6, run, at, network, environment, zone, collection, verification, changes, hashes FROM history_blocks WHERE first_entry = 5", ChainCheck::Modified { number: 6 })]
#[case::one_was_put_before_the_first("INSERT INTO history_blocks SELECT 0, 0, run, at, network, environment, zone, collection, verification, changes, hashes FROM history_blocks WHERE first_entry = 5", ChainCheck::Modified { number: 0 })]
#[case::the_end_was_set_back("UPDATE history_head SET number = 4", ChainCheck::Modified { number: 5 })]
#[case::the_end_was_set_to_nothing("UPDATE history_head SET number = 0, hash = ''", ChainCheck::Modified { number: 1 })]
#[case::the_end_has_another_hash("UPDATE history_head SET hash = 'ab'", ChainCheck::Modified { number: 5 })]
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

/// Changes the text of stored changes.
async fn rewrite(place: &TestStoreLocation, number: i64, edit: impl Fn(&str) -> String) {
    let mut connection = place.connect().await;
    let row = sqlx::query("SELECT body FROM changes WHERE number = $1").bind(number);
    let row = row.fetch_one(&mut connection).await.expect("changes should exist");
    let body: Vec<u8> = row.try_get(0).expect("body should be bytes");
    let mut text = String::new();
    ZlibDecoder::new(&body[..]).read_to_string(&mut text).expect("body should be compressed text");
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(edit(&text).as_bytes()).expect("a vector accepts all bytes");
    let body = encoder.finish().expect("a vector accepts all bytes");
    let update = sqlx::query("UPDATE changes SET body = $1 WHERE number = $2").bind(body).bind(number);
    update.execute(&mut connection).await.expect("changes should be writable");
    connection.close().await.expect("connection should close");
}

#[rstest]
#[case::value(|text: &str| text.replacen("\"2\"", "\"3\"", 2).replacen("\"3\"", "\"2\"", 1), ChainCheck::Modified { number: 7 })]
#[case::first_line_removed(|text: &str| text.split_once('\n').unwrap_or_default().1.to_owned(), ChainCheck::Modified { number: 6 })]
#[case::last_line_removed(|text: &str| text.rsplit_once('\n').unwrap_or_default().0.to_owned(), ChainCheck::Modified { number: 8 })]
#[case::line_added(|text: &str| format!("{text}\n{}", text.lines().next().unwrap_or_default()), ChainCheck::Modified { number: 8 })]
#[case::no_json(|text: &str| text.replacen('{', "[", 1), ChainCheck::Modified { number: 6 })]
#[tokio::test]
async fn any_change_of_stored_changes_is_detected(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[case] edit: fn(&str) -> String,
    #[case] found: ChainCheck,
) {
    let place = five(on).await;
    let store = place.open().await;
    let changes = vec![set("R6", "1", "2"), set("R7", "1", "2"), set("R8", "1", "2")];
    let line = verified(zonal::model::RunId(1), 6, "ALPHA", changes);
    append(&store, line).await;
    assert_eq!(entries(&store).await, 8);
    store.close().await;
    rewrite(&place, 6, edit).await;
    assert_eq!(place.open().await.follow(&|_| {}).await, Ok(found));
}

#[rstest]
#[tokio::test]
async fn changes_that_equal_their_intent_stand_once(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let (place, store, run) = TestStoreLocation::with_run(on).await;
    let changes = vec![set("A", "1", "2"), set("B", "1", "2")];
    let write = async |number: u64, applied: Vec<AppliedChange>| {
        let intent = WritePhase::Intent { changes: changes.clone().into() };
        append(&store, line(run, number, "ALPHA", intent)).await;
        let done = verified(run, number + 1, "ALPHA", applied);
        append(&store, done).await;
    };
    write(1, changes.clone()).await;
    assert_eq!(place.number("SELECT COUNT(*) FROM changes").await, 1);
    // Only a part was applied.
    write(3, vec![set("A", "1", "2")]).await;
    assert_eq!(place.number("SELECT COUNT(*) FROM changes").await, 3);
    assert_eq!(entries(&store).await, 3);
    let record = HistoryFilter::Record("ALPHA".into(), "CodeTable/T".into(), "A".into());
    assert_eq!(told(&store, record).await, ["ALPHA/CodeTable/T/A", "ALPHA/CodeTable/T/A"]);
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
            append(&writer, line).await;
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

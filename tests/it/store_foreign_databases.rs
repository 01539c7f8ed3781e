//! Databases of another program or another version: rejected with an error, and not changed.

use std::path::Path;

use rstest::rstest;
use zonal::model::RunId;
use zonal::store::{Store, StoreAccess, StoreError, StoreErrorType, StoreLocation, WaitMode};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, append, entries, new_run, scope, set, verified};

fn refused(opened: Result<Option<Store>, StoreError>) -> (StoreErrorType, String) {
    let error = opened.expect_err("should be rejected");
    (error.class, error.cause.to_string())
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_processes_create_one_store(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let stores = futures::future::join_all((0..4).map(|_| place.open())).await;
    for (store, number) in stores.iter().zip(1..) {
        assert_eq!(store.begin(new_run()).await, Ok(RunId(number)), "run numbers should continue");
    }
    append(&stores[0], verified(RunId(1), 1, "ALPHA", vec![set("A", "1", "2")])).await;
    assert_eq!(entries(&stores[1]).await, 1);
}

#[rstest]
#[tokio::test]
async fn older_store_is_rejected_unchanged(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[values(StoreAccess::Read, StoreAccess::Write)] access: StoreAccess,
) {
    let place = TestStoreLocation::new(on);
    place.open().await.close().await;
    place.sql("DELETE FROM zonal_versions WHERE version > 3").await;
    place.sql("UPDATE zonal_versions SET version = 2").await;
    let before = std::fs::read(place.file()).ok();
    let (class, what) = refused(place.try_to_open(access).await);
    assert_eq!(class, StoreErrorType::Older);
    assert_eq!(what, "has version 2 of an older zonal, but this zonal supports version 6");
    assert_eq!(
        class.help(),
        "move the store away, or use another one with `--store` (a new store has no applied state)"
    );
    assert!(before == std::fs::read(place.file()).ok(), "the file should not change");
}

#[tokio::test]
async fn empty_file_is_rejected_by_every_access() {
    for access in [StoreAccess::Read, StoreAccess::Existing, StoreAccess::Write] {
        let place = TestStoreLocation::new(Sqlite);
        std::fs::write(place.file(), "").expect("file should be writable");
        let (class, what) = refused(place.try_to_open(access).await);
        assert_eq!(class, StoreErrorType::Damaged);
        assert!(what.starts_with("not a zonal store: the database is empty"), "{what}");
        assert_eq!(std::fs::read(place.file()).expect("file should exist").len(), 0);
    }
}

#[rstest]
#[tokio::test]
async fn newer_store_is_rejected_unchanged(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[values(StoreAccess::Read, StoreAccess::Write)] access: StoreAccess,
) {
    let place = TestStoreLocation::new(on);
    place.open().await.close().await;
    let checksum = if on == Sqlite { "x''" } else { "''" };
    place
        .sql(&format!(
            "INSERT INTO zonal_versions (version, description, success, checksum, execution_time)
             VALUES (9, 'what is to come', true, {checksum}, 0)"
        ))
        .await;
    let before = std::fs::read(place.file()).ok();
    let (class, what) = refused(place.try_to_open(access).await);
    assert_eq!(class, StoreErrorType::Newer);
    assert_eq!(what, "has version 9, but this zonal supports version 6");
    assert!(before == std::fs::read(place.file()).ok(), "the file should not change");
}

#[rstest]
#[tokio::test]
async fn foreign_database_is_rejected_unchanged(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[values(StoreAccess::Read, StoreAccess::Write)] access: StoreAccess,
) {
    let place = TestStoreLocation::new(on);
    // Other programs may use the driver's default table for their versions.
    place.sql("CREATE TABLE runs (name TEXT); CREATE TABLE _sqlx_migrations (version BIGINT)").await;
    let before = std::fs::read(place.file()).ok();
    let (class, what) = refused(place.try_to_open(access).await);
    assert_eq!(class, StoreErrorType::Damaged);
    let name = if on == Sqlite { "_sqlx_migrations" } else { "runs" };
    assert_eq!(what, format!("not a zonal store: contains the foreign table `{name}`"));
    assert!(before == std::fs::read(place.file()).ok(), "the file should not change");
    if on == Postgres {
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'";
        assert_eq!(place.number(tables).await, 2);
    }
}

#[tokio::test]
async fn foreign_tables_on_a_server_are_allowed() {
    let place = TestStoreLocation::new(Postgres);
    place.sql("CREATE TABLE books (title TEXT); CREATE TABLE _sqlx_migrations (version BIGINT)").await;
    assert!(
        place.try_to_open(StoreAccess::Read).await.expect("should not fail").is_none(),
        "no store should exist yet"
    );
    let store = place.open().await;
    assert_eq!(store.begin(new_run()).await, Ok(RunId(1)));
}

#[rstest]
#[tokio::test]
async fn foreign_history_beside_a_store_is_left_alone(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    place.open().await.close().await;
    place.sql("CREATE TABLE history (number BIGINT, page TEXT); INSERT INTO history VALUES (1, 'a')").await;
    let store = place.open().await;
    assert_eq!(store.begin(new_run()).await, Ok(RunId(1)));
    assert_eq!(place.number("SELECT COUNT(*) FROM history").await, 1);
}

#[tokio::test]
async fn missing_file_is_created_only_for_writing() {
    let place = TestStoreLocation::new(Sqlite);
    assert!(place.try_to_open(StoreAccess::Read).await.expect("should not fail").is_none());
    assert!(!place.file().exists());
    place.open().await.close().await;
    let store = place.try_to_open(StoreAccess::Read).await.expect("store should open").expect("should exist");
    assert_eq!(store.runs(scope(), 9).await, Ok(Vec::new()));
}

#[rstest]
#[case::text(b"This is a letter, and not a database. It is long enough to be mistaken for the beginning of one.\n".repeat(9), "file is not a database")]
#[case::short(b"SQLite".to_vec(), "file is not a database")]
#[tokio::test]
async fn non_database_file_is_rejected_unchanged(
    #[case] text: Vec<u8>,
    #[case] message: &str,
    #[values(StoreAccess::Read, StoreAccess::Write)] access: StoreAccess,
) {
    let place = TestStoreLocation::new(Sqlite);
    std::fs::write(place.file(), &text).expect("file should be writable");
    assert_eq!(refused(place.try_to_open(access).await), (StoreErrorType::Damaged, message.to_owned()));
    assert_eq!(std::fs::read(place.file()).expect("should exist"), text);
}

#[rstest]
#[case::half_of_it_is_missing(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2))]
#[case::a_page_is_full_of_other_things(|bytes: &mut Vec<u8>| bytes[100..20_000].fill(0x5a))]
#[tokio::test]
async fn damaged_file_is_reported(#[case] damage: fn(&mut Vec<u8>)) {
    let (place, store, run) = TestStoreLocation::with_run(Sqlite).await;
    let changes = (0..500).map(|number| set(&format!("R{number}"), "1", "2")).collect();
    append(&store, verified(run, 1, "ALPHA", changes)).await;
    store.close().await;
    let mut bytes = std::fs::read(place.file()).expect("should exist");
    damage(&mut bytes);
    std::fs::write(place.file(), bytes).expect("file should be writable");
    let error = match place.try_to_open(StoreAccess::Write).await {
        Err(error) => error,
        Ok(store) => {
            store.expect("should exist").follow(&|_| {}).await.expect_err("damaged file should fail")
        }
    };
    assert_eq!(
        (error.class, error.cause.to_string().as_str()),
        (StoreErrorType::Damaged, "database disk image is malformed")
    );
}

#[tokio::test]
async fn impossible_file_location_is_reported() {
    let place = TestStoreLocation::new(Sqlite);
    let directory = place.file().parent().expect("file should have a parent").to_path_buf();
    for access in [StoreAccess::Read, StoreAccess::Write] {
        let opened = Store::open(StoreLocation::File(directory.clone()), access, WaitMode::Async).await;
        assert_eq!(refused(opened).1, "is a directory, not a file");
    }
    let missing = directory.join("a").join("b.db");
    let opened = Store::open(StoreLocation::File(missing), StoreAccess::Write, WaitMode::Async).await;
    let told = format!("missing directory `{}`", directory.join("a").display());
    assert_eq!(refused(opened), (StoreErrorType::Unreachable, told));
    assert!(!Path::new(&directory.join("a")).exists());
}

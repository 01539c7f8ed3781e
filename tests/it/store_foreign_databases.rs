//! What is no store, or one of another time: it is told, and nothing is changed in it.

use std::borrow::Cow;
use std::path::Path;

use rstest::rstest;
use sqlx::Connection as _;
use zonal::model::{RunId, RunState};
use zonal::store::{Store, StoreAccess, StoreError, StoreErrorType, StoreLocation, WaitMode};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, entries, new_run, scope, set, verified};

/// A store of the first version, with a run in it.
async fn first_version(place: &TestStoreLocation) {
    let mut migrations = sqlx::migrate!("src/store/migrations");
    migrations.table_name = Cow::Borrowed("zonal_versions");
    let mut connection = place.connect().await;
    migrations.run_to(1, &mut connection).await.expect("the first version is made");
    connection.close().await.expect("it can be closed");
    let body = serde_json::to_string(&zonal::model::Run { id: RunId(1), ..new_run().run }).expect("JSON");
    place
        .sql(&format!(
            "INSERT INTO runs (id, network, environment, heard, body) VALUES (1, 'omni', '', 7, '{body}');
             INSERT INTO plans (run, plan) VALUES (1, '[]')"
        ))
        .await;
}

fn refused(opened: Result<Option<Store>, StoreError>) -> (StoreErrorType, String) {
    let error = opened.expect_err("it is refused");
    (error.class, error.what)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_older_store_is_brought_up_to_date_with_all_that_is_in_it(
    #[values(Sqlite, Postgres)] on: TestDatabase,
) {
    let place = TestStoreLocation::new(on);
    first_version(&place).await;
    // By several at once.
    let stores = futures::future::join_all((0..4).map(|_| place.open())).await;
    for store in &stores {
        let run = store.run(RunId(1)).await.expect("it answers").expect("it is there").run;
        assert_eq!((run.state, run.group), (RunState::Running, None));
        assert_eq!(store.papers(RunId(1)).await, Ok(Some(("[]".to_owned(), None))));
    }
    let run = stores[3].begin(new_run()).await.expect("a run begins");
    assert_eq!(run, RunId(2), "it counts on");
    stores[0]
        .append(verified(run, 1, "ALPHA", vec![set("A", "1", "2")]))
        .wait_until_durable()
        .await
        .expect("it is kept");
    assert_eq!(entries(&stores[1]).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_newer_store_is_told_and_left_alone(
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
    assert_eq!(what, "is of version 9, and this zonal knows 2");
    assert!(before == std::fs::read(place.file()).ok(), "nothing is changed in it");
}

#[rstest]
#[tokio::test]
async fn a_database_of_somebody_else_s_is_left_alone(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[values(StoreAccess::Read, StoreAccess::Write)] access: StoreAccess,
) {
    let place = TestStoreLocation::new(on);
    // Others count their versions in the table that the driver would take.
    place.sql("CREATE TABLE runs (name TEXT); CREATE TABLE _sqlx_migrations (version BIGINT)").await;
    let before = std::fs::read(place.file()).ok();
    let (class, what) = refused(place.try_to_open(access).await);
    assert_eq!(class, StoreErrorType::Damaged);
    let name = if on == Sqlite { "_sqlx_migrations" } else { "runs" };
    assert_eq!(what, format!("is no store of zonal: it holds a table `{name}` of somebody else's"));
    assert!(before == std::fs::read(place.file()).ok(), "nothing is changed in it");
    if on == Postgres {
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'";
        assert_eq!(place.number(tables).await, 2);
    }
}

#[tokio::test]
async fn on_a_server_others_may_have_their_tables_beside_ours() {
    let place = TestStoreLocation::new(Postgres);
    place.sql("CREATE TABLE books (title TEXT); CREATE TABLE _sqlx_migrations (version BIGINT)").await;
    assert!(
        place.try_to_open(StoreAccess::Read).await.expect("it is no error").is_none(),
        "nothing was applied yet"
    );
    let store = place.open().await;
    assert_eq!(store.begin(new_run()).await, Ok(RunId(1)));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_only_made_for_writing() {
    let place = TestStoreLocation::new(Sqlite);
    assert!(place.try_to_open(StoreAccess::Read).await.expect("it is no error").is_none());
    assert!(!place.file().exists());
    place.open().await.close().await;
    let store = place.try_to_open(StoreAccess::Read).await.expect("it opens").expect("it is there");
    assert_eq!(store.runs(scope(), 9).await, Ok(Vec::new()));
}

#[rstest]
#[case::text(b"This is a letter, and not a database. It is long enough to be mistaken for the beginning of one.\n".repeat(9), "file is not a database")]
#[case::short(b"SQLite".to_vec(), "file is not a database")]
#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone(
    #[case] text: Vec<u8>,
    #[case] message: &str,
    #[values(StoreAccess::Read, StoreAccess::Write)] access: StoreAccess,
) {
    let place = TestStoreLocation::new(Sqlite);
    std::fs::write(place.file(), &text).expect("it can be written");
    assert_eq!(refused(place.try_to_open(access).await), (StoreErrorType::Damaged, message.to_owned()));
    assert_eq!(std::fs::read(place.file()).expect("it is there"), text);
}

#[rstest]
#[case::half_of_it_is_missing(|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2))]
#[case::a_page_is_full_of_other_things(|bytes: &mut Vec<u8>| bytes[100..20_000].fill(0x5a))]
#[tokio::test]
async fn a_file_that_is_damaged_is_told(#[case] damage: fn(&mut Vec<u8>)) {
    let place = TestStoreLocation::new(Sqlite);
    let store = place.open().await;
    let run = store.begin(new_run()).await.expect("a run begins");
    let changes = (0..500).map(|number| set(&format!("R{number}"), "1", "2")).collect();
    store.append(verified(run, 1, "ALPHA", changes)).wait_until_durable().await.expect("it is kept");
    store.close().await;
    let mut bytes = std::fs::read(place.file()).expect("it is there");
    damage(&mut bytes);
    std::fs::write(place.file(), bytes).expect("it can be written");
    let error = match place.try_to_open(StoreAccess::Write).await {
        Err(error) => error,
        Ok(store) => store.expect("it is there").follow(&|_| {}).await.expect_err("it is damaged"),
    };
    assert_eq!(
        (error.class, error.what.as_str()),
        (StoreErrorType::Damaged, "database disk image is malformed")
    );
}

#[tokio::test]
async fn a_place_where_no_file_can_be_is_told() {
    let place = TestStoreLocation::new(Sqlite);
    let directory = place.file().parent().expect("it is in one").to_path_buf();
    for access in [StoreAccess::Read, StoreAccess::Write] {
        let opened = Store::open(StoreLocation::File(directory.clone()), access, WaitMode::Async).await;
        assert_eq!(refused(opened).1, "is a directory, and not a file");
    }
    let missing = directory.join("a").join("b.db");
    let opened = Store::open(StoreLocation::File(missing), StoreAccess::Write, WaitMode::Async).await;
    let told = format!("there is no directory `{}`", directory.join("a").display());
    assert_eq!(refused(opened), (StoreErrorType::Unreachable, told));
    assert!(!Path::new(&directory.join("a")).exists());
}

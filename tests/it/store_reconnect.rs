//! Store on a server with a short or a permanent outage.

use zonal::store::{ChainCheck, HistoryFilter, Store, StoreAccess, StoreErrorType, StoreLocation, WaitMode};

use crate::postgres_server::{DiskSync, PostgresServer};
use crate::store_fixture::{new_run, scope, set, verified};

async fn open(address: &str) -> Store {
    let location = StoreLocation::parse(address).expect("address should be valid");
    let opened = Store::open(location, StoreAccess::Write, WaitMode::Async).await;
    opened.expect("store should open").expect("store should be created")
}

#[tokio::test]
async fn short_outage_is_retried_and_long_one_reported() {
    let mut server = PostgresServer::start(DiskSync::Trusted);
    let database = server.database();
    let store = open(&database).await;
    let run = store.begin(new_run()).await.expect("run should start");
    let kept =
        |number| store.append(verified(run, number, "ALPHA", vec![set("A", "1", "2")])).wait_until_durable();
    kept(1).await.expect("line should be stored");

    server.stop("immediate");
    let pending = kept(2);
    let back = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        server.start_again();
        server
    });
    pending.await.expect("line should be stored after the outage");
    let mut server = back.join().expect("server should restart");
    let page = store.history(scope(), HistoryFilter::Everything, None, 10).await.expect("should answer");
    assert_eq!(page.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 1]);
    let ChainCheck::Intact { entries: 2, .. } = store.follow(&|_| {}).await.expect("should answer") else {
        panic!("the chain is not whole");
    };

    server.stop("immediate");
    let error = kept(3).await.expect_err("server should be unreachable");
    assert_eq!(error.class, StoreErrorType::Unreachable, "{error}");
    server.start_again();
    kept(4).await.expect_err("line after a lost line should fail");
    let again = open(&database).await;
    let line = verified(run, 4, "ALPHA", vec![set("A", "1", "2")]);
    again.append(line).wait_until_durable().await.expect("resumed run should continue");
}

#[tokio::test]
async fn server_error_never_contains_the_password() {
    let mut server = PostgresServer::start(DiskSync::Trusted);
    let address = server.database();
    let place = crate::store_fixture::TestStoreLocation::at(&address);
    place.sql("CREATE ROLE zonal LOGIN PASSWORD 'the-right-one'; CREATE ROLE guest LOGIN").await;
    place.sql("ALTER ROLE guest PASSWORD 'the-right-one'").await;
    server.ask_for_passwords();
    let told = async |address: String| {
        let location = StoreLocation::parse(&address).expect("address should be valid");
        let shown = format!("{location} {location:?}");
        let error =
            Store::open(location, StoreAccess::Write, WaitMode::Async).await.expect_err("should be rejected");
        let all = format!("{shown} {error} {error:?}");
        assert!(!all.contains("wrong-one") && !all.contains("right-one"), "{all}");
        (error.class, error.cause.to_string())
    };
    let with = |user: &str, rest: &str| address.replace("postgres@", user) + rest;
    let refused =
        (StoreErrorType::Unreachable, "password authentication failed for user \"zonal\"".to_owned());
    assert_eq!(told(with("zonal:wrong-one@", "")).await, refused);
    assert_eq!(told(with("zonal@", "?password=wrong-one")).await, refused);
    // The role can connect, but cannot create tables.
    let (class, what) = told(with("guest:the-right-one@", "")).await;
    assert_eq!((class, what.as_str()), (StoreErrorType::ReadOnly, "permission denied for schema public"));
    let (class, what) = told(with("zonal:the-right-one@", "_that_is_not_there")).await;
    assert_eq!(class, StoreErrorType::Unreachable);
    assert_eq!(what, "database \"test_1_that_is_not_there\" does not exist");
    let (class, _) = told(with("zonal:wrong-one@", "?sslmode=require")).await;
    assert_eq!(class, StoreErrorType::Unreachable, "the server should have no TLS");
}

#[tokio::test]
async fn unreachable_server_is_reported_at_once() {
    let started = std::time::Instant::now();
    let location =
        StoreLocation::parse("postgres://zonal:secret@127.0.0.1:1/zonal").expect("address should be valid");
    let error = Store::open(location, StoreAccess::Write, WaitMode::Async)
        .await
        .expect_err("server should be unreachable");
    assert_eq!(error.class, StoreErrorType::Unreachable);
    let text = zonal::model::error_chain_text(&error);
    assert!(text.starts_with("store postgres://zonal@127.0.0.1:1/zonal: "), "{text}");
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[tokio::test]
async fn long_lock_on_the_store_is_reported() {
    let address = crate::postgres_server::database();
    let place = crate::store_fixture::TestStoreLocation::at(&address);
    // A transaction that creates a store blocks others, and stays idle.
    let mut other = place.connect().await;
    let say = "BEGIN; CREATE TABLE zonal_versions (version BIGINT)";
    sqlx::raw_sql(say).execute(&mut other).await.expect("statement should succeed");
    let started = std::time::Instant::now();
    let opened = Store::open(place.location(), StoreAccess::Write, WaitMode::Async).await;
    let error = opened.expect_err("open should fail");
    assert_eq!(error.class, StoreErrorType::Busy, "{error}");
    assert_eq!(error.cause.to_string(), "canceling statement due to lock timeout");
    assert!(started.elapsed().as_secs() < 50, "{:?}", started.elapsed());
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("statement should succeed");
    open(&address).await;
}

#[tokio::test]
async fn empty_server_is_valid_and_hidden_tables_fail() {
    let address = crate::postgres_server::database();
    let place = crate::store_fixture::TestStoreLocation::at(&address);
    let look = async |address: &str| {
        let location = StoreLocation::parse(address).expect("address should be valid");
        Store::open(location, StoreAccess::Read, WaitMode::Async).await
    };
    assert!(look(&address).await.expect("should not fail").is_none());
    open(&address).await.close().await;
    place.sql("CREATE ROLE visitor LOGIN").await;
    let error = look(&address.replace("postgres@", "visitor@")).await.expect_err("open should fail");
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    assert_eq!(error.cause.to_string(), "permission denied for table zonal_versions");
}

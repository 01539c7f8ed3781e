//! A store on a server that goes away: for a moment, or for good.

use zonal::store::{ChainCheck, HistoryFilter, Store, StoreAccess, StoreErrorType, StoreLocation, WaitMode};

use crate::postgres_server::{DiskSync, PostgresServer};
use crate::store_fixture::{new_run, scope, set, verified};

async fn open(address: &str) -> Store {
    let location = StoreLocation::parse(address).expect("an address");
    let opened = Store::open(location, StoreAccess::Write, WaitMode::Async).await;
    opened.expect("it can be opened").expect("it is made where there is none")
}

#[tokio::test]
async fn a_server_that_comes_back_is_not_noticed_and_one_that_does_not_is_told() {
    let mut server = PostgresServer::start(DiskSync::Trusted);
    let database = server.database();
    let store = open(&database).await;
    let run = store.begin(new_run()).await.expect("a run begins");
    let kept =
        |number| store.append(verified(run, number, "ALPHA", vec![set("A", "1", "2")])).wait_until_durable();
    kept(1).await.expect("the line is kept");

    server.stop("immediate");
    let pending = kept(2);
    let back = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        server.start_again();
        server
    });
    pending.await.expect("the line is kept once the server is back");
    let mut server = back.join().expect("the server is back");
    let page = store.history(scope(), HistoryFilter::Everything, None, 10).await.expect("it answers");
    assert_eq!(page.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2, 1]);
    let ChainCheck::Intact { entries: 2, .. } = store.follow(&|_| {}).await.expect("it answers") else {
        panic!("the chain is not whole");
    };

    server.stop("immediate");
    let error = kept(3).await.expect_err("nobody is there");
    assert_eq!(error.class, StoreErrorType::Unreachable, "{error}");
    server.start_again();
    kept(4).await.expect_err("what comes after a line that was lost is not kept");
    let again = open(&database).await;
    let line = verified(run, 4, "ALPHA", vec![set("A", "1", "2")]);
    again.append(line).wait_until_durable().await.expect("whoever takes the run up goes on");
}

#[tokio::test]
async fn a_server_that_refuses_says_so_and_never_the_password() {
    let mut server = PostgresServer::start(DiskSync::Trusted);
    let address = server.database();
    let place = crate::store_fixture::TestStoreLocation::at(&address);
    place.sql("CREATE ROLE zonal LOGIN PASSWORD 'the-right-one'; CREATE ROLE guest LOGIN").await;
    place.sql("ALTER ROLE guest PASSWORD 'the-right-one'").await;
    server.ask_for_passwords();
    let told = async |address: String| {
        let location = StoreLocation::parse(&address).expect("an address");
        let shown = format!("{location} {location:?}");
        let error =
            Store::open(location, StoreAccess::Write, WaitMode::Async).await.expect_err("it is refused");
        let all = format!("{shown} {error} {error:?}");
        assert!(!all.contains("wrong-one") && !all.contains("right-one"), "{all}");
        (error.class, error.what)
    };
    let with = |user: &str, rest: &str| address.replace("postgres@", user) + rest;
    let refused =
        (StoreErrorType::Unreachable, "password authentication failed for user \"zonal\"".to_owned());
    assert_eq!(told(with("zonal:wrong-one@", "")).await, refused);
    assert_eq!(told(with("zonal@", "?password=wrong-one")).await, refused);
    // It may come in, but not make anything.
    let (class, what) = told(with("guest:the-right-one@", "")).await;
    assert_eq!((class, what.as_str()), (StoreErrorType::ReadOnly, "permission denied for schema public"));
    let (class, what) = told(with("zonal:the-right-one@", "_that_is_not_there")).await;
    assert_eq!(class, StoreErrorType::Unreachable);
    assert_eq!(what, "database \"test_1_that_is_not_there\" does not exist");
    let (class, _) = told(with("zonal:wrong-one@", "?sslmode=require")).await;
    assert_eq!(class, StoreErrorType::Unreachable, "it has no TLS");
}

#[tokio::test]
async fn a_server_that_nobody_runs_is_told_at_once() {
    let started = std::time::Instant::now();
    let location = StoreLocation::parse("postgres://zonal:secret@127.0.0.1:1/zonal").expect("an address");
    let error =
        Store::open(location, StoreAccess::Write, WaitMode::Async).await.expect_err("nobody is there");
    assert_eq!(error.class, StoreErrorType::Unreachable);
    assert!(error.to_string().starts_with("the store postgres://zonal@127.0.0.1:1/zonal: "), "{error}");
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[tokio::test]
async fn whoever_holds_the_store_for_too_long_is_told_of_and_not_waited_for_any_longer() {
    let address = crate::postgres_server::database();
    let place = crate::store_fixture::TestStoreLocation::at(&address);
    // A store is not made while somebody is about to make one, and says nothing more.
    let mut other = place.connect().await;
    let say = "BEGIN; CREATE TABLE zonal_versions (version BIGINT)";
    sqlx::raw_sql(say).execute(&mut other).await.expect("it is done");
    let started = std::time::Instant::now();
    let opened = Store::open(place.location(), StoreAccess::Write, WaitMode::Async).await;
    let error = opened.expect_err("somebody is in the way");
    assert_eq!(error.class, StoreErrorType::Busy, "{error}");
    assert_eq!(error.what, "canceling statement due to lock timeout");
    assert!(started.elapsed().as_secs() < 50, "{:?}", started.elapsed());
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("it is done");
    open(&address).await;
}

#[tokio::test]
async fn a_server_on_which_nothing_was_applied_yet_is_no_error_and_one_that_hides_its_tables_is() {
    let address = crate::postgres_server::database();
    let place = crate::store_fixture::TestStoreLocation::at(&address);
    let look = async |address: &str| {
        let location = StoreLocation::parse(address).expect("an address");
        Store::open(location, StoreAccess::Read, WaitMode::Async).await
    };
    assert!(look(&address).await.expect("it is no error").is_none());
    open(&address).await.close().await;
    place.sql("CREATE ROLE visitor LOGIN").await;
    let error = look(&address.replace("postgres@", "visitor@")).await.expect_err("it may not look");
    assert_eq!(error.class, StoreErrorType::ReadOnly);
    assert_eq!(error.what, "permission denied for table zonal_versions");
}

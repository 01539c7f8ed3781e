//! Basic properties of the store on both databases: durable, without duplicates, and safe for concurrent use.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use rstest::rstest;
use zonal::model::{
    AppliedRecord, AppliedStateUpdate, CollectionId, FieldValue, ManagementOrigin, RecordKey, RunState,
    WritePhase, WriteResponse,
};
use zonal::store::{
    CollectionStateUpdate, HistoryFilter, HistoryRemainder, RunDocument, StoreErrorType, StoreScope,
    WriteProgress,
};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::{TestStoreLocation, append, entries, line, new_run, scope, set, told, verified};

#[rstest]
#[tokio::test]
async fn reopened_store_contains_all_stored_data(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let (place, store, run) = TestStoreLocation::with_run(on).await;
    let line = verified(run, 1, "ALPHA", vec![set("A", "1", "2"), set("B", "1", "2")]);
    append(&store, line).await;
    store.close().await;
    if on == Sqlite {
        let beside =
            place.file().parent().map(|directory| directory.read_dir().expect("should exist").count());
        assert_eq!(beside, Some(1), "a closed store should be one file");
    }
    let store = place.open().await;
    assert_eq!(told(&store, HistoryFilter::Everything).await, ["ALPHA/CodeTable/T/B", "ALPHA/CodeTable/T/A"]);
    assert_eq!(entries(&store).await, 2);
    let ledger = store.ledger(scope()).await.expect("should answer");
    let holds: Vec<String> = ledger
        .zones
        .values()
        .flatten()
        .flat_map(|(_, records)| &records.entries)
        .map(|(key, entry)| format!("{key} {:?}", entry.maker))
        .collect();
    assert_eq!(holds, ["A Adopted", "B Adopted"]);
}

#[rstest]
#[tokio::test]
async fn run_is_recorded_from_start_to_end(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let new = new_run();
    let run = store.begin(new.clone()).await.expect("run should start");
    let papers = store.papers(run).await.expect("should answer").expect("run should have a plan");
    assert_eq!((papers.plan, papers.report), (new.plan.clone(), None), "the run has no report yet");
    let changes: Arc<[_]> = vec![set("A", "1", "2")].into();
    let reach = async |number, phase| {
        append(&store, line(run, number, "ALPHA", phase)).await;
        assert_eq!(store.last_line(run).await, Ok(number));
        let open = store.open_steps(run).await.expect("should answer");
        open.first().map(|step| step.reach)
    };
    assert_eq!(reach(1, WritePhase::Intent { changes: changes.clone() }).await, Some(WriteProgress::NotSent));
    assert_eq!(reach(2, WritePhase::Sent).await, Some(WriteProgress::MaybeSent));
    let answered = WritePhase::Responded { answer: WriteResponse::NoResponse };
    assert_eq!(reach(3, answered).await, Some(WriteProgress::Responded(WriteResponse::NoResponse)));
    let strays = vec!["A: something else".to_owned()];
    assert_eq!(reach(4, WritePhase::Unverified { changes, unexpected_differences: strays }).await, None);
    let mut ended = zonal::model::Run { id: run, state: RunState::Ended, ..new.run };
    ended.exit_codes = vec![7];
    let mut report = RunDocument::new("{\"a\": 1}");
    report.add_zone(&"ALPHA".into(), "{\"b\": \"\0\"}");
    store.end(ended.clone(), Some(report.clone())).await.expect("should end");
    assert_eq!(store.run(run).await.expect("should answer").map(|found| found.run), Some(ended));
    let papers = store.papers(run).await.expect("should answer").expect("run should have a plan");
    assert_eq!(papers.report, Some(report));
}

#[rstest]
#[tokio::test]
async fn all_languages_of_a_table_share_the_accepted_number_of_rows(
    #[values(Sqlite, Postgres)] on: TestDatabase,
) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let collection = |language: &str| CollectionId {
        language: Some(language.into()),
        ..CollectionId::with_code("CodeTable", "T")
    };
    let update = |language: &str, rows: Option<usize>| CollectionStateUpdate {
        zone: "ALPHA".into(),
        collection: collection(language),
        learned: AppliedStateUpdate { accepted_rows: rows, ..AppliedStateUpdate::default() },
        created: BTreeSet::new(),
    };
    store.learn(scope(), vec![update("fr", Some(11)), update("en", Some(11))]).await.expect("should learn");
    // A write in English deletes rows, and no reading in French is known since.
    store.learn(scope(), vec![update("en", Some(3))]).await.expect("should learn");
    let state = store.ledger(scope()).await.expect("should answer");
    let rows = |language: &str| state.zones[&"ALPHA".into()][&collection(language)].accepted_rows;
    assert_eq!((rows("en"), rows("fr")), (Some(3), Some(3)));
    store.learn(scope(), vec![update("fr", Some(4)), update("en", None)]).await.expect("should learn");
    let state = store.ledger(scope()).await.expect("should answer");
    let rows = |language: &str| state.zones[&"ALPHA".into()][&collection(language)].accepted_rows;
    assert_eq!((rows("en"), rows("fr")), (Some(4), Some(4)));
}

#[rstest]
#[tokio::test]
async fn lines_with_lost_response_are_stored_once(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let (_place, store, run) = TestStoreLocation::with_run(on).await;
    let line = |number: u64| verified(run, number, "ALPHA", vec![set(&format!("R{number}"), "1", "2")]);
    for batch in [1..=3, 1..=3, 2..=5, 4..=4, 1..=6] {
        let written: Vec<_> = batch.map(|number| store.append(line(number)).wait_until_durable()).collect();
        for kept in join_all(written).await {
            kept.expect("line should be stored");
        }
    }
    let expected: Vec<String> = (1..=6).rev().map(|number| format!("ALPHA/CodeTable/T/R{number}")).collect();
    assert_eq!(told(&store, HistoryFilter::Run(run)).await, expected);
    assert_eq!(entries(&store).await, 6);
    assert_eq!(store.last_line(run).await, Ok(6));
}

#[rstest]
#[tokio::test]
async fn second_process_of_one_run_is_rejected(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let (one, other) = (place.open().await, place.open().await);
    let run = one.begin(new_run()).await.expect("run should start");
    append(&one, verified(run, 1, "ALPHA", vec![set("A", "1", "2")])).await;
    let second = other.append(verified(run, 1, "BETA", vec![set("B", "1", "2")])).wait_until_durable().await;
    let error = second.expect_err("second append should fail");
    assert_eq!(error.class, StoreErrorType::Busy);
    assert_eq!(error.cause.to_string(), "another process also writes to the journal of run-1");
    assert_eq!(told(&one, HistoryFilter::Everything).await, ["ALPHA/CodeTable/T/A"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_processes_leave_one_unbroken_chain(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    // All processes also create the store concurrently.
    let stores = join_all((0..4).map(|_| place.open())).await;
    let runs = join_all(stores.iter().flat_map(|store| (0..5).map(|_| store.begin(new_run())))).await;
    let mut runs: Vec<_> = runs.into_iter().map(|run| run.expect("run should start")).collect();
    let tasks = runs.iter().enumerate().map(|(place, run)| {
        let (store, run) = (stores[place % stores.len()].clone(), *run);
        tokio::spawn(async move {
            for number in 1..=10 {
                // All runs update the applied state of the same collection.
                let change = set(&format!("{run}-{number}"), "1", "2");
                append(&store, verified(run, number, "ALPHA", vec![change])).await;
            }
        })
    });
    for done in join_all(tasks.collect::<Vec<_>>()).await {
        done.expect("should end");
    }
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 20, "every run should have its own number");
    assert_eq!(entries(&stores[0]).await, 200);
    let ledger = stores[0].ledger(scope()).await.expect("should answer");
    let known: usize = ledger.zones.values().flatten().map(|(_, records)| records.entries.len()).sum();
    assert_eq!(known, 200, "no run should remove applied state of another run");
}

#[rstest]
#[tokio::test]
async fn history_can_be_filtered_and_paged(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    for _ in 0..2 {
        let run = store.begin(new_run()).await.expect("run should start");
        for (number, zone) in ["ALPHA", "BETA"].into_iter().enumerate() {
            let changes = vec![set("A", "1", "2"), set("B", "1", "2")];
            let line = verified(run, number as u64 + 1, zone, changes);
            append(&store, line).await;
        }
    }
    let collection = "CodeTable/T".to_owned();
    let numbers = async |asked, before, limit| {
        let page = store.history(scope(), asked, before, limit).await.expect("should answer");
        (page.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), page.rest)
    };
    assert_eq!(
        numbers(HistoryFilter::Everything, None, 3).await,
        (vec![8, 7, 6], HistoryRemainder::Before(6))
    );
    assert_eq!(
        numbers(HistoryFilter::Everything, Some(6), 9).await,
        (vec![5, 4, 3, 2, 1], HistoryRemainder::Nothing)
    );
    assert_eq!(
        numbers(HistoryFilter::Zone("BETA".into()), None, 9).await,
        (vec![8, 7, 4, 3], HistoryRemainder::Nothing)
    );
    let of_beta = HistoryFilter::Collection("BETA".into(), collection.clone());
    assert_eq!(numbers(of_beta, Some(8), 1).await, (vec![7], HistoryRemainder::Before(7)));
    let record = HistoryFilter::Record("ALPHA".into(), collection, "B".to_owned());
    assert_eq!(numbers(record, None, 9).await, (vec![6, 2], HistoryRemainder::Nothing));
    assert_eq!(numbers(HistoryFilter::Run(zonal::model::RunId(2)), None, 9).await.0, [8, 7, 6, 5]);
    let other = zonal::store::StoreScope { environment: "sandbox".into(), ..scope() };
    assert_eq!(
        store.history(other, HistoryFilter::Everything, None, 9).await.expect("should answer").entries,
        []
    );
}

#[rstest]
#[case::zero("a\0b".to_owned())]
#[case::quotes("'\"\\\u{1f600}\u{fffe}{each}$1".to_owned())]
#[case::long("x".repeat(20_000))]
#[case::long_and_wide("é\u{1f600}".repeat(5_000))]
#[tokio::test]
async fn any_text_is_stored_unchanged(#[values(Sqlite, Postgres)] on: TestDatabase, #[case] text: String) {
    let (_place, store, run) = TestStoreLocation::with_run(on).await;
    let change = set(&text, "before", &text);
    let key = change.identity();
    append(&store, verified(run, 1, "ALPHA", vec![change.clone()])).await;
    let asked = HistoryFilter::Record("ALPHA".into(), "CodeTable/T".to_owned(), key.to_string());
    let page = store.history(scope(), asked, None, 9).await.expect("should answer");
    assert_eq!(page.entries.into_iter().map(|entry| entry.done).collect::<Vec<_>>(), [change]);
    assert_eq!(entries(&store).await, 1);
    let ledger = store.ledger(scope()).await.expect("should answer");
    let holds =
        ledger.zones.values().flat_map(|zone| zone.values()).find_map(|records| records.entries.get(&key));
    let holds = holds.and_then(|entry| entry.holds.clone());
    assert_eq!(holds, Some([("description".into(), FieldValue::from_text(&text))].into()));
}

#[rstest]
#[tokio::test]
async fn very_large_change_is_stored(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let (_place, store, run) = TestStoreLocation::with_run(on).await;
    let letter = "a letter, line by line\n".repeat(60_000);
    let changes = (0..4).map(|number| set(&format!("L{number}"), &letter, &letter)).collect();
    append(&store, verified(run, 1, "ALPHA", changes)).await;
    assert_eq!(entries(&store).await, 4);
    let page = store.history(scope(), HistoryFilter::Everything, None, 1).await.expect("should answer");
    assert_eq!(page.entries[0].done, set("L3", &letter, &letter));
}

#[rstest]
#[tokio::test]
async fn closed_store_returns_an_error(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let clone = store.clone();
    store.close().await;
    let error = clone.begin(new_run()).await.expect_err("closed store should fail");
    assert_eq!((error.class, error.cause.to_string().as_str()), (StoreErrorType::Unreachable, "is closed"));
}

#[rstest]
#[tokio::test]
async fn forgotten_collection_leaves_the_applied_state_of_its_network_only(
    #[values(Sqlite, Postgres)] on: TestDatabase,
) {
    let place = TestStoreLocation::new(on);
    let store = place.open().await;
    let other = StoreScope { network: "other".into(), environment: "".into() };
    let update = |zone: &str, kind: &str| CollectionStateUpdate {
        zone: zone.into(),
        collection: CollectionId::of_institution(kind),
        learned: AppliedStateUpdate {
            key: vec!["name".into()],
            found: [(vec!["A".into()], known())].map(|(key, known)| (RecordKey(key), known)).into(),
            ..AppliedStateUpdate::default()
        },
        created: BTreeSet::new(),
    };
    let updates = || vec![update("ALPHA", "Former"), update("ALPHA", "Groups"), update("BETA", "Former")];
    for scope in [scope(), other.clone()] {
        store.learn(scope, updates()).await.expect("should be stored");
    }
    let former = CollectionId::of_institution("Former");
    let forgotten = ["ALPHA", "BETA", "GAMMA"].map(|zone| (zone.into(), former.clone()));
    store.forget_collections(scope(), forgotten.into()).await.expect("should be removed");
    let left = async |scope| {
        let applied = store.ledger(scope).await.expect("should answer");
        let places = applied.zones.into_iter().flat_map(|(zone, collections)| {
            collections.into_keys().map(move |id| format!("{zone}/{id}")).collect::<Vec<_>>()
        });
        places.collect::<Vec<_>>()
    };
    assert_eq!(left(scope()).await, ["ALPHA/Groups"]);
    assert_eq!(left(other).await.len(), 3);
}

fn known() -> AppliedRecord {
    let holds = [("name".into(), FieldValue::from("A"))].into();
    AppliedRecord { holds: Some(holds), maker: ManagementOrigin::Created, manifest: "Former/x".into() }
}

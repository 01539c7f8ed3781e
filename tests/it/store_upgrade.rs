//! Upgrade of stores of every earlier version that zonal supports: nothing is lost, and the chain holds.

use rstest::rstest;
use zonal::model::{RunId, RunState};
use zonal::store::{ChainCheck, HistoryFilter, RunsToKeep, Store, StoreScope, WriteProgress};

use crate::store_fixture::TestDatabase::{self, Postgres, Sqlite};
use crate::store_fixture::TestStoreLocation;

const VERSION_3: &str = include_str!("../../src/store/migrations/0003_store.sql");
const VERSION_4: &str = include_str!("../../src/store/migrations/0004_accepted_rows.sql");
const VERSION_5: &str = include_str!("../../src/store/migrations/0005_images.sql");
/// Last hash of the history, as written by the earlier version.
const HEAD: &str = "0d94a0ec8443177f3828ffa9dd1d53e15b4e5430b0591bf7931003b0f6fc757a";

/// Creates a store of an earlier version, with rows that this version wrote.
async fn old_store(on: TestDatabase, version: u32) -> TestStoreLocation {
    let place = TestStoreLocation::new(on);
    place.open().await.close().await;
    for table in ["runs", "journal", "leases", "history_head", "images", "changes", "run_documents"] {
        place.sql(&format!("DROP TABLE {table}")).await;
    }
    place.sql("DROP TABLE applied_collections; DROP TABLE history_blocks").await;
    place.sql(&format!("DELETE FROM zonal_versions WHERE version > {version}")).await;
    place.sql(VERSION_3).await;
    place.sql(include_str!("old_stores/rows.sql")).await;
    if version >= 4 {
        place.sql(VERSION_4).await;
        place.sql("UPDATE applied_state SET accepted_rows = 8").await;
    }
    if version >= 5 {
        place.sql(VERSION_5).await;
        place.sql(include_str!("old_stores/images.sql")).await;
    }
    place
}

fn scope() -> StoreScope {
    StoreScope { network: "trio".into(), environment: "t".into() }
}

async fn addresses(store: &Store, asked: HistoryFilter) -> Vec<String> {
    let page = store.history(scope(), asked, None, 100).await.expect("should answer");
    page.entries.iter().map(|entry| format!("#{} {}", entry.number, entry.address)).collect()
}

#[rstest]
#[tokio::test]
async fn upgraded_store_has_the_data_of_its_earlier_version(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[values(3, 4, 5)] version: u32,
) {
    let place = old_store(on, version).await;
    place.open().await.close().await;
    // The second time, there is nothing to upgrade.
    let store = place.open().await;
    let chain = store.follow(&|_| {}).await.expect("should answer");
    assert_eq!(chain, ChainCheck::Intact { entries: 5, end: HEAD.parse().ok() });
    let all = addresses(&store, HistoryFilter::Everything).await;
    let expected = [
        "#5 01T_A/CodeTable/UserGroups/FACULTY",
        "#4 01T_A/CodeTable/UserGroups/AFN",
        "#3 01T_B/CodeTable/UserGroups/AFN",
        "#2 01T_C/CodeTable/UserGroups/AFN",
        "#1 01T_A/CodeTable/UserGroups/AFN",
    ];
    let zones = |lines: &[String]| {
        let mut lines: Vec<String> = lines.iter().map(|line| line[3..].to_owned()).collect();
        lines.sort();
        lines
    };
    assert_eq!(zones(&all), zones(&expected.map(str::to_owned)));
    let record = HistoryFilter::Record("01T_A".into(), "CodeTable/UserGroups".into(), "FACULTY".into());
    assert_eq!(addresses(&store, record).await, ["#5 01T_A/CodeTable/UserGroups/FACULTY"]);
    assert_eq!(addresses(&store, HistoryFilter::Run(RunId(2))).await.len(), 2);

    let state = store.ledger(scope()).await.expect("should answer");
    assert_eq!(state.zones.len(), 3);
    let collections: Vec<_> = state.zones.values().flat_map(|zone| zone.values()).collect();
    let accepted = (version >= 4).then_some(8);
    assert!(collections.iter().all(|known| known.accepted_rows == accepted && !known.entries.is_empty()));

    let papers = store.papers(RunId(1)).await.expect("should answer").expect("run should have a plan");
    assert!(papers.plan.head().expect("should be readable").starts_with("{\"format_version\":"));
    let report = papers.report.expect("run should have a report").head().expect("should be readable");
    assert!(report.contains("\"is\":\"applied\""), "{report}");

    let killed = store.run(RunId(3)).await.expect("should answer").expect("run should exist");
    assert_eq!(killed.run.state, RunState::Running);
    let open = store.open_steps(RunId(3)).await.expect("should answer");
    assert_eq!((open.len(), store.last_line(RunId(3)).await), (1, Ok(2)));
    assert_eq!(open[0].reach, WriteProgress::MaybeSent);
    let planned = store.planned_changes(RunId(3), open[0].intent).await.expect("should answer");
    let changed: Vec<String> = planned.iter().map(|done| done.identity().to_string()).collect();
    assert!(changed.contains(&"AFN".to_owned()), "{changed:?}");
    let images = store.kept_images(RunId(3)).await.expect("should answer");
    assert_eq!(images.len(), if version >= 5 { 1 } else { 0 });

    let keep = RunsToKeep { latest: 0, ended_since: None };
    let old = store.prunable(scope(), keep).await.expect("should answer").runs;
    assert_eq!(old, [RunId(1), RunId(2)]);
    store.prune(old).await.expect("should prune");
    assert_eq!(store.follow(&|_| {}).await, Ok(chain));
}

#[rstest]
#[case::body("UPDATE history SET body = replace(body, 'Network patron', 'Nobody') WHERE number = 2", ChainCheck::Modified { number: 2 })]
#[case::hash("UPDATE history SET hash = 'none' WHERE number = 3", ChainCheck::Modified { number: 3 })]
#[case::removed("DELETE FROM history WHERE number = 4", ChainCheck::Removed { number: 4 })]
#[case::first("DELETE FROM history WHERE number = 1", ChainCheck::Removed { number: 1 })]
#[tokio::test]
async fn upgrade_does_not_hide_a_broken_chain(
    #[values(Sqlite, Postgres)] on: TestDatabase,
    #[case] deed: &str,
    #[case] found: ChainCheck,
) {
    let place = old_store(on, 5).await;
    place.sql(deed).await;
    let store = place.open().await;
    assert_eq!(store.follow(&|_| {}).await, Ok(found));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_upgrades_convert_once(#[values(Sqlite, Postgres)] on: TestDatabase) {
    let place = old_store(on, 4).await;
    let stores = futures::future::join_all((0..4).map(|_| place.open())).await;
    for store in stores {
        let chain = store.follow(&|_| {}).await.expect("should answer");
        assert_eq!(chain, ChainCheck::Intact { entries: 5, end: HEAD.parse().ok() });
    }
}

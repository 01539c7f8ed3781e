//! Failures that only the store itself can cause: a full disk, a lost response.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::sync::Arc;

use sqlx::Row as _;

use super::runs::WriteAttempt;
use super::{
    ChainCheck, HistoryFilter, LeaseResult, NewRun, RunDocument, Store, StoreAccess, StoreErrorType,
    StoreLocation, StoreScope, StoredJournalEntry, WaitMode,
};
use crate::model::{
    AppliedChange, AppliedField, AppliedRecord, AppliedStateUpdate, ChangeAction, CollectionId,
    ContentDigest, FieldValue, JournalEntry, ManagementOrigin, Run, RunAuthor, RunHost, RunId, RunOperation,
    RunState, WritePhase,
};

fn scope() -> StoreScope {
    StoreScope { network: "omni".into(), environment: "".into() }
}

async fn open(directory: &tempfile::TempDir) -> Store {
    let location = StoreLocation::File(directory.path().join("store.db"));
    Store::open(location, StoreAccess::Write, WaitMode::Async).await.unwrap().unwrap()
}

fn new_run() -> NewRun {
    let run = Run {
        id: RunId(0),
        operation: RunOperation::Apply,
        network: "omni".to_owned(),
        environment: None,
        selection: None,
        shard: None,
        group: None,
        plan: ContentDigest::default(),
        author: RunAuthor::default(),
        host: RunHost::default(),
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        ended_at: None,
        state: RunState::Running,
        exit_codes: Vec::new(),
        reverts: None,
        zones: Vec::new(),
    };
    NewRun { run, plan: RunDocument::new("{}") }
}

fn set(key: &str, before: &str, after: &str) -> AppliedChange {
    AppliedChange {
        action: ChangeAction::Update,
        key: vec![("code".into(), key.into())],
        before: [("description".into(), FieldValue::from_text(before))].into(),
        field_changes: vec![AppliedField {
            field: "description".into(),
            name: "description".into(),
            before: Some(before.into()),
            after: after.into(),
        }],
        manifest: "CodeTable/t".into(),
        declared_at: "t.yaml:1:1".to_owned(),
        reason: None,
    }
}

fn line(run: RunId, number: u64, phase: WritePhase) -> StoredJournalEntry {
    let collection = CollectionId::with_code("CodeTable", "T");
    let entry = JournalEntry { zone: "ALPHA".into(), collection, phase, image: None };
    StoredJournalEntry { scope: scope(), run, number, at: "2026-01-01T00:00:01Z".to_owned(), entry }
}

#[tokio::test]
async fn verified_write_is_in_all_store_tables() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    let run = store.begin(new_run()).await.unwrap();
    let changes: Arc<[AppliedChange]> = vec![set("A", "One", "Two")].into();
    store
        .append(line(run, 1, WritePhase::Intent { changes: changes.clone() }))
        .wait_until_durable()
        .await
        .unwrap();
    assert_eq!(store.open_steps(run).await.unwrap().len(), 1);
    let known = AppliedRecord {
        holds: Some([("description".into(), FieldValue::from_text("Two"))].into()),
        maker: ManagementOrigin::Adopted,
        manifest: "CodeTable/t".into(),
    };
    let learned = AppliedStateUpdate {
        accepted_rows: Some(3),
        key: vec!["code".into()],
        found: [(changes[0].identity(), known)].into(),
        forgotten: Vec::new(),
    };
    let _ = store.append(line(run, 2, WritePhase::Sent));
    store.append(line(run, 3, WritePhase::Verified { changes, learned })).wait_until_durable().await.unwrap();
    assert_eq!(store.open_steps(run).await.unwrap(), Vec::new());
    assert_eq!(store.last_line(run).await.unwrap(), 3);
    let page = store.history(scope(), HistoryFilter::Everything, None, 10).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    assert_eq!(page.entries[0].address.to_string(), "ALPHA/CodeTable/T/A");
    let ledger = store.ledger(scope()).await.unwrap();
    assert_eq!(ledger.zones.len(), 1);
    assert_eq!(
        store.follow(&|_| {}).await.unwrap(),
        ChainCheck::Intact { entries: 1, end: Some(page.entries[0].hash) }
    );
    let ours = store.lease(scope(), "ALPHA".into(), run, "h/1".to_owned()).await.unwrap();
    assert_eq!(ours, LeaseResult::Ours);
    let theirs = store.lease(scope(), "ALPHA".into(), RunId(9), "h/2".to_owned()).await.unwrap();
    assert!(matches!(theirs, LeaseResult::Theirs(holder) if holder.run == run));
    store.close().await;
}

/// Executes SQL on the store's own connection.
async fn say(store: &Store, sql: &'static str) {
    let said = store
        .execute(move |database| Box::pin(async move { database.fetch(sql, |query| query).await.map(drop) }));
    said.await.unwrap();
}

#[tokio::test]
async fn full_disk_rejects_whole_transactions() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    let run = store.begin(new_run()).await.unwrap();
    let verified = |number: u64| {
        let changes: Arc<[AppliedChange]> =
            (0..50).map(|row| set(&format!("{number}-{row}"), "One", "Two")).collect();
        let learned = AppliedStateUpdate::default();
        store.append(line(run, number, WritePhase::Verified { changes, learned })).wait_until_durable()
    };
    verified(1).await.unwrap();
    // SQLite refuses to grow, with its error for a full disk.
    say(&store, "PRAGMA max_page_count = 60").await;
    let mut number = 1;
    let error = loop {
        number += 1;
        match verified(number).await {
            Ok(()) => assert!(number < 1000, "the disk never becomes full"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.class, StoreErrorType::Full);
    assert_eq!(error.cause.to_string(), "database or disk is full");
    let whole = async |lines: u64| {
        assert_eq!(store.last_line(run).await.unwrap(), lines);
        let chain = store.follow(&|_| {}).await.unwrap();
        assert!(matches!(chain, ChainCheck::Intact { entries, .. } if entries == lines * 50), "{chain:?}");
    };
    whole(number - 1).await;
    assert_eq!(verified(number).await.unwrap_err().class, StoreErrorType::Full, "the disk is still full");
    say(&store, "PRAGMA max_page_count = 1000000").await;
    assert_eq!(
        verified(number).await.unwrap_err().class,
        StoreErrorType::Full,
        "nothing comes after what was lost"
    );
    let ended = Run { id: run, state: RunState::Ended, ..new_run().run };
    assert_eq!(store.end(ended, None).await.unwrap_err().class, StoreErrorType::Full);
    let begun = Run { id: run, ..new_run().run };
    store.take_up(begun.clone(), begun).await.unwrap();
    verified(number).await.unwrap();
    whole(number).await;
    store.close().await;
}

#[tokio::test]
async fn retried_run_start_returns_the_existing_run() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    let begin = async |attempt| {
        let begun = store.execute(move |database| Box::pin(super::runs::begin(database, new_run(), attempt)));
        begun.await.unwrap()
    };
    assert_eq!(begin(WriteAttempt::First).await, RunId(1));
    assert_eq!(begin(WriteAttempt::Retry).await, RunId(1));
    assert_eq!(begin(WriteAttempt::First).await, RunId(2), "a first attempt always starts a new run");
}

#[tokio::test]
async fn locked_store_is_waited_for_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let (store, other) = (open(&directory).await, open(&directory).await);
    // A run without a start in this store, so that no heartbeat waits too.
    let run = RunId(1);
    say(&other, "BEGIN IMMEDIATE").await;
    say(&store, "PRAGMA busy_timeout = 50").await;
    let error = store.append(line(run, 1, WritePhase::Sent)).wait_until_durable().await.unwrap_err();
    assert_eq!((error.class, error.cause.to_string().as_str()), (StoreErrorType::Busy, "database is locked"));
    say(&store, "PRAGMA busy_timeout = 20000").await;
    // Entries after a failed one fail too, but other runs continue.
    let kept = store.append(line(RunId(2), 1, WritePhase::Sent)).wait_until_durable();
    let ending = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        say(&other, "ROLLBACK").await;
    };
    tokio::join!(kept, ending).0.unwrap();
}

#[tokio::test]
async fn dropped_store_writes_queued_entries_and_closes() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    let run = store.begin(new_run()).await.unwrap();
    for number in 1..=100 {
        drop(store.append(line(run, number, WritePhase::Sent)));
    }
    drop(store);
    let mut tries = 0;
    // SQLite removes its auxiliary files last.
    while directory.path().read_dir().unwrap().count() > 1 {
        tries += 1;
        assert!(tries < 500, "the store does not close");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(open(&directory).await.last_line(run).await.unwrap(), 100);
}

#[tokio::test]
async fn no_history_query_scans_the_whole_table() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    let (zone, name) = (|| "ALPHA".into(), || "CodeTable/T".to_owned());
    for (asked, index) in [
        (HistoryFilter::Everything, "blocks_by_network (network=? AND environment=? AND first_entry<?)"),
        (HistoryFilter::Zone(zone()), "blocks_by_zone (zone=? AND first_entry<?)"),
        (
            HistoryFilter::Collection(zone(), name()),
            "blocks_by_collection (zone=? AND collection=? AND first_entry<?)",
        ),
        (
            HistoryFilter::Record(zone(), name(), "A".to_owned()),
            "blocks_by_collection (zone=? AND collection=? AND first_entry<?)",
        ),
        (HistoryFilter::Run(RunId(1)), "blocks_by_run (run=? AND first_entry<?)"),
    ] {
        let (sql, arguments) = super::history::question(&asked);
        let explained = store.execute(move |database| {
            let (sql, arguments) = (format!("EXPLAIN QUERY PLAN {sql}"), arguments.clone());
            Box::pin(async move {
                let rows = database
                    .fetch(&sql, |query| {
                        let query = query.bind("omni").bind("").bind(i64::MAX).bind(10_i64);
                        arguments.into_iter().fold(query, |query, argument| query.bind(argument))
                    })
                    .await?;
                Ok(rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>())
            })
        });
        // One index search in each table, without sorting.
        let changes = "SEARCH changes USING INDEX sqlite_autoindex_changes_1 (run=? AND number=?) LEFT-JOIN";
        let expected = [format!("SEARCH blocks USING INDEX {index}"), changes.to_owned()];
        assert_eq!(explained.await.unwrap(), expected, "{asked:?}");
    }
}

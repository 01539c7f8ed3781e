//! The store, on SQLite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::sync::Arc;

use super::{Access, Asked, Chain, Line, Location, NewRun, Scope, Store, Turn, Waiting};
use crate::model::{
    Action, Author, CollectionId, Digest, Done, Entry, Host, Known, Learned, Maker, Moment, Run, RunDeed,
    RunId, RunState, Setting, Value,
};

fn scope() -> Scope {
    Scope { network: "omni".into(), environment: "".into() }
}

async fn open(directory: &tempfile::TempDir) -> Store {
    let location = Location::File(directory.path().join("store.db"));
    Store::open(location, Access::Write, Waiting::Aside).await.unwrap().unwrap()
}

fn new_run() -> NewRun {
    let run = Run {
        id: RunId(0),
        deed: RunDeed::Apply,
        network: "omni".to_owned(),
        environment: None,
        selection: None,
        shard: None,
        group: None,
        plan: Digest::default(),
        author: Author::default(),
        host: Host::default(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        ended: None,
        state: RunState::Running,
        exits: Vec::new(),
        reverts: None,
        zones: Vec::new(),
    };
    NewRun { run, plan: "{}".to_owned() }
}

fn set(key: &str, before: &str, after: &str) -> Done {
    Done {
        action: Action::Update,
        key: vec![("code".into(), key.into())],
        before: [("description".into(), Value::text(before))].into(),
        edits: vec![Setting {
            field: "description".into(),
            name: "description".into(),
            before: Some(before.into()),
            after: after.into(),
        }],
        manifest: "CodeTable/t".into(),
        place: "t.yaml:1:1".to_owned(),
        reason: None,
    }
}

fn line(run: RunId, number: u64, moment: Moment) -> Line {
    let collection = CollectionId::coded("CodeTable", "T");
    let entry = Entry { zone: "ALPHA".into(), collection, moment };
    Line { scope: scope(), run, number, at: "2026-01-01T00:00:01Z".to_owned(), entry }
}

#[tokio::test]
async fn what_was_verified_is_in_journal_history_and_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory).await;
    let run = store.begin(new_run()).await.unwrap();
    let changes: Arc<[Done]> = vec![set("A", "One", "Two")].into();
    store.append(line(run, 1, Moment::Intent { changes: changes.clone() })).kept().await.unwrap();
    assert_eq!(store.open_steps(run).await.unwrap().0.len(), 1);
    let known = Known {
        holds: Some([("description".into(), Value::text("Two"))].into()),
        maker: Maker::Adopted,
        manifest: "CodeTable/t".into(),
    };
    let learned = Learned { found: [(changes[0].identity(), known)].into(), forgotten: Vec::new() };
    let _ = store.append(line(run, 2, Moment::Sent));
    store.append(line(run, 3, Moment::Verified { changes, learned })).kept().await.unwrap();
    assert_eq!(store.open_steps(run).await.unwrap(), (Vec::new(), 3));
    let page = store.history(scope(), Asked::Everything, None, 10).await.unwrap();
    assert_eq!(page.entries.len(), 1);
    assert_eq!(page.entries[0].address.to_string(), "ALPHA/CodeTable/T/A");
    let ledger = store.ledger(scope()).await.unwrap();
    assert_eq!(ledger.zones.len(), 1);
    assert_eq!(
        store.follow(&|_| {}).await.unwrap(),
        Chain::Whole { entries: 1, end: Some(page.entries[0].hash) }
    );
    let ours = store.lease(scope(), "ALPHA".into(), run, "h/1".to_owned()).await.unwrap();
    assert_eq!(ours, Turn::Ours);
    let theirs = store.lease(scope(), "ALPHA".into(), RunId(9), "h/2".to_owned()).await.unwrap();
    assert!(matches!(theirs, Turn::Theirs(holder) if holder.run == run));
    store.close().await;
}

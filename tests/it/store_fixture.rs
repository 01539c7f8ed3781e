//! Fixtures for tests of the store: a location on either database, and journal lines.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tempfile::TempDir;
use zonal::model::{
    AppliedChange, AppliedField, AppliedRecord, AppliedStateUpdate, ChangeAction, CollectionId,
    ContentDigest, FieldValue, JournalEntry, ManagementOrigin, Run, RunAuthor, RunHost, RunId, RunOperation,
    RunState, WritePhase,
};
use zonal::store::{
    ChainCheck, HistoryFilter, NewRun, RunDocument, Store, StoreAccess, StoreError, StoreLocation,
    StoreScope, StoredJournalEntry, WaitMode,
};

/// Supported databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestDatabase {
    Sqlite,
    Postgres,
}

/// Location of a store that may not exist yet.
pub struct TestStoreLocation {
    /// Location, as in the configuration.
    pub address: String,
    directory: TempDir,
}

impl TestStoreLocation {
    /// Creates an empty location.
    pub fn new(on: TestDatabase) -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        let address = match on {
            TestDatabase::Sqlite => directory.path().join("store.db").display().to_string(),
            TestDatabase::Postgres => crate::postgres_server::database(),
        };
        Self { address, directory }
    }

    /// Creates a location with an open store and a run.
    pub async fn with_run(on: TestDatabase) -> (Self, Store, RunId) {
        let place = Self::new(on);
        let store = place.open().await;
        let run = store.begin(new_run()).await.expect("run should start");
        (place, store, run)
    }

    /// Uses an existing location.
    pub fn at(address: &str) -> Self {
        let directory = tempfile::tempdir().expect("temporary directory");
        Self { address: address.to_owned(), directory }
    }

    /// Returns the file of a SQLite store.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("store.db")
    }

    pub fn location(&self) -> StoreLocation {
        StoreLocation::parse(&self.address).expect("address should be valid")
    }

    /// Returns the result of opening the store.
    pub async fn try_to_open(&self, access: StoreAccess) -> Result<Option<Store>, StoreError> {
        Store::open(self.location(), access, WaitMode::Async).await
    }

    /// Connects to the database directly.
    pub async fn connect(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let address = match self.address.starts_with("postgres") {
            true => self.address.clone(),
            false => format!("sqlite://{}?mode=rwc", self.address),
        };
        AnyConnection::connect(&address).await.expect("database should be reachable")
    }

    /// Executes SQL on the database directly.
    pub async fn sql(&self, text: &str) {
        let mut connection = self.connect().await;
        let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await;
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
        connection.close().await.expect("connection should close");
    }

    /// Returns a number from the database directly.
    pub async fn number(&self, text: &str) -> i64 {
        let mut connection = self.connect().await;
        let row = sqlx::query(AssertSqlSafe(text)).fetch_one(&mut connection).await;
        let number = row.unwrap_or_else(|error| panic!("{text}: {error}")).try_get(0);
        connection.close().await.expect("connection should close");
        number.expect("should be a number")
    }

    /// Opens the store, and creates a missing one.
    pub async fn open(&self) -> Store {
        let opened = Store::open(self.location(), StoreAccess::Write, WaitMode::Async).await;
        opened.expect("store should open").expect("store should be created")
    }
}

pub fn scope() -> StoreScope {
    StoreScope { network: "omni".into(), environment: "".into() }
}

pub fn new_run() -> NewRun {
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

/// Returns a change of a record's description.
pub fn set(key: &str, before: &str, after: &str) -> AppliedChange {
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

/// Returns the applied state after these verified changes.
pub fn learned(changes: &[AppliedChange]) -> AppliedStateUpdate {
    let known = |done: &AppliedChange| AppliedRecord {
        holds: Some(done.field_changes.iter().map(|edit| (edit.field.clone(), edit.after.clone())).collect()),
        maker: ManagementOrigin::Adopted,
        manifest: done.manifest.clone(),
    };
    let found = changes.iter().map(|done| (done.identity(), known(done)));
    AppliedStateUpdate { key: vec!["code".into()], found: found.collect(), ..AppliedStateUpdate::default() }
}

/// Appends a journal line, and waits until the line is durable.
pub async fn append(store: &Store, line: StoredJournalEntry) {
    store.append(line).wait_until_durable().await.expect("line should be stored");
}

/// Returns the number of entries in the history. The chain must be unbroken.
pub async fn entries(store: &Store) -> u64 {
    match store.follow(&|_| {}).await.expect("should answer") {
        ChainCheck::Intact { entries, .. } => entries,
        broken => panic!("{broken:?}"),
    }
}

/// Returns the latest entries of the history as addresses.
pub async fn told(store: &Store, asked: HistoryFilter) -> Vec<String> {
    let page = store.history(scope(), asked, None, 100).await.expect("should answer");
    page.entries.iter().map(|entry| entry.address.to_string()).collect()
}

/// Returns a journal line about table `T` of a zone.
pub fn line(run: RunId, number: u64, zone: &str, phase: WritePhase) -> StoredJournalEntry {
    let collection = CollectionId::with_code("CodeTable", "T");
    let entry = JournalEntry { zone: zone.into(), collection, phase, image: None };
    StoredJournalEntry { scope: scope(), run, number, at: "2026-01-01T00:00:01Z".to_owned(), entry }
}

/// Returns the journal line for verified changes of a zone's records.
pub fn verified(run: RunId, number: u64, zone: &str, changes: Vec<AppliedChange>) -> StoredJournalEntry {
    let learned = learned(&changes);
    let changes: Arc<[AppliedChange]> = changes.into();
    line(run, number, zone, WritePhase::Verified { changes, learned })
}

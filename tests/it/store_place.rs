//! What every test of the store needs: a place for it, on both databases, and lines to write down.

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tempfile::TempDir;
use zonal::model::{
    Action, Author, CollectionId, Digest, Done, Entry, Host, Known, Learned, Maker, Moment, Run, RunDeed,
    RunId, RunState, Setting, Value,
};
use zonal::store::{Access, Asked, Chain, Line, Location, NewRun, Scope, Store, StoreError, Waiting};

/// The databases that a store can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// Where a store is, or will be.
pub struct Place {
    /// The location, as people write it.
    pub address: String,
    directory: TempDir,
}

impl Place {
    /// A place where nothing is yet.
    pub fn new(on: On) -> Self {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let address = match on {
            On::Sqlite => directory.path().join("store.db").display().to_string(),
            On::Postgres => crate::postgres::database(),
        };
        Self { address, directory }
    }

    /// A place that somebody else has made.
    pub fn at(address: &str) -> Self {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        Self { address: address.to_owned(), directory }
    }

    /// The file, on SQLite.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("store.db")
    }

    pub fn location(&self) -> Location {
        Location::parse(&self.address).expect("an address")
    }

    /// What opening it comes to.
    pub async fn try_to_open(&self, access: Access) -> Result<Option<Store>, StoreError> {
        Store::open(self.location(), access, Waiting::Aside).await
    }

    /// A connection past the store.
    pub async fn connect(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        let address = match self.address.starts_with("postgres") {
            true => self.address.clone(),
            false => format!("sqlite://{}?mode=rwc", self.address),
        };
        AnyConnection::connect(&address).await.expect("it can be reached")
    }

    /// Does something to the database past the store.
    pub async fn sql(&self, text: &str) {
        let mut connection = self.connect().await;
        let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await;
        done.unwrap_or_else(|error| panic!("{text}: {error}"));
        connection.close().await.expect("it can be closed");
    }

    /// A number that the database tells past the store.
    pub async fn number(&self, text: &str) -> i64 {
        let mut connection = self.connect().await;
        let row = sqlx::query(AssertSqlSafe(text)).fetch_one(&mut connection).await;
        let number = row.unwrap_or_else(|error| panic!("{text}: {error}")).try_get(0);
        connection.close().await.expect("it can be closed");
        number.expect("a number")
    }

    /// Opens the store that is there, or makes one.
    pub async fn open(&self) -> Store {
        let opened = Store::open(self.location(), Access::Write, Waiting::Aside).await;
        opened.expect("it can be opened").expect("it is made where there is none")
    }
}

pub fn scope() -> Scope {
    Scope { network: "omni".into(), environment: "".into() }
}

pub fn new_run() -> NewRun {
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

/// The description of a record was set.
pub fn set(key: &str, before: &str, after: &str) -> Done {
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

/// What the ledger learns where changes like these were verified.
pub fn learned(changes: &[Done]) -> Learned {
    let known = |done: &Done| Known {
        holds: Some(done.edits.iter().map(|edit| (edit.field.clone(), edit.after.clone())).collect()),
        maker: Maker::Adopted,
        manifest: done.manifest.clone(),
    };
    let found = changes.iter().map(|done| (done.identity(), known(done)));
    Learned { key: vec!["code".into()], found: found.collect(), forgotten: Vec::new() }
}

/// How many entries the history has, whose chain is whole.
pub async fn entries(store: &Store) -> u64 {
    match store.follow(&|_| {}).await.expect("it answers") {
        Chain::Whole { entries, .. } => entries,
        broken => panic!("{broken:?}"),
    }
}

/// The latest of the history, as addresses.
pub async fn told(store: &Store, asked: Asked) -> Vec<String> {
    let page = store.history(scope(), asked, None, 100).await.expect("it answers");
    page.entries.iter().map(|entry| entry.address.to_string()).collect()
}

/// A line about the table `T` of a zone.
pub fn line(run: RunId, number: u64, zone: &str, moment: Moment) -> Line {
    let collection = CollectionId::coded("CodeTable", "T");
    let entry = Entry { zone: zone.into(), collection, moment };
    Line { scope: scope(), run, number, at: "2026-01-01T00:00:01Z".to_owned(), entry }
}

/// The line that says that records of a zone were set, and seen to be.
pub fn verified(run: RunId, number: u64, zone: &str, changes: Vec<Done>) -> Line {
    let learned = learned(&changes);
    let changes: Arc<[Done]> = changes.into();
    line(run, number, zone, Moment::Verified { changes, learned })
}

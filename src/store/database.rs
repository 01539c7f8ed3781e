//! One connection to the database, and the few words in which SQLite and PostgreSQL differ.

use std::time::Duration;

use sqlx::any::{AnyArguments, AnyRow};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Any, AnyConnection, AssertSqlSafe, Connection as _, Row as _};

use super::error::{StoreError, StoreTrouble};
use super::location::Location;

/// What turns an empty database into a store, and an older store into one of today.
static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");
/// How long a file is waited for that another process is writing to.
const BUSY: Duration = Duration::from_secs(20);
/// How often, and how long apart, a server that went away is looked for before it is given up.
const RECONNECTS: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// For looking: a file that is not there is not made.
    #[default]
    Read,
    /// For keeping: a file that is not there is made.
    Write,
}

/// A query and its arguments.
pub type Query<'q> = sqlx::query::Query<'q, Any, AnyArguments>;

/// A connection.
pub struct Database {
    /// Where it leads.
    pub location: Location,
    connection: AnyConnection,
}

impl Database {
    /// Opens the store, and brings it up to date where it is an older one. `None` where there is none, and none
    /// is to be made.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn open(location: Location, access: Access) -> Result<Option<Self>, StoreError> {
        sqlx::any::install_default_drivers();
        let mode = match (&location, access) {
            (Location::File(path), Access::Read) if !path.exists() => return Ok(None),
            (Location::File(_), Access::Read) | (Location::Postgres(_), _) => "rw",
            (Location::File(_), Access::Write) => "rwc",
        };
        let connection = connect(&location, mode).await?;
        let mut database = Self { location, connection };
        database.upgrade(access).await?;
        Ok(Some(database))
    }

    /// Connects again to a server that went away.
    ///
    /// # Errors
    /// [`StoreTrouble::Unreachable`] where it stays away.
    pub async fn reconnect(&mut self) -> Result<(), StoreError> {
        let mut pauses = RECONNECTS.iter();
        loop {
            match (connect(&self.location, "rw").await, pauses.next()) {
                (Ok(connection), _) => {
                    self.connection = connection;
                    return Ok(());
                }
                (Err(_), Some(pause)) => tokio::time::sleep(*pause).await,
                (Err(error), None) => return Err(error),
            }
        }
    }

    /// Whether a server could be back after an error, so that the same can be tried once more.
    pub fn may_come_back(&self, error: &StoreError) -> bool {
        match self.location {
            Location::Postgres(_) => error.class == StoreTrouble::Unreachable,
            Location::File(_) => false,
        }
    }

    /// An error of the driver, with the place where it happened.
    pub fn trouble(&self, error: &sqlx::Error) -> StoreError {
        StoreError::of(&self.location, error)
    }

    /// A query, in which `{now}` stands for the database's clock in seconds, `{each}` for the objects in the JSON
    /// array that is the first argument, as rows with one column `value`, and `{lock}` for the end of a query
    /// whose rows nobody else may change meanwhile.
    fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        let (now, each, lock) = match self.location {
            Location::File(_) => ("unixepoch()", "json_each($1)", ""),
            Location::Postgres(_) => (
                "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)",
                "jsonb_array_elements(CAST($1 AS jsonb)) AS each(value)",
                "FOR UPDATE",
            ),
        };
        // Nothing but these three texts is put in: values are arguments.
        AssertSqlSafe(text.replace("{now}", now).replace("{each}", each).replace("{lock}", lock))
    }

    /// Does something that returns no rows; says how many it changed.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn execute(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<u64, StoreError> {
        let sql = self.sql(text);
        let done = bind(sqlx::query(sql)).execute(&mut self.connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.trouble(&error))
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn fetch(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let sql = self.sql(text);
        bind(sqlx::query(sql)).fetch_all(&mut self.connection).await.map_err(|error| self.trouble(&error))
    }

    /// The one row of an answer that always has one.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn fetch_one(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<AnyRow, StoreError> {
        let sql = self.sql(text);
        bind(sqlx::query(sql)).fetch_one(&mut self.connection).await.map_err(|error| self.trouble(&error))
    }

    /// Keeps what a transaction has done, or none of it where part of it failed.
    ///
    /// # Errors
    /// That failure, or every [`StoreTrouble`].
    pub async fn end_transaction<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(done) => self.execute("COMMIT", |query| query).await.map(|_| done),
            Err(error) => {
                // Where it cannot be taken back, the connection is gone, and everything with it.
                let _ = self.execute("ROLLBACK", |query| query).await;
                Err(error)
            }
        }
    }

    /// Something in the store is not of the shape that zonal writes.
    pub fn damaged(&self, what: &str, error: &serde_json::Error) -> StoreError {
        let what = format!("{what} in it cannot be understood: {error}");
        StoreError::new(&self.location, StoreTrouble::Damaged, what)
    }

    /// Begins a transaction that writes.
    pub fn begin(&self) -> &'static str {
        match self.location {
            // One that begins by reading could not go on where another process has written meanwhile.
            Location::File(_) => "BEGIN IMMEDIATE",
            Location::Postgres(_) => "BEGIN",
        }
    }

    async fn upgrade(&mut self, access: Access) -> Result<(), StoreError> {
        let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
        match self.version().await? {
            Some(version) if version == known => Ok(()),
            Some(version) if version > known => {
                let what = format!("is of version {version}, and this zonal knows {known}");
                Err(StoreError::new(&self.location, StoreTrouble::Newer, what))
            }
            // What others keep in a database of theirs is left alone.
            None if access == Access::Read => {
                let what = "is no store of zonal: it holds nothing of it";
                Err(StoreError::new(&self.location, StoreTrouble::Damaged, what))
            }
            None | Some(_) => match MIGRATIONS.run(&mut self.connection).await {
                Ok(()) => Ok(()),
                Err(MigrateError::Execute(error)) => Err(self.trouble(&error)),
                Err(error) => {
                    let what = format!("cannot be brought up to date: {error}");
                    Err(StoreError::new(&self.location, StoreTrouble::Damaged, what))
                }
            },
        }
    }

    /// The version of the store; `None` where the database is none.
    async fn version(&mut self) -> Result<Option<i64>, StoreError> {
        let tables = match self.location {
            Location::File(_) => {
                "SELECT count(*) AS number FROM sqlite_master WHERE name = '_sqlx_migrations'"
            }
            Location::Postgres(_) => {
                "SELECT count(*) AS number FROM information_schema.tables
                 WHERE table_name = '_sqlx_migrations' AND table_schema = current_schema()"
            }
        };
        let row = sqlx::query(tables).fetch_one(&mut self.connection).await;
        let row = row.map_err(|error| self.trouble(&error))?;
        if row.try_get::<i64, _>("number").map_err(|error| self.trouble(&error))? == 0 {
            return Ok(None);
        }
        let row = sqlx::query("SELECT max(version) AS version FROM _sqlx_migrations")
            .fetch_one(&mut self.connection)
            .await;
        let row = row.map_err(|error| self.trouble(&error))?;
        row.try_get("version").map_err(|error| self.trouble(&error))
    }

    /// Lets go of the database, so that a file is whole without others beside it.
    pub async fn close(self) {
        // What was kept is safe by now; at worst files of SQLite's own stay beside it.
        let _ = self.connection.close().await;
    }
}

async fn connect(location: &Location, mode: &str) -> Result<AnyConnection, StoreError> {
    let trouble = |error: sqlx::Error| StoreError::of(location, &error);
    let mut connection = AnyConnection::connect(&location.address(mode)).await.map_err(trouble)?;
    match location {
        Location::File(_) => {
            // Each of them is answered with a row, or with none where the file is read only.
            let busy = format!("PRAGMA busy_timeout = {}", BUSY.as_millis());
            let safe = ["PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"].map(str::to_owned);
            for pragma in std::iter::once(busy).chain(safe) {
                sqlx::query(AssertSqlSafe(pragma)).fetch_all(&mut connection).await.map_err(trouble)?;
            }
        }
        Location::Postgres(_) => {}
    }
    Ok(connection)
}

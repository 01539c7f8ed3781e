//! Database connection, and the few differences between SQLite and PostgreSQL.

use std::str::FromStr as _;
use std::time::Duration;

use futures::TryStreamExt as _;
use sqlx::any::{AnyArguments, AnyConnectOptions, AnyRow};
use sqlx::{Any, AnyConnection, AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use super::change_blocks::OpenBlocks;
use super::error::{StoreError, StoreErrorType};
use super::location::StoreLocation;

/// Maximum wait for a file locked by another process.
pub(super) const BUSY: Duration = Duration::from_secs(20);
/// Maximum time for a connection to a server.
const CONNECTED: Duration = Duration::from_secs(10);
/// Maximum time for a response of a server.
pub(super) const ANSWERED: Duration = Duration::from_secs(60);
/// Maximum wait for a lock on a server, in milliseconds.
const LOCKED: u32 = 20_000;
/// Maximum idle time of a server transaction, in milliseconds. A stopped process or lost machine must not
/// block other writers.
const IDLE: u32 = 10_000;
/// Pauses between attempts to reconnect to a server.
const RECONNECTS: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// Access mode of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreAccess {
    /// Read access: a missing file is not created.
    #[default]
    Read,
    /// Write access: a missing file is not created.
    Existing,
    /// Write access: a missing file is created.
    Write,
}

/// Query with its arguments.
pub type SqlQuery<'q> = sqlx::query::Query<'q, Any, AnyArguments>;

/// Database connection.
pub struct StoreConnection {
    /// Location of the store.
    pub location: StoreLocation,
    pub(super) connection: AnyConnection,
    /// Blocks of changes without a history entry.
    pub(super) open_blocks: OpenBlocks,
}

impl StoreConnection {
    /// Opens the store, and migrates an older one. Returns `None` for a missing store that is not created.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn open(location: StoreLocation, access: StoreAccess) -> Result<Option<Self>, StoreError> {
        sqlx::any::install_default_drivers();
        let (mode, access) = match &location {
            StoreLocation::Postgres(_) => ("rw", access),
            // A file hidden by permissions counts as existing.
            StoreLocation::File(path) => match (path.try_exists(), access) {
                (Ok(false), StoreAccess::Read | StoreAccess::Existing) => return Ok(None),
                (Ok(false), StoreAccess::Write) => ("rwc", access),
                // An existing file must be a store: an empty one has lost its content.
                (Ok(true), StoreAccess::Write) => ("rw", StoreAccess::Existing),
                (Ok(true), StoreAccess::Read | StoreAccess::Existing) => ("rw", access),
                (Err(error), _) => return Err(StoreError::from_sqlx(&location, error.into())),
            },
        };
        match Self::reach(location.clone(), mode, access).await {
            // SQLite creates files next to a file that it reads, unless the file is immutable.
            Err(error) if access == StoreAccess::Read && error.class == StoreErrorType::ReadOnly => {
                location.is_at_rest().ok_or(error)?;
                Self::reach(location, "ro&immutable=true", access).await
            }
            reached => reached,
        }
    }

    async fn reach(
        location: StoreLocation,
        mode: &str,
        access: StoreAccess,
    ) -> Result<Option<Self>, StoreError> {
        let connection = connect(&location, mode).await?;
        let mut database = Self { location, connection, open_blocks: OpenBlocks::new() };
        Ok(database.upgrade(access).await?.then_some(database))
    }

    /// Reconnects to a server after a lost connection.
    ///
    /// # Errors
    /// Returns [`StoreErrorType::Unreachable`] if the server stays unreachable.
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

    /// Returns true if a reconnect may succeed, so that a retry makes sense.
    pub fn may_come_back(&self, error: &StoreError) -> bool {
        match self.location {
            StoreLocation::Postgres(_) => error.class == StoreErrorType::Unreachable,
            StoreLocation::File(_) => false,
        }
    }

    /// Converts an error of the driver, and adds the location.
    pub fn trouble(&self, error: sqlx::Error) -> StoreError {
        StoreError::from_sqlx(&self.location, error)
    }

    /// Completes a query with placeholders.
    ///
    /// `{now}` is the database clock in seconds. `{each}` expands the JSON array in the first argument to
    /// rows with one column `value`. `{lock}` locks the selected rows.
    fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        let (now, each, lock) = match self.location {
            StoreLocation::File(_) => ("unixepoch()", "json_each($1)", ""),
            StoreLocation::Postgres(_) => (
                "CAST(extract(epoch FROM clock_timestamp()) AS BIGINT)",
                "jsonb_array_elements(CAST($1 AS jsonb)) AS each(value)",
                "FOR UPDATE",
            ),
        };
        // Only these three constants are inserted; values are bound arguments.
        AssertSqlSafe(text.replace("{now}", now).replace("{each}", each).replace("{lock}", lock))
    }

    /// Executes a statement without result rows. Returns the number of changed rows.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn execute(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
    ) -> Result<u64, StoreError> {
        let query = bind(sqlx::query(self.sql(text)));
        let done = match self.location {
            StoreLocation::File(_) => Ok(query.execute(&mut self.connection).await),
            StoreLocation::Postgres(_) => timeout(ANSWERED, query.execute(&mut self.connection)).await,
        };
        match done {
            Ok(done) => done.map(|done| done.rows_affected()).map_err(|error| self.trouble(error)),
            Err(_) => Err(silent(&self.location, ANSWERED)),
        }
    }

    /// Passes each result row to `each` as it arrives.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`], or an error of `each`.
    pub async fn fetch_each(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
        mut each: impl FnMut(&StoreLocation, AnyRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let query = bind(sqlx::query(self.sql(text)));
        let Self { location, connection, .. } = self;
        let mut rows = query.fetch(connection);
        loop {
            let next = match location {
                StoreLocation::File(_) => rows.try_next().await,
                StoreLocation::Postgres(_) => match timeout(ANSWERED, rows.try_next()).await {
                    Ok(next) => next,
                    Err(_) => return Err(silent(location, ANSWERED)),
                },
            };
            match next.map_err(|error| StoreError::from_sqlx(location, error))? {
                Some(row) => each(location, row)?,
                None => return Ok(()),
            }
        }
    }

    /// Returns all result rows.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn fetch(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut rows = Vec::new();
        let keep = |_: &StoreLocation, row| {
            rows.push(row);
            Ok(())
        };
        self.fetch_each(text, bind, keep).await?;
        Ok(rows)
    }

    /// Returns the first result row, if any.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn fetch_one(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
    ) -> Result<Option<AnyRow>, StoreError> {
        Ok(self.fetch(text, bind).await?.into_iter().next())
    }

    /// Commits the transaction, or rolls it back after a failure.
    ///
    /// # Errors
    /// Returns that failure, or an error of any [`StoreErrorType`].
    pub async fn end_transaction<T>(&mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(done) => self.execute("COMMIT", |query| query).await.map(|_| done),
            Err(error) => {
                // A failed rollback means a lost connection, which also ends the transaction.
                let _ = self.execute("ROLLBACK", |query| query).await;
                Err(error)
            }
        }
    }

    /// Returns an error for stored data with an unexpected format.
    pub fn corrupt_data_error(&self, what: &str, error: serde_json::Error) -> StoreError {
        StoreError::corrupt_data_error(&self.location, what, error)
    }

    /// Returns the statement that begins a write transaction.
    pub fn begin(&self) -> &'static str {
        match self.location {
            // A transaction that begins with a read fails if another process has written meanwhile.
            StoreLocation::File(_) => "BEGIN IMMEDIATE",
            StoreLocation::Postgres(_) => "BEGIN",
        }
    }

    /// Closes the connection, so that SQLite removes its auxiliary files.
    pub async fn close(self) {
        // The data is durable already; at worst, auxiliary files of SQLite remain.
        let _ = self.connection.close().await;
    }
}

async fn connect(location: &StoreLocation, mode: &str) -> Result<AnyConnection, StoreError> {
    let trouble = |error: sqlx::Error| StoreError::from_sqlx(location, error);
    if let Some(what) = location.obstacle() {
        return Err(StoreError::new(location, StoreErrorType::Unreachable, what));
    }
    // Statements are not logged, not even slow ones.
    let options = AnyConnectOptions::from_str(&location.address(mode)).map_err(trouble)?;
    let options = options.disable_statement_logging();
    let mut connection = match location {
        StoreLocation::File(_) => AnyConnection::connect_with(&options).await.map_err(trouble)?,
        StoreLocation::Postgres(_) => match timeout(CONNECTED, AnyConnection::connect_with(&options)).await {
            Ok(connected) => connected.map_err(trouble)?,
            Err(_) => return Err(silent(location, CONNECTED)),
        },
    };
    match location {
        StoreLocation::File(_) => {
            let busy = format!("PRAGMA busy_timeout = {}", BUSY.as_millis());
            for pragma in [busy, "PRAGMA synchronous = FULL".to_owned()] {
                sqlx::query(AssertSqlSafe(pragma)).fetch_all(&mut connection).await.map_err(trouble)?;
            }
        }
        StoreLocation::Postgres(_) => {
            let set =
                format!("SET lock_timeout = {LOCKED}; SET idle_in_transaction_session_timeout = {IDLE}");
            let setting = sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut connection);
            match timeout(CONNECTED, setting).await {
                Ok(done) => done.map(drop).map_err(trouble)?,
                Err(_) => return Err(silent(location, CONNECTED)),
            }
        }
    }
    Ok(connection)
}

pub(super) fn silent(location: &StoreLocation, waited: Duration) -> StoreError {
    let what = format!("no response within {} seconds", waited.as_secs());
    StoreError::new(location, StoreErrorType::Unreachable, what)
}

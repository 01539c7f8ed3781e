//! One connection to the database, and the few words in which SQLite and PostgreSQL differ.

use std::str::FromStr as _;
use std::time::Duration;

use futures::TryStreamExt as _;
use sqlx::any::{AnyArguments, AnyConnectOptions, AnyRow};
use sqlx::{Any, AnyConnection, AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::time::timeout;

use super::error::{StoreError, StoreErrorType};
use super::location::StoreLocation;

/// How long a file is waited for that another process is writing to.
const BUSY: Duration = Duration::from_secs(20);
/// How long a server may take until it lets zonal in.
const CONNECTED: Duration = Duration::from_secs(10);
/// How long a server may be silent while something is asked of it.
pub(super) const ANSWERED: Duration = Duration::from_secs(60);
/// How long a server lets zonal wait for something that somebody else holds, in milliseconds.
const LOCKED: u32 = 20_000;
/// How long a server waits for somebody who has begun to write and says nothing more, in milliseconds: one that was
/// stopped, or whose machine is gone, must not keep all others waiting.
const IDLE: u32 = 10_000;
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
pub enum StoreAccess {
    /// For looking: a file that is not there is not made.
    #[default]
    Read,
    /// For keeping: a file that is not there is made.
    Write,
}

/// A query and its arguments.
pub type SqlQuery<'q> = sqlx::query::Query<'q, Any, AnyArguments>;

/// A connection.
pub struct StoreConnection {
    /// Where it leads.
    pub location: StoreLocation,
    pub(super) connection: AnyConnection,
}

impl StoreConnection {
    /// Opens the store, and brings it up to date where it is an older one. `None` where there is none, and none
    /// is to be made.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn open(location: StoreLocation, access: StoreAccess) -> Result<Option<Self>, StoreError> {
        sqlx::any::install_default_drivers();
        let mode = match (&location, access) {
            // One that is hidden from us is not one that is not there.
            (StoreLocation::File(path), StoreAccess::Read) => match path.try_exists() {
                Ok(false) => return Ok(None),
                Ok(true) => "rw",
                Err(error) => return Err(StoreError::from_sqlx(&location, &error.into())),
            },
            (StoreLocation::Postgres(_), _) => "rw",
            (StoreLocation::File(_), StoreAccess::Write) => "rwc",
        };
        match Self::reach(location.clone(), mode, access).await {
            // SQLite keeps files beside a file that it reads, unless it knows that nobody writes to it.
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
        let mut database = Self { location, connection };
        Ok(database.upgrade(access).await?.then_some(database))
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
            StoreLocation::Postgres(_) => error.class == StoreErrorType::Unreachable,
            StoreLocation::File(_) => false,
        }
    }

    /// An error of the driver, with the place where it happened.
    pub fn trouble(&self, error: &sqlx::Error) -> StoreError {
        StoreError::from_sqlx(&self.location, error)
    }

    /// A query, in which `{now}` stands for the database's clock in seconds, `{each}` for the objects in the JSON
    /// array that is the first argument, as rows with one column `value`, and `{lock}` for the end of a query
    /// whose rows nobody else may change meanwhile.
    fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        let (now, each, lock) = match self.location {
            StoreLocation::File(_) => ("unixepoch()", "json_each($1)", ""),
            StoreLocation::Postgres(_) => (
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
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
    ) -> Result<u64, StoreError> {
        let query = bind(sqlx::query(self.sql(text)));
        let done = match self.location {
            StoreLocation::File(_) => Ok(query.execute(&mut self.connection).await),
            StoreLocation::Postgres(_) => timeout(ANSWERED, query.execute(&mut self.connection)).await,
        };
        match done {
            Ok(done) => done.map(|done| done.rows_affected()).map_err(|error| self.trouble(&error)),
            Err(_) => Err(silent(&self.location, ANSWERED)),
        }
    }

    /// Shows each row of an answer as it comes.
    ///
    /// # Errors
    /// Every [`StoreTrouble`], and those of `each`.
    pub async fn fetch_each(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
        mut each: impl FnMut(&StoreLocation, AnyRow) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let query = bind(sqlx::query(self.sql(text)));
        let Self { location, connection } = self;
        let mut rows = query.fetch(connection);
        loop {
            let next = match location {
                StoreLocation::File(_) => rows.try_next().await,
                StoreLocation::Postgres(_) => match timeout(ANSWERED, rows.try_next()).await {
                    Ok(next) => next,
                    Err(_) => return Err(silent(location, ANSWERED)),
                },
            };
            match next.map_err(|error| StoreError::from_sqlx(location, &error))? {
                Some(row) => each(location, row)?,
                None => return Ok(()),
            }
        }
    }

    /// All rows of an answer.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
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

    /// The first row of an answer, where there is one.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn fetch_one(
        &mut self,
        text: &str,
        bind: impl for<'q> FnOnce(SqlQuery<'q>) -> SqlQuery<'q>,
    ) -> Result<Option<AnyRow>, StoreError> {
        Ok(self.fetch(text, bind).await?.into_iter().next())
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
    pub fn corrupt_data_error(&self, what: &str, error: &serde_json::Error) -> StoreError {
        StoreError::corrupt_data_error(&self.location, what, error)
    }

    /// Begins a transaction that writes.
    pub fn begin(&self) -> &'static str {
        match self.location {
            // One that begins by reading could not go on where another process has written meanwhile.
            StoreLocation::File(_) => "BEGIN IMMEDIATE",
            StoreLocation::Postgres(_) => "BEGIN",
        }
    }

    /// Lets go of the database, so that a file is whole without others beside it.
    pub async fn close(self) {
        // What was kept is safe by now; at worst files of SQLite's own stay beside it.
        let _ = self.connection.close().await;
    }
}

async fn connect(location: &StoreLocation, mode: &str) -> Result<AnyConnection, StoreError> {
    let trouble = |error: sqlx::Error| StoreError::from_sqlx(location, &error);
    if let Some(what) = location.obstacle() {
        return Err(StoreError::new(location, StoreErrorType::Unreachable, what));
    }
    // What it says to the database is not the user's concern, not even where it is slow.
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
    let what = format!("does not answer within {} seconds", waited.as_secs());
    StoreError::new(location, StoreErrorType::Unreachable, what)
}

//! Turning an empty database into a store, and an older store into one of today; and leaving alone what is neither.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::Row as _;
use sqlx::migrate::{MigrateError, Migrator};
use tokio::time::{Instant, timeout};

use super::database::{ANSWERED, StoreAccess, StoreConnection, silent};
use super::error::{StoreError, StoreErrorType};
use super::location::StoreLocation;

/// The steps from each version to the next. What was done of them stands in a table of our own, because others
/// who keep theirs in the same database may count theirs in the table that the driver would take.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("src/store/migrations");
    migrations.dangerous_set_table_name("zonal_versions");
    migrations
});
/// The tables of the first version, as SQL lists them.
const TABLES: &str = "'runs', 'plans', 'journal', 'ledger', 'leases', 'history', 'chain'";
/// How long, and how often, a store is looked at again that somebody else brings up to date.
const PATIENCE: Duration = Duration::from_secs(20);
const APART: Duration = Duration::from_millis(100);

/// What may be done with a database that is no store.
enum DatabaseState {
    /// A store is to be made in it.
    CreateStore,
    /// None is to be made, and there is nothing.
    Empty,
    /// Another process has begun to make one since.
    CreatedConcurrently,
}

impl StoreConnection {
    /// Brings the store up to date, or makes one. `false` where there is none on a server, and none is to be made.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub(super) async fn upgrade(&mut self, access: StoreAccess) -> Result<bool, StoreError> {
        let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
        let began = Instant::now();
        loop {
            match self.version().await? {
                Some(version) if version == known => return Ok(true),
                Some(version) if version > known => {
                    let what = format!("is of version {version}, and this zonal knows {known}");
                    return Err(StoreError::new(&self.location, StoreErrorType::Newer, what));
                }
                Some(_) => {}
                None => match self.room(access).await? {
                    DatabaseState::CreateStore => {}
                    DatabaseState::Empty => return Ok(false),
                    DatabaseState::CreatedConcurrently => continue,
                },
            }
            let done = self.migrate().await;
            match done {
                // SQLite has no lock for this: of two that begin at once, one fails, and finds it done.
                Err(StoreError { class: StoreErrorType::Busy | StoreErrorType::Damaged, .. })
                    if began.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(APART).await;
                }
                done => return done.map(|()| true),
            }
        }
    }

    async fn migrate(&mut self) -> Result<(), StoreError> {
        match self.location {
            // From here on it is ours. Whoever reads does not wait for whoever writes.
            StoreLocation::File(_) => {
                self.fetch("PRAGMA journal_mode = WAL", |query| query).await.map(drop)?
            }
            StoreLocation::Postgres(_) => {}
        }
        let done = match self.location {
            StoreLocation::File(_) => MIGRATIONS.run(&mut self.connection).await,
            StoreLocation::Postgres(_) => match timeout(ANSWERED, MIGRATIONS.run(&mut self.connection)).await
            {
                Ok(done) => done,
                Err(_) => return Err(silent(&self.location, ANSWERED)),
            },
        };
        match done {
            Ok(()) => Ok(()),
            Err(MigrateError::Execute(error)) => Err(self.trouble(&error)),
            Err(MigrateError::ExecuteMigration(error, _)) => Err(self.trouble(&error)),
            Err(error) => {
                let what = format!("cannot be brought up to date: {error}");
                Err(StoreError::new(&self.location, StoreErrorType::Damaged, what))
            }
        }
    }

    /// What a database is that was no store a moment ago. What others keep is left alone: a file is ours or theirs;
    /// on a server only the names matter.
    async fn room(&mut self, access: StoreAccess) -> Result<DatabaseState, StoreError> {
        // One question for all names, ours first: whoever makes a store between two would pass for somebody else.
        let sql = match self.location {
            StoreLocation::File(_) => "SELECT name FROM sqlite_master WHERE type = 'table'
                 ORDER BY CASE name WHEN 'zonal_versions' THEN 0 ELSE 1 END, name"
                .to_owned(),
            // The catalogue also tells of tables that nobody lets us read.
            StoreLocation::Postgres(_) => format!(
                "SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables
                 WHERE schemaname = current_schema() AND tablename IN ('zonal_versions', {TABLES})
                 ORDER BY CASE tablename WHEN 'zonal_versions' THEN 0 ELSE 1 END, tablename"
            ),
        };
        let found = self.fetch_one(&sql, |query| query).await?;
        let name = found.map(|row| row.try_get::<String, _>("name")).transpose();
        let what = match (name.map_err(|error| self.trouble(&error))?, access, &self.location) {
            (Some(name), _, _) if name == "zonal_versions" => return Ok(DatabaseState::CreatedConcurrently),
            (Some(name), _, _) => {
                format!("is no store of zonal: it holds a table `{name}` of somebody else's")
            }
            (None, StoreAccess::Read, StoreLocation::File(_)) => {
                "is no store of zonal: it holds nothing of it".to_owned()
            }
            // Somebody has made room for one, and nothing was applied yet.
            (None, StoreAccess::Read, StoreLocation::Postgres(_)) => return Ok(DatabaseState::Empty),
            (None, StoreAccess::Write, _) => return Ok(DatabaseState::CreateStore),
        };
        Err(StoreError::new(&self.location, StoreErrorType::Damaged, what))
    }

    /// The version of the store; `None` where the database is none.
    async fn version(&mut self) -> Result<Option<i64>, StoreError> {
        let tables = match self.location {
            StoreLocation::File(_) => "SELECT name FROM sqlite_master WHERE name = 'zonal_versions'",
            StoreLocation::Postgres(_) => {
                "SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables
                 WHERE tablename = 'zonal_versions' AND schemaname = current_schema()"
            }
        };
        if self.fetch_one(tables, |query| query).await?.is_none() {
            return Ok(None);
        }
        let sql = "SELECT COALESCE(MAX(version), 0) AS version FROM zonal_versions";
        let row = self.fetch_one(sql, |query| query).await?;
        let version = row.map(|row| row.try_get("version")).transpose();
        version.map_err(|error| self.trouble(&error))
    }
}

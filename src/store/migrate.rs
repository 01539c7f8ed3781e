//! Creates a store in an empty database, migrates older stores, and refuses other databases.

use std::sync::LazyLock;
use std::time::Duration;

use sqlx::Row as _;
use sqlx::migrate::{MigrateError, Migrator};
use tokio::time::{Instant, timeout};

use super::database::{ANSWERED, StoreAccess, StoreConnection, silent};
use super::error::{FailedStep, StoreError, StoreErrorType};
use super::location::StoreLocation;

/// Migrations between versions. The version table has its own name, because other applications in the same
/// database may use the driver's default table.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("src/store/migrations");
    migrations.dangerous_set_table_name("zonal_versions");
    migrations
});
/// Tables of all versions, as an SQL list.
const TABLES: &str = "'runs', 'plans', 'journal', 'applied_state', 'leases', 'history', 'history_head', 'images', \
                      'changes', 'run_documents', 'applied_collections', 'history_blocks'";
/// Maximum wait, and pause between attempts, if another process migrates the store.
const PATIENCE: Duration = Duration::from_secs(20);
const APART: Duration = Duration::from_millis(100);
/// Maximum time between the creation of a file and of its first table, by another process.
const CREATION: Duration = Duration::from_secs(2);

/// State of a database without a store.
enum DatabaseState {
    /// A store can be created.
    CreateStore,
    /// No store exists, and none must be created.
    Empty,
    /// Another process has started to create a store.
    CreatedConcurrently,
}

impl StoreConnection {
    /// Migrates or creates the store. Returns `false` for read access to a server without a store.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub(super) async fn upgrade(&mut self, access: StoreAccess) -> Result<bool, StoreError> {
        let versions = || MIGRATIONS.iter().map(|migration| migration.version);
        let (oldest, known) = (versions().min().unwrap_or_default(), versions().max().unwrap_or_default());
        let began = Instant::now();
        loop {
            match self.version().await? {
                Some(version) if version == known => return self.convert_old_layout().await.map(|()| true),
                Some(version) if version > known => {
                    let what = format!("has version {version}, but this zonal supports version {known}");
                    return Err(StoreError::new(&self.location, StoreErrorType::Newer, what));
                }
                // A version of 0 means that another process has only created the version table.
                Some(version @ 1..) if version < oldest => {
                    let what = format!(
                        "has version {version} of an older zonal, but this zonal supports version {known}"
                    );
                    return Err(StoreError::new(&self.location, StoreErrorType::Older, what));
                }
                Some(_) => {}
                None => match self.room(access, began).await? {
                    DatabaseState::CreateStore => {}
                    DatabaseState::Empty => return Ok(false),
                    DatabaseState::CreatedConcurrently => continue,
                },
            }
            let done = match self.migrate().await {
                Ok(()) => self.convert_old_layout().await,
                Err(error) => Err(error),
            };
            match done {
                // SQLite has no lock for migrations: of two concurrent ones, one fails and then finds the
                // work done.
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
            // The file belongs to zonal from here on. In WAL mode, readers do not wait for writers.
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
            Err(MigrateError::Execute(error)) => Err(self.trouble(error)),
            Err(MigrateError::ExecuteMigration(error, _)) => Err(self.trouble(error)),
            Err(error) => {
                let cause = FailedStep::new("cannot migrate the store", error);
                Err(StoreError::new(&self.location, StoreErrorType::Damaged, cause))
            }
        }
    }

    /// Returns the state of a database without a store. A file with other tables is refused; on a server,
    /// only conflicting table names matter.
    ///
    /// Waits if the file is empty, because another process may be creating the store.
    async fn room(&mut self, access: StoreAccess, began: Instant) -> Result<DatabaseState, StoreError> {
        // Single query for all names, with the version table first. A concurrent creation must not look like
        // a foreign database.
        let sql = match self.location {
            StoreLocation::File(_) => "SELECT name FROM sqlite_master WHERE type = 'table'
                 ORDER BY CASE name WHEN 'zonal_versions' THEN 0 ELSE 1 END, name"
                .to_owned(),
            // The catalog also lists tables without read permission.
            StoreLocation::Postgres(_) => format!(
                "SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables
                 WHERE schemaname = current_schema() AND tablename IN ('zonal_versions', {TABLES})
                 ORDER BY CASE tablename WHEN 'zonal_versions' THEN 0 ELSE 1 END, tablename"
            ),
        };
        let found = self.fetch_one(&sql, |query| query).await?;
        let name = found.map(|row| row.try_get::<String, _>("name")).transpose();
        let what = match (name.map_err(|error| self.trouble(error))?, access, &self.location) {
            (Some(name), _, _) if name == "zonal_versions" => return Ok(DatabaseState::CreatedConcurrently),
            (Some(name), _, _) => {
                format!("not a zonal store: contains the foreign table `{name}`")
            }
            (None, StoreAccess::Read | StoreAccess::Existing, StoreLocation::File(_)) => {
                if began.elapsed() < CREATION {
                    tokio::time::sleep(APART).await;
                    return Ok(DatabaseState::CreatedConcurrently);
                }
                "not a zonal store: the database is empty; restore the file from a backup, or delete it to \
                 begin without an applied state"
                    .to_owned()
            }
            // The database exists, but nothing was applied yet.
            (None, StoreAccess::Read | StoreAccess::Existing, StoreLocation::Postgres(_)) => {
                return Ok(DatabaseState::Empty);
            }
            (None, StoreAccess::Write, _) => return Ok(DatabaseState::CreateStore),
        };
        Err(StoreError::new(&self.location, StoreErrorType::Damaged, what))
    }

    /// Returns the version of the store; `None` for a database without a store.
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
        version.map_err(|error| self.trouble(error))
    }
}

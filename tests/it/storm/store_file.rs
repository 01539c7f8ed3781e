//! Store of a command storm, seen from outside.
//!
//! Every access blocks, because the paused clock would advance while the storm waits.

use std::path::PathBuf;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};

pub struct StoreFile(PathBuf);

impl StoreFile {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn exists(&self) -> bool {
        self.0.exists()
    }

    /// Returns the number of the last run, 0 without a store.
    pub fn last_run(&self) -> i64 {
        self.number("SELECT COALESCE(MAX(id), 0) FROM runs")
    }

    /// Ends all leases, as if their processes had been stopped for half a minute.
    pub fn end_leases(&self) {
        self.number("UPDATE leases SET expires = 0 RETURNING 0");
    }

    /// Executes a statement, and returns its first number.
    fn number(&self, sql: &str) -> i64 {
        if !self.0.exists() {
            return 0;
        }
        let (address, sql) = (format!("sqlite://{}", self.0.display()), sql.to_owned());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("runtime should start").block_on(async {
                sqlx::any::install_default_drivers();
                let mut connection = AnyConnection::connect(&address).await.expect("store should open");
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
                let number = rows.expect("statement").first().map_or(0, |row| row.get(0));
                connection.close().await.expect("connection should close");
                number
            })
        };
        std::thread::spawn(work).join().expect("thread should end")
    }
}

//! Store of a command storm, seen from outside.
//!
//! Every access blocks, because the paused clock would advance while the storm waits.

use std::path::PathBuf;

use crate::store_fixture::TestStoreLocation;

pub struct StoreFile {
    path: PathBuf,
    location: TestStoreLocation,
}

impl StoreFile {
    pub fn new(path: PathBuf) -> Self {
        let location = TestStoreLocation::at(&path.display().to_string());
        Self { path, location }
    }

    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Returns the number of the last run, 0 without a store.
    pub fn last_run(&self) -> i64 {
        if !self.exists() {
            return 0;
        }
        blocking(self.location.number("SELECT COALESCE(MAX(id), 0) FROM runs"))
    }

    /// Ends all leases, as if their processes had been stopped for half a minute.
    pub fn end_leases(&self) {
        if self.exists() {
            blocking(self.location.sql("UPDATE leases SET expires = 0"));
        }
    }
}

/// Waits for work on a thread with a clock of its own.
fn blocking<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("runtime should start").block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(run).join()).expect("thread should end")
}

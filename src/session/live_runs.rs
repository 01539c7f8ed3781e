//! Runs that this process executes now.
//!
//! A stored run with the ID of this process is either one of these, or a run of an earlier process with the
//! same ID.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::RunId;
use crate::store::Store;

static LIVE_RUNS: Mutex<BTreeSet<(String, RunId)>> = Mutex::new(BTreeSet::new());

/// Membership of a run in the runs of this process, until dropped.
#[derive(Debug)]
pub struct LiveRun(String, RunId);

impl LiveRun {
    /// Adds a run of a store.
    pub fn new(store: &Store, run: RunId) -> Self {
        let location = store.location().to_string();
        runs().insert((location.clone(), run));
        Self(location, run)
    }
}

impl Drop for LiveRun {
    fn drop(&mut self) {
        runs().remove(&(std::mem::take(&mut self.0), self.1));
    }
}

/// Returns true if this process executes a run of a store.
pub fn contains(store: &Store, run: RunId) -> bool {
    runs().contains(&(store.location().to_string(), run))
}

fn runs() -> MutexGuard<'static, BTreeSet<(String, RunId)>> {
    LIVE_RUNS.lock().unwrap_or_else(PoisonError::into_inner)
}

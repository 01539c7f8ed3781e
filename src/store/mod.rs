//! Store: runs, applied state, journal, leases and history, in SQLite or PostgreSQL.
//!
//! A worker thread owns the database connection. The worker processes requests in order, and writes waiting
//! journal entries in one transaction. So sixty busy zones wait for one disk sync, not for sixty.

mod applied_state;
mod bulk_insert;
mod change_blocks;
mod database;
mod error;
mod hash_chain;
mod history;
mod images;
mod journal;
mod kept_data;
mod leases;
mod location;
mod migrate;
mod old_layout;
mod packed_text;
mod run_documents;
mod runs;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, mpsc as threads};
use std::time::Duration;

use futures::future::LocalBoxFuture;
use tokio::sync::{mpsc, oneshot};

pub use self::applied_state::CollectionStateUpdate;
pub use self::database::StoreAccess;
pub use self::error::{StoreError, StoreErrorType};
pub use self::hash_chain::ChainCheck;
pub use self::history::{ChangeCount, HistoryFilter, HistoryPage, HistoryRemainder};
pub use self::images::StoredImage;
pub use self::journal::{PendingJournalEntry, StoredJournalEntry, UnfinishedWrite, WriteProgress};
pub use self::kept_data::{KeptImages, PrunableRuns, RunsToKeep};
pub use self::leases::{LeaseHolder, LeaseResult};
pub use self::location::StoreLocation;
pub use self::run_documents::{RunDocument, RunPapers};
pub use self::runs::{NewRun, UnfinishedRun};

use self::database::StoreConnection;
use self::worker::{FailedJournals, StoreRequest, StoreWorker};

/// Maximum wait for the worker's end when the store is dropped. An unresponsive server must not keep the
/// process alive.
const PUT_AWAY: Duration = Duration::from_secs(5);

/// Owner of stored data: one network in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreScope {
    /// Name of the network.
    pub network: Arc<str>,
    /// Environment; empty if none is selected.
    pub environment: Arc<str>,
}

/// Way of waiting for a response of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitMode {
    /// Other tasks continue meanwhile.
    #[default]
    Async,
    /// The thread blocks. In a simulated network, time only stops while a task runs. An asynchronous wait for
    /// another thread would advance the simulated time.
    Blocking,
}

/// Open store. Clones share the same worker.
#[derive(Debug, Clone)]
pub struct Store {
    jobs: mpsc::UnboundedSender<StoreRequest>,
    location: StoreLocation,
    waiting: WaitMode,
    lost: Arc<FailedJournals>,
    /// Last field: when the last clone drops it, no sender to the worker exists any more.
    _end: Arc<WorkerJoin>,
}

/// Waits for the end of the worker thread, so that the process does not end before the store is closed.
#[derive(Debug)]
struct WorkerJoin(Mutex<threads::Receiver<()>>);

impl Drop for WorkerJoin {
    fn drop(&mut self) {
        // Nothing is ever sent: `recv` returns when the worker drops the sender.
        let _ = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).recv_timeout(PUT_AWAY);
    }
}

impl Store {
    /// Opens a store, and migrates an older one. Returns `None` for a missing store that is not created.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn open(
        location: StoreLocation,
        access: StoreAccess,
        waiting: WaitMode,
    ) -> Result<Option<Self>, StoreError> {
        let (jobs, queue) = mpsc::unbounded_channel();
        let (alive, end) = threads::channel();
        let lost = Arc::new(FailedJournals::default());
        let opened = StoreWorker::start(location.clone(), access, queue, Arc::clone(&lost), alive)?;
        let store = Self { jobs, location, waiting, lost, _end: Arc::new(WorkerJoin(Mutex::new(end))) };
        match store.wait(opened).await {
            Some(Ok(true)) => Ok(Some(store)),
            Some(Ok(false)) => Ok(None),
            Some(Err(error)) => Err(error),
            None => Err(store.worker_stopped_error()),
        }
    }

    /// Returns the location.
    pub fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// Ends the worker after all pending requests. Other clones are unusable afterwards.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(StoreRequest::Shutdown(done)).is_ok() {
            self.wait(closed).await;
        }
    }

    /// Runs work on the worker, and waits for the result. If a server connection was lost, the work runs
    /// again from the start, so it must be idempotent.
    async fn execute<T: Send + 'static>(
        &self,
        work: impl for<'k> Fn(&'k mut StoreConnection) -> LocalBoxFuture<'k, Result<T, StoreError>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        if self.jobs.send(StoreRequest::request(work, reply)).is_err() {
            return Err(self.worker_stopped_error());
        }
        self.wait(answer).await.unwrap_or_else(|| Err(self.worker_stopped_error()))
    }

    async fn wait<T>(&self, answer: oneshot::Receiver<T>) -> Option<T> {
        match self.waiting {
            WaitMode::Async => answer.await.ok(),
            WaitMode::Blocking => futures::executor::block_on(answer).ok(),
        }
    }

    fn worker_stopped_error(&self) -> StoreError {
        StoreError::new(&self.location, StoreErrorType::Unreachable, "is closed")
    }
}

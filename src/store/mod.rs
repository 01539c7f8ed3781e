//! What zonal remembers: runs, the ledger, the journal, leases and the history, in SQLite or in PostgreSQL.
//!
//! One thread keeps the store. It does one thing after the other, and writes down what comes while it is busy in
//! one go, so that sixty zones at work wait for one disk once, not sixty times.

mod applied_state;
mod bulk_insert;
mod database;
mod error;
mod hash_chain;
mod history;
mod journal;
mod leases;
mod location;
mod migrate;
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
pub use self::history::{HistoryFilter, HistoryPage, HistoryRemainder};
pub use self::journal::{PendingJournalEntry, StoredJournalEntry, UnfinishedWrite, WriteProgress};
pub use self::leases::{LeaseHolder, LeaseResult};
pub use self::location::StoreLocation;
pub use self::runs::{NewRun, UnfinishedRun};

use self::database::StoreConnection;
use self::worker::{FailedJournals, StoreRequest, StoreWorker};

/// How long whoever lets go of a store waits until it is put away. A server that does not answer must not keep a
/// process alive.
const PUT_AWAY: Duration = Duration::from_secs(5);

/// Whose things are meant: everything in a store belongs to one network in one environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreScope {
    /// The network's name.
    pub network: Arc<str>,
    /// The environment; empty for the manifest as it stands.
    pub environment: Arc<str>,
}

/// How whoever asks the store waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitMode {
    /// Others go on meanwhile.
    #[default]
    Async,
    /// Nothing else happens meanwhile. In a simulated network time stands still only while somebody is at
    /// work, so a store on another thread would let its time run.
    Blocking,
}

/// An open store. Clones are the same store.
#[derive(Debug, Clone)]
pub struct Store {
    jobs: mpsc::UnboundedSender<StoreRequest>,
    location: StoreLocation,
    waiting: WaitMode,
    lost: Arc<FailedJournals>,
    /// The last field: by the time that the last clone drops it, nobody can ask the keeper for anything.
    _end: Arc<WorkerJoin>,
}

/// Waits for the end of the keeper's thread, so that no process ends before the store is put away.
#[derive(Debug)]
struct WorkerJoin(Mutex<threads::Receiver<()>>);

impl Drop for WorkerJoin {
    fn drop(&mut self) {
        // Nothing is ever sent: what is waited for is that the other end is dropped.
        let _ = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).recv_timeout(PUT_AWAY);
    }
}

impl Store {
    /// Opens a store, and brings it up to date where it is an older one. `None` where there is none and it is only
    /// to be looked at.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
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

    /// Where it is.
    pub fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// Ends the store's thread once everything that was asked of it is done. Other clones are of no use afterwards.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(StoreRequest::Shutdown(done)).is_ok() {
            self.wait(closed).await;
        }
    }

    /// Has the keeper do something, and waits for it. Where a server went away meanwhile it is done again from its
    /// beginning, so it must do no harm twice.
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

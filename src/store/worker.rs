//! Worker thread of a store.
//!
//! Processes requests in order, renews the leases of this process, and writes queued journal entries in one
//! transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc as threads};

use futures::future::LocalBoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::database::{StoreAccess, StoreConnection};
use super::error::{FailedStep, StoreError, StoreErrorType};
use super::journal::StoredJournalEntry;
use super::leases::{self, HEARTBEAT};
use super::{StoreLocation, journal};
use crate::model::RunId;

/// Maximum number of journal entries per transaction.
const AT_ONCE: usize = 512;
/// Maximum number of changes per transaction, to limit memory use.
const HEAVIEST: usize = 50_000;

/// Request to the worker.
pub enum StoreRequest {
    /// Append an entry to a run's journal.
    Append(Box<StoredJournalEntry>, oneshot::Sender<Result<(), StoreError>>),
    /// Execute other work.
    Execute(DatabaseTask),
    /// Start to renew a run's leases and heartbeat.
    KeepAlive(RunId),
    /// Stop to renew a run's leases.
    StopKeepAlive(RunId),
    /// Stop the worker.
    Shutdown(oneshot::Sender<()>),
}

/// Work on the database, repeated after a reconnect.
pub type DatabaseTask = Box<dyn for<'k> FnOnce(&'k mut StoreConnection) -> LocalBoxFuture<'k, ()> + Send>;

impl StoreRequest {
    /// Creates a request whose result is sent to `reply`.
    pub fn request<T: Send + 'static>(
        work: impl for<'k> Fn(&'k mut StoreConnection) -> LocalBoxFuture<'k, Result<T, StoreError>>
        + Send
        + 'static,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        Self::Execute(Box::new(move |database| {
            Box::pin(async move {
                let mut done = work(database).await;
                if let Err(error) = &done
                    && database.may_come_back(error)
                {
                    done = match database.reconnect().await {
                        Ok(()) => work(database).await,
                        Err(error) => Err(error),
                    };
                }
                // The receiver may be gone after an interrupt.
                let _ = reply.send(done);
            })
        }))
    }
}

/// Runs with a failed journal write, and the error. No later entry of such a run is written, because a
/// journal with a gap would be wrong.
#[derive(Debug, Default)]
pub struct FailedJournals(Mutex<BTreeMap<RunId, StoreError>>);

impl FailedJournals {
    /// Returns the error that stopped a run's journal, if any.
    pub fn error_for_run(&self, run: RunId) -> Option<StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned()
    }

    /// Clears the error after a resume, which continues after the last durable entry.
    pub fn forget(&self, run: RunId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }

    fn add(&self, run: RunId, error: &StoreError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(run).or_insert_with(|| error.clone());
    }
}

/// Owner of the database connection.
pub struct StoreWorker {
    database: StoreConnection,
    lost: Arc<FailedJournals>,
    queue: mpsc::UnboundedReceiver<StoreRequest>,
    attended: Vec<RunId>,
}

impl StoreWorker {
    /// Starts the thread. The receiver gets `true` once the store is open, or `false` if no store exists.
    /// `alive` is dropped at the end of the thread.
    ///
    /// # Errors
    /// Returns [`StoreErrorType::Unreachable`] if the thread cannot start.
    pub fn start(
        location: StoreLocation,
        access: StoreAccess,
        queue: mpsc::UnboundedReceiver<StoreRequest>,
        lost: Arc<FailedJournals>,
        alive: threads::Sender<()>,
    ) -> Result<oneshot::Receiver<Result<bool, StoreError>>, StoreError> {
        let failed = |error: std::io::Error| {
            let cause = FailedStep::new("cannot start the store thread", error);
            StoreError::new(&location, StoreErrorType::Unreachable, cause)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (opened, answer) = oneshot::channel();
        let place = location.clone();
        let keep = move || {
            runtime.block_on(async move {
                match StoreConnection::open(place, access).await {
                    Ok(Some(database)) => {
                        let _ = opened.send(Ok(true));
                        Self { database, lost, queue, attended: Vec::new() }.serve().await;
                    }
                    Ok(None) => drop(opened.send(Ok(false))),
                    Err(error) => drop(opened.send(Err(error))),
                }
            });
            drop(alive);
        };
        std::thread::Builder::new().name("store".to_owned()).spawn(keep).map_err(failed)?;
        Ok(answer)
    }

    async fn serve(mut self) {
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next = None;
        loop {
            let job = match next.take() {
                Some(job) => Some(job),
                None => tokio::select! {
                    // Leases have priority: a queue that is never empty must not delay them.
                    biased;
                    _ = heartbeat.tick(), if !self.attended.is_empty() => {
                        self.renew().await;
                        // The interval starts after the renewal, so that a slow database is not flooded with
                        // renewals.
                        heartbeat.reset();
                        continue;
                    }
                    job = self.queue.recv() => job,
                },
            };
            match job {
                None => return self.database.close().await,
                Some(StoreRequest::Shutdown(done)) => {
                    self.database.close().await;
                    let _ = done.send(());
                    return;
                }
                Some(StoreRequest::Execute(work)) => work(&mut self.database).await,
                Some(StoreRequest::KeepAlive(run)) => {
                    // The start of the run just updated the heartbeat.
                    if self.attended.is_empty() {
                        heartbeat.reset();
                    }
                    self.attended.push(run);
                }
                Some(StoreRequest::StopKeepAlive(run)) => self.attended.retain(|attended| *attended != run),
                Some(StoreRequest::Append(line, reply)) => next = self.append(*line, reply).await,
            }
        }
    }

    /// Writes an entry, together with the entries waiting behind it. Returns the first request after those.
    async fn append(
        &mut self,
        line: StoredJournalEntry,
        reply: oneshot::Sender<Result<(), StoreError>>,
    ) -> Option<StoreRequest> {
        let (mut lines, mut replies, mut next) = (vec![line], vec![reply], None);
        let mut weight = lines.iter().map(StoredJournalEntry::weight).sum::<usize>();
        while lines.len() < AT_ONCE && weight < HEAVIEST {
            match self.queue.try_recv() {
                Ok(StoreRequest::Append(line, reply)) => {
                    weight += line.weight();
                    lines.push(*line);
                    replies.push(reply);
                }
                Ok(job) => {
                    next = Some(job);
                    break;
                }
                Err(_) => break,
            }
        }
        // Entries after a failed one are rejected, so that the journal has no gap.
        if let Some(error) = lines.iter().find_map(|line| self.lost.error_for_run(line.run)) {
            lines.iter().for_each(|line| self.lost.add(line.run, &error));
            replies.into_iter().for_each(|reply| drop(reply.send(Err(error.clone()))));
            return next;
        }
        let mut done = journal::append(&mut self.database, &lines).await;
        if let Err(error) = &done
            && self.database.may_come_back(error)
        {
            done = match self.database.reconnect().await {
                Ok(()) => journal::append(&mut self.database, &lines).await,
                Err(error) => Err(error),
            };
        }
        if let Err(error) = &done {
            lines.iter().for_each(|line| self.lost.add(line.run, error));
        }
        for reply in replies {
            let _ = reply.send(done.clone());
        }
        next
    }

    /// Renews all leases. Errors are ignored here, because the next journal write fails too.
    async fn renew(&mut self) {
        for run in self.attended.clone() {
            if let Err(error) = leases::renew(&mut self.database, run).await
                && self.database.may_come_back(&error)
                && self.database.reconnect().await.is_ok()
            {
                let _ = leases::renew(&mut self.database, run).await;
            }
        }
    }
}

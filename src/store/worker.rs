//! The thread that keeps a store: it does what it is asked to, one thing after the other, keeps the leases alive
//! that the process holds, and writes down what has gathered in its queue in one transaction.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc as threads};

use futures::future::LocalBoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use super::database::{StoreAccess, StoreConnection};
use super::error::{StoreError, StoreErrorType};
use super::journal::StoredJournalEntry;
use super::leases::{self, HEARTBEAT};
use super::{StoreLocation, journal};
use crate::model::RunId;

/// Lines that are written down in one go at most.
const AT_ONCE: usize = 512;
/// Changes in them, so that no transaction is larger than memory likes.
const HEAVIEST: usize = 50_000;

/// What the keeper is asked to do.
pub enum StoreRequest {
    /// To write a line into a run's journal.
    Append(Box<StoredJournalEntry>, oneshot::Sender<Result<(), StoreError>>),
    /// To do something else.
    Execute(DatabaseTask),
    /// To renew a run's leases from now on, and to say that it is still there.
    KeepAlive(RunId),
    /// No longer.
    StopKeepAlive(RunId),
    /// To end.
    Shutdown(oneshot::Sender<()>),
}

/// Work with the database, done again after a server that went away is back.
pub type DatabaseTask = Box<dyn for<'k> FnOnce(&'k mut StoreConnection) -> LocalBoxFuture<'k, ()> + Send>;

impl StoreRequest {
    /// Work whose result is replied.
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
                // Whoever asked may have been interrupted.
                let _ = reply.send(done);
            })
        }))
    }
}

/// Runs of which a line could not be kept, and why. Nothing that comes after such a line is kept either: a journal
/// with a hole in it would say that something never happened.
#[derive(Debug, Default)]
pub struct FailedJournals(Mutex<BTreeMap<RunId, StoreError>>);

impl FailedJournals {
    /// Why a line of a run was lost, where one was.
    pub fn error_for_run(&self, run: RunId) -> Option<StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run).cloned()
    }

    /// The run was taken up anew, behind the last line that was kept.
    pub fn forget(&self, run: RunId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }

    fn add(&self, run: RunId, error: &StoreError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(run).or_insert_with(|| error.clone());
    }
}

/// Whoever keeps the store.
pub struct StoreWorker {
    database: StoreConnection,
    lost: Arc<FailedJournals>,
    queue: mpsc::UnboundedReceiver<StoreRequest>,
    attended: Vec<RunId>,
}

impl StoreWorker {
    /// Starts the thread. What comes back says whether there is a store, once it is open. `alive` is dropped when
    /// the thread is done.
    ///
    /// # Errors
    /// [`StoreTrouble::Unreachable`] where there can be no thread.
    pub fn start(
        location: StoreLocation,
        access: StoreAccess,
        queue: mpsc::UnboundedReceiver<StoreRequest>,
        lost: Arc<FailedJournals>,
        alive: threads::Sender<()>,
    ) -> Result<oneshot::Receiver<Result<bool, StoreError>>, StoreError> {
        let failed = |error: std::io::Error| {
            StoreError::new(&location, StoreErrorType::Unreachable, format!("cannot be kept: {error}"))
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
                    // The leases first: a queue that is never empty must not cost them.
                    biased;
                    _ = heartbeat.tick(), if !self.attended.is_empty() => {
                        self.renew().await;
                        // Counted from here, so that a database that is slow to take it keeps nobody else out.
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
                    // It was heard of just now.
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

    /// Writes a line down, and those that wait behind it. Returns the first job behind those.
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
        // What follows a line that was lost is not kept, so that the journal has no hole.
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

    /// What is lost by a heartbeat that fails is told by the next line that cannot be written.
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

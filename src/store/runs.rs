//! Runs in the store: operation, plan and result.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use sqlx::Row as _;

use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::run_documents::{self, DocumentKind, RunDocument};
use super::worker::StoreRequest;
use super::{Store, StoreScope};
use super::{hash_chain, images};
use crate::model::{Run, RunId, RunState};

/// Run that is about to start; the store assigns its ID.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// The run; its ID is ignored.
    pub run: Run,
    /// Plan of the run.
    pub plan: RunDocument,
}

/// Stored run with the time since its last heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// The run.
    pub run: Run,
    /// Seconds since the last heartbeat.
    pub silent: u64,
}

impl From<&Run> for StoreScope {
    fn from(run: &Run) -> Self {
        Self {
            network: run.network.as_str().into(),
            environment: run.environment.as_deref().unwrap_or("").into(),
        }
    }
}

impl Store {
    /// Starts a run. Its leases are renewed until the run ends.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn begin(&self, new: NewRun) -> Result<RunId, StoreError> {
        let tried = AtomicBool::new(false);
        let id = self
            .execute(move |database| {
                let attempt = match tried.swap(true, Ordering::Relaxed) {
                    true => WriteAttempt::Retry,
                    false => WriteAttempt::First,
                };
                begin(database, new.clone(), attempt).boxed_local()
            })
            .await?;
        self.attend(id);
        Ok(id)
    }

    /// Resumes a killed or interrupted run. `found` is the run as read when the resume was decided.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`], or [`StoreErrorType::Busy`] if another process has resumed
    /// the run since.
    pub async fn take_up(&self, found: Run, run: Run) -> Result<(), StoreError> {
        let (id, lost) = (run.id, Arc::clone(&self.lost));
        self.execute(move |database| {
            let (found, run, lost) = (found.clone(), run.clone(), Arc::clone(&lost));
            async move { take_up(database, found, run).await.inspect(|()| lost.forget(id)) }.boxed_local()
        })
        .await?;
        self.attend(id);
        Ok(())
    }

    /// Saves the result of a run with its report, and releases its leases. `None` keeps the stored report.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`], including the error of a failed journal write that no
    /// caller waited for. Resume then recovers the outcome from the zones.
    pub async fn end(&self, run: Run, report: Option<RunDocument>) -> Result<(), StoreError> {
        let _ = self.jobs.send(StoreRequest::StopKeepAlive(run.id));
        let lost = Arc::clone(&self.lost);
        self.execute(move |database| match lost.error_for_run(run.id) {
            Some(error) => ready(Err(error)).boxed_local(),
            None => end(database, run.clone(), report.clone()).boxed_local(),
        })
        .await
    }

    /// Returns a run; `None` if the ID is unknown.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn run(&self, id: RunId) -> Result<Option<UnfinishedRun>, StoreError> {
        let runs = self.execute(move |database| runs(database, SelectedRuns::One(id)).boxed_local()).await?;
        Ok(runs.into_iter().next())
    }

    /// Returns the latest runs of a network, at most `limit`, latest first.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn runs(&self, scope: StoreScope, limit: usize) -> Result<Vec<UnfinishedRun>, StoreError> {
        self.execute(move |database| runs(database, SelectedRuns::Latest(scope.clone(), limit)).boxed_local())
            .await
    }

    /// Returns the runs of a run group, in start order.
    ///
    /// # Errors
    /// Returns an error of any [`StoreErrorType`].
    pub async fn group(&self, scope: StoreScope, group: String) -> Result<Vec<UnfinishedRun>, StoreError> {
        self.execute(move |database| {
            runs(database, SelectedRuns::Group(scope.clone(), group.clone())).boxed_local()
        })
        .await
    }

    fn attend(&self, id: RunId) {
        // If the worker has stopped, the next request returns an error.
        let _ = self.jobs.send(StoreRequest::KeepAlive(id));
    }
}

pub(super) async fn begin(
    database: &mut StoreConnection,
    new: NewRun,
    attempt: WriteAttempt,
) -> Result<RunId, StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = insert(database, &new, attempt).await;
    database.end_transaction(done).await
}

/// Attempt number of a write that may have succeeded before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteAttempt {
    /// First attempt.
    First,
    /// Retry after a lost response.
    Retry,
}

async fn insert(
    database: &mut StoreConnection,
    NewRun { run, plan }: &NewRun,
    attempt: WriteAttempt,
) -> Result<RunId, StoreError> {
    // Concurrent starts wait here, and get the next ID.
    hash_chain::lock_head(database).await?;
    let sql = "SELECT id, body FROM runs ORDER BY id DESC LIMIT 20";
    let rows = database.fetch(sql, |query| query).await?;
    let read =
        |row: &sqlx::any::AnyRow| Ok((row.try_get::<i64, _>("id")?, row.try_get::<String, _>("body")?));
    let latest: Result<Vec<(i64, String)>, _> = rows.iter().map(read).collect();
    let latest = latest.map_err(|error| database.trouble(error))?;
    if attempt == WriteAttempt::Retry {
        let is_it =
            |(id, body): &&(i64, String)| *body == json(&Run { id: RunId(id.unsigned_abs()), ..run.clone() });
        if let Some((id, _)) = latest.iter().find(is_it) {
            return Ok(RunId(id.unsigned_abs()));
        }
    }
    let last = latest.first().map_or(0, |(id, _)| *id);
    let next = last.saturating_add(1);
    let id = RunId(next.unsigned_abs());
    let StoreScope { network, environment } = StoreScope::from(run);
    let body = json(&Run { id, ..run.clone() });
    let sql = "INSERT INTO runs (id, network, environment, last_heartbeat, body, run_group)
               VALUES ($1, $2, $3, {now}, $4, $5)";
    let group = run.group.clone();
    database
        .execute(sql, |query| {
            query.bind(next).bind(network.to_string()).bind(environment.to_string()).bind(body).bind(group)
        })
        .await?;
    run_documents::save(database, id, DocumentKind::Plan, plan).await?;
    Ok(id)
}

async fn take_up(database: &mut StoreConnection, found: Run, run: Run) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = write_over(database, found, run).await;
    database.end_transaction(done).await
}

/// Updates a run if it is still as found. Of two concurrent resumes, the second one fails.
async fn write_over(database: &mut StoreConnection, found: Run, run: Run) -> Result<(), StoreError> {
    // Concurrent resumes wait here.
    hash_chain::lock_head(database).await?;
    let holds = runs(database, SelectedRuns::One(run.id)).await?.into_iter().next().map(|there| there.run);
    // After a lost response, the new value is already stored.
    if holds.as_ref() == Some(&found) || holds.as_ref() == Some(&run) {
        return write(database, run).await;
    }
    let what = format!("another process has resumed {} meanwhile", run.id);
    Err(StoreError::new(&database.location, StoreErrorType::Busy, what))
}

async fn write(database: &mut StoreConnection, run: Run) -> Result<(), StoreError> {
    let body = json(&run);
    let sql = "UPDATE runs SET body = $2, last_heartbeat = {now} WHERE id = $1";
    database.execute(sql, |query| query.bind(number(run.id)).bind(body)).await.map(drop)
}

async fn end(
    database: &mut StoreConnection,
    run: Run,
    report: Option<RunDocument>,
) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = put_away(database, run, report).await;
    database.end_transaction(done).await
}

async fn put_away(
    database: &mut StoreConnection,
    run: Run,
    report: Option<RunDocument>,
) -> Result<(), StoreError> {
    let (id, ended_at) = (number(run.id), run.ended_at.clone());
    match report {
        Some(report) => run_documents::save(database, run.id, DocumentKind::Report, &report).await?,
        None => run_documents::keep_report(database, run.id).await?,
    }
    write(database, run).await?;
    database.execute("DELETE FROM leases WHERE run = $1", |query| query.bind(id)).await?;
    images::prune(database, &ended_at.unwrap_or_default()).await
}

enum SelectedRuns {
    One(RunId),
    Latest(StoreScope, usize),
    Group(StoreScope, String),
}

async fn runs(
    database: &mut StoreConnection,
    chosen: SelectedRuns,
) -> Result<Vec<UnfinishedRun>, StoreError> {
    const WHAT: &str = "SELECT body, {now} - last_heartbeat AS silent FROM runs";
    let rows = match chosen {
        SelectedRuns::One(id) => {
            database.fetch(&format!("{WHAT} WHERE id = $1"), |query| query.bind(number(id))).await
        }
        SelectedRuns::Latest(StoreScope { network, environment }, limit) => {
            let sql = format!("{WHAT} WHERE network = $1 AND environment = $2 ORDER BY id DESC LIMIT $3");
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            database
                .fetch(&sql, |query| {
                    query.bind(network.to_string()).bind(environment.to_string()).bind(limit)
                })
                .await
        }
        SelectedRuns::Group(StoreScope { network, environment }, group) => {
            let sql =
                format!("{WHAT} WHERE network = $1 AND environment = $2 AND run_group = $3 ORDER BY id");
            database
                .fetch(&sql, |query| {
                    query.bind(network.to_string()).bind(environment.to_string()).bind(group)
                })
                .await
        }
    }?;
    let read = |row: &sqlx::any::AnyRow| {
        let body: String = row.try_get("body").map_err(|error| database.trouble(error))?;
        let silent: i64 = row.try_get("silent").map_err(|error| database.trouble(error))?;
        let run = serde_json::from_str(&body).map_err(|error| database.corrupt_data_error("a run", error))?;
        Ok(UnfinishedRun { run, silent: u64::try_from(silent).unwrap_or_default() })
    };
    rows.iter().map(read).collect()
}

/// Returns the number of a run for a database column.
pub(super) fn number(id: RunId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// Returns the JSON of a value. Cannot fail, because all map keys are text.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl UnfinishedRun {
    /// Returns true if the recorded state says that the run is unfinished.
    pub fn is_open(&self) -> bool {
        match self.run.state {
            RunState::Running | RunState::Interrupted => true,
            RunState::Ended => false,
        }
    }
}

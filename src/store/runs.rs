//! Runs: what each set out to do, and how it ended.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use sqlx::Row as _;

use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::hash_chain;
use super::worker::StoreRequest;
use super::{Store, StoreScope};
use crate::model::{Run, RunId, RunState};

/// A run that is about to begin; the store gives it its name.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Everything that is known of it. Its name does not count.
    pub run: Run,
    /// The plan that it carries out or shows, in its published JSON.
    pub plan: String,
}

/// A run that has not ended, or that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// The run.
    pub run: Run,
    /// Seconds since it was last heard of.
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
    /// Begins a run. Its leases are renewed from now on until it ends.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
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

    /// Takes a run up again that was killed or interrupted: says where it goes on, and that it does. `found` is the
    /// run as it was when that was decided.
    ///
    /// # Errors
    /// Every [`StoreTrouble`]; [`StoreTrouble::Busy`] where another process has taken it up since.
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

    /// Writes down how a run ended, with its report in JSON, and lets go of its leases.
    ///
    /// # Errors
    /// Every [`StoreTrouble`]; also that by which a line of the run was lost, even where nobody waited for it:
    /// whoever takes the run up asks the zones what became of it.
    pub async fn end(&self, run: Run, report: String) -> Result<(), StoreError> {
        let _ = self.jobs.send(StoreRequest::StopKeepAlive(run.id));
        let lost = Arc::clone(&self.lost);
        self.execute(move |database| match lost.error_for_run(run.id) {
            Some(error) => ready(Err(error)).boxed_local(),
            None => end(database, run.clone(), report.clone()).boxed_local(),
        })
        .await
    }

    /// A run; `None` where there is none of that name.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn run(&self, id: RunId) -> Result<Option<UnfinishedRun>, StoreError> {
        let runs = self.execute(move |database| runs(database, SelectedRuns::One(id)).boxed_local()).await?;
        Ok(runs.into_iter().next())
    }

    /// The latest runs of a network, the latest first, no more than `limit`.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn runs(&self, scope: StoreScope, limit: usize) -> Result<Vec<UnfinishedRun>, StoreError> {
        self.execute(move |database| runs(database, SelectedRuns::Latest(scope.clone(), limit)).boxed_local())
            .await
    }

    /// The runs that share a name, in the order in which they began.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn group(&self, scope: StoreScope, group: String) -> Result<Vec<UnfinishedRun>, StoreError> {
        self.execute(move |database| {
            runs(database, SelectedRuns::Group(scope.clone(), group.clone())).boxed_local()
        })
        .await
    }

    /// The plan of a run, and its report where it has ended, both in JSON.
    ///
    /// # Errors
    /// Every [`StoreTrouble`].
    pub async fn papers(&self, id: RunId) -> Result<Option<(String, Option<String>)>, StoreError> {
        self.execute(move |database| papers(database, id).boxed_local()).await
    }

    fn attend(&self, id: RunId) {
        // Where the keeper is gone, whatever is asked of it next says so.
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

/// Whether the same was tried before, and perhaps done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteAttempt {
    /// It was not.
    First,
    /// It was, and the answer was lost.
    Retry,
}

async fn insert(
    database: &mut StoreConnection,
    NewRun { run, plan }: &NewRun,
    attempt: WriteAttempt,
) -> Result<RunId, StoreError> {
    // Whoever begins at the same moment waits, and counts on.
    hash_chain::lock_head(database).await?;
    let sql = "SELECT id, body FROM runs ORDER BY id DESC LIMIT 20";
    let rows = database.fetch(sql, |query| query).await?;
    let read =
        |row: &sqlx::any::AnyRow| Ok((row.try_get::<i64, _>("id")?, row.try_get::<String, _>("body")?));
    let latest: Result<Vec<(i64, String)>, _> = rows.iter().map(read).collect();
    let latest = latest.map_err(|error| database.trouble(&error))?;
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
    let sql = "INSERT INTO runs (id, network, environment, heard, body, run_group)
               VALUES ($1, $2, $3, {now}, $4, $5)";
    let group = run.group.clone();
    database
        .execute(sql, |query| {
            query.bind(next).bind(network.to_string()).bind(environment.to_string()).bind(body).bind(group)
        })
        .await?;
    let plan = plan.clone();
    database
        .execute("INSERT INTO plans (run, plan) VALUES ($1, $2)", |query| query.bind(next).bind(plan))
        .await?;
    Ok(id)
}

async fn take_up(database: &mut StoreConnection, found: Run, run: Run) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = write_over(database, found, run).await;
    database.end_transaction(done).await
}

/// Writes a run down where it is still as it was found. Of two that take it up at once, one comes too late.
async fn write_over(database: &mut StoreConnection, found: Run, run: Run) -> Result<(), StoreError> {
    // Whoever takes it up at the same moment waits.
    hash_chain::lock_head(database).await?;
    let holds = runs(database, SelectedRuns::One(run.id)).await?.into_iter().next().map(|there| there.run);
    // Where the answer was lost, it is there already.
    if holds.as_ref() == Some(&found) || holds.as_ref() == Some(&run) {
        return write(database, run).await;
    }
    let what = format!("another process has taken {} up meanwhile", run.id);
    Err(StoreError::new(&database.location, StoreErrorType::Busy, what))
}

async fn write(database: &mut StoreConnection, run: Run) -> Result<(), StoreError> {
    let body = json(&run);
    let sql = "UPDATE runs SET body = $2, heard = {now} WHERE id = $1";
    database.execute(sql, |query| query.bind(number(run.id)).bind(body)).await.map(drop)
}

async fn end(database: &mut StoreConnection, run: Run, report: String) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = put_away(database, run, report).await;
    database.end_transaction(done).await
}

async fn put_away(database: &mut StoreConnection, run: Run, report: String) -> Result<(), StoreError> {
    let id = number(run.id);
    write(database, run).await?;
    database
        .execute("UPDATE plans SET report = $2 WHERE run = $1", |query| query.bind(id).bind(report))
        .await?;
    database.execute("DELETE FROM leases WHERE run = $1", |query| query.bind(id)).await.map(drop)
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
    const WHAT: &str = "SELECT body, {now} - heard AS silent FROM runs";
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
        let body: String = row.try_get("body").map_err(|error| database.trouble(&error))?;
        let silent: i64 = row.try_get("silent").map_err(|error| database.trouble(&error))?;
        let run =
            serde_json::from_str(&body).map_err(|error| database.corrupt_data_error("a run", &error))?;
        Ok(UnfinishedRun { run, silent: u64::try_from(silent).unwrap_or_default() })
    };
    rows.iter().map(read).collect()
}

async fn papers(
    database: &mut StoreConnection,
    id: RunId,
) -> Result<Option<(String, Option<String>)>, StoreError> {
    let sql = "SELECT plan, report FROM plans WHERE run = $1";
    let rows = database.fetch(sql, |query| query.bind(number(id))).await?;
    let read = |row: &sqlx::any::AnyRow| Ok((row.try_get("plan")?, row.try_get("report")?));
    rows.first().map(read).transpose().map_err(|error| database.trouble(&error))
}

/// A run's name as a column holds it.
pub(super) fn number(id: RunId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// The JSON of a value whose keys are all texts, which cannot fail.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl UnfinishedRun {
    /// Whether it still has something to do, as far as it said itself.
    pub fn is_open(&self) -> bool {
        match self.run.state {
            RunState::Running | RunState::Interrupted => true,
            RunState::Ended => false,
        }
    }
}

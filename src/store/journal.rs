//! Journal in the store, with the derived history and applied state.
//!
//! All three are written in the same transaction, so they never disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tokio::sync::oneshot;

use super::applied_state::{self, CollectionStateUpdate};
use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::hash_chain;
use super::runs::{json, number};
use super::worker::StoreRequest;
use super::{Store, StoreScope, history};
use crate::model::{
    AppliedChange, CollectionId, CollectionName, JournalEntry, RecordKey, RunId, VerificationStatus,
    WritePhase, WriteResponse, ZoneCode,
};

/// Journal entry with its run and scope.
#[derive(Debug, Clone)]
pub struct StoredJournalEntry {
    /// Network and environment.
    pub scope: StoreScope,
    /// The run.
    pub run: RunId,
    /// Position in the run's journal.
    pub number: u64,
    /// Time, in RFC 3339.
    pub at: String,
    /// The entry.
    pub entry: JournalEntry,
}

impl StoredJournalEntry {
    /// Returns the number of changes and updates in the entry.
    pub(super) fn weight(&self) -> usize {
        match &self.entry.moment {
            WritePhase::Intent { changes } | WritePhase::Unverified { changes, .. } => changes.len(),
            WritePhase::Verified { changes, learned } => changes.len() + learned.found.len(),
            WritePhase::Sent | WritePhase::Responded { .. } | WritePhase::Unchanged { .. } => 0,
        }
    }
}

/// Journal entry in the queue. Its position in the journal is fixed, even if the caller does not wait.
#[derive(Debug)]
pub struct PendingJournalEntry {
    store: Store,
    answer: oneshot::Receiver<Result<(), StoreError>>,
}

impl PendingJournalEntry {
    /// Waits until this entry and all earlier ones are durable.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`]. The entry may or may not be durable then.
    pub async fn wait_until_durable(self) -> Result<(), StoreError> {
        self.store.wait(self.answer).await.unwrap_or_else(|| Err(self.store.worker_stopped_error()))
    }
}

/// Collection write that a run started, with an unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedWrite {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection.
    pub collection: CollectionId,
    /// Planned changes.
    pub changes: Arc<[AppliedChange]>,
    /// Progress of the write.
    pub reach: WriteProgress,
}

/// Progress of a collection write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteProgress {
    /// No request was sent.
    NotSent,
    /// The request was sent or about to be sent; the outcome is unknown.
    MaybeSent,
    /// A response arrived.
    Responded(WriteResponse),
}

/// JSON body of a journal entry.
#[derive(Debug, Default, Serialize, Deserialize)]
struct JournalBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<Arc<[AppliedChange]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<WriteResponse>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    strays: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Store {
    /// Appends an entry to a run's journal. The entry is queued immediately, before any later request to the
    /// store.
    pub fn append(&self, line: StoredJournalEntry) -> PendingJournalEntry {
        let (reply, answer) = oneshot::channel();
        // If the worker has stopped, waiting for the response returns an error.
        let _ = self.jobs.send(StoreRequest::Append(Box::new(line), reply));
        PendingJournalEntry { store: self.clone(), answer }
    }

    /// Returns the unfinished writes of a run, and the number of entries in its journal.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn open_steps(&self, run: RunId) -> Result<(Vec<UnfinishedWrite>, u64), StoreError> {
        self.execute(move |database| open_steps(database, run).boxed_local()).await
    }
}

/// Writes entries with the derived history and applied state. Idempotent.
pub(super) async fn append(
    database: &mut StoreConnection,
    lines: &[StoredJournalEntry],
) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = insert(database, lines).await;
    database.end_transaction(done).await
}

async fn insert(database: &mut StoreConnection, lines: &[StoredJournalEntry]) -> Result<(), StoreError> {
    let rows: Vec<JournalRow<'_>> = (lines.iter())
        .map(
            |StoredJournalEntry {
                 run,
                 number: place,
                 at,
                 entry: JournalEntry { zone, collection, moment },
                 ..
             }| {
                let (moment, body) = row(moment);
                let collection = json(&CollectionName::from(collection));
                JournalRow {
                    run: number(*run),
                    number: i64::try_from(*place).unwrap_or(i64::MAX),
                    at,
                    zone: zone.as_str(),
                    collection,
                    moment,
                    body: json(&body),
                }
            },
        )
        .collect();
    let cells: Vec<[SqlValue; 7]> = rows.iter().map(JournalRow::cells).collect();
    let into = "INSERT INTO journal (run, number, at, zone, collection, moment, body)";
    let behind = "ON CONFLICT (run, number) DO NOTHING RETURNING run, number";
    let mut new = BTreeSet::new();
    for row in database.insert(into, behind, &cells).await? {
        let place = (row.try_get::<i64, _>("run"), row.try_get::<i64, _>("number"));
        let trouble = |error| database.trouble(error);
        new.insert((place.0.map_err(trouble)?, place.1.map_err(trouble)?));
    }
    let mut added = Vec::new();
    for (line, row) in lines.iter().zip(&rows) {
        match new.remove(&(row.run, row.number)) {
            true => added.push(line),
            // The entry exists already: only the response of the first attempt was lost.
            false => row.expect_it(database).await?,
        }
    }
    let lessons: Vec<(&StoreScope, RunId, CollectionStateUpdate)> = (added.iter())
        .filter_map(|line| lesson(&line.entry).map(|lesson| (&line.scope, line.run, lesson)))
        .collect();
    if lessons.is_empty() && !added.iter().any(|line| applied_changes(&line.entry.moment).is_some()) {
        return Ok(());
    }
    let end = hash_chain::lock_head(database).await?;
    history::add(database, end, &added).await?;
    let mut by_run: BTreeMap<(&StoreScope, RunId), Vec<CollectionStateUpdate>> = BTreeMap::new();
    for (scope, run, lesson) in lessons {
        by_run.entry((scope, run)).or_default().push(lesson);
    }
    for ((scope, run), lessons) in by_run {
        applied_state::learn(database, scope, run, &lessons).await?;
    }
    Ok(())
}

/// Journal entry as table row.
struct JournalRow<'a> {
    run: i64,
    number: i64,
    at: &'a str,
    zone: &'a str,
    collection: String,
    moment: &'static str,
    body: String,
}

impl JournalRow<'_> {
    fn cells(&self) -> [SqlValue; 7] {
        [
            self.run.into(),
            self.number.into(),
            self.at.into(),
            self.zone.into(),
            self.collection.as_str().into(),
            self.moment.into(),
            self.body.as_str().into(),
        ]
    }

    /// Checks that the existing entry equals this one. Otherwise another process uses the same run ID.
    async fn expect_it(&self, database: &mut StoreConnection) -> Result<(), StoreError> {
        let sql = "SELECT at, zone, collection, moment, body FROM journal WHERE run = $1 AND number = $2";
        let found = database.fetch_one(sql, |query| query.bind(self.run).bind(self.number)).await?;
        let ours = [self.at, self.zone, &self.collection, self.moment, &self.body];
        let same = |row: &AnyRow| {
            let theirs: Result<Vec<&str>, _> = (0..ours.len()).map(|column| row.try_get(column)).collect();
            theirs.map(|theirs| theirs == ours)
        };
        match found.as_ref().map(same).transpose().map_err(|error| database.trouble(error))? {
            Some(true) => Ok(()),
            Some(false) | None => {
                let run = RunId(self.run.unsigned_abs());
                let what = format!("another process also writes to the journal of {run}");
                Err(StoreError::new(&database.location, StoreErrorType::Busy, what))
            }
        }
    }
}

/// Returns the update of the applied state from an entry.
fn lesson(entry: &JournalEntry) -> Option<CollectionStateUpdate> {
    match &entry.moment {
        WritePhase::Verified { changes, learned } => Some(CollectionStateUpdate {
            zone: entry.zone.clone(),
            collection: entry.collection.clone(),
            learned: learned.clone(),
            created: created_keys(changes),
        }),
        WritePhase::Intent { .. }
        | WritePhase::Sent
        | WritePhase::Responded { .. }
        | WritePhase::Unverified { .. }
        | WritePhase::Unchanged { .. } => None,
    }
}

fn created_keys(changes: &[AppliedChange]) -> BTreeSet<RecordKey> {
    changes.iter().filter(|done| done.creates()).map(AppliedChange::identity).collect()
}

/// Returns the applied changes of an entry with their verification status; `None` for other phases.
pub(super) fn applied_changes(moment: &WritePhase) -> Option<(&[AppliedChange], VerificationStatus)> {
    match moment {
        WritePhase::Verified { changes, .. } => Some((changes, VerificationStatus::Verified)),
        WritePhase::Unverified { changes, .. } => Some((changes, VerificationStatus::Unverified)),
        WritePhase::Intent { .. }
        | WritePhase::Sent
        | WritePhase::Responded { .. }
        | WritePhase::Unchanged { .. } => None,
    }
}

const INTENT: &str = "intent";
const SENT: &str = "sent";
const ANSWERED: &str = "answered";

fn row(moment: &WritePhase) -> (&'static str, JournalBody) {
    match moment {
        WritePhase::Intent { changes } => {
            (INTENT, JournalBody { changes: Some(Arc::clone(changes)), ..JournalBody::default() })
        }
        WritePhase::Sent => (SENT, JournalBody::default()),
        WritePhase::Responded { answer } => {
            (ANSWERED, JournalBody { answer: Some(*answer), ..JournalBody::default() })
        }
        // The history and the intent entry contain the changes.
        WritePhase::Verified { .. } => ("verified", JournalBody::default()),
        WritePhase::Unverified { unexpected_differences: strays, .. } => {
            ("unverified", JournalBody { strays: strays.clone(), ..JournalBody::default() })
        }
        WritePhase::Unchanged { why } => {
            ("unchanged", JournalBody { why: Some(why.clone()), ..JournalBody::default() })
        }
    }
}

async fn open_steps(
    database: &mut StoreConnection,
    run: RunId,
) -> Result<(Vec<UnfinishedWrite>, u64), StoreError> {
    let sql = "SELECT number, zone, collection, moment, body FROM journal WHERE run = $1 ORDER BY number";
    let rows = database.fetch(sql, |query| query.bind(number(run))).await?;
    let mut open: BTreeMap<(String, String), UnfinishedWrite> = BTreeMap::new();
    let mut last = 0;
    for row in &rows {
        let read = |row: &AnyRow| {
            let text = |name: &str| row.try_get::<String, _>(name);
            let number: i64 = row.try_get("number")?;
            Ok((number, text("zone")?, text("collection")?, text("moment")?, text("body")?))
        };
        let (number, zone, collection, moment, body) = read(row).map_err(|error| database.trouble(error))?;
        last = number.unsigned_abs();
        let damaged = |error| database.corrupt_data_error("the journal", error);
        let step = (zone, collection);
        match moment.as_str() {
            INTENT => {
                let name: CollectionName = serde_json::from_str(&step.1).map_err(damaged)?;
                let JournalBody { changes, .. } = serde_json::from_str(&body).map_err(damaged)?;
                let begun = UnfinishedWrite {
                    zone: step.0.as_str().into(),
                    collection: name.into(),
                    changes: changes.unwrap_or_default(),
                    reach: WriteProgress::NotSent,
                };
                open.insert(step, begun);
            }
            SENT => {
                if let Some(begun) = open.get_mut(&step) {
                    begun.reach = WriteProgress::MaybeSent;
                }
            }
            ANSWERED => {
                let JournalBody { answer, .. } = serde_json::from_str(&body).map_err(damaged)?;
                if let Some(begun) = open.get_mut(&step) {
                    begun.reach = answer.map_or(WriteProgress::MaybeSent, WriteProgress::Responded);
                }
            }
            _ => drop(open.remove(&step)),
        }
    }
    Ok((open.into_values().collect(), last))
}

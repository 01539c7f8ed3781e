//! Journal in the store, with the derived history and applied state.
//!
//! All three are written in the same transaction, so they never disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt as _;
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
use super::{Store, StoreScope, history, images};
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
        match &self.entry.phase {
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
    let rows: Vec<[SqlValue; 7]> = lines.iter().map(StoredJournalEntry::columns).collect();
    let into = "INSERT INTO journal (run, number, at, zone, collection, phase, body)";
    let behind = "ON CONFLICT (run, number) DO NOTHING RETURNING run, number";
    let mut new = BTreeSet::new();
    for row in database.insert(into, behind, &rows).await? {
        let place = (row.try_get::<i64, _>("run"), row.try_get::<i64, _>("number"));
        let trouble = |error| database.trouble(error);
        new.insert([place.0.map_err(trouble)?, place.1.map_err(trouble)?].map(SqlValue::from));
    }
    let mut added = Vec::new();
    for (line, [run, number, content @ ..]) in lines.iter().zip(rows) {
        match new.remove(&[run, number]) {
            true => added.push(line),
            // The entry exists already: only the response of the first attempt was lost.
            false => line.expect_stored(database, &content).await?,
        }
    }
    images::add(database, &added).await?;
    let mut updates: BTreeMap<&StoreScope, Vec<CollectionStateUpdate>> = BTreeMap::new();
    for line in &added {
        if let Some(update) = applied_state_update(&line.entry) {
            updates.entry(&line.scope).or_default().push(update);
        }
    }
    if updates.is_empty() && !added.iter().any(|line| applied_changes(&line.entry.phase).is_some()) {
        return Ok(());
    }
    let head = hash_chain::lock_head(database).await?;
    history::add(database, head, &added).await?;
    for (scope, updates) in updates {
        applied_state::learn(database, scope, &updates).await?;
    }
    Ok(())
}

impl StoredJournalEntry {
    /// Returns the columns of the entry, in the order of the table.
    fn columns(&self) -> [SqlValue; 7] {
        let Self { run, number: position, at, entry: JournalEntry { zone, collection, phase, .. }, .. } =
            self;
        [
            number(*run).into(),
            i64::try_from(*position).unwrap_or(i64::MAX).into(),
            at.as_str().into(),
            zone.as_str().into(),
            json(&CollectionName::from(collection)).into(),
            phase.name().into(),
            json(phase).into(),
        ]
    }

    /// Checks that the stored entry has this content. Otherwise another process uses the same run ID.
    async fn expect_stored(
        &self,
        database: &mut StoreConnection,
        content: &[SqlValue],
    ) -> Result<(), StoreError> {
        let sql = "SELECT at, zone, collection, phase, body FROM journal WHERE run = $1 AND number = $2";
        let position = i64::try_from(self.number).unwrap_or(i64::MAX);
        let stored = database.fetch_one(sql, |query| query.bind(number(self.run)).bind(position)).await?;
        let is_same = |row: &AnyRow| {
            let columns = (0..content.len()).map(|column| row.try_get::<&str, _>(column));
            let columns: Result<Vec<SqlValue>, _> = columns.map(|text| text.map(SqlValue::from)).collect();
            columns.map(|columns| columns == content)
        };
        match stored.as_ref().map(is_same).transpose().map_err(|error| database.trouble(error))? {
            Some(true) => Ok(()),
            Some(false) | None => {
                let what = format!("another process also writes to the journal of {}", self.run);
                Err(StoreError::new(&database.location, StoreErrorType::Busy, what))
            }
        }
    }
}

/// Returns the update of the applied state from an entry.
fn applied_state_update(entry: &JournalEntry) -> Option<CollectionStateUpdate> {
    match &entry.phase {
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
pub(super) fn applied_changes(phase: &WritePhase) -> Option<(&[AppliedChange], VerificationStatus)> {
    match phase {
        WritePhase::Verified { changes, .. } => Some((changes, VerificationStatus::Verified)),
        WritePhase::Unverified { changes, .. } => Some((changes, VerificationStatus::Unverified)),
        WritePhase::Intent { .. }
        | WritePhase::Sent
        | WritePhase::Responded { .. }
        | WritePhase::Unchanged { .. } => None,
    }
}

async fn open_steps(
    database: &mut StoreConnection,
    run: RunId,
) -> Result<(Vec<UnfinishedWrite>, u64), StoreError> {
    let sql = "SELECT number, zone, collection, body FROM journal WHERE run = $1 ORDER BY number";
    let rows = database.fetch(sql, |query| query.bind(number(run))).await?;
    let mut open: BTreeMap<(String, String), UnfinishedWrite> = BTreeMap::new();
    let mut last = 0;
    for row in &rows {
        let read = |row: &AnyRow| {
            let text = |name: &str| row.try_get::<String, _>(name);
            Ok((row.try_get::<i64, _>("number")?, text("zone")?, text("collection")?, text("body")?))
        };
        let (number, zone, collection, body) = read(row).map_err(|error| database.trouble(error))?;
        last = number.unsigned_abs();
        let damaged = |error| database.corrupt_data_error("the journal", error);
        let progress = match serde_json::from_str(&body).map_err(damaged)? {
            WritePhase::Intent { changes } => {
                let id: CollectionName = serde_json::from_str(&collection).map_err(damaged)?;
                let write = UnfinishedWrite {
                    zone: zone.as_str().into(),
                    collection: id.into(),
                    changes,
                    reach: WriteProgress::NotSent,
                };
                open.insert((zone, collection), write);
                continue;
            }
            WritePhase::Sent => WriteProgress::MaybeSent,
            WritePhase::Responded { answer } => WriteProgress::Responded(answer),
            WritePhase::Verified { .. } | WritePhase::Unverified { .. } | WritePhase::Unchanged { .. } => {
                open.remove(&(zone, collection));
                continue;
            }
        };
        if let Some(write) = open.get_mut(&(zone, collection)) {
            write.reach = progress;
        }
    }
    Ok((open.into_values().collect(), last))
}

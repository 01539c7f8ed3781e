//! Journal in the store, with the derived history and applied state.
//!
//! All three are written in the same transaction, so they never disagree.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tokio::sync::oneshot;

use super::applied_state::{self, CollectionStateUpdate};
use super::bulk_insert::SqlValue;
use super::change_blocks::{self, ChangeBlock};
use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::hash_chain;
use super::runs::{self, json};
use super::worker::StoreRequest;
use super::{Store, StoreScope, history, images};
use crate::model::{
    AppliedChange, CollectionId, CollectionName, ContentDigest, JournalEntry, RecordKey, RunId,
    VerificationStatus, WritePhase, WriteResponse, ZoneCode,
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
    /// Number of its intent in the journal, which introduced the planned changes.
    pub intent: u64,
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

    /// Returns the unfinished writes of a run.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn open_steps(&self, run: RunId) -> Result<Vec<UnfinishedWrite>, StoreError> {
        self.execute(move |database| open_steps(database, run).boxed_local()).await
    }

    /// Returns the planned changes of an unfinished write, by the number of its intent.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn planned_changes(&self, run: RunId, intent: u64) -> Result<Vec<AppliedChange>, StoreError> {
        self.execute(move |database| change_blocks::load(database, run, position(intent)).boxed_local()).await
    }

    /// Returns the number of the last entry in a run's journal; 0 without entries.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn last_line(&self, run: RunId) -> Result<u64, StoreError> {
        self.execute(move |database| last_line(database, run).boxed_local()).await
    }
}

/// Writes entries with the derived history and applied state. Idempotent.
pub(super) async fn append(
    database: &mut StoreConnection,
    lines: &[StoredJournalEntry],
) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = insert(database, lines).await;
    let done = database.end_transaction(done).await;
    if done.is_err() {
        // These blocks may not be stored.
        database.open_blocks.clear();
    }
    done
}

async fn insert(database: &mut StoreConnection, lines: &[StoredJournalEntry]) -> Result<(), StoreError> {
    let (mut lines, rows): (Vec<PreparedEntry>, Vec<[SqlValue; 7]>) =
        lines.iter().map(PreparedEntry::new).unzip();
    let into = "INSERT INTO journal (run, number, at, zone, collection, phase, body)";
    let behind = "ON CONFLICT (run, number) DO NOTHING RETURNING run, number";
    let mut new = BTreeSet::new();
    for row in database.insert(into, behind, &rows).await? {
        let place = (row.try_get::<i64, _>("run"), row.try_get::<i64, _>("number"));
        let trouble = |error| database.trouble(error);
        new.insert([place.0.map_err(trouble)?, place.1.map_err(trouble)?].map(SqlValue::from));
    }
    for (prepared, [run, number, content @ ..]) in lines.iter_mut().zip(rows) {
        prepared.is_new = new.remove(&[run, number]);
        if !prepared.is_new {
            // The entry exists already: only the response of the first attempt was lost.
            prepared.line.expect_stored(database, &content).await?;
        }
    }
    let history = save_changes(database, &lines).await?;
    let added = lines.iter().filter(|prepared| prepared.is_new);
    let added: Vec<&StoredJournalEntry> = added.map(|prepared| prepared.line).collect();
    images::add(database, &added).await?;
    let mut updates: BTreeMap<&StoreScope, Vec<CollectionStateUpdate>> = BTreeMap::new();
    for line in &added {
        if let Some(update) = applied_state_update(&line.entry) {
            updates.entry(&line.scope).or_default().push(update);
        }
    }
    if updates.is_empty() && history.is_empty() {
        return Ok(());
    }
    let head = hash_chain::lock_head(database).await?;
    history::add(database, head, &history).await?;
    for (scope, updates) in updates {
        applied_state::learn(database, scope, &updates).await?;
    }
    Ok(())
}

/// Saves the blocks of new entries. Returns the entries with applied changes.
///
/// Changes that equal their intent are not saved again.
async fn save_changes<'a>(
    database: &mut StoreConnection,
    lines: &'a [PreparedEntry<'a>],
) -> Result<Vec<AppliedBlock<'a>>, StoreError> {
    let (mut blocks, mut history) = (Vec::new(), Vec::new());
    for PreparedEntry { line, block, is_new } in lines {
        let Some(block) = block else { continue };
        let place = (line.run, line.entry.zone.clone(), line.entry.collection.clone());
        let number = position(line.number);
        match applied_changes(&line.entry.phase) {
            None => {
                database.open_blocks.insert(place, (number, block.digest));
                blocks.extend(is_new.then(|| block.columns(runs::number(line.run), number)));
            }
            Some((changes, verification)) => {
                let intent = database.open_blocks.remove(&place);
                if !is_new || changes.is_empty() {
                    continue;
                }
                let same = intent.filter(|(_, digest)| *digest == block.digest).map(|(number, _)| number);
                if same.is_none() {
                    blocks.push(block.columns(runs::number(line.run), number));
                }
                let stored_at = same.unwrap_or(number);
                history.push(AppliedBlock { line, changes, block, verification, stored_at });
            }
        }
    }
    change_blocks::save(database, &blocks).await?;
    Ok(history)
}

/// Entry with applied changes.
pub(super) struct AppliedBlock<'a> {
    /// Entry.
    pub line: &'a StoredJournalEntry,
    /// Changes.
    pub changes: &'a [AppliedChange],
    /// The changes as a block.
    pub block: &'a ChangeBlock,
    /// Verification status.
    pub verification: VerificationStatus,
    /// Number of the block in `changes`.
    pub stored_at: i64,
}

/// Entry with its block of changes.
struct PreparedEntry<'a> {
    line: &'a StoredJournalEntry,
    block: Option<ChangeBlock>,
    /// True if the journal did not contain the entry before.
    is_new: bool,
}

/// JSON body of an intent: the digest replaces the changes.
#[derive(serde::Serialize)]
struct IntentBody {
    phase: &'static str,
    digest: ContentDigest,
}

impl<'a> PreparedEntry<'a> {
    /// Prepares an entry. Returns it with its columns, in the order of the table.
    fn new(line: &'a StoredJournalEntry) -> (Self, [SqlValue; 7]) {
        let StoredJournalEntry { run, number, at, entry, .. } = line;
        let JournalEntry { zone, collection, phase, .. } = entry;
        let block = match phase {
            WritePhase::Intent { changes }
            | WritePhase::Verified { changes, .. }
            | WritePhase::Unverified { changes, .. } => Some(ChangeBlock::new(collection, changes)),
            WritePhase::Sent | WritePhase::Responded { .. } | WritePhase::Unchanged { .. } => None,
        };
        let body = match (phase, &block) {
            (WritePhase::Intent { .. }, Some(block)) => intent_body(block),
            (_, _) => json(phase),
        };
        let columns = [
            runs::number(*run).into(),
            position(*number).into(),
            at.as_str().into(),
            zone.as_str().into(),
            json(&CollectionName::from(collection)).into(),
            phase.name().into(),
            body.into(),
        ];
        (Self { line, block, is_new: false }, columns)
    }
}

/// Returns the JSON body of an intent.
pub(super) fn intent_body(block: &ChangeBlock) -> String {
    json(&IntentBody { phase: "intent", digest: block.digest })
}

/// Returns a position in the journal for a database column.
fn position(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl StoredJournalEntry {
    /// Checks that the stored entry has this content. Otherwise another process uses the same run ID.
    async fn expect_stored(
        &self,
        database: &mut StoreConnection,
        content: &[SqlValue],
    ) -> Result<(), StoreError> {
        let sql = "SELECT at, zone, collection, phase, body FROM journal WHERE run = $1 AND number = $2";
        let position = position(self.number);
        let stored =
            database.fetch_one(sql, |query| query.bind(runs::number(self.run)).bind(position)).await?;
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

async fn last_line(database: &mut StoreConnection, run: RunId) -> Result<u64, StoreError> {
    let sql = "SELECT COALESCE(MAX(number), 0) FROM journal WHERE run = $1";
    let row = database.fetch_one(sql, |query| query.bind(runs::number(run))).await?;
    let number = row.map(|row| row.try_get::<i64, _>(0)).transpose();
    Ok(number.map_err(|error| database.trouble(error))?.unwrap_or_default().unsigned_abs())
}

async fn open_steps(database: &mut StoreConnection, run: RunId) -> Result<Vec<UnfinishedWrite>, StoreError> {
    let sql = "SELECT number, zone, collection, body FROM journal WHERE run = $1 ORDER BY number";
    let rows = database.fetch(sql, |query| query.bind(runs::number(run))).await?;
    let mut open: BTreeMap<(String, String), (u64, WriteProgress)> = BTreeMap::new();
    for row in &rows {
        let read = |row: &AnyRow| {
            let text = |name: &str| row.try_get::<String, _>(name);
            Ok((row.try_get::<i64, _>("number")?, text("zone")?, text("collection")?, text("body")?))
        };
        let (number, zone, collection, body) = read(row).map_err(|error| database.trouble(error))?;
        let damaged = |error| database.corrupt_data_error("the journal", error);
        let progress = match serde_json::from_str(&body).map_err(damaged)? {
            WritePhase::Intent { .. } => {
                open.insert((zone, collection), (number.unsigned_abs(), WriteProgress::NotSent));
                continue;
            }
            WritePhase::Sent => WriteProgress::MaybeSent,
            WritePhase::Responded { answer } => WriteProgress::Responded(answer),
            WritePhase::Verified { .. } | WritePhase::Unverified { .. } | WritePhase::Unchanged { .. } => {
                open.remove(&(zone, collection));
                continue;
            }
        };
        if let Some((_, reach)) = open.get_mut(&(zone, collection)) {
            *reach = progress;
        }
    }
    let mut writes = Vec::new();
    for ((zone, collection), (intent, reach)) in open {
        let id: CollectionName = serde_json::from_str(&collection)
            .map_err(|error| database.corrupt_data_error("the journal", error))?;
        writes.push(UnfinishedWrite { zone: zone.as_str().into(), collection: id.into(), intent, reach });
    }
    Ok(writes)
}

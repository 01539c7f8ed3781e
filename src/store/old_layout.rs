//! Moves the rows of stores before version 6 to the current layout.
//!
//! All in one transaction: an interrupted upgrade starts again. The hashes of the history stay as they are.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::bulk_insert::SqlValue;
use super::change_blocks::{self, ChangeBlock};
use super::database::{BUSY, StoreConnection};
use super::error::StoreError;
use super::location::StoreLocation;
use super::packed_text::PackedText;
use super::run_documents::{self, DocumentKind, RunDocument};
use super::{hash_chain, history, journal};
use crate::model::{AppliedChange, CollectionId, CollectionName, ContentDigest, Run, RunId, RunState};

/// Number of rows per query.
const AT_ONCE: i64 = 10_000;

/// Old tables with the columns that their rows are moved from.
const OLD_COLUMNS: [(&str, &str); 3] = [
    ("plans", "run plan report"),
    ("applied_state", "network environment zone collection accepted_rows body"),
    ("history", "number run at network environment zone collection record body verification hash"),
];

/// JSON body of an intent in the old journal.
#[derive(serde::Deserialize)]
struct OldIntent {
    changes: Vec<AppliedChange>,
}

impl StoreConnection {
    /// Moves the rows of the old tables, and drops these tables. Does nothing without old tables.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub(super) async fn convert_old_layout(&mut self) -> Result<(), StoreError> {
        if !self.has_old_layout().await? {
            return Ok(());
        }
        self.execute(self.begin(), |query| query).await?;
        let done = convert(self).await;
        let has_moved = self.end_transaction(done).await?;
        if let StoreLocation::File(_) = self.location {
            let compact = has_moved.then_some("VACUUM");
            // The log still contains all of the upgrade. Without waiting for other processes.
            let log = ["PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)"];
            let patience = format!("PRAGMA busy_timeout = {}", BUSY.as_millis());
            for sql in compact.into_iter().chain(log).chain([&*patience]) {
                // After a failure, the file stays larger than necessary.
                let _ = self.fetch(sql, |query| query).await;
            }
        }
        Ok(())
    }

    /// Returns true if the database has the old tables with their columns. A server may have foreign tables with
    /// the same names.
    async fn has_old_layout(&mut self) -> Result<bool, StoreError> {
        let columns = OLD_COLUMNS.map(|(table, columns)| {
            let columns = columns.split(' ').map(|column| format!("'{table}.{column}'"));
            columns.collect::<Vec<_>>()
        });
        let columns = columns.concat();
        let list = columns.join(", ");
        let sql = match self.location {
            StoreLocation::File(_) => format!(
                "SELECT COUNT(*) AS found FROM sqlite_master AS tables
                 JOIN pragma_table_info(tables.name) AS columns
                 WHERE tables.type = 'table' AND tables.name || '.' || columns.name IN ({list})"
            ),
            StoreLocation::Postgres(_) => format!(
                "SELECT COUNT(*) AS found FROM information_schema.columns
                 WHERE table_schema = current_schema() AND table_name || '.' || column_name IN ({list})"
            ),
        };
        let row = self.fetch_one(&sql, |query| query).await?;
        let found = row.map(|row| row.try_get::<i64, _>("found")).transpose();
        let found = found.map_err(|error| self.trouble(error))?.unwrap_or_default();
        Ok(usize::try_from(found) == Ok(columns.len()))
    }
}

/// Returns true if history entries were moved.
async fn convert(database: &mut StoreConnection) -> Result<bool, StoreError> {
    // Concurrent upgrades wait here; the second one finds nothing to do.
    hash_chain::lock_head(database).await?;
    if !database.has_old_layout().await? {
        return Ok(false);
    }
    move_documents(database).await?;
    move_applied_state(database).await?;
    move_intents(database).await?;
    let has_moved = move_history(database).await?;
    for table in ["history", "plans", "applied_state"] {
        database.execute(&format!("DROP TABLE {table}"), |query| query).await?;
    }
    Ok(has_moved)
}

async fn move_documents(database: &mut StoreConnection) -> Result<(), StoreError> {
    for row in database.fetch("SELECT run FROM plans ORDER BY run", |query| query).await? {
        let run: i64 = row.try_get(0).map_err(|error| database.trouble(error))?;
        let sql = "SELECT plan, report FROM plans WHERE run = $1";
        let row = database.fetch_one(sql, |query| query.bind(run)).await?;
        let read = |row: &AnyRow| Ok((row.try_get::<String, _>(0)?, row.try_get::<Option<String>, _>(1)?));
        let documents = row.as_ref().map(read).transpose().map_err(|error| database.trouble(error))?;
        let Some((plan, report)) = documents else { continue };
        let run = RunId(run.unsigned_abs());
        run_documents::save(database, run, DocumentKind::Plan, &RunDocument::new(&plan)).await?;
        if let Some(report) = report {
            run_documents::save(database, run, DocumentKind::Report, &RunDocument::new(&report)).await?;
        }
    }
    Ok(())
}

async fn move_applied_state(database: &mut StoreConnection) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT network, environment, zone FROM applied_state";
    for zone in database.fetch(sql, |query| query).await? {
        let read = |row: &AnyRow, column: usize| row.try_get::<String, _>(column);
        let place = (read(&zone, 0), read(&zone, 1), read(&zone, 2));
        let trouble = |error| database.trouble(error);
        let place = (place.0.map_err(trouble)?, place.1.map_err(trouble)?, place.2.map_err(trouble)?);
        let sql = "SELECT network, environment, zone, collection, accepted_rows, body FROM applied_state
                   WHERE network = $1 AND environment = $2 AND zone = $3";
        let mut rows: Vec<[SqlValue; 6]> = Vec::new();
        let keep = |location: &StoreLocation, row: AnyRow| {
            let text = |at: usize| row.try_get::<&str, _>(at);
            let columns = || -> Result<[SqlValue; 6], sqlx::Error> {
                let accepted_rows: i64 = row.try_get(4)?;
                let body = PackedText::new(text(5)?);
                let columns = [text(0)?.into(), text(1)?.into(), text(2)?.into(), text(3)?.into()];
                let [network, environment, zone, collection] = columns;
                Ok([network, environment, zone, collection, accepted_rows.into(), (&body).into()])
            };
            rows.push(columns().map_err(|error| StoreError::from_sqlx(location, error))?);
            Ok(())
        };
        database.fetch_each(sql, |query| query.bind(place.0).bind(place.1).bind(place.2), keep).await?;
        let into = "INSERT INTO applied_collections
                        (network, environment, zone, collection, accepted_rows, body)";
        database.insert(into, "", &rows).await?;
    }
    Ok(())
}

/// Moves the changes of intents. An ended run needs none: the history has its changes.
async fn move_intents(database: &mut StoreConnection) -> Result<(), StoreError> {
    for row in database.fetch("SELECT body FROM runs ORDER BY id", |query| query).await? {
        let body: &str = row.try_get(0).map_err(|error| database.trouble(error))?;
        // An unreadable run cannot be resumed.
        let Ok(run) = serde_json::from_str::<Run>(body) else { continue };
        let number = super::runs::number(run.id);
        if run.state == RunState::Ended {
            let sql = "UPDATE journal SET body = $2 WHERE run = $1 AND phase = 'intent'";
            let body = r#"{"phase":"intent"}"#;
            database.execute(sql, |query| query.bind(number).bind(body)).await?;
            continue;
        }
        let sql = "SELECT number, collection, body FROM journal WHERE run = $1 AND phase = 'intent'";
        let mut intents = Vec::new();
        let keep = |location: &StoreLocation, row: AnyRow| {
            let trouble = |error| StoreError::from_sqlx(location, error);
            let damaged = |error| StoreError::corrupt_data_error(location, "the journal", error);
            let (collection, body) =
                (row.try_get::<&str, _>(1).map_err(trouble)?, row.try_get::<&str, _>(2).map_err(trouble)?);
            let id: CollectionName = serde_json::from_str(collection).map_err(damaged)?;
            let OldIntent { changes } = serde_json::from_str(body).map_err(damaged)?;
            let block = ChangeBlock::new(&CollectionId::from(id), &changes);
            intents.push((row.try_get::<i64, _>(0).map_err(trouble)?, block));
            Ok(())
        };
        database.fetch_each(sql, |query| query.bind(number), keep).await?;
        for (position, block) in intents {
            change_blocks::save(database, &[block.columns(number, position)]).await?;
            let sql = "UPDATE journal SET body = $3 WHERE run = $1 AND number = $2";
            let body = journal::intent_body(&block);
            database.execute(sql, |query| query.bind(number).bind(position).bind(body)).await?;
        }
    }
    Ok(())
}

/// Columns that all entries of a block share.
#[derive(PartialEq, Eq)]
struct SharedColumns {
    run: i64,
    /// Time, network, environment, zone, collection and verification.
    texts: [String; 6],
}

/// Consecutive entries of the old history with equal columns.
struct OldBlock {
    first: i64,
    shared: SharedColumns,
    lines: Vec<String>,
    hashes: Vec<u8>,
}

/// Moves the history. Returns true if it had entries.
async fn move_history(database: &mut StoreConnection) -> Result<bool, StoreError> {
    let sql = "SELECT number, run, at, network, environment, zone, collection, verification, body, hash
               FROM history WHERE number > $1 ORDER BY number LIMIT $2";
    let mut last = i64::MIN;
    loop {
        let from = last;
        let (mut blocks, mut found): (Vec<OldBlock>, usize) = (Vec::new(), 0);
        let keep = |location: &StoreLocation, row: AnyRow| {
            found += 1;
            let mut add = || -> Result<(), sqlx::Error> {
                let number: i64 = row.try_get(0)?;
                let text = |at: usize| row.try_get::<String, _>(at);
                let texts = [text(2)?, text(3)?, text(4)?, text(5)?, text(6)?, text(7)?];
                let shared = SharedColumns { run: row.try_get(1)?, texts };
                // An unreadable hash stays wrong.
                let hash: ContentDigest = text(9)?.parse().unwrap_or_default();
                last = number;
                match blocks.last_mut() {
                    Some(block)
                        if block.shared == shared && block.first + block.lines.len() as i64 == number =>
                    {
                        block.lines.push(text(8)?);
                        block.hashes.extend(hash.0);
                    }
                    Some(_) | None => blocks.push(OldBlock {
                        first: number,
                        shared,
                        lines: vec![text(8)?],
                        hashes: hash.0.to_vec(),
                    }),
                }
                Ok(())
            };
            add().map_err(|error| StoreError::from_sqlx(location, error))
        };
        database.fetch_each(sql, |query| query.bind(from).bind(AT_ONCE), keep).await?;
        if found == 0 {
            return Ok(from != i64::MIN);
        }
        let (mut rows, mut changes) = (Vec::new(), Vec::new());
        for OldBlock { first, shared: SharedColumns { run, texts }, lines, hashes } in blocks {
            let last_entry = first + lines.len() as i64 - 1;
            let [at, network, environment, zone, collection, verification] = texts.map(SqlValue::from);
            // Numbers of journal entries are positive.
            changes.push(ChangeBlock::from_lines(lines).columns(run, -first));
            rows.push([
                first.into(),
                last_entry.into(),
                run.into(),
                at,
                network,
                environment,
                zone,
                collection,
                verification,
                (-first).into(),
                hashes.into(),
            ]);
        }
        change_blocks::save(database, &changes).await?;
        history::save(database, &rows).await?;
    }
}

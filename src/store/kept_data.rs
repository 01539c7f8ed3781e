//! Data that the store keeps about runs: sizes, and removal of old plans, reports, journals and images.
//!
//! History and applied state are never removed.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::database::StoreConnection;
use super::error::StoreError;
use super::hash_chain;
use super::location::StoreLocation;
use super::runs::number;
use super::{Store, StoreScope};
use crate::model::{CollectionId, CollectionName, Run, RunId, RunState, ZoneCode};

/// Images of one collection of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptImages {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection.
    pub collection: CollectionId,
    /// Number of images.
    pub images: usize,
    /// Size in the store, in bytes.
    pub bytes: u64,
}

/// Runs to keep when old data is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunsToKeep {
    /// Number of latest runs that are kept.
    pub latest: usize,
    /// Runs that ended at or after this time are kept, in RFC 3339; `None` for no such limit.
    pub ended_since: Option<String>,
}

/// Ended runs with removable data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrunableRuns {
    /// The runs, oldest first.
    pub runs: Vec<RunId>,
    /// Size of their plans, reports and journals, in bytes.
    pub document_bytes: u64,
    /// Number of their images.
    pub images: usize,
    /// Size of the images, in bytes.
    pub image_bytes: u64,
}

/// Tables with documents of runs.
const DOCUMENTS: [&str; 2] = ["run_documents", "journal"];

impl Store {
    /// Returns the images of a run by collection, without their content.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn kept_images(&self, run: RunId) -> Result<Vec<KeptImages>, StoreError> {
        self.execute(move |database| images(database, run).boxed_local()).await
    }

    /// Returns the ended runs whose plans, reports, journals and images can be removed.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn prunable(&self, scope: StoreScope, keep: RunsToKeep) -> Result<PrunableRuns, StoreError> {
        self.execute(move |database| prunable(database, scope.clone(), keep.clone()).boxed_local()).await
    }

    /// Removes the plans, reports, journals and images of ended runs. Skips runs that have not ended.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn prune(&self, runs: Vec<RunId>) -> Result<(), StoreError> {
        self.execute(move |database| prune(database, runs.clone()).boxed_local()).await
    }

    /// Returns the free space of a SQLite file to the disk. A server reuses the space by itself.
    ///
    /// # Errors
    /// Returns [`super::StoreErrorType::Busy`] if other processes use the file, or an error of another type.
    pub async fn compact(&self) -> Result<(), StoreError> {
        self.execute(|database| compact(database).boxed_local()).await
    }
}

async fn images(database: &mut StoreConnection, run: RunId) -> Result<Vec<KeptImages>, StoreError> {
    let sql = "SELECT zone, collection, COUNT(*) AS images, CAST(SUM(octet_length(body)) AS BIGINT) AS bytes
               FROM images WHERE run = $1 GROUP BY zone, collection ORDER BY zone, collection";
    let mut kept = Vec::new();
    let keep = |location: &StoreLocation, row: AnyRow| {
        let trouble = |error| StoreError::from_sqlx(location, error);
        let collection = row.try_get::<&str, _>("collection").map_err(trouble)?;
        let id: CollectionName = serde_json::from_str(collection)
            .map_err(|error| StoreError::corrupt_data_error(location, "a collection name", error))?;
        kept.push(KeptImages {
            zone: row.try_get::<&str, _>("zone").map_err(trouble)?.into(),
            collection: id.into(),
            images: usize::try_from(row.try_get::<i64, _>("images").map_err(trouble)?).unwrap_or_default(),
            bytes: row.try_get::<i64, _>("bytes").map_err(trouble)?.unsigned_abs(),
        });
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(number(run)), keep).await?;
    Ok(kept)
}

async fn prunable(
    database: &mut StoreConnection,
    StoreScope { network, environment }: StoreScope,
    RunsToKeep { latest, ended_since }: RunsToKeep,
) -> Result<PrunableRuns, StoreError> {
    let sql = "SELECT body FROM runs WHERE network = $1 AND environment = $2 ORDER BY id DESC";
    let (mut seen, mut old) = (0, Vec::new());
    let keep = |location: &StoreLocation, row: AnyRow| {
        seen += 1;
        if seen <= latest {
            return Ok(());
        }
        let body = row.try_get::<&str, _>(0).map_err(|error| StoreError::from_sqlx(location, error))?;
        let run: Run = serde_json::from_str(body)
            .map_err(|error| StoreError::corrupt_data_error(location, "a run", error))?;
        let is_recent = match (&ended_since, &run.ended_at) {
            (Some(since), Some(ended)) => ended >= since,
            (Some(_), None) | (None, _) => false,
        };
        if run.state == RunState::Ended && !is_recent {
            old.push(run.id);
        }
        Ok(())
    };
    let scope = (network.to_string(), environment.to_string());
    let query_scope = scope.clone();
    database.fetch_each(sql, |query| query.bind(query_scope.0).bind(query_scope.1), keep).await?;
    let mut documents: BTreeMap<RunId, u64> = BTreeMap::new();
    for table in DOCUMENTS {
        for (run, (_, bytes)) in counts_and_sizes(database, table, &scope).await? {
            *documents.entry(run).or_default() += bytes;
        }
    }
    let images = counts_and_sizes(database, "images", &scope).await?;
    let mut found = PrunableRuns::default();
    for run in old.into_iter().rev().filter(|run| documents.contains_key(run) || images.contains_key(run)) {
        let (number, bytes) = images.get(&run).copied().unwrap_or_default();
        found.runs.push(run);
        found.document_bytes += documents.get(&run).copied().unwrap_or_default();
        found.images += number;
        found.image_bytes += bytes;
    }
    Ok(found)
}

/// Returns the number and size of the rows of each run of a network and environment.
async fn counts_and_sizes(
    database: &mut StoreConnection,
    table: &str,
    (network, environment): &(String, String),
) -> Result<BTreeMap<RunId, (usize, u64)>, StoreError> {
    let sql = format!(
        "SELECT run, COUNT(*) AS found, CAST(SUM(octet_length({table}.body)) AS BIGINT) AS bytes FROM {table}
         JOIN runs ON runs.id = {table}.run WHERE runs.network = $1 AND runs.environment = $2 GROUP BY run"
    );
    let rows = database.fetch(&sql, |query| query.bind(network.clone()).bind(environment.clone())).await?;
    let read = |row: &AnyRow| {
        let number = |column: &str| row.try_get::<i64, _>(column);
        let rows = usize::try_from(number("found")?).unwrap_or_default();
        Ok((RunId(number("run")?.unsigned_abs()), (rows, number("bytes")?.unsigned_abs())))
    };
    rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| database.trouble(error))
}

async fn prune(database: &mut StoreConnection, runs: Vec<RunId>) -> Result<(), StoreError> {
    database.execute(database.begin(), |query| query).await?;
    let done = remove(database, runs).await;
    database.end_transaction(done).await
}

async fn remove(database: &mut StoreConnection, runs: Vec<RunId>) -> Result<(), StoreError> {
    hash_chain::lock_head(database).await?;
    for run in runs {
        let sql = "SELECT body FROM runs WHERE id = $1";
        let row = database.fetch_one(sql, |query| query.bind(number(run))).await?;
        let body = row.map(|row| row.try_get::<String, _>(0)).transpose();
        let Some(body) = body.map_err(|error| database.trouble(error))? else { continue };
        let stored: Run =
            serde_json::from_str(&body).map_err(|error| database.corrupt_data_error("a run", error))?;
        if stored.state != RunState::Ended {
            continue;
        }
        for table in DOCUMENTS.into_iter().chain(["images"]) {
            let sql = format!("DELETE FROM {table} WHERE run = $1");
            database.execute(&sql, |query| query.bind(number(run))).await?;
        }
        // The history refers to all other changes.
        let sql = "DELETE FROM changes WHERE run = $1
                   AND number NOT IN (SELECT changes FROM history_blocks WHERE run = $1)";
        database.execute(sql, |query| query.bind(number(run))).await?;
    }
    Ok(())
}

async fn compact(database: &mut StoreConnection) -> Result<(), StoreError> {
    match database.location {
        StoreLocation::File(_) => {
            database.execute("VACUUM", |query| query).await?;
            // The file shrinks when the log is written back.
            database.fetch("PRAGMA wal_checkpoint(TRUNCATE)", |query| query).await.map(drop)
        }
        StoreLocation::Postgres(_) => Ok(()),
    }
}

//! Changes of one write of a collection, as one block: the journal introduces a block, and the history refers
//! to it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;

use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::packed_text::PackedText;
use super::runs::{self, json};
use crate::model::{AppliedChange, CollectionId, CollectionName, ContentDigest, RunId, ZoneCode};

/// Line of a block: JSON of one change, covered by the hash of its history entry.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangeLine<'a> {
    /// Collection.
    pub collection: CollectionName,
    /// Change.
    pub done: Cow<'a, AppliedChange>,
}

/// Block of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeBlock {
    /// Changes, one per line.
    pub text: String,
    /// Digest of the text.
    pub digest: ContentDigest,
}

/// Blocks that the journal introduced and the history may refer to, by collection of a run: number and digest.
pub type OpenBlocks = BTreeMap<(RunId, ZoneCode, CollectionId), (i64, ContentDigest)>;

impl ChangeBlock {
    /// Creates the block of a collection's changes.
    pub fn new(collection: &CollectionId, changes: &[AppliedChange]) -> Self {
        let line = |done| json(&ChangeLine { collection: collection.into(), done: Cow::Borrowed(done) });
        Self::from_lines(changes.iter().map(line))
    }

    /// Creates a block from its lines.
    pub fn from_lines(lines: impl IntoIterator<Item = String>) -> Self {
        // JSON texts contain no line breaks.
        let text = lines.into_iter().collect::<Vec<_>>().join("\n");
        let digest = ContentDigest(Sha256::digest(&text).into());
        Self { text, digest }
    }

    /// Returns the columns of the block in `changes`.
    pub fn columns(&self, run: i64, number: i64) -> [SqlValue; 3] {
        [run.into(), number.into(), (&PackedText::new(&self.text)).into()]
    }
}

/// Saves blocks.
pub(super) async fn save(database: &mut StoreConnection, rows: &[[SqlValue; 3]]) -> Result<(), StoreError> {
    let into = "INSERT INTO changes (run, number, body)";
    database.insert(into, "ON CONFLICT (run, number) DO NOTHING", rows).await.map(drop)
}

/// Loads the changes of a block.
pub(super) async fn load(
    database: &mut StoreConnection,
    run: RunId,
    number: i64,
) -> Result<Vec<AppliedChange>, StoreError> {
    let sql = "SELECT body FROM changes WHERE run = $1 AND number = $2";
    let row = database.fetch_one(sql, |query| query.bind(runs::number(run)).bind(number)).await?;
    let Some(row) = row else {
        let what = format!("the changes of entry {number} in the journal of {run} are missing");
        return Err(StoreError::new(&database.location, StoreErrorType::Damaged, what));
    };
    let body: &[u8] = row.try_get(0).map_err(|error| database.trouble(error))?;
    let damaged = |error| database.corrupt_data_error("the changes of a run", error);
    let text = PackedText::from_bytes(body).text().map_err(serde::de::Error::custom).map_err(damaged)?;
    let change = |line| serde_json::from_str::<ChangeLine<'_>>(line).map(|line| line.done.into_owned());
    text.split('\n').filter(|line| !line.is_empty()).map(change).collect::<Result<_, _>>().map_err(damaged)
}

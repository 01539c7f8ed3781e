//! Hash chain of the history.
//!
//! The hash of an entry covers the entry, the start of its run, and the previous hash. So every later change
//! or removal is detected.

use std::collections::HashMap;

use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::change_blocks::ChangeLine;
use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::history::record_name;
use super::location::StoreLocation;
use super::packed_text::PackedText;
use super::runs::json;
use crate::model::{ContentDigest, Run, RunAuthor};

/// Number of entries per query during verification.
const AT_ONCE: i64 = 20_000;

/// Result of a verification of the whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainCheck {
    /// All entries are complete and unmodified.
    Intact {
        /// Number of entries.
        entries: u64,
        /// Hash of the last entry; `None` for an empty chain.
        end: Option<ContentDigest>,
    },
    /// An entry, its run or the previous entry was modified.
    Modified {
        /// Number of the entry.
        number: u64,
    },
    /// An entry is missing.
    Removed {
        /// Number of the entry.
        number: u64,
    },
}

/// Last entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// Number of the last entry; 0 for an empty chain.
    pub number: u64,
    /// Hash of the last entry; empty for an empty chain.
    pub hash: String,
}

/// Content of an entry's hash, apart from the previous hash.
pub struct ChainLink<'a> {
    pub number: u64,
    pub run: i64,
    /// Hash of the run's start, from [`run_start_hash`].
    pub begun: &'a str,
    pub at: &'a str,
    pub scope: (&'a str, &'a str),
    pub zone: &'a str,
    pub collection: &'a str,
    pub record: &'a str,
    pub body: &'a str,
    pub verification: &'a str,
}

impl ChainLink<'_> {
    /// Returns the hash of the entry.
    pub fn hash(&self, before: &str) -> ContentDigest {
        let Self { number, run, begun, at, scope, zone, collection, record, body, verification } = self;
        let (network, environment) = scope;
        let mut sha = Sha256::new();
        let (number, run) = (number.to_string(), run.to_string());
        for part in [
            before,
            &number,
            &run,
            begun,
            at,
            network,
            environment,
            zone,
            collection,
            record,
            body,
            verification,
        ] {
            // The length prefix keeps the parts apart.
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part.as_bytes());
        }
        ContentDigest(sha.finalize().into())
    }
}

/// Returns the hash of a run's immutable facts: author, commit, operation and scope.
///
/// State, end and host change, so they are excluded. A future field of `Run` must not change the hashes of
/// earlier runs.
fn run_start_hash(run: &Run) -> String {
    let Run { id, operation: deed, network, environment, selection, shard, group, .. } = run;
    let Run {
        plan,
        author,
        started_at: started,
        reverts,
        zones,
        host: _,
        ended_at: _,
        state: _,
        exit_codes: _,
        ..
    } = run;
    let RunAuthor { committer, commit, actor, pipeline } = author;
    let what = (id, deed, network, environment, selection, shard, group);
    let text = json(&(what, plan, (committer, commit, actor, pipeline), started, reverts, zones));
    ContentDigest(Sha256::digest(text).into()).to_string()
}

/// Returns the start hashes of the matching runs. An unreadable run has an empty hash.
async fn beginnings(
    database: &mut StoreConnection,
    condition: &str,
    (from, to): (i64, i64),
) -> Result<HashMap<i64, String>, StoreError> {
    let sql = format!("SELECT id, body FROM runs WHERE {condition}");
    let rows = database.fetch(&sql, |query| query.bind(from).bind(to)).await?;
    let read = |row: &AnyRow| {
        let (id, body): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
        Ok((id, serde_json::from_str(body).map(|run| run_start_hash(&run)).unwrap_or_default()))
    };
    rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| database.trouble(error))
}

/// Returns the start hash of a run.
pub async fn load_run_start_hash(database: &mut StoreConnection, run: i64) -> Result<String, StoreError> {
    let mut found = beginnings(database, "id >= $1 AND id <= $2", (run, run)).await?;
    Ok(found.remove(&run).unwrap_or_default())
}

/// Reads and locks the last entry of the chain until the end of the transaction.
///
/// Every transaction that writes several rows starts with this lock. So concurrent writers on a server wait
/// here and nowhere else.
pub async fn lock_head(database: &mut StoreConnection) -> Result<ChainHead, StoreError> {
    let sql = "SELECT number, hash FROM history_head WHERE id = 1 {lock}";
    let Some(row) = database.fetch_one(sql, |query| query).await? else { return Err(endless(database)) };
    read_end(&row).map_err(|error| database.trouble(error))
}

fn read_end(row: &AnyRow) -> Result<ChainHead, sqlx::Error> {
    Ok(ChainHead { number: row.try_get::<i64, _>("number")?.unsigned_abs(), hash: row.try_get("hash")? })
}

fn endless(database: &StoreConnection) -> StoreError {
    let what = "the head of the history's hash chain is missing";
    StoreError::new(&database.location, StoreErrorType::Damaged, what)
}

/// Updates the last entry of the chain.
pub async fn move_end(
    database: &mut StoreConnection,
    ChainHead { number, hash }: ChainHead,
) -> Result<(), StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let sql = "UPDATE history_head SET number = $1, hash = $2 WHERE id = 1";
    database.execute(sql, |query| query.bind(number).bind(hash)).await.map(drop)
}

impl Store {
    /// Verifies the chain from the start to its current end. Entries added meanwhile are ignored. `tell`
    /// receives the number of the last verified entry from time to time.
    ///
    /// A user with write access to the database can remove the last entries together with the chain head.
    /// Only a hash saved elsewhere reveals such a removal.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn follow(&self, tell: &dyn Fn(u64)) -> Result<ChainCheck, StoreError> {
        let goal = self.execute(move |database| bounds(database).boxed_local()).await?;
        let goal = match goal {
            ChainBounds::Within(goal) => goal,
            ChainBounds::Beyond(number) => return Ok(ChainCheck::Modified { number }),
        };
        let mut reached = ChainHead { number: 0, hash: String::new() };
        while reached.number < goal.number {
            let (from, to) = (reached.clone(), goal.number);
            let found =
                self.execute(move |database| follow(database, from.clone(), to).boxed_local()).await?;
            reached = match found {
                ChainWalk::To(end) if end.number == reached.number => {
                    return Ok(ChainCheck::Removed { number: end.number + 1 });
                }
                ChainWalk::To(end) => end,
                ChainWalk::Broken(chain) => return Ok(chain),
            };
            tell(reached.number);
        }
        match reached.hash == goal.hash {
            true => Ok(ChainCheck::Intact { entries: goal.number, end: goal.hash.parse().ok() }),
            false => Ok(ChainCheck::Modified { number: goal.number }),
        }
    }
}

enum ChainBounds {
    /// All entries are within the chain; contains the chain head.
    Within(ChainHead),
    /// An entry lies beyond the chain; contains its number.
    Beyond(u64),
}

/// Reads the bounds in a single query, so that no concurrent write comes between.
async fn bounds(database: &mut StoreConnection) -> Result<ChainBounds, StoreError> {
    let sql = "SELECT number, hash, (SELECT COALESCE(MIN(first_entry), 1) FROM history_blocks) AS first,
                   (SELECT COALESCE(MAX(last_entry), 0) FROM history_blocks) AS last
               FROM history_head WHERE id = 1";
    let Some(row) = database.fetch_one(sql, |query| query).await? else { return Err(endless(database)) };
    let read = |row: &AnyRow| {
        let (first, last): (i64, i64) = (row.try_get("first")?, row.try_get("last")?);
        let end = read_end(row)?;
        Ok(match (first < 1, last.unsigned_abs() > end.number) {
            (true, _) => ChainBounds::Beyond(0),
            (false, true) => ChainBounds::Beyond(end.number + 1),
            (false, false) => ChainBounds::Within(end),
        })
    };
    read(&row).map_err(|error| database.trouble(error))
}

enum ChainWalk {
    To(ChainHead),
    Broken(ChainCheck),
}

async fn follow(database: &mut StoreConnection, from: ChainHead, to: u64) -> Result<ChainWalk, StoreError> {
    let sql = "SELECT first_entry, last_entry, blocks.run, at, network, environment, zone, collection,
                   verification, hashes, body
               FROM history_blocks AS blocks
               LEFT JOIN changes ON changes.run = blocks.run AND changes.number = blocks.changes
               WHERE first_entry > $1 AND first_entry <= $2 ORDER BY first_entry";
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let after = number(from.number);
    let until = number(to).min(after.saturating_add(AT_ONCE));
    let of_these = "id IN (SELECT run FROM history_blocks WHERE first_entry > $1 AND first_entry <= $2)";
    let begun = beginnings(database, of_these, (after, until)).await?;
    let (mut end, mut broken) = (from, None);
    let step = |location: &StoreLocation, row: AnyRow| {
        if broken.is_none() {
            broken = verify_block(&row, &begun, &mut end)
                .map_err(|error| StoreError::from_sqlx(location, error))?;
        }
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(after).bind(until), step).await?;
    Ok(broken.map_or(ChainWalk::To(end), ChainWalk::Broken))
}

/// Verifies the entries of a block, and advances the chain head.
fn verify_block(
    row: &AnyRow,
    begun: &HashMap<i64, String>,
    end: &mut ChainHead,
) -> Result<Option<ChainCheck>, sqlx::Error> {
    let (first, last): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if first.unsigned_abs() != end.number + 1 {
        return Ok(Some(ChainCheck::Removed { number: end.number + 1 }));
    }
    let run = row.try_get(2)?;
    let (hashes, body): (&[u8], Option<&[u8]>) = (row.try_get(9)?, row.try_get(10)?);
    let text = body.and_then(|body| PackedText::from_bytes(body).text().ok());
    let lines: Vec<&str> = text.iter().flat_map(|text| text.split('\n')).collect();
    let (hashes, rest) = hashes.as_chunks::<32>();
    for (index, number) in (end.number + 1..=last.unsigned_abs()).enumerate() {
        let modified = Ok(Some(ChainCheck::Modified { number }));
        let (Some(body), Some(hash)) = (lines.get(index), hashes.get(index)) else { return modified };
        let Ok(ChangeLine { done, .. }) = serde_json::from_str(body) else { return modified };
        let link = ChainLink {
            number,
            run,
            begun: begun.get(&run).map_or("", String::as_str),
            at: row.try_get(3)?,
            scope: (row.try_get(4)?, row.try_get(5)?),
            zone: row.try_get(6)?,
            collection: row.try_get(7)?,
            record: &record_name(&done),
            body,
            verification: row.try_get(8)?,
        };
        let found = link.hash(&end.hash);
        if found.0 != *hash {
            return modified;
        }
        *end = ChainHead { number, hash: found.to_string() };
    }
    // The block has no more changes than entries.
    let is_longer = lines.len() > hashes.len() || !rest.is_empty() || end.number != last.unsigned_abs();
    Ok(is_longer.then_some(ChainCheck::Modified { number: end.number }))
}

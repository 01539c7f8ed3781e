//! The chain of hashes that runs through the history: each entry's hash is of the entry, of what its run was when it
//! began and of the hash before it, so that whatever is changed or removed later is found.

use std::collections::HashMap;

use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::database::StoreConnection;
use super::error::{StoreError, StoreErrorType};
use super::location::StoreLocation;
use super::runs::json;
use crate::model::{ContentDigest, Run, RunAuthor};

/// Entries that are read at once while the chain is followed.
const AT_ONCE: i64 = 20_000;

/// What following the chain from its beginning came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainCheck {
    /// Every entry is where it was put, and as it was.
    Intact {
        /// Entries.
        entries: u64,
        /// The hash of the last one; absent where there is none.
        end: Option<ContentDigest>,
    },
    /// An entry is not as it was when it was written, or its run or the entry before it is not.
    Modified {
        /// Its number.
        number: u64,
    },
    /// An entry is not there.
    Removed {
        /// Its number.
        number: u64,
    },
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The number of the last entry; 0 where there is none.
    pub number: u64,
    /// Its hash; empty where there is none.
    pub hash: String,
}

/// One link: what the hash of an entry is of, beside the hash before it.
pub struct ChainLink<'a> {
    pub number: u64,
    pub run: i64,
    /// What the run was when it began, by [`begun`].
    pub begun: &'a str,
    pub at: &'a str,
    pub scope: (&'a str, &'a str),
    pub zone: &'a str,
    pub collection: &'a str,
    pub record: &'a str,
    pub body: &'a str,
    pub proof: &'a str,
}

impl ChainLink<'_> {
    /// The hash of the entry.
    pub fn hash(&self, before: &str) -> ContentDigest {
        let Self { number, run, begun, at, scope, zone, collection, record, body, proof } = self;
        let (network, environment) = scope;
        let mut sha = Sha256::new();
        let (number, run) = (number.to_string(), run.to_string());
        for part in
            [before, &number, &run, begun, at, network, environment, zone, collection, record, body, proof]
        {
            // With its length, so that nothing can move from one part into the next.
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part.as_bytes());
        }
        ContentDigest(sha.finalize().into())
    }
}

/// The hash of what a run is from its beginning on: who set it off, by which commit, what it set out to do. How it stands,
/// how it ended and where it is at work change, and are not in it. What is added to a run one day must leave the hashes
/// of earlier ones as they are.
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

/// Of the runs that a condition chooses: the hash of what each was when it began. A run that cannot be read has none.
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
    rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| database.trouble(&error))
}

/// The hash of what a run was when it began.
pub async fn load_run_start_hash(database: &mut StoreConnection, run: i64) -> Result<String, StoreError> {
    let mut found = beginnings(database, "id >= $1 AND id <= $2", (run, run)).await?;
    Ok(found.remove(&run).unwrap_or_default())
}

/// The end of the chain, which nobody else moves until the transaction ends. Whoever writes more than one row
/// asks for it first, so that writers on a server wait for each other here and nowhere else.
pub async fn lock_head(database: &mut StoreConnection) -> Result<ChainHead, StoreError> {
    let sql = "SELECT number, hash FROM chain WHERE id = 1 {lock}";
    let Some(row) = database.fetch_one(sql, |query| query).await? else { return Err(endless(database)) };
    read_end(&row).map_err(|error| database.trouble(&error))
}

fn read_end(row: &AnyRow) -> Result<ChainHead, sqlx::Error> {
    Ok(ChainHead { number: row.try_get::<i64, _>("number")?.unsigned_abs(), hash: row.try_get("hash")? })
}

fn endless(database: &StoreConnection) -> StoreError {
    let what = "the end of the history's chain is not written down in it any more";
    StoreError::new(&database.location, StoreErrorType::Damaged, what)
}

/// Moves the end of the chain.
pub async fn move_end(
    database: &mut StoreConnection,
    ChainHead { number, hash }: ChainHead,
) -> Result<(), StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let sql = "UPDATE chain SET number = $1, hash = $2 WHERE id = 1";
    database.execute(sql, |query| query.bind(number).bind(hash)).await.map(drop)
}

impl Store {
    /// Follows the chain from its beginning to where it ends now; what others add meanwhile does not count. `tell`
    /// hears the number of each entry that was reached, now and then.
    ///
    /// Whoever can write to the database can take the last entries away together with the end of the chain. Only
    /// a hash that was kept elsewhere tells of that.
    ///
    /// # Errors
    /// Every [`super::StoreTrouble`].
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
    /// All entries are within the chain, which ends here.
    Within(ChainHead),
    /// This one is not.
    Beyond(u64),
}

/// In one look, so that nothing is added between its parts.
async fn bounds(database: &mut StoreConnection) -> Result<ChainBounds, StoreError> {
    let sql = "SELECT number, hash, (SELECT COALESCE(MIN(number), 1) FROM history) AS first,
                   (SELECT COALESCE(MAX(number), 0) FROM history) AS last
               FROM chain WHERE id = 1";
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
    read(&row).map_err(|error| database.trouble(&error))
}

enum ChainWalk {
    To(ChainHead),
    Broken(ChainCheck),
}

async fn follow(database: &mut StoreConnection, from: ChainHead, to: u64) -> Result<ChainWalk, StoreError> {
    let sql = "SELECT number, run, at, network, environment, zone, collection, record, body, proof, hash
               FROM history WHERE number > $1 AND number <= $2 ORDER BY number";
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let after = number(from.number);
    let until = number(to).min(after.saturating_add(AT_ONCE));
    let of_these = "id IN (SELECT run FROM history WHERE number > $1 AND number <= $2)";
    let begun = beginnings(database, of_these, (after, until)).await?;
    let (mut end, mut broken) = (from, None);
    let step = |location: &StoreLocation, row: AnyRow| {
        if broken.is_none() {
            broken = verify_entry(&row, &begun, &mut end)
                .map_err(|error| StoreError::from_sqlx(location, &error))?;
        }
        Ok(())
    };
    database.fetch_each(sql, |query| query.bind(after).bind(until), step).await?;
    Ok(broken.map_or(ChainWalk::To(end), ChainWalk::Broken))
}

/// Goes from one entry to the next, where that is as it was.
fn verify_entry(
    row: &AnyRow,
    begun: &HashMap<i64, String>,
    end: &mut ChainHead,
) -> Result<Option<ChainCheck>, sqlx::Error> {
    let number = row.try_get::<i64, _>(0)?.unsigned_abs();
    let run = row.try_get(1)?;
    let link = ChainLink {
        number,
        run,
        begun: begun.get(&run).map_or("", String::as_str),
        at: row.try_get(2)?,
        scope: (row.try_get(3)?, row.try_get(4)?),
        zone: row.try_get(5)?,
        collection: row.try_get(6)?,
        record: row.try_get(7)?,
        body: row.try_get(8)?,
        proof: row.try_get(9)?,
    };
    if number != end.number + 1 {
        return Ok(Some(ChainCheck::Removed { number: end.number + 1 }));
    }
    let hash = link.hash(&end.hash).to_string();
    if hash != row.try_get::<&str, _>(10)? {
        return Ok(Some(ChainCheck::Modified { number }));
    }
    *end = ChainHead { number, hash };
    Ok(None)
}

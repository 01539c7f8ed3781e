//! The chain of hashes that runs through the history: each entry's hash is of the entry and of the hash before it,
//! so that whatever is changed or removed later is found.

use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::Store;
use super::database::Database;
use super::error::StoreError;
use crate::model::Digest;

/// Entries that are read at once while the chain is followed.
const AT_ONCE: i64 = 20_000;

/// What following the chain from its beginning came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    /// Every entry is where it was put, and as it was.
    Whole {
        /// Entries.
        entries: u64,
        /// The hash of the last one; absent where there is none.
        end: Option<Digest>,
    },
    /// An entry is not as it was when it was written, or the one before it is not.
    Changed {
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
pub struct End {
    /// The number of the last entry; 0 where there is none.
    pub number: u64,
    /// Its hash; empty where there is none.
    pub hash: String,
}

/// One link: what the hash of an entry is of, beside the hash before it.
pub struct Link<'a> {
    pub number: u64,
    pub run: i64,
    pub at: &'a str,
    pub scope: (&'a str, &'a str),
    pub zone: &'a str,
    pub collection: &'a str,
    pub record: &'a str,
    pub body: &'a str,
    pub proof: &'a str,
}

impl Link<'_> {
    /// The hash of the entry.
    pub fn hash(&self, before: &str) -> Digest {
        let Self { number, run, at, scope: (network, environment), zone, collection, record, body, proof } =
            self;
        let mut sha = Sha256::new();
        let (number, run) = (number.to_string(), run.to_string());
        for part in [before, &number, &run, at, network, environment, zone, collection, record, body, proof] {
            // With its length, so that nothing can move from one part into the next.
            sha.update((part.len() as u64).to_be_bytes());
            sha.update(part.as_bytes());
        }
        Digest(sha.finalize().into())
    }
}

/// The end of the chain, which nobody else moves until the transaction ends.
pub async fn end(database: &mut Database) -> Result<End, StoreError> {
    let row = database.fetch_one("SELECT number, hash FROM chain WHERE id = 1 {lock}", |query| query).await?;
    let read = |row: &AnyRow| {
        Ok(End { number: row.try_get::<i64, _>("number")?.unsigned_abs(), hash: row.try_get("hash")? })
    };
    read(&row).map_err(|error| database.trouble(&error))
}

/// Moves the end of the chain.
pub async fn move_end(database: &mut Database, End { number, hash }: End) -> Result<(), StoreError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let sql = "UPDATE chain SET number = $1, hash = $2 WHERE id = 1";
    database.execute(sql, |query| query.bind(number).bind(hash)).await.map(drop)
}

impl Store {
    /// Follows the chain from its beginning. `tell` hears the number of each entry that was reached, now and then.
    ///
    /// # Errors
    /// Every [`super::StoreTrouble`].
    pub async fn follow(&self, tell: &dyn Fn(u64)) -> Result<Chain, StoreError> {
        let goal = self.ask(move |database| end(database).boxed_local()).await?;
        let (mut number, mut hash) = (0, String::new());
        while number < goal.number {
            let (after, before) = (number, hash.clone());
            let found =
                self.ask(move |database| follow(database, after, before.clone()).boxed_local()).await?;
            match found {
                Followed::To(End { number: reached, .. }) if reached == number => {
                    return Ok(Chain::Removed { number: number + 1 });
                }
                Followed::To(end) => (number, hash) = (end.number, end.hash),
                Followed::Broken(chain) => return Ok(chain),
            }
            tell(number);
        }
        match (number == goal.number, hash == goal.hash) {
            (true, true) => Ok(Chain::Whole { entries: number, end: hash.parse().ok() }),
            // Others may have gone on writing, so only what was there at first counts.
            (false, _) => Ok(Chain::Whole { entries: number, end: hash.parse().ok() }),
            (true, false) => Ok(Chain::Changed { number }),
        }
    }
}

enum Followed {
    To(End),
    Broken(Chain),
}

async fn follow(database: &mut Database, after: u64, before: String) -> Result<Followed, StoreError> {
    let sql = "SELECT number, run, at, network, environment, zone, collection, record, body, proof, hash
               FROM history WHERE number > $1 ORDER BY number LIMIT $2";
    let from = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = database.fetch(sql, |query| query.bind(from).bind(AT_ONCE)).await?;
    let mut end = End { number: after, hash: before };
    for row in &rows {
        let text = |name: &str| row.try_get::<String, _>(name);
        let read = || {
            let number = row.try_get::<i64, _>("number")?.unsigned_abs();
            let run = row.try_get("run")?;
            let (network, environment) = (text("network")?, text("environment")?);
            let (at, zone, collection, record) =
                (text("at")?, text("zone")?, text("collection")?, text("record")?);
            let (body, proof) = (text("body")?, text("proof")?);
            let link = Link {
                number,
                run,
                at: &at,
                scope: (&network, &environment),
                zone: &zone,
                collection: &collection,
                record: &record,
                body: &body,
                proof: &proof,
            };
            Ok((number, link.hash(&end.hash).to_string(), text("hash")?))
        };
        let (number, computed, kept) = read().map_err(|error| database.trouble(&error))?;
        if number != end.number + 1 {
            return Ok(Followed::Broken(Chain::Removed { number: end.number + 1 }));
        }
        if computed != kept {
            return Ok(Followed::Broken(Chain::Changed { number }));
        }
        end = End { number, hash: kept };
    }
    Ok(Followed::To(end))
}

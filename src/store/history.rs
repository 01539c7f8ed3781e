//! History in the store: all applied changes in one hash chain, and queries.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use futures::FutureExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::bulk_insert::SqlValue;
use super::database::StoreConnection;
use super::error::StoreError;
use super::hash_chain::{self, ChainHead, ChainLink};
use super::journal::{StoredJournalEntry, applied_changes};
use super::runs::{json, number};
use super::{Store, StoreScope};
use crate::model::{
    AppliedChange, CollectionId, CollectionName, ContentDigest, HistoryEntry, JournalEntry, RecordAddress,
    RunId, VerificationStatus, ZoneCode,
};

/// Filter of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryFilter {
    /// All entries.
    Everything,
    /// Entries of a zone.
    Zone(ZoneCode),
    /// Entries of a collection of a zone, with the name used in addresses.
    Collection(ZoneCode, String),
    /// Entries of a record: zone, collection and key as in addresses.
    Record(ZoneCode, String, String),
    /// Entries of a run.
    Run(RunId),
}

/// Page of the history, latest entry first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The entries.
    pub entries: Vec<HistoryEntry>,
    /// Position of the next page.
    pub rest: HistoryRemainder,
}

/// Position of the earlier entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryRemainder {
    /// No earlier entries.
    Nothing,
    /// Entries before this number.
    Before(u64),
}

/// Number of changes of a run in one collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeCount {
    /// The zone.
    pub zone: ZoneCode,
    /// Name of the collection, as in addresses; a very long one is shortened.
    pub collection: String,
    /// Number of verified changes.
    pub verified: usize,
    /// Number of changes that were sent, but not verified.
    pub unverified: usize,
}

impl ChangeCount {
    /// Returns true if the counts belong to a collection.
    pub fn is_of(&self, zone: &ZoneCode, collection: &CollectionId) -> bool {
        self.zone == *zone && self.collection == name(&collection.to_string())
    }
}

/// JSON body of a history row.
#[derive(Debug, Serialize, Deserialize)]
struct HistoryBody<'a> {
    collection: CollectionName,
    done: Cow<'a, AppliedChange>,
}

impl Store {
    /// Returns a page of the history of a network: at most `limit` entries, before entry `before` or the
    /// latest.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn history(
        &self,
        scope: StoreScope,
        asked: HistoryFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<HistoryPage, StoreError> {
        self.execute(move |database| {
            page(database, scope.clone(), asked.clone(), before, limit).boxed_local()
        })
        .await
    }
}

impl Store {
    /// Returns the number of changes of a run, by zone and collection.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub async fn change_counts(&self, run: RunId) -> Result<Vec<ChangeCount>, StoreError> {
        self.execute(move |database| change_counts(database, run).boxed_local()).await
    }
}

async fn change_counts(database: &mut StoreConnection, run: RunId) -> Result<Vec<ChangeCount>, StoreError> {
    let sql = "SELECT zone, collection, verification, COUNT(*) AS changes
               FROM history WHERE run = $1 GROUP BY zone, collection, verification";
    let mut counts: BTreeMap<(String, String), ChangeCount> = BTreeMap::new();
    for row in database.fetch(sql, |query| query.bind(number(run))).await? {
        let text = |name: &str| row.try_get::<String, _>(name).map_err(|error| database.trouble(error));
        let (zone, collection) = (text("zone")?, text("collection")?);
        let changes = row.try_get::<i64, _>("changes").map_err(|error| database.trouble(error))?;
        let changes = usize::try_from(changes).unwrap_or_default();
        let count = counts.entry((zone.clone(), collection.clone())).or_insert_with(|| ChangeCount {
            zone: zone.as_str().into(),
            collection,
            verified: 0,
            unverified: 0,
        });
        match text("verification")?.as_str() {
            VERIFIED => count.verified += changes,
            _ => count.unverified += changes,
        }
    }
    Ok(counts.into_values().collect())
}

/// Appends applied changes to the hash chain.
pub(super) async fn add(
    database: &mut StoreConnection,
    mut end: ChainHead,
    lines: &[&StoredJournalEntry],
) -> Result<(), StoreError> {
    let mut rows: Vec<[SqlValue; 11]> = Vec::new();
    let mut begun: BTreeMap<RunId, String> = BTreeMap::new();
    for StoredJournalEntry { scope, run, at, entry, .. } in lines {
        let JournalEntry { zone, collection, phase, .. } = entry;
        let Some((changes, verification)) = applied_changes(phase) else { continue };
        let verification = match verification {
            VerificationStatus::Verified => VERIFIED,
            VerificationStatus::Unverified => UNVERIFIED,
        };
        let begun = match begun.entry(*run) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(free) => free.insert(hash_chain::load_run_start_hash(database, number(*run)).await?),
        };
        for done in changes {
            let body = json(&HistoryBody { collection: collection.into(), done: Cow::Borrowed(done) });
            let (collection, record) = (name(&collection.to_string()), name(&done.identity().to_string()));
            let link = ChainLink {
                number: end.number + 1,
                run: number(*run),
                begun,
                at,
                scope: (&scope.network, &scope.environment),
                zone: zone.as_str(),
                collection: &collection,
                record: &record,
                body: &body,
                verification,
            };
            end = ChainHead { number: link.number, hash: link.hash(&end.hash).to_string() };
            let (network, environment) = link.scope;
            rows.push([
                i64::try_from(link.number).unwrap_or(i64::MAX).into(),
                link.run.into(),
                link.at.into(),
                network.into(),
                environment.into(),
                link.zone.into(),
                verification.into(),
                end.hash.clone().into(),
                collection.into(),
                record.into(),
                body.into(),
            ]);
        }
    }
    let into = "INSERT INTO history
                    (number, run, at, network, environment, zone, verification, hash, collection, record, body)";
    database.insert(into, "", &rows).await?;
    hash_chain::move_end(database, end).await
}

/// Returns the name of a collection or record as stored in an indexed column.
///
/// PostgreSQL rejects U+0000, and index entries longer than a third of a page. The body contains the full
/// name.
fn name(text: &str) -> String {
    let text = text.replace('\0', "\u{fffd}");
    if text.len() <= LONGEST {
        return text;
    }
    let hash = ContentDigest(Sha256::digest(&text).into());
    let cut = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}{hash}", &text[..cut])
}

/// Maximum length of an unshortened name, in bytes.
const LONGEST: usize = 600;

const VERIFIED: &str = "verified";
const UNVERIFIED: &str = "unverified";

/// Returns the query for a filter, and its arguments from the fifth on.
pub(super) fn question(asked: HistoryFilter) -> (String, Vec<String>) {
    // Before a server has table statistics, it would use the network's index and scan all of its rows. The
    // concatenation disables that index if another condition is more selective.
    const WITHIN: &str = "network || '' = $1 AND environment || '' = $2";
    let (condition, arguments): (String, Vec<String>) = match asked {
        HistoryFilter::Everything => ("network = $1 AND environment = $2".to_owned(), Vec::new()),
        HistoryFilter::Zone(zone) => (format!("{WITHIN} AND zone = $5"), vec![zone.to_string()]),
        HistoryFilter::Collection(zone, collection) => {
            let condition = format!("{WITHIN} AND zone = $5 AND collection = $6");
            (condition, vec![zone.to_string(), name(&collection)])
        }
        HistoryFilter::Record(zone, collection, record) => {
            let condition = format!("{WITHIN} AND zone = $5 AND collection = $6 AND record = $7");
            (condition, vec![zone.to_string(), name(&collection), name(&record)])
        }
        HistoryFilter::Run(run) => {
            (format!("{WITHIN} AND run = CAST($5 AS BIGINT)"), vec![number(run).to_string()])
        }
    };
    let sql = format!(
        "SELECT number, run, at, network, environment, zone, body, verification, hash FROM history
         WHERE {condition} AND number < $3 ORDER BY number DESC LIMIT $4"
    );
    (sql, arguments)
}

async fn page(
    database: &mut StoreConnection,
    StoreScope { network, environment }: StoreScope,
    asked: HistoryFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<HistoryPage, StoreError> {
    let (sql, arguments) = question(asked);
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let one_more = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let rows = database
        .fetch(&sql, |query| {
            let query =
                query.bind(network.to_string()).bind(environment.to_string()).bind(before).bind(one_more);
            arguments.into_iter().fold(query, |query, argument| query.bind(argument))
        })
        .await?;
    let entries: Result<Vec<HistoryEntry>, StoreError> =
        rows.iter().take(limit).map(|row| entry(database, row)).collect();
    let entries = entries?;
    let rest = match (rows.len() > limit, entries.last()) {
        (true, Some(last)) => HistoryRemainder::Before(last.number),
        (_, _) => HistoryRemainder::Nothing,
    };
    Ok(HistoryPage { entries, rest })
}

fn entry(database: &StoreConnection, row: &AnyRow) -> Result<HistoryEntry, StoreError> {
    let trouble = |error: sqlx::Error| database.trouble(error);
    let text = |name: &str| row.try_get::<String, _>(name).map_err(trouble);
    let damaged = |error| database.corrupt_data_error("the history", error);
    let HistoryBody { collection, done } = serde_json::from_str(&text("body")?).map_err(damaged)?;
    let zone = ZoneCode::from(text("zone")?.as_str());
    let key = done.identity();
    let environment = text("environment")?;
    Ok(HistoryEntry {
        number: row.try_get::<i64, _>("number").map_err(trouble)?.unsigned_abs(),
        run: RunId(row.try_get::<i64, _>("run").map_err(trouble)?.unsigned_abs()),
        at: text("at")?,
        network: text("network")?,
        environment: (!environment.is_empty()).then_some(environment),
        address: RecordAddress { zone, collection: CollectionId::from(collection), key },
        done: done.into_owned(),
        verification: match text("verification")?.as_str() {
            VERIFIED => VerificationStatus::Verified,
            _ => VerificationStatus::Unverified,
        },
        hash: text("hash")?.parse().unwrap_or_default(),
    })
}

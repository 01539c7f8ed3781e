//! History in the store: all applied changes in one hash chain, and queries.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::bulk_insert::SqlValue;
use super::change_blocks::ChangeLine;
use super::database::StoreConnection;
use super::error::StoreError;
use super::hash_chain::{self, ChainHead, ChainLink};
use super::journal::{AppliedBlock, StoredJournalEntry};
use super::packed_text::PackedText;
use super::runs::number;
use super::{Store, StoreScope};
use crate::model::{
    AppliedChange, CollectionId, ContentDigest, HistoryEntry, JournalEntry, RecordAddress, RunId,
    VerificationStatus, ZoneCode,
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
    let sql = "SELECT zone, collection, verification,
                   CAST(SUM(last_entry - first_entry + 1) AS BIGINT) AS changes
               FROM history_blocks WHERE run = $1 GROUP BY zone, collection, verification";
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
    blocks: &[AppliedBlock<'_>],
) -> Result<(), StoreError> {
    let mut rows: Vec<[SqlValue; 11]> = Vec::new();
    let mut begun: BTreeMap<RunId, String> = BTreeMap::new();
    for AppliedBlock { line, changes, block, verification, stored_at } in blocks {
        let StoredJournalEntry { scope, run, at, entry: JournalEntry { zone, collection, .. }, .. } = line;
        let verification = match verification {
            VerificationStatus::Verified => VERIFIED,
            VerificationStatus::Unverified => UNVERIFIED,
        };
        let begun = match begun.entry(*run) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(free) => free.insert(hash_chain::load_run_start_hash(database, number(*run)).await?),
        };
        let collection = name(&collection.to_string());
        let (first, mut hashes) = (end.number + 1, Vec::new());
        for (done, body) in changes.iter().zip(block.text.split('\n')) {
            let link = ChainLink {
                number: end.number + 1,
                run: number(*run),
                begun,
                at,
                scope: (&scope.network, &scope.environment),
                zone: zone.as_str(),
                collection: &collection,
                record: &record_name(done),
                body,
                verification,
            };
            let hash = link.hash(&end.hash);
            end = ChainHead { number: link.number, hash: hash.to_string() };
            hashes.extend(hash.0);
        }
        rows.push([
            i64::try_from(first).unwrap_or(i64::MAX).into(),
            i64::try_from(end.number).unwrap_or(i64::MAX).into(),
            number(*run).into(),
            at.as_str().into(),
            scope.network.as_ref().into(),
            scope.environment.as_ref().into(),
            zone.as_str().into(),
            collection.into(),
            verification.into(),
            (*stored_at).into(),
            hashes.into(),
        ]);
    }
    save(database, &rows).await?;
    hash_chain::move_end(database, end).await
}

/// Saves blocks of the history.
pub(super) async fn save(database: &mut StoreConnection, rows: &[[SqlValue; 11]]) -> Result<(), StoreError> {
    let into = "INSERT INTO history_blocks (first_entry, last_entry, run, at, network, environment, zone,
                    collection, verification, changes, hashes)";
    database.insert(into, "", rows).await.map(drop)
}

/// Returns the name of a change's record, as covered by the hash of its entry.
pub(super) fn record_name(done: &AppliedChange) -> String {
    name(&done.identity().to_string())
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

/// Maximum number of blocks per query.
const BLOCKS_AT_ONCE: usize = 256;

/// Returns the query for a filter, and its arguments from the fifth on.
pub(super) fn question(asked: &HistoryFilter) -> (String, Vec<String>) {
    // Before a server has table statistics, it would use the network's index and scan all of its rows. The
    // concatenation disables that index if another condition is more selective.
    const WITHIN: &str = "blocks.network || '' = $1 AND blocks.environment || '' = $2";
    let (condition, arguments): (String, Vec<String>) = match asked {
        HistoryFilter::Everything => {
            ("blocks.network = $1 AND blocks.environment = $2".to_owned(), Vec::new())
        }
        HistoryFilter::Zone(zone) => (format!("{WITHIN} AND blocks.zone = $5"), vec![zone.to_string()]),
        HistoryFilter::Collection(zone, collection) | HistoryFilter::Record(zone, collection, _) => {
            let condition = format!("{WITHIN} AND blocks.zone = $5 AND blocks.collection = $6");
            (condition, vec![zone.to_string(), name(collection)])
        }
        HistoryFilter::Run(run) => {
            (format!("{WITHIN} AND blocks.run = CAST($5 AS BIGINT)"), vec![number(*run).to_string()])
        }
    };
    let sql = format!(
        "SELECT blocks.first_entry, blocks.run, blocks.at, blocks.network, blocks.environment, blocks.zone,
             blocks.verification, blocks.hashes, changes.body
         FROM history_blocks AS blocks
         LEFT JOIN changes ON changes.run = blocks.run AND changes.number = blocks.changes
         WHERE {condition} AND blocks.first_entry < $3 ORDER BY blocks.first_entry DESC LIMIT $4"
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
    let (sql, arguments) = question(&asked);
    let record = match &asked {
        HistoryFilter::Record(_, _, record) => Some(name(record)),
        HistoryFilter::Everything
        | HistoryFilter::Zone(_)
        | HistoryFilter::Collection(..)
        | HistoryFilter::Run(_) => None,
    };
    let before = before.unwrap_or(u64::MAX);
    let mut cursor = i64::try_from(before).unwrap_or(i64::MAX);
    let mut entries: Vec<HistoryEntry> = Vec::new();
    let mut blocks = limit.saturating_add(1).min(16);
    loop {
        let at_once = i64::try_from(blocks).unwrap_or(i64::MAX);
        let rows = database
            .fetch(&sql, |query| {
                let query =
                    query.bind(network.to_string()).bind(environment.to_string()).bind(cursor).bind(at_once);
                arguments.iter().fold(query, |query, argument| query.bind(argument.clone()))
            })
            .await?;
        for row in &rows {
            let block = HistoryBlock::read(database, row)?;
            cursor = block.first;
            block.add_entries(
                database,
                before,
                record.as_deref(),
                limit + 1 - entries.len(),
                &mut entries,
            )?;
            if entries.len() > limit {
                break;
            }
        }
        if entries.len() > limit || rows.len() < blocks {
            break;
        }
        blocks = blocks.saturating_mul(4).min(BLOCKS_AT_ONCE);
    }
    let is_all = entries.len() <= limit;
    entries.truncate(limit);
    let rest = match (is_all, entries.last()) {
        (false, Some(last)) => HistoryRemainder::Before(last.number),
        (_, _) => HistoryRemainder::Nothing,
    };
    Ok(HistoryPage { entries, rest })
}

/// Block of the history with its changes.
struct HistoryBlock {
    first: i64,
    run: RunId,
    at: String,
    network: String,
    environment: Option<String>,
    zone: ZoneCode,
    verification: VerificationStatus,
    hashes: Vec<u8>,
    text: String,
}

impl HistoryBlock {
    fn read(database: &StoreConnection, row: &AnyRow) -> Result<Self, StoreError> {
        let trouble = |error: sqlx::Error| database.trouble(error);
        let text = |name: &str| row.try_get::<String, _>(name).map_err(trouble);
        let body: Option<&[u8]> = row.try_get("body").map_err(trouble)?;
        let changes = body.ok_or_else(|| std::io::Error::other("its changes are missing"));
        let changes = changes.and_then(|body| PackedText::from_bytes(body).text());
        let damaged = |error| database.corrupt_data_error("the history", serde::de::Error::custom(error));
        let environment = text("environment")?;
        Ok(Self {
            first: row.try_get("first_entry").map_err(trouble)?,
            run: RunId(row.try_get::<i64, _>("run").map_err(trouble)?.unsigned_abs()),
            at: text("at")?,
            network: text("network")?,
            environment: (!environment.is_empty()).then_some(environment),
            zone: text("zone")?.as_str().into(),
            verification: match text("verification")?.as_str() {
                VERIFIED => VerificationStatus::Verified,
                _ => VerificationStatus::Unverified,
            },
            hashes: row.try_get("hashes").map_err(trouble)?,
            text: changes.map_err(damaged)?,
        })
    }

    /// Adds at most `limit` entries before entry `before`, latest first.
    fn add_entries(
        &self,
        database: &StoreConnection,
        before: u64,
        record: Option<&str>,
        limit: usize,
        entries: &mut Vec<HistoryEntry>,
    ) -> Result<(), StoreError> {
        let damaged = |error| database.corrupt_data_error("the history", error);
        let lines: Vec<&str> = self.text.split('\n').collect();
        let mut left = limit;
        for (index, line) in lines.iter().enumerate().rev() {
            let number = self.first.unsigned_abs() + index as u64;
            if left == 0 {
                break;
            }
            if number >= before {
                continue;
            }
            let ChangeLine { collection, done } = serde_json::from_str(line).map_err(damaged)?;
            if record.is_some_and(|record| record != record_name(&done)) {
                continue;
            }
            left -= 1;
            let hash = self.hashes.as_chunks::<32>().0.get(index);
            entries.push(HistoryEntry {
                number,
                run: self.run,
                at: self.at.clone(),
                network: self.network.clone(),
                environment: self.environment.clone(),
                address: RecordAddress {
                    zone: self.zone.clone(),
                    collection: CollectionId::from(collection),
                    key: done.identity(),
                },
                done: done.into_owned(),
                verification: self.verification,
                hash: hash.copied().map(ContentDigest).unwrap_or_default(),
            });
        }
        Ok(())
    }
}

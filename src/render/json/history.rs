//! JSON output of the history: entries with their runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{AppliedChange, ContentDigest, HistoryEntry, Run, RunId, VerificationStatus};

/// Part of the history.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal history --json")]
pub struct HistoryJson {
    /// Entries, newest first.
    pub entries: Vec<HistoryEntryJson>,
    /// Runs of these entries, newest first.
    pub runs: Vec<Run>,
    /// Value of `--before` for the next older entries, or null at the start of the history.
    pub before: Option<u64>,
}

/// One applied change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryEntryJson {
    /// Position in the hash chain, from 1.
    pub number: u64,
    /// Run that made the change.
    pub run: RunId,
    /// Time of verification or of giving up, in RFC 3339.
    pub at: String,
    /// Network name.
    pub network: String,
    /// Environment, or null without an environment.
    pub environment: Option<String>,
    /// Record address, for example `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
    pub address: String,
    /// Zone code.
    pub zone: Arc<str>,
    /// Collection, for example `CodeTable/UserBlockDescription`.
    pub collection: String,
    /// Applied change.
    #[serde(flatten)]
    pub change: AppliedChange,
    /// Result of reading the record back from the zone.
    pub verification: VerificationStatus,
    /// Hash of this entry and the previous hash.
    pub hash: ContentDigest,
}

/// Result of verifying the hash chain.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal history verify --json")]
pub struct ChainCheckJson {
    /// True if the chain contains every entry unmodified.
    pub unbroken: bool,
    /// Number of verified entries.
    pub entries: u64,
    /// Hash of the last entry of an intact chain, or null for an empty history.
    pub head_hash: Option<ContentDigest>,
    /// Number of the first modified entry, or of the first entry after a modified one.
    pub changed: Option<u64>,
    /// Number of the first missing entry.
    pub removed: Option<u64>,
}

/// Returns a part of the history as JSON.
pub fn history(entries: &[HistoryEntry], runs: &BTreeMap<RunId, Run>, before: Option<u64>) -> HistoryJson {
    HistoryJson {
        entries: entries.iter().map(HistoryEntryJson::from).collect(),
        runs: runs.values().rev().cloned().collect(),
        before,
    }
}

impl From<&HistoryEntry> for HistoryEntryJson {
    fn from(entry: &HistoryEntry) -> Self {
        let HistoryEntry { number, run, at, network, environment, address, done, verification: proof, hash } =
            entry;
        Self {
            number: *number,
            run: *run,
            at: at.clone(),
            network: network.clone(),
            environment: environment.clone(),
            address: address.to_string(),
            zone: address.zone.0.clone(),
            collection: address.collection.to_string(),
            change: done.clone(),
            verification: *proof,
            hash: *hash,
        }
    }
}

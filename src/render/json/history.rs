//! What was done, for programs: entries of the history and the runs that made them.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    AppliedField, ChangeAction, ContentDigest, FieldName, FieldValue, HistoryEntry, Record, Run, RunId,
    VerificationStatus,
};

/// Part of the history.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal history --json")]
pub struct HistoryJson {
    /// The entries, the latest first.
    pub entries: Vec<HistoryEntryJson>,
    /// The runs that made them, the latest first.
    pub runs: Vec<Run>,
    /// Where earlier entries begin: what `--before` takes to show them; null where there are none.
    pub before: Option<u64>,
}

/// One change that a run made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryEntryJson {
    /// Its place in the chain, from 1.
    pub number: u64,
    /// The run that made it.
    pub run: RunId,
    /// When it was verified, or given up, in RFC 3339.
    pub at: String,
    /// The network's name.
    pub network: String,
    /// The environment; null for the manifest as it stands.
    pub environment: Option<String>,
    /// `01OMNI_ALPHA/CodeTable/UserBlockDescription/CONSORTIA`.
    pub address: String,
    /// The zone's code.
    pub zone: Arc<str>,
    /// `CodeTable/UserBlockDescription`.
    pub collection: String,
    /// What was done.
    pub action: ChangeAction,
    /// The record's identity in the collection's own field names.
    pub key: Vec<(FieldName, FieldValue)>,
    /// The record before, by the names that people use; empty for a create.
    pub before: Record,
    /// The fields that were set.
    pub field_changes: Vec<AppliedField>,
    /// The manifest that wanted it.
    pub manifest: Arc<str>,
    /// Where it wanted it, `FILE:LINE:COLUMN`.
    pub declared_at: String,
    /// Why, where it is not simply that the manifest wanted it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the zone was seen to hold it afterwards.
    pub verification: VerificationStatus,
    /// Of this entry and of the one before it.
    pub hash: ContentDigest,
}

/// What following the chain of the history came to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal history verify --json")]
pub struct ChainCheckJson {
    /// Whether every entry is where it was put, and as it was.
    pub unbroken: bool,
    /// Entries that were followed and found to be as they were.
    pub entries: u64,
    /// The hash of the last one of a chain that is unbroken; null where there is none.
    pub head_hash: Option<ContentDigest>,
    /// The number of the first entry that was changed since it was written, or stands behind one that was.
    pub changed: Option<u64>,
    /// The number of the first entry that is not there any more.
    pub removed: Option<u64>,
}

/// Part of the history as JSON.
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
            action: done.action,
            key: done.key.clone(),
            before: done.before.clone(),
            field_changes: done.field_changes.clone(),
            manifest: done.manifest.clone(),
            declared_at: done.declared_at.clone(),
            reason: done.reason.clone(),
            verification: *proof,
            hash: *hash,
        }
    }
}

//! What an apply writes down before and after each request, so that whoever comes after it knows how far it got.

use std::sync::Arc;

use super::address::{CollectionId, RecordAddress, RecordKey, ZoneCode};
use super::applied_state::AppliedStateUpdate;
use super::change::{Change, ChangeAction};
use super::digest::ContentDigest;
use super::run::RunId;
use super::value::{FieldName, FieldValue, Record};

/// One line of a run's journal.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    /// The zone.
    pub zone: ZoneCode,
    /// The collection, as its records' addresses call it.
    pub collection: CollectionId,
    /// What happened to it.
    pub moment: WritePhase,
}

/// What happens to one collection, in this order. Where a run was killed, the last of them tells what is known:
/// after `Intent` nothing was sent, after `Sent` and `Answered` the zone must be asked.
#[derive(Debug, Clone)]
pub enum WritePhase {
    /// The collection was read, is as it was approved, and is to be written.
    Intent {
        /// What is to be changed.
        changes: Arc<[AppliedChange]>,
    },
    /// A write is about to be sent.
    Sent,
    /// An answer came, or is known to have been lost.
    Responded {
        /// What came.
        answer: WriteResponse,
    },
    /// The collection was read back, and is as it was wanted.
    Verified {
        /// What was changed.
        changes: Arc<[AppliedChange]>,
        /// What the ledger learns from it.
        learned: AppliedStateUpdate,
    },
    /// The collection was read back, or could not be, and is not known to be as it was wanted.
    Unverified {
        /// What was to be changed, and may be in part.
        changes: Arc<[AppliedChange]>,
        /// What is different, one line each.
        unexpected_differences: Vec<String>,
    },
    /// Nothing was changed.
    Unchanged {
        /// Why.
        why: String,
    },
}

/// What is known of a write that was sent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum WriteResponse {
    /// The zone took it.
    Accepted,
    /// The zone refused it, or it never got there.
    Rejected,
    /// The collection had moved, and the write was not made.
    PreconditionFailed,
    /// The answer was lost.
    NoResponse,
    /// The zone wrote, but somewhere else.
    WrongTarget,
}

/// One change as it was done, with all that is needed to explain it and to take it back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppliedChange {
    /// What was done.
    pub action: ChangeAction,
    /// The record's identity in the collection's own field names.
    pub key: Vec<(FieldName, FieldValue)>,
    /// The record before, by the names that people use; empty for a create.
    pub before: Record,
    /// What was set.
    pub field_changes: Vec<AppliedField>,
    /// The manifest that wanted it, `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Where it wanted it, `FILE:LINE:COLUMN`.
    pub declared_at: String,
    /// Why, where it is not simply that the manifest wants it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One field that was set.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct AppliedField {
    /// The field in the collection's own words.
    pub field: FieldName,
    /// The field as people know it.
    pub name: FieldName,
    /// What was there; absent where there was no such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<FieldValue>,
    /// What it became.
    pub after: FieldValue,
}

/// What stands in the place of a manifest's name where a run takes another one back: this, and that run.
pub const REVERT_OF: &str = "revert of ";

impl AppliedChange {
    /// Whether it brings a record into being that is zonal's own. One that comes back is its zone's, as it was before.
    pub fn creates(&self) -> bool {
        self.action == ChangeAction::Create && !self.manifest.starts_with(REVERT_OF)
    }

    /// The record's key, as addresses hold it.
    pub fn identity(&self) -> RecordKey {
        let parts = self.key.iter().map(|(_, value)| match value {
            FieldValue::Text(text) => Arc::clone(text),
            FieldValue::Bool(flag) => flag.to_string().into(),
            FieldValue::Null | FieldValue::List(_) => "".into(),
        });
        RecordKey(parts.collect())
    }
}

impl From<&Change> for AppliedChange {
    fn from(change: &Change) -> Self {
        let edits = change.field_changes.iter().map(|edit| AppliedField {
            field: edit.field.clone(),
            name: edit.name.clone(),
            before: edit.before.clone(),
            after: edit.after.clone(),
        });
        Self {
            action: change.action,
            key: change.key.clone(),
            before: change.before.clone(),
            field_changes: edits.collect(),
            manifest: change.provenance.manifest.clone(),
            declared_at: change.provenance.span.to_string(),
            reason: change.reason.clone(),
        }
    }
}

/// One line of the history: a change that a run made, and that is in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its place in the chain, from 1.
    pub number: u64,
    /// The run that made it.
    pub run: RunId,
    /// When it was verified, or given up, in RFC 3339.
    pub at: String,
    /// The network's name.
    pub network: String,
    /// The environment; `None` for the manifest as it stands.
    pub environment: Option<String>,
    /// The record.
    pub address: RecordAddress,
    /// What was done to it.
    pub done: AppliedChange,
    /// Whether the zone was seen to hold it afterwards.
    pub verification: VerificationStatus,
    /// Of this entry and of the one before it.
    pub hash: ContentDigest,
}

/// What is known of a change that was sent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum VerificationStatus {
    /// It was read back, and is there.
    Verified,
    /// It was sent, and what was read back is something else, or nothing could be read back.
    Unverified,
}

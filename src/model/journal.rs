//! Write-ahead journal of an apply: records before and after each request how far the run got.

use std::sync::Arc;

use super::address::{CollectionId, RecordAddress, RecordKey, ZoneCode};
use super::applied_state::AppliedStateUpdate;
use super::change::{Change, ChangeAction};
use super::collection_image::CollectionImage;
use super::digest::ContentDigest;
use super::run::RunId;
use super::value::{FieldName, FieldValue, Record};

/// Entry of a run's journal.
#[derive(Debug, Clone)]
pub struct JournalEntry {
    /// Zone.
    pub zone: ZoneCode,
    /// Collection, as in its records' addresses.
    pub collection: CollectionId,
    /// Phase of the write.
    pub phase: WritePhase,
    /// Image of the collection, if the phase has one.
    pub image: Option<Arc<CollectionImage>>,
}

/// Phase of the write of one collection, in this order.
///
/// After a killed run, the last phase shows what recovery must check. After `Intent`, no request was sent.
/// After `Sent` and `Responded`, recovery must query the zone.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum WritePhase {
    /// Collection read, unchanged since the approval, and next to be written.
    Intent {
        /// Planned changes. In JSON, the store's block of changes contains them.
        #[serde(skip)]
        changes: Arc<[AppliedChange]>,
    },
    /// Next: the write request.
    Sent,
    /// Response received, or known to be lost.
    Responded {
        /// Response.
        answer: WriteResponse,
    },
    /// Collection read back and verified.
    Verified {
        /// Applied changes. In JSON, the store's block of changes contains them.
        #[serde(skip)]
        changes: Arc<[AppliedChange]>,
        /// Update of the applied state, which contains it.
        #[serde(skip)]
        learned: AppliedStateUpdate,
    },
    /// Collection not verified: the read-back failed, or differs.
    Unverified {
        /// Planned changes, possibly applied in part. In JSON, the store's block of changes contains them.
        #[serde(skip)]
        changes: Arc<[AppliedChange]>,
        /// Unexpected differences, one line each.
        unexpected_differences: Vec<String>,
    },
    /// No changes written.
    Unchanged {
        /// Reason.
        why: String,
    },
}

impl WritePhase {
    /// Returns the name of the phase, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Intent { .. } => "intent",
            Self::Sent => "sent",
            Self::Responded { .. } => "responded",
            Self::Verified { .. } => "verified",
            Self::Unverified { .. } => "unverified",
            Self::Unchanged { .. } => "unchanged",
        }
    }
}

/// Response to a write request.
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
    /// Accepted by the zone.
    Accepted,
    /// Rejected by the zone, or not sent.
    Rejected,
    /// Collection changed since the read, so no write was made.
    PreconditionFailed,
    /// No response.
    NoResponse,
    /// Written to the wrong target.
    WrongTarget,
}

/// Applied change, with everything needed to explain and to revert it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct AppliedChange {
    /// Action.
    pub action: ChangeAction,
    /// Identity of the record in the collection's own field names.
    pub key: Vec<(FieldName, FieldValue)>,
    /// Record before, under the names that people use; empty for a create.
    pub before: Record,
    /// Changed fields.
    pub field_changes: Vec<AppliedField>,
    /// Manifest of the change, `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Location in the manifest, `FILE:LINE:COLUMN`.
    pub declared_at: String,
    /// Reason, if other than the manifest's declared value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Applied change of one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct AppliedField {
    /// Field in the collection's own names.
    pub field: FieldName,
    /// Field name for people.
    pub name: FieldName,
    /// Value before; absent if the field was absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<FieldValue>,
    /// Value after.
    pub after: FieldValue,
}

/// Prefix in place of a manifest name for reverts; the reverted run follows.
pub const REVERT_OF: &str = "revert of ";

/// Returns true for the text in place of a manifest name for a revert.
pub(super) fn is_revert(manifest: &str) -> bool {
    manifest.starts_with(REVERT_OF)
}

impl AppliedChange {
    /// Returns true if the change creates a record that zonal manages.
    ///
    /// A record restored by a revert belongs to its zone, as before.
    pub fn creates(&self) -> bool {
        self.action == ChangeAction::Create && !is_revert(&self.manifest)
    }

    /// Returns the record's key, as in addresses.
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

/// Entry of the history: a change by a run, in the hash chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Number in the chain, from 1.
    pub number: u64,
    /// Run that made the change.
    pub run: RunId,
    /// Time of the verification, or of giving up, in RFC 3339.
    pub at: String,
    /// Name of the network.
    pub network: String,
    /// Environment; `None` for the manifest without an environment.
    pub environment: Option<String>,
    /// Record.
    pub address: RecordAddress,
    /// Applied change.
    pub done: AppliedChange,
    /// Verification status of the change.
    pub verification: VerificationStatus,
    /// Hash of this entry and the previous entry.
    pub hash: ContentDigest,
}

/// Verification status of a change that was sent.
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
    /// Read back and present.
    Verified,
    /// Not verified: the read-back differs or failed.
    Unverified,
}

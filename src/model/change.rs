//! One difference between what is desired and what was observed, and what would end it.

use std::sync::Arc;

use super::address::{CollectionId, RecordAddress};
use super::applied_state::ConflictPolicy;
use super::source_span::Provenance;
use super::value::{FieldName, FieldValue, Record};

/// Create, update or delete of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The record.
    pub address: RecordAddress,
    /// What is done to it.
    pub action: ChangeAction,
    /// Its identity in the collection's own field names (`column0`), in the order of the key.
    pub key: Vec<(FieldName, FieldValue)>,
    /// Where a person is to look at each record of a sort, what these have in common, which may be
    /// nothing; the key then stands for all of them.
    pub matches: Option<Vec<(FieldName, FieldValue)>>,
    /// The record before: all fields of it that were observed; empty for a create.
    pub before: Record,
    /// What is set: each field once. Empty for a delete.
    pub field_changes: Vec<FieldChange>,
    /// Whether apply does it, or the plan only reports it.
    pub mode: ApplyMode,
    /// In what way the zone is not as it is wanted.
    pub difference: DifferenceType,
    /// Who moved since the manifests were last applied, where that is known.
    pub origin: Option<ChangeOrigin>,
    /// Where both have moved: what was applied last, and what is done about it. Only what a ledger tells.
    pub conflict: Option<Box<ChangeConflict>>,
    /// Why, where it is not simply that the manifest wants it so.
    pub reason: Option<String>,
    /// What it means, in the words of the kind that wants it.
    pub notes: Vec<Arc<str>>,
    /// Who declared the record, or whose `unlisted` it falls under.
    pub provenance: Provenance,
    /// Who changed the record last, where the zone says so.
    pub updated_by: Option<String>,
    /// When it was changed last, as the zone writes it.
    pub update_date: Option<String>,
}

impl Change {
    /// Everything that counts of the change, whichever zone it is in.
    pub fn effect(&self) -> ChangeEffect<'_> {
        let Self {
            address: RecordAddress { zone: _, collection, key: _ },
            action,
            key,
            // The key says as much.
            matches: _,
            before,
            field_changes: edits,
            mode,
            // What shape it has follows from the rest. Who wants it, why, and who was there last do not count.
            difference: _,
            origin: _,
            conflict: _,
            reason: _,
            notes: _,
            provenance: _,
            updated_by: _,
            update_date: _,
        } = self;
        ChangeEffect {
            collection,
            action: *action,
            mode: *mode,
            key,
            field_changes: edits.iter().map(FieldChange::effect).collect(),
            taken: (*action == ChangeAction::Delete).then_some(before),
        }
    }
}

/// What a change does, and to what: two changes with the same effect are the same change in two
/// zones, or at two moments.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct ChangeEffect<'a> {
    /// The collection.
    pub collection: &'a CollectionId,
    /// What is done.
    pub action: ChangeAction,
    /// Whether it is carried out.
    pub mode: ApplyMode,
    /// The record.
    pub key: &'a [(FieldName, FieldValue)],
    /// Fields that are set, with what was there and what comes.
    pub field_changes: Vec<(&'a FieldName, Option<&'a FieldValue>, &'a FieldValue)>,
    /// What a delete takes away, which is everything that the record holds. An update leaves the
    /// rest of its record alone, so the rest does not count.
    pub taken: Option<&'a Record>,
}

/// One field that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// The field in the collection's own words (`column5`).
    pub field: FieldName,
    /// The field as people know it (`Network Block`).
    pub name: FieldName,
    /// What was observed; `None` where there was no such field.
    pub before: Option<FieldValue>,
    /// What it becomes.
    pub after: FieldValue,
    /// Who wants it so.
    pub provenance: Provenance,
}

impl FieldChange {
    fn effect(&self) -> (&FieldName, Option<&FieldValue>, &FieldValue) {
        let Self { field, name: _, before, after, provenance: _ } = self;
        (field, before.as_ref(), after)
    }
}

/// What is done to a record.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// The record is not there and comes.
    Create,
    /// The record is there and fields of it change.
    Update,
    /// The record goes.
    Delete,
}

/// In what way a zone's record is not as it is wanted.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceType {
    /// It is not there, or nobody has attested that it is.
    Missing,
    /// It holds other values.
    Value,
    /// The zone has detached it from the network, so that it gets nothing of what the network changes;
    /// it may hold other values as well.
    Detached,
    /// It is there, and should not be, or not be in use.
    Extra,
}

/// Whether a change is carried out.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ApplyMode {
    /// Apply does it.
    Apply,
    /// The manifest says `enforcement: report`: shown, never done.
    Report,
    /// The zone can only be changed by a person, who finds the steps in the runbook.
    Manual,
    /// Left for a later apply, because this one writes only what has drifted.
    Postponed,
    /// Left to the zone, because both it and the manifests have changed it, and a manifest says
    /// `conflict: theirs`.
    KeptTheirs,
}

/// Who moved, so that zone and manifests differ: found by comparing both with the manifests as they were
/// applied last.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOrigin {
    /// The zone: the manifests still say what they said then.
    Drifted,
    /// The manifests: the zone still holds what they said then.
    Pending,
    /// Both, each in its own way.
    #[serde(alias = "both")]
    Conflict,
}

/// What is known of a change where both the manifests and the zone have moved, each in its own way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ChangeConflict {
    /// The record's own fields as zonal applied them last, under the names that people use; null where it was
    /// wanted to be gone.
    pub applied: Option<Record>,
    /// What is done about it.
    pub then: ConflictPolicy,
    /// The manifest that says so.
    pub manifest: Arc<str>,
}

//! Difference between the desired and the observed state of one record, and its resolution.

use std::sync::Arc;

use super::address::{CollectionId, RecordAddress};
use super::applied_state::ConflictPolicy;
use super::source_span::Provenance;
use super::value::{FieldName, FieldValue, Record};

/// Create, update or delete of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Address of the record.
    pub address: RecordAddress,
    /// Action on the record.
    pub action: ChangeAction,
    /// Identity of the record in the collection's own field names (`column0`), in key order.
    pub key: Vec<(FieldName, FieldValue)>,
    /// Common fields of all records in a manual check, possibly empty.
    ///
    /// If set, a person checks every record with these fields, and the key stands for all of them.
    pub matches: Option<Vec<(FieldName, FieldValue)>>,
    /// Record before the change: all observed fields; empty for a create.
    pub before: Record,
    /// Field changes, at most one for each field; empty for a delete.
    pub field_changes: Vec<FieldChange>,
    /// Mode: apply, report only, manual, postponed or left to the zone.
    pub mode: ApplyMode,
    /// Type of the difference.
    pub difference: DifferenceType,
    /// Origin of the difference since the last apply, if known.
    pub origin: Option<ChangeOrigin>,
    /// Conflict with the applied state and its resolution; only with an applied state as base.
    pub conflict: Option<Box<ChangeConflict>>,
    /// Reason, if other than the manifest's declared value.
    pub reason: Option<String>,
    /// Consequences of the change, as texts of the kind.
    pub notes: Vec<Arc<str>>,
    /// Origin in the manifests: the declaration, or the `unlisted` policy.
    pub provenance: Provenance,
    /// Last editor of the record, if the zone reports one.
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it.
    pub update_date: Option<String>,
}

impl Change {
    /// Returns true for an update that switches its record off. `switch` is the field that says whether a
    /// record of the collection is in use.
    pub fn switches_off(&self, switch: Option<&FieldName>) -> bool {
        let off = FieldValue::Bool(false);
        self.action == ChangeAction::Update
            && self.field_changes.iter().any(|edit| {
                Some(&edit.field) == switch && edit.after == off && edit.before.as_ref() != Some(&off)
            })
    }

    /// Returns the content of the change without its zone.
    pub fn effect(&self) -> ChangeEffect<'_> {
        let Self {
            address: RecordAddress { zone: _, collection, key: _ },
            action,
            key,
            // Implied by the key.
            matches: _,
            before,
            field_changes: edits,
            mode,
            // The difference type follows from the other fields. Declaration, reason and last editor do not
            // count.
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

/// Content of a change without its zone.
///
/// Changes with equal effects are the same change in two zones, or at two times.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct ChangeEffect<'a> {
    /// Collection.
    pub collection: &'a CollectionId,
    /// Action.
    pub action: ChangeAction,
    /// Mode.
    pub mode: ApplyMode,
    /// Key of the record.
    pub key: &'a [(FieldName, FieldValue)],
    /// Changed fields with their values before and after.
    pub field_changes: Vec<(&'a FieldName, Option<&'a FieldValue>, &'a FieldValue)>,
    /// Deleted record with all its fields.
    ///
    /// `None` for an update: an update keeps the rest of the record, so the rest does not count.
    pub taken: Option<&'a Record>,
}

/// Change of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Field in the collection's own names (`column5`).
    pub field: FieldName,
    /// Field name for people (`Network Block`).
    pub name: FieldName,
    /// Observed value; `None` if the field was absent.
    pub before: Option<FieldValue>,
    /// Value after the change.
    pub after: FieldValue,
    /// Declaration of the desired value.
    pub provenance: Provenance,
}

impl FieldChange {
    fn effect(&self) -> (&FieldName, Option<&FieldValue>, &FieldValue) {
        let Self { field, name: _, before, after, provenance: _ } = self;
        (field, before.as_ref(), after)
    }
}

/// Action on a record.
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
    /// Creates a missing record.
    Create,
    /// Changes fields of an existing record.
    Update,
    /// Deletes the record.
    Delete,
}

/// Type of difference between a zone's record and its desired state.
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
    /// Record absent, or not attested.
    Missing,
    /// Different field values.
    Value,
    /// Record detached from the network: network changes no longer reach the zone's record.
    ///
    /// Field values may differ too.
    Detached,
    /// Record present, or in use, but not desired.
    Extra,
}

/// Mode of a change.
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
    /// Made by apply.
    Apply,
    /// Reported only: `enforcement: report`.
    Report,
    /// Manual: only a person can make the change in Alma, with the steps of the runbook.
    Manual,
    /// Postponed to a later apply, because this apply only reverts drift.
    Postponed,
    /// Left to the zone: changed in both the manifests and the zone, with `conflict: theirs`.
    KeptTheirs,
}

/// Origin of a difference, from comparing manifests and zone with the applied state.
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
    /// Changed in the zone only.
    Drifted,
    /// Changed in the manifests only.
    Pending,
    /// Changed differently in both.
    #[serde(alias = "both")]
    Conflict,
}

/// Conflict of a change: manifests and zone both changed the record, differently.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct ChangeConflict {
    /// Fields of the record in the applied state, under the names that people use; null for an absent record.
    pub applied: Option<Record>,
    /// Resolution of the conflict.
    pub then: ConflictPolicy,
    /// Manifest with the conflict policy.
    pub manifest: Arc<str>,
}

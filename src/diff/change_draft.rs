//! Builds the changes of a comparison and their field changes.

use std::borrow::Cow;
use std::sync::Arc;

use super::collection::CollectionComparison;
use super::field_comparisons::FieldComparisons;
use super::field_names::DesiredField;
use super::mismatches::missing_required_field;
use crate::model::calendar::is_creation_only;
use crate::model::{
    ApplyMode, Change, ChangeAction, DesiredCollection, DesiredRecord, DesiredValue, DifferenceType,
    Enforcement, FieldChange, FieldName, FieldValue, ObservationSource, ObservedRecord, Provenance, Record,
    RecordAddress, RecordKey, ZoneFailure,
};

/// Parts of a change that differ within a collection.
pub(super) struct ChangeDraft<'a> {
    pub action: ChangeAction,
    pub edits: Vec<FieldChange>,
    pub mode: ApplyMode,
    pub drift: DifferenceType,
    pub reason: Option<String>,
    pub notes: &'a [Arc<str>],
    pub provenance: Cow<'a, Provenance>,
    pub found: Option<&'a ObservedRecord>,
    pub each: Option<&'a [(FieldName, FieldValue)]>,
}

impl CollectionComparison<'_> {
    /// Returns every field of a record to be created.
    pub(super) fn new_fields(
        &self,
        id: &RecordKey,
        desired: &[DesiredField<'_>],
        record: &DesiredRecord,
        collection: &DesiredCollection,
    ) -> Result<Vec<FieldChange>, ZoneFailure> {
        let wish = |field: &FieldName| desired.iter().find(|wish| wish.field == field);
        let missing =
            |field: &&FieldName| wish(field).is_none_or(|wish| wish.value.value == FieldValue::Null);
        // Required values cannot be checked if zonal cannot read the zone: the record may exist.
        let seen = self.observed.witness == ObservationSource::Zone;
        if let Some(required) = collection.shape.required.iter().find(missing).filter(|_| seen) {
            let place = wish(required).map_or(&record.provenance, |wish| &wish.value.provenance);
            let is_empty = wish(required).is_some();
            return Err(missing_required_field(self.id, id, required, place, is_empty));
        }
        let silent = || collection.shape.defaults.iter().filter(|(field, _)| wish(field).is_none());
        let filled = silent().map(|(field, default)| {
            // A field shared by all languages may be declared for another language.
            let shared = collection.shape.shared.contains(field).then(|| self.elsewhere.get(id)).flatten();
            let shared = shared.filter(|record| record.enforcement != Enforcement::Report);
            let (after, provenance) = match shared.and_then(|record| record.fields.get(field)) {
                Some(DesiredValue { value, provenance, .. }) => (value, provenance),
                None => (default, &record.provenance),
            };
            FieldChange {
                field: field.clone(),
                name: self.names.display_name(field).clone(),
                before: None,
                after: after.clone(),
                provenance: provenance.clone(),
            }
        });
        // Exact capacity, because field changes use most of the memory of a large plan.
        let mut edits = Vec::with_capacity(desired.len() + silent().count());
        // A new record needs no cleared fields.
        let declared = desired.iter().filter(|wish| wish.value.value != FieldValue::Null);
        edits.extend(declared.map(|wish| wish.edit(None)));
        edits.extend(filled);
        Ok(edits)
    }

    /// Returns the change that clears a flag of a record.
    pub(super) fn clear_flag(
        &self,
        flag: &FieldName,
        found: &ObservedRecord,
        provenance: &Provenance,
    ) -> FieldChange {
        FieldChange {
            field: flag.clone(),
            name: self.names.display_name(flag).clone(),
            before: found.fields.get(flag).cloned(),
            after: FieldValue::Bool(false),
            provenance: provenance.clone(),
        }
    }

    /// Adds a change of a record.
    pub(super) fn add(&mut self, id: &RecordKey, draft: ChangeDraft<'_>) {
        let ChangeDraft { action, edits, mode, drift, reason, notes, provenance, found, each } = draft;
        let change = Change {
            address: RecordAddress { zone: self.zone.clone(), collection: self.id.clone(), key: id.clone() },
            action,
            key: self.key.iter().cloned().zip(id.0.iter().cloned().map(FieldValue::from)).collect(),
            matches: each.map(<[_]>::to_vec),
            before: found.map_or_else(Record::new, |found| self.names.shown_record(&found.fields)),
            field_changes: edits,
            mode,
            difference: drift,
            origin: None,
            conflict: None,
            reason,
            notes: notes.to_vec(),
            provenance: provenance.into_owned(),
            updated_by: found.and_then(|found| found.updated_by.clone()),
            update_date: found.and_then(|found| found.update_date.clone()),
        };
        self.changes.insert((id.clone(), mode), change);
    }
}

/// Returns the fields that differ from the desired values. A field missing in the response counts as empty.
/// Fields of new records only are not compared.
pub(super) fn edits(
    desired: &[DesiredField<'_>],
    found: &Record,
    comparisons: &FieldComparisons<'_>,
) -> Vec<FieldChange> {
    let differing = desired.iter().filter(|wish| {
        let found = found.get(wish.field).unwrap_or(&FieldValue::Null);
        !is_creation_only(wish.field) && !comparisons.are_equal(wish.field, &wish.value.value, found)
    });
    differing.map(|wish| wish.edit(found.get(wish.field).cloned())).collect()
}

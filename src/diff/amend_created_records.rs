//! Applies amendments to records that are about to be created. Without this, a new record would differ
//! immediately, and the next plan would change it.

use super::collection::CollectionComparison;
use crate::model::{
    Amendment, AmendmentOperation, Change, ChangeAction, Enforcement, FieldAmendment, FieldChange, FieldName,
    FieldValue, ZoneFailure,
};

impl CollectionComparison<'_> {
    /// Applies an amendment to all records to be created.
    ///
    /// If the manifest of a record sets the same field, both values agree: contradictions are rejected
    /// before.
    ///
    /// # Errors
    /// Returns `Mismatch` if the zone does not have such a field.
    pub(super) fn amend_new(&mut self, amendment: &Amendment) -> Result<(), ZoneFailure> {
        let Amendment { select, expected: _, amends, enforcement, provenance: _ } = amendment;
        match enforcement {
            Enforcement::Enforce | Enforcement::CreateOnly => {}
            Enforcement::Report | Enforcement::Unmanage => return Ok(()),
        }
        let mut selects: Vec<(FieldName, &FieldValue)> = Vec::new();
        for (field, value) in select {
            selects.push((self.names.resolve(field)?.clone(), value));
        }
        let mut wanted: Vec<(FieldName, &FieldAmendment, &FieldValue)> = Vec::new();
        for amend in amends {
            match &amend.to {
                AmendmentOperation::Set(value) => {
                    wanted.push((self.names.resolve(&amend.field)?.clone(), amend, value));
                }
                // Lists of a new record come from its own manifest.
                AmendmentOperation::SetIfEmpty(_)
                | AmendmentOperation::AddToList(_)
                | AmendmentOperation::RemoveFromList(_)
                | AmendmentOperation::AllowInRule { .. }
                | AmendmentOperation::BlockInRule { .. } => {}
            }
        }
        let mode = self.apply_mode();
        for change in self.changes.values_mut() {
            if change.action == ChangeAction::Create
                && change.mode == mode
                && matches_selection(change, &selects)
            {
                wanted.iter().for_each(|(field, amend, value)| apply_amendment(change, field, amend, value));
            }
        }
        Ok(())
    }
}

fn matches_selection(change: &Change, selects: &[(FieldName, &FieldValue)]) -> bool {
    let after = |field: &FieldName| {
        change.field_changes.iter().find(|edit| edit.field == *field).map(|edit| &edit.after)
    };
    selects.iter().all(|(field, value)| after(field).unwrap_or(&FieldValue::Null) == *value)
}

fn apply_amendment(change: &mut Change, field: &FieldName, amend: &FieldAmendment, value: &FieldValue) {
    let edit = FieldChange {
        field: field.clone(),
        name: amend.field.clone(),
        before: None,
        after: value.clone(),
        provenance: amend.provenance.clone(),
    };
    match change.field_changes.iter_mut().find(|edit| edit.field == *field) {
        Some(default) if default.after == *value => {}
        Some(default) => *default = edit,
        None => change.field_changes.push(edit),
    }
}

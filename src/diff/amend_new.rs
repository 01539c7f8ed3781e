//! A record that is about to be created gets at once what amendments want of all records of its kind: else
//! it would be wrong from the start, and the next plan would have to say so.

use super::collection::Comparison;
use crate::model::{Action, Amend, AmendTo, Amendment, Change, Edit, Enforcement, Failure, Field, Value};

impl Comparison<'_> {
    /// Lays what an amendment wants over the records that are to be created. What their own manifest says
    /// of the same field is the same: two that contradict each other are refused before.
    ///
    /// # Errors
    /// `Mismatch` where the zone has no such field.
    pub(super) fn amend_new(&mut self, amendment: &Amendment) -> Result<(), Failure> {
        let Amendment { select, expected: _, amends, enforcement, provenance: _ } = amendment;
        match enforcement {
            Enforcement::Enforce | Enforcement::Initial => {}
            Enforcement::Observe | Enforcement::Release => return Ok(()),
        }
        let mut selects: Vec<(Field, &Value)> = Vec::new();
        for (field, value) in select {
            selects.push((self.names.resolve(field)?.clone(), value));
        }
        let mut wanted: Vec<(Field, &Amend, &Value)> = Vec::new();
        for amend in amends {
            match &amend.to {
                AmendTo::Value(value) => {
                    wanted.push((self.names.resolve(&amend.field)?.clone(), amend, value));
                }
                // A list of a new record is what its own manifest says.
                AmendTo::With(_)
                | AmendTo::Without(_)
                | AmendTo::Passing { .. }
                | AmendTo::Stopping { .. } => {}
            }
        }
        let mode = self.done();
        for change in self.changes.values_mut() {
            if change.action == Action::Create && change.mode == mode && holds(change, &selects) {
                wanted.iter().for_each(|(field, amend, value)| lay(change, field, amend, value));
            }
        }
        Ok(())
    }
}

fn holds(change: &Change, selects: &[(Field, &Value)]) -> bool {
    let after = |field: &Field| change.edits.iter().find(|edit| edit.field == *field).map(|edit| &edit.after);
    selects.iter().all(|(field, value)| after(field).unwrap_or(&Value::Null) == *value)
}

fn lay(change: &mut Change, field: &Field, amend: &Amend, value: &Value) {
    let edit = Edit {
        field: field.clone(),
        name: amend.field.clone(),
        before: None,
        after: value.clone(),
        provenance: amend.provenance.clone(),
    };
    match change.edits.iter_mut().find(|edit| edit.field == *field) {
        Some(default) if default.after == *value => {}
        Some(default) => *default = edit,
        None => change.edits.push(edit),
    }
}

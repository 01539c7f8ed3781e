//! Applies amendments: partial changes of records that the zone owns.

use std::borrow::Cow;

use super::change_draft::ChangeDraft;
use super::collection::CollectionComparison;
use crate::model::{
    Amendment, AmendmentOperation, AmendmentResult, AmendmentTarget, ApplyMode, ChangeAction,
    DesiredCollection, DifferenceType, Enforcement, FieldAmendment, FieldChange, FieldName, FieldValue,
    IN_LIST, NOT_IN_LIST, ObservedRecord, Record, RecordKey, ZoneFailure,
};

impl<'a> CollectionComparison<'a> {
    /// Compares the records selected by an amendment, and adds the changes.
    ///
    /// # Errors
    /// Returns `Mismatch` if the zone does not have such a field.
    pub(super) fn amend(
        &mut self,
        amendment: &'a Amendment,
        collection: &DesiredCollection,
    ) -> Result<(), ZoneFailure> {
        let Amendment { select, expected, amends, enforcement, provenance } = amendment;
        let mut selects = Vec::new();
        for (field, value) in select {
            selects.push((self.names.resolve(field)?.clone(), value.clone()));
        }
        let meant = |record: &ObservedRecord| {
            selects
                .iter()
                .all(|(field, value)| record.fields.get(field).unwrap_or(&FieldValue::Null) == value)
        };
        let rows = self.rows;
        let found: Vec<(&'a RecordKey, &'a ObservedRecord)> = (rows.by_key())
            .flat_map(|(key, rows)| rows.iter().map(move |(_, record)| (key, *record)))
            .filter(|(_, record)| meant(record))
            .collect();
        if *enforcement == Enforcement::Unmanage {
            let held = match self.observed.witness.is_people() {
                true => rows.get(&self.key_by_hand(select, amends)).len(),
                false => found.len(),
            };
            if held > 0 {
                self.release(held, collection);
            }
            return Ok(());
        }
        if self.observed.witness.is_people() {
            return self.amend_by_hand(amendment);
        }
        if found.is_empty() && *expected == AmendmentTarget::Required {
            let id = &self.observed.id;
            self.notes.push(match select.as_slice() {
                [] => format!("{id} has no record to amend"),
                _ => format!("{id} has no record with {} to amend", selection_text(select)),
            });
        }
        for (key, record) in found {
            let mode = match enforcement {
                Enforcement::Enforce => self.apply_mode(),
                Enforcement::Report => ApplyMode::Report,
                Enforcement::CreateOnly | Enforcement::Unmanage => ApplyMode::Report,
            };
            let change = self.changes.get(&(key.clone(), mode));
            if change.is_some_and(|change| change.action == ChangeAction::Delete) {
                continue;
            }
            // Each amendment starts from the result of the earlier ones.
            let mut fields = record.fields.clone();
            let earlier = change.map(|change| change.field_changes.as_slice()).unwrap_or_default();
            fields.extend(earlier.iter().map(|edit| (edit.field.clone(), edit.after.clone())));
            let mut edits: Vec<FieldChange> = Vec::new();
            for amend in amends {
                for edit in self.edits(amend, &fields)? {
                    fields.insert(edit.field.clone(), edit.after.clone());
                    lay_over(&mut edits, edit);
                }
            }
            edits.retain(|edit| edit.before.as_ref().unwrap_or(&FieldValue::Null) != &edit.after);
            if edits.is_empty() {
                self.met.parts.entry(key).or_default().push(amendment);
                continue;
            }
            if *enforcement == Enforcement::CreateOnly {
                self.ignored += 1;
                continue;
            }
            match self.changes.get_mut(&(key.clone(), mode)) {
                Some(change) => edits.into_iter().for_each(|edit| lay_over(&mut change.field_changes, edit)),
                None => {
                    let draft = ChangeDraft {
                        action: ChangeAction::Update,
                        edits,
                        mode,
                        drift: DifferenceType::Value,
                        reason: None,
                        notes: &[],
                        provenance: Cow::Borrowed(provenance),
                        found: Some(record),
                        each: None,
                    };
                    self.add(key, draft);
                }
            }
        }
        Ok(())
    }

    /// Adds a manual step for an amendment of a zone that zonal cannot read. A person checks each record, and
    /// attests the amendment as a whole.
    fn amend_by_hand(&mut self, amendment: &Amendment) -> Result<(), ZoneFailure> {
        let Amendment { select, expected: _, amends, enforcement, provenance } = amendment;
        let key = self.key_by_hand(select, amends);
        if !self.rows.get(&key).is_empty() {
            self.count_attested();
            return Ok(());
        }
        if *enforcement != Enforcement::Enforce {
            return Ok(());
        }
        let mut said: Vec<Vec<&FieldAmendment>> = Vec::new();
        for amend in amends {
            match said.iter_mut().find(|others| others.iter().any(|other| other.field == amend.field)) {
                Some(others) => others.push(amend),
                None => said.push(vec![amend]),
            }
        }
        let edits = said.iter().filter_map(|of_field| {
            let FieldAmendment { field, to: _, reference: _, provenance } = of_field.first()?;
            let after = match of_field.as_slice() {
                [FieldAmendment { to: AmendmentOperation::Set(value), .. }] => value.clone(),
                several => {
                    let words: Vec<String> =
                        several.iter().map(|amend| instruction_text(&amend.to)).collect();
                    FieldValue::from(words.join("; ").as_str())
                }
            };
            let (field, name) = (field.clone(), field.clone());
            Some(FieldChange { field, name, before: None, after, provenance: provenance.clone() })
        });
        let edits = edits.collect();
        let draft = ChangeDraft {
            action: ChangeAction::Update,
            edits,
            mode: ApplyMode::Manual,
            drift: DifferenceType::Value,
            reason: Some("in every matching record of the zone; other records stay unchanged".to_owned()),
            notes: &[],
            provenance: Cow::Borrowed(provenance),
            found: None,
            each: Some(select),
        };
        self.add(&key, draft);
        Ok(())
    }

    /// Returns a key for all selected records together. An attestation of this key covers all of them, and
    /// another value gives another key.
    fn key_by_hand(&self, select: &[(FieldName, FieldValue)], amends: &[FieldAmendment]) -> RecordKey {
        let said = |field: &FieldName| select.iter().find(|(name, _)| name == field);
        let part = |field| said(field).map_or_else(|| "*".to_owned(), |(_, value)| plain(value));
        let mut parts: Vec<String> = self.key.iter().map(part).collect();
        let rest = select.iter().filter(|(field, _)| !self.key.contains(field));
        let rest: Vec<String> = rest.map(|(field, value)| format!("{field} {}", plain(value))).collect();
        let what = amends.iter().map(|amend| format!("{} {}", amend.field, instruction_text(&amend.to)));
        let what: Vec<String> = what.collect();
        if let Some(last) = parts.last_mut() {
            for more in rest {
                last.push_str(", ");
                last.push_str(&more);
            }
            last.push_str(": ");
            last.push_str(&what.join(", "));
        }
        RecordKey(parts.into_iter().map(Into::into).collect())
    }

    fn edits(&self, amend: &FieldAmendment, record: &Record) -> Result<Vec<FieldChange>, ZoneFailure> {
        let FieldAmendment { field: name, to, reference: _, provenance } = amend;
        let field = self.names.resolve(name)?;
        let before = record.get(field);
        let edit = |after: FieldValue| FieldChange {
            field: field.clone(),
            name: name.clone(),
            before: before.cloned(),
            after,
            provenance: provenance.clone(),
        };
        let observed = before.unwrap_or(&FieldValue::Null);
        let operator = match to.operator() {
            Some(by) => Some((self.names.resolve(by)?, by)),
            None => None,
        };
        let word = operator.and_then(|(field, _)| record.get(field)).and_then(FieldValue::as_text);
        let Some(AmendmentResult { value, operator: other }) = to.apply_to(observed, word) else {
            return Ok(Vec::new());
        };
        let mut edits = vec![edit(value)];
        if let (Some(other), Some((field, by))) = (other, operator) {
            edits.push(FieldChange {
                field: field.clone(),
                name: by.clone(),
                before: record.get(field).cloned(),
                after: FieldValue::from(other),
                provenance: provenance.clone(),
            });
        }
        Ok(edits)
    }
}

/// Merges a field change into the changes of the same record. The first value before stays.
fn lay_over(edits: &mut Vec<FieldChange>, edit: FieldChange) {
    match edits.iter_mut().find(|earlier| earlier.field == edit.field) {
        Some(earlier) => *earlier = FieldChange { before: earlier.before.take(), ..edit },
        None => edits.push(edit),
    }
}

/// Returns the selection of an amendment as text.
fn selection_text(select: &[(FieldName, FieldValue)]) -> String {
    let parts: Vec<String> = select.iter().map(|(field, value)| format!("{field} {value}")).collect();
    parts.join(", ")
}

/// Returns the instruction for a field of a manual step.
fn instruction_text(to: &AmendmentOperation) -> String {
    match to {
        AmendmentOperation::Set(value) => plain(value),
        AmendmentOperation::SetIfEmpty(value) => format!("{} if empty", plain(value)),
        AmendmentOperation::AddToList(text) => format!("add {text}"),
        AmendmentOperation::RemoveFromList(text) => format!("remove {text}"),
        AmendmentOperation::AllowInRule { text, operator: _ } => {
            format!("matching {text} ({IN_LIST}: add; {NOT_IN_LIST}: remove)")
        }
        AmendmentOperation::BlockInRule { text, operator: _ } => {
            format!("not matching {text} ({IN_LIST}: remove; {NOT_IN_LIST}: add)")
        }
    }
}

/// Returns a value without quotes.
fn plain(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => text.to_string(),
        FieldValue::Null => "nothing".to_owned(),
        FieldValue::Bool(_) | FieldValue::List(_) => value.to_string(),
    }
}

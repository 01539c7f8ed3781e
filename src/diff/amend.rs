//! Part of a record is wanted, and the rest is the zone's own: changes of records that the zone has.

use std::borrow::Cow;

use super::collection::{Comparison, Draft};
use crate::model::{
    Action, Amend, AmendTo, Amended, Amendment, DesiredCollection, Drift, Edit, Enforcement, Expected,
    Failure, Field, IN_LIST, Key, Mode, NOT_IN_LIST, ObservedRecord, Record, Value,
};

impl<'a> Comparison<'a> {
    /// What an amendment comes to.
    ///
    /// # Errors
    /// `Mismatch` where the zone has no such field.
    pub(super) fn amend(
        &mut self,
        amendment: &'a Amendment,
        collection: &DesiredCollection,
    ) -> Result<(), Failure> {
        let Amendment { select, expected, amends, enforcement, provenance } = amendment;
        let mut selects = Vec::new();
        for (field, value) in select {
            selects.push((self.names.resolve(field)?.clone(), value.clone()));
        }
        let meant = |record: &ObservedRecord| {
            selects.iter().all(|(field, value)| record.fields.get(field).unwrap_or(&Value::Null) == value)
        };
        let rows = self.rows;
        let found: Vec<(&'a Key, &'a ObservedRecord)> = (rows.by_key())
            .flat_map(|(key, rows)| rows.iter().map(move |(_, record)| (key, *record)))
            .filter(|(_, record)| meant(record))
            .collect();
        if *enforcement == Enforcement::Release {
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
        if found.is_empty() && *expected == Expected::InEach {
            let id = &self.observed.id;
            self.notes.push(match select.as_slice() {
                [] => format!("{id} has no record, so there is nothing to amend"),
                _ => format!("{id} has no record with {}, so there is nothing to amend", which(select)),
            });
        }
        for (key, record) in found {
            let mode = match enforcement {
                Enforcement::Enforce => self.done(),
                Enforcement::Observe => Mode::Report,
                Enforcement::Initial | Enforcement::Release => Mode::Report,
            };
            let change = self.changes.get(&(key.clone(), mode));
            if change.is_some_and(|change| change.action == Action::Delete) {
                continue;
            }
            // Each amend sees what those before it have made of the record.
            let mut fields = record.fields.clone();
            let earlier = change.map(|change| change.edits.as_slice()).unwrap_or_default();
            fields.extend(earlier.iter().map(|edit| (edit.field.clone(), edit.after.clone())));
            let mut edits: Vec<Edit> = Vec::new();
            for amend in amends {
                for edit in self.edits(amend, &fields)? {
                    fields.insert(edit.field.clone(), edit.after.clone());
                    lay_over(&mut edits, edit);
                }
            }
            edits.retain(|edit| edit.before.as_ref().unwrap_or(&Value::Null) != &edit.after);
            if edits.is_empty() {
                self.met.parts.entry(key).or_default().push(amendment);
                continue;
            }
            if *enforcement == Enforcement::Initial {
                self.ignored += 1;
                continue;
            }
            match self.changes.get_mut(&(key.clone(), mode)) {
                Some(change) => edits.into_iter().for_each(|edit| lay_over(&mut change.edits, edit)),
                None => {
                    let draft = Draft {
                        action: Action::Update,
                        edits,
                        mode,
                        drift: Drift::Value,
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

    /// Nobody knows which records there are: a person is to look at each, and attests that as a whole.
    fn amend_by_hand(&mut self, amendment: &Amendment) -> Result<(), Failure> {
        let Amendment { select, expected: _, amends, enforcement, provenance } = amendment;
        let key = self.key_by_hand(select, amends);
        if !self.rows.get(&key).is_empty() {
            self.count_attested();
            return Ok(());
        }
        if *enforcement != Enforcement::Enforce {
            return Ok(());
        }
        let mut said: Vec<Vec<&Amend>> = Vec::new();
        for amend in amends {
            match said.iter_mut().find(|others| others.iter().any(|other| other.field == amend.field)) {
                Some(others) => others.push(amend),
                None => said.push(vec![amend]),
            }
        }
        let edits = said.iter().filter_map(|of_field| {
            let Amend { field, to: _, reference: _, provenance } = of_field.first()?;
            let after = match of_field.as_slice() {
                [Amend { to: AmendTo::Value(value), .. }] => value.clone(),
                several => {
                    let words: Vec<String> = several.iter().map(|amend| words(&amend.to)).collect();
                    Value::from(words.join("; ").as_str())
                }
            };
            let (field, name) = (field.clone(), field.clone());
            Some(Edit { field, name, before: None, after, provenance: provenance.clone() })
        });
        let edits = edits.collect();
        let draft = Draft {
            action: Action::Update,
            edits,
            mode: Mode::ByHand,
            drift: Drift::Value,
            reason: Some("in each such record that the zone has; all others stay as they are".to_owned()),
            notes: &[],
            provenance: Cow::Borrowed(provenance),
            found: None,
            each: Some(select),
        };
        self.add(&key, draft);
        Ok(())
    }

    /// Stands for all the records that are meant: a value that is attested once is attested for all of
    /// them, and another value is another key.
    fn key_by_hand(&self, select: &[(Field, Value)], amends: &[Amend]) -> Key {
        let said = |field: &Field| select.iter().find(|(name, _)| name == field);
        let part = |field| said(field).map_or_else(|| "*".to_owned(), |(_, value)| plain(value));
        let mut parts: Vec<String> = self.key.iter().map(part).collect();
        let rest = select.iter().filter(|(field, _)| !self.key.contains(field));
        let rest: Vec<String> = rest.map(|(field, value)| format!("{field} {}", plain(value))).collect();
        let what = amends.iter().map(|amend| format!("{} {}", amend.field, words(&amend.to)));
        let what: Vec<String> = what.collect();
        if let Some(last) = parts.last_mut() {
            for more in rest {
                last.push_str(", ");
                last.push_str(&more);
            }
            last.push_str(": ");
            last.push_str(&what.join(", "));
        }
        Key(parts.into_iter().map(Into::into).collect())
    }

    fn edits(&self, amend: &Amend, record: &Record) -> Result<Vec<Edit>, Failure> {
        let Amend { field: name, to, reference: _, provenance } = amend;
        let field = self.names.resolve(name)?;
        let before = record.get(field);
        let edit = |after: Value| Edit {
            field: field.clone(),
            name: name.clone(),
            before: before.cloned(),
            after,
            provenance: provenance.clone(),
        };
        let observed = before.unwrap_or(&Value::Null);
        let operator = match to.operator() {
            Some(by) => Some((self.names.resolve(by)?, by)),
            None => None,
        };
        let word = operator.and_then(|(field, _)| record.get(field)).and_then(Value::as_text);
        let Some(Amended { value, operator: other }) = to.amended(observed, word) else {
            return Ok(Vec::new());
        };
        let mut edits = vec![edit(value)];
        if let (Some(other), Some((field, by))) = (other, operator) {
            edits.push(Edit {
                field: field.clone(),
                name: by.clone(),
                before: record.get(field).cloned(),
                after: Value::from(other),
                provenance: provenance.clone(),
            });
        }
        Ok(edits)
    }
}

/// Lays an edit over those of the same record: what was there first stays what was there.
fn lay_over(edits: &mut Vec<Edit>, edit: Edit) {
    match edits.iter_mut().find(|earlier| earlier.field == edit.field) {
        Some(earlier) => *earlier = Edit { before: earlier.before.take(), ..edit },
        None => edits.push(edit),
    }
}

/// What tells the records that are meant from others, in words.
fn which(select: &[(Field, Value)]) -> String {
    let parts: Vec<String> = select.iter().map(|(field, value)| format!("{field} {value}")).collect();
    parts.join(", ")
}

/// What a person is told to make of a field.
fn words(to: &AmendTo) -> String {
    match to {
        AmendTo::Value(value) => plain(value),
        AmendTo::Filled(value) => format!("{}, if there is none yet", plain(value)),
        AmendTo::With(text) => format!("with {text}"),
        AmendTo::Without(text) => format!("without {text}"),
        AmendTo::Passing { text, operator: _ } => {
            format!("matching {text} ({IN_LIST}: add it; {NOT_IN_LIST}: take it out)")
        }
        AmendTo::Stopping { text, operator: _ } => {
            format!("not matching {text} ({IN_LIST}: take it out; {NOT_IN_LIST}: add it)")
        }
    }
}

/// A value as people write it: without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::List(_) => value.to_string(),
    }
}

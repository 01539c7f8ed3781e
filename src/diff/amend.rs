//! Part of a record is wanted, and the rest is the zone's own: changes of records that the zone has.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::collection::{Comparison, Draft};
use crate::model::{
    Action, Amend, AmendTo, Amendment, Edit, Enforcement, Expected, Failure, Field, Key, Mode,
    ObservedRecord, Value,
};

/// The operators of a rule's list, as Alma spells them.
const IN: &str = "INLIST";
const NOT_IN: &str = "NOTINLIST";

/// What amendments have made of the fields of records so far: the next one goes on from there, because
/// several can speak of one list.
pub(super) type Amended = BTreeMap<(Key, Mode), BTreeMap<Field, Value>>;

impl Comparison<'_> {
    /// What an amendment comes to.
    ///
    /// # Errors
    /// `Mismatch` where the zone has no such field.
    pub(super) fn amend(&mut self, amendment: &Amendment, amended: &mut Amended) -> Result<(), Failure> {
        let Amendment { select, expected, amends, enforcement, provenance: _ } = amendment;
        let mut selects = Vec::new();
        for (field, value) in select {
            selects.push((self.names.resolve(field)?.clone(), value.clone()));
        }
        let meant = |record: &ObservedRecord| {
            selects.iter().all(|(field, value)| record.fields.get(field).unwrap_or(&Value::Null) == value)
        };
        let rows = self.rows;
        let found: Vec<(&Key, &ObservedRecord)> = (rows.by_key())
            .flat_map(|(key, rows)| rows.iter().map(move |(_, record)| (key, *record)))
            .filter(|(_, record)| meant(record))
            .collect();
        if self.observed.witness.is_people() {
            return self.amend_by_hand(amendment);
        }
        if found.is_empty() && *expected == Expected::InEach {
            let which: Vec<String> = select.iter().map(|(field, value)| format!("{field} {value}")).collect();
            let which = if which.is_empty() { "record".to_owned() } else { which.join(", ") };
            self.notes.push(format!("{} has no {which}: there is nothing to amend", self.observed.id));
        }
        for (key, record) in found {
            let mode = match enforcement {
                Enforcement::Enforce => Some(self.done()),
                Enforcement::Observe => Some(Mode::Report),
                Enforcement::Initial | Enforcement::Release => None,
            };
            let mut untouched = BTreeMap::new();
            let so_far = match mode {
                Some(mode) => amended.entry((key.clone(), mode)).or_default(),
                None => &mut untouched,
            };
            let change = mode.and_then(|mode| self.changes.get(&(key.clone(), mode)));
            let listed: Vec<Field> = (change.iter().flat_map(|change| &change.edits))
                .map(|edit| edit.field.clone())
                .filter(|field| !so_far.contains_key(field))
                .collect();
            let mut edits: Vec<Edit> = Vec::new();
            for amend in amends {
                for edit in self.edits(amend, record, so_far)? {
                    if !listed.contains(&edit.field) {
                        so_far.insert(edit.field.clone(), edit.after.clone());
                        edits.push(edit);
                    }
                }
            }
            if edits.is_empty() {
                continue;
            }
            match (mode, enforcement) {
                (Some(mode), _) => self.lay(key, mode, edits, record, amendment),
                (None, Enforcement::Initial) => self.ignored += 1,
                (None, Enforcement::Enforce | Enforcement::Observe | Enforcement::Release) => {
                    self.released += 1;
                }
            }
        }
        Ok(())
    }

    /// Lays edits over the change that there is of a record, if any. Each goes on from what earlier
    /// amendments made of its field, and takes the place of theirs.
    fn lay(
        &mut self,
        key: &Key,
        mode: Mode,
        edits: Vec<Edit>,
        record: &ObservedRecord,
        amendment: &Amendment,
    ) {
        let id = (key.clone(), mode);
        if !self.changes.contains_key(&id) {
            let provenance = &amendment.provenance;
            let (action, found) = (Action::Update, Some(record));
            let edits = Vec::new();
            self.add(key, Draft { action, edits, mode, reason: None, notes: &[], provenance, found });
        }
        let Some(change) = self.changes.get_mut(&id) else { return };
        if change.action == Action::Delete {
            return;
        }
        for edit in edits {
            change.edits.retain(|earlier| earlier.field != edit.field);
            if *edit.before.as_ref().unwrap_or(&Value::Null) != edit.after {
                change.edits.push(edit);
            }
        }
        if change.edits.is_empty() {
            self.changes.remove(&id);
        }
    }

    /// Nobody knows which records there are: a person is to look at each, and attests that as a whole.
    fn amend_by_hand(&mut self, amendment: &Amendment) -> Result<(), Failure> {
        let Amendment { select, expected: _, amends, enforcement, provenance } = amendment;
        let which: Vec<String> = select.iter().map(|(field, value)| format!("{field} {value}")).collect();
        let which = if which.is_empty() { "each".to_owned() } else { which.join(", ") };
        let what: Vec<String> =
            amends.iter().map(|amend| format!("{} {}", amend.field, words(&amend.to))).collect();
        let name: Arc<str> = format!("{which}: {}", what.join(", ")).into();
        let rest = self.key.iter().skip(1).map(|_| "".into());
        let key = Key(std::iter::once(name).chain(rest).collect());
        if !self.rows.get(&key).is_empty() {
            self.count_attested();
            return Ok(());
        }
        if *enforcement != Enforcement::Enforce {
            return Ok(());
        }
        let edits = amends
            .iter()
            .map(|Amend { field, to, provenance }| Edit {
                field: field.clone(),
                name: field.clone(),
                before: None,
                after: Value::from(words(to).as_str()),
                provenance: provenance.clone(),
            })
            .collect();
        let (action, mode) = (Action::Update, Mode::ByHand);
        let reason = Some("in whatever records the zone has".to_owned());
        self.add(&key, Draft { action, edits, mode, reason, notes: &[], provenance, found: None });
        Ok(())
    }

    fn edits(
        &self,
        amend: &Amend,
        record: &ObservedRecord,
        so_far: &BTreeMap<Field, Value>,
    ) -> Result<Vec<Edit>, Failure> {
        let Amend { field: name, to, provenance } = amend;
        let field = self.names.resolve(name)?;
        let before = record.fields.get(field);
        let now = |field: &Field| so_far.get(field).or_else(|| record.fields.get(field));
        let edit = |after: Value| Edit {
            field: field.clone(),
            name: name.clone(),
            before: before.cloned(),
            after,
            provenance: provenance.clone(),
        };
        let observed = now(field).unwrap_or(&Value::Null);
        let has = |text: &str| observed.texts().iter().any(|each| **each == *text);
        let with = |text| Value::list(observed.texts().iter().chain([text]).cloned());
        let without =
            |text: &str| Value::list(observed.texts().iter().filter(|each| &***each != text).cloned());
        let operator = |operator| {
            let operator = self.names.resolve(operator)?;
            Ok((operator, now(operator).and_then(Value::as_text)))
        };
        Ok(match to {
            AmendTo::Value(value) if observed == value => Vec::new(),
            AmendTo::Value(value) => vec![edit(value.clone())],
            AmendTo::With(text) if has(text) => Vec::new(),
            AmendTo::With(text) => vec![edit(with(text))],
            AmendTo::Without(text) if has(text) => vec![edit(without(text))],
            AmendTo::Without(_) => Vec::new(),
            AmendTo::Passing { text, operator: by } => match operator(by)?.1 {
                Some(IN) if !has(text) => vec![edit(with(text))],
                Some(NOT_IN) if has(text) => vec![edit(without(text))],
                Some(_) | None => Vec::new(),
            },
            AmendTo::Stopping { text, operator: by } => {
                let (operator, word) = operator(by)?;
                match word {
                    Some(IN) if has(text) => vec![edit(without(text))],
                    Some(NOT_IN) if !has(text) => vec![edit(with(text))],
                    Some(_) => Vec::new(),
                    None => vec![
                        edit(with(text)),
                        Edit {
                            field: operator.clone(),
                            name: by.clone(),
                            before: record.fields.get(operator).cloned(),
                            after: Value::from(NOT_IN),
                            provenance: provenance.clone(),
                        },
                    ],
                }
            }
        })
    }
}

/// What a person is told to make of a field.
fn words(to: &AmendTo) -> String {
    match to {
        AmendTo::Value(value) => value.to_string(),
        AmendTo::With(text) => format!("with {text:?}"),
        AmendTo::Without(text) => format!("without {text:?}"),
        AmendTo::Passing { text, operator: _ } => {
            format!("matches {text:?} ({IN}: add it; {NOT_IN}: take it out)")
        }
        AmendTo::Stopping { text, operator: _ } => {
            format!("does not match {text:?} ({IN}: take it out; {NOT_IN}: add it)")
        }
    }
}

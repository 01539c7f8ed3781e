//! Applies changes to records, and finds differences afterwards, for all collections.

use std::collections::{BTreeMap, BTreeSet};

use super::CollectionSnapshot;
use crate::model::calendar::is_creation_only;
use crate::model::{
    ApplyMode, Change, ChangeAction, FailureClass, FieldName, FieldValue, Record, ZoneFailure,
};

/// Returns records and their content after the changes, without those in report mode.
///
/// The records keep their order; new records come last. `create` returns the content of a new record, `update`
/// edits existing content. `noun` names a record in messages.
///
/// # Errors
/// [`FailureClass::Mismatch`] if the records do not match the changes. zonal never guesses.
pub fn apply_changes<'c, Content>(
    noun: &str,
    current: Vec<(Record, Content)>,
    changes: &'c [Change],
    create: impl Fn(&'c Change) -> Result<Content, ZoneFailure>,
    update: impl Fn(&mut Content, &'c Change) -> Result<(), ZoneFailure>,
) -> Result<Vec<(Record, Content)>, ZoneFailure> {
    let mut records: Vec<Option<(Record, Content)>> = current.into_iter().map(Some).collect();
    let mut index = RecordIndex::default();
    let mut touched = BTreeSet::new();
    for change in changes.iter().filter(|change| change.mode == ApplyMode::Apply) {
        let problem = |what: &str| mismatch(format!("the {noun} `{}` {what}", change_key_text(change)));
        let position = match index.find(&records, change) {
            [] => None,
            [position] => Some(*position),
            [_, _, ..] => {
                let failure = problem("exists more than once");
                return Err(failure.help("delete all but one of them in Alma"));
            }
        };
        match (change.action, position) {
            (ChangeAction::Create, None) => {
                let mut record: Record = change.key.iter().cloned().collect();
                set_fields(&mut record, change);
                touched.insert(records.len());
                records.push(Some((record, create(change)?)));
            }
            (ChangeAction::Create, Some(_)) => return Err(problem("already exists")),
            (ChangeAction::Update | ChangeAction::Delete, None) => {
                return Err(problem("no longer exists"));
            }
            (_, Some(position)) if !touched.insert(position) => {
                return Err(problem("has two changes"));
            }
            (ChangeAction::Update, Some(position)) => {
                if let Some((record, content)) = &mut records[position] {
                    set_fields(record, change);
                    update(content, change)?;
                }
            }
            (ChangeAction::Delete, Some(position)) => records[position] = None,
        }
    }
    Ok(records.into_iter().flatten().collect())
}

/// Index of records by key, to avoid comparing every change with every record.
///
/// Changes of one collection usually use the same key fields.
#[derive(Default)]
struct RecordIndex<'c> {
    fields: Option<Vec<&'c FieldName>>,
    /// Number of indexed records; later records are new.
    indexed: usize,
    positions: BTreeMap<Vec<String>, Vec<usize>>,
}

impl<'c> RecordIndex<'c> {
    /// Returns the positions of a change's records.
    fn find<Content>(&mut self, records: &[Option<(Record, Content)>], change: &'c Change) -> &[usize] {
        let fields = change.key.iter().map(|(field, _)| field).collect();
        if self.fields.as_ref() != Some(&fields) {
            *self = Self { fields: Some(fields), ..Self::default() };
        }
        for (position, record) in records.iter().enumerate().skip(self.indexed) {
            let Some((record, _)) = record else { continue };
            let key = change.key.iter().map(|(field, _)| key_text(record.get(field))).collect();
            self.positions.entry(key).or_default().push(position);
        }
        self.indexed = records.len();
        let key: Vec<String> = change.key.iter().map(|(_, value)| key_text(Some(value))).collect();
        self.positions.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// Returns a field as part of a key. Absent, null and `""` are equal.
fn key_text(value: Option<&FieldValue>) -> String {
    value.map(FieldValue::key_text).unwrap_or_default()
}

/// Returns the key of a change for messages: `code=CONSORTIA`.
fn change_key_text(change: &Change) -> String {
    let parts: Vec<_> = change.key.iter().map(|(field, value)| format!("{field}={value}")).collect();
    parts.join(", ")
}

fn set_fields(record: &mut Record, change: &Change) {
    for edit in &change.field_changes {
        record.insert(edit.field.clone(), edit.after.clone());
    }
}

/// Returns a failure for records that do not match the changes.
pub fn mismatch(what: impl Into<String>) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Mismatch, what).help("plan again: the collection changed since the plan")
}

/// Returns the records of a collection after the changes.
///
/// # Errors
/// Same as [`apply_changes`].
pub fn records(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<Vec<Record>, ZoneFailure> {
    let current = fresh.observed.records.iter().map(|record| (record.fields.clone(), ())).collect();
    let records = apply_changes("record", current, changes, |_| Ok(()), |(), _| Ok(()))?;
    Ok(records.into_iter().map(|(record, ())| record).collect())
}

/// Key values of a changed record, and its new content; `None` for a deleted record.
pub type ChangedRecord = (Vec<String>, Option<Record>);

/// Returns the key values and the new content of the changed records, in the order of the changes.
///
/// # Errors
/// Same as [`apply_changes`].
pub fn changed_records(
    fresh: &CollectionSnapshot,
    changes: &[Change],
) -> Result<Vec<ChangedRecord>, ZoneFailure> {
    let current = fresh.observed.records.iter().map(|record| (record.fields.clone(), None)).collect();
    let records = apply_changes(
        "record",
        current,
        changes,
        |change| Ok(Some(change)),
        |last_change, change| {
            *last_change = Some(change);
            Ok(())
        },
    )?;
    let mut changed: BTreeMap<_, Record> =
        records.into_iter().filter_map(|(record, change)| Some((&change?.key, record))).collect();
    let changes = changes.iter().filter(|change| change.mode == ApplyMode::Apply);
    let changed = changes.map(|change| {
        let key = change.key.iter().flat_map(|(_, value)| value.texts());
        (key.map(ToString::to_string).collect(), changed.remove(&change.key))
    });
    Ok(changed.collect())
}

/// Returns one line per difference between `after` and the expected result of the changes to `before`.
///
/// An empty field equals an absent field. Fields of new records only are not compared. Fields that a zone adds to a new record do not count, nor does the
/// order of records.
pub fn strays(before: &CollectionSnapshot, changes: &[Change], after: &CollectionSnapshot) -> Vec<String> {
    let expected = match records(before, changes) {
        Ok(expected) => expected,
        Err(failure) => return vec![failure.message],
    };
    let key = changes.first().map(|change| change.key.iter().map(|(field, _)| field.clone()).collect());
    let labels = RecordLabels {
        noun: "record",
        key: key.unwrap_or_default(),
        aliases: &after.observed.aliases,
        partial: changes.iter().filter(|change| change.action == ChangeAction::Create).collect(),
    };
    let found = after.observed.records.iter().map(|record| without_empty_fields(&record.fields));
    labels.unexpected_records(expected.iter().map(without_empty_fields).collect(), found.collect())
}

fn without_empty_fields(record: &Record) -> Record {
    let fields =
        record.iter().filter(|(field, value)| **value != FieldValue::Null && !is_creation_only(field));
    fields.map(|(field, value)| (field.clone(), value.clone())).collect()
}

/// Identity of records in a comparison, and their names in messages.
pub struct RecordLabels<'a> {
    /// Name of a record: `row`.
    pub noun: &'static str,
    /// Fields that distinguish records.
    pub key: Vec<FieldName>,
    /// Field names for people.
    pub aliases: &'a BTreeMap<FieldName, FieldName>,
    /// Created records to which the zone may add fields.
    pub partial: Vec<&'a Change>,
}

impl RecordLabels<'_> {
    /// Returns one line per difference between the expected records and the found ones.
    pub fn unexpected_records(&self, mut expected: Vec<Record>, found: Vec<Record>) -> Vec<String> {
        // Matching records are removed in pairs; a duplicate record counts twice.
        let mut surplus: BTreeMap<Record, usize> = BTreeMap::new();
        for record in found {
            *surplus.entry(record).or_default() += 1;
        }
        expected.retain(|record| match surplus.get_mut(record) {
            Some(count @ 1..) => {
                *count -= 1;
                false
            }
            Some(0) | None => true,
        });
        let mut found: Vec<Record> =
            surplus.into_iter().flat_map(|(record, count)| std::iter::repeat_n(record, count)).collect();
        let mut lines = Vec::new();
        for record in expected {
            let key = self.key_values(&record);
            match found.iter().position(|other| self.key_values(other) == key) {
                Some(position) => lines.extend(self.differences(&record, &found.remove(position))),
                None => lines.push(format!("{} is missing", self.label(&record))),
            }
        }
        lines.extend(found.iter().map(|record| format!("{} is unexpected", self.label(record))));
        lines
    }

    fn key_values<'r>(&self, record: &'r Record) -> Vec<Option<&'r FieldValue>> {
        self.key.iter().map(|field| record.get(field)).collect()
    }

    /// Returns ``row `code=CONSORTIA` ``.
    fn label(&self, record: &Record) -> String {
        let parts = self.key.iter().filter_map(|field| Some((field, record.get(field)?)));
        let parts: Vec<String> =
            parts.map(|(field, value)| format!("{field}={}", key_text(Some(value)))).collect();
        match parts.is_empty() {
            true => format!("the {}", self.noun),
            false => format!("{} `{}`", self.noun, parts.join(", ")),
        }
    }

    /// Returns `Network Block (column5)`.
    fn field(&self, field: &FieldName) -> String {
        match self.aliases.iter().find(|(_, column)| *column == field) {
            Some((name, _)) if name != field => format!("`{name}` ({field})"),
            Some(_) | None => format!("`{field}`"),
        }
    }

    fn differences(&self, expected: &Record, found: &Record) -> Vec<String> {
        let is_partial = self.partial.iter().any(|change| {
            change.key.iter().all(|(field, value)| expected.get(field).unwrap_or(&FieldValue::Null) == value)
        });
        let added = if is_partial { None } else { Some(found.keys()) };
        let fields: BTreeSet<&FieldName> = expected.keys().chain(added.into_iter().flatten()).collect();
        let value = |record: &Record, field: &FieldName| {
            record.get(field).map_or_else(|| "nothing".to_owned(), ToString::to_string)
        };
        let record = if self.key.is_empty() { String::new() } else { format!("{}: ", self.label(expected)) };
        fields
            .into_iter()
            .filter(|field| expected.get(*field) != found.get(*field))
            .map(|field| {
                format!(
                    "{record}{} is {}, should be {}",
                    self.field(field),
                    value(found, field),
                    value(expected, field)
                )
            })
            .collect()
    }
}

//! Applies changes to records, and finds differences afterwards, for all collections except tables.

use std::collections::{BTreeMap, BTreeSet};

use super::CollectionSnapshot;
use crate::model::{
    ApplyMode, Change, ChangeAction, FailureClass, FieldName, FieldValue, ObservedRecord, Record, ZoneFailure,
};

/// Returns the records of a collection after the changes, without those in report mode.
///
/// The records keep the order of the snapshot; new records come last.
///
/// # Errors
/// [`FailureClass::Mismatch`] if the records do not match the changes.
pub fn records(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<Vec<Record>, ZoneFailure> {
    let mut records: Vec<Record> =
        fresh.observed.records.iter().map(|ObservedRecord { fields, .. }| fields.clone()).collect();
    for change in changes.iter().filter(|change| change.mode == ApplyMode::Apply) {
        let meant = |record: &Record| {
            change.key.iter().all(|(field, value)| record.get(field).unwrap_or(&FieldValue::Null) == value)
        };
        let found: Vec<usize> = (0..records.len()).filter(|&index| meant(&records[index])).collect();
        match (change.action, found.as_slice()) {
            (ChangeAction::Create, []) => {
                let mut record: Record = change.key.iter().cloned().collect();
                edit(&mut record, change);
                records.push(record);
            }
            (ChangeAction::Update, [one]) => edit(&mut records[*one], change),
            (ChangeAction::Delete, [one]) => drop(records.remove(*one)),
            (_, _) => {
                let message = format!("`{}` changed since the plan", change.address.key);
                return Err(ZoneFailure::new(FailureClass::Mismatch, message).help("plan again"));
            }
        }
    }
    Ok(records)
}

fn edit(record: &mut Record, change: &Change) {
    for edit in &change.field_changes {
        record.insert(edit.field.clone(), edit.after.clone());
    }
}

/// Returns one line per difference between `after` and the expected result of the changes to `before`.
///
/// An empty field equals an absent field. Fields that a zone adds to a new record do not count, nor does the
/// order of records.
pub fn strays(before: &CollectionSnapshot, changes: &[Change], after: &CollectionSnapshot) -> Vec<String> {
    let expected = match records(before, changes) {
        Ok(expected) => expected,
        Err(failure) => return vec![failure.message],
    };
    let key_fields: Vec<&FieldName> =
        changes.first().map(|change| change.key.iter().map(|(field, _)| field).collect()).unwrap_or_default();
    let key = |record: &Record| -> String {
        let parts =
            key_fields.iter().map(|field| record.get(*field).unwrap_or(&FieldValue::Null).to_string());
        parts.collect::<Vec<_>>().join(", ")
    };
    let mut found: Vec<Record> =
        after.observed.records.iter().map(|record| without_empty_fields(&record.fields)).collect();
    let created: Vec<&Change> =
        changes.iter().filter(|change| change.action == ChangeAction::Create).collect();
    let is_new = |record: &Record| {
        let holds = |(field, value): &(FieldName, FieldValue)| {
            record.get(field).unwrap_or(&FieldValue::Null) == value
        };
        created.iter().any(|change| change.key.iter().all(holds))
    };
    let fits = |found: &Record, record: &Record| match is_new(record) {
        true => record.iter().all(|(field, value)| found.get(field) == Some(value)),
        false => found == record,
    };
    let mut missing = Vec::new();
    for record in expected.iter().map(without_empty_fields) {
        match found.iter().position(|each| fits(each, &record)) {
            Some(index) => drop(found.swap_remove(index)),
            None => missing.push(record),
        }
    }
    let mut lines = Vec::new();
    for record in missing {
        match found.iter().position(|each| key(each) == key(&record)) {
            Some(index) => {
                let mut is = found.swap_remove(index);
                if is_new(&record) {
                    is.retain(|field, _| record.contains_key(field));
                }
                lines.push(differences(&key(&record), &is, &record));
            }
            None => lines.push(format!("{} is missing", record_text(&record))),
        }
    }
    lines.extend(found.iter().map(|record| format!("{} is unexpected", record_text(record))));
    lines
}

/// Returns only the fields that differ, because others may be as long as a letter.
fn differences(key: &str, is: &Record, should: &Record) -> String {
    let names: BTreeSet<&FieldName> = is.keys().chain(should.keys()).collect();
    let differ = names.into_iter().filter(|name| is.get(*name) != should.get(*name));
    let differences: Vec<String> = differ
        .map(|name| {
            let value = |record: &Record| record.get(name).unwrap_or(&FieldValue::Null).to_string();
            format!("`{name}` is {}, should be {}", value(is), value(should))
        })
        .collect();
    let of = if key.is_empty() { String::new() } else { format!("record {key}: ") };
    format!("{of}{}", differences.join(", "))
}

fn without_empty_fields(record: &Record) -> Record {
    record
        .iter()
        .filter(|(_, value)| **value != FieldValue::Null)
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

fn record_text(record: &Record) -> String {
    let fields: Vec<String> = record.iter().map(|(field, value)| format!("{field}={value}")).collect();
    format!("{{{}}}", fields.join(" "))
}

/// Write of one record, for collections that are written record by record.
pub struct RecordWrite {
    /// Values of the key, in order.
    pub key: Vec<String>,
    /// New content; `None` for a deletion.
    pub record: Option<Record>,
}

/// Returns the writes of the changed records, in the order of the changes.
///
/// # Errors
/// Same as [`records`].
pub fn one_by_one(fresh: &CollectionSnapshot, changes: &[Change]) -> Result<Vec<RecordWrite>, ZoneFailure> {
    let after = records(fresh, changes)?;
    // Index by key, to avoid comparing every change with every record.
    let mut by_key: BTreeMap<Vec<&FieldValue>, &Record> = BTreeMap::new();
    let fields: Vec<&FieldName> =
        changes.first().map(|change| change.key.iter().map(|(field, _)| field).collect()).unwrap_or_default();
    for record in &after {
        by_key.insert(
            fields.iter().map(|field| record.get(*field).unwrap_or(&FieldValue::Null)).collect(),
            record,
        );
    }
    let changes = changes.iter().filter(|change| change.mode == ApplyMode::Apply);
    Ok(changes
        .map(|change| {
            let key: Vec<&FieldValue> = change.key.iter().map(|(_, value)| value).collect();
            RecordWrite {
                key: key.iter().flat_map(|value| value.texts()).map(ToString::to_string).collect(),
                record: by_key.get(&key).map(|record| (*record).clone()),
            }
        })
        .collect())
}

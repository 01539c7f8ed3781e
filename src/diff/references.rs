//! A record that refers to another one makes no sense without it: found out before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use super::Wanted;
use crate::model::{
    Action, CollectionChanges, CollectionId, DesiredCollection, DesiredRecord, DesiredValue, Failure,
    FailureClass, Key, ObservedCollection, ObservedZone, Reference, Table, Value,
};

/// Everything that the records of a collection refer to.
pub fn of<'a>(wanted: &'a Wanted<'a>) -> impl Iterator<Item = &'a Reference> {
    referring(wanted).flat_map(|(_, record)| &record.references)
}

fn referring<'a>(wanted: &'a Wanted<'a>) -> impl Iterator<Item = (&'a Key, &'a DesiredRecord)> {
    let records = wanted.collections.iter().flat_map(|collection| &collection.records);
    records.map(|(key, record)| (key, &**record)).filter(|(_, record)| !record.absent)
}

/// The changes, if everything that they refer to is there or is wanted too. What cannot be looked up is
/// told, and so is a record that refers to nothing although it is already there.
///
/// # Errors
/// `Mismatch` where a record that would be written refers to what the zone lacks.
pub fn check(
    mut changes: CollectionChanges,
    wanted: &Wanted<'_>,
    zone: &[DesiredCollection],
    observed: &ObservedZone,
) -> Result<CollectionChanges, Failure> {
    let mut unknown: BTreeMap<(&CollectionId, &str), BTreeSet<String>> = BTreeMap::new();
    for (key, record) in referring(wanted) {
        for reference in &record.references {
            let Reference { to, fields, what } = reference;
            let named: Vec<&str> = fields.iter().map(|(_, text)| &**text).collect();
            let named = named.join("|");
            let found = match observed.collections.get(to) {
                _ if is_desired(reference, zone) => continue,
                Some(Ok(found)) => found,
                Some(Err(failure)) => {
                    changes
                        .notes
                        .push(format!("{to} could not be read to look up each {what}: {}", failure.message));
                    continue;
                }
                None => continue,
            };
            if holds(found, reference) {
                continue;
            }
            if found.witness.is_people() {
                unknown.entry((to, *what)).or_default().insert(named);
                continue;
            }
            let message = format!("`{key}` refers to {what} `{named}`, which is not in the zone's {to}");
            let writes = changes.changes.iter().any(|change| {
                change.address.key == *key && matches!(change.action, Action::Create | Action::Update)
            });
            if writes {
                return Err(Failure::new(FailureClass::Mismatch, message).help(format!(
                    "declare it, add it in the zone, or leave the zone out ({})",
                    record.provenance
                )));
            }
            changes.notes.push(message);
        }
    }
    for ((to, what), names) in unknown {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        changes
            .notes
            .push(format!("people alone know whether {to} has {what} {}: look first", names.join(", ")));
    }
    changes.notes.sort();
    changes.notes.dedup();
    Ok(changes)
}

fn is_desired(reference: &Reference, zone: &[DesiredCollection]) -> bool {
    let there = |collection: &&DesiredCollection| {
        let same = collection.id.shares_rows_with(&reference.to);
        same || collection.id.kind == reference.to.kind
            && matches!(collection.id.table, Table::Title(_)) != matches!(reference.to.table, Table::Title(_))
    };
    let holds = |record: &DesiredRecord| {
        let said = |field| record.fields.get(field).and_then(|said: &DesiredValue| said.value.as_text());
        !record.absent && reference.fields.iter().all(|(field, text)| said(field) == Some(&**text))
    };
    zone.iter().filter(there).flat_map(|collection| collection.records.values()).any(|record| holds(record))
}

fn holds(found: &ObservedCollection, reference: &Reference) -> bool {
    found.records.iter().any(|record| {
        reference.fields.iter().all(|(field, text)| {
            let field = found.aliases.get(field).unwrap_or(field);
            record.fields.get(field).and_then(Value::as_text) == Some(&**text)
        })
    })
}

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

/// What could not be looked up, by collection and reason: the names, and the records that refer to them.
type Unknown<'a> = BTreeMap<(&'a CollectionId, Option<&'a str>), (BTreeSet<String>, BTreeSet<String>)>;

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
    let mut unknown = Unknown::new();
    for (key, record) in referring(wanted) {
        let writes = changes.changes.iter().any(|change| {
            change.address.key == *key && matches!(change.action, Action::Create | Action::Update)
        });
        for reference in &record.references {
            let Reference { to, fields, what } = reference;
            let named: Vec<&str> = fields.iter().map(|(_, text)| &**text).collect();
            let named = format!("{what} `{}`", named.join("|"));
            let found = match observed.collections.get(to) {
                _ if is_desired(reference, zone) => continue,
                None => continue,
                Some(found) => found.as_ref(),
            };
            if found.is_ok_and(|found| holds(found, reference)) {
                continue;
            }
            let why = match found {
                Err(failure) => Some(failure.message.as_str()),
                Ok(found) if found.witness.is_people() => None,
                Ok(_) => {
                    let message = format!("`{key}` refers to {named}, which is not in the zone's {to}");
                    if writes {
                        return Err(Failure::new(FailureClass::Mismatch, message).help(format!(
                            "declare it, add it in the zone, or leave the zone out ({})",
                            record.provenance
                        )));
                    }
                    changes.notes.push(message);
                    continue;
                }
            };
            // What stays as it is need not be looked up.
            if writes {
                let (names, keys) = unknown.entry((to, why)).or_default();
                names.insert(named);
                keys.insert(format!("`{key}`"));
            }
        }
    }
    changes.notes.extend(unknown.into_iter().map(|((to, why), (names, keys))| {
        let [names, keys] = [names, keys].map(|words| words.into_iter().collect::<Vec<_>>().join(", "));
        match why {
            Some(why) => format!("{names} could not be looked up in {to} for {keys}: {why}"),
            None => format!("whether {to} has {names} is not known: look before {keys}"),
        }
    }));
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

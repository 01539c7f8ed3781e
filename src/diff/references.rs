//! Checks references before any write: a record must not refer to a missing record.

use std::collections::{BTreeMap, BTreeSet};

use super::DesiredOfCollection;
use crate::model::{
    Change, ChangeAction, CollectionChanges, CollectionId, CollectionRole, DesiredCollection, DesiredRecord,
    DesiredValue, FailureClass, FieldAmendment, FieldValue, ObservedCollection, ObservedZone, Provenance,
    RecordKey, RecordReference, TableName, ZoneFailure,
};

/// Returns all references of the records of a collection.
pub fn references<'a>(desired: &'a DesiredOfCollection<'a>) -> impl Iterator<Item = &'a RecordReference> {
    uses(desired).map(|(_, reference)| reference)
}

/// Record or amendment with a reference.
enum ReferenceUser<'a> {
    /// Record.
    Record(&'a RecordKey, &'a Provenance),
    /// Amended field value.
    Amend(&'a FieldAmendment),
}

impl ReferenceUser<'_> {
    /// Returns the name for messages.
    fn name(&self) -> String {
        match self {
            Self::Record(key, _) => format!("`{key}`"),
            Self::Amend(amend) => format!("`{}`", amend.field),
        }
    }

    fn provenance(&self) -> &Provenance {
        match self {
            Self::Record(_, provenance) => provenance,
            Self::Amend(amend) => &amend.provenance,
        }
    }

    /// Returns true if the change writes the reference.
    fn is_in(&self, change: &Change) -> bool {
        match self {
            Self::Record(key, _) => {
                change.address.key == **key
                    && matches!(change.action, ChangeAction::Create | ChangeAction::Update)
            }
            Self::Amend(amend) => change.field_changes.iter().any(|edit| edit.provenance == amend.provenance),
        }
    }
}

fn uses<'a>(
    desired: &'a DesiredOfCollection<'a>,
) -> impl Iterator<Item = (ReferenceUser<'a>, &'a RecordReference)> {
    let collections = || desired.collections.iter();
    let records = collections().flat_map(|collection| &collection.records);
    let records = records.filter(|(_, record)| !record.absent).flat_map(|(key, record)| {
        record
            .references
            .iter()
            .map(move |reference| (ReferenceUser::Record(key, &record.provenance), reference))
    });
    let amendments = collections().flat_map(|collection| &collection.amendments);
    let amends = amendments.flat_map(|amendment| &amendment.amends);
    records.chain(amends.filter_map(|amend| Some((ReferenceUser::Amend(amend), amend.reference.as_ref()?))))
}

/// References that could not be resolved, by collection and reason: names of the targets and of the users.
type UnresolvedReferences<'a> =
    BTreeMap<(&'a CollectionId, Option<&'a str>), (BTreeSet<String>, BTreeSet<String>)>;

/// Returns the changes if every reference resolves to an existing or desired record.
///
/// Adds notes for unresolved references, and for unchanged records with a missing target.
///
/// # Errors
/// Returns `Mismatch` if a record to be written refers to a record missing in the zone.
pub fn check(
    mut changes: CollectionChanges,
    desired: &DesiredOfCollection<'_>,
    zone: &[DesiredCollection],
    observed: &ObservedZone,
) -> Result<CollectionChanges, ZoneFailure> {
    let mut unknown = UnresolvedReferences::new();
    for (user, reference) in uses(desired) {
        let RecordReference { to, fields, what } = reference;
        let named: Vec<&str> = fields.iter().map(|(_, text)| &**text).collect();
        let named = format!("{what} `{}`", named.join("|"));
        let found = match observed.collections.get(to) {
            _ if is_desired(reference, zone) => continue,
            None => continue,
            Some(found) => found.as_ref(),
        };
        if found.is_ok_and(|found| contains_record(found, reference)) {
            continue;
        }
        let writes = changes.changes.iter().any(|change| user.is_in(change));
        let why = match found {
            Err(failure) => Some(failure.message.as_str()),
            Ok(found) if found.witness.is_people() => None,
            Ok(_) => {
                let message =
                    format!("{} refers to {named}, which does not exist in {to} of the zone", user.name());
                if writes {
                    return Err(ZoneFailure::new(FailureClass::Mismatch, message).help(format!(
                        "declare it, create it in the zone, or exclude the zone ({})",
                        user.provenance()
                    )));
                }
                // A zone without a record to amend has no reference.
                match user {
                    ReferenceUser::Record(..) => changes.notes.push(message),
                    ReferenceUser::Amend(_) => {}
                }
                continue;
            }
        };
        // References of unchanged records are not checked.
        if writes {
            let (names, users) = unknown.entry((to, why)).or_default();
            names.insert(named);
            users.insert(user.name());
        }
    }
    changes.notes.extend(unknown.into_iter().map(|((to, why), (names, users))| {
        let [names, users] = [names, users].map(|words| words.into_iter().collect::<Vec<_>>().join(", "));
        match why {
            Some(why) => format!("cannot check {names} in {to} for {users}: {why}"),
            None => format!("unknown whether {to} has {names}: check before {users}"),
        }
    }));
    changes.notes.sort();
    changes.notes.dedup();
    Ok(changes)
}

fn is_desired(reference: &RecordReference, zone: &[DesiredCollection]) -> bool {
    let there = |collection: &&DesiredCollection| {
        let same = collection.id.shares_rows_with(&reference.to);
        same || collection.id.kind == reference.to.kind
            && matches!(collection.id.table, TableName::Title(_))
                != matches!(reference.to.table, TableName::Title(_))
    };
    let holds = |record: &DesiredRecord| {
        let said = |field| record.fields.get(field).and_then(|said: &DesiredValue| said.value.as_text());
        !record.absent && reference.fields.iter().all(|(field, text)| said(field) == Some(&**text))
    };
    let zone = zone.iter().filter(|collection| collection.standing != CollectionRole::ReferenceOnly);
    zone.filter(there).flat_map(|collection| collection.records.values()).any(|record| holds(record))
}

fn contains_record(found: &ObservedCollection, reference: &RecordReference) -> bool {
    found.records.iter().any(|record| {
        reference.fields.iter().all(|(field, text)| {
            let field = found.aliases.get(field).unwrap_or(field);
            record.fields.get(field).and_then(FieldValue::as_text) == Some(&**text)
        })
    })
}

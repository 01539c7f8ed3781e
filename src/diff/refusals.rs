//! Where a manifest does not fit a zone's collection: what is wrong, and what to mend.

use crate::model::{
    CollectionId, DesiredCollection, DesiredRecord, Failure, FailureClass, Field, Key, Provenance,
};

/// Two manifests name different key columns of one collection.
pub(super) fn differently_keyed(first: &DesiredCollection, other: &DesiredCollection) -> Failure {
    let (a, b) = (&first.provenance, &other.provenance);
    Failure::new(
        FailureClass::Mismatch,
        format!(
            "{} and {} mean the same table of the zone, but name different key columns",
            a.manifest, b.manifest
        ),
    )
    .help(format!("give both the same `key` (declared at {a} and {b})"))
}

/// Two manifests declare one record.
pub(super) fn declared_twice(
    collection: &CollectionId,
    id: &Key,
    first: &DesiredRecord,
    second: &DesiredRecord,
) -> Failure {
    Failure::new(FailureClass::Mismatch, format!("`{id}` of the zone's {collection} is declared twice"))
        .help(format!("keep one of {} and {}", first.provenance, second.provenance))
}

/// Several rows of the zone have the key of one record.
pub(super) fn ambiguous(of: &CollectionId, id: &Key, rows: usize, collection: &DesiredCollection) -> Failure {
    let names: Vec<String> = collection.key.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("{rows} rows of the zone's {of} have the key `{id}` ({})", names.join(", "));
    Failure::new(FailureClass::Mismatch, message).help(format!(
        "name enough columns in `key` of {} to tell them apart",
        collection.provenance.manifest
    ))
}

/// A new record lacks a value that it needs.
pub(super) fn lacking(of: &CollectionId, id: &Key, required: &Field, provenance: &Provenance) -> Failure {
    let message = format!("`{id}` is not in the zone's {of} and cannot be created without `{required}`");
    Failure::new(FailureClass::Mismatch, message).help(format!("add `{required}` at {provenance}"))
}

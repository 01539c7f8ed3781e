//! Where a manifest does not fit a zone's collection: what is wrong, and what to mend.

use crate::model::{
    CollectionId, DesiredCollection, DesiredRecord, FailureClass, FieldName, Provenance, RecordKey,
    ZoneFailure,
};

/// Two manifests name different key columns of one collection.
pub(super) fn differently_keyed(first: &DesiredCollection, other: &DesiredCollection) -> ZoneFailure {
    let (a, b) = (&first.provenance, &other.provenance);
    ZoneFailure::new(
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
    id: &RecordKey,
    first: &DesiredRecord,
    second: &DesiredRecord,
) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Mismatch, format!("`{id}` of the zone's {collection} is declared twice"))
        .help(format!("keep one of {} and {}", first.provenance, second.provenance))
}

/// Several rows of the zone have the key of one record.
pub(super) fn ambiguous(
    of: &CollectionId,
    id: &RecordKey,
    rows: usize,
    collection: &DesiredCollection,
) -> ZoneFailure {
    let names: Vec<String> = collection.key.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("{rows} rows of the zone's {of} have the key `{id}` ({})", names.join(", "));
    ZoneFailure::new(FailureClass::Mismatch, message).help(format!(
        "name enough columns in `key` of {} to tell them apart",
        collection.provenance.manifest
    ))
}

/// A new record lacks a value that it needs.
pub(super) fn missing_required_field(
    of: &CollectionId,
    id: &RecordKey,
    required: &FieldName,
    provenance: &Provenance,
) -> ZoneFailure {
    let message = format!("`{id}` is not in the zone's {of} and cannot be created without `{required}`");
    ZoneFailure::new(FailureClass::Mismatch, message).help(format!("add `{required}` at {provenance}"))
}

//! Failures for manifests that do not match a collection of the zone.

use crate::model::{
    CollectionId, DesiredCollection, DesiredRecord, FailureClass, FieldName, Provenance, RecordKey,
    ZoneFailure,
};

/// Returns the failure for manifests with different key columns for one collection.
pub(super) fn differently_keyed(first: &DesiredCollection, other: &DesiredCollection) -> ZoneFailure {
    let (a, b) = (&first.provenance, &other.provenance);
    ZoneFailure::new(
        FailureClass::Mismatch,
        format!("{} and {} refer to the same table, but use different key columns", a.manifest, b.manifest),
    )
    .help(format!("use the same `key` in both (declared at {a} and {b})"))
}

/// Returns the failure for a record declared by two manifests.
pub(super) fn declared_twice(
    collection: &CollectionId,
    id: &RecordKey,
    first: &DesiredRecord,
    second: &DesiredRecord,
) -> ZoneFailure {
    ZoneFailure::new(FailureClass::Mismatch, format!("duplicate declaration of `{id}` in {collection}"))
        .help(format!("keep one of {} and {}", first.provenance, second.provenance))
}

/// Returns the failure for several rows with the key of one record.
pub(super) fn ambiguous(
    of: &CollectionId,
    id: &RecordKey,
    rows: usize,
    collection: &DesiredCollection,
) -> ZoneFailure {
    let names: Vec<String> = collection.key.iter().map(|name| format!("`{name}`")).collect();
    let message = format!("{rows} rows of {of} in the zone have the key `{id}` ({})", names.join(", "));
    let manifest = &collection.provenance.manifest;
    ZoneFailure::new(FailureClass::Mismatch, message).help(match collection.options.has_key_field {
        true => format!("delete all but one of these rows in Alma, or add columns to `key` of {manifest}"),
        false => "delete all but one of these rows in Alma".to_owned(),
    })
}

/// Returns the failure for a new record without a required value.
pub(super) fn missing_required_field(
    of: &CollectionId,
    id: &RecordKey,
    required: &FieldName,
    provenance: &Provenance,
    is_empty: bool,
) -> ZoneFailure {
    let message =
        format!("`{id}` does not exist in {of} of the zone and cannot be created without `{required}`");
    ZoneFailure::new(FailureClass::Mismatch, message).help(match is_empty {
        true => format!("enter a text for `{required}`, which is empty, at {provenance}"),
        false => format!("add `{required}` at {provenance}"),
    })
}

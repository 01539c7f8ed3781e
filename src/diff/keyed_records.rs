//! Indexes the records of a collection by key. The manifest, not the zone, chooses the key fields.

use std::sync::Arc;

use crate::model::{FieldName, FieldValue, ObservedCollection, ObservedRecord, RecordKey};

/// Observed record with its key.
pub type KeyedRecord<'a> = (RecordKey, &'a ObservedRecord);

/// Observed records in key order. An ambiguous key has several adjacent records.
pub struct KeyedRecords<'a>(Vec<KeyedRecord<'a>>);

impl<'a> KeyedRecords<'a> {
    /// Indexes all records of a collection.
    pub fn index_by_key(observed: &'a ObservedCollection, key: &[FieldName]) -> Self {
        let id = |record: &ObservedRecord| {
            let parts = key.iter().map(|field| match record.fields.get(field) {
                Some(FieldValue::Text(text)) => text.clone(),
                Some(FieldValue::Bool(flag)) => Arc::from(flag.to_string()),
                Some(FieldValue::Null | FieldValue::List(_)) | None => Arc::from(""),
            });
            RecordKey(parts.collect())
        };
        let mut rows: Vec<KeyedRecord<'_>> =
            observed.records.iter().map(|record| (id(record), record)).collect();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(rows)
    }

    /// Returns the records with this key.
    pub fn get(&self, id: &RecordKey) -> &[KeyedRecord<'a>] {
        let from = self.0.partition_point(|(each, _)| each < id);
        let count = self.0[from..].iter().take_while(|(each, _)| each == id).count();
        &self.0[from..from + count]
    }

    /// Returns every key with its records.
    pub fn by_key(&self) -> impl DoubleEndedIterator<Item = (&RecordKey, &[KeyedRecord<'a>])> {
        let same = self.0.chunk_by(|(one, _), (other, _)| one == other);
        same.filter_map(|rows| Some((&rows.first()?.0, rows)))
    }
}

//! One collection's records by key: which fields are the key is the manifest's word, not the zone's.

use std::sync::Arc;

use crate::model::{FieldName, FieldValue, ObservedCollection, ObservedRecord, RecordKey};

/// One of the zone's records and its key.
pub type KeyedRecord<'a> = (RecordKey, &'a ObservedRecord);

/// The zone's records in the order of their keys. A key that is not unique has several neighbours.
pub struct KeyedRecords<'a>(Vec<KeyedRecord<'a>>);

impl<'a> KeyedRecords<'a> {
    /// All records of a collection.
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

    /// The records with this key.
    pub fn get(&self, id: &RecordKey) -> &[KeyedRecord<'a>] {
        let from = self.0.partition_point(|(each, _)| each < id);
        let count = self.0[from..].iter().take_while(|(each, _)| each == id).count();
        &self.0[from..from + count]
    }

    /// Every key and the records with it.
    pub fn by_key(&self) -> impl DoubleEndedIterator<Item = (&RecordKey, &[KeyedRecord<'a>])> {
        let same = self.0.chunk_by(|(one, _), (other, _)| one == other);
        same.filter_map(|rows| Some((&rows.first()?.0, rows)))
    }
}

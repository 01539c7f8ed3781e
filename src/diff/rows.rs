//! One collection's records by key: which fields are the key is the manifest's word, not the zone's.

use std::sync::Arc;

use crate::model::{Field, Key, ObservedCollection, ObservedRecord, Value};

/// One of the zone's records and its key.
pub type Row<'a> = (Key, &'a ObservedRecord);

/// The zone's records in the order of their keys. A key that is not unique has several neighbours.
pub struct Rows<'a>(Vec<Row<'a>>);

impl<'a> Rows<'a> {
    /// All records of a collection.
    pub fn of(observed: &'a ObservedCollection, key: &[Field]) -> Self {
        let id = |record: &ObservedRecord| {
            let parts = key.iter().map(|field| match record.fields.get(field) {
                Some(Value::Text(text)) => text.clone(),
                Some(Value::Bool(flag)) => Arc::from(flag.to_string()),
                Some(Value::Null | Value::List(_)) | None => Arc::from(""),
            });
            Key(parts.collect())
        };
        let mut rows: Vec<Row<'_>> = observed.records.iter().map(|record| (id(record), record)).collect();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(rows)
    }

    /// The records with this key.
    pub fn get(&self, id: &Key) -> &[Row<'a>] {
        let from = self.0.partition_point(|(each, _)| each < id);
        let count = self.0[from..].iter().take_while(|(each, _)| each == id).count();
        &self.0[from..from + count]
    }

    /// Every key and the records with it.
    pub fn by_key(&self) -> impl DoubleEndedIterator<Item = (&Key, &[Row<'a>])> {
        let same = self.0.chunk_by(|(one, _), (other, _)| one == other);
        same.filter_map(|rows| Some((&rows.first()?.0, rows)))
    }
}

//! Image of a collection: its content before a PUT, or after a PUT that was not verified.
//!
//! A PUT replaces a whole table, so rows that a server damages are gone from the zone. Images keep them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::ChangeAction;
use super::journal::{AppliedChange, AppliedField};
use super::value::{FieldName, FieldValue, Record};

/// Image of a collection.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CollectionImage {
    /// Time of the image, relative to the PUT.
    pub moment: ImageMoment,
    /// Key fields of the records, by the collection's own names.
    pub key: Vec<FieldName>,
    /// Names that people use for fields, with the fields.
    pub aliases: BTreeMap<FieldName, FieldName>,
    /// Records, by the collection's own field names.
    pub records: Vec<Record>,
    /// Whole answer of the zone, as JSON.
    pub whole: serde_json::Value,
}

/// Time of an image, relative to a PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageMoment {
    /// Before the PUT, which rests on it.
    Before,
    /// After the PUT, which was not verified.
    After,
}

impl CollectionImage {
    /// Returns the changes from this image to a later one, rows without an owner included.
    ///
    /// Rows that share a key are left out, because they cannot be told apart.
    pub fn changes_to(&self, after: &Self, manifest: &Arc<str>) -> Vec<AppliedChange> {
        let (rows_before, rows_after) = (self.by_key(), after.by_key());
        let keys: BTreeSet<&Vec<FieldValue>> = rows_before.keys().chain(rows_after.keys()).collect();
        let rows = keys.into_iter().filter_map(|key| {
            let (row_before, row_after) = (rows_before.get(key), rows_after.get(key));
            let action = match (row_before, row_after) {
                (Some(Some(before)), Some(Some(after))) if before == after => return None,
                (Some(Some(_)), Some(Some(_))) => ChangeAction::Update,
                (Some(Some(_)), None) => ChangeAction::Delete,
                (None, Some(Some(_))) => ChangeAction::Create,
                (_, _) => return None,
            };
            let nothing = Record::new();
            let before = row_before.copied().flatten().unwrap_or(&nothing);
            let after = row_after.copied().flatten().unwrap_or(&nothing);
            let fields: BTreeSet<&FieldName> = before.keys().chain(after.keys()).collect();
            let differs = |field: &&&FieldName| before.get(**field) != after.get(**field);
            let field_changes = match action {
                ChangeAction::Delete => Vec::new(),
                ChangeAction::Create | ChangeAction::Update => {
                    let changed = fields.iter().filter(differs).map(|field| AppliedField {
                        field: FieldName::clone(field),
                        name: self.name(field),
                        before: before.get(*field).cloned(),
                        after: after.get(*field).cloned().unwrap_or_default(),
                    });
                    changed.collect()
                }
            };
            Some(AppliedChange {
                action,
                key: self.key.iter().cloned().zip(key.iter().cloned()).collect(),
                before: before.iter().map(|(field, value)| (self.name(field), value.clone())).collect(),
                field_changes,
                manifest: Arc::clone(manifest),
                declared_at: String::new(),
                reason: None,
            })
        });
        rows.collect()
    }

    /// Returns the records by key; `None` for a key that several records share.
    fn by_key(&self) -> BTreeMap<Vec<FieldValue>, Option<&Record>> {
        let mut rows = BTreeMap::new();
        for record in &self.records {
            let key = self.key.iter().map(|field| record.get(field).cloned().unwrap_or_default()).collect();
            rows.entry(key).and_modify(|row| *row = None).or_insert(Some(record));
        }
        rows
    }

    /// Returns the name that people use for a field.
    fn name(&self, field: &FieldName) -> FieldName {
        let mut names = self.aliases.iter().filter(|(_, own)| *own == field).map(|(name, _)| name);
        names.next().unwrap_or(field).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{CollectionImage, ImageMoment};
    use crate::model::{ChangeAction, FieldName, FieldValue, Record};

    fn image(rows: &[(&str, &str)]) -> CollectionImage {
        let record = |(code, text): &(&str, &str)| -> Record {
            let fields = [("code", *code), ("description", *text)];
            fields.iter().map(|(field, value)| (FieldName::from(*field), FieldValue::from(*value))).collect()
        };
        CollectionImage {
            moment: ImageMoment::Before,
            key: vec!["code".into()],
            aliases: Default::default(),
            records: rows.iter().map(record).collect(),
            whole: serde_json::Value::Null,
        }
    }

    #[test]
    fn changes_name_damaged_lost_and_added_rows() {
        let before = image(&[("A", "a & b"), ("B", "b"), ("C", "c"), ("D", "one"), ("D", "two")]);
        let after = image(&[("A", "a &amp; b"), ("B", "b"), ("N", "new"), ("D", "one")]);
        let changes = before.changes_to(&after, &"revert".into());
        let actions: Vec<(String, ChangeAction)> =
            changes.iter().map(|change| (change.identity().to_string(), change.action)).collect();
        let expected =
            [("A", ChangeAction::Update), ("C", ChangeAction::Delete), ("N", ChangeAction::Create)];
        assert_eq!(actions, expected.map(|(key, action)| (key.to_owned(), action)));
        assert_eq!(changes[0].field_changes.len(), 1);
        assert_eq!(changes[0].field_changes[0].before, Some(FieldValue::from("a & b")));
    }
}

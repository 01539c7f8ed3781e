//! Compares rows that a write did not change, before and after the write.

use std::collections::BTreeMap;

use std::sync::Arc;

use crate::model::{
    AppliedChange, ChangeAction, CollectionImage, FieldName, FieldValue, ImageMoment, ObservedCollection,
    ObservedRecord, Record, WritePhase,
};

/// Author of a row, as the zone shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowAuthor {
    /// Value of `updated_by`.
    pub name: String,
    /// Value of `update_date`, if the zone shows it.
    pub date: Option<String>,
}

/// Row that differs although the write did not change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignDifference {
    /// Key of the row: `code=LOCAL`.
    pub row: String,
    /// Values of the key.
    key_values: Vec<String>,
    /// Another author, whose edit explains the difference. `None`: the zone itself changed the row.
    pub author: Option<RowAuthor>,
    /// True if the row shows the author of the rows of this write.
    is_own: bool,
}

/// Returns the rows that differ in fields that the write did not change.
///
/// A row belongs to another author if the zone shows an author who is new for the row and who did not write
/// the rows of this write. Returns `None` if rows cannot be told apart by their key.
pub fn foreign_differences(
    before: &ObservedCollection,
    changes: &[AppliedChange],
    after: &ObservedCollection,
) -> Option<Vec<ForeignDifference>> {
    let key: Vec<&FieldName> = changes.first()?.key.iter().map(|(field, _)| field).collect();
    let (rows_before, rows_after) = (index(before, &key)?, index(after, &key)?);
    let changed: BTreeMap<Vec<String>, &AppliedChange> = changes
        .iter()
        .map(|change| (change.key.iter().map(|(_, value)| value.key_text()).collect(), change))
        .collect();
    let own_author = changed.keys().find_map(|key| rows_after.get(key)?.updated_by.clone());
    let mut differences = Vec::new();
    for key_values in
        rows_before.keys().chain(rows_after.keys().filter(|key| !rows_before.contains_key(*key)))
    {
        let (row_before, row_after) = (rows_before.get(key_values), rows_after.get(key_values));
        let is_same = match (changed.get(key_values), row_before, row_after) {
            (None, Some(row_before), Some(row_after)) => {
                values(&row_before.fields, None) == values(&row_after.fields, None)
            }
            (Some(change), Some(row_before), Some(row_after)) if change.action == ChangeAction::Update => {
                values(&row_before.fields, Some(change)) == values(&row_after.fields, Some(change))
            }
            // Other verifications compare created and deleted rows.
            (Some(_), _, _) => true,
            (None, _, _) => false,
        };
        if is_same {
            continue;
        }
        let shown = row_after.and_then(|row| row.updated_by.clone());
        let is_own = shown.is_some() && shown == own_author;
        let author = shown.filter(|author| {
            let author_before = row_before.and_then(|row| row.updated_by.as_ref());
            Some(author) != author_before && Some(author) != own_author.as_ref()
        });
        let parts = key.iter().zip(key_values).map(|(field, value)| format!("{field}={value}"));
        differences.push(ForeignDifference {
            row: parts.collect::<Vec<_>>().join(", "),
            key_values: key_values.clone(),
            is_own,
            author: author
                .map(|name| RowAuthor { name, date: row_after.and_then(|row| row.update_date.clone()) }),
        });
    }
    Some(differences)
}

/// Removes differences from a collection: the fields that the write did not change are as `before`.
///
/// `differences` are some of [`foreign_differences`] for the same collections.
pub fn remove_differences(
    before: &ObservedCollection,
    changes: &[AppliedChange],
    differences: &[&ForeignDifference],
    after: &mut ObservedCollection,
) {
    let Some(first) = changes.first() else { return };
    let key: Vec<&FieldName> = first.key.iter().map(|(field, _)| field).collect();
    let Some(rows_before) = index(before, &key) else { return };
    let is_edited =
        |values: &Vec<String>| differences.iter().any(|difference| difference.key_values == *values);
    let records = std::mem::take(&mut after.records).into_iter();
    let kept = records.filter_map(|mut row| {
        let values = key_values(&row, &key);
        if !is_edited(&values) {
            return Some(row);
        }
        let row_before = rows_before.get(&values)?;
        let change = changes
            .iter()
            .find(|change| change.key.iter().map(|(_, value)| value.key_text()).eq(values.iter().cloned()));
        let is_set = |field: &FieldName| {
            change.is_some_and(|change| change.field_changes.iter().any(|edit| edit.field == *field))
        };
        row.fields.retain(|field, _| is_set(field));
        let others = row_before.fields.iter().filter(|(field, _)| !is_set(field));
        row.fields.extend(others.map(|(field, value)| (field.clone(), value.clone())));
        Some(row)
    });
    after.records = kept.collect();
}

/// Corrects the phase of a recovered write if the zone also changed rows that nobody owns, and returns the image
/// that `restore` needs.
///
/// Time has passed since the write, so only rows with the author of zonal's own rows count.
pub fn with_damage(
    phase: WritePhase,
    before: &CollectionImage,
    after: &ObservedCollection,
) -> (WritePhase, Option<CollectionImage>) {
    let (changes, mut lines) = match &phase {
        WritePhase::Verified { changes, .. } => (Arc::clone(changes), Vec::new()),
        WritePhase::Unverified { changes, unexpected_differences } => {
            (Arc::clone(changes), unexpected_differences.clone())
        }
        WritePhase::Intent { .. }
        | WritePhase::Sent
        | WritePhase::Responded { .. }
        | WritePhase::Unchanged { .. } => return (phase, None),
    };
    let records =
        before.records.iter().map(|fields| ObservedRecord { fields: fields.clone(), ..Default::default() });
    let before_write = ObservedCollection { records: records.collect(), ..after.clone() };
    let foreign = foreign_differences(&before_write, &changes, after).unwrap_or_default();
    let (damaged, others): (Vec<&ForeignDifference>, Vec<&ForeignDifference>) =
        foreign.iter().partition(|difference| difference.is_own);
    if damaged.is_empty() {
        return (phase, None);
    }
    lines.extend(
        damaged.iter().map(|row| format!("`{}` changed, although the write did not set it", row.row)),
    );
    let mut left = after.clone();
    remove_differences(&before_write, &changes, &others, &mut left);
    let records = left.records.into_iter().map(|record| record.fields).collect();
    let image = CollectionImage { moment: ImageMoment::After, records, ..before.clone() };
    (WritePhase::Unverified { changes, unexpected_differences: lines }, Some(image))
}

/// Returns the rows by key; `None` if two rows have the same key.
fn index<'a>(
    collection: &'a ObservedCollection,
    key: &[&FieldName],
) -> Option<BTreeMap<Vec<String>, &'a ObservedRecord>> {
    let mut rows = BTreeMap::new();
    for row in &collection.records {
        if rows.insert(key_values(row, key), row).is_some() {
            return None;
        }
    }
    Some(rows)
}

/// Returns the values of the key of a row.
fn key_values(row: &ObservedRecord, key: &[&FieldName]) -> Vec<String> {
    let value = |field: &&FieldName| row.fields.get(*field).map(FieldValue::key_text).unwrap_or_default();
    key.iter().map(value).collect()
}

/// Returns the values of a row that the change does not set. An empty field equals an absent field.
fn values<'a>(
    record: &'a Record,
    change: Option<&&AppliedChange>,
) -> BTreeMap<&'a FieldName, &'a FieldValue> {
    let is_set = |field: &FieldName| {
        change.is_some_and(|change| change.field_changes.iter().any(|edit| edit.field == *field))
    };
    record.iter().filter(|(field, value)| **value != FieldValue::Null && !is_set(field)).collect()
}

//! Compares rows that a write did not change, before and after the write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::recovery::compared_fields;
use super::zone_normalization::is_normalized;
use crate::model::{
    AppliedChange, AppliedField, ChangeAction, CollectionImage, FieldName, FieldValue, ImageMoment,
    ObservedRecord, Record, WritePhase,
};
use crate::provider::CollectionSnapshot;

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
/// A row belongs to another author if the zone shows a new author or date for the row, and the author did not
/// write the rows of this write. If no row shows the author of this write, nobody counts as another author.
/// Returns `None` if rows cannot be told apart by their key.
pub fn foreign_differences(
    before: &[ObservedRecord],
    changes: &[AppliedChange],
    after: &[ObservedRecord],
) -> Option<Vec<ForeignDifference>> {
    let changed = ChangedRows::from_changes(changes)?;
    let (rows_before, rows_after) = (changed.index(before)?, changed.index(after)?);
    let own_authors = changed.own_authors(&rows_before, &rows_after);
    let dates_count = changed.others_keep_dates(&rows_before, &rows_after);
    let mut differences = Vec::new();
    for key_values in
        rows_before.keys().chain(rows_after.keys().filter(|key| !rows_before.contains_key(*key)))
    {
        let (row_before, row_after) = (rows_before.get(key_values), rows_after.get(key_values));
        let is_same = match (changed.by_key.get(key_values), row_before, row_after) {
            (None, Some(row_before), Some(row_after)) => {
                kept_values(&row_before.fields, None) == kept_values(&row_after.fields, None)
            }
            (Some(change), Some(row_before), Some(row_after)) if change.action == ChangeAction::Update => {
                kept_values(&row_before.fields, Some(change)) == kept_values(&row_after.fields, Some(change))
            }
            // Other verifications compare created and deleted rows.
            (Some(_), _, _) => true,
            (None, _, _) => false,
        };
        if is_same {
            continue;
        }
        let shown = row_after.and_then(|row| row.updated_by.clone());
        let is_own = shown.as_ref().is_some_and(|author| own_authors.contains(author));
        let author = shown.filter(|author| {
            let is_new = row_before.is_none_or(|before| {
                let has_new_date = row_after.is_some_and(|after| after.update_date != before.update_date);
                Some(author) != before.updated_by.as_ref() || dates_count && has_new_date
            });
            is_new && !own_authors.is_empty() && !own_authors.contains(author)
        });
        let parts = changed.key.iter().zip(key_values).map(|(field, value)| format!("{field}={value}"));
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

/// Removes edits from the rows after a write: what the write did not change is as `before`, and what it changed
/// is as sent, or as the zone normalized it.
///
/// `differences` are the edits among [`foreign_differences`] for the same rows.
pub fn remove_edits(
    before: &[ObservedRecord],
    changes: &[AppliedChange],
    differences: &[&ForeignDifference],
    after: &mut Vec<ObservedRecord>,
) {
    let Some(changed) = ChangedRows::from_changes(changes) else { return };
    let Some(mut rows_before) = changed.index(before) else { return };
    let edited: BTreeSet<&Vec<String>> =
        differences.iter().map(|difference| &difference.key_values).collect();
    rows_before.retain(|values, _| edited.contains(values));
    let records = std::mem::take(after).into_iter();
    let kept = records.filter_map(|mut row| {
        let values = changed.key_values(&row);
        if !edited.contains(&values) {
            return Some(row);
        }
        let row_before = rows_before.remove(&values)?;
        let change = changed.by_key.get(&values).copied();
        row.fields.retain(|field, _| sets(change, field));
        let others = row_before.fields.iter().filter(|(field, _)| !sets(change, field));
        row.fields.extend(others.map(|(field, value)| (field.clone(), value.clone())));
        Some(row)
    });
    *after = kept.collect();
    // Rows that somebody else deleted.
    after.extend(rows_before.into_values().cloned());
    for row in after {
        let Some(change) = changed.by_key.get(&changed.key_values(row)) else { continue };
        for AppliedField { field, after: sent, .. } in compared_fields(change) {
            let stored = row.fields.entry(field.clone()).or_insert(FieldValue::Null);
            if stored != sent && !is_normalized(sent, stored) {
                *stored = sent.clone();
            }
        }
    }
}

/// Corrects the phase of a recovered write if the zone also changed rows that nobody owns, and returns the image
/// that `restore` needs.
///
/// Time has passed since the write, so only rows with the author of zonal's own rows count.
pub fn with_damage(
    phase: WritePhase,
    before: &CollectionImage,
    after: &CollectionSnapshot,
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
    let fields = before.records.iter().cloned();
    let before_write: Vec<ObservedRecord> =
        fields.map(|fields| ObservedRecord { fields, ..ObservedRecord::default() }).collect();
    let foreign = foreign_differences(&before_write, &changes, &after.observed.records).unwrap_or_default();
    let (damaged, others): (Vec<&ForeignDifference>, Vec<&ForeignDifference>) =
        foreign.iter().partition(|difference| difference.is_own);
    if damaged.is_empty() {
        return (phase, None);
    }
    lines.extend(
        damaged.iter().map(|row| format!("`{}` changed, although the write did not set it", row.row)),
    );
    let mut left = after.observed.records.clone();
    remove_edits(&before_write, &changes, &others, &mut left);
    let image = CollectionImage {
        moment: ImageMoment::After,
        key: before.key.clone(),
        aliases: before.aliases.clone(),
        records: left.into_iter().map(|record| record.fields).collect(),
        whole: after.raw.clone(),
    };
    (WritePhase::Unverified { changes, unexpected_differences: lines }, Some(image))
}

/// Changes of one write, by the values of their keys.
struct ChangedRows<'a> {
    key: Vec<&'a FieldName>,
    by_key: BTreeMap<Vec<String>, &'a AppliedChange>,
}

impl<'a> ChangedRows<'a> {
    /// Indexes the changes; `None` without changes.
    fn from_changes(changes: &'a [AppliedChange]) -> Option<Self> {
        let key = changes.first()?.key.iter().map(|(field, _)| field).collect();
        let values = |change: &AppliedChange| change.key.iter().map(|(_, value)| value.key_text()).collect();
        Some(Self { key, by_key: changes.iter().map(|change| (values(change), change)).collect() })
    }

    /// Returns the rows by key; `None` if two rows have the same key.
    fn index<'r>(&self, rows: &'r [ObservedRecord]) -> Option<BTreeMap<Vec<String>, &'r ObservedRecord>> {
        let mut by_key = BTreeMap::new();
        rows.iter().all(|row| by_key.insert(self.key_values(row), row).is_none()).then_some(by_key)
    }

    /// Returns the authors of the rows that are as this write left them.
    ///
    /// Somebody else may have edited a row since, and hidden the author of the write.
    fn own_authors<'r>(
        &self,
        before: &BTreeMap<Vec<String>, &'r ObservedRecord>,
        after: &BTreeMap<Vec<String>, &'r ObservedRecord>,
    ) -> BTreeSet<&'r String> {
        let authors = self.by_key.iter().filter_map(|(key, change)| {
            let row = after.get(key)?;
            let is_set =
                |edit: &AppliedField| row.fields.get(&edit.field).unwrap_or(&FieldValue::Null) == &edit.after;
            let is_as_written = compared_fields(change).all(is_set)
                && before.get(key).is_none_or(|row_before| {
                    kept_values(&row_before.fields, Some(change)) == kept_values(&row.fields, Some(change))
                });
            row.updated_by.as_ref().filter(|_| is_as_written)
        });
        authors.collect()
    }

    /// Returns true if the zone leaves the dates of unchanged rows, so that a new date means an edit.
    fn others_keep_dates(
        &self,
        before: &BTreeMap<Vec<String>, &ObservedRecord>,
        after: &BTreeMap<Vec<String>, &ObservedRecord>,
    ) -> bool {
        let mut unchanged = before.iter().filter_map(|(key, row_before)| {
            let row_after = after.get(key).filter(|_| !self.by_key.contains_key(key))?;
            let is_same = kept_values(&row_before.fields, None) == kept_values(&row_after.fields, None);
            is_same.then(|| row_before.update_date == row_after.update_date)
        });
        unchanged.next().is_some_and(|keeps_date| keeps_date && unchanged.all(|keeps_date| keeps_date))
    }

    /// Returns the values of the key of a row.
    fn key_values(&self, row: &ObservedRecord) -> Vec<String> {
        let value = |field: &&FieldName| row.fields.get(*field).map(FieldValue::key_text).unwrap_or_default();
        self.key.iter().map(value).collect()
    }
}

/// Returns true if the change sets the field.
fn sets(change: Option<&AppliedChange>, field: &FieldName) -> bool {
    change.is_some_and(|change| change.field_changes.iter().any(|edit| edit.field == *field))
}

/// Returns the values of a row that the change does not set. An empty field equals an absent field.
fn kept_values<'a>(
    record: &'a Record,
    change: Option<&AppliedChange>,
) -> BTreeMap<&'a FieldName, &'a FieldValue> {
    record.iter().filter(|(field, value)| **value != FieldValue::Null && !sets(change, field)).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap in a test shows its line")]

    use super::*;

    fn row(code: &str, text: &str, by: &str) -> ObservedRecord {
        let fields = [("code".into(), code.into()), ("text".into(), text.into())].into();
        ObservedRecord { fields, updated_by: Some(by.to_owned()), ..ObservedRecord::default() }
    }

    fn update(code: &str, text: &str) -> AppliedChange {
        AppliedChange {
            action: ChangeAction::Update,
            key: vec![("code".into(), code.into())],
            before: Record::new(),
            field_changes: vec![AppliedField {
                field: "text".into(),
                name: "text".into(),
                before: Some("old".into()),
                after: text.into(),
            }],
            manifest: "CodeTable/t".into(),
            declared_at: String::new(),
            reason: None,
        }
    }

    fn shown(rows: &[ObservedRecord]) -> Vec<String> {
        rows.iter()
            .map(|row| row.fields.values().map(FieldValue::key_text).collect::<Vec<_>>().join("="))
            .collect()
    }

    /// Returns the differing rows with their authors, `zone` for the zone itself.
    fn authors(
        before: &[ObservedRecord],
        changes: &[AppliedChange],
        after: &[ObservedRecord],
    ) -> Vec<String> {
        let author = |difference: &ForeignDifference| match &difference.author {
            Some(author) => format!("{} {}", difference.row, author.name),
            None => format!("{} zone", difference.row),
        };
        foreign_differences(before, changes, after).unwrap().iter().map(author).collect()
    }

    #[test]
    fn damage_is_no_edit_if_no_row_shows_the_author_of_the_write() {
        let before = [row("A", "old", "api"), row("B", "b", "ann")];
        let damaged = row("B", "&b", "api");
        let deletion =
            AppliedChange { action: ChangeAction::Delete, field_changes: Vec::new(), ..update("A", "") };
        assert_eq!(authors(&before, &[deletion], std::slice::from_ref(&damaged)), ["code=B zone"]);
        // Another user has edited the only row of the write since.
        let after = [row("A", "by joe", "joe"), damaged.clone()];
        assert_eq!(authors(&before, &[update("A", "new")], &after), ["code=B zone"]);
        let after = [row("A", "new", "api"), damaged];
        assert_eq!(authors(&before, &[update("A", "new")], &after), ["code=B zone"]);
        let after = [row("A", "new", "api"), row("B", "by joe", "joe")];
        assert_eq!(authors(&before, &[update("A", "new")], &after), ["code=B joe"]);
    }

    #[test]
    fn edit_by_the_earlier_author_shows_a_new_date() {
        let dated =
            |row: ObservedRecord, date: &str| ObservedRecord { update_date: Some(date.into()), ..row };
        let table = |text: &str, date: &str, other_date: &str| {
            [
                row("A", "new", "api"),
                dated(row("B", text, "ann"), date),
                dated(row("C", "c", "ann"), other_date),
            ]
        };
        let before = table("b", "2026-01-01", "2026-01-01");
        let found = |after: &[ObservedRecord]| authors(&before, &[update("A", "new")], after);
        assert_eq!(found(&table("by ann", "2026-02-02", "2026-01-01")), ["code=B ann"]);
        assert_eq!(found(&table("&b", "2026-01-01", "2026-01-01")), ["code=B zone"]);
        // The zone dates all rows of a table that it stores.
        assert_eq!(found(&table("&b", "2026-02-02", "2026-02-02")), ["code=B zone"]);
    }

    #[test]
    fn rows_that_others_edited_added_or_deleted_are_as_before() {
        let before =
            [row("A", "old", "api"), row("B", "b", "api"), row("C", "c", "api"), row("D", "d", "api")];
        let changes = [update("A", "new")];
        // The zone damaged B; other users edited C, added E, and deleted D.
        let mut after = vec![
            row("A", "new", "api"),
            row("B", "&b", "api"),
            row("C", "by ann", "ann"),
            row("E", "e", "ann"),
        ];
        let foreign = foreign_differences(&before, &changes, &after).unwrap();
        let others: Vec<_> = foreign.iter().filter(|difference| !difference.is_own).collect();
        assert_eq!(
            others.iter().map(|other| &*other.row).collect::<Vec<_>>(),
            ["code=C", "code=D", "code=E"]
        );
        remove_edits(&before, &changes, &others, &mut after);
        assert_eq!(shown(&after), ["A=new", "B=&b", "C=c", "D=d"]);
    }

    #[test]
    fn rows_of_the_write_that_others_edited_since_are_as_sent() {
        let before = [row("A", "old", "api"), row("B", "old", "api"), row("C", "c", "api")];
        let changes = [update("A", "new"), update("B", "R&D")];
        let mut after = vec![row("A", "by joe", "joe"), row("B", "R&amp;D", "api"), row("C", "&c", "api")];
        remove_edits(&before, &changes, &[], &mut after);
        assert_eq!(shown(&after), ["A=new", "B=R&amp;D", "C=&c"]);
    }
}

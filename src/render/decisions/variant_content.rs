//! Content of a change for all zones of a variant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::folded_value::{FoldedText, FoldedValue};
use super::substitution::{NameChoice, RecordContext, Substitutions};
use crate::model::{Change, ChangeAction, FieldChange, FieldName, FieldValue};

/// Field of a variant.
#[derive(Debug, Clone)]
pub struct FoldedField {
    /// Field in the collection's own names (`column5`); the name for people in a deleted record.
    pub field: FieldName,
    /// Name for people.
    pub name: FieldName,
    /// Change of the value.
    pub change: FieldChangeContent,
    /// Different values before the change, each with the indices of the variant's records; the most frequent
    /// first. Empty for a create and for a delete.
    pub former: Vec<(FoldedValue, Vec<usize>)>,
    /// True if a new record has the field only because every new record has it.
    pub is_default: bool,
}

/// Change of a field's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldChangeContent {
    /// New value.
    Set(FoldedValue),
    /// List that gains and loses texts.
    Edit {
        /// Texts that come.
        added: Vec<FoldedText>,
        /// Texts that go.
        removed: Vec<FoldedText>,
    },
    /// Value of a record that is deleted.
    Removed(FoldedValue),
}

/// Part of a change that equal changes have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct VariantContent {
    pub(super) key: Vec<(FieldName, FoldedValue)>,
    pub(super) fields: Vec<(FieldName, FieldName, FieldChangeContent)>,
    pub(super) reason: Option<FoldedText>,
}

/// Names that the values of a row may contain.
pub(super) struct RowNames<'a> {
    /// Substitutions of the network.
    pub(super) substitutions: &'a Substitutions<'a>,
    /// Labels that the manifest's selectors name.
    pub(super) labels: &'a [Arc<str>],
    /// Names in use beside codes.
    pub(super) choice: NameChoice,
}

impl RowNames<'_> {
    /// Returns a value with names.
    pub(super) fn value(&self, value: &FieldValue, context: RecordContext<'_>) -> FoldedValue {
        self.substitutions.value(value, context, &self.choice, self.labels)
    }

    fn texts<'t>(
        &self,
        texts: impl Iterator<Item = &'t Arc<str>>,
        context: RecordContext<'_>,
    ) -> Vec<FoldedText> {
        texts.map(|text| self.substitutions.text(text, context, &self.choice)).collect()
    }

    /// Returns the content of a change.
    pub(super) fn content(&self, change: &Change, context: RecordContext<'_>) -> VariantContent {
        let key = change.key.iter().map(|(name, value)| (name.clone(), self.value(value, context)));
        let reason = change.reason.as_deref().map(Arc::from);
        let reason = reason.map(|reason| self.substitutions.text(&reason, context, &self.choice));
        let fields = match change.action {
            ChangeAction::Delete => self.deleted_fields(change, context),
            ChangeAction::Create | ChangeAction::Update => {
                let edits = change.field_changes.iter();
                edits.map(|edit| (edit.field.clone(), edit.name.clone(), self.edit(edit, context))).collect()
            }
        };
        VariantContent { key: key.collect(), fields, reason }
    }

    fn deleted_fields(
        &self,
        change: &Change,
        context: RecordContext<'_>,
    ) -> Vec<(FieldName, FieldName, FieldChangeContent)> {
        let fields = change.before.iter().filter(|(_, value)| **value != FieldValue::Null);
        let removed = |value| FieldChangeContent::Removed(self.value(value, context));
        fields.map(|(name, value)| (name.clone(), name.clone(), removed(value))).collect()
    }

    fn edit(&self, edit: &FieldChange, context: RecordContext<'_>) -> FieldChangeContent {
        let after = self.value(&edit.after, context);
        match (&edit.before, &edit.after, &after) {
            (Some(FieldValue::List(before)), FieldValue::List(listed), FoldedValue::List(_)) => {
                let [before, listed]: [BTreeSet<&Arc<str>>; 2] =
                    [before, listed].map(|texts| texts.iter().collect());
                FieldChangeContent::Edit {
                    added: self.texts(listed.difference(&before).copied(), context),
                    removed: self.texts(before.difference(&listed).copied(), context),
                }
            }
            _ => FieldChangeContent::Set(after),
        }
    }

    /// Returns the values of a field before the change, by frequency.
    pub(super) fn former(
        &self,
        field: &FieldName,
        records: &[(&Change, RecordContext<'_>)],
    ) -> Vec<(FoldedValue, Vec<usize>)> {
        let mut former: BTreeMap<FoldedValue, Vec<usize>> = BTreeMap::new();
        for (index, (change, context)) in records.iter().enumerate() {
            let edit = change.field_changes.iter().find(|edit| edit.field == *field);
            let before = edit.and_then(|edit| edit.before.as_ref()).unwrap_or(&FieldValue::Null);
            former.entry(self.value(before, *context)).or_default().push(index);
        }
        let mut former: Vec<_> = former.into_iter().collect();
        // Stable, so values of equal frequency keep their order.
        former.sort_by_key(|(_, indices)| std::cmp::Reverse(indices.len()));
        former
    }
}

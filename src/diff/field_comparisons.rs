//! Comparisons of the fields of a collection, other than `exact`.

use std::borrow::Cow;

use super::DesiredOfCollection;
use super::field_names::FieldNames;
use crate::model::{Change, DesiredCollection, FieldName, FieldValue, ObservedCollection, ValueComparison};

/// Comparisons other than `exact`, by the collection's own field names.
pub(super) struct FieldComparisons<'a>(Vec<(&'a FieldName, ValueComparison)>);

impl<'a> FieldComparisons<'a> {
    /// Collects the comparisons that a manifest declares. A field that the zone does not have has none.
    pub fn of_manifest(collection: &'a DesiredCollection, names: &'a FieldNames<'a>) -> Self {
        let declared = collection.options.compare.iter().flat_map(|compare| compare.iter());
        Self(declared.filter_map(|(name, how)| Some((names.find(name)?, *how))).collect())
    }

    /// Returns true if the zone's value counts as the desired value of the field.
    pub fn are_equal(&self, field: &FieldName, desired: &FieldValue, observed: &FieldValue) -> bool {
        if desired == observed {
            return true;
        }
        let comparison = self.0.iter().find(|(compared, _)| *compared == field);
        let (Some((_, how)), FieldValue::Text(desired), FieldValue::Text(observed)) =
            (comparison, desired, observed)
        else {
            return false;
        };
        how.are_equal(desired, observed)
    }
}

/// Returns the changes with the values that the zone stored, for fields whose comparison accepts them.
pub fn with_stored_values<'c>(
    changes: &'c [Change],
    desired: &DesiredOfCollection<'_>,
    observed: &ObservedCollection,
) -> Cow<'c, [Change]> {
    let names = FieldNames::from_observed(observed);
    let comparisons: Vec<FieldComparisons<'_>> = (desired.collections.iter())
        .map(|collection| FieldComparisons::of_manifest(collection, &names))
        .filter(|comparisons| !comparisons.0.is_empty())
        .collect();
    if comparisons.is_empty() {
        return Cow::Borrowed(changes);
    }
    let mut changes = changes.to_vec();
    for change in &mut changes {
        let is_row = |fields: &crate::model::Record| {
            change.key.iter().all(|(field, value)| fields.get(field).unwrap_or(&FieldValue::Null) == value)
        };
        let Some(stored) = observed.records.iter().map(|record| &record.fields).find(|row| is_row(row))
        else {
            continue;
        };
        for edit in &mut change.field_changes {
            let Some(value) = stored.get(&edit.field) else { continue };
            if comparisons.iter().any(|each| each.are_equal(&edit.field, &edit.after, value)) {
                edit.after = value.clone();
            }
        }
    }
    Cow::Owned(changes)
}

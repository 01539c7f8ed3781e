//! What a comparison tells besides changes: what overrules a record, what stays that nobody wants, what
//! looks like a slip.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::collection::CollectionComparison;
use crate::model::{
    Amendment, AmendmentOperation, CollectionRole, DesiredCollection, Enforcement, FieldAmendment, FieldName,
    FieldValue, ObservedRecord, RecordKey,
};

impl CollectionComparison<'_> {
    /// Says so where something of the zone's own overrules a record, whatever the record holds.
    pub(super) fn tell_shadow(
        &mut self,
        id: &RecordKey,
        found: Option<&ObservedRecord>,
        collection: &DesiredCollection,
    ) {
        let (Some(found), Some(shadow)) = (found, &collection.shape.shadow) else { return };
        let over = found.fields.get(shadow).map(FieldValue::texts).unwrap_or_default();
        if !over.is_empty() {
            let over = over.join(", ");
            self.notes.push(format!(
                "`{id}` of {} does not count at {over}, where an own copy overrules it",
                self.id
            ));
        }
    }

    /// Says so where records stay that no manifest mentions, in a collection that should have none.
    pub(super) fn tell_stale(&mut self, stale: &[&RecordKey], wanted: &[&DesiredCollection]) {
        let managed = |collection: &&&DesiredCollection| {
            collection.enforcement != Enforcement::Unmanage && collection.standing == CollectionRole::Desired
        };
        let what = wanted.iter().find(managed).and_then(|collection| collection.shape.stale.as_ref());
        if let (Some(what), false) = (what, stale.is_empty()) {
            let names: Vec<String> = stale.iter().map(|key| format!("`{key}`")).collect();
            self.notes.push(format!("{} has {}: {what}", self.id, names.join(", ")));
        }
    }

    /// Says so where the last text is taken out of a list: what a rule without a list is for, Alma's
    /// documentation does not say.
    pub(super) fn tell_emptied<'w>(&mut self, amendments: impl Iterator<Item = &'w Amendment>) {
        let shrinking = |amend: &&FieldAmendment| match amend.to {
            AmendmentOperation::RemoveFromList(_) | AmendmentOperation::BlockInRule { .. } => true,
            AmendmentOperation::Set(_)
            | AmendmentOperation::SetIfEmpty(_)
            | AmendmentOperation::AddToList(_)
            | AmendmentOperation::AllowInRule { .. } => false,
        };
        let fields: BTreeSet<&FieldName> = amendments
            .flat_map(|amendment| &amendment.amends)
            .filter(shrinking)
            .map(|amend| &amend.field)
            .collect();
        for change in self.changes.values_mut() {
            let emptied = change.field_changes.iter().filter(|edit| {
                let held = edit.before.as_ref().is_some_and(|before| *before != FieldValue::Null);
                fields.contains(&edit.name) && held && edit.after == FieldValue::Null
            });
            let notes: Vec<Arc<str>> = emptied
                .map(|edit| {
                    format!(
                        "nothing is left in `{}`: see that the record does not hold for everybody then",
                        edit.name
                    )
                    .into()
                })
                .collect();
            change.notes.extend(notes);
        }
    }

    /// Says so where a new record differs from one of the zone's only in case or in spaces: the
    /// commonest way to type a row twice.
    pub(super) fn look_alike(&self, id: &RecordKey) -> Option<String> {
        let folded =
            |key: &RecordKey| key.0.iter().map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
        let all = self.folded.get_or_init(|| {
            // Of several that are alike the first one is told.
            self.rows.by_key().map(|(key, _)| key).rev().map(|key| (folded(key), key)).collect()
        });
        let other = all.get(&folded(id))?;
        Some(format!("beside `{other}`, which the zone takes for another row: keys are case-sensitive"))
    }
}

//! Adds notes to a comparison: overridden records, unexpected extra records, likely typing errors.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::collection::CollectionComparison;
use crate::model::{
    Amendment, AmendmentOperation, ApplyMode, Change, ChangeAction, CollectionRole, CollectionShape,
    DesiredCollection, Enforcement, FieldAmendment, FieldName, FieldValue, ObservationSource, ObservedRecord,
    RecordKey,
};

impl CollectionComparison<'_> {
    /// Adds the reason why people make the changes, if the zone hides the collection from the API.
    pub(super) fn tell_refusal(&mut self) {
        let ObservationSource::Attestation { refusal: Some(refusal), .. } = &self.observed.witness else {
            return;
        };
        if self.changes.values().any(|change| change.mode == ApplyMode::Manual) {
            self.notes.push(format!("{} is changed by people, not over the API: {refusal}", self.id));
        }
    }
}

impl<'a> CollectionComparison<'a> {
    /// Adds a note if a local copy in the zone overrides the record.
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
            self.notes
                .push(format!("`{id}` of {} has no effect at {over}: a local copy overrides it", self.id));
        }
    }

    /// Adds a note about unlisted records that stay, in a collection that should have none.
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

    /// Adds a note if the last text of a list is removed. Alma's documentation does not say to whom a rule
    /// without a list applies.
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
                        "`{}` becomes empty: check that the rule does not then apply to everyone",
                        edit.name
                    )
                    .into()
                })
                .collect();
            change.notes.extend(notes);
        }
    }

    /// Adds a note to new records if the zone identifies the others by numbers, which the manifest cannot know.
    pub(super) fn tell_numbers(&mut self, shape: &CollectionShape) {
        if !self.observed.records.iter().any(|record| record.numbered) {
            return;
        }
        let new =
            |change: &&mut Change| change.action == ChangeAction::Create && change.mode == ApplyMode::Apply;
        for change in self.changes.values_mut().filter(new) {
            let note = format!(
                "the zone identifies such records by numbers, so it will refuse `{}` as a new name: add the \
                 record in Alma ({}), then zonal manages its fields",
                change.address.key, shape.menu
            );
            change.notes.push(note.into());
        }
    }

    /// Returns the zone's key that differs from a new key only in case or spaces, unless a manifest declares that
    /// record too. This is the most common typing error.
    pub(super) fn undeclared_similar_key(&self, id: &RecordKey) -> Option<&'a RecordKey> {
        let all = self.folded.get_or_init(|| {
            // If several keys are similar, the first one wins.
            self.rows.by_key().map(|(key, _)| key).rev().map(|key| (folded(key), key)).collect()
        });
        let existing = *all.get(&folded(id))?;
        let is_declared = self.elsewhere.contains_key(existing)
            || self.collections.iter().any(|collection| collection.records.contains_key(existing));
        (!is_declared).then_some(existing)
    }
}

/// Returns a key in lower case, without outer spaces.
fn folded(key: &RecordKey) -> Vec<String> {
    key.0.iter().map(|part| part.trim().to_lowercase()).collect()
}

/// Returns the difference between a new key and a similar key of the zone, as the reason of the change.
pub(super) fn similar_key_reason(id: &RecordKey, existing: &RecordKey) -> String {
    let has_case = id.0.iter().zip(&existing.0).any(|(new, old)| new.trim() != old.trim());
    let has_spaces = id.0.iter().chain(&existing.0).any(|part| part.trim() != &**part);
    let difference = match (has_case, has_spaces) {
        (true, false) => "upper and lower case",
        (false, _) => "spaces at its start or end",
        (true, true) => "case, and in spaces at its start or end",
    };
    format!(
        "a second row beside the zone's {existing:?}, which differs in {difference} only; \
         if they are the same, write the zone's key, or declare its row `absent: true`",
        existing = existing.to_string()
    )
}

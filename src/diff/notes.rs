//! Adds notes to a comparison: overridden records, unexpected extra records, likely typing errors.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::collection::CollectionComparison;
use crate::model::{
    Amendment, AmendmentOperation, ApplyMode, CollectionRole, DesiredCollection, Enforcement, FieldAmendment,
    FieldName, FieldValue, ObservationSource, ObservedRecord, RecordKey,
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

impl CollectionComparison<'_> {
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

    /// Returns a note if a new key differs from an existing one only in case or spaces. This is the most
    /// common typing error.
    pub(super) fn look_alike(&self, id: &RecordKey) -> Option<String> {
        let folded =
            |key: &RecordKey| key.0.iter().map(|part| part.trim().to_lowercase()).collect::<Vec<_>>();
        let all = self.folded.get_or_init(|| {
            // If several keys are similar, the first one wins.
            self.rows.by_key().map(|(key, _)| key).rev().map(|key| (folded(key), key)).collect()
        });
        let other = all.get(&folded(id))?;
        let has_case = id.0.iter().zip(&other.0).any(|(new, old)| new.trim() != old.trim());
        let has_spaces = id.0.iter().chain(&other.0).any(|part| part.trim() != &**part);
        let what = match (has_case, has_spaces) {
            (true, false) => "upper and lower case",
            (false, _) => "spaces at its start or end",
            (true, true) => "case, and in spaces at its start or end",
        };
        Some(format!(
            "a second row beside the zone's {other:?}, which differs in {what} only; \
             if they are the same, write the zone's key, or declare its row `absent: true`",
            other = other.to_string()
        ))
    }
}

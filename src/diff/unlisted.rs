//! Changes records that no manifest lists: unlisted records, and records that lose an exclusive flag.

use std::borrow::Cow;

use super::change_draft::ChangeDraft;
use super::collection::CollectionComparison;
use super::keyed_records::KeyedRecord;
use super::mismatches::ambiguous;
use crate::model::{
    ApplyMode, ChangeAction, DesiredCollection, DifferenceType, Enforcement, FieldName, FieldValue,
    RecordKey, UnlistedPolicy, ZoneFailure,
};

impl<'a> CollectionComparison<'a> {
    /// Compares an unlisted record. Returns the number of rows that stay unlisted.
    pub(super) fn compare_unlisted(
        &mut self,
        id: &RecordKey,
        found: &[KeyedRecord<'a>],
        collection: &DesiredCollection,
    ) -> Result<usize, ZoneFailure> {
        let word = match collection.unlisted {
            UnlistedPolicy::Keep => return Ok(found.len()),
            UnlistedPolicy::Disable => "disable",
            UnlistedPolicy::Delete => "delete",
        };
        if self.unlisted_except.matches(id) {
            return Ok(found.len());
        }
        let [(_, one)] = found else { return Err(ambiguous(self.id, id, found.len(), collection)) };
        if self.keeps_unlisted_entry(&one.fields, collection) {
            return Ok(1);
        }
        let (action, edits) = match (collection.unlisted, &collection.shape.switch) {
            (UnlistedPolicy::Delete, _) => (ChangeAction::Delete, Vec::new()),
            (_, Some(switch)) if one.fields.get(switch) != Some(&FieldValue::Bool(false)) => {
                (ChangeAction::Update, vec![self.clear_flag(switch, one, &collection.provenance)])
            }
            (_, _) => return Ok(1),
        };
        let mode = match collection.enforcement {
            Enforcement::Enforce => self.apply_mode(),
            Enforcement::Report => ApplyMode::Report,
            Enforcement::Unmanage => return Ok(found.len()),
            Enforcement::CreateOnly => {
                self.ignored += 1;
                return Ok(0);
            }
        };
        let provenance = &collection.provenance;
        let reason =
            format!("because no manifest lists it and {} sets `unlisted: {word}`", provenance.manifest);
        let reason = Some(reason);
        let (drift, found, provenance) = (DifferenceType::Extra, Some(*one), Cow::Borrowed(provenance));
        self.add(
            id,
            ChangeDraft { action, edits, mode, drift, reason, notes: &[], provenance, found, each: None },
        );
        Ok(0)
    }

    /// Clears an exclusive flag, such as a table's default, on its current record if another record gets it.
    /// Alma rejects a table with two defaults (error 90122).
    pub(super) fn make_exclusive(&mut self, flag: &FieldName) {
        let taker = self.changes.iter().find_map(|((id, mode), change)| {
            let edit = change
                .field_changes
                .iter()
                .find(|edit| edit.field == *flag && edit.after == FieldValue::Bool(true))?;
            Some((id.clone(), edit.provenance.clone(), *mode))
        });
        let Some((taker, provenance, mode)) = taker else { return };
        for (id, found) in self.rows.by_key() {
            let [(_, one)] = found else { continue };
            if *id == taker || one.fields.get(flag) != Some(&FieldValue::Bool(true)) {
                continue;
            }
            let edit = self.clear_flag(flag, one, &provenance);
            // Only changes of the same mode are combined. A reported change clears no flag, and a written
            // change does not wait for a reported one.
            match self.changes.get_mut(&(id.clone(), mode)) {
                Some(change) if change.action == ChangeAction::Delete => {}
                Some(change) if change.field_changes.iter().any(|edit| edit.field == *flag) => {}
                Some(change) => change.field_changes.push(edit),
                None => {
                    let reason = format!("because `{taker}` becomes the {flag} row (only one is allowed)");
                    let draft = ChangeDraft {
                        action: ChangeAction::Update,
                        edits: vec![edit],
                        mode,
                        drift: DifferenceType::Value,
                        reason: Some(reason),
                        notes: &[],
                        provenance: Cow::Borrowed(&provenance),
                        found: Some(one),
                        each: None,
                    };
                    self.add(id, draft);
                }
            }
        }
    }
}

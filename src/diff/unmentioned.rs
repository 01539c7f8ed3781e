//! What a comparison does to records that no manifest mentions: those that are unlisted, and those that must give
//! up a flag to another one.

use std::borrow::Cow;

use super::collection::{Comparison, Draft};
use super::refusals::ambiguous;
use super::rows::Row;
use crate::model::{
    Action, DesiredCollection, Drift, Enforcement, Failure, Field, Key, Mode, Unlisted, Value,
};

impl<'a> Comparison<'a> {
    /// What a record comes to that no manifest mentions. Returns how many rows stay unmanaged.
    pub(super) fn unlisted(
        &mut self,
        id: &Key,
        found: &[Row<'a>],
        collection: &DesiredCollection,
    ) -> Result<usize, Failure> {
        let word = match collection.unlisted {
            Unlisted::Keep => return Ok(found.len()),
            Unlisted::Disable => "disable",
            Unlisted::Remove => "remove",
        };
        let [(_, one)] = found else { return Err(ambiguous(self.id, id, found.len(), collection)) };
        let (action, edits) = match (collection.unlisted, &collection.shape.switch) {
            (Unlisted::Remove, _) => (Action::Delete, Vec::new()),
            (_, Some(switch)) if one.fields.get(switch) != Some(&Value::Bool(false)) => {
                (Action::Update, vec![self.cleared(switch, one, &collection.provenance)])
            }
            (_, _) => return Ok(1),
        };
        let mode = match collection.enforcement {
            Enforcement::Enforce => self.done(),
            Enforcement::Observe => Mode::Report,
            Enforcement::Release => return Ok(found.len()),
            Enforcement::Initial => {
                self.ignored += 1;
                return Ok(0);
            }
        };
        let provenance = &collection.provenance;
        let reason =
            format!("because no manifest lists it and {} says `unlisted: {word}`", provenance.manifest);
        let reason = Some(reason);
        let (drift, found, provenance) = (Drift::Extra, Some(*one), Cow::Borrowed(provenance));
        self.add(id, Draft { action, edits, mode, drift, reason, notes: &[], provenance, found, each: None });
        Ok(0)
    }

    /// Takes a flag that only one record may carry, such as a table's default, away from the
    /// record that has it when another one gets it: Alma refuses a table with two (90122).
    pub(super) fn make_exclusive(&mut self, flag: &Field) {
        let taker = self.changes.iter().find_map(|((id, mode), change)| {
            let edit =
                change.edits.iter().find(|edit| edit.field == *flag && edit.after == Value::Bool(true))?;
            Some((id.clone(), edit.provenance.clone(), *mode))
        });
        let Some((taker, provenance, mode)) = taker else { return };
        for (id, found) in self.rows.by_key() {
            let [(_, one)] = found else { continue };
            if *id == taker || one.fields.get(flag) != Some(&Value::Bool(true)) {
                continue;
            }
            let edit = self.cleared(flag, one, &provenance);
            // It goes along with a change of its own mode only: what is only reported takes
            // nothing away, and what is written does not wait for what is only reported.
            match self.changes.get_mut(&(id.clone(), mode)) {
                Some(change) if change.action == Action::Delete => {}
                Some(change) if change.edits.iter().any(|edit| edit.field == *flag) => {}
                Some(change) => change.edits.push(edit),
                None => {
                    let reason =
                        format!("because `{taker}` becomes the `{flag}` row, and there can be only one");
                    let draft = Draft {
                        action: Action::Update,
                        edits: vec![edit],
                        mode,
                        drift: Drift::Value,
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

//! Compares the changes to write now with the approved changes.

use std::collections::BTreeMap;

use crate::model::{Change, ChangeAction, FieldChange, FieldValue, RecordKey};

/// Tolerance for changes of a zone since the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StalenessTolerance<'a> {
    /// No tolerance: the approved changes must be the same. Fields without an owner may differ.
    Exact,
    /// Partly applied: this run has made these changes in another language of the same table.
    ///
    /// A record to create may exist already, and a record to delete may be absent. No change may be added to
    /// the approved changes. Edits by others count as usual.
    PartlyApplied(Vec<&'a Change>),
}

impl<'a> StalenessTolerance<'a> {
    /// Returns the keys of records that this run created in another language of the same table.
    pub fn created_keys(&self) -> impl Iterator<Item = &'a RecordKey> {
        self.applied_changes()
            .iter()
            .filter(|done| done.action == ChangeAction::Create)
            .map(|done| &done.address.key)
    }

    /// Returns the number of records that this run deleted in another language of the same table.
    pub fn deleted_count(&self) -> usize {
        self.applied_changes().iter().filter(|done| done.action == ChangeAction::Delete).count()
    }

    fn applied_changes(&self) -> &[&'a Change] {
        match self {
            Self::Exact => &[],
            Self::PartlyApplied(done) => done,
        }
    }
}

/// Returns true if `current` may be written under the approval of `approved`.
pub fn covers(approved: &[Change], current: &[Change], allowance: &StalenessTolerance<'_>) -> bool {
    match allowance {
        StalenessTolerance::Exact => {
            approved.len() == current.len()
                && approved
                    .iter()
                    .zip(current)
                    .all(|(approved, current)| approved.effect() == current.effect())
        }
        StalenessTolerance::PartlyApplied(done) => {
            let by_key: BTreeMap<&RecordKey, &Change> =
                approved.iter().map(|change| (&change.address.key, change)).collect();
            current.iter().all(|current| {
                let key = &current.address.key;
                let done: Vec<&Change> =
                    done.iter().copied().filter(|done| done.address.key == *key).collect();
                by_key.get(key).is_some_and(|approved| is_part_of_approved(approved, current, &done))
            })
        }
    }
}

/// Returns true for a postponed change, or for the rest of a postponed change.
///
/// zonal does not write such a change now, and its presence is not an error.
pub fn is_put_off(later: &Change, current: &Change, allowance: &StalenessTolerance<'_>) -> bool {
    let done: Vec<&Change> = match allowance {
        StalenessTolerance::Exact => Vec::new(),
        StalenessTolerance::PartlyApplied(done) => {
            done.iter().copied().filter(|done| done.address.key == current.address.key).collect()
        }
    };
    // Row of a table in several languages: the write of another language would have created the row.
    let said = |edit: &FieldChange| {
        current.field_changes.iter().any(|current| current.field == edit.field && current.after == edit.after)
    };
    let shared = (later.action, current.action) == (ChangeAction::Update, ChangeAction::Create)
        && later.before.is_empty()
        && later.field_changes.iter().all(said);
    is_part_of_approved(later, current, &done) || shared
}

/// Returns true for a part of an approved change, given the changes `done` to the same record.
fn is_part_of_approved(approved: &Change, current: &Change, done: &[&Change]) -> bool {
    let edits = || done.iter().flat_map(|done| &done.field_changes);
    // A record that this run created had no owner at the time of approval.
    let ours = done.iter().any(|done| done.action == ChangeAction::Create);
    let fewer_edits = current.field_changes.iter().all(|edit| {
        let unmoved = |before: &Option<FieldValue>| {
            ours || *before == edit.before
                || edits().any(|done| done.field == edit.field && Some(&done.after) == edit.before.as_ref())
        };
        approved.field_changes.iter().any(|approved| {
            approved.field == edit.field && approved.after == edit.after && unmoved(&approved.before)
        })
    });
    match (approved.action, current.action) {
        (ChangeAction::Create, ChangeAction::Create) | (ChangeAction::Update, ChangeAction::Update) => {
            fewer_edits
        }
        // A record to create exists now.
        (ChangeAction::Create, ChangeAction::Update) => ours && fewer_edits,
        (ChangeAction::Delete, ChangeAction::Delete) => {
            let mut before = approved.before.clone();
            before.extend(edits().map(|done| (done.name.clone(), done.after.clone())));
            current.before == approved.before || current.before == before
        }
        (_, _) => false,
    }
}

/// Returns true for the rest of an approved change after an earlier apply.
///
/// The earlier apply has `done` its part in another language of the same table. Others may have edited the
/// table since. Every overwritten value must therefore be empty, the value at approval, or a value from the
/// earlier apply.
pub fn goes_on(approved: &Change, current: &Change, done: &[&Change]) -> bool {
    let was_ours = |edit: &FieldChange| {
        done.iter()
            .flat_map(|done| &done.field_changes)
            .any(|done| done.field == edit.field && Some(&done.after) == edit.before.as_ref())
    };
    let was_there = |edit: &FieldChange| {
        approved
            .field_changes
            .iter()
            .any(|approved| approved.field == edit.field && approved.before == edit.before)
    };
    let is_empty = |edit: &FieldChange| matches!(edit.before, None | Some(FieldValue::Null));
    is_part_of_approved(approved, current, done)
        && current.field_changes.iter().all(|edit| is_empty(edit) || was_there(edit) || was_ours(edit))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

    use super::{StalenessTolerance, covers};
    use crate::diff;
    use crate::model::Change;
    use crate::test_notation::{desired, observed};

    const EN: &str = "\
CodeTable en
table: T
language: en
rows: [{code: A, description: New}, {code: B, description: New, enabled: false}, {code: C, absent: true}]";
    const BOTH: &str = "\
CodeTable en
table: T
language: en
rows: [{code: A, description: One, enabled: false}, {code: N, description: New}]
---
CodeTable fr
table: T
language: fr
rows: [{code: A, description: Un, enabled: false}, {code: N, description: Nouveau}]";

    /// Returns the changes of the collection at this index, for these tables.
    fn changes(manifests: &str, place: usize, tables: &str) -> Vec<Change> {
        let (_, desired) = desired(&["ALPHA"], manifests);
        let found = diff::diff(&desired, &observed(&desired, tables));
        found.zones[&"ALPHA".into()][place].to_apply().cloned().collect()
    }

    fn exactly(planned: &str, current: &str) -> bool {
        covers(&changes(EN, 0, planned), &changes(EN, 0, current), &StalenessTolerance::Exact)
    }

    #[test]
    fn fields_without_owner_may_change() {
        assert!(exactly("code T en\nA Old\nC Three", "code T en\nA Old\nC Three"));
        assert!(exactly("code T en\nA Old\nC Three", "code T en\nA Old - *\nC Three\nD Four"));
    }

    #[test]
    fn changes_that_differ_from_approval_are_refused() {
        let planned = "code T en\nA Old\nC Three";
        for current in [
            "code T en\nA Other\nC Three",
            "code T en\nA New\nC Three",
            "code T en\nC Three",
            "code T en\nA Old",
            "code T en\nA Old\nC Threee",
            "code T en\nA Old\nC Three -",
            "code T en\nA Old\nB Old\nC Three",
        ] {
            assert!(!exactly(planned, current), "{current}");
            assert!(!exactly(current, planned), "{current}");
        }
    }

    /// Returns true if the French part may be written while the zone contains `current`.
    fn at_most(planned: &str, current: &str) -> bool {
        let done = changes(BOTH, 0, planned);
        let allowance = StalenessTolerance::PartlyApplied(done.iter().collect());
        let approved = changes(BOTH, 1, planned);
        // Like apply, compare one language alone.
        let french = BOTH.split("---\n").nth(1).unwrap();
        covers(&approved, &changes(french, 0, current), &allowance)
    }

    const THEN: &str = "code T en\nA Old\ncode T fr\nA Vieux";

    #[test]
    fn changes_made_in_another_language_are_accepted() {
        let created = "code T en\nA One -\nN New\ncode T fr\nA Vieux -\nN New";
        assert!(at_most(THEN, created), "the zone returns the English text of the new row");
        assert!(
            at_most(THEN, "code T en\nA One -\nN New\ncode T fr\nA Un -\nN Nouveau"),
            "no changes remain"
        );
    }

    #[test]
    fn later_edits_by_others_are_not_overwritten() {
        assert!(!at_most(THEN, "code T en\nA One -\nN New\ncode T fr\nA Ancien -\nN New"));
    }

    #[test]
    fn additional_changes_are_refused() {
        let planned = "code T en\nA Old\nN New\ncode T fr\nA Vieux\nN Nouveau";
        assert!(!at_most(planned, "code T en\nA One -\nN New\ncode T fr\nA Vieux -\nN Autre"));
        assert!(
            !at_most(planned, "code T en\nA One -\ncode T fr\nA Vieux -"),
            "a row deleted in the meantime"
        );
    }

    #[test]
    fn row_created_by_others_is_not_overwritten() {
        let planned = "code T fr\nA Un -";
        let french = BOTH.split("---\n").nth(1).unwrap();
        let allowance = StalenessTolerance::PartlyApplied(Vec::new());
        let approved = changes(french, 0, planned);
        assert!(covers(&approved, &changes(french, 0, planned), &allowance));
        assert!(!covers(&approved, &changes(french, 0, "code T fr\nA Un -\nN Autre"), &allowance));
    }

    #[test]
    fn row_that_lost_its_default_flag_is_deleted() {
        let manifests = "\
CodeTable en
table: T
language: en
rows: [{code: A, default: true}]
---
CodeTable fr
table: T
language: fr
rows: [{code: B, absent: true}]";
        let planned = "code T en\nA One\nB Two *\ncode T fr\nA Un\nB Deux *";
        let french = manifests.split("---\n").nth(1).unwrap();
        let (approved, done) = (changes(manifests, 1, planned), changes(manifests, 0, planned));
        let current = |rows: &str| changes(french, 0, &format!("code T fr\nA Un *\n{rows}"));
        let allowance = StalenessTolerance::PartlyApplied(done.iter().collect());
        assert!(covers(&approved, &current("B Deux"), &allowance));
        assert!(!covers(&approved, &current("B Autre"), &allowance));
    }
}

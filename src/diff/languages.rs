//! The languages of a table are collections of their own, but its rows are the same in all of them.

use std::collections::BTreeMap;

use crate::model::{ApplyMode, ChangeAction, CollectionDiff, CollectionId, RecordKey};

/// Where a record is missing in several languages, writing the first one creates it, and the
/// others only have their own words left to set: says so. `found` is sorted by name, which is the
/// order in which the languages are written.
pub fn share_new_rows(found: &mut [CollectionDiff]) {
    let mut created: BTreeMap<(CollectionId, RecordKey), CollectionId> = BTreeMap::new();
    for diff in found {
        if diff.siblings.is_empty() {
            continue;
        }
        let Ok(changes) = &mut diff.outcome else { continue };
        for change in &mut changes.changes {
            if change.action != ChangeAction::Create || change.mode != ApplyMode::Apply {
                continue;
            }
            let row = (diff.id.without_language(), change.address.key.clone());
            match created.get(&row) {
                None => drop(created.insert(row, diff.id.clone())),
                Some(creator) => {
                    change.action = ChangeAction::Update;
                    let key = &change.key;
                    change.field_changes.retain(|edit| {
                        !diff.shape.shared.contains(&edit.field)
                            && !key.iter().any(|(field, _)| *field == edit.field)
                    });
                    change.reason = Some(format!("in the row that {creator} creates"));
                }
            }
        }
    }
}

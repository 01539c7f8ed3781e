//! Shares new rows between languages. Each language of a table is a collection, but all languages have the
//! same rows.

use std::collections::BTreeMap;

use crate::model::{ApplyMode, ChangeAction, CollectionDiff, CollectionId, RecordKey};

/// Turns creates into updates if another language of the table creates the row first.
///
/// The first write creates the row, and the other languages only set their own texts. `found` is sorted by
/// name, which is also the write order.
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

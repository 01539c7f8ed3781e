//! Orders the writes within one zone.
//!
//! A record must be written after the records that it refers to, and deleted before them. So collections with
//! a lower stage, as targets of references, come first. Collections with deletions only come last, in reverse
//! order.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::{ChangeAction, CollectionDiff, FieldValue, PlanStep, TableName};

/// Orders the collections of a zone, and adds the dependencies of each.
pub fn order(mut collections: Vec<CollectionDiff>) -> Vec<PlanStep> {
    collections.sort_by_cached_key(|diff| {
        let (lose_last, stage) = if only_loses(diff) {
            (1, Reverse(diff.shape.stage))
        } else {
            (0, Reverse(u8::MAX - diff.shape.stage))
        };
        (lose_last, stage, diff.id.clone())
    });
    let after: Vec<Vec<usize>> = collections
        .iter()
        .enumerate()
        .map(|(index, diff)| {
            let earlier = collections[..index].iter().enumerate();
            earlier.filter(|(_, earlier)| depends(diff, earlier)).map(|(index, _)| index).collect()
        })
        .collect();
    collections.into_iter().zip(after).map(|(diff, after)| step(diff, after)).collect()
}

fn step(diff: CollectionDiff, after: Vec<usize>) -> PlanStep {
    let channel = diff.outcome.as_ref().map(|found| found.channel).unwrap_or_default();
    PlanStep { diff, depends_on: after, channel, deferral: None }
}

fn only_loses(diff: &CollectionDiff) -> bool {
    let Ok(found) = &diff.outcome else { return false };
    found.to_apply().next().is_some() && found.to_apply().all(|change| change.action == ChangeAction::Delete)
}

/// Returns true if `later` must be written after `earlier`.
fn depends(later: &CollectionDiff, earlier: &CollectionDiff) -> bool {
    // A collection in sync has no dependencies. A dependency on an unreadable collection is never satisfied.
    if !later.has_work() || !(earlier.has_work() || earlier.outcome.is_err()) {
        return false;
    }
    // Languages of a table share rows, so they are written one after the other. Otherwise each write would
    // find a stale table.
    if later.id.shares_rows_with(&earlier.id) {
        return true;
    }
    match later.shape.stage.cmp(&earlier.shape.stage) {
        std::cmp::Ordering::Equal => false,
        std::cmp::Ordering::Greater => refers(later, earlier),
        std::cmp::Ordering::Less => refers(earlier, later),
    }
}

/// Returns true if values of one collection come from the other. The zone's column references decide. Without
/// them, a value equal to the key of a changed record counts.
fn refers(from: &CollectionDiff, to: &CollectionDiff) -> bool {
    if to.asked.iter().any(|asked| from.requires.contains(asked)) {
        return true;
    }
    let Ok(referring) = &from.outcome else { return false };
    match (&referring.references, &to.id.table) {
        (Some(references), TableName::Code(code)) => references.contains(&**code),
        (Some(_), TableName::Title(_) | TableName::Whole) => false,
        (None, _) => {
            // Flags refer to nothing.
            let Ok(referred) = &to.outcome else {
                return referring.to_apply().any(|change| {
                    change.action == ChangeAction::Delete
                        || change.field_changes.iter().any(|edit| !edit.after.texts().is_empty())
                });
            };
            let keys: BTreeSet<&str> = referred
                .to_apply()
                .filter_map(|change| match change.address.key.0.as_slice() {
                    [one] => Some(&**one),
                    _ => None,
                })
                .collect();
            let values = referring.to_apply().flat_map(|change| {
                change.field_changes.iter().map(|edit| &edit.after).chain(change.before.values())
            });
            let mut texts = values.flat_map(FieldValue::texts);
            texts.any(|text| keys.contains(&**text))
        }
    }
}

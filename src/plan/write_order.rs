//! What must be written before what, within one zone.
//!
//! A record must not come before the records that it refers to, nor go after them. So collections
//! that others refer to (a lower stage) are written first; where a collection only loses records,
//! it is the other way round.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::{ChangeAction, CollectionDiff, FieldValue, PlanStep, TableName};

/// Puts the collections of a zone in order, and says for each what it depends on.
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

/// Whether `later` may only be written once `earlier` has been.
fn depends(later: &CollectionDiff, earlier: &CollectionDiff) -> bool {
    // A collection that holds what is desired neither waits nor is waited for; one that could
    // not be read is waited for, in vain.
    if !later.has_work() || !(earlier.has_work() || earlier.outcome.is_err()) {
        return false;
    }
    // The languages of a table share its rows: one after the other, or each would find the
    // table moved under it.
    if later.id.shares_rows_with(&earlier.id) {
        return true;
    }
    match later.shape.stage.cmp(&earlier.shape.stage) {
        std::cmp::Ordering::Equal => false,
        std::cmp::Ordering::Greater => refers(later, earlier),
        std::cmp::Ordering::Less => refers(earlier, later),
    }
}

/// Whether a collection's values come from another one: by what the zone says of its columns,
/// or, where it says nothing, because a value is the key of a record that changes there.
fn refers(from: &CollectionDiff, to: &CollectionDiff) -> bool {
    if to.asked.iter().any(|asked| from.requires.contains(asked)) {
        return true;
    }
    let Ok(referring) = &from.outcome else { return false };
    match (&referring.references, &to.id.table) {
        (Some(references), TableName::Code(code)) => references.contains(&**code),
        (Some(_), TableName::Title(_) | TableName::Whole) => false,
        (None, _) => {
            let Ok(referred) = &to.outcome else { return true };
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

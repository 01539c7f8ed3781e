//! Whether what would be written now is what was approved.

use std::collections::BTreeMap;

use crate::model::{Action, Change, Key};

/// How far the zone may have moved since the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// Not at all, as far as the approved changes go. Fields that nobody owns may have changed.
    Exactly,
    /// Part of the approved changes may be done already, because this run did them itself in
    /// another language of the same table: a record to be created may be there, one to be
    /// deleted may be gone. Nothing may be added to what was approved.
    AtMost,
}

/// Whether `now` may be written where `approved` was approved.
pub fn covers(approved: &[Change], now: &[Change], allowance: Allowance) -> bool {
    match allowance {
        Allowance::Exactly => {
            approved.len() == now.len()
                && approved.iter().zip(now).all(|(approved, now)| approved.effect() == now.effect())
        }
        Allowance::AtMost => {
            let by_key: BTreeMap<&Key, &Change> =
                approved.iter().map(|change| (&change.address.key, change)).collect();
            now.iter().all(|now| by_key.get(&now.address.key).is_some_and(|approved| within(approved, now)))
        }
    }
}

fn within(approved: &Change, now: &Change) -> bool {
    let fewer_edits = now.edits.iter().all(|edit| {
        approved.edits.iter().any(|approved| approved.field == edit.field && approved.after == edit.after)
    });
    match (approved.action, now.action) {
        (Action::Create, Action::Create | Action::Update) | (Action::Update, Action::Update) => fewer_edits,
        (Action::Delete, Action::Delete) => approved.before == now.before,
        (_, _) => false,
    }
}

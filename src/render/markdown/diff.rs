//! Writes changes as lines of a diff block, with the colors of `+`, `-` and `!` lines.
//!
//! Every line begins with `+`, `-`, `!` or a space. Escaped values contain no line breaks.

use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use crate::model::text_safety::escape_invisible;
use crate::model::{ApplyMode, Change, ChangeAction, CollectionId, PlanCounts, PlanStep, ZoneFailure};
use crate::render::text;

/// Writes the name of a record with its change.
pub fn change(body: &mut BoundedText, change: &Change) -> fmt::Result {
    let sign = sign(change);
    let name = escape_invisible(&change.address.without_zone());
    match change.mode {
        ApplyMode::Apply => writeln!(body, "{sign} {name}"),
        ApplyMode::Report | ApplyMode::Manual | ApplyMode::Postponed | ApplyMode::KeptTheirs => {
            let fate = text::fate(change.mode, change.action, change.difference);
            writeln!(body, "{sign} {name} {fate}")
        }
    }
}

fn sign(change: &Change) -> char {
    match (change.mode, change.action) {
        (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => ' ',
        (ApplyMode::Manual, _) | (ApplyMode::Apply, ChangeAction::Update) => '!',
        (ApplyMode::Apply, ChangeAction::Create) => '+',
        (ApplyMode::Apply, ChangeAction::Delete) => '-',
    }
}

/// Writes a collection that cannot be planned.
pub fn write_failed_collection(
    body: &mut BoundedText,
    step: &PlanStep,
    failure: &ZoneFailure,
) -> fmt::Result {
    writeln!(body, "! {} cannot be planned", escape_invisible(&step.diff.id.to_string()))?;
    writeln!(body, "!   {}", escape_invisible(&failure.message))
}

/// Writes only the counts of a collection.
pub fn collection(body: &mut BoundedText, id: &CollectionId, counts: &PlanCounts, sums: &str) -> fmt::Result {
    let sign = match counts {
        PlanCounts { destroy: 1.., .. } => '-',
        PlanCounts { change: 1.., .. } | PlanCounts { manual: 1.., .. } | PlanCounts { blocked: 1.., .. } => {
            '!'
        }
        PlanCounts { add: 1.., .. } => '+',
        PlanCounts { .. } => ' ',
    };
    writeln!(body, "{sign} {}: {sums}", escape_invisible(&id.to_string()))
}

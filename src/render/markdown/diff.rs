//! Writes changes as lines of a diff block, with the colors of `+`, `-` and `!` lines.
//!
//! Every line begins with `+`, `-`, `!` or a space. Escaped values contain no line breaks.

use std::fmt::{self, Write as _};

use super::CommentDetail;
use super::bounded_text::BoundedText;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    ApplyMode, Change, ChangeAction, Channel, CollectionId, FieldValue, PlanCounts, PlanStep, ZoneFailure,
};
use crate::render::text;
use crate::render::text_difference::{DiffLine, are_several, diff_values, distinct_texts};

/// Writes a change, with the detail of the level.
pub fn change(
    body: &mut BoundedText,
    change: &Change,
    channel: Channel,
    level: CommentDetail,
) -> fmt::Result {
    let sign = sign(change);
    let name = escape_invisible(&change.address.without_zone());
    let fate = text::fate(change.mode, change.action, change.difference);
    match level {
        CommentDetail::Full => {
            writeln!(body, "{sign} {name} {fate}")?;
            for remark in text::remarks(change, channel) {
                writeln!(body, "    ({})", escape_invisible(&remark))?;
            }
            values(body, change)
        }
        CommentDetail::Fields => {
            let names: Vec<String> = match change.action {
                ChangeAction::Delete => Vec::new(),
                ChangeAction::Create | ChangeAction::Update => {
                    change.field_changes.iter().map(|edit| escape_invisible(&edit.name)).collect()
                }
            };
            match names.is_empty() {
                true => writeln!(body, "{sign} {name} {fate}"),
                false => writeln!(body, "{sign} {name} {fate}: {}", names.join(", ")),
            }
        }
        CommentDetail::Records
        | CommentDetail::Collections
        | CommentDetail::Groups
        | CommentDetail::Totals => match change.mode {
            ApplyMode::Apply => writeln!(body, "{sign} {name}"),
            ApplyMode::Report | ApplyMode::Manual | ApplyMode::Postponed | ApplyMode::KeptTheirs => {
                writeln!(body, "{sign} {name} {fate}")
            }
        },
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

fn values(body: &mut BoundedText, change: &Change) -> fmt::Result {
    let report = match change.mode {
        ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs => true,
        ApplyMode::Apply | ApplyMode::Manual => false,
    };
    let (comes, goes) = if report { (' ', ' ') } else { ('+', '-') };
    if change.action == ChangeAction::Delete {
        let before = || change.before.iter().filter(|(_, value)| **value != FieldValue::Null);
        let width = before().map(|(name, _)| escape_invisible(name).chars().count()).max().unwrap_or(0);
        return before().try_for_each(|(name, value)| {
            writeln!(
                body,
                "{goes}   {:width$} = {}",
                escape_invisible(name),
                escape_invisible(&value.to_string())
            )
        });
    }
    let width = change
        .field_changes
        .iter()
        .map(|edit| escape_invisible(&edit.name).chars().count())
        .max()
        .unwrap_or(0);
    for edit in &change.field_changes {
        let name = escape_invisible(&edit.name);
        // Several matching records have no common previous value.
        let before = edit.before.as_ref().filter(|_| change.matches.is_none());
        if are_several(before, Some(&edit.after)) {
            writeln!(body, "    {name}:")?;
            for line in diff_values(before, Some(&edit.after)) {
                match line {
                    DiffLine::Unchanged(text) => writeln!(body, "      {}", escape_invisible(&text))?,
                    DiffLine::Removed(text) => writeln!(body, "{goes}     {}", escape_invisible(&text))?,
                    DiffLine::Added(text) => writeln!(body, "{comes}     {}", escape_invisible(&text))?,
                    DiffLine::Omitted(number) => {
                        writeln!(body, "      ({} hidden)", text::count(number, "unchanged line"))?;
                    }
                }
            }
            continue;
        }
        match (change.action, before) {
            (ChangeAction::Update, Some(before)) => {
                let (before, after) = distinct_texts(before, &edit.after);
                match report {
                    true => writeln!(body, "    {name:width$} = {before} -> {after}")?,
                    false => writeln!(body, "-   {name:width$} = {before}\n+   {name:width$} = {after}")?,
                }
            }
            (ChangeAction::Create | ChangeAction::Update | ChangeAction::Delete, _) => {
                writeln!(body, "{comes}   {name:width$} = {}", escape_invisible(&edit.after.to_string()))?;
            }
        }
    }
    Ok(())
}

/// Writes a collection that cannot be planned.
pub fn write_failed_collection(
    body: &mut BoundedText,
    step: &PlanStep,
    failure: &ZoneFailure,
    level: CommentDetail,
) -> fmt::Result {
    writeln!(body, "! {} cannot be planned", escape_invisible(&step.diff.id.to_string()))?;
    if level == CommentDetail::Full {
        let by = &step.diff.provenance;
        writeln!(body, "    ({}, {})", escape_invisible(&by.manifest), escape_invisible(&by.to_string()))?;
    }
    if level <= CommentDetail::Fields {
        writeln!(body, "!   {}", escape_invisible(&failure.message))?;
        if let Some(help) = &failure.help {
            writeln!(body, "    help: {}", escape_invisible(help))?;
        }
    }
    Ok(())
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

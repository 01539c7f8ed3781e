//! Changes as the lines of a diff: what comes green, what goes red, what changes or cannot be done marked.
//!
//! Every line begins with `+`, `-`, `!` or a space, and what it holds has no line break of its own.

use std::fmt::{self, Write as _};

use super::Level;
use super::sheet::Sheet;
use crate::model::{Action, Change, Channel, CollectionId, Counts, Failure, Mode, Step, Value};
use crate::render::legible::visible;
use crate::render::text::{self, Line};

/// One change, as much of it as the level tells.
pub fn change(body: &mut Sheet, change: &Change, channel: Channel, level: Level) -> fmt::Result {
    let sign = sign(change);
    let address = &change.address;
    let name = visible(&match address.key.0.is_empty() {
        true => address.collection.to_string(),
        false => format!("{}/{}", address.collection, address.key),
    });
    let fate = text::fate(change.mode, change.action, change.drift);
    match level {
        Level::Full => {
            writeln!(body, "{sign} {name} {fate}")?;
            for remark in text::remarks(change, channel) {
                writeln!(body, "    ({})", visible(&remark))?;
            }
            values(body, change)
        }
        Level::Fields => {
            let names: Vec<String> = match change.action {
                Action::Delete => Vec::new(),
                Action::Create | Action::Update => {
                    change.edits.iter().map(|edit| visible(&edit.name)).collect()
                }
            };
            match names.is_empty() {
                true => writeln!(body, "{sign} {name} {fate}"),
                false => writeln!(body, "{sign} {name} {fate}: {}", names.join(", ")),
            }
        }
        Level::Records | Level::Collections | Level::Groups | Level::Totals => match change.mode {
            Mode::Apply => writeln!(body, "{sign} {name}"),
            Mode::Report | Mode::ByHand | Mode::Later | Mode::Left => writeln!(body, "{sign} {name} {fate}"),
        },
    }
}

fn sign(change: &Change) -> char {
    match (change.mode, change.action) {
        (Mode::Report | Mode::Later | Mode::Left, _) => ' ',
        (Mode::ByHand, _) | (Mode::Apply, Action::Update) => '!',
        (Mode::Apply, Action::Create) => '+',
        (Mode::Apply, Action::Delete) => '-',
    }
}

fn values(body: &mut Sheet, change: &Change) -> fmt::Result {
    let report = match change.mode {
        Mode::Report | Mode::Later | Mode::Left => true,
        Mode::Apply | Mode::ByHand => false,
    };
    let (comes, goes) = if report { (' ', ' ') } else { ('+', '-') };
    if change.action == Action::Delete {
        let before = || change.before.iter().filter(|(_, value)| **value != Value::Null);
        let width = before().map(|(name, _)| visible(name).chars().count()).max().unwrap_or(0);
        return before()
            .try_for_each(|(name, value)| writeln!(body, "{goes}   {:width$} = {value}", visible(name)));
    }
    let width = change.edits.iter().map(|edit| visible(&edit.name).chars().count()).max().unwrap_or(0);
    for edit in &change.edits {
        let name = visible(&edit.name);
        // What each of several records holds, nobody knows.
        let before = edit.before.as_ref().filter(|_| change.each.is_none());
        if text::are_several(before, Some(&edit.after)) {
            writeln!(body, "    {name}:")?;
            for line in text::excerpt(before, Some(&edit.after)) {
                match line {
                    Line::Stays(text) => writeln!(body, "      {}", visible(&text))?,
                    Line::Goes(text) => writeln!(body, "{goes}     {}", visible(&text))?,
                    Line::Comes(text) => writeln!(body, "{comes}     {}", visible(&text))?,
                    Line::Hidden(number) => {
                        writeln!(body, "      ({} hidden)", text::count(number, "unchanged line"))?;
                    }
                }
            }
            continue;
        }
        match (change.action, before) {
            (Action::Update, Some(before)) if report => {
                writeln!(body, "    {name:width$} = {before} -> {}", edit.after)?;
            }
            (Action::Update, Some(before)) => {
                writeln!(body, "-   {name:width$} = {before}\n+   {name:width$} = {}", edit.after)?;
            }
            (Action::Create | Action::Update | Action::Delete, _) => {
                writeln!(body, "{comes}   {name:width$} = {}", edit.after)?;
            }
        }
    }
    Ok(())
}

/// A collection that cannot be planned.
pub fn blocked(body: &mut Sheet, step: &Step, failure: &Failure, level: Level) -> fmt::Result {
    writeln!(body, "! {} cannot be planned", visible(&step.diff.id.to_string()))?;
    if level == Level::Full {
        let by = &step.diff.provenance;
        writeln!(body, "    ({}, {})", visible(&by.manifest), visible(&by.to_string()))?;
    }
    if level <= Level::Fields {
        writeln!(body, "!   {}", visible(&failure.message))?;
        if let Some(help) = &failure.help {
            writeln!(body, "    help: {}", visible(help))?;
        }
    }
    Ok(())
}

/// A collection of which nothing but numbers is told.
pub fn collection(body: &mut Sheet, id: &CollectionId, counts: &Counts, sums: &str) -> fmt::Result {
    let sign = match counts {
        Counts { destroy: 1.., .. } => '-',
        Counts { change: 1.., .. } | Counts { by_hand: 1.., .. } | Counts { blocked: 1.., .. } => '!',
        Counts { add: 1.., .. } => '+',
        Counts { .. } => ' ',
    };
    writeln!(body, "{sign} {}: {sums}", visible(&id.to_string()))
}

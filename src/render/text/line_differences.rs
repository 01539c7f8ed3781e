//! Differences of two texts of many lines, with some unchanged lines around them.

use std::fmt::Write as _;

use anstyle::Style;

use super::formatting::{ADD, DIM, REMOVE, count, styled};
use crate::render::text_difference::{DiffLine, diff_texts};
use crate::render::word_difference::{LinePart, line_parts};

/// Returns the different lines of two texts, each after its sign.
pub fn line_differences(old: &str, new: &str) -> String {
    let lines = diff_texts(old, new);
    let mut out = String::new();
    for (line, parts) in lines.iter().zip(line_parts(&lines)) {
        // Writing to a String cannot fail.
        let _ = match line {
            DiffLine::Omitted(number) => {
                writeln!(out, "  {}", styled(DIM, format_args!("({})", count(*number, "unchanged line"))))
            }
            DiffLine::Unchanged(_) | DiffLine::Removed(_) | DiffLine::Added(_) => {
                writeln!(out, "{}", signed_line(line, &parts))
            }
        };
    }
    out
}

/// Returns a line of a difference after its sign, with its changed words underlined. Empty for omitted lines,
/// which each text words in its own way.
pub(super) fn signed_line(line: &DiffLine, parts: &[LinePart<'_>]) -> String {
    match line {
        DiffLine::Unchanged(text) => format!("  {text}"),
        DiffLine::Removed(_) => format!("{} {}", styled(REMOVE, '-'), marked_line(parts, REMOVE)),
        DiffLine::Added(_) => format!("{} {}", styled(ADD, '+'), marked_line(parts, ADD)),
        DiffLine::Omitted(_) => String::new(),
    }
}

/// Returns a line with its changed words underlined in this style.
pub(super) fn marked_line(parts: &[LinePart<'_>], style: Style) -> String {
    let part = |part: &LinePart<'_>| match part.is_changed {
        true => format!("{style}{}{style:#}", part.text, style = style.underline()),
        false => part.text.to_owned(),
    };
    parts.iter().map(part).collect()
}

//! Differences of two texts of many lines, with some unchanged lines around them.

use std::fmt::Write as _;

use super::formatting::{ADD, DIM, REMOVE, count, styled};
use super::value_change::marked_line;
use crate::render::text_difference::{DiffLine, diff_texts};
use crate::render::word_difference::line_parts;

/// Returns the different lines of two texts, each after its sign.
pub fn line_differences(old: &str, new: &str) -> String {
    let lines = diff_texts(old, new);
    let mut out = String::new();
    for (line, parts) in lines.iter().zip(line_parts(&lines)) {
        // Writing to a String cannot fail.
        let _ = match line {
            DiffLine::Unchanged(text) => writeln!(out, "  {text}"),
            DiffLine::Removed(_) => writeln!(out, "{} {}", styled(REMOVE, '-'), marked_line(&parts, REMOVE)),
            DiffLine::Added(_) => writeln!(out, "{} {}", styled(ADD, '+'), marked_line(&parts, ADD)),
            DiffLine::Omitted(number) => {
                writeln!(out, "  {}", styled(DIM, format_args!("({})", count(*number, "unchanged line"))))
            }
        };
    }
    out
}

//! Line-by-line diff of multiline values, such as stylesheets.

use std::fmt::Write as _;

use super::formatting::{ADD, DIM, REMOVE, count, styled};
use crate::model::FieldValue;

/// Number of unchanged lines shown around a difference.
const AROUND: usize = 3;
/// Maximum size of the comparison table, in cells. Larger texts are not compared line by line.
const LARGEST: usize = 4_000_000;

/// Line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine {
    /// Unchanged line.
    Unchanged(String),
    /// Removed line.
    Removed(String),
    /// Added line.
    Added(String),
    /// Number of omitted unchanged lines.
    Omitted(usize),
}

/// Change of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineChange<'a> {
    Unchanged(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// Returns true if one of the values has several lines.
pub fn are_several(before: Option<&FieldValue>, after: Option<&FieldValue>) -> bool {
    let several = |value: Option<&FieldValue>| {
        value.and_then(FieldValue::as_text).is_some_and(|text| text.contains('\n'))
    };
    several(before) || several(after)
}

/// Writes a diff as the value after `name = `, without a final line break.
pub fn write(out: &mut String, before: Option<&FieldValue>, after: Option<&FieldValue>) {
    out.push_str("<<-EOT\n");
    // Writing to a String cannot fail.
    for line in excerpt(before, after) {
        let _ = match line {
            DiffLine::Unchanged(text) => writeln!(out, "            {text}"),
            DiffLine::Removed(text) => writeln!(out, "          {} {text}", styled(REMOVE, '-')),
            DiffLine::Added(text) => writeln!(out, "          {} {text}", styled(ADD, '+')),
            DiffLine::Omitted(number) => {
                let words = format!("({} hidden)", count(number, "unchanged line"));
                writeln!(out, "            {}", styled(DIM, format_args!("# {words}")))
            }
        };
    }
    out.push_str("        EOT");
}

/// Returns the different lines, with some unchanged lines around them.
pub fn excerpt(before: Option<&FieldValue>, after: Option<&FieldValue>) -> Vec<DiffLine> {
    let lines = |value: Option<&FieldValue>| -> Vec<String> {
        match value {
            None | Some(FieldValue::Null) => Vec::new(),
            Some(FieldValue::Text(text)) => text.lines().map(plain).collect(),
            Some(other @ (FieldValue::Bool(_) | FieldValue::List(_))) => vec![other.to_string()],
        }
    };
    let (before, after) = (lines(before), lines(after));
    let lines = diff_lines(&before, &after);
    let near = |index: usize| {
        let from = index.saturating_sub(AROUND);
        lines
            .iter()
            .skip(from)
            .take(index - from + AROUND + 1)
            .any(|line| !matches!(line, LineChange::Unchanged(_)))
    };
    let mut shown = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let line = match (line, shown.last_mut()) {
            (_, Some(DiffLine::Omitted(number))) if !near(index) => {
                *number += 1;
                continue;
            }
            (_, _) if !near(index) => DiffLine::Omitted(1),
            (LineChange::Unchanged(text), _) => DiffLine::Unchanged((*text).to_owned()),
            (LineChange::Removed(text), _) => DiffLine::Removed((*text).to_owned()),
            (LineChange::Added(text), _) => DiffLine::Added((*text).to_owned()),
        };
        shown.push(line);
    }
    shown
}

/// Returns a line with escaped terminal control characters.
fn plain(line: &str) -> String {
    let escaped = |c: char| match c.is_control() && c != '\t' {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    line.chars().map(escaped).collect()
}

/// Returns the lines of both texts, with the longest common subsequence as unchanged lines.
fn diff_lines<'a>(before: &'a [String], after: &'a [String]) -> Vec<LineChange<'a>> {
    let head = before.iter().zip(after).take_while(|(one, other)| one == other).count();
    let (old, new) = (&before[head..], &after[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let mut lines: Vec<LineChange<'a>> =
        before[..head].iter().map(|line| LineChange::Unchanged(line)).collect();
    match old.len().saturating_mul(new.len()) > LARGEST {
        true => {
            lines.extend(old.iter().map(|line| LineChange::Removed(line)));
            lines.extend(new.iter().map(|line| LineChange::Added(line)));
        }
        false => middle(old, new, &mut lines),
    }
    lines.extend(before[before.len() - tail..].iter().map(|line| LineChange::Unchanged(line)));
    lines
}

fn middle<'a>(old: &'a [String], new: &'a [String], lines: &mut Vec<LineChange<'a>>) {
    let width = new.len() + 1;
    // `shared[i * width + j]`: length of the longest common subsequence of `old[i..]` and `new[j..]`.
    let mut shared = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            shared[i * width + j] = match old[i] == new[j] {
                true => shared[(i + 1) * width + j + 1] + 1,
                false => shared[(i + 1) * width + j].max(shared[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(LineChange::Unchanged(&old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && shared[(i + 1) * width + j] >= shared[i * width + j + 1]
        {
            lines.push(LineChange::Removed(&old[i]));
            i += 1;
        } else {
            lines.push(LineChange::Added(&new[j]));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let mut out = String::new();
        write(&mut out, Some(&before.into()), Some(&after.into()));
        // Removes the colors.
        anstream::adapter::strip_str(&out).to_string()
    }

    #[test]
    fn common_lines_are_shown_once() {
        assert_eq!(
            shown("a\nb\nc\nd", "a\nc\nx\nd"),
            "<<-EOT\n            a\n          - b\n            c\n          + x\n            d\n        EOT"
        );
    }

    #[test]
    fn lines_far_from_differences_are_hidden() {
        let text = |middle: &str| format!("1\n2\n3\n4\n5\n{middle}\n6\n7\n8\n9");
        assert_eq!(
            shown(&text("old"), &text("new")),
            "<<-EOT\n            # (2 unchanged lines hidden)\n            3\n            4\n            5\n          - old\n          \
             + new\n            6\n            7\n            8\n            # (1 unchanged line hidden)\n        EOT"
        );
    }

    #[test]
    fn added_or_removed_text_is_shown_completely() {
        assert_eq!(shown("", "a\nb"), "<<-EOT\n          + a\n          + b\n        EOT");
        assert_eq!(shown("a\nb", ""), "<<-EOT\n          - a\n          - b\n        EOT");
    }

    #[test]
    fn texts_over_comparison_limit_are_shown_consecutively() {
        let many = |word: &str| (0..2_100).map(|n| format!("{word}{n}\n")).collect::<String>();
        assert_eq!(shown(&many("a"), &many("b")).matches("\n          - a").count(), 2_100);
    }
}

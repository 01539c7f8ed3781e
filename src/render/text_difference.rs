//! Differences of two texts, always visible.
//!
//! A changed line ending, a missing final line break or another invisible character is a difference, too.
//! If two texts look alike, zonal shows the characters that differ as escapes.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_normalization::UnicodeNormalization as _;

use crate::model::FieldValue;
use crate::model::text_safety::escape_invisible;

/// Number of unchanged lines shown around a difference.
const CONTEXT: usize = 3;

/// Line of a difference. Lines contain no invisible characters except tabs.
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

/// Returns true if one of the values has several lines.
pub fn are_several(before: Option<&FieldValue>, after: Option<&FieldValue>) -> bool {
    let several = |value: Option<&FieldValue>| {
        value.and_then(FieldValue::as_text).is_some_and(|text| text.contains('\n'))
    };
    several(before) || several(after)
}

/// Returns the different lines of two values, with some unchanged lines around them.
pub fn diff_values(before: Option<&FieldValue>, after: Option<&FieldValue>) -> Vec<DiffLine> {
    let text = |value: Option<&FieldValue>| match value {
        None | Some(FieldValue::Null) => String::new(),
        Some(FieldValue::Text(text)) => text.to_string(),
        Some(other @ (FieldValue::Bool(_) | FieldValue::List(_))) => other.to_string(),
    };
    diff_texts(&text(before), &text(after))
}

/// Returns the different lines of two texts, with some unchanged lines around them.
pub fn diff_texts(old: &str, new: &str) -> Vec<DiffLine> {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let mut lines = Vec::new();
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    for (index, operation) in operations.iter().enumerate() {
        let (old, new) = (&old[operation.old_range()], &new[operation.new_range()]);
        match operation {
            DiffOp::Equal { .. } => {
                let after = if index + 1 < operations.len() { CONTEXT } else { 0 };
                push_unchanged(&mut lines, old, if index > 0 { CONTEXT } else { 0 }, after);
            }
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                let (removed, added) = changed_lines(old, new);
                lines.extend(removed.into_iter().map(DiffLine::Removed));
                lines.extend(added.into_iter().map(DiffLine::Added));
            }
        }
    }
    lines
}

/// Appends `unchanged`, with the first lines up to `first` and the last ones up to `last`.
fn push_unchanged(lines: &mut Vec<DiffLine>, unchanged: &[&str], first: usize, last: usize) {
    let (head, rest) = unchanged.split_at(first.min(unchanged.len()));
    let (omitted, tail) = rest.split_at(rest.len().saturating_sub(last));
    let shown = |line: &&str| DiffLine::Unchanged(plain_line(line));
    lines.extend(head.iter().map(shown));
    lines.extend((!omitted.is_empty()).then_some(DiffLine::Omitted(omitted.len())));
    lines.extend(tail.iter().map(shown));
}

/// Returns both sides of a changed block. Pairs of lines that look alike show their differences.
fn changed_lines(old: &[&str], new: &[&str]) -> (Vec<String>, Vec<String>) {
    let mut removed: Vec<String> = old.iter().map(|line| plain_line(line)).collect();
    let mut added: Vec<String> = new.iter().map(|line| plain_line(line)).collect();
    let letters = |line: &&str| appearance(&plain_line(line), true);
    let [old_letters, new_letters] =
        [old, new].map(|lines| lines.iter().map(letters).collect::<Vec<String>>());
    let pairs = capture_diff_slices(Algorithm::Myers, &old_letters, &new_letters);
    for pair in pairs.iter().filter(|pair| matches!(pair, DiffOp::Equal { .. })) {
        for (old_index, new_index) in pair.old_range().zip(pair.new_range()) {
            if look_alike(&removed[old_index], &added[new_index]) {
                let (old_text, new_text) = escape_differences(old[old_index], new[new_index]);
                (removed[old_index], added[new_index]) = (plain_line(&old_text), plain_line(&new_text));
            }
        }
    }
    (removed, added)
}

/// Returns a line without its line break, with escaped invisible characters except tabs.
fn plain_line(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    line.split('\t').map(escape_invisible).collect::<Vec<_>>().join("\t")
}

/// Returns the part of a line that a reader can distinguish, optionally without blanks.
fn appearance(line: &str, without_blanks: bool) -> String {
    let is_shown = |c: &char| !(without_blanks && matches!(c, ' ' | '\t'));
    line.trim_end_matches([' ', '\t']).nfc().filter(is_shown).collect()
}

/// Returns true if a reader cannot distinguish two lines. A tab looks like spaces.
fn look_alike(old: &str, new: &str) -> bool {
    let has_tabs = old.contains('\t') || new.contains('\t');
    appearance(old, has_tabs) == appearance(new, has_tabs)
}

/// Returns both texts, with escapes in place of different characters except ASCII letters and signs.
fn escape_differences(old: &str, new: &str) -> (String, String) {
    let [old, new] = [old, new].map(|text| text.chars().collect::<Vec<char>>());
    let (mut old_text, mut new_text) = (String::new(), String::new());
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let is_equal = matches!(operation, DiffOp::Equal { .. });
        let append = |text: &mut String, part: &[char]| match is_equal {
            true => text.push_str(&plain_line(&part.iter().collect::<String>())),
            false => part.iter().for_each(|c| match c {
                '!'..='[' | ']'..='~' => text.push(*c),
                ' ' => text.extend(c.escape_unicode()),
                _ => text.extend(c.escape_default()),
            }),
        };
        append(&mut old_text, &old[operation.old_range()]);
        append(&mut new_text, &new[operation.new_range()]);
    }
    (old_text, new_text)
}

/// Returns the texts of two values in one line each. Different values have different texts.
pub fn distinct_texts(before: &FieldValue, after: &FieldValue) -> (String, String) {
    let texts = (before.to_string(), after.to_string());
    let (old, new) = (escape_invisible(&texts.0), escape_invisible(&texts.1));
    match before != after && look_alike(&old, &new) {
        true => {
            let (old, new) = escape_differences(&texts.0, &texts.1);
            (escape_invisible(&old), escape_invisible(&new))
        }
        false => (old, new),
    }
}

/// Returns a value, or its length if the value is too long for a sentence.
pub fn brief(value: &FieldValue) -> String {
    shorten(escape_invisible(&value.to_string()))
}

/// Returns two values as [`brief`] does. Different values have different texts.
pub fn distinct_brief_texts(before: &FieldValue, after: &FieldValue) -> (String, String) {
    let (old, new) = distinct_texts(before, after);
    let (old, new) = (shorten(old), shorten(new));
    match before != after && old == new {
        true => (old, new.replace(" characters", " other characters")),
        false => (old, new),
    }
}

fn shorten(text: String) -> String {
    match text.chars().count() {
        0..=80 => text,
        length => format!("({length} characters)"),
    }
}

#[cfg(test)]
mod tests {
    use super::{DiffLine, brief, diff_texts, distinct_brief_texts, distinct_texts};

    /// Returns a difference as text: one sign and one line each, omitted lines in parentheses.
    fn shown(old: &str, new: &str) -> String {
        let lines = diff_texts(old, new).into_iter().map(|line| match line {
            DiffLine::Unchanged(text) => format!("  {text}"),
            DiffLine::Removed(text) => format!("- {text}"),
            DiffLine::Added(text) => format!("+ {text}"),
            DiffLine::Omitted(number) => format!("({number})"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn common_lines_are_shown_once() {
        assert_eq!(shown("a\nb\nc\nd", "a\nc\nx\nd"), "  a\n- b\n  c\n+ x\n  d");
    }

    #[test]
    fn lines_far_from_differences_are_hidden() {
        let text = |middle: &str| format!("1\n2\n3\n4\n5\n{middle}\n6\n7\n8\n9");
        assert_eq!(shown(&text("old"), &text("new")), "(2)\n  3\n  4\n  5\n- old\n+ new\n  6\n  7\n  8\n(1)");
        assert_eq!(shown("a\n1\n2\n3\n4\n5\n6\n7\nb", "A\n1\n2\n3\n4\n5\n6\n7\nB").matches('(').count(), 1);
        assert_eq!(shown("a\n1\n2\n3\n4\n5\n6\nb", "A\n1\n2\n3\n4\n5\n6\nB").matches('(').count(), 0);
    }

    #[test]
    fn added_or_removed_text_is_shown_completely() {
        assert_eq!(shown("", "a\nb"), "+ a\n+ b");
        assert_eq!(shown("a\nb", ""), "- a\n- b");
        assert_eq!(shown("", "\n"), "+ ");
    }

    #[test]
    fn large_texts_are_compared() {
        let many = |word: &str| (0..20_000).map(|number| format!("{word}{number}\n")).collect::<String>();
        assert_eq!(shown(&many("a"), &many("b")).matches("- a").count(), 20_000);
    }

    #[test]
    fn changed_line_endings_are_shown() {
        assert_eq!(shown("a\r\nb\r\n", "a\nb\n"), "- a\\r\n- b\\r\n+ a\n+ b");
        assert_eq!(shown("a\nb\n\nc", "a\r\nb\r\n\r\nc"), "- a\n- b\n- \n+ a\\r\n+ b\\r\n+ \\r\n  c");
        // Equal line endings are no difference.
        assert_eq!(shown("a\r\nb\r\n", "a\r\nc\r\n"), "  a\n- b\n+ c");
    }

    #[test]
    fn missing_final_line_break_is_shown() {
        assert_eq!(shown("a\nb", "a\nb\n"), "  a\n- b\n+ b\\n");
        assert_eq!(shown("a\nb\r\n", "a\nb"), "  a\n- b\\r\\n\n+ b");
    }

    #[test]
    fn changed_blanks_are_shown_if_nothing_else_differs() {
        assert_eq!(shown("a \n", "a\n"), "- a\\u{20}\n+ a");
        assert_eq!(shown("\ta\n", "    a\n"), "- \\ta\n+ \\u{20}\\u{20}\\u{20}\\u{20}a");
        assert_eq!(shown("  a\n", "    a\n"), "-   a\n+     a");
        assert_eq!(shown("\ta\n", "\tb\n"), "- \ta\n+ \tb");
    }

    #[test]
    fn invisible_and_equal_looking_characters_are_shown() {
        assert_eq!(shown("a\u{200b}b\n", "ab\n"), "- a\\u{200b}b\n+ ab");
        assert_eq!(shown("a\u{a0}b\n", "a b\n"), "- a\\u{a0}b\n+ a b");
        assert_eq!(shown("caf\u{e9}\n", "cafe\u{301}\n"), "- caf\\u{e9}\n+ cafe\\u{301}");
        assert_eq!(shown("a\rb\n", "a\\rb\n"), "- a\\rb\n+ a\\\\rb");
        assert_eq!(shown("x\n\u{202e}y\n", "z\n\u{202e}y\n"), "- x\n+ z\n  \\u{202e}y");
    }

    #[test]
    fn alike_lines_are_paired_in_blocks_of_different_length() {
        assert_eq!(shown("a\r\nb\r\n", "x\na\nb\n"), "- a\\r\n- b\\r\n+ x\n+ a\n+ b");
    }

    #[test]
    fn different_values_have_different_texts() {
        let pair = |before: &str, after: &str| {
            let (before, after) = distinct_texts(&before.into(), &after.into());
            format!("{before} -> {after}")
        };
        assert_eq!(pair("a\r", "a"), r#""a\r" -> "a""#);
        assert_eq!(pair("a", "a "), r#""a" -> "a ""#);
        assert_eq!(pair("é", "e\u{301}"), r#""é" -> "e\u{301}""#);
        assert_eq!(pair("5 \u{212b}", "5 \u{c5}"), r#""5 \u{212b}" -> "5 \u{c5}""#);
        assert_eq!(pair("♥\u{fe0f}", "♥"), r#""♥\u{fe0f}" -> "♥""#);
        assert_eq!(pair("", "é"), r#"null -> "é""#);
    }

    #[test]
    fn brief_replaces_long_value_by_length() {
        assert_eq!(brief(&"short".into()), "\"short\"");
        let long = |end: &str| format!("{}{end}", "x".repeat(100)).as_str().into();
        assert_eq!(brief(&long("")), "(102 characters)");
        assert_eq!(
            distinct_brief_texts(&long("a"), &long("b")),
            ("(103 characters)".to_owned(), "(103 other characters)".to_owned())
        );
    }
}

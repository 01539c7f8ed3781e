//! Text of a changed value.

use std::fmt::Write as _;

use super::formatting::{DIM, count, safe, styled};
use super::line_differences::signed_line;
use crate::model::FieldValue;
use crate::render::text_difference::{DiffLine, are_several, diff_values, distinct_texts};
use crate::render::word_difference::line_parts;

/// Returns the text after `name = `: both values of an update, or the only value.
///
/// Values of several lines become a line-by-line difference, without a final line break.
pub fn value_change(before: Option<&FieldValue>, after: Option<&FieldValue>) -> String {
    match (before, after) {
        (before, after) if are_several(before, after) => difference_block(before, after),
        (Some(before), Some(after)) => {
            let (before, after) = distinct_texts(before, after);
            format!("{before} -> {after}")
        }
        (Some(value), None) | (None, Some(value)) => safe(value),
        (None, None) => String::new(),
    }
}

fn difference_block(before: Option<&FieldValue>, after: Option<&FieldValue>) -> String {
    let mut out = "<<-EOT\n".to_owned();
    // Writing to a String cannot fail.
    let lines = diff_values(before, after);
    for (line, parts) in lines.iter().zip(line_parts(&lines)) {
        let _ = match line {
            DiffLine::Omitted(number) => {
                let words = format!("({} hidden)", count(*number, "unchanged line"));
                writeln!(out, "            {}", styled(DIM, format_args!("# {words}")))
            }
            DiffLine::Unchanged(_) | DiffLine::Removed(_) | DiffLine::Added(_) => {
                writeln!(out, "          {}", signed_line(line, &parts))
            }
        };
    }
    out + "        EOT"
}

#[cfg(test)]
mod tests {
    use super::value_change;

    fn shown(before: &str, after: &str) -> String {
        let text = value_change(Some(&before.into()), Some(&after.into()));
        // Removes the colors.
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn change_of_several_lines_is_a_block() {
        assert_eq!(
            shown("1\n2\n3\n4\nold", "1\n2\n3\n4\nnew"),
            "<<-EOT\n            # (1 unchanged line hidden)\n            2\n            3\n            4\n          \
             - old\n          + new\n        EOT"
        );
        assert_eq!(shown("a", "b"), r#""a" -> "b""#);
    }

    #[test]
    fn changed_line_ending_is_shown() {
        assert_eq!(shown("a\r\n", "a\n"), "<<-EOT\n          - a\\r\n          + a\n        EOT");
    }
}

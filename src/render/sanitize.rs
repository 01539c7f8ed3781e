//! Texts that somebody else has written, made safe to show where they would be taken for something else.

/// A text in one line, without what a reader cannot see or what would be taken for an order: control
/// characters, line breaks, marks that turn the direction of writing.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => out.push(c),
            c => out.extend(c.escape_debug()),
        }
    }
    out
}

/// A value that is short enough to stand in a sentence; of a long one, how long it is.
pub fn brief(value: &crate::model::FieldValue) -> String {
    let text = value.to_string();
    match text.chars().count() {
        0..=80 => text,
        length => format!("({length} characters)"),
    }
}

#[cfg(test)]
mod tests {
    use super::{brief, visible};

    #[test]
    fn nothing_invisible_is_left_and_everything_else_stays() {
        assert_eq!(visible("a\nb\r\u{0}\u{1b}[1m\u{202e}\u{fffe}"), r"a\nb\r\0\u{1b}[1m\u{202e}\u{fffe}");
        assert_eq!(visible(r#"Bloc d'été "x" \ 図書館"#), r#"Bloc d'été "x" \ 図書館"#);
    }

    #[test]
    fn a_long_value_is_told_by_its_length_and_not_cut() {
        assert_eq!(brief(&"short".into()), "\"short\"");
        assert_eq!(brief(&"x".repeat(100).as_str().into()), "(102 characters)");
    }
}

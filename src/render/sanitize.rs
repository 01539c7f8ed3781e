//! Sanitizes untrusted text for output.

/// Returns a text in one line, with escaped control characters, line breaks and bidirectional marks.
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

/// Returns a value, or its length if the value is too long for a sentence.
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
    fn visible_escapes_only_invisible_characters() {
        assert_eq!(visible("a\nb\r\u{0}\u{1b}[1m\u{202e}\u{fffe}"), r"a\nb\r\0\u{1b}[1m\u{202e}\u{fffe}");
        assert_eq!(visible(r#"Bloc d'été "x" \ 図書館"#), r#"Bloc d'été "x" \ 図書館"#);
    }

    #[test]
    fn brief_replaces_long_value_by_length() {
        assert_eq!(brief(&"short".into()), "\"short\"");
        assert_eq!(brief(&"x".repeat(100).as_str().into()), "(102 characters)");
    }
}

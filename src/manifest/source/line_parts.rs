//! Splits a line of YAML into indentation, key and value, without the parser.

use std::ops::Range;

use crate::model::secret_text::may_hold_secret;

/// Text in place of one that is not quoted.
pub const HIDDEN_TEXT: &str = "\"...\"";

/// Parts of one line.
#[derive(Debug, Clone, Copy)]
pub struct LineParts<'a> {
    /// Number of spaces before the content, or before its first `- `.
    pub spaces: usize,
    /// Column of the content after each `- `, counted from 1.
    pub column: usize,
    /// Content after the indentation and each `- `; empty for a comment.
    pub content: &'a str,
    /// Key before the first `: `, or before a `:` at the end.
    pub key: Option<&'a str>,
    /// Text of the file, with the offsets of the line.
    source: (&'a str, usize, usize),
}

impl<'a> LineParts<'a> {
    /// Splits a line, given as a range of the text of its file.
    pub fn new(text: &'a str, range: Range<usize>) -> Self {
        let source = (text, range.start, range.end);
        let line = text.get(range).unwrap_or_default();
        let mut content = line.trim_start_matches(' ');
        let spaces = line.len() - content.len();
        while let Some(rest) = content.strip_prefix("- ") {
            content = rest.trim_start_matches(' ');
        }
        let column = line.chars().count() - content.chars().count() + 1;
        let content = content.trim_end();
        let content = if content.starts_with('#') { "" } else { content };
        let key = match (content.find(": "), content.strip_suffix(':')) {
            (Some(end), _) => Some(&content[..end]),
            (None, key) => key,
        };
        Self { spaces, column, content, key, source }
    }

    /// Returns the text after the key.
    pub fn value(&self) -> Option<&'a str> {
        let rest = self.content.strip_prefix(self.key?)?.strip_prefix(':')?.trim();
        (!rest.is_empty()).then_some(rest)
    }

    /// Returns true if the line may contain a secret, so that no message quotes a part of it.
    pub fn is_secret(&self) -> bool {
        let (text, start, end) = self.source;
        may_hold_secret(text, start..end)
    }

    /// Returns the text in quotes, or `"..."` in a line that may contain a secret.
    pub fn show_quoted(&self, text: &str) -> String {
        match self.is_secret() {
            true => HIDDEN_TEXT.to_owned(),
            false => show_quoted(text),
        }
    }

    /// Returns help for an unclosed quote.
    pub fn closing_help(&self, mark: char) -> String {
        match self.key.zip(self.value()) {
            Some((key, value)) if value.starts_with(mark) && !self.is_secret() => {
                format!("close the quote: `{key}: {}{mark}`", value.trim_end())
            }
            _ => format!("add the closing `{mark}`"),
        }
    }

    /// Returns field, value and mistake of a line that has no `: `, such as `table:User` or `table User`.
    pub fn field_without_separator(&self) -> Option<(&'a str, &'a str, SeparatorMistake)> {
        field_without_separator(self.content)
    }
}

/// Mistake between a field and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeparatorMistake {
    /// `table:User`
    NoSpace,
    /// `table = User`
    EqualsSign,
    /// `table User`
    NoColon,
}

impl SeparatorMistake {
    /// Returns the mistake in words.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoSpace => "no space after the `:`",
            Self::EqualsSign => "`=` instead of `:`",
            Self::NoColon => "no `:` after the field",
        }
    }
}

/// Returns field, value and mistake of a text that has no `: `.
pub fn field_without_separator(text: &str) -> Option<(&str, &str, SeparatorMistake)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (field, rest) = text.split_at(end);
    if !field.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    if let Some(value) = rest.strip_prefix(':') {
        return Some((field, value, SeparatorMistake::NoSpace));
    }
    match rest.trim_start().strip_prefix('=') {
        Some(value) => Some((field, value.trim(), SeparatorMistake::EqualsSign)),
        None if rest.starts_with(' ') => Some((field, rest.trim(), SeparatorMistake::NoColon)),
        None => None,
    }
}

/// Returns a text in the quotes that need no escape, otherwise in double quotes.
pub fn show_quoted(text: &str) -> String {
    match (text.contains(['"', '\\']), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Returns a number of spaces in words.
pub fn spaces_text(spaces: usize) -> String {
    match spaces {
        1 => "1 space".to_owned(),
        spaces => format!("{spaces} spaces"),
    }
}

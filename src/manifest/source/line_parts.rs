//! Splits a line of YAML into indentation, key and value, without the parser.

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
}

impl<'a> LineParts<'a> {
    /// Splits a line.
    pub fn new(line: &'a str) -> Self {
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
        Self { spaces, column, content, key }
    }

    /// Returns the text after the key.
    pub fn value(&self) -> Option<&'a str> {
        let rest = self.content.strip_prefix(self.key?)?.strip_prefix(':')?.trim();
        (!rest.is_empty()).then_some(rest)
    }

    /// Returns field, value and mistake of a line that has no `: `, such as `table:User` or `table User`.
    pub fn field_without_separator(&self) -> Option<(&'a str, &'a str, &'static str)> {
        field_without_separator(self.content)
    }
}

/// Returns field, value and mistake of a text that has no `: `.
pub fn field_without_separator(text: &str) -> Option<(&str, &str, &'static str)> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (field, rest) = text.split_at(end);
    if !field.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    if let Some(value) = rest.strip_prefix(':') {
        return Some((field, value, "no space after the `:`"));
    }
    match rest.trim_start().strip_prefix('=') {
        Some(value) => Some((field, value.trim(), "`=` instead of `:`")),
        None if rest.starts_with(' ') => Some((field, rest.trim(), "no `:` after the field")),
        None => None,
    }
}

/// Returns true if a line may contain an API key, which no message repeats.
pub fn may_hold_secret(line: &str) -> bool {
    const WORDS: &[&str] =
        &["credentials", "env", "file", "command", "read", "write", "apikey", "key", "password", "token"];
    line.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

/// Returns a text in the quotes that need no escape, otherwise in double quotes.
pub fn show_quoted(text: &str) -> String {
    match (text.contains(['"', '\\']), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Returns the number of opening brackets minus the number of closing ones.
pub fn opened(text: &str) -> i32 {
    text.chars()
        .map(|c| match c {
            '{' | '[' => 1,
            '}' | ']' => -1,
            _ => 0,
        })
        .sum()
}

/// Returns help for an unclosed quote.
pub fn closing_help(parts: &LineParts<'_>, mark: char) -> String {
    let shown = parts
        .key
        .zip(parts.value())
        .filter(|(_, value)| value.starts_with(mark) && !may_hold_secret(parts.content));
    match shown {
        Some((key, value)) => format!("close the quote: `{key}: {}{mark}`", value.trim_end()),
        None => format!("add the closing `{mark}`"),
    }
}

/// Returns a number of spaces in words.
pub fn spaces_text(spaces: usize) -> String {
    match spaces {
        1 => "1 space".to_owned(),
        spaces => format!("{spaces} spaces"),
    }
}

//! Diagnostics: problems in the input with location, message and help.

use std::borrow::Cow;

use super::secret_text::redact_keys;
use super::source_span::SourceSpan;
use super::text_safety::escape_invisible;

/// Severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Prevents planning.
    Error,
    /// Does not prevent planning.
    Warning,
}

/// Diagnostic of one problem, ordered by location like the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Severity.
    pub severity: Severity,
    /// Stable code, `Z0103`, for searches and for suppression in CI.
    pub code: &'static str,
    /// Fact: one line, lowercase, no full stop, values in backticks.
    pub message: String,
    /// Location; `None` for a problem without a file, such as an empty directory.
    pub span: Option<SourceSpan>,
    /// Text at the marked location, for details beyond the message.
    pub label: Option<String>,
    /// Related locations, such as the first of two declarations.
    pub related: Vec<SecondarySpan>,
    /// Fix, `did you mean ...`; lowercase, no full stop.
    pub help: Option<String>,
}

/// Related location with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondarySpan {
    /// Location.
    pub span: SourceSpan,
    /// Text at the location.
    pub message: String,
}

impl Diagnostic {
    /// Returns an error with a location.
    pub fn error(code: &'static str, place: SourceSpan, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: readable(message.into()),
            span: Some(place),
            label: None,
            related: Vec::new(),
            help: None,
        }
    }

    /// Returns a warning with a location.
    pub fn warning(code: &'static str, place: SourceSpan, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// Returns an error without a location.
    pub fn nowhere(code: &'static str, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(code, SourceSpan::file(""), message) }
    }

    /// Adds a help text.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(readable(help.into())), ..self }
    }

    /// Adds a text at the marked location.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(readable(label.into())), ..self }
    }

    /// Adds a related location.
    pub fn with_secondary_span(mut self, place: SourceSpan, message: impl Into<String>) -> Self {
        self.related.push(SecondarySpan { span: place, message: readable(message.into()) });
        self
    }
}

/// Maximum length of a quoted value, in characters.
const QUOTED: usize = 120;

/// Returns the text as one readable line.
///
/// Shortens long quoted values, escapes invisible characters, and redacts API keys.
fn readable(text: String) -> String {
    let text = match redact_keys(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => redacted,
    };
    if text.len() <= QUOTED && text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text;
    }
    let pieces = text.split('`').enumerate().map(|(index, piece)| match index % 2 {
        0 => Cow::Borrowed(piece),
        _ => shorten(piece),
    });
    escape_invisible(&pieces.collect::<Vec<_>>().join("`"))
}

fn shorten(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(QUOTED) {
        Some((at, _)) => Cow::Owned(format!("{}…", &value[..at])),
        None => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn quoted_values_are_shortened_and_escaped() {
        assert_eq!(readable("`a` \"b\" 'c' \\ é漢🔑".to_owned()), "`a` \"b\" 'c' \\ é漢🔑");
        assert_eq!(
            readable("`a\u{200b}\u{202e}\u{1b}[31m\n`".to_owned()),
            r"`a\u{200b}\u{202e}\u{1b}[31m\n`"
        );
        let long = readable(format!("`{}` is {}", "é".repeat(70_000), "long ".repeat(100)));
        assert_eq!(long, format!("`{}…` is {}", "é".repeat(120), "long ".repeat(100)));
    }
}

//! A problem in the user's input: place, fact and way out.

use std::borrow::Cow;

use super::source_span::SourceSpan;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is planned while there is one.
    Error,
    /// Worth a look; nothing stops.
    Warning,
}

/// One problem. Ordered by place, so that a list of them reads like the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable code, `Z0103`: what people search for and what CI suppresses by.
    pub code: &'static str,
    /// The fact: lowercase, no full stop, values in backticks. One line.
    pub message: String,
    /// Where; `None` for a problem of no file, such as an empty directory.
    pub span: Option<SourceSpan>,
    /// Said under the marked place, where there is more to say than the message does.
    pub label: Option<String>,
    /// Other places that matter, such as the first of two declarations.
    pub related: Vec<SecondarySpan>,
    /// The way out, `did you mean ...`; lowercase, no full stop.
    pub help: Option<String>,
}

/// A second place and what to see there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondarySpan {
    /// Where to look.
    pub span: SourceSpan,
    /// What to see there.
    pub message: String,
}

impl Diagnostic {
    /// An error at a place.
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

    /// A warning at a place.
    pub fn warning(code: &'static str, place: SourceSpan, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// An error of no place.
    pub fn nowhere(code: &'static str, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(code, SourceSpan::file(""), message) }
    }

    /// The same with a way out.
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(readable(help.into())), ..self }
    }

    /// The same with words under the marked place.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(readable(label.into())), ..self }
    }

    /// The same with a second place.
    pub fn with_secondary_span(mut self, place: SourceSpan, message: impl Into<String>) -> Self {
        self.related.push(SecondarySpan { span: place, message: readable(message.into()) });
        self
    }
}

/// Characters of a quoted value that are shown.
const QUOTED: usize = 120;

/// One line that can be read whatever it quotes: of a long value its beginning, and what nobody sees spelled out.
fn readable(text: String) -> String {
    if text.len() <= QUOTED && text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text;
    }
    let pieces = text.split('`').enumerate().map(|(index, piece)| match index % 2 {
        0 => Cow::Borrowed(piece),
        _ => shorten(piece),
    });
    let whole = pieces.collect::<Vec<_>>().join("`");
    let spelled = |each: char| match is_plain(each) {
        true => each.to_string(),
        false => each.escape_debug().to_string(),
    };
    whole.chars().map(spelled).collect()
}

fn shorten(value: &str) -> Cow<'_, str> {
    match value.char_indices().nth(QUOTED) {
        Some((at, _)) => Cow::Owned(format!("{}…", &value[..at])),
        None => Cow::Borrowed(value),
    }
}

/// Whether a character shows as itself: `escape_debug` leaves alone what can be printed, but for quotes.
fn is_plain(each: char) -> bool {
    matches!(each, '\\' | '\'' | '"') || each.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn what_is_quoted_can_be_read() {
        assert_eq!(readable("`a` \"b\" 'c' \\ é漢🔑".to_owned()), "`a` \"b\" 'c' \\ é漢🔑");
        assert_eq!(
            readable("`a\u{200b}\u{202e}\u{1b}[31m\n`".to_owned()),
            r"`a\u{200b}\u{202e}\u{1b}[31m\n`"
        );
        let long = readable(format!("`{}` is {}", "é".repeat(70_000), "long ".repeat(100)));
        assert_eq!(long, format!("`{}…` is {}", "é".repeat(120), "long ".repeat(100)));
    }
}

//! Texts with parts of a zone: `Visitors of {name}`.

use std::borrow::Cow;
use std::fmt;

/// Piece of a parsed format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatPiece<'f> {
    /// Literal text, without doubled braces.
    Literal(Cow<'f, str>),
    /// Name between braces.
    Placeholder(&'f str),
}

/// Mistake in a format.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormatError {
    /// `{` without `}`, with the text from the brace on.
    Unclosed(String),
    /// `}` without `{`.
    Unopened,
    /// Something between braces that is no name, with the text.
    NoName(String),
    /// No placeholder at all.
    NoPlaceholder,
}

impl FormatError {
    /// Returns what to write instead.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unclosed(_) | Self::Unopened => {
                "write `{name}` for a placeholder, and `{{` or `}}` for a brace"
            }
            Self::NoName(_) => {
                "use `{code}`, `{name}` or the name of a variable under `vars`, and `{{` for a brace"
            }
            Self::NoPlaceholder => {
                "write the text alone, without `format`, or add a placeholder such as `{name}`"
            }
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed(rest) => write!(f, "`{rest}` has no closing brace"),
            Self::Unopened => f.write_str("`}` has no opening brace"),
            Self::NoName(text) => write!(f, "`{{{text}}}` is no placeholder"),
            Self::NoPlaceholder => f.write_str("`format` has no placeholder"),
        }
    }
}

/// Returns the pieces of a format, in order.
///
/// # Errors
/// Returns the first mistake: unbalanced braces, or a placeholder that is no name. A format without any
/// placeholder is a mistake, because a plain text says the same.
pub fn parse_format(format: &str) -> Result<Vec<FormatPiece<'_>>, FormatError> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(index) = rest.find(['{', '}']) {
        let (before, from_brace) = rest.split_at(index);
        if !before.is_empty() {
            pieces.push(FormatPiece::Literal(before.into()));
        }
        if let Some(doubled) = ["{{", "}}"].into_iter().find(|doubled| from_brace.starts_with(doubled)) {
            pieces.push(FormatPiece::Literal(doubled[..1].into()));
            rest = &from_brace[doubled.len()..];
            continue;
        }
        let Some(inner) = from_brace.strip_prefix('{') else { return Err(FormatError::Unopened) };
        let Some(end) = inner.find('}') else { return Err(FormatError::Unclosed(from_brace.to_owned())) };
        let name = &inner[..end];
        if name.is_empty() || name.contains(|c: char| c == '{' || c.is_whitespace()) {
            return Err(FormatError::NoName(name.to_owned()));
        }
        pieces.push(FormatPiece::Placeholder(name));
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(FormatPiece::Literal(rest.into()));
    }
    match pieces.iter().any(|piece| matches!(piece, FormatPiece::Placeholder(_))) {
        true => Ok(pieces),
        false => Err(FormatError::NoPlaceholder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_braces_are_told_apart() {
        let literal = |text: &'static str| FormatPiece::Literal(text.into());
        assert_eq!(
            parse_format("a {{b}} {name}{code}"),
            Ok(vec![
                literal("a "),
                literal("{"),
                literal("b"),
                literal("}"),
                literal(" "),
                FormatPiece::Placeholder("name"),
                FormatPiece::Placeholder("code"),
            ])
        );
        assert_eq!(parse_format("{ü}"), Ok(vec![FormatPiece::Placeholder("ü")]));
    }

    #[test]
    fn mistakes_are_named() {
        for (format, error) in [
            ("of {name", FormatError::Unclosed("{name".into())),
            ("of name}", FormatError::Unopened),
            ("of {}", FormatError::NoName(String::new())),
            ("of { name }", FormatError::NoName(" name ".into())),
            ("of {a{b}", FormatError::NoName("a{b".into())),
            ("of all", FormatError::NoPlaceholder),
            ("{{name}}", FormatError::NoPlaceholder),
        ] {
            assert_eq!(parse_format(format), Err(error), "{format}");
        }
    }

    #[test]
    fn doubled_braces_are_single_braces_of_the_text() {
        let text: String = (parse_format("a{{b}}}}c{x}").into_iter().flatten())
            .map(|piece| match piece {
                FormatPiece::Literal(text) => text.into_owned(),
                FormatPiece::Placeholder(name) => name.to_uppercase(),
            })
            .collect();
        assert_eq!(text, "a{b}}cX");
    }
}

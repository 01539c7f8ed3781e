//! Formats diagnostics of user input, as text in rustc's style and as JSON in Terraform's format.

mod json;
mod text;

use std::collections::BTreeMap;

pub use self::json::{DiagnosticJson, SeverityJson, ValidateJson, json};
pub use self::text::{ColorMode, text};

use crate::model::secret_text::{REDACTED, has_password, secret_ranges};
use crate::model::text_safety::escape_first;
use crate::model::{Diagnostic, Severity, SourceSpan};

/// Source texts by file name, without unreadable files.
pub type SourceTexts<'a> = BTreeMap<&'a str, &'a str>;

/// Returns diagnostics ordered by file and location. Diagnostics without a location come first.
fn in_order(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut ordered: Vec<&Diagnostic> = diagnostics.iter().collect();
    ordered.sort_by_key(|problem| (&problem.span, problem.severity, problem.code));
    ordered
}

fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|problem| problem.severity == severity).count()
}

/// Maximum length of a shown line in bytes.
const LONGEST_LINE: usize = 4096;

/// First line of a location, with the marked byte range.
///
/// `None` if the text is unknown or does not contain the location, and for a very long line. Words at the place
/// of a secret are redacted.
struct SourceSnippet {
    line: String,
    from: usize,
    to: usize,
}

impl SourceSnippet {
    /// Returns the snippet with the characters of the file, for programs.
    fn from_span(place: &SourceSpan, texts: &SourceTexts<'_>) -> Option<Self> {
        Self::with_characters(place, texts, |rest| rest.chars().take(1).collect())
    }

    /// Returns the snippet with visible characters, for people.
    fn visible(place: &SourceSpan, texts: &SourceTexts<'_>) -> Option<Self> {
        // The renderer shows a tab as spaces.
        let visible = |rest: &str| match rest.starts_with('\t') {
            true => "\t".to_owned(),
            false => escape_first(rest),
        };
        Self::with_characters(place, texts, visible)
    }

    /// Returns the snippet; `shown` gets the rest of the line, and returns the text of its first character.
    fn with_characters(
        place: &SourceSpan,
        texts: &SourceTexts<'_>,
        shown: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let text = *texts.get(&*place.file)?;
        let (start, end) = (place.start.byte as usize, place.end.byte as usize);
        let (before, after) = (text.get(..start)?, text.get(start..)?);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = start + after.find('\n').unwrap_or(after.len());
        let line = text.get(line_start..line_end)?.trim_end_matches('\r');
        // CI systems keep output in logs.
        if has_password(line) || line.len() > LONGEST_LINE {
            return None;
        }
        // A byte order mark has no visible width.
        let mark = line.len() - line.trim_start_matches('\u{feff}').len();
        let line_start = line_start + mark;
        let line = &line[mark..];
        let from = start.saturating_sub(line_start).min(line.len());
        let to = end.saturating_sub(line_start).min(line.len()).max(from);
        // A location may end in a later line; trailing whitespace is not marked.
        let to = from + line.get(from..to).map_or(0, |covered| covered.trim_end().len());
        let secrets = secret_ranges(text, line_start..line_start + line.len());
        let mut snippet = Self { line: String::with_capacity(line.len()), from: 0, to: 0 };
        for (at, _) in line.char_indices() {
            // A mark that starts or ends in a secret covers its replacement.
            let secret = secrets.iter().find(|secret| secret.contains(&at));
            let piece = match secret {
                Some(secret) if secret.start == at => REDACTED.to_owned(),
                Some(_) => String::new(),
                None => shown(&line[at..]),
            };
            if at < from && secret.is_none_or(|secret| secret.end <= from) {
                snippet.from = snippet.line.len() + piece.len();
            }
            snippet.line.push_str(&piece);
            if at < to {
                snippet.to = snippet.line.len();
            }
        }
        snippet.to = snippet.to.max(snippet.from);
        Some(snippet)
    }
}

#[cfg(test)]
mod tests;

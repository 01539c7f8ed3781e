//! Formats diagnostics of user input, as text in rustc's style and as JSON in Terraform's format.

mod json;
mod text;

use std::collections::BTreeMap;

pub use self::json::{DiagnosticJson, SeverityJson, ValidateJson, json};
pub use self::text::{ColorMode, text};

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

/// First line of a location, with the marked byte range.
///
/// `None` if the text is unknown or does not contain the location.
struct SourceSnippet<'a> {
    line: &'a str,
    from: usize,
    to: usize,
}

impl<'a> SourceSnippet<'a> {
    fn from_span(place: &SourceSpan, texts: &SourceTexts<'a>) -> Option<Self> {
        let text = *texts.get(&*place.file)?;
        let (start, end) = (place.start.byte as usize, place.end.byte as usize);
        let (before, after) = (text.get(..start)?, text.get(start..)?);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = start + after.find('\n').unwrap_or(after.len());
        let line = text.get(line_start..line_end)?.trim_end_matches('\r');
        if has_password(line) {
            return None;
        }
        // A byte order mark has no visible width.
        let mark = line.len() - line.trim_start_matches('\u{feff}').len();
        let line = &line[mark..];
        let from = (start - line_start).saturating_sub(mark).min(line.len());
        let to = end.saturating_sub(line_start).saturating_sub(mark).min(line.len()).max(from);
        // A location may end in a later line; trailing whitespace is not marked.
        let to = from + line.get(from..to).map_or(0, |covered| covered.trim_end().len());
        Some(Self { line, from, to })
    }
}

/// Returns true if a line contains a URL with a password.
///
/// zonal does not print such a line, because CI systems keep output in logs.
fn has_password(line: &str) -> bool {
    let named = line.to_lowercase().contains("password=");
    named
        || line
            .split_once("://")
            .and_then(|(_, rest)| rest.rsplit_once('@'))
            .is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests;

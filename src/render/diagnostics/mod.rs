//! Shows problems of the user's input: as text in rustc's look, and as JSON in Terraform's shape.

mod json;
mod text;

use std::collections::BTreeMap;

pub use self::json::{DiagnosticJson, SeverityJson, ValidateJson, json};
pub use self::text::{ColorMode, text};

use crate::model::{Diagnostic, Severity, SourceSpan};

/// The texts of the files by name, as far as they could be read.
pub type SourceTexts<'a> = BTreeMap<&'a str, &'a str>;

/// Problems in the order of files and places, those of no place first.
fn in_order(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut ordered: Vec<&Diagnostic> = diagnostics.iter().collect();
    ordered.sort_by_key(|problem| (&problem.span, problem.severity, problem.code));
    ordered
}

fn count(diagnostics: &[Diagnostic], severity: Severity) -> usize {
    diagnostics.iter().filter(|problem| problem.severity == severity).count()
}

/// The line that a place begins in, and what of it the place covers, in bytes. `None` where the text
/// is not known or the place is not in it.
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
        // A byte order mark takes no place that anybody can see.
        let mark = line.len() - line.trim_start_matches('\u{feff}').len();
        let line = &line[mark..];
        let from = (start - line_start).saturating_sub(mark).min(line.len());
        let to = end.saturating_sub(line_start).saturating_sub(mark).min(line.len()).max(from);
        // The end of a place may be that of a value that goes on below; trailing space is not shown.
        let to = from + line.get(from..to).map_or(0, |covered| covered.trim_end().len());
        Some(Self { line, from, to })
    }
}

/// Whether a line holds an address with a password in it: such a line is not repeated, since what is printed is kept
/// in logs.
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

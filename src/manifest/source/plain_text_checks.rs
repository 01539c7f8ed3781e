//! Warns of unquoted texts that YAML reads otherwise than their author meant them.

use std::sync::Arc;

use super::line_parts::{HIDDEN_TEXT, show_quoted};
use super::place;
use super::source_lines::SourceLines;
use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::Diagnostic;

/// Returns a warning for an unquoted text: cut off by a comment, or in quotes that YAML does not know.
///
/// `lines` returns the lines of the source.
pub fn check<'a>(
    text: &str,
    at: NodeSpan,
    file: &Arc<str>,
    source: &str,
    lines: impl Fn() -> &'a SourceLines<'a>,
) -> Option<Diagnostic> {
    let shown = |text: &str| match lines().is_secret_at(at) {
        true => HIDDEN_TEXT.to_owned(),
        false => show_quoted(text),
    };
    cut_by_comment(text, at, file, source, shown).or_else(|| curly_quotes(text, at, file, shown))
}

/// Finds a comment that follows a text and has no space after its `#`: `Block #2`.
fn cut_by_comment(
    text: &str,
    at: NodeSpan,
    file: &Arc<str>,
    source: &str,
    shown: impl Fn(&str) -> String,
) -> Option<Diagnostic> {
    let end = usize::try_from(at.end.byte).ok()?;
    let rest = source.get(end..)?;
    let comment = rest.trim_start_matches(' ');
    if text.is_empty() || rest.len() == comment.len() {
        return None;
    }
    let word = comment.strip_prefix('#').filter(|word| word.starts_with(|c: char| c.is_alphanumeric()))?;
    let comment_end = word.find(['\n', '\r', '}', ']', ',']).unwrap_or(word.len());
    let whole = format!("{text} #{}", word[..comment_end].trim_end());
    let shown = shown(&whole);
    let problem = Diagnostic::warning(
        diagnostic_codes::CUT_BY_COMMENT,
        place(file, at),
        "the text ends before ` #`: the rest of the line is a comment",
    );
    Some(problem.help(format!("quote the text: `{shown}`; for a comment, write a space after the `#`")))
}

/// Finds a text between curly quotes, which are part of the text.
fn curly_quotes(
    text: &str,
    at: NodeSpan,
    file: &Arc<str>,
    shown: impl Fn(&str) -> String,
) -> Option<Diagnostic> {
    let inner = text.strip_prefix(['“', '”', '„', '‘', '’', '‚'])?;
    let inner = inner.strip_suffix(['“', '”', '‘', '’'])?;
    let problem = Diagnostic::warning(
        diagnostic_codes::CURLY_QUOTES,
        place(file, at),
        "the curly quotes are part of the text",
    );
    let shown = shown(inner);
    Some(problem.help(format!(
        "use straight quotes: `{shown}`; if the curly ones belong to the text, put straight quotes around them"
    )))
}

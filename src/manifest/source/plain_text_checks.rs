//! Warns of unquoted texts that YAML reads otherwise than their author meant them.

use std::sync::Arc;

use super::line_parts::{may_hold_secret, show_quoted};
use super::place;
use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::Diagnostic;

/// Returns a warning for an unquoted text: cut off by a comment, or in quotes that YAML does not know.
pub fn check(text: &str, at: NodeSpan, file: &Arc<str>, source: &str) -> Option<Diagnostic> {
    cut_by_comment(text, at, file, source).or_else(|| curly_quotes(text, at, file, source))
}

/// Returns true if the line of a text may contain an API key.
fn is_in_secret_line(at: NodeSpan, source: &str) -> bool {
    let end = usize::try_from(at.end.byte).unwrap_or(usize::MAX);
    let Some(before) = source.get(..end) else { return true };
    may_hold_secret(before.rsplit('\n').next().unwrap_or_default())
}

/// Finds a comment that follows a text and has no space after its `#`: `Block #2`.
fn cut_by_comment(text: &str, at: NodeSpan, file: &Arc<str>, source: &str) -> Option<Diagnostic> {
    let end = usize::try_from(at.end.byte).ok()?;
    let rest = source.get(end..)?;
    let comment = rest.trim_start_matches(' ');
    if text.is_empty() || rest.len() == comment.len() {
        return None;
    }
    let word = comment.strip_prefix('#').filter(|word| word.starts_with(|c: char| c.is_alphanumeric()))?;
    let comment_end = word.find(['\n', '\r', '}', ']', ',']).unwrap_or(word.len());
    let whole = format!("{text} #{}", word[..comment_end].trim_end());
    let shown = match is_in_secret_line(at, source) {
        true => "\"...\"".to_owned(),
        false => show_quoted(&whole),
    };
    let problem = Diagnostic::warning(
        diagnostic_codes::CUT_BY_COMMENT,
        place(file, at),
        "the text ends before ` #`: the rest of the line is a comment",
    );
    Some(problem.help(format!("quote the text: `{shown}`; for a comment, write a space after the `#`")))
}

/// Finds a text between curly quotes, which are part of the text.
fn curly_quotes(text: &str, at: NodeSpan, file: &Arc<str>, source: &str) -> Option<Diagnostic> {
    let inner = text.strip_prefix(['“', '”', '„', '‘', '’', '‚'])?;
    let inner = inner.strip_suffix(['“', '”', '‘', '’'])?;
    let problem = Diagnostic::warning(
        diagnostic_codes::CURLY_QUOTES,
        place(file, at),
        "the curly quotes are part of the text",
    );
    let shown = match is_in_secret_line(at, source) {
        true => "\"...\"".to_owned(),
        false => show_quoted(inner),
    };
    Some(problem.help(format!(
        "use straight quotes: `{shown}`; if the curly ones belong to the text, put straight quotes around them"
    )))
}

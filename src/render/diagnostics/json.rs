//! Problems as JSON for machines, in the shape of `terraform validate -json` with our own fields added.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SourceSnippet, SourceTexts, count, in_order};
use crate::model::{Diagnostic, SecondarySpan, Severity, SourcePosition, SourceSpan};

/// The outcome of `validate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ValidateJson {
    /// Version of this shape: `1.0`.
    pub format_version: String,
    /// Whether there is no error.
    pub valid: bool,
    /// How many errors.
    pub error_count: usize,
    /// How many warnings.
    pub warning_count: usize,
    /// All problems, in the order of files and places.
    pub diagnostics: Vec<DiagnosticJson>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiagnosticJson {
    /// `error` or `warning`.
    pub severity: SeverityJson,
    /// Stable code, `Z0203`.
    pub code: String,
    /// The fact, in one line.
    pub summary: String,
    /// More to say about the place; empty where there is not.
    pub detail: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where; left out for a problem of no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeJson>,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<SnippetJson>,
    /// Other places that matter.
    pub related: Vec<RelatedSpanJson>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityJson {
    /// Nothing is planned while there is one.
    Error,
    /// Worth a look.
    Warning,
}

/// A stretch of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RangeJson {
    /// Path relative to the config directory.
    pub filename: String,
    /// First character.
    pub start: PositionJson,
    /// Just behind the last character.
    pub end: PositionJson,
}

/// A point in a file. Lines and columns count from 1, columns in characters; bytes count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PositionJson {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// Offset.
    pub byte: u32,
}

/// The line that a problem stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnippetJson {
    /// What the line is part of; not known.
    pub context: Option<String>,
    /// The line.
    pub code: String,
    /// Its number.
    pub start_line: u32,
    /// Where in `code` the problem begins, in bytes.
    pub highlight_start_offset: usize,
    /// Where in `code` the problem ends, in bytes.
    pub highlight_end_offset: usize,
    /// Always empty; Terraform's shape has it.
    pub values: Vec<String>,
}

/// Another place and what to see there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelatedSpanJson {
    /// What to see there.
    pub message: String,
    /// Where to look.
    pub range: RangeJson,
}

/// All problems, ready to become JSON.
pub fn json(diagnostics: &[Diagnostic], texts: &SourceTexts<'_>) -> ValidateJson {
    let error_count = count(diagnostics, Severity::Error);
    ValidateJson {
        format_version: "1.0".to_owned(),
        valid: error_count == 0,
        error_count,
        warning_count: count(diagnostics, Severity::Warning),
        diagnostics: in_order(diagnostics).into_iter().map(|each| problem(each, texts)).collect(),
    }
}

fn problem(diagnostic: &Diagnostic, texts: &SourceTexts<'_>) -> DiagnosticJson {
    let Diagnostic { severity, code, message, span: place, label, related, help } = diagnostic;
    DiagnosticJson {
        severity: match severity {
            Severity::Error => SeverityJson::Error,
            Severity::Warning => SeverityJson::Warning,
        },
        code: (*code).to_owned(),
        summary: message.clone(),
        detail: label.clone().unwrap_or_default(),
        help: help.clone(),
        range: place.as_ref().map(range),
        snippet: place.as_ref().and_then(|place| excerpt(place, texts)),
        related: (related.iter())
            .map(|SecondarySpan { span: place, message }| RelatedSpanJson {
                message: message.clone(),
                range: range(place),
            })
            .collect(),
    }
}

fn range(place: &SourceSpan) -> RangeJson {
    let point = |SourcePosition { line, column, byte }: SourcePosition| PositionJson { line, column, byte };
    RangeJson { filename: place.file.as_ref().to_owned(), start: point(place.start), end: point(place.end) }
}

fn excerpt(place: &SourceSpan, texts: &SourceTexts<'_>) -> Option<SnippetJson> {
    let SourceSnippet { line, from, to } = SourceSnippet::from_span(place, texts)?;
    Some(SnippetJson {
        context: None,
        code: line.to_owned(),
        start_line: place.start.line,
        highlight_start_offset: from,
        highlight_end_offset: to,
        values: Vec::new(),
    })
}

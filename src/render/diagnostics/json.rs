//! JSON output of diagnostics, in the format of `terraform validate -json` with additional fields.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SourceSnippet, SourceTexts, count, in_order};
use crate::model::{Diagnostic, SecondarySpan, Severity, SourcePosition, SourceSpan};

/// JSON output of `zonal validate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ValidateJson {
    /// Version of this format: `1.0`.
    pub format_version: String,
    /// True if there are no errors.
    pub valid: bool,
    /// Number of errors.
    pub error_count: usize,
    /// Number of warnings.
    pub warning_count: usize,
    /// All diagnostics, ordered by file and location.
    pub diagnostics: Vec<DiagnosticJson>,
}

/// One diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiagnosticJson {
    /// Severity: `error` or `warning`.
    pub severity: SeverityJson,
    /// Stable code, for example `Z0203`.
    pub code: String,
    /// Description of the problem, in one line.
    pub summary: String,
    /// Details about the location, possibly empty.
    pub detail: String,
    /// Suggested fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Location, absent for a diagnostic without a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<RangeJson>,
    /// Source line with the marked location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<SnippetJson>,
    /// Related locations.
    pub related: Vec<RelatedSpanJson>,
}

/// Severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SeverityJson {
    /// Error, which prevents planning.
    Error,
    /// Warning, which does not prevent planning.
    Warning,
}

/// Range of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RangeJson {
    /// Path relative to the configuration directory.
    pub filename: String,
    /// First character.
    pub start: PositionJson,
    /// Position after the last character.
    pub end: PositionJson,
}

/// Position in a file. Lines and columns count from 1, columns in characters; bytes count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PositionJson {
    /// Line number.
    pub line: u32,
    /// Column number.
    pub column: u32,
    /// Byte offset.
    pub byte: u32,
}

/// Source line of a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnippetJson {
    /// Enclosing block of the line; always `null`.
    pub context: Option<String>,
    /// Text of the line.
    pub code: String,
    /// Line number.
    pub start_line: u32,
    /// Start of the marked range in `code`, in bytes.
    pub highlight_start_offset: usize,
    /// End of the marked range in `code`, in bytes.
    pub highlight_end_offset: usize,
    /// Always empty; part of Terraform's format.
    pub values: Vec<String>,
}

/// Related location with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RelatedSpanJson {
    /// Message about the location.
    pub message: String,
    /// Related location.
    pub range: RangeJson,
}

/// Returns all diagnostics as JSON.
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
        code: line,
        start_line: place.start.line,
        highlight_start_offset: from,
        highlight_end_offset: to,
        values: Vec::new(),
    })
}

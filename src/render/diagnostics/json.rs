//! Problems as JSON for machines, in the shape of `terraform validate -json` with our own fields added.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Texts, Window, count, in_order};
use crate::model::{Diagnostic, Label, Place, Position, Severity};

/// The outcome of `validate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this shape: `1.0`.
    pub format_version: String,
    /// Whether there is no error.
    pub valid: bool,
    /// How many errors.
    pub error_count: usize,
    /// How many warnings.
    pub warning_count: usize,
    /// All problems, in the order of files and places.
    pub diagnostics: Vec<Problem>,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// `error` or `warning`.
    pub severity: Grade,
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
    pub range: Option<Range>,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Excerpt>,
    /// Other places that matter.
    pub related: Vec<Related>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Nothing is planned while there is one.
    Error,
    /// Worth a look.
    Warning,
}

/// A stretch of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Range {
    /// Path relative to the config directory.
    pub filename: String,
    /// First character.
    pub start: Point,
    /// Just behind the last character.
    pub end: Point,
}

/// A point in a file. Lines and columns count from 1, columns in characters; bytes count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Point {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// Offset.
    pub byte: u32,
}

/// The line that a problem stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Excerpt {
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
pub struct Related {
    /// What to see there.
    pub message: String,
    /// Where to look.
    pub range: Range,
}

/// All problems, ready to become JSON.
pub fn json(diagnostics: &[Diagnostic], texts: &Texts<'_>) -> Report {
    let error_count = count(diagnostics, Severity::Error);
    Report {
        format_version: "1.0".to_owned(),
        valid: error_count == 0,
        error_count,
        warning_count: count(diagnostics, Severity::Warning),
        diagnostics: in_order(diagnostics).into_iter().map(|each| problem(each, texts)).collect(),
    }
}

fn problem(diagnostic: &Diagnostic, texts: &Texts<'_>) -> Problem {
    let Diagnostic { severity, code, message, place, label, related, help } = diagnostic;
    Problem {
        severity: match severity {
            Severity::Error => Grade::Error,
            Severity::Warning => Grade::Warning,
        },
        code: (*code).to_owned(),
        summary: message.clone(),
        detail: label.clone().unwrap_or_default(),
        help: help.clone(),
        range: place.as_ref().map(range),
        snippet: place.as_ref().and_then(|place| excerpt(place, texts)),
        related: (related.iter())
            .map(|Label { place, message }| Related { message: message.clone(), range: range(place) })
            .collect(),
    }
}

fn range(place: &Place) -> Range {
    let point = |Position { line, column, byte }: Position| Point { line, column, byte };
    Range { filename: place.file.as_ref().to_owned(), start: point(place.start), end: point(place.end) }
}

fn excerpt(place: &Place, texts: &Texts<'_>) -> Option<Excerpt> {
    let Window { line, from, to } = Window::of(place, texts)?;
    Some(Excerpt {
        context: None,
        code: line.to_owned(),
        start_line: place.start.line,
        highlight_start_offset: from,
        highlight_end_offset: to,
        values: Vec::new(),
    })
}

//! Locations in the input files.

use std::fmt;
use std::sync::Arc;

use super::journal;

/// Position in a text. Lines and columns count from 1, columns in characters; `byte` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourcePosition {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset into the file in bytes, from 0.
    pub byte: u32,
}

/// Location in a file: from `start` inclusive to `end` exclusive. JSON contains only the start.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(from = "SpanJson", into = "SpanJson")]
pub struct SourceSpan {
    /// Path as typed by the user, relative to the config directory, with `/`.
    pub file: Arc<str>,
    /// First character.
    pub start: SourcePosition,
    /// First character after the range.
    pub end: SourcePosition,
}

impl SourceSpan {
    /// Returns the start of a file, for a problem of the whole file.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        let start = SourcePosition { line: 1, column: 1, byte: 0 };
        Self { file: file.into(), start, end: start }
    }
}

/// Formats as `FILE:LINE:COLUMN`, which editors and terminals link.
impl fmt::Display for SourceSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.start.line, self.start.column)
    }
}

/// Location of a declaration in the manifests.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct Provenance {
    /// Location of the value.
    #[serde(flatten)]
    pub span: SourceSpan,
    /// Kind and name of the manifest, for example `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// Index of the override that set the value, from 0; null for the manifest itself.
    pub override_index: Option<u32>,
}

impl Provenance {
    /// Returns true if the record goes back to its state before a run, so that no line of a manifest
    /// declares it.
    pub fn is_revert(&self) -> bool {
        journal::is_revert(&self.manifest)
    }

    /// Returns manifest and location for a sentence. A revert has no manifest, and so no location.
    pub fn declaration(&self) -> String {
        match self.is_revert() {
            true => self.manifest.to_string(),
            false => format!("{}, {self}", self.manifest),
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.span)?;
        match self.override_index {
            Some(index) => write!(f, " (overrides[{index}])"),
            None => Ok(()),
        }
    }
}

/// JSON form of a [`SourceSpan`].
#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct SpanJson {
    /// File, relative to the configuration directory.
    filename: Arc<str>,
    /// Line, from 1.
    line: u32,
    /// Column in characters, from 1.
    column: u32,
}

impl From<SourceSpan> for SpanJson {
    fn from(SourceSpan { file, start, end: _ }: SourceSpan) -> Self {
        Self { filename: file, line: start.line, column: start.column }
    }
}

impl From<SpanJson> for SourceSpan {
    fn from(SpanJson { filename, line, column }: SpanJson) -> Self {
        // JSON contains no byte offset.
        let start = SourcePosition { line, column, byte: 0 };
        Self { file: filename, start, end: start }
    }
}

/// Returns the kind of a manifest, given as kind and name: `CodeTable` of `CodeTable/blocks`.
pub fn manifest_kind(manifest: &str) -> &str {
    manifest.split('/').next().unwrap_or_default()
}

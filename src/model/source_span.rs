//! Where in the user's files something was said.

use std::fmt;
use std::sync::Arc;

/// A point in a text. Lines and columns count from 1, columns in characters; `byte` counts from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourcePosition {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset into the file in bytes, from 0.
    pub byte: u32,
}

/// A stretch of a file: from `start` up to, not including, `end`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceSpan {
    /// Path as the user would type it, relative to the config directory, with `/`.
    pub file: Arc<str>,
    /// First character.
    pub start: SourcePosition,
    /// Just behind the last character.
    pub end: SourcePosition,
}

impl SourceSpan {
    /// The beginning of a file, for a problem of the file as a whole.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        let start = SourcePosition { line: 1, column: 1, byte: 0 };
        Self { file: file.into(), start, end: start }
    }
}

/// `FILE:LINE:COLUMN`, which editors and terminals turn into a link.
impl fmt::Display for SourceSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.start.line, self.start.column)
    }
}

/// Who said that a value should be so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provenance {
    /// Where the value stands.
    pub span: SourceSpan,
    /// The manifest it belongs to, `CodeTable/network-block-descriptions`.
    pub manifest: Arc<str>,
    /// The override of that manifest that set it, counted from 0; `None` for the manifest itself.
    pub override_index: Option<u32>,
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

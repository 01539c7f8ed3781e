//! Explains errors of the YAML parser in terms of the manifest.

use std::sync::Arc;

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::{MAX_DEPTH, layout_mistakes, place, position};
use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::{Diagnostic, SourcePosition};

/// Returns a diagnostic for a YAML syntax error, with the likely fix.
pub fn explain(error: &ScanError, file: &Arc<str>, text: &str) -> Diagnostic {
    let at = position(*error.marker());
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    if let Some(mistake) = layout_mistakes::find(error.kind(), index(at.line), index(at.column), text) {
        let at = position_in(text, mistake.line, mistake.column);
        let at = place(file, NodeSpan { start: at, end: at });
        return Diagnostic::error(mistake.code, at, mistake.message).help(mistake.help);
    }
    let at = place(file, NodeSpan { start: at, end: at });
    match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            Diagnostic::error(diagnostic_codes::TAB, at, "tab used as indentation")
                .help("replace tabs with spaces")
        }
        ErrorKind::RecursionLimitExceeded => Diagnostic::error(
            diagnostic_codes::NESTING,
            at,
            format!("lists and maps are nested more than {MAX_DEPTH} levels deep"),
        ),
        ErrorKind::UnknownAnchor => {
            Diagnostic::error(diagnostic_codes::ALIAS, at, "alias of an unknown anchor")
                .help("quote text that starts with `*`")
        }
        ErrorKind::UndeclaredTagHandle => Diagnostic::error(diagnostic_codes::TAG, at, "unsupported tag")
            .help("quote text that starts with `!`"),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            Diagnostic::error(diagnostic_codes::YAML, at, "invalid YAML: unexpected `:`")
                .help("quote text that contains `: `, and check the indentation")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
            Diagnostic::error(diagnostic_codes::YAML, at, format!("invalid YAML: {}", error.info()))
                .help("check the indentation; each key needs `:` and a space after it")
        }
        kind => Diagnostic::error(
            diagnostic_codes::YAML,
            at,
            format!("invalid YAML: {}", lower(&kind.to_string())),
        )
        .help("check the quotes, brackets and indentation of this line and the line above"),
    }
}

/// Returns the position of a line and a column, both counted from 1.
fn position_in(text: &str, line: usize, column: usize) -> SourcePosition {
    let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let inside: usize = text[start..].chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
    SourcePosition { line: clamp(line), column: clamp(column), byte: clamp(start + inside) }
}

fn lower(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

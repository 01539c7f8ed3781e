//! Explains errors of the YAML parser in terms of the manifest.

use std::sync::Arc;

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::source_lines::SourceLines;
use super::{MAX_DEPTH, layout_mistakes, place, position};
use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::Diagnostic;

/// Returns a diagnostic for a YAML syntax error, with the likely fix.
pub fn explain(error: &ScanError, file: &Arc<str>, lines: &SourceLines<'_>) -> Diagnostic {
    let at = position(*error.marker());
    let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    if let Some(mistake) = layout_mistakes::find(error.kind(), index(at.line), index(at.column), lines) {
        let at = lines.position(mistake.line, mistake.column);
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
        ErrorKind::MissingAnchorOrAliasName => {
            Diagnostic::error(diagnostic_codes::ALIAS, at, "`*` or `&` without the name of an anchor")
                .help("quote text that starts with `*` or `&`")
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

fn lower(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

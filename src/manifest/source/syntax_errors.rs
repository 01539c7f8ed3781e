//! Says in the user's words why the YAML parser stopped.

use std::sync::Arc;

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::{MAX_DEPTH, place, position};
use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::Diagnostic;

/// Why the text is not YAML, and what probably mends it.
pub fn explain(error: &ScanError, file: &Arc<str>) -> Diagnostic {
    let at = position(*error.marker());
    let at = place(file, NodeSpan { start: at, end: at });
    match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            Diagnostic::error(diagnostic_codes::TAB, at, "a tab cannot indent YAML")
                .help("replace tabs by spaces")
        }
        ErrorKind::RecursionLimitExceeded => Diagnostic::error(
            diagnostic_codes::NESTING,
            at,
            format!("lists and maps are nested more than {MAX_DEPTH} deep"),
        ),
        ErrorKind::UnknownAnchor => Diagnostic::error(
            diagnostic_codes::ALIAS,
            at,
            "an alias refers to an anchor that this document does not have",
        )
        .help("quote the text if it is meant to begin with `*`"),
        ErrorKind::UndeclaredTagHandle => {
            Diagnostic::error(diagnostic_codes::TAG, at, "the tag is not supported")
                .help("quote the text if it is meant to begin with `!`")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            Diagnostic::error(diagnostic_codes::YAML, at, "not YAML: a `:` stands where no value can begin")
                .help("quote a text that has `: ` in it, and check the indentation")
        }
        ErrorKind::UnclosedQuotedScalar => {
            Diagnostic::error(diagnostic_codes::YAML, at, "not YAML: a quote is not closed")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            Diagnostic::error(diagnostic_codes::YAML, at, format!("not YAML: `{open}` is not closed"))
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => {
            Diagnostic::error(diagnostic_codes::YAML, at, format!("not YAML: {}", error.info()))
                .help("check the indentation, and that each key is followed by `:` and a space")
        }
        kind => {
            Diagnostic::error(diagnostic_codes::YAML, at, format!("not YAML: {}", lower(&kind.to_string())))
        }
    }
}

fn lower(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

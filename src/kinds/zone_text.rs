//! Texts of manifests for one zone: resolves variables and formats.

use std::sync::Arc;

use crate::manifest::text_format::{FormatError, FormatPiece, parse_format};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::model::network::Zone;

/// Reason why a text has no value in a zone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingText {
    /// The zone has no such variable.
    Variable(String),
    /// The format cannot be parsed.
    Malformed(FormatError),
}

/// Returns the text for a zone.
///
/// # Errors
/// Returns the location and the reason if a variable is missing or a format is malformed; `None` if an error
/// in the network's manifest hides the variable, which is reported there.
pub fn zone_text(text: &TextOrVariable, zone: &Zone) -> Result<Arc<str>, Option<(NodeSpan, MissingText)>> {
    let variable = |name: &str, extent: NodeSpan| match zone.vars.get(name) {
        Some(value) => Ok(value.as_str()),
        None if zone.unread.vars.contains(name) => Err(None),
        None => Err(Some((extent, MissingText::Variable(name.to_owned())))),
    };
    match text {
        TextOrVariable::Plain(text) => Ok(Arc::clone(text)),
        TextOrVariable::Var(name) => variable(&name.value, name.extent).map(Arc::from),
        TextOrVariable::Format(format) => {
            let pieces = parse_format(&format.value)
                .map_err(|error| Some((format.extent, MissingText::Malformed(error))))?;
            let mut filled = String::new();
            for piece in &pieces {
                filled.push_str(match piece {
                    FormatPiece::Literal(text) => text,
                    FormatPiece::Placeholder("code") => zone.code.as_str(),
                    FormatPiece::Placeholder("name") => &zone.name,
                    FormatPiece::Placeholder(name) => variable(name, format.extent)?,
                });
            }
            Ok(filled.into())
        }
    }
}

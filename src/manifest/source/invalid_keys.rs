//! Explains nodes that cannot be the key of a map.

use crate::manifest::diagnostic_codes;
use crate::manifest::yaml_node::{YamlNode, YamlValue};
use crate::model::{Diagnostic, SourceSpan};

/// Returns the problem of a node that is no key. A text is only no key as the merge key `<<`.
///
/// `is_secret` returns true for a node in a line that may contain a secret.
pub fn explain(node: &YamlNode, place: SourceSpan, is_secret: impl Fn() -> bool) -> Diagnostic {
    let problem = |message: &str| Diagnostic::error(diagnostic_codes::KEY_NOT_TEXT, place.clone(), message);
    match &node.value {
        YamlValue::Text(_) => {
            Diagnostic::error(diagnostic_codes::MERGE_KEY, place, "merge keys (`<<`) are not supported")
                .help("write the fields out, or use `*alias` for a whole value")
        }
        // A long number may be a pasted secret.
        YamlValue::Number(text) if text.len() > 8 || is_secret() => {
            problem("the key is a number, expected text").help("quote it")
        }
        YamlValue::Number(text) => problem(&format!("the key `{text}` is a number, expected text"))
            .help(format!("quote it: `\"{text}\"`")),
        YamlValue::Bool(flag) => problem(&format!("the key `{flag}` is a boolean, expected text"))
            .help(format!("quote it: `\"{flag}\"`")),
        YamlValue::Null => problem("empty key").help("write the key before the `:`, or quote it"),
        YamlValue::List(_) | YamlValue::Map(_) => problem("the key is a list or a map, expected text")
            .help("`{{...}}` is not a template; quote it to use it as text"),
    }
}

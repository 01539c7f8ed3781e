//! Explains nodes that cannot be the key of a map, and keys that the map has already.

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

/// Returns the problem of a key that the map has already. `key` is `None` if its line may contain a secret.
pub fn duplicate(key: Option<&str>, place: SourceSpan, first: SourceSpan) -> Diagnostic {
    let shown = key.map(|key| format!(" `{key}`")).unwrap_or_default();
    let message = format!("duplicate key{shown} in the same map");
    Diagnostic::error(diagnostic_codes::DUPLICATE_KEY, place, message)
        .with_secondary_span(first, "first here")
        .help("remove one of them")
}

/// Returns the problem of a second manifest in one document.
pub fn second_manifest(place: SourceSpan, first: SourceSpan) -> Diagnostic {
    let message = "a second manifest starts here, without `---` before it";
    Diagnostic::error(diagnostic_codes::DUPLICATE_KEY, place, message)
        .with_secondary_span(first, "first here")
        .help("add a line with `---` above this line")
}

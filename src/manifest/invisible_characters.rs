//! Finds invisible characters. Pasted ones make equal-looking texts differ, or a key match nothing.

use super::diagnostic_codes;
use super::source::YamlDocument;
use super::yaml_node::{NodeSpan, YamlNode, YamlValue};
use crate::model::Diagnostic;
use crate::model::text_safety::{is_suspicious, is_xml_char};

/// Returns a diagnostic for every text with an invisible or control character, at most one per text.
pub fn check(document: &YamlDocument) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    visit(&document.root, &mut |text, extent| problems.extend(check_text(document, text, extent)));
    problems
}

fn visit(node: &YamlNode, see: &mut impl FnMut(&str, NodeSpan)) {
    match &node.value {
        YamlValue::Text(text) => see(text, node.extent),
        YamlValue::List(items) => items.iter().for_each(|item| visit(item, see)),
        YamlValue::Map(entries) => {
            for (key, value) in entries {
                see(&key.text, key.extent);
                visit(value, see);
            }
        }
        YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) => {}
    }
}

fn check_text(document: &YamlDocument, text: &str, extent: NodeSpan) -> Option<Diagnostic> {
    let point = |found: char| format!("U+{:04X}", u32::from(found));
    if let Some(found) = text.chars().find(|&c| !is_xml_char(c)) {
        let message =
            format!("the text contains the control character {}, which XML does not allow", point(found));
        let problem = Diagnostic::error(diagnostic_codes::CONTROL_CHARACTER, document.place(extent), message);
        return Some(problem.help("remove it: Alma stores and sends texts as XML"));
    }
    let found = text.chars().find(|&c| is_suspicious(c))?;
    let message = format!("the text contains the invisible character {}", point(found));
    let problem = Diagnostic::warning(diagnostic_codes::UNSEEN_CHARACTER, document.place(extent), message);
    Some(problem.help("remove it if it is not intended, or retype the text"))
}

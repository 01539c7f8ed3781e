//! Finds characters that nobody sees: pasted ones make two texts that look the same differ, or a key that fits nothing.

use super::diagnostic_codes;
use super::source::YamlDocument;
use super::yaml_node::{NodeSpan, YamlNode, YamlValue};
use crate::model::Diagnostic;

/// Every text of a document that holds one, told once for each text.
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
    if let Some(found) = text.chars().find(|&each| is_control(each)) {
        let message =
            format!("the text holds the control character {}, which XML cannot carry", point(found));
        let problem = Diagnostic::error(diagnostic_codes::CONTROL_CHARACTER, document.place(extent), message);
        return Some(problem.help("remove it: Alma keeps and sends texts as XML"));
    }
    let found = text.chars().find(|&each| is_unseen(each))?;
    let message = format!("the text holds {}, a character that nobody sees", point(found));
    let problem = Diagnostic::warning(diagnostic_codes::UNSEEN_CHARACTER, document.place(extent), message);
    Some(problem.help("remove it unless it is meant, or type the text anew"))
}

/// What XML 1.0 has no way to write.
fn is_control(each: char) -> bool {
    matches!(each, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// What has no width, or turns the direction of what follows. Joiners and direction marks, which some
/// scripts are written with, are none.
fn is_unseen(each: char) -> bool {
    matches!(each,
        '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

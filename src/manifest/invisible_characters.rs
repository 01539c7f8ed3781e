//! Finds characters that readers do not see or mistake for others. Pasted ones make equal-looking texts
//! differ, or a key match nothing; some are changed by the zones.

use unicode_normalization::{UnicodeNormalization, is_nfc};

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
    let warning = |code, message: String, help: String| {
        Some(Diagnostic::warning(code, document.place(extent), message).help(help))
    };
    if let Some(found) = foreign_letter(text) {
        // The word is not quoted: it may be a secret.
        let script = script(found).unwrap_or_default();
        let message =
            format!("a word has the {script} letter `{found}` ({}) beside Latin letters", point(found));
        let help = "retype the word in one alphabet; the letters look alike, but the texts differ";
        return warning(diagnostic_codes::MIXED_SCRIPTS, message, help.to_owned());
    }
    let Some(found) = text.chars().find(|&c| is_suspicious(c)) else {
        if let Some(place) = outer_space(text) {
            let message = format!("the text {place} with a space");
            let help = "remove the space: zones may drop it, and the change would never be finished";
            return warning(diagnostic_codes::OUTER_SPACE, message, help.to_owned());
        }
        let is_decomposed = !text.is_ascii() && !is_nfc(text);
        return is_decomposed.then_some(()).and_then(|()| {
            let message = "the text contains letters and accents as separate characters (Unicode NFD)";
            let help = match text.contains('\n') {
                true => {
                    "save the text in the composed form, Unicode NFC: zones may store that form".to_owned()
                }
                false => format!("retype it as `{}` (Unicode NFC): zones may store that form", text.nfc()),
            };
            warning(diagnostic_codes::DECOMPOSED, message.to_owned(), help)
        });
    };
    let message = format!("the text contains the invisible character {}", point(found));
    let problem = Diagnostic::warning(diagnostic_codes::UNSEEN_CHARACTER, document.place(extent), message);
    Some(problem.help("remove it if it is not intended, or retype the text"))
}

/// Returns `begins`, `ends` or both for a text of one line with outer spaces. Longer texts are files, whose
/// spaces are not meant.
fn outer_space(text: &str) -> Option<&'static str> {
    let is_space = |c: char| c.is_whitespace();
    if text.contains('\n') || text.trim().is_empty() {
        return None;
    }
    match (text.starts_with(is_space), text.ends_with(is_space)) {
        (true, true) => Some("begins and ends"),
        (true, false) => Some("begins"),
        (false, true) => Some("ends"),
        (false, false) => None,
    }
}

/// Returns the first letter that looks like a Latin one, in a word with ASCII letters.
fn foreign_letter(text: &str) -> Option<char> {
    if text.is_ascii() {
        return None;
    }
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.contains(|c: char| c.is_ascii_alphabetic()))
        .find_map(|word| word.chars().find(|c| script(*c).is_some()))
}

/// Returns the alphabet of a letter whose forms are mistaken for Latin ones.
fn script(c: char) -> Option<&'static str> {
    match c {
        '\u{370}'..='\u{3ff}' => Some("Greek"),
        '\u{400}'..='\u{52f}' => Some("Cyrillic"),
        '\u{531}'..='\u{587}' => Some("Armenian"),
        '\u{13a0}'..='\u{13ff}' => Some("Cherokee"),
        '\u{ff21}'..='\u{ff5a}' => Some("fullwidth"),
        _ => None,
    }
}

//! Finds characters that readers do not see or mistake for others. Pasted ones make equal-looking texts
//! differ, or a key match nothing; some are changed by the zones.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::diagnostic_codes;
use super::source::YamlDocument;
use super::yaml_node::{NodeSpan, YamlNode, YamlValue};
use crate::model::Diagnostic;
use crate::model::secret_text::{has_password, names_secret};
use crate::model::text_safety::{is_suspicious, is_xml_char};

/// Fields of `spec` whose texts stay in the manifests.
const NOT_SENT: [&str; 2] = ["appliesTo", "owner"];

/// Returns a diagnostic for every text with an invisible or control character, at most one per text.
///
/// `is_sent` is true for a manifest whose spec goes to zones. Values of variables always do.
pub fn check(document: &YamlDocument, is_sent: bool) -> Vec<InvisibleCharacter> {
    let mut problems = Vec::new();
    let mut see = |text: &str, extent, place: TextPlace| {
        let problem = check_text(document, text, extent, place.is_secret);
        problems.extend(problem.map(|problem| InvisibleCharacter { problem, place }));
    };
    let YamlValue::Map(entries) = &document.root.value else { return problems };
    for (key, value) in entries {
        let place = TextPlace { is_sent: is_sent && &*key.text == "spec", ..TextPlace::default() };
        see(&key.text, key.extent, TextPlace::default());
        visit(value, place, &mut see);
    }
    problems
}

/// Text with an invisible or control character.
pub struct InvisibleCharacter {
    /// Problem of the text.
    pub problem: Diagnostic,
    place: TextPlace,
}

impl InvisibleCharacter {
    /// Returns true for a problem that matters by itself. In a text that no zone gets, spaces and accents only
    /// explain another problem. An expression compares its texts with those of zones, but ignores outer spaces.
    pub fn is_relevant(&self) -> bool {
        match self.problem.code {
            diagnostic_codes::CONTROL_CHARACTER | diagnostic_codes::MIXED_SCRIPTS => true,
            diagnostic_codes::OUTER_SPACE => self.place.is_sent,
            _ => self.place.is_sent || self.place.is_expression,
        }
    }
}

/// Use of a text, by its place in the manifest.
#[derive(Clone, Copy, Default)]
struct TextPlace {
    is_sent: bool,
    is_secret: bool,
    is_expression: bool,
}

impl TextPlace {
    /// Returns the use of the texts below a field.
    fn below(self, field: &str) -> Self {
        let is_sent = match field {
            // Columns have any names.
            "vars" | "columns" => true,
            field => self.is_sent && !NOT_SENT.contains(&field),
        };
        let is_expression = self.is_expression || field == "expression";
        Self { is_sent, is_secret: self.is_secret || names_secret(field), is_expression }
    }
}

fn visit(node: &YamlNode, place: TextPlace, see: &mut impl FnMut(&str, NodeSpan, TextPlace)) {
    match &node.value {
        YamlValue::Text(text) => see(text, node.extent, place),
        YamlValue::List(items) => items.iter().for_each(|item| visit(item, place, see)),
        YamlValue::Map(entries) => {
            for (key, value) in entries {
                see(&key.text, key.extent, place);
                visit(value, place.below(&key.text), see);
            }
        }
        YamlValue::Null | YamlValue::Bool(_) | YamlValue::Number(_) => {}
    }
}

fn check_text(document: &YamlDocument, text: &str, extent: NodeSpan, is_secret: bool) -> Option<Diagnostic> {
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
            let help = match text.contains('\n') || is_secret || has_password(text) {
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

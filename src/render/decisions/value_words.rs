//! Words for folded values: bare if they look like codes, quoted otherwise.

use super::folded_value::{FoldedText, FoldedValue};
use super::variant_content::FieldChangeContent;
use super::zone_names::ZoneNames;
use crate::model::text_safety::escape_invisible;
use crate::model::{FieldValue, ZoneCode};
use crate::render::text_difference::distinct_texts;

/// Word that a bare text would be mistaken for.
const AMBIGUOUS: &str = "null";

/// Returns a value in one line.
pub fn value_words(value: &FoldedValue, names: &ZoneNames<'_>) -> String {
    match value {
        FoldedValue::Null => "(unset)".to_owned(),
        FoldedValue::Bool(flag) => flag.to_string(),
        FoldedValue::Text(text) => text_words(text, names),
        FoldedValue::List(texts) if texts.is_empty() => "(unset)".to_owned(),
        FoldedValue::List(texts) => list_words(texts, names).join(", "),
        FoldedValue::Members(rule) => {
            let mut words = String::new();
            // Writing to a String cannot fail.
            let _ = rule.write(&mut words, |code| names.short(code));
            escape_invisible(&words)
        }
    }
}

/// Returns the texts of a list.
pub fn list_words(texts: &[FoldedText], names: &ZoneNames<'_>) -> Vec<String> {
    texts.iter().map(|text| text_words(text, names)).collect()
}

/// Returns a text: the short name of a zone, a bare code, or the text in quotes.
pub fn text_words(text: &FoldedText, names: &ZoneNames<'_>) -> String {
    match text {
        FoldedText::Plain(text) if names.zone(text).is_some() => names.short(&ZoneCode::from(&**text)),
        FoldedText::Plain(text) => match is_bare(text) && !names.is_short_code(text) {
            true => text.to_string(),
            false => quoted(text),
        },
        FoldedText::Template(_) => {
            let text = text.to_string();
            if is_bare(&text.replace(['{', '}'], "")) { text } else { quoted(&text) }
        }
    }
}

/// Returns a sentence, such as a reason, without quotes.
pub fn sentence_words(text: &FoldedText, names: &ZoneNames<'_>) -> String {
    match text.plain() {
        Some(text) => escape_invisible(text),
        None => text_words(text, names).trim_matches('"').to_owned(),
    }
}

/// Returns a text as it is. Only a text with names has doubled braces.
fn shown_text(text: &FoldedText) -> String {
    text.plain().map_or_else(|| text.to_string(), str::to_owned)
}

/// Returns true if a text needs no quotes: letters, digits and the signs of codes.
fn is_bare(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.:/+*%@".contains(c);
    !text.is_empty() && text.chars().all(is_plain) && text != AMBIGUOUS
}

fn quoted(text: &str) -> String {
    escape_invisible(&format!("{text:?}"))
}

/// Returns words for the value of a key.
pub fn key_words(value: &FoldedValue, names: &ZoneNames<'_>) -> String {
    match value {
        FoldedValue::Text(FoldedText::Plain(text)) => escape_invisible(text),
        FoldedValue::Text(text @ FoldedText::Template(_)) => escape_invisible(&text.to_string()),
        FoldedValue::Null => String::new(),
        FoldedValue::Bool(_) | FoldedValue::List(_) | FoldedValue::Members(_) => value_words(value, names),
    }
}

/// Returns words for the change from one value to another. Different values have different words.
pub fn change_words(before: &FoldedValue, after: &FoldedValue, names: &ZoneNames<'_>, arrow: &str) -> String {
    let (before_words, after_words) = changed_value_words(before, after, names);
    format!("{before_words} {arrow} {after_words}")
}

/// Returns words for the values before and after a change. Different values have different words.
pub fn changed_value_words(
    before: &FoldedValue,
    after: &FoldedValue,
    names: &ZoneNames<'_>,
) -> (String, String) {
    let words = (value_words(before, names), value_words(after, names));
    match (before, after) {
        (FoldedValue::Text(before), FoldedValue::Text(after)) => {
            let value = |text: &FoldedText| FieldValue::Text(shown_text(text).into());
            let exact = distinct_texts(&value(before), &value(after));
            let look_alike = exact.0.contains('\\') || exact.1.contains('\\');
            if look_alike { exact } else { words }
        }
        _ => words,
    }
}

/// Returns words for the texts that a list gains and loses: `+RESERVES -ALUM`.
pub fn edit_words(change: &FieldChangeContent, names: &ZoneNames<'_>) -> Option<String> {
    let FieldChangeContent::Edit { added, removed } = change else { return None };
    let signed = |sign: char, texts: &[FoldedText]| {
        list_words(texts, names).into_iter().map(move |text| format!("{sign}{text}")).collect::<Vec<_>>()
    };
    let mut words = signed('+', added);
    words.extend(signed('-', removed));
    Some(words.join(" "))
}

/// Returns the text of a value of several lines.
pub fn multiline_text(value: &FoldedValue) -> Option<String> {
    match value {
        FoldedValue::Text(text) => Some(shown_text(text)).filter(|text| text.contains('\n')),
        FoldedValue::Null | FoldedValue::Bool(_) | FoldedValue::List(_) | FoldedValue::Members(_) => None,
    }
}

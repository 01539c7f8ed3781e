//! Recognizes how a zone changed a written text: without outer spaces, in another Unicode form, and so on.
//!
//! Such a difference would return after every write. The report names it, with the text to declare.

use unicode_normalization::UnicodeNormalization;

use crate::model::text_safety::escape_invisible;
use crate::model::{Change, FieldChange, FieldValue};

/// Returns a sentence for each field that the zone stored in a normalized form.
pub fn normalized_fields(change: &Change) -> Vec<String> {
    change.field_changes.iter().filter_map(normalized_field).collect()
}

fn normalized_field(field: &FieldChange) -> Option<String> {
    let (Some(FieldValue::Text(stored)), FieldValue::Text(sent)) = (&field.before, &field.after) else {
        return None;
    };
    let form = normal_form(sent, stored)?;
    let advice = match stored.chars().count() <= LONGEST_SHOWN && !stored.contains('\n') {
        true => format!("write `{}`", escape_invisible(stored)),
        false => "write the text as the zone stores it".to_owned(),
    };
    Some(format!("`{}`: the zone stores the text {form}; {advice} at {}", field.name, field.provenance))
}

/// Returns true if the zone stored a sent value in a normalized form.
pub fn is_normalized(sent: &FieldValue, stored: &FieldValue) -> bool {
    match (sent, stored) {
        (FieldValue::Text(sent), FieldValue::Text(stored)) => normal_form(sent, stored).is_some(),
        (_, _) => false,
    }
}

/// Maximum number of characters of a text in a sentence.
const LONGEST_SHOWN: usize = 80;

/// Returns the form in which a zone stored a sent text; `None` if the texts differ otherwise.
fn normal_form(sent: &str, stored: &str) -> Option<&'static str> {
    let lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
    let forms: [(&'static str, bool); 7] = [
        ("without its outer spaces", sent.trim() == stored),
        ("with other line ends", lines(sent) == lines(stored)),
        ("without the line ends at its end", lines(sent).trim_end() == lines(stored).trim_end()),
        ("in the composed Unicode form (NFC)", sent.nfc().eq(stored.nfc())),
        ("with other XML entities", decode_entities(sent) == decode_entities(stored)),
        ("in another letter case", sent.to_lowercase() == stored.to_lowercase()),
        ("cut to its maximum length", stored.chars().count() >= SHORTEST_LIMIT && sent.starts_with(stored)),
    ];
    forms.into_iter().find_map(|(form, is_form)| is_form.then_some(form)).filter(|_| sent != stored)
}

/// Least number of characters of a text that a zone cuts. A shorter start of a text is another text.
const SHORTEST_LIMIT: usize = 20;

/// Replaces XML's named entities.
fn decode_entities(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::normal_form;

    #[test]
    fn each_normal_form_is_named() {
        for (sent, stored, form) in [
            (" Blocked ", "Blocked", Some("without its outer spaces")),
            ("a\nb", "a\r\nb", Some("with other line ends")),
            ("  a\nb\n", "  a\nb", Some("without the line ends at its end")),
            ("e\u{301}", "\u{e9}", Some("in the composed Unicode form (NFC)")),
            ("A & B", "A &amp; B", Some("with other XML entities")),
            ("abc", "ABC", Some("in another letter case")),
            (
                "A text that is long enough to cut",
                "A text that is long enough",
                Some("cut to its maximum length"),
            ),
            ("Blocked", "Block", None),
            ("same", "same", None),
        ] {
            assert_eq!(normal_form(sent, stored), form, "{sent:?}");
        }
    }
}

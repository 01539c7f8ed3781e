//! Recognizes how a zone changed a written text: without outer spaces, in another Unicode form, and so on.
//!
//! Such a difference would return after every write. The report names it, with the text to declare.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::text_safety::escape_invisible;
use crate::model::{Change, FieldChange, FieldName, FieldValue, ValueComparison};

/// First of the rows in which the zone stored a field in one form, and their number.
struct NormalizedField<'a> {
    field: &'a FieldChange,
    stored: &'a str,
    comparison: Option<ValueComparison>,
    rows: usize,
}

/// Returns a sentence for each field and form in which the zone stored texts of a collection.
///
/// `with_compare` are the manifests whose kinds have a field `compare`.
pub fn normalized_fields(changes: &[Change], with_compare: &BTreeSet<&str>) -> Vec<String> {
    let mut found: BTreeMap<(&FieldName, &'static str), NormalizedField<'_>> = BTreeMap::new();
    for field in changes.iter().flat_map(|change| &change.field_changes) {
        let (Some(FieldValue::Text(stored)), FieldValue::Text(sent)) = (&field.before, &field.after) else {
            continue;
        };
        let Some((form, comparison)) = normal_form(sent, stored) else { continue };
        let first = NormalizedField { field, stored, comparison, rows: 0 };
        found.entry((&field.name, form)).or_insert(first).rows += 1;
    }
    let sentences = found.into_iter().map(|((name, form), normalized)| {
        let NormalizedField { field, stored, comparison, rows } = normalized;
        let text = match stored.chars().count() <= LONGEST_SHOWN && !stored.contains('\n') {
            true => format!("write `{}`", escape_invisible(stored)),
            false => "write the text as the zone stores it".to_owned(),
        };
        let more = if rows > 1 { format!(", and so on in {rows} rows") } else { String::new() };
        let manifest = &field.provenance.manifest;
        let comparison = comparison.filter(|_| with_compare.contains(&**manifest));
        let compare =
            comparison.map(|how| format!(", or set `compare: {{{name}: {}}}` in {manifest}", how.as_str()));
        let compare = compare.unwrap_or_default();
        format!("`{name}`: the zone stores the text {form}; {text} at {}{more}{compare}", field.provenance)
    });
    sentences.collect()
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

/// Form of a stored text, and the comparison that accepts it.
type NormalForm = (&'static str, Option<ValueComparison>);

/// Returns the form in which a zone stored a sent text; `None` if the texts differ in something else.
fn normal_form(sent: &str, stored: &str) -> Option<NormalForm> {
    const FORMS: [(&str, ValueComparison); 5] = [
        ("without its outer spaces", ValueComparison::Trimmed),
        ("with other line ends", ValueComparison::LineEnds),
        ("in the composed Unicode form (NFC)", ValueComparison::Unicode),
        ("with other XML entities", ValueComparison::Entities),
        ("in another letter case", ValueComparison::CaseInsensitive),
    ];
    if sent == stored {
        return None;
    }
    let is_cut = stored.chars().count() >= SHORTEST_LIMIT && sent.starts_with(stored);
    let is_form = |(_, comparison): &&(&str, ValueComparison)| match comparison {
        ValueComparison::Trimmed => sent.trim() == stored,
        other => other.are_equal(sent, stored),
    };
    let form = FORMS.iter().find(is_form).map(|(form, comparison)| (*form, Some(*comparison)));
    form.or_else(|| is_cut.then_some(("cut to its maximum length", None)))
}

/// Least number of characters of a text that a zone cuts. A shorter start of a text is another text.
const SHORTEST_LIMIT: usize = 20;

#[cfg(test)]
mod tests {
    use super::normal_form;

    #[test]
    fn each_normal_form_is_named() {
        for (sent, stored, form) in [
            (" Blocked ", "Blocked", Some("without its outer spaces")),
            ("a\nb", "a\r\nb", Some("with other line ends")),
            ("  a\nb\n", "  a\nb", Some("with other line ends")),
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
            assert_eq!(normal_form(sent, stored).map(|(form, _)| form), form, "{sent:?}");
        }
    }
}

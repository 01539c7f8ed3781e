//! Comparison of a declared text with the text of a zone.

use unicode_normalization::UnicodeNormalization as _;

/// Comparison of the texts of a field.
///
/// Some zones store a text in another form than they got it. A looser comparison accepts this form, so that the
/// difference does not return after every write.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum ValueComparison {
    /// Compares every character.
    #[default]
    Exact,
    /// Ignores spaces at the start and the end.
    Trimmed,
    /// Ignores the Unicode form of composed characters.
    Unicode,
    /// Ignores whether a character is written as a named XML entity, such as `&amp;`.
    Entities,
    /// Ignores the type of line ends, and their number at the end.
    LineEnds,
    /// Ignores upper and lower case.
    CaseInsensitive,
}

impl ValueComparison {
    /// Returns the word in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Trimmed => "trimmed",
            Self::Unicode => "unicode",
            Self::Entities => "entities",
            Self::LineEnds => "lineEnds",
            Self::CaseInsensitive => "caseInsensitive",
        }
    }

    /// Returns true if the comparison ignores the differences between two texts.
    pub fn are_equal(self, one: &str, other: &str) -> bool {
        match self {
            Self::Exact => one == other,
            Self::Trimmed => one.trim() == other.trim(),
            Self::Unicode => one.nfc().eq(other.nfc()),
            Self::Entities => decode_entities(one) == decode_entities(other),
            Self::LineEnds => plain_lines(one) == plain_lines(other),
            Self::CaseInsensitive => one.to_lowercase() == other.to_lowercase(),
        }
    }
}

/// Returns the text with `\n` as its only line end, and without line ends at the end.
fn plain_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.trim_end_matches('\n').to_owned()
}

/// Replaces XML's named entities.
fn decode_entities(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::ValueComparison::{CaseInsensitive, Entities, Exact, LineEnds, Trimmed, Unicode};

    #[test]
    fn each_comparison_ignores_one_difference() {
        let pairs = [
            (Exact, "a", "a"),
            (Trimmed, " a ", "a"),
            (Unicode, "e\u{301}", "\u{e9}"),
            (Entities, "A & B", "A &amp; B"),
            (LineEnds, "a\nb\n", "a\r\nb"),
            (CaseInsensitive, "abc", "ABC"),
        ];
        for comparison in pairs.map(|(comparison, _, _)| comparison) {
            for (ignores, one, other) in pairs {
                let is_equal = comparison == ignores || one == other;
                assert_eq!(comparison.are_equal(one, other), is_equal, "{comparison:?}: {one:?} {other:?}");
            }
        }
    }
}

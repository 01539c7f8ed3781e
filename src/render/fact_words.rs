//! Words for expectations that are not met, and their groups.

use super::decisions::{MemberGroup, ZoneNames, member_groups};
use super::text_difference::distinct_texts;
use crate::model::{BrokenExpectation, FieldValue, MaybeKnown, Provenance, UnmetFact};

/// Returns the current and the forecast value of a fact: `allowed: true -> false`.
pub fn forecast(UnmetFact { fact, expected, found, span: _ }: &UnmetFact) -> String {
    match found {
        MaybeKnown::Known(found) => {
            let (expected, found) = value_texts(expected, found);
            format!("{fact}: {expected} -> {found}")
        }
        MaybeKnown::Unknown(why) => format!("{fact}: {expected} -> not known: {why}"),
    }
}

/// Returns the texts of two values. Beside a list, null becomes an empty list.
fn value_texts(expected: &FieldValue, found: &FieldValue) -> (String, String) {
    let empty = || "[]".to_owned();
    match (expected, found) {
        (FieldValue::Null, FieldValue::List(_)) => (empty(), found.to_string()),
        (FieldValue::List(_), FieldValue::Null) => (expected.to_string(), empty()),
        (expected, found) => distinct_texts(expected, found),
    }
}

/// Returns the expected and the actual value: `allowed: expected true, found false`.
pub fn fell_short(UnmetFact { fact, expected, found, span: _ }: &UnmetFact) -> String {
    match found {
        MaybeKnown::Known(found) => {
            let (expected, found) = value_texts(expected, found);
            format!("{fact}: expected {expected}, found {found}")
        }
        MaybeKnown::Unknown(why) => format!("{fact}: expected {expected}, but unknown: {why}"),
    }
}

/// Returns broken expectations in groups that differ only in a member.
pub fn broken_groups<'a>(broken: &[BrokenExpectation], names: &ZoneNames<'a>) -> Vec<MemberGroup<'a>> {
    let text = |BrokenExpectation { provenance, question, reason, facts }: &BrokenExpectation| {
        shared_text(provenance, question, reason.as_deref(), facts, forecast)
    };
    member_groups(&broken.iter().map(text).collect::<Vec<_>>(), names)
}

/// Returns everything that expectations of one group share, as one text. `words` returns the words for a fact.
pub fn shared_text(
    provenance: &Provenance,
    question: &str,
    reason: Option<&str>,
    facts: &[UnmetFact],
    words: fn(&UnmetFact) -> String,
) -> String {
    let facts: Vec<String> = facts.iter().map(|fact| format!("{} {}", fact.span, words(fact))).collect();
    format!("{provenance}\n{question}\n{}\n{}", reason.unwrap_or_default(), facts.join("\n"))
}

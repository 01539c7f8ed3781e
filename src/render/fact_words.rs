//! Words for a fact that differs from an expectation.

use super::text_difference::distinct_texts;
use crate::model::{FieldValue, MaybeKnown, UnmetFact};

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

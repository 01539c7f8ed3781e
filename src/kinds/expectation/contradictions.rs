//! Finds contradictory expectations: at most one of them can be met.

use std::collections::HashMap;

use crate::manifest::diagnostic_codes;
use crate::model::{Diagnostic, Expectation, ExpectedFact, Question};

/// Returns a diagnostic for each fact with two different expected values, located at the second value.
pub fn find(expectations: &[Expectation]) -> Vec<Diagnostic> {
    let mut first_values: HashMap<(&Question, &str), &ExpectedFact> = HashMap::new();
    let mut problems = Vec::new();
    for Expectation { question, facts, .. } in expectations {
        for (fact, expected) in facts {
            let first = *first_values.entry((question, fact)).or_insert(expected);
            if first.value != expected.value {
                let ExpectedFact { value, span: place } = expected;
                let message = format!(
                    "contradictory expected values of `{fact}`, `{value}` and `{}`, for the same question: \
                     {question}",
                    first.value
                );
                problems.push(
                    Diagnostic::error(diagnostic_codes::EXPECTED_OTHERWISE, place.clone(), message)
                        .with_secondary_span(first.span.clone(), "other value")
                        .help("remove one of the values"),
                );
            }
        }
    }
    problems
}

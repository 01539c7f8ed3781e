//! Finds questions of which two different answers are expected: one of them could never be met.

use std::collections::HashMap;

use crate::manifest::diagnostic_codes;
use crate::model::{Diagnostic, Expectation, ExpectedFact, Question};

/// Each fact of a question that is expected to be two things, told where it is said the second time.
pub fn find(expectations: &[Expectation]) -> Vec<Diagnostic> {
    let mut said: HashMap<(&Question, &str), &ExpectedFact> = HashMap::new();
    let mut problems = Vec::new();
    for Expectation { question, facts, .. } in expectations {
        for (fact, expected) in facts {
            let first = *said.entry((question, fact)).or_insert(expected);
            if first.value != expected.value {
                let ExpectedFact { value, span: place } = expected;
                let message = format!(
                    "`{fact}` is expected to be `{value}` and `{}` in answer to one question: {question}",
                    first.value
                );
                problems.push(
                    Diagnostic::error(diagnostic_codes::EXPECTED_OTHERWISE, place.clone(), message)
                        .with_secondary_span(first.span.clone(), "the other one")
                        .help("remove one of them: no answer can be both"),
                );
            }
        }
    }
    problems
}

//! What is a patron of one member at another?

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::told::Telling;
use crate::model::{Explanation, PatronQuestion, Question};

/// What must be known to answer it.
pub fn needs(question: &PatronQuestion) -> Vec<(Whose, Subject)> {
    vec![(Whose::Zone(question.at.clone()), Subject::LinkedAccountRules)]
}

/// Answers the question.
pub fn explain(question: &PatronQuestion, _settings: &Settings) -> Explanation {
    let telling = Telling::new(Question::Patron(question.clone()));
    telling.unknown(&["group"], &"it cannot be answered yet".into(), || "not known".to_owned())
}

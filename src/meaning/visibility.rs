//! Do partners see a user group of a member?

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::told::Telling;
use crate::model::{Explanation, Question, VisibilityQuestion};

/// What must be known to answer it.
pub fn needs(question: &VisibilityQuestion) -> Vec<(Whose, Subject)> {
    vec![(Whose::Zone(question.member.clone()), Subject::RestrictedUsers)]
}

/// Answers the question.
pub fn explain(question: &VisibilityQuestion, _settings: &Settings) -> Explanation {
    let telling = Telling::new(Question::Visibility(question.clone()));
    telling.unknown(&["visible"], &"it cannot be answered yet".into(), || "not known".to_owned())
}

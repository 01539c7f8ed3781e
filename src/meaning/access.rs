//! Can somebody reach an electronic resource of the Network Zone?

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::told::Telling;
use crate::model::{AccessQuestion, Explanation, Question};

/// What must be known to answer it.
pub fn needs(_question: &AccessQuestion) -> Vec<(Whose, Subject)> {
    vec![(Whose::NetworkZone, Subject::AvailabilityGroups)]
}

/// Answers the question.
pub fn explain(question: &AccessQuestion, _settings: &Settings) -> Explanation {
    let telling = Telling::new(Question::Access(question.clone()));
    telling.unknown(&["reach"], &"it cannot be answered yet".into(), || "not known".to_owned())
}

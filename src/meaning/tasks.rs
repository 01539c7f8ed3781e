//! What may a role do with the task list of authority control?

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::told::Telling;
use crate::model::{Explanation, Question, TasksQuestion};

/// What must be known to answer it.
pub fn needs(question: &TasksQuestion) -> Vec<(Whose, Subject)> {
    vec![(Whose::Zone(question.zone.clone()), Subject::TaskList)]
}

/// Answers the question.
pub fn explain(question: &TasksQuestion, _settings: &Settings) -> Explanation {
    let telling = Telling::new(Question::Tasks(question.clone()));
    telling.unknown(&["view"], &"it cannot be answered yet".into(), || "not known".to_owned())
}

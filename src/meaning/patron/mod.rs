//! What is a patron of one member at another?

pub mod blocks;
mod dates;
mod rules;

pub use dates::{Dates, Ending, Refreshed, Refreshing, refresh};
pub use rules::{Copying, DEFAULT, Linked, Refused, link};

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::told::Telling;
use crate::model::{Explanation, PatronQuestion, Question};

/// What must be known to answer it.
pub fn needs(question: &PatronQuestion) -> Vec<(Whose, Subject)> {
    let PatronQuestion { from, user_group: _, at, expires: _, on_to } = question;
    let of = |zone: &crate::model::ZoneCode, subject| (Whose::Zone(zone.clone()), subject);
    let there = [
        Subject::LinkedAccountRules,
        Subject::ExternalUserGroups,
        Subject::UserGroups,
        Subject::RecordTypes,
        Subject::BlockDefinitions,
        Subject::BlockDescriptions,
    ];
    let here = [Subject::RestrictedUsers, Subject::BlockDefinitions, Subject::BlockDescriptions];
    let there = there.into_iter().map(|subject| of(at, subject));
    let here = here.into_iter().map(|subject| of(from, subject));
    let on_to = on_to.iter().map(|zone| of(zone, Subject::LinkedAccountRules));
    there.chain(here).chain(on_to).collect()
}

/// Answers the question.
pub fn explain(question: &PatronQuestion, _settings: &Settings) -> Explanation {
    let telling = Telling::new(Question::Patron(question.clone()));
    telling.unknown(&["group"], &"it cannot be answered yet".into(), || "not known".to_owned())
}

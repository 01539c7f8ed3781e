//! Questions about effective settings: the outcome for a member and its users, not the content of a row.
//!
//! A question is one file here with its arguments, facts and texts, one line in the list below, and one file
//! in `analysis` with its answer and impact. Flags of `zonal explain`, rows of `Expectation` and their schema
//! follow from the file.

mod access;
pub mod definition;
mod import;
mod patron;
mod tasks;
mod visibility;

use std::fmt;

pub use self::access::{AccessQuestion, ClientLocation, ResourceId};
use self::definition::QuestionDefinition;
pub use self::import::ImportQuestion;
pub use self::patron::PatronQuestion;
pub use self::tasks::TasksQuestion;
pub use self::visibility::VisibilityQuestion;

/// Calls a macro with the list of questions.
macro_rules! for_all_questions {
    ($macro:ident) => {
        $macro! {
            /// Permission of a member to contribute records to the Network Zone.
            Import(ImportQuestion),
            /// Access of a user to an electronic resource of the Network Zone.
            Access(AccessQuestion),
            /// Linked account of a patron at another member.
            Patron(PatronQuestion),
            /// Visibility of a user group to partners.
            Visibility(VisibilityQuestion),
            /// Permissions of a role in the authority control task list.
            Tasks(TasksQuestion),
        }
    };
}
pub(crate) use for_all_questions;

/// Declares [`Question`], by question.
macro_rules! question_enum {
    ($($(#[$about:meta])* $name:ident($question:ty),)*) => {
        /// Question about a network.
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Question {
            $($(#[$about])* $name($question),)*
        }

        /// Definitions of all questions.
        pub const QUESTIONS: &[&QuestionDefinition] = &[$(&<$question>::DEFINITION),*];

        impl Question {
            /// Returns the definition.
            pub fn definition(&self) -> &'static QuestionDefinition {
                match self {
                    $(Self::$name(_) => &<$question>::DEFINITION,)*
                }
            }
        }

        /// Formats the question without a question mark: `may 01OMNI_BETA contribute bibliographic records
        /// to the Network Zone`.
        impl fmt::Display for Question {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name(question) => question.fmt(f),)*
                }
            }
        }

        $(impl From<$question> for Question {
            fn from(question: $question) -> Self {
                Self::$name(question)
            }
        })*
    };
}

for_all_questions!(question_enum);

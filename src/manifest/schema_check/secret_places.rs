//! Problems at places where a person may have pasted an API key: their messages quote no value.

use super::messages::path_text;
use crate::manifest::diagnostic_codes;
use crate::model::Diagnostic;
use crate::model::secret_text::SOURCE_FORM;

/// Returns true for a place in `credentials`.
fn is_secret_place(pointer: &str) -> bool {
    pointer.split('/').any(|segment| segment == "credentials")
}

/// Removes the value from a problem at the place of a secret, and shows the right form as help.
///
/// Leaves a problem at another place unchanged.
pub fn hide_value(problem: &mut Diagnostic, pointer: &str) {
    if !is_secret_place(pointer) {
        return;
    }
    let here = path_text(pointer);
    match problem.code {
        // An empty text or list has no value to hide, and the other messages name only fields of the schema.
        diagnostic_codes::OUT_OF_RANGE
        | diagnostic_codes::MISSING_FIELD
        | diagnostic_codes::NOT_EXACTLY_ONE => return,
        diagnostic_codes::UNKNOWN_FIELD => problem.message = format!("{here}: unknown field"),
        _ => problem.message = format!("{here}: expected the source of an API key"),
    }
    let is_misspelling = problem.help.as_ref().is_some_and(|help| help.starts_with("did you mean"));
    if !is_misspelling {
        problem.help = Some(SOURCE_FORM.to_owned());
    }
}

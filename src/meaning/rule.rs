//! What a rule's list of user groups makes of one of them.

use super::table::Entry;
use crate::model::{AmendTo, Amendment, IN_LIST, NOT_IN_LIST};

/// What a list makes of a user group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// The rule's condition is met.
    Passes,
    /// It is not.
    Stopped,
    /// The rule asks for no user group, so that its condition is met for all.
    NoList,
    /// The rule has an operator that zonal does not know.
    Unclear,
}

/// What a rule makes of a user group.
pub fn listed(rule: Entry<'_>, user_group: &str) -> Listed {
    let is_listed = || rule.lists("userGroups", user_group);
    match rule.text("operator") {
        None => Listed::NoList,
        Some(IN_LIST) if is_listed() => Listed::Passes,
        Some(IN_LIST) => Listed::Stopped,
        Some(NOT_IN_LIST) if is_listed() => Listed::Stopped,
        Some(NOT_IN_LIST) => Listed::Passes,
        Some(_) => Listed::Unclear,
    }
}

/// What the rules that an amendment is about make of a user group once it is done; `None` where it does not speak of
/// the group.
pub fn amended(amendment: &Amendment, user_group: &str) -> Option<Listed> {
    let operator = || selected(amendment, "operator");
    amendment.amends.iter().filter(|amend| *amend.field == *"userGroups").find_map(|amend| match &amend.to {
        AmendTo::Passing { text, operator: _ } if **text == *user_group => Some(Listed::Passes),
        AmendTo::Stopping { text, operator: _ } if **text == *user_group => Some(Listed::Stopped),
        AmendTo::With(text) if **text == *user_group => match operator() {
            Some(IN_LIST) => Some(Listed::Passes),
            Some(NOT_IN_LIST) => Some(Listed::Stopped),
            Some(_) | None => None,
        },
        AmendTo::Without(text) if **text == *user_group => match operator() {
            Some(IN_LIST) => Some(Listed::Stopped),
            Some(NOT_IN_LIST) => Some(Listed::Passes),
            Some(_) | None => None,
        },
        AmendTo::Passing { .. }
        | AmendTo::Stopping { .. }
        | AmendTo::With(_)
        | AmendTo::Without(_)
        | AmendTo::Value(_)
        | AmendTo::Filled(_) => None,
    })
}

/// The text by which an amendment selects records.
pub fn selected<'a>(amendment: &'a Amendment, name: &str) -> Option<&'a str> {
    amendment.select.iter().find(|(field, _)| **field == *name)?.1.as_text()
}

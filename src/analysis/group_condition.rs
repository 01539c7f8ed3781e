//! What a rule's list of user groups makes of one of them.

use super::settings_table::RowView;
use crate::model::{Amendment, AmendmentOperation, IN_LIST, NOT_IN_LIST};

/// What a list makes of a user group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupListing {
    /// The rule's condition is met.
    Allowed,
    /// It is not.
    Blocked,
    /// The rule asks for no user group, so that its condition is met for all.
    Unrestricted,
    /// The rule has an operator that zonal does not know.
    UnknownOperator,
}

/// What a rule makes of a user group.
pub fn match_group(rule: RowView<'_>, user_group: &str) -> GroupListing {
    let is_listed = || rule.lists("userGroups", user_group);
    match rule.text_field("operator") {
        None => GroupListing::Unrestricted,
        Some(IN_LIST) if is_listed() => GroupListing::Allowed,
        Some(IN_LIST) => GroupListing::Blocked,
        Some(NOT_IN_LIST) if is_listed() => GroupListing::Blocked,
        Some(NOT_IN_LIST) => GroupListing::Allowed,
        Some(_) => GroupListing::UnknownOperator,
    }
}

/// What the rules that an amendment is about make of a user group once it is done; `None` where it does not speak of
/// the group.
pub fn match_after_amendment(amendment: &Amendment, user_group: &str) -> Option<GroupListing> {
    let operator = || selector_value(amendment, "operator");
    amendment.amends.iter().filter(|amend| *amend.field == *"userGroups").find_map(|amend| match &amend.to {
        AmendmentOperation::AllowInRule { text, operator: _ } if **text == *user_group => {
            Some(GroupListing::Allowed)
        }
        AmendmentOperation::BlockInRule { text, operator: _ } if **text == *user_group => {
            Some(GroupListing::Blocked)
        }
        AmendmentOperation::AddToList(text) if **text == *user_group => match operator() {
            Some(IN_LIST) => Some(GroupListing::Allowed),
            Some(NOT_IN_LIST) => Some(GroupListing::Blocked),
            Some(_) | None => None,
        },
        AmendmentOperation::RemoveFromList(text) if **text == *user_group => match operator() {
            Some(IN_LIST) => Some(GroupListing::Blocked),
            Some(NOT_IN_LIST) => Some(GroupListing::Allowed),
            Some(_) | None => None,
        },
        AmendmentOperation::AllowInRule { .. }
        | AmendmentOperation::BlockInRule { .. }
        | AmendmentOperation::AddToList(_)
        | AmendmentOperation::RemoveFromList(_)
        | AmendmentOperation::Set(_)
        | AmendmentOperation::SetIfEmpty(_) => None,
    })
}

/// The text by which an amendment selects records.
pub fn selector_value<'a>(amendment: &'a Amendment, name: &str) -> Option<&'a str> {
    amendment.select.iter().find(|(field, _)| **field == *name)?.1.as_text()
}

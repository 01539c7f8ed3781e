//! User group conditions of rules.

use super::settings_table::RowView;
use crate::model::{Amendment, AmendmentOperation, IN_LIST, NOT_IN_LIST};

/// Result of a rule's user group condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupListing {
    /// Condition met.
    Allowed,
    /// Condition not met.
    Blocked,
    /// No condition on user groups, so met for all.
    Unrestricted,
    /// Operator unknown to zonal.
    UnknownOperator,
}

/// Evaluates a rule's condition for a user group.
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

/// Evaluates the condition of amended rules for a user group; `None` if the amendment does not affect the
/// user group.
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

/// Returns the text value by which an amendment selects records.
pub fn selector_value<'a>(amendment: &'a Amendment, name: &str) -> Option<&'a str> {
    amendment.select.iter().find(|(field, _)| **field == *name)?.1.as_text()
}

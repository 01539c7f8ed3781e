//! Consistency of rules with the Restricted Users list, for one user group.

use std::sync::Arc;

use super::GroupVisibility;
use crate::analysis::group_condition::{GroupListing, match_after_amendment, match_group, selector_value};
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{RowView, TableCompleteness};
use crate::model::{Amendment, ReasonSource, ResourceId, VisibilityQuestion};

/// Consistency of one rule table for a user group.
pub struct RuleAgreement {
    /// Rules that contradict the Restricted Users list, as `COLLECTION/NAME`.
    pub wrong: Vec<(String, ReasonSource)>,
    /// Consistent rules.
    pub right: Vec<(String, ReasonSource)>,
    /// Reason why more rules may be inconsistent.
    pub unknown: Option<Arc<str>>,
    /// Effect of an inconsistent rule, as text.
    pub says_wrong: &'static str,
    /// Effect of a consistent rule, as text.
    pub says_right: &'static str,
}

/// Checks the rota assignment rules of a member; all rules with any rota count.
pub fn rota(
    question: &VisibilityQuestion,
    settings: &NetworkSettings,
    visibility: GroupVisibility,
) -> RuleAgreement {
    let is_right = |listed| match (visibility, listed) {
        (_, GroupListing::UnknownOperator) => None,
        (GroupVisibility::Visible, GroupListing::Allowed | GroupListing::Unrestricted) => Some(true),
        (GroupVisibility::Visible, GroupListing::Blocked) => Some(false),
        (GroupVisibility::Hidden, GroupListing::Allowed | GroupListing::Unrestricted) => Some(false),
        (GroupVisibility::Hidden, GroupListing::Blocked) => Some(true),
    };
    let says = match visibility {
        GroupVisibility::Visible => ["blocks the user group", "allows the user group"],
        GroupVisibility::Hidden => ["allows the user group", "blocks the user group"],
    };
    let counts = |rule: RowView<'_>| rule.text_field("rota").is_some();
    rule_agreement(question, settings, &SettingsCollection::RotaRules, says, counts, is_right)
}

/// Checks the display logic rules of a member.
///
/// Rules that hide e-resources do not count, because an e-resource is not a request.
pub fn display(
    question: &VisibilityQuestion,
    settings: &NetworkSettings,
    visibility: GroupVisibility,
) -> RuleAgreement {
    let is_right = |listed| match (visibility, listed) {
        (_, GroupListing::UnknownOperator) => None,
        // A rule for everyone hides for another reason than the user group.
        (GroupVisibility::Visible, GroupListing::Blocked | GroupListing::Unrestricted) => Some(true),
        (GroupVisibility::Visible, GroupListing::Allowed) => Some(false),
        (GroupVisibility::Hidden, GroupListing::Allowed | GroupListing::Unrestricted) => Some(true),
        (GroupVisibility::Hidden, GroupListing::Blocked) => Some(false),
    };
    let says = match visibility {
        GroupVisibility::Visible => [
            "hides the request from the user group",
            "does not hide the request from this user group specifically",
        ],
        GroupVisibility::Hidden => {
            ["does not hide the request from the user group", "hides the request from the user group"]
        }
    };
    let counts =
        |rule: RowView<'_>| rule.text_field("hides").is_some_and(|hides| ResourceId::parse(hides).is_none());
    rule_agreement(question, settings, &SettingsCollection::DisplayRules, says, counts, is_right)
}

fn rule_agreement(
    question: &VisibilityQuestion,
    settings: &NetworkSettings,
    subject: &SettingsCollection,
    [says_wrong, says_right]: [&'static str; 2],
    counts: impl Fn(RowView<'_>) -> bool,
    is_right: impl Fn(GroupListing) -> Option<bool>,
) -> RuleAgreement {
    let VisibilityQuestion { member, user_group } = question;
    let (wrong, right) = (Vec::new(), Vec::new());
    let mut agreed = RuleAgreement { wrong, right, unknown: None, says_wrong, says_right };
    let table = match settings.table(member, subject) {
        Ok(table) => table,
        Err(why) => {
            agreed.unknown = Some(why);
            return agreed;
        }
    };
    for rule in table.entries().filter(|rule| counts(*rule)) {
        let name = format!("{subject}/{}", rule.text_field("name").unwrap_or_default());
        match is_right(match_group(rule, user_group)) {
            Some(true) => agreed.right.push((name, rule.ground("userGroups"))),
            Some(false) => agreed.wrong.push((name, rule.ground("userGroups"))),
            None => {
                let operator = rule.text_field("operator").unwrap_or_default();
                let why = format!("{name} has an unknown operator: {operator}");
                agreed.unknown = Some(why.into());
            }
        }
    }
    match table.extent {
        TableCompleteness::Complete => return agreed,
        TableCompleteness::DeclaredOnly => {}
    }
    // An amendment applies to every undeclared rule that it selects.
    let mut is_declared = false;
    let is_request =
        |amendment: &&Amendment| selector_value(amendment, "hides").and_then(ResourceId::parse).is_none();
    for amendment in table.amendments.iter().filter(is_request) {
        let Some(right) = match_after_amendment(amendment, user_group).and_then(&is_right) else { continue };
        is_declared = true;
        let rule = (amendment_text(subject, amendment), ReasonSource::Declared(amendment.provenance.clone()));
        match right {
            true => agreed.right.push(rule),
            false => agreed.wrong.push(rule),
        }
    }
    if !is_declared {
        let why = format!("no manifest declares how {subject} at {member} treat {user_group}");
        agreed.unknown.get_or_insert(why.into());
    }
    agreed
}

/// Returns `RotaAssignmentRules/rota=AFN`, `RotaAssignmentRules/*`.
fn amendment_text(subject: &SettingsCollection, amendment: &Amendment) -> String {
    let selected = amendment.select.iter().filter_map(|(field, value)| Some((field, value.as_text()?)));
    let selected: Vec<String> = selected.map(|(field, text)| format!("{field}={text}")).collect();
    match selected.is_empty() {
        true => format!("{subject}/*"),
        false => format!("{subject}/{}", selected.join(",")),
    }
}

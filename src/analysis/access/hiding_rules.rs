//! Display logic rules of a member that hide resources in discovery.

use super::{HidingRule, ZoneSettings};
use crate::analysis::group_condition::{GroupListing, match_after_amendment, match_group, selector_value};
use crate::analysis::settings_collection::SettingsCollection;
use crate::model::{AccessQuestion, MaybeKnown};

/// Returns the rule that hides the resource, or a container of it, from the user; `None` without such a rule.
///
/// Alma's documentation says that display logic rules can hide services of the Network Zone. The notation of
/// such a service is not documented. By zonal's convention, a rule hides a resource if `hides` holds its IDs
/// (`61100.62110`) or the IDs of a container. A rule with a list of user groups counts only for a question
/// with a user group.
///
/// Display logic rules belong to the member, and manifests only amend them. Undeclared rules therefore do not
/// count in the desired state. Rules that a manifest amends may not exist.
///
/// # Errors
/// Unknown if the member's rules could not be read, or contain an unknown operator.
pub fn hiding_rule(question: &AccessQuestion, member: &ZoneSettings) -> MaybeKnown<Option<HidingRule>> {
    let rules = match member.table_if_known(&SettingsCollection::DisplayRules) {
        None => return MaybeKnown::Known(None),
        Some(Err(why)) => return MaybeKnown::Unknown(why),
        Some(Ok(rules)) => rules,
    };
    let ids: Vec<String> = match rules.rows.is_empty() && rules.amendments.is_empty() {
        true => return MaybeKnown::Known(None),
        false => question.resource.outwards().map(|resource| resource.to_string()).collect(),
    };
    let is_meant = |hides: Option<&str>| hides.is_some_and(|hides| ids.iter().any(|id| id == hides));
    let user_group = question.user_group.as_deref();
    for rule in rules.entries().filter(|rule| is_meant(rule.text_field("hides"))) {
        let name = rule.text_field("name").unwrap_or_default();
        let listed = match user_group {
            Some(user_group) => match_group(rule, user_group),
            None if rule.text_field("operator").is_none() => GroupListing::Unrestricted,
            None => continue,
        };
        match listed {
            GroupListing::Allowed | GroupListing::Unrestricted => {
                return MaybeKnown::Known(Some(HidingRule {
                    rule: name.to_owned(),
                    ground: rule.ground("hides"),
                }));
            }
            GroupListing::Blocked => {}
            GroupListing::UnknownOperator => {
                let operator = rule.text_field("operator").unwrap_or_default();
                return MaybeKnown::Unknown(
                    format!("rule {name} has an unknown operator: {operator}").into(),
                );
            }
        }
    }
    let mut amendments = rules.amendments.iter();
    let hides = amendments.find(|amendment| {
        let listed = user_group.and_then(|user_group| match_after_amendment(amendment, user_group));
        is_meant(selector_value(amendment, "hides")) && listed == Some(GroupListing::Allowed)
    });
    match hides {
        None => MaybeKnown::Known(None),
        // A manifest declares the effect of such a rule, but not its existence.
        Some(amendment) => MaybeKnown::Unknown(
            format!(
                "{} amends a display logic rule of {} that hides {}, but the rule may not exist",
                amendment.provenance.manifest,
                member.code,
                selector_value(amendment, "hides").unwrap_or_default()
            )
            .into(),
        ),
    }
}

/// Returns a rule that hides the resource, or a container of it, from some user groups.
///
/// `None` for a question with a user group.
pub fn from_some(question: &AccessQuestion, member: &ZoneSettings) -> Option<HidingRule> {
    let Some(Ok(rules)) =
        member.table_if_known(&SettingsCollection::DisplayRules).filter(|_| question.user_group.is_none())
    else {
        return None;
    };
    let ids: Vec<String> = question.resource.outwards().map(|resource| resource.to_string()).collect();
    let is_meant = |hides: Option<&str>| hides.is_some_and(|hides| ids.iter().any(|id| id == hides));
    let rule = rules
        .entries()
        .find(|rule| is_meant(rule.text_field("hides")) && rule.text_field("operator").is_some())?;
    let name = rule.text_field("name").unwrap_or_default();
    Some(HidingRule { rule: format!("rule {name}"), ground: rule.ground("hides") })
}

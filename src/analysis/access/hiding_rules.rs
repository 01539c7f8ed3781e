//! What a member hides in discovery by rules of its own.

use super::{HidingRule, ZoneSettings};
use crate::analysis::group_condition::{GroupListing, match_after_amendment, match_group, selector_value};
use crate::analysis::settings_collection::SettingsCollection;
use crate::model::{AccessQuestion, MaybeKnown};

/// The rule that hides the resource, or what it lies in, from the user; `None` where none is known to.
///
/// The vendor documents that such rules can hide services of the Network Zone, and not how they name one. That a rule
/// hides a resource where it hides the ids that lead to it (`61100.62110`), or those of a wider level, is zonal's
/// convention. A rule with a list of user groups counts only where the question names a group.
///
/// Rules are the member's own and manifests only amend them. So in what is declared, those that nobody mentions hide
/// nothing: what is declared is asked about, and not what else a member has. Of those that a manifest amends, nobody
/// says that they are there.
///
/// # Errors
/// The member's rules could not be read, or one of them could not be understood.
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
                    format!("rule {name} has an operator that zonal does not know: {operator}").into(),
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
        // A manifest says what such a rule does, and not that there is one.
        Some(amendment) => MaybeKnown::Unknown(
            format!(
                "{} says whom a rule of {} for {} hides it from, and not that there is one",
                amendment.provenance.manifest,
                member.code,
                selector_value(amendment, "hides").unwrap_or_default()
            )
            .into(),
        ),
    }
}

/// A rule that hides the resource, or what it lies in, from some user groups, where the question names none of them.
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

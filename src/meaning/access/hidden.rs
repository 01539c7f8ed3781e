//! What a member hides in discovery by rules of its own.

use super::{Hidden, Institution};
use crate::meaning::rule::{Listed, amended, listed, selected};
use crate::meaning::subject::Subject;
use crate::model::{AccessQuestion, Told};

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
pub fn by(question: &AccessQuestion, member: &Institution) -> Told<Option<Hidden>> {
    let rules = match member.mentioned(&Subject::DisplayRules) {
        None => return Told::Is(None),
        Some(Err(why)) => return Told::Not(why),
        Some(Ok(rules)) => rules,
    };
    let ids: Vec<String> = match rules.rows.is_empty() && rules.amendments.is_empty() {
        true => return Told::Is(None),
        false => question.resource.outwards().map(|resource| resource.to_string()).collect(),
    };
    let is_meant = |hides: Option<&str>| hides.is_some_and(|hides| ids.iter().any(|id| id == hides));
    let user_group = question.user_group.as_deref();
    for rule in rules.entries().filter(|rule| is_meant(rule.text("hides"))) {
        let name = rule.text("name").unwrap_or_default();
        let listed = match user_group {
            Some(user_group) => listed(rule, user_group),
            None if rule.text("operator").is_none() => Listed::NoList,
            None => continue,
        };
        match listed {
            Listed::Passes | Listed::NoList => {
                return Told::Is(Some(Hidden { rule: name.to_owned(), ground: rule.ground("hides") }));
            }
            Listed::Stopped => {}
            Listed::Unclear => {
                let operator = rule.text("operator").unwrap_or_default();
                return Told::Not(
                    format!("rule {name} has an operator that zonal does not know: {operator}").into(),
                );
            }
        }
    }
    let mut amendments = rules.amendments.iter();
    let hides = amendments.find(|amendment| {
        let listed = user_group.and_then(|user_group| amended(amendment, user_group));
        is_meant(selected(amendment, "hides")) && listed == Some(Listed::Passes)
    });
    match hides {
        None => Told::Is(None),
        // A manifest says what such a rule does, and not that there is one.
        Some(amendment) => Told::Not(
            format!(
                "{} says whom a rule of {} for {} hides it from, and not that there is one",
                amendment.provenance.manifest,
                member.code,
                selected(amendment, "hides").unwrap_or_default()
            )
            .into(),
        ),
    }
}

/// A rule that hides the resource, or what it lies in, from some user groups, where the question names none of them.
pub fn from_some(question: &AccessQuestion, member: &Institution) -> Option<Hidden> {
    let Some(Ok(rules)) = member.mentioned(&Subject::DisplayRules).filter(|_| question.user_group.is_none())
    else {
        return None;
    };
    let ids: Vec<String> = question.resource.outwards().map(|resource| resource.to_string()).collect();
    let is_meant = |hides: Option<&str>| hides.is_some_and(|hides| ids.iter().any(|id| id == hides));
    let rule =
        rules.entries().find(|rule| is_meant(rule.text("hides")) && rule.text("operator").is_some())?;
    let name = rule.text("name").unwrap_or_default();
    Some(Hidden { rule: format!("rule {name}"), ground: rule.ground("hides") })
}

//! Visibility of a member's user groups to partners.
//!
//! The Restricted Users list decides, and all other user groups are visible (reported by consortia). Two
//! tables must match manually. Rota assignment rules must allow a visible user group and block a hidden one.
//! Display logic must hide the request from hidden user groups. A mismatch offers requests that patrons
//! cannot place, or hides possible ones.

mod dependent_rules;

use self::dependent_rules::{RuleAgreement, display, rota};
use super::CollectionOwner;
use super::explanation_builder::{ExplanationBuilder, known};
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::TableCompleteness;
use crate::model::{Explanation, FieldValue, MaybeKnown, Question, ReasonSource, VisibilityQuestion};

/// Visibility of a user group to partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupVisibility {
    /// Visible.
    Visible,
    /// Hidden.
    Hidden,
}

/// Returns the visibility of the user group to partners, with its source.
///
/// # Errors
/// Unknown if the restriction is undeclared or unreadable.
pub fn visibility(
    question: &VisibilityQuestion,
    settings: &NetworkSettings,
) -> MaybeKnown<(GroupVisibility, ReasonSource)> {
    let VisibilityQuestion { member, user_group } = question;
    let table = known!(settings.table(member, &SettingsCollection::RestrictedUsers));
    if let Some(entry) = table.find("userGroup", user_group) {
        return MaybeKnown::Known((GroupVisibility::Hidden, entry.ground_of_all()));
    }
    let gone = table.absent_rows().find(|gone| gone.text_field("userGroup") == Some(user_group));
    match (gone, table.extent) {
        (Some(gone), _) => MaybeKnown::Known((GroupVisibility::Visible, gone.ground_of_all())),
        (None, TableCompleteness::Complete) => {
            MaybeKnown::Known((GroupVisibility::Visible, ReasonSource::AlmaDefault))
        }
        (None, TableCompleteness::DeclaredOnly) => MaybeKnown::Unknown(
            format!("no manifest declares whether {member} restricts {user_group}").into(),
        ),
    }
}

/// Returns the member's rules that contradict the Restricted Users list, each as `COLLECTION/NAME`.
///
/// # Errors
/// Unknown if the visibility or a rule table is unknown.
pub fn wrong(question: &VisibilityQuestion, settings: &NetworkSettings) -> MaybeKnown<Vec<String>> {
    let visibility = match visibility(question, settings) {
        MaybeKnown::Known((visibility, _)) => visibility,
        MaybeKnown::Unknown(why) => return MaybeKnown::Unknown(why),
    };
    let mut all = Vec::new();
    for agreed in [rota(question, settings, visibility), display(question, settings, visibility)] {
        if let Some(why) = agreed.unknown {
            return MaybeKnown::Unknown(why);
        }
        all.extend(agreed.wrong.into_iter().map(|(name, _)| name));
    }
    MaybeKnown::Known(all)
}

/// Returns the collections needed for an answer.
pub fn needs(question: &VisibilityQuestion) -> Vec<(CollectionOwner, SettingsCollection)> {
    let subjects = [
        SettingsCollection::RestrictedUsers,
        SettingsCollection::RotaRules,
        SettingsCollection::DisplayRules,
    ];
    subjects.into_iter().map(|subject| (CollectionOwner::Zone(question.member.clone()), subject)).collect()
}

/// Answers the question.
pub fn explain(question: &VisibilityQuestion, settings: &NetworkSettings) -> Explanation {
    let VisibilityQuestion { member, user_group } = question;
    let name = settings.name(member);
    let mut telling = ExplanationBuilder::new(Question::Visibility(question.clone()));
    let (visibility, ground) = match visibility(question, settings) {
        MaybeKnown::Known(told) => told,
        MaybeKnown::Unknown(why) => {
            return telling.unknown(&["visible", "restricted", "agree", "wrong"], &why, || {
                format!("unknown whether partners can see {user_group} of {name}")
            });
        }
    };
    let visible = visibility == GroupVisibility::Visible;
    telling.add_fact("visible", visible);
    telling.add_fact("restricted", !visible);
    let says = match (visibility, &ground) {
        (GroupVisibility::Hidden, _) => "listed in Restricted Users, which decides",
        (GroupVisibility::Visible, ReasonSource::AlmaDefault) => {
            "not listed in Restricted Users; unrestricted groups are visible to partners"
        }
        (
            GroupVisibility::Visible,
            ReasonSource::Declared(_) | ReasonSource::Observed { .. } | ReasonSource::Attested { .. },
        ) => "removed from Restricted Users; unrestricted groups are visible to partners",
    };
    telling.add_reason(says, ground);
    let rota = rota(question, settings, visibility);
    let display = display(question, settings, visibility);
    for RuleAgreement { wrong, right, unknown, says_wrong, says_right } in [&rota, &display] {
        for (rule, ground) in wrong {
            let says = format!("{rule} {says_wrong}, which contradicts Restricted Users");
            telling.add_reason(says, ground.clone());
        }
        for (rule, ground) in right {
            telling
                .add_reason(format!("{rule} {says_right}, consistent with Restricted Users"), ground.clone());
        }
        if let Some(why) = unknown {
            telling.add_reason(why.to_string(), ReasonSource::AlmaDefault);
        }
    }
    let some_wrong = !rota.wrong.is_empty() || !display.wrong.is_empty();
    let names = [&rota, &display].into_iter().flat_map(|each| &each.wrong);
    let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    let tail = match names.as_slice() {
        [] => String::new(),
        [one] => format!(", but {one} contradicts this"),
        [_, ..] => format!(", but {} contradict this", names.join(", ")),
    };
    let unknown = rota.unknown.as_ref().or(display.unknown.as_ref());
    let (agree, all_wrong) = match unknown {
        None => {
            (MaybeKnown::Known(FieldValue::Bool(!some_wrong)), MaybeKnown::Known(FieldValue::list(names)))
        }
        // One inconsistent rule is enough.
        Some(why) if some_wrong => {
            (MaybeKnown::Known(FieldValue::Bool(false)), MaybeKnown::Unknown(why.clone()))
        }
        Some(why) => (MaybeKnown::Unknown(why.clone()), MaybeKnown::Unknown(why.clone())),
    };
    telling.fact("agree", agree);
    telling.fact("wrong", all_wrong);
    telling.finish(match visibility {
        GroupVisibility::Visible => format!("partners can see {user_group} of {name}{tail}"),
        GroupVisibility::Hidden => format!("partners cannot see {user_group} of {name}{tail}"),
    })
}

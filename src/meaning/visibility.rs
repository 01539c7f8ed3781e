//! Do partners see a user group of a member?
//!
//! Restricted Users decides, and what it does not list is visible (reported by consortia). Two other tables follow by
//! hand: rota assignment rules must let a visible group pass and stop a hidden one, and display logic must hide the
//! request from the groups that are hidden. Where one of them does not, requests are offered that nobody can place,
//! or the other way round.

mod rules;

use self::rules::{Agreed, display, rota};
use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::table::Extent;
use super::told::{Telling, known};
use crate::model::{Explanation, Ground, Question, Told, Value, VisibilityQuestion};

/// Whether partners see a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// They do.
    Visible,
    /// They do not.
    Hidden,
}

/// Whether partners see the group, and who says so.
///
/// # Errors
/// Why that is not known, in words.
pub fn visibility(question: &VisibilityQuestion, settings: &Settings) -> Told<(Visibility, Ground)> {
    let VisibilityQuestion { member, user_group } = question;
    let table = known!(settings.table(member, &Subject::RestrictedUsers));
    if let Some(entry) = table.find("userGroup", user_group) {
        return Told::Is((Visibility::Hidden, entry.ground_of_all()));
    }
    let gone = table.gone().find(|gone| gone.text("userGroup") == Some(user_group));
    match (gone, table.extent) {
        (Some(gone), _) => Told::Is((Visibility::Visible, gone.ground_of_all())),
        (None, Extent::Whole) => Told::Is((Visibility::Visible, Ground::Alma)),
        (None, Extent::Named) => {
            Told::Not(format!("nobody says whether {user_group} is restricted at {member}").into())
        }
    }
}

/// The rules of a member that say something else of the group than Restricted Users, each as `COLLECTION/NAME`.
///
/// # Errors
/// Why that is not known, in words.
pub fn wrong(question: &VisibilityQuestion, settings: &Settings) -> Told<Vec<String>> {
    let visibility = match visibility(question, settings) {
        Told::Is((visibility, _)) => visibility,
        Told::Not(why) => return Told::Not(why),
    };
    let mut all = Vec::new();
    for agreed in [rota(question, settings, visibility), display(question, settings, visibility)] {
        if let Some(why) = agreed.unknown {
            return Told::Not(why);
        }
        all.extend(agreed.wrong.into_iter().map(|(name, _)| name));
    }
    Told::Is(all)
}

/// What must be known to answer it.
pub fn needs(question: &VisibilityQuestion) -> Vec<(Whose, Subject)> {
    let subjects = [Subject::RestrictedUsers, Subject::RotaRules, Subject::DisplayRules];
    subjects.into_iter().map(|subject| (Whose::Zone(question.member.clone()), subject)).collect()
}

/// Answers the question.
pub fn explain(question: &VisibilityQuestion, settings: &Settings) -> Explanation {
    let VisibilityQuestion { member, user_group } = question;
    let name = settings.name(member);
    let mut telling = Telling::new(Question::Visibility(question.clone()));
    let (visibility, ground) = match visibility(question, settings) {
        Told::Is(told) => told,
        Told::Not(why) => {
            return telling.unknown(&["visible", "restricted", "agree", "wrong"], &why, || {
                format!("whether partners see {user_group} of {name} is not known")
            });
        }
    };
    let visible = visibility == Visibility::Visible;
    telling.is("visible", visible);
    telling.is("restricted", !visible);
    let says = match (visibility, &ground) {
        (Visibility::Hidden, _) => "it is among the Restricted Users, which decides",
        (Visibility::Visible, Ground::Alma) => {
            "it is not among the Restricted Users, and partners see every group that nobody restricts"
        }
        (Visibility::Visible, Ground::Declared(_) | Ground::Observed { .. } | Ground::Attested { .. }) => {
            "it is taken out of the Restricted Users, and partners see every group that nobody restricts"
        }
    };
    telling.because(says, ground);
    let rota = rota(question, settings, visibility);
    let display = display(question, settings, visibility);
    for Agreed { wrong, right, unknown, says_wrong, says_right } in [&rota, &display] {
        for (rule, ground) in wrong {
            let says = format!("{rule} {says_wrong}; it is wrong, since Restricted Users decides");
            telling.because(says, ground.clone());
        }
        for (rule, ground) in right {
            telling.because(format!("{rule} {says_right}, as it should"), ground.clone());
        }
        if let Some(why) = unknown {
            telling.because(why.to_string(), Ground::Alma);
        }
    }
    let some_wrong = !rota.wrong.is_empty() || !display.wrong.is_empty();
    let names = [&rota, &display].into_iter().flat_map(|each| &each.wrong);
    let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    let tail = match names.as_slice() {
        [] => String::new(),
        [one] => format!(", and {one} disagrees"),
        [_, ..] => format!(", and {} disagree", names.join(", ")),
    };
    let unknown = rota.unknown.as_ref().or(display.unknown.as_ref());
    let (agree, all_wrong) = match unknown {
        None => (Told::Is(Value::Bool(!some_wrong)), Told::Is(Value::list(names))),
        // One that is wrong is enough.
        Some(why) if some_wrong => (Told::Is(Value::Bool(false)), Told::Not(why.clone())),
        Some(why) => (Told::Not(why.clone()), Told::Not(why.clone())),
    };
    telling.fact("agree", agree);
    telling.fact("wrong", all_wrong);
    telling.line(match visibility {
        Visibility::Visible => format!("partners see {user_group} of {name}{tail}"),
        Visibility::Hidden => format!("partners do not see {user_group} of {name}{tail}"),
    })
}

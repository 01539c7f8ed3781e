//! Whether rules say the same of a user group as Restricted Users.

use std::sync::Arc;

use super::Visibility;
use crate::meaning::rule::{Listed, amended, listed, selected};
use crate::meaning::settings::Settings;
use crate::meaning::subject::Subject;
use crate::meaning::table::{Entry, Extent};
use crate::model::{Amendment, Ground, Resource, VisibilityQuestion};

/// What the rules of one table make of a group.
pub struct Agreed {
    /// Those that say something else than Restricted Users, as `COLLECTION/NAME`.
    pub wrong: Vec<(String, Ground)>,
    /// Those that say the same of the group.
    pub right: Vec<(String, Ground)>,
    /// Why there may be others that are wrong.
    pub unknown: Option<Arc<str>>,
    /// What one that is wrong does.
    pub says_wrong: &'static str,
    /// What one that is right does.
    pub says_right: &'static str,
}

/// What rota assignment rules make of it. All count that assign a rota, whichever it is.
pub fn rota(question: &VisibilityQuestion, settings: &Settings, visibility: Visibility) -> Agreed {
    let is_right = |listed| match (visibility, listed) {
        (_, Listed::Unclear) => None,
        (Visibility::Visible, Listed::Passes | Listed::NoList) => Some(true),
        (Visibility::Visible, Listed::Stopped) => Some(false),
        (Visibility::Hidden, Listed::Passes | Listed::NoList) => Some(false),
        (Visibility::Hidden, Listed::Stopped) => Some(true),
    };
    let says = match visibility {
        Visibility::Visible => ["stops the group", "lets the group pass"],
        Visibility::Hidden => ["lets the group pass", "stops the group"],
    };
    let counts = |rule: Entry<'_>| rule.text("rota").is_some();
    agreed(question, settings, &Subject::RotaRules, says, counts, is_right)
}

/// What display logic makes of it. All rules count that hide something, but not those that hide an e-resource, which
/// is no request.
pub fn display(question: &VisibilityQuestion, settings: &Settings, visibility: Visibility) -> Agreed {
    let is_right = |listed| match (visibility, listed) {
        (_, Listed::Unclear) => None,
        // Hidden from everybody is hidden for another reason than the group.
        (Visibility::Visible, Listed::Stopped | Listed::NoList) => Some(true),
        (Visibility::Visible, Listed::Passes) => Some(false),
        (Visibility::Hidden, Listed::Passes | Listed::NoList) => Some(true),
        (Visibility::Hidden, Listed::Stopped) => Some(false),
    };
    let says = match visibility {
        Visibility::Visible => ["hides from the group", "does not hide from the group in particular"],
        Visibility::Hidden => ["does not hide from the group", "hides from the group"],
    };
    let counts = |rule: Entry<'_>| rule.text("hides").is_some_and(|hides| Resource::parse(hides).is_none());
    agreed(question, settings, &Subject::DisplayRules, says, counts, is_right)
}

fn agreed(
    question: &VisibilityQuestion,
    settings: &Settings,
    subject: &Subject,
    [says_wrong, says_right]: [&'static str; 2],
    counts: impl Fn(Entry<'_>) -> bool,
    is_right: impl Fn(Listed) -> Option<bool>,
) -> Agreed {
    let VisibilityQuestion { member, user_group } = question;
    let (wrong, right) = (Vec::new(), Vec::new());
    let mut agreed = Agreed { wrong, right, unknown: None, says_wrong, says_right };
    let table = match settings.table(member, subject) {
        Ok(table) => table,
        Err(why) => {
            agreed.unknown = Some(why);
            return agreed;
        }
    };
    for rule in table.entries().filter(|rule| counts(*rule)) {
        let name = format!("{subject}/{}", rule.text("name").unwrap_or_default());
        match is_right(listed(rule, user_group)) {
            Some(true) => agreed.right.push((name, rule.ground("userGroups"))),
            Some(false) => agreed.wrong.push((name, rule.ground("userGroups"))),
            None => {
                let operator = rule.text("operator").unwrap_or_default();
                let why = format!("{name} has an operator that zonal does not know: {operator}");
                agreed.unknown = Some(why.into());
            }
        }
    }
    match table.extent {
        Extent::Whole => return agreed,
        Extent::Named => {}
    }
    // What is wanted of rules that nobody has named will be so in each of them.
    let mut spoken = false;
    let is_request =
        |amendment: &&Amendment| selected(amendment, "hides").and_then(Resource::parse).is_none();
    for amendment in table.amendments.iter().filter(is_request) {
        let Some(right) = amended(amendment, user_group).and_then(&is_right) else { continue };
        spoken = true;
        let said = (which(subject, amendment), Ground::Declared(amendment.provenance.clone()));
        match right {
            true => agreed.right.push(said),
            false => agreed.wrong.push(said),
        }
    }
    if !spoken {
        let why = format!("nobody says what {subject} at {member} make of {user_group}");
        agreed.unknown.get_or_insert(why.into());
    }
    agreed
}

/// `RotaAssignmentRules/rota=AFN`, `RotaAssignmentRules/*`.
fn which(subject: &Subject, amendment: &Amendment) -> String {
    let selected = amendment.select.iter().filter_map(|(field, value)| Some((field, value.as_text()?)));
    let selected: Vec<String> = selected.map(|(field, text)| format!("{field}={text}")).collect();
    match selected.is_empty() {
        true => format!("{subject}/*"),
        false => format!("{subject}/{}", selected.join(",")),
    }
}

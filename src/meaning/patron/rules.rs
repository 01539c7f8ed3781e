//! Which of a member's linked account rules decides what somebody of another member is there.

use std::sync::Arc;

use jiff::civil::Date;

use super::dates::{Ending, Refreshing, expiry, purge, refreshing};
use crate::meaning::settings::Settings;
use crate::meaning::subject::Subject;
use crate::meaning::table::{Entry, Extent, Silence, Table};
use crate::model::network::Role;
use crate::model::{PatronQuestion, Told, ZoneCode};

/// Alma's own rule, which is always there and comes last, whatever its position.
pub const DEFAULT: &str = "Default";

/// What a linked account is made to be.
#[derive(Debug, Clone, Copy)]
pub struct Linked<'a> {
    /// The rule that decides.
    pub rule: Entry<'a>,
    /// What it is called.
    pub name: &'a str,
    /// Code of the user group, one of the target's.
    pub group: &'a str,
    /// When the account expires.
    pub expiry: Ending,
    /// When it can be purged.
    pub purge: Ending,
    /// When the expiry date is calculated; `None` where nobody says.
    pub refresh_expiry: Option<Refreshing>,
    /// The same of the purge date.
    pub refresh_purge: Option<Refreshing>,
    /// Whether blocks come along; `None` where nobody says.
    pub copies_blocks: Option<Copying>,
}

/// Which blocks come along when an account is linked or refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copying {
    /// Those that count in the network: at each refresh all copies are deleted and made again.
    Network,
    /// None: Alma's default. What becomes of copies that were made before is not documented: they are taken to stay.
    None,
}

/// Why there is no linked account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The source is no other member of the network.
    NotInNetwork,
    /// The source restricts the group, so that partners do not find its users.
    Hidden,
    /// The rule that decides gives no group, or none decides.
    NoGroup,
}

impl Refused {
    /// The code of Alma's error. That restricted users are ones that are not found is inferred.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInNetwork => "401651",
            Self::Hidden => "60226",
            Self::NoGroup => "60232",
        }
    }
}

/// What somebody of another member is made to be at a target. Without a date of the source, see
/// [`Ending::WithSource`]. Where nobody says whether partners see the group, it is taken that they do: that is how
/// groups begin. Where the member was asked and did not answer, nothing is taken for granted.
///
/// # Errors
/// `Told::Not` says in words why it is not known; the error inside is why Alma would refuse.
pub fn link<'a>(question: &PatronQuestion, settings: &'a Settings) -> Told<Result<Linked<'a>, Refused>> {
    let PatronQuestion { from, user_group, at, expires, on_to: _ } = question;
    link_at(from, user_group, *expires, at, settings)
}

/// The same at any member.
pub(super) fn link_at<'a>(
    from: &ZoneCode,
    group: &str,
    expires: Option<Date>,
    at: &ZoneCode,
    settings: &'a Settings,
) -> Told<Result<Linked<'a>, Refused>> {
    let is_partner = settings.zone(from).is_some_and(|zone| zone.role == Role::Member) && from != at;
    if !is_partner {
        return Told::Is(Err(Refused::NotInNetwork));
    }
    match sight(from, group, settings) {
        Sight::Hidden(_) => return Told::Is(Err(Refused::Hidden)),
        Sight::Unread(why) => return Told::Not(why),
        Sight::Seen(_) | Sight::Unsaid => {}
    }
    let rule = match settings.table(at, &Subject::LinkedAccountRules) {
        Ok(table) => match deciding(table, from, group) {
            Some(rule) => rule,
            None if is_known_in_full(table) => return Told::Is(Err(Refused::NoGroup)),
            None => {
                let why = format!("no rule that is declared at {at} fits, and `{DEFAULT}` is not declared");
                return Told::Not(why.into());
            }
        },
        Err(why) => return Told::Not(why),
    };
    let name = rule.text("name").unwrap_or_default();
    let group = match (rule.text("userGroup"), rule.get("userGroup"), rule.silence()) {
        (Some(group), _, _) => group,
        (None, None, Silence::Unknown) => {
            return Told::Not(format!("the rule `{name}` at {at} does not say which group it gives").into());
        }
        (None, _, _) => return Told::Is(Err(Refused::NoGroup)),
    };
    let expiry = expiry(rule, expires);
    Told::Is(Ok(Linked {
        rule,
        name,
        group,
        expiry,
        purge: purge(rule, expiry),
        refresh_expiry: refreshing(rule, "refreshExpiryDate"),
        refresh_purge: refreshing(rule, "refreshPurgeDate"),
        copies_blocks: copying(rule),
    }))
}

/// Whether partners find users of a group.
#[derive(Debug, Clone)]
pub(super) enum Sight<'a> {
    /// They do not, by this record.
    Hidden(Entry<'a>),
    /// They do: nothing restricts it, or the record that did is gone.
    Seen(Option<Entry<'a>>),
    /// Nobody says.
    Unsaid,
    /// The zone was asked, and did not answer: why.
    Unread(Arc<str>),
}

pub(super) fn sight<'a>(zone: &ZoneCode, group: &str, settings: &'a Settings) -> Sight<'a> {
    let table = match settings.zone(zone).and_then(|zone| zone.mentioned(&Subject::RestrictedUsers)) {
        Some(Ok(table)) => table,
        Some(Err(why)) => return Sight::Unread(why),
        None => return Sight::Unsaid,
    };
    match table.find("userGroup", group) {
        Some(entry) => Sight::Hidden(entry),
        None => match table.gone().find(|entry| entry.text("userGroup") == Some(group)) {
            Some(gone) => Sight::Seen(Some(gone)),
            None => match table.extent {
                Extent::Whole => Sight::Seen(None),
                Extent::Named => Sight::Unsaid,
            },
        },
    }
}

/// The first rule that fits.
pub(super) fn deciding<'a>(table: &'a Table, from: &ZoneCode, group: &str) -> Option<Entry<'a>> {
    let fitting = table.entries().filter(|rule| unfit(*rule, from, group).is_none());
    fitting.min_by_key(|rule| rank(*rule))
}

/// The order in which rules are tried. One without a position comes after those that have one.
pub(super) fn rank(rule: Entry<'_>) -> (bool, u32) {
    let position = rule.text("position").and_then(|text| text.parse().ok());
    (is_default(rule), position.unwrap_or(u32::MAX))
}

pub(super) fn is_default(rule: Entry<'_>) -> bool {
    rule.text("name") == Some(DEFAULT)
}

/// Why a rule is not for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit<'a> {
    /// It is switched off.
    Off,
    /// It is for users of others.
    Institutions(&'a [Arc<str>]),
    /// It is for other groups.
    Groups(&'a [Arc<str>]),
}

/// Why a rule is not for somebody; `None` where it is. Alma's own rule is for everybody, and cannot be switched off.
pub(super) fn unfit<'a>(rule: Entry<'a>, from: &ZoneCode, group: &str) -> Option<Unfit<'a>> {
    // An empty list stands for any.
    let takes = |field: &str, text: &str| rule.texts(field).is_empty() || rule.lists(field, text);
    if is_default(rule) {
        None
    } else if !rule.is_on() {
        Some(Unfit::Off)
    } else if !takes("sourceInstitutions", from.as_str()) {
        Some(Unfit::Institutions(rule.texts("sourceInstitutions")))
    } else if !takes("sourceUserGroups", group) {
        Some(Unfit::Groups(rule.texts("sourceUserGroups")))
    } else {
        None
    }
}

/// Whether a table that holds no rule of Alma's own has none, rather than that nobody has named it.
fn is_known_in_full(table: &Table) -> bool {
    match table.extent {
        Extent::Named => false,
        // What is declared does not delete Alma's own rule, even where it deletes all that it does not name.
        Extent::Whole => table.entries().chain(table.gone()).all(|rule| rule.silence() == Silence::Empty),
    }
}

fn copying(rule: Entry<'_>) -> Option<Copying> {
    match (rule.flag("copyNetworkBlocks"), rule.silence()) {
        (Some(true), _) => Some(Copying::Network),
        (Some(false), _) | (None, Silence::Empty) => Some(Copying::None),
        (None, Silence::Unknown) => None,
    }
}

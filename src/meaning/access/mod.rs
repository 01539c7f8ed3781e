//! Can somebody reach an electronic resource of the Network Zone?
//!
//! The groups of the most specific level that has any decide: those of the portfolio, else of its e-service, else of
//! its e-collection. That is from memory: the vendor documents that each level can have groups, and not how they add
//! up. Where no level has a group, the whole network reaches the resource (the vendor's help, by implication).

mod group;
mod hidden;
mod says;

use std::sync::Arc;

use self::group::{Grant, Looked, look};
pub use self::group::{Nearby, Through};
pub use self::says::explain;
use super::Whose;
use super::settings::{Institution, Settings};
use super::subject::Subject;
use super::table::{Extent, Table};
use super::told::known;
use crate::model::{AccessQuestion, Ground, Level, Resource, Told};

/// Whether somebody reaches a resource, and what follows.
#[derive(Debug)]
pub struct Access<'s> {
    /// The level whose groups decide; `None` where no level has any.
    pub level: Option<Level>,
    /// The groups of it that let the user in, by name. All that are known; where several do, the settings of the
    /// first are taken, because the vendor does not say whose count.
    pub grants: Vec<Grant<'s>>,
    /// The places of the user's member that are in groups of it, and that the user is not inside of.
    pub near: Vec<Nearby<'s>>,
    /// Why the resource is out of reach; `None` where it is not.
    pub refusal: Option<Refusal>,
    /// Whether its title shows in search all the same.
    pub title: Title,
    /// How much of the groups of the deciding level is known.
    extent: Extent,
    /// A group of the deciding level of which nobody says who is in it.
    unknown: Option<&'s str>,
    /// Groups of the deciding level that nobody is in, because there are no such groups.
    missing: Vec<&'s str>,
    /// The groups of a wider level that would let the user in, if the deciding level had none.
    wider: Option<(Level, Vec<Grant<'s>>)>,
    /// Why it is not known whether there are any, where the user is let in by no group.
    pub wider_untold: Option<Arc<str>>,
    hidden: Option<Hidden>,
}

/// Why a resource is out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// No group of the deciding level names anything of the member.
    NotInGroup,
    /// A campus or library of the member is in a group, and has no addresses that anybody could be at.
    NoIpRange,
    /// A campus or library of the member is in a group, and the user is outside.
    OutsideIpRange,
    /// A wider level would let the user in.
    Narrowed,
    /// A rule of the member's own hides the resource.
    HiddenLocally,
}

impl Refusal {
    /// As expectations call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotInGroup => "not-in-group",
            Self::NoIpRange => "no-ip-range",
            Self::OutsideIpRange => "outside-ip-range",
            Self::Narrowed => "narrowed",
            Self::HiddenLocally => "hidden-locally",
        }
    }
}

/// Whether a title shows in search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Title {
    /// It does.
    Shown,
    /// It does not.
    NotShown,
}

/// A rule of the member's own that hides the resource.
#[derive(Debug)]
pub struct Hidden {
    rule: String,
    ground: Ground,
}

/// Whether the user reaches the resource, and who decides that.
///
/// # Errors
/// Why that is not known, in words.
pub fn decide<'s>(question: &AccessQuestion, settings: &'s Settings) -> Told<Access<'s>> {
    let AccessQuestion { member: code, from, resource, user_group: _ } = question;
    let member =
        known!(settings.zone(code).ok_or_else(|| Arc::<str>::from(format!("there is no zone {code}"))));
    let mut levels = resource.outwards();
    let deciding = known!(deciding(&mut levels, settings));
    let Some((level, table)) = deciding else {
        return match hidden::by(question, member) {
            Told::Is(hidden) => Told::Is(Access::of_everybody(hidden)),
            Told::Not(why) => Told::Not(why),
        };
    };
    let groups = settings.of_network(&Subject::AvailabilityGroups);
    let Looked { grants, near, missing, unknown } = look(table, groups.clone(), member, from);
    if grants.is_empty() {
        if let Some(group) = unknown {
            return Told::Not(format!("nobody says who is in group {group}").into());
        }
        match table.extent {
            Extent::Whole => {}
            Extent::Named => {
                return Told::Not(
                    format!(
                        "no group that is declared for the {} lets them in, and it may have others that \
                         no manifest names: `unlisted: remove` would settle it",
                        level.word()
                    )
                    .into(),
                );
            }
        }
    }
    let (wider, wider_untold) = match grants.is_empty() {
        false => (None, None),
        true => match wider(&mut levels, settings, |table| look(table, groups.clone(), member, from)) {
            Ok(wider) => (wider, None),
            Err(why) => (None, Some(why)),
        },
    };
    let mut access = Access {
        refusal: grants.is_empty().then(|| Nearby::refusal(&near)),
        // Whoever is in no group does not see it; who is outside a campus or library that is in one may see the
        // title still (the vendor's help).
        title: match grants.is_empty() && near.is_empty() {
            true => Title::NotShown,
            false => Title::Shown,
        },
        wider,
        wider_untold,
        level: Some(level),
        hidden: None,
        extent: table.extent,
        unknown,
        grants,
        near,
        missing,
    };
    if access.wider.is_some() {
        access.refusal = Some(Refusal::Narrowed);
    }
    // What is out of reach is so whatever the member hides; its title is not.
    if access.title == Title::Shown {
        access.hide(known!(match hidden::by(question, member) {
            Told::Is(hidden) => Ok(hidden),
            Told::Not(why) => Err(why),
        }));
    }
    Told::Is(access)
}

impl Access<'_> {
    fn of_everybody(hidden: Option<Hidden>) -> Self {
        let mut access = Self {
            level: None,
            grants: Vec::new(),
            near: Vec::new(),
            refusal: None,
            title: Title::Shown,
            extent: Extent::Whole,
            unknown: None,
            missing: Vec::new(),
            wider: None,
            wider_untold: None,
            hidden: None,
        };
        access.hide(hidden);
        access
    }

    fn hide(&mut self, hidden: Option<Hidden>) {
        if hidden.is_some() {
            self.title = Title::NotShown;
            self.refusal = self.refusal.or(Some(Refusal::HiddenLocally));
        }
        self.hidden = hidden;
    }
}

/// The innermost level that has groups, and its groups.
fn deciding<'s>(
    levels: &mut impl Iterator<Item = Resource>,
    settings: &'s Settings,
) -> Result<Option<(Level, &'s Table)>, Arc<str>> {
    for resource in levels {
        let level = resource.level();
        let subject = Subject::Availability(resource);
        let table = settings.of_network(&subject)?;
        match (table.entries().next(), table.extent) {
            (Some(_), _) => return Ok(Some((level, table))),
            (None, Extent::Whole) => {}
            (None, Extent::Named) => {
                let why = format!("nobody says whether the {} has groups: {subject}", level.word());
                return Err(why.into());
            }
        }
    }
    Ok(None)
}

/// The next level that has groups, where these would let the user in.
///
/// # Errors
/// Why that is not known, in words.
fn wider<'s>(
    levels: &mut impl Iterator<Item = Resource>,
    settings: &'s Settings,
    looked: impl Fn(&'s Table) -> Looked<'s>,
) -> Result<Option<(Level, Vec<Grant<'s>>)>, Arc<str>> {
    let Some((level, table)) = deciding(levels, settings)? else { return Ok(None) };
    let Looked { grants, unknown, .. } = looked(table);
    match (unknown, table.extent) {
        _ if !grants.is_empty() => Ok(Some((level, grants))),
        (Some(group), _) => Err(format!("nobody says who is in group {group}").into()),
        (None, Extent::Whole) => Ok(None),
        (None, Extent::Named) => {
            Err(format!("nobody says whether the {} has other groups, which would let them in", level.word())
                .into())
        }
    }
}

/// What must be known to answer it.
pub fn needs(question: &AccessQuestion) -> Vec<(Whose, Subject)> {
    let levels = question.resource.outwards().map(|level| (Whose::NetworkZone, Subject::Availability(level)));
    let mut needs: Vec<(Whose, Subject)> = levels.collect();
    needs.push((Whose::NetworkZone, Subject::AvailabilityGroups));
    needs.push((Whose::Zone(question.member.clone()), Subject::DisplayRules));
    needs
}

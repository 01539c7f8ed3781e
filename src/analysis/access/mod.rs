//! Can somebody reach an electronic resource of the Network Zone?
//!
//! The groups of the most specific level that has any decide: those of the portfolio, else of its e-service, else of
//! its e-collection. That is from memory: the vendor documents that each level can have groups, and not how they add
//! up. Where no level has a group, the whole network reaches the resource (the vendor's help, by implication).

mod explanation;
mod group_membership;
mod hiding_rules;

use std::sync::Arc;

pub use self::explanation::explain;
use self::group_membership::{GroupEvaluation, GroupGrant, evaluate_groups};
pub use self::group_membership::{MembershipPath, NearbyPlace};
use super::CollectionOwner;
use super::explanation_builder::known;
use super::settings::{NetworkSettings, ZoneSettings};
use super::settings_collection::SettingsCollection;
use super::settings_table::{SettingsTable, TableCompleteness};
use crate::model::{AccessQuestion, MaybeKnown, ReasonSource, ResourceId, ResourceLevel};

/// Whether somebody reaches a resource, and what follows.
#[derive(Debug)]
pub struct AccessDecision<'s> {
    /// The level whose groups decide; `None` where no level has any.
    pub level: Option<ResourceLevel>,
    /// The groups of it that let the user in, by name. All that are known; where several do, the settings of the
    /// first are taken, because the vendor does not say whose count.
    pub grants: Vec<GroupGrant<'s>>,
    /// The places of the user's member that are in groups of it, and that the user is not inside of.
    pub near: Vec<NearbyPlace<'s>>,
    /// Why the resource is out of reach; `None` where it is not.
    pub refusal: Option<AccessRefusal>,
    /// Whether its title shows in search all the same.
    pub title: TitleVisibility,
    /// How much of the groups of the deciding level is known.
    extent: TableCompleteness,
    /// A group of the deciding level of which nobody says who is in it.
    unknown: Option<&'s str>,
    /// Groups of the deciding level that nobody is in, because there are no such groups.
    missing: Vec<&'s str>,
    /// The groups of a wider level that would let the user in, if the deciding level had none.
    wider: Option<(ResourceLevel, Vec<GroupGrant<'s>>)>,
    /// Why it is not known whether there are any, where the user is let in by no group.
    pub wider_untold: Option<Arc<str>>,
    hidden: Option<HidingRule>,
}

/// Why a resource is out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessRefusal {
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

impl AccessRefusal {
    /// As expectations call it.
    pub fn as_str(self) -> &'static str {
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
pub enum TitleVisibility {
    /// It does.
    Shown,
    /// It does not.
    NotShown,
}

/// A rule of the member's own that hides the resource.
#[derive(Debug)]
pub struct HidingRule {
    rule: String,
    ground: ReasonSource,
}

/// Whether the user reaches the resource, and who decides that.
///
/// # Errors
/// Why that is not known, in words.
pub fn decide<'s>(
    question: &AccessQuestion,
    settings: &'s NetworkSettings,
) -> MaybeKnown<AccessDecision<'s>> {
    let AccessQuestion { member: code, from, resource, user_group: _ } = question;
    let member =
        known!(settings.zone(code).ok_or_else(|| Arc::<str>::from(format!("there is no zone {code}"))));
    let mut levels = resource.outwards();
    let deciding = known!(deciding_level(&mut levels, settings));
    let Some((level, table)) = deciding else {
        return match hiding_rules::hiding_rule(question, member) {
            MaybeKnown::Known(hidden) => MaybeKnown::Known(AccessDecision::of_everybody(hidden)),
            MaybeKnown::Unknown(why) => MaybeKnown::Unknown(why),
        };
    };
    let groups = settings.of_network(&SettingsCollection::AvailabilityGroups);
    let GroupEvaluation { grants, near, missing, unknown } =
        evaluate_groups(table, groups.clone(), member, from);
    if grants.is_empty() {
        if let Some(group) = unknown {
            return MaybeKnown::Unknown(format!("nobody says who is in group {group}").into());
        }
        match table.extent {
            TableCompleteness::Complete => {}
            TableCompleteness::DeclaredOnly => {
                return MaybeKnown::Unknown(
                    format!(
                        "no group that is declared for the {} lets them in, and it may have others that \
                         no manifest names: `unlisted: delete` would settle it",
                        level.as_str()
                    )
                    .into(),
                );
            }
        }
    }
    let (wider, wider_untold) = match grants.is_empty() {
        false => (None, None),
        true => {
            match wider(&mut levels, settings, |table| evaluate_groups(table, groups.clone(), member, from)) {
                Ok(wider) => (wider, None),
                Err(why) => (None, Some(why)),
            }
        }
    };
    let mut access = AccessDecision {
        refusal: grants.is_empty().then(|| NearbyPlace::refusal(&near)),
        // Whoever is in no group does not see it; who is outside a campus or library that is in one may see the
        // title still (the vendor's help).
        title: match grants.is_empty() && near.is_empty() {
            true => TitleVisibility::NotShown,
            false => TitleVisibility::Shown,
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
        access.refusal = Some(AccessRefusal::Narrowed);
    }
    // What is out of reach is so whatever the member hides; its title is not.
    if access.title == TitleVisibility::Shown {
        access.hide(known!(match hiding_rules::hiding_rule(question, member) {
            MaybeKnown::Known(hidden) => Ok(hidden),
            MaybeKnown::Unknown(why) => Err(why),
        }));
    }
    MaybeKnown::Known(access)
}

impl AccessDecision<'_> {
    fn of_everybody(hidden: Option<HidingRule>) -> Self {
        let mut access = Self {
            level: None,
            grants: Vec::new(),
            near: Vec::new(),
            refusal: None,
            title: TitleVisibility::Shown,
            extent: TableCompleteness::Complete,
            unknown: None,
            missing: Vec::new(),
            wider: None,
            wider_untold: None,
            hidden: None,
        };
        access.hide(hidden);
        access
    }

    fn hide(&mut self, hidden: Option<HidingRule>) {
        if hidden.is_some() {
            self.title = TitleVisibility::NotShown;
            self.refusal = self.refusal.or(Some(AccessRefusal::HiddenLocally));
        }
        self.hidden = hidden;
    }
}

/// The innermost level that has groups, and its groups.
fn deciding_level<'s>(
    levels: &mut impl Iterator<Item = ResourceId>,
    settings: &'s NetworkSettings,
) -> Result<Option<(ResourceLevel, &'s SettingsTable)>, Arc<str>> {
    for resource in levels {
        let level = resource.level();
        let subject = SettingsCollection::Availability(resource);
        let table = settings.of_network(&subject)?;
        match (table.entries().next(), table.extent) {
            (Some(_), _) => return Ok(Some((level, table))),
            (None, TableCompleteness::Complete) => {}
            (None, TableCompleteness::DeclaredOnly) => {
                let why = format!("nobody says whether the {} has groups: {subject}", level.as_str());
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
    levels: &mut impl Iterator<Item = ResourceId>,
    settings: &'s NetworkSettings,
    looked: impl Fn(&'s SettingsTable) -> GroupEvaluation<'s>,
) -> Result<Option<(ResourceLevel, Vec<GroupGrant<'s>>)>, Arc<str>> {
    let Some((level, table)) = deciding_level(levels, settings)? else { return Ok(None) };
    let GroupEvaluation { grants, unknown, .. } = looked(table);
    match (unknown, table.extent) {
        _ if !grants.is_empty() => Ok(Some((level, grants))),
        (Some(group), _) => Err(format!("nobody says who is in group {group}").into()),
        (None, TableCompleteness::Complete) => Ok(None),
        (None, TableCompleteness::DeclaredOnly) => Err(format!(
            "nobody says whether the {} has other groups, which would let them in",
            level.as_str()
        )
        .into()),
    }
}

/// What must be known to answer it.
pub fn needs(question: &AccessQuestion) -> Vec<(CollectionOwner, SettingsCollection)> {
    let levels = question
        .resource
        .outwards()
        .map(|level| (CollectionOwner::NetworkZone, SettingsCollection::Availability(level)));
    let mut needs: Vec<(CollectionOwner, SettingsCollection)> = levels.collect();
    needs.push((CollectionOwner::NetworkZone, SettingsCollection::AvailabilityGroups));
    needs.push((CollectionOwner::Zone(question.member.clone()), SettingsCollection::DisplayRules));
    needs
}

//! Access of a user to an electronic resource of the Network Zone.
//!
//! The innermost level with groups decides: portfolio, then e-service, then e-collection. This order is from
//! memory. Alma documents groups on each level, but not how levels combine. Without groups on any level, the
//! whole network has access (implied by Alma's help).

mod explanation;
mod group_membership;
mod hiding_rules;
mod impact;
mod resource_names;

use std::sync::Arc;

use self::group_membership::{GroupEvaluation, GroupGrant, evaluate_groups};
pub use self::group_membership::{MembershipPath, NearbyPlace};
use super::explanation_builder::known;
use super::impact::ImpactFunction;
use super::settings::{NetworkSettings, ZoneSettings};
use super::settings_collection::SettingsCollection;
use super::settings_table::{SettingsTable, TableCompleteness};
use super::{SettingsOwner, SettingsQuestion};
use crate::model::alma_codes::AccessRefusal;
use crate::model::{AccessQuestion, Explanation, MaybeKnown, ReasonSource, ResourceId, ResourceLevel};

/// Decision about access to a resource, with its causes.
#[derive(Debug)]
pub struct AccessDecision<'s> {
    /// Level with the deciding groups; `None` if no level has groups.
    pub level: Option<ResourceLevel>,
    /// Known groups that grant access, by name.
    ///
    /// The first group's settings apply, because Alma does not document the precedence.
    pub grants: Vec<GroupGrant<'s>>,
    /// Places of the user's member in the deciding groups, with the user outside.
    pub near: Vec<NearbyPlace<'s>>,
    /// Reason for the refusal; `None` for granted access.
    pub refusal: Option<AccessRefusal>,
    /// Visibility of the title in search.
    pub title: TitleVisibility,
    /// Completeness of the deciding level's groups.
    extent: TableCompleteness,
    /// Group of the deciding level with unknown members.
    unknown: Option<&'s str>,
    /// Nonexistent groups of the deciding level, without members.
    missing: Vec<&'s str>,
    /// Groups of a wider level that would grant access without the deciding level.
    wider: Option<(ResourceLevel, Vec<GroupGrant<'s>>)>,
    /// Reason why groups of a wider level are unknown, for a user without access.
    pub wider_unknown: Option<Arc<str>>,
    hidden: Option<HidingRule>,
}

/// Visibility of a title in search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TitleVisibility {
    /// Shown in search.
    Shown,
    /// Not shown in search.
    NotShown,
}

/// Display logic rule of the member that hides the resource.
#[derive(Debug)]
pub struct HidingRule {
    rule: String,
    ground: ReasonSource,
}

/// Decides if the user has access to the resource, and by which rule.
///
/// # Errors
/// Unknown if a relevant setting is undeclared or unreadable.
pub fn decide<'s>(
    question: &AccessQuestion,
    settings: &'s NetworkSettings,
) -> MaybeKnown<AccessDecision<'s>> {
    let AccessQuestion { member: code, from, resource, user_group: _ } = question;
    let member = known!(
        settings.zone(code).ok_or_else(|| Arc::<str>::from(format!("the network has no zone {code}")))
    );
    let mut levels = resource.outwards();
    let deciding = known!(deciding_level(&mut levels, settings));
    let Some((level, table)) = deciding else {
        return hiding_rules::hiding_rule(question, member).map(AccessDecision::of_everybody);
    };
    let groups = settings.of_network(&SettingsCollection::AvailabilityGroups);
    let GroupEvaluation { grants, near, missing, unknown } =
        evaluate_groups(table, groups.clone(), member, from);
    if grants.is_empty() {
        if let Some(group) = unknown {
            return MaybeKnown::Unknown(format!("no manifest declares the members of group {group}").into());
        }
        match table.extent {
            TableCompleteness::Complete => {}
            TableCompleteness::DeclaredOnly => {
                return MaybeKnown::Unknown(
                    format!(
                        "no declared group of the {} grants access, and undeclared groups may exist; \
                         set `unlisted: delete` to exclude them",
                        level.as_str()
                    )
                    .into(),
                );
            }
        }
    }
    let (wider, wider_unknown) = match grants.is_empty() {
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
        // Users without any group do not see the title. Users outside a grouped campus or library may still
        // see the title (Alma's help).
        title: match grants.is_empty() && near.is_empty() {
            true => TitleVisibility::NotShown,
            false => TitleVisibility::Shown,
        },
        wider,
        wider_unknown,
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
    // Hiding rules can change the title's visibility, but not a refusal.
    if access.title == TitleVisibility::Shown {
        access.hide(known!(hiding_rules::hiding_rule(question, member)));
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
            wider_unknown: None,
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

/// Returns the innermost level with groups, and its groups.
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
                let why =
                    format!("no manifest declares whether the {} has groups: {subject}", level.as_str());
                return Err(why.into());
            }
        }
    }
    Ok(None)
}

/// Returns the next level with groups, if those groups grant access.
///
/// # Errors
/// Returns the reason if the groups are unknown.
fn wider<'s>(
    levels: &mut impl Iterator<Item = ResourceId>,
    settings: &'s NetworkSettings,
    evaluate: impl Fn(&'s SettingsTable) -> GroupEvaluation<'s>,
) -> Result<Option<(ResourceLevel, Vec<GroupGrant<'s>>)>, Arc<str>> {
    let Some((level, table)) = deciding_level(levels, settings)? else { return Ok(None) };
    let GroupEvaluation { grants, unknown, .. } = evaluate(table);
    match (unknown, table.extent) {
        _ if !grants.is_empty() => Ok(Some((level, grants))),
        (Some(group), _) => Err(format!("no manifest declares the members of group {group}").into()),
        (None, TableCompleteness::Complete) => Ok(None),
        (None, TableCompleteness::DeclaredOnly) => {
            Err(format!("undeclared groups of the {} may grant access", level.as_str()).into())
        }
    }
}

impl SettingsQuestion for AccessQuestion {
    const IMPACTS: &'static [ImpactFunction] = &[impact::impact];

    fn needs(&self) -> Vec<(SettingsOwner, SettingsCollection)> {
        let levels = self.resource.outwards().map(SettingsCollection::Availability);
        let shared = levels.chain([SettingsCollection::AvailabilityGroups]);
        let shared = shared.map(|collection| (SettingsOwner::NetworkZone, collection));
        let own = (SettingsOwner::Zone(self.member.clone()), SettingsCollection::DisplayRules);
        shared.chain([own]).collect()
    }

    fn explain(&self, settings: &NetworkSettings) -> Explanation {
        explanation::explain(self, settings)
    }
}

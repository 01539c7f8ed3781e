//! Visibility of a member's user groups to partners.
//!
//! The Restricted Users list decides, and all other user groups are visible (reported by consortia). Two
//! tables must match manually. Rota assignment rules must allow a visible user group and block a hidden one.
//! Display logic must hide the request from hidden user groups. A mismatch offers requests that patrons
//! cannot place, or hides possible ones.

mod dependent_rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::dependent_rules::{RuleAgreement, display, rota};
use super::explanation_builder::{ExplanationBuilder, known};
use super::impact::member_values::{ValueAtMembers, joined_values};
use super::impact::wording::{codes, counted_values, members};
use super::impact::{ImpactDraft, ImpactFunction, SettingsChange};
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::TableCompleteness;
use super::{SettingsOwner, SettingsQuestion};
use crate::model::{
    Explanation, FieldValue, ImpactEffect, MaybeKnown, ReasonSource, VisibilityQuestion, ZoneCode,
};

/// Visibility of a user group to partners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupVisibility {
    /// Hidden.
    Hidden,
    /// Visible.
    Visible,
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
    let absent = table.absent_rows().find(|row| row.text_field("userGroup") == Some(user_group));
    match (absent, table.extent) {
        (Some(row), _) => MaybeKnown::Known((GroupVisibility::Visible, row.ground_of_all())),
        (None, TableCompleteness::Complete) => {
            MaybeKnown::Known((GroupVisibility::Visible, ReasonSource::AlmaDefault))
        }
        (None, TableCompleteness::DeclaredOnly) => MaybeKnown::Unknown(
            format!("no manifest declares whether {member} restricts {user_group}").into(),
        ),
    }
}

impl SettingsQuestion for VisibilityQuestion {
    const IMPACTS: &'static [ImpactFunction] = &[impact];

    fn needs(&self) -> Vec<(SettingsOwner, SettingsCollection)> {
        let collections = [
            SettingsCollection::RestrictedUsers,
            SettingsCollection::RotaRules,
            SettingsCollection::DisplayRules,
        ];
        collections
            .into_iter()
            .map(|collection| (SettingsOwner::Zone(self.member.clone()), collection))
            .collect()
    }

    fn explain(&self, settings: &NetworkSettings) -> Explanation {
        let VisibilityQuestion { member, user_group } = self;
        let name = settings.name(member);
        let mut builder = ExplanationBuilder::new(self.clone());
        let (visibility, ground) = match visibility(self, settings) {
            MaybeKnown::Known(known) => known,
            MaybeKnown::Unknown(why) => {
                return builder
                    .unknown(&why, || format!("unknown whether partners can see {user_group} of {name}"));
            }
        };
        let visible = visibility == GroupVisibility::Visible;
        builder.add_fact("visible", visible);
        builder.add_fact("restricted", !visible);
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
        builder.add_reason(says, ground);
        let rota = rota(self, settings, visibility);
        let display = display(self, settings, visibility);
        for RuleAgreement { wrong, right, unknown, says_wrong, says_right } in [&rota, &display] {
            for (rule, ground) in wrong {
                let says = format!("{rule} {says_wrong}, which contradicts Restricted Users");
                builder.add_reason(says, ground.clone());
            }
            for (rule, ground) in right {
                builder.add_reason(
                    format!("{rule} {says_right}, consistent with Restricted Users"),
                    ground.clone(),
                );
            }
            if let Some(why) = unknown {
                builder.add_alma_reason(why.to_string());
            }
        }
        let some_wrong = !rota.wrong.is_empty() || !display.wrong.is_empty();
        let names = [&rota, &display].into_iter().flat_map(|agreement| &agreement.wrong);
        let names: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
        let tail = match names.as_slice() {
            [] => String::new(),
            [name] => format!(", but {name} contradicts this"),
            [_, ..] => format!(", but {} contradict this", names.join(", ")),
        };
        let unknown = rota.unknown.as_ref().or(display.unknown.as_ref());
        let (consistent, inconsistent) = match unknown {
            None => {
                (MaybeKnown::Known(FieldValue::Bool(!some_wrong)), MaybeKnown::Known(FieldValue::list(names)))
            }
            // One inconsistent rule is enough.
            Some(why) if some_wrong => {
                (MaybeKnown::Known(FieldValue::Bool(false)), MaybeKnown::Unknown(why.clone()))
            }
            Some(why) => (MaybeKnown::Unknown(why.clone()), MaybeKnown::Unknown(why.clone())),
        };
        builder.fact("consistent", consistent);
        builder.fact("inconsistentTables", inconsistent);
        builder.finish(match visibility {
            GroupVisibility::Visible => format!("partners can see {user_group} of {name}{tail}"),
            GroupVisibility::Hidden => format!("partners cannot see {user_group} of {name}{tail}"),
        })
    }
}

/// Returns the impact of changed restrictions.
fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let mut zones_by_group: BTreeMap<(GroupVisibility, Arc<str>), BTreeSet<ZoneCode>> = BTreeMap::new();
    for zone in change.zones(|collection| *collection == SettingsCollection::RestrictedUsers) {
        let [Some(before), Some(after)] = change.both().map(|settings| restricted_groups(&zone, settings))
        else {
            continue;
        };
        let hidden = after.difference(&before).map(|group| (GroupVisibility::Hidden, group));
        let shown = before.difference(&after).map(|group| (GroupVisibility::Visible, group));
        for (visibility, group) in hidden.chain(shown) {
            zones_by_group.entry((visibility, Arc::clone(group))).or_default().insert(zone.clone());
        }
    }
    // One sentence for all user groups with the same change at the same members.
    let mut groups_by_zones: BTreeMap<(GroupVisibility, BTreeSet<ZoneCode>), BTreeSet<Arc<str>>> =
        BTreeMap::new();
    for ((visibility, group), zones) in zones_by_group {
        groups_by_zones.entry((visibility, zones)).or_default().insert(group);
    }
    // One sentence for different user groups at different members.
    let groups_at_zones = groups_by_zones
        .into_iter()
        .map(|((visibility, zones), groups)| (visibility, ValueAtMembers { value: groups, members: zones }));
    let drafts = joined_values(groups_at_zones).into_iter().map(|(visibility, values)| {
        let (effect, can) = match visibility {
            GroupVisibility::Hidden => (ImpactEffect::Loss, "can no longer"),
            GroupVisibility::Visible => (ImpactEffect::Gain, "can now"),
        };
        let zones: BTreeSet<ZoneCode> = values.iter().flat_map(|at| &at.members).cloned().collect();
        let groups = values.iter().map(|at| (codes(&at.value, "user group"), at.members.len()));
        let groups = counted_values(groups.collect());
        ImpactDraft {
            effect,
            causes: change.causes(|collection, zone| {
                *collection == SettingsCollection::RestrictedUsers && zones.contains(zone)
            }),
            text: format!("partners {can} see {groups} of {}", members(&zones, change.after)),
            subjects: values.into_iter().flat_map(|at| at.value).collect(),
            members: zones,
        }
    });
    drafts.collect()
}

/// Returns the known restricted user groups of a member.
fn restricted_groups(zone: &ZoneCode, settings: &NetworkSettings) -> Option<BTreeSet<Arc<str>>> {
    let table = settings.table(zone, &SettingsCollection::RestrictedUsers).ok()?;
    Some(table.entries().filter_map(|entry| Some(entry.text_field("userGroup")?.into())).collect())
}

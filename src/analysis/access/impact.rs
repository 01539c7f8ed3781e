//! Impact on access to e-resources of the Network Zone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::resource_names::ResourceNames;
use super::{AccessDecision, MembershipPath, decide};
use crate::analysis::impact::wording::{joined, members, verb};
use crate::analysis::impact::{ImpactDraft, SettingsChange};
use crate::analysis::{NetworkSettings, SettingsCollection, ZoneSettings};
use crate::model::{
    AccessQuestion, ClientLocation, FieldValue, ImpactEffect, MaybeKnown, ResourceId, ZoneCode,
};

/// Maximum number of questions, each evaluated before and after the plan.
///
/// The result for a larger network is incomplete and says so.
const QUESTIONS: usize = 50_000;

/// Visible settings of a group at a resource, by field and description.
const SETTINGS: [(&str, &str); 5] = [
    ("proxy_enabled", "proxy setting"),
    ("proxy", "proxy"),
    ("public_name", "public name"),
    ("authentication_note", "authentication note"),
    ("public_note", "public note"),
];

/// Change of access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum AccessChange {
    Lost,
    Gained,
    /// Changed setting, by description.
    SettingChanged(&'static str),
}

impl AccessChange {
    fn effect(&self) -> ImpactEffect {
        match self {
            Self::Lost => ImpactEffect::Loss,
            Self::SettingChanged(_) => ImpactEffect::Change,
            Self::Gained => ImpactEffect::Gain,
        }
    }
}

/// Affected users of one member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum AffectedUsers {
    /// All users.
    All,
    /// All users outside these places, as named in the text. Users inside keep their access.
    Outside(BTreeSet<String>),
    /// Users in a library.
    Library(Arc<str>),
    /// Users on a campus.
    Campus(Arc<str>),
}

/// E-resources.
type ResourceIds = BTreeSet<ResourceId>;

/// Returns the impact of changed groups and of changed groups at e-resources.
pub fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let mut resources_by_member: BTreeMap<(AccessChange, AffectedUsers, ZoneCode), ResourceIds> =
        BTreeMap::new();
    let (mut questions, mut omitted) = (0, ResourceIds::new());
    for resource in resources(change) {
        if questions > QUESTIONS {
            omitted.insert(resource);
            continue;
        }
        for member in change.before.members() {
            for (access_change, users) in changes_at(member, &resource, change, &mut questions) {
                let key = (access_change, users, member.code.clone());
                resources_by_member.entry(key).or_default().insert(resource.clone());
            }
        }
    }
    // One sentence for all members with the same changes, but one for each place.
    let mut members_by_resources: BTreeMap<(AccessChange, AffectedUsers, ResourceIds), BTreeSet<ZoneCode>> =
        BTreeMap::new();
    for ((access_change, users, member), resources) in resources_by_member {
        members_by_resources.entry((access_change, users, resources)).or_default().insert(member);
    }
    let names = ResourceNames::of(change.after);
    let drafts = members_by_resources.into_iter().map(|((access_change, users, resources), members)| {
        let text = sentence(&access_change, &users, &names.listed(&resources), &members, change.after);
        ImpactDraft {
            effect: access_change.effect(),
            causes: causes(&resources, change),
            subjects: resources.iter().map(|resource| names.with_id(resource)).collect(),
            members,
            text,
        }
    });
    let rest = (!omitted.is_empty()).then(|| ImpactDraft {
        effect: ImpactEffect::Unknown,
        causes: causes(&omitted, change),
        members: change.before.members().map(|member| member.code.clone()).collect(),
        subjects: omitted.iter().map(|resource| names.with_id(resource)).collect(),
        text: format!("impact on {} not evaluated: too many questions", names.listed(&omitted)),
    });
    drafts.chain(rest).collect()
}

/// Returns the changed collections that decide about access to these resources.
fn causes(resources: &ResourceIds, change: &SettingsChange<'_>) -> BTreeSet<(SettingsCollection, ZoneCode)> {
    let levels: ResourceIds = resources.iter().flat_map(ResourceId::outwards).collect();
    change.causes(|collection, _| {
        *collection == SettingsCollection::AvailabilityGroups
            || collection.resource().is_some_and(|resource| levels.contains(resource))
    })
}

/// Returns the changes for users outside all places of a member, and for places with other changes.
fn changes_at(
    member: &ZoneSettings,
    resource: &ResourceId,
    change: &SettingsChange<'_>,
    questions: &mut usize,
) -> Vec<(AccessChange, AffectedUsers)> {
    let mut for_all: BTreeMap<AccessChange, BTreeSet<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for (users, from) in clients(member) {
        *questions += 1;
        let question = AccessQuestion {
            member: member.code.clone(),
            from,
            resource: resource.clone(),
            user_group: None,
        };
        let [MaybeKnown::Known(before), MaybeKnown::Known(after)] =
            change.both().map(|settings| decide(&question, settings))
        else {
            continue;
        };
        let changes = differences(&before, &after);
        let place = match &users {
            AffectedUsers::All | AffectedUsers::Outside(_) => {
                for_all = changes.into_iter().map(|change| (change, BTreeSet::new())).collect();
                if is_for_the_institution(&before) && is_for_the_institution(&after) {
                    break;
                }
                continue;
            }
            AffectedUsers::Library(code) => format!("in library {code}"),
            AffectedUsers::Campus(code) => format!("on campus {code}"),
        };
        for (change, exceptions) in &mut for_all {
            // Places with earlier access need no mention if others gain access.
            if *change != AccessChange::Gained && !changes.contains(change) {
                exceptions.insert(place.clone());
            }
        }
        let own = changes.into_iter().filter(|change| !for_all.contains_key(change));
        found.extend(own.map(|change| (change, users.clone())));
    }
    let for_all = for_all.into_iter().map(|(change, exceptions)| match exceptions.is_empty() {
        true => (change, AffectedUsers::All),
        false => (change, AffectedUsers::Outside(exceptions)),
    });
    found.extend(for_all);
    found
}

/// Returns the resources with possibly changed answers: all known ones if groups changed.
fn resources(change: &SettingsChange<'_>) -> BTreeSet<ResourceId> {
    let network_zones = change.both().into_iter().filter_map(NetworkSettings::network_zone);
    let known = network_zones
        .flat_map(|zone| zone.tables().filter_map(|(collection, _)| collection.resource().cloned()));
    let is_changed = |collection: &SettingsCollection| change.changed.contains_key(collection);
    let all = is_changed(&SettingsCollection::AvailabilityGroups);
    let is_affected = |resource: &ResourceId| {
        all || resource.outwards().map(SettingsCollection::Availability).any(|level| is_changed(&level))
    };
    known.filter(is_affected).collect()
}

/// Returns a user outside all places, then a user in each place.
fn clients(member: &ZoneSettings) -> impl Iterator<Item = (AffectedUsers, ClientLocation)> {
    let libraries = member.libraries.iter().map(|library| {
        let code: Arc<str> = library.code.as_str().into();
        (AffectedUsers::Library(Arc::clone(&code)), ClientLocation::Library(code))
    });
    let campuses = member.campuses.iter().map(|campus| {
        let code: Arc<str> = campus.code.as_str().into();
        (AffectedUsers::Campus(Arc::clone(&code)), ClientLocation::Campus(code))
    });
    std::iter::once((AffectedUsers::All, ClientLocation::Elsewhere)).chain(libraries).chain(campuses)
}

/// Returns true if the decision does not depend on the user's location.
fn is_for_the_institution(access: &AccessDecision<'_>) -> bool {
    let whole = |through: &MembershipPath<'_>| matches!(through, MembershipPath::Institution);
    match access.refusal {
        // A group with a place can precede the institution's group by name.
        None => {
            access.level.is_none()
                || access.near.is_empty() && access.grants.iter().any(|grant| whole(&grant.through))
        }
        Some(_) => access.near.is_empty(),
    }
}

fn differences(before: &AccessDecision<'_>, after: &AccessDecision<'_>) -> Vec<AccessChange> {
    match (before.refusal, after.refusal) {
        (None, Some(_)) => vec![AccessChange::Lost],
        (Some(_), None) => vec![AccessChange::Gained],
        (Some(_), Some(_)) => Vec::new(),
        (None, None) => {
            let setting = |access: &AccessDecision<'_>, field: &str| {
                let value = access.grants.first().and_then(|grant| grant.setting.get(field));
                value.cloned().unwrap_or(FieldValue::Null)
            };
            let different =
                SETTINGS.iter().filter(|(field, _)| setting(before, field) != setting(after, field));
            different.map(|(_, description)| AccessChange::SettingChanged(description)).collect()
        }
    }
}

fn sentence(
    change: &AccessChange,
    users: &AffectedUsers,
    resources: &str,
    zones: &BTreeSet<ZoneCode>,
    settings: &NetworkSettings,
) -> String {
    let members = members(zones, settings);
    let mut exception = String::new();
    let (who, number) = match users {
        AffectedUsers::All => (members, zones.len()),
        AffectedUsers::Outside(places) => {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            exception = format!(", except users {}", joined(&places, "or"));
            (members, zones.len())
        }
        AffectedUsers::Library(code) => (format!("every user in library {code} of {members}"), 1),
        AffectedUsers::Campus(code) => (format!("every user on campus {code} of {members}"), 1),
    };
    let what = match change {
        AccessChange::Lost => format!("{} access to", verb(number, "loses", "lose")),
        AccessChange::Gained => format!("{} access to", verb(number, "gains", "gain")),
        AccessChange::SettingChanged(setting) => {
            format!("{} a different {setting} for", verb(number, "gets", "get"))
        }
    };
    format!("{who} {what} {resources}{exception}")
}

#[cfg(test)]
mod tests {
    use super::impact;
    use crate::analysis::SettingsCollection;
    use crate::analysis::impact::SettingsChange;
    use crate::analysis::tests::network::observed;

    fn impact_texts(before: &str, after: &str) -> Vec<String> {
        let settings = |groups: &str| {
            let own = "A DisplayLogicRules\nB DisplayLogicRules\nC DisplayLogicRules";
            observed(&format!(
                "NZ AvailabilityGroups\n{groups}\nNZ ElectronicAvailability/1\ngroup=PART; public_name=P\n\
                 group=WHOLE; public_name=W\n{own}"
            ))
        };
        let changed = [(SettingsCollection::AvailabilityGroups, ["NZ".into()].into())].into();
        let change = SettingsChange { changed, before: &settings(before), after: &settings(after) };
        impact(&change).into_iter().map(|draft| draft.text).collect()
    }

    #[test]
    fn lost_access_excludes_users_with_remaining_access() {
        let part = "name=PART; libraries=[A/LAW]";
        let whole = "name=WHOLE; institutions=[A]";
        let nobody = "name=WHOLE; institutions=[]";
        assert_eq!(
            impact_texts(&format!("{part}\n{whole}"), &format!("{part}\n{nobody}")),
            ["a College loses access to e-resource 1, except users in library LAW"]
        );
        assert_eq!(impact_texts(whole, nobody), ["a College loses access to e-resource 1"]);
        assert_eq!(
            impact_texts(whole, &format!("{part}\n{whole}")),
            ["every user in library LAW of a College gets a different public name for e-resource 1"],
            "the settings of the first group by name apply"
        );
    }
}

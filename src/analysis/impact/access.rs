//! Impact on access to e-resources of the Network Zone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ImpactDraft;
use super::wording::{NAMED, codes, members, verb};
use crate::analysis::access::{AccessDecision, MembershipPath, decide};
use crate::analysis::{NetworkSettings, SettingsCollection, ZoneSettings};
use crate::model::{AccessQuestion, ClientLocation, FieldValue, MaybeKnown, ResourceId, ZoneCode};

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

/// E-resources, by ID.
type ResourceIds = BTreeSet<Arc<str>>;

/// Returns the impact of changed groups and of changed groups at e-resources.
pub fn effects(
    zones: &BTreeSet<ZoneCode>,
    moved: &BTreeSet<SettingsCollection>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<ImpactDraft> {
    let resources = resources(moved, before, after);
    let mut found: BTreeMap<(AccessChange, AffectedUsers, ZoneCode), ResourceIds> = BTreeMap::new();
    let mut asked = 0;
    let mut untold = 0;
    for resource in &resources {
        if asked > QUESTIONS {
            untold += 1;
            continue;
        }
        for member in before.members() {
            for (change, who) in of_member(member, resource, before, after, &mut asked) {
                let key = (change, who, member.code.clone());
                found.entry(key).or_default().insert(resource.to_string().into());
            }
        }
    }
    // One sentence for all members with the same changes, but one for each place.
    let mut alike: BTreeMap<(AccessChange, AffectedUsers, ResourceIds), BTreeSet<ZoneCode>> = BTreeMap::new();
    for ((change, who, member), resources) in found {
        alike.entry((change, who, resources)).or_default().insert(member);
    }
    let said = alike.into_iter().map(|((change, who, resources), of)| {
        let says = sentence(&change, &who, &resources, &of, after);
        ImpactDraft { changed: zones.clone(), says }
    });
    let rest = (untold > 0).then(|| ImpactDraft {
        changed: zones.clone(),
        says: format!("impact on {untold} more e-resources not evaluated: too many questions"),
    });
    said.chain(rest).collect()
}

/// Returns the changes for users outside all places of a member, and for places with other changes.
fn of_member(
    member: &ZoneSettings,
    resource: &ResourceId,
    before: &NetworkSettings,
    after: &NetworkSettings,
    asked: &mut usize,
) -> Vec<(AccessChange, AffectedUsers)> {
    let mut everybody: BTreeMap<AccessChange, BTreeSet<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for (who, from) in clients(member) {
        *asked += 1;
        let question = AccessQuestion {
            member: member.code.clone(),
            from,
            resource: resource.clone(),
            user_group: None,
        };
        let (MaybeKnown::Known(then), MaybeKnown::Known(now)) =
            (decide(&question, before), decide(&question, after))
        else {
            continue;
        };
        let changes = differences(&then, &now);
        let place = match &who {
            AffectedUsers::All | AffectedUsers::Outside(_) => {
                everybody = changes.into_iter().map(|change| (change, BTreeSet::new())).collect();
                if is_for_the_institution(&then) && is_for_the_institution(&now) {
                    break;
                }
                continue;
            }
            AffectedUsers::Library(code) => format!("in library {code}"),
            AffectedUsers::Campus(code) => format!("on campus {code}"),
        };
        for (change, keeps) in &mut everybody {
            // Places with earlier access need no mention if others gain access.
            if *change != AccessChange::Gained && !changes.contains(change) {
                keeps.insert(place.clone());
            }
        }
        let own = changes.into_iter().filter(|change| !everybody.contains_key(change));
        found.extend(own.map(|change| (change, who.clone())));
    }
    let told = everybody.into_iter().map(|(change, keeps)| match keeps.is_empty() {
        true => (change, AffectedUsers::All),
        false => (change, AffectedUsers::Outside(keeps)),
    });
    found.extend(told);
    found
}

/// Returns the resources with possibly changed answers: all known ones if groups changed.
fn resources(
    moved: &BTreeSet<SettingsCollection>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> BTreeSet<ResourceId> {
    let known = [before, after]
        .into_iter()
        .filter_map(NetworkSettings::network_zone)
        .flat_map(|zone| zone.tables().filter_map(|(subject, _)| subject.resource().cloned()));
    let groups = moved.contains(&SettingsCollection::AvailabilityGroups);
    known
        .filter(|resource| {
            groups || resource.outwards().any(|each| moved.contains(&SettingsCollection::Availability(each)))
        })
        .collect()
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

fn differences(then: &AccessDecision<'_>, now: &AccessDecision<'_>) -> Vec<AccessChange> {
    match (then.refusal, now.refusal) {
        (None, Some(_)) => vec![AccessChange::Lost],
        (Some(_), None) => vec![AccessChange::Gained],
        (Some(_), Some(_)) => Vec::new(),
        (None, None) => {
            let setting = |access: &AccessDecision<'_>, field: &str| {
                access
                    .grants
                    .first()
                    .and_then(|grant| grant.setting.get(field))
                    .cloned()
                    .unwrap_or(FieldValue::Null)
            };
            let other = SETTINGS.iter().filter(|(field, _)| setting(then, field) != setting(now, field));
            other.map(|(_, words)| AccessChange::SettingChanged(words)).collect()
        }
    }
}

fn sentence(
    change: &AccessChange,
    who: &AffectedUsers,
    resources: &ResourceIds,
    of: &BTreeSet<ZoneCode>,
    settings: &NetworkSettings,
) -> String {
    let of_whom = members(of, settings);
    let mut but = String::new();
    let (who, several) = match who {
        AffectedUsers::All => (of_whom, of.len()),
        AffectedUsers::Outside(places) => {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            but = match places.len() > NAMED {
                true => format!(", except users in {} libraries and campuses", places.len()),
                false => format!(", except users {}", places.join(" or ")),
            };
            (of_whom, of.len())
        }
        AffectedUsers::Library(code) => (format!("every user in library {code} of {of_whom}"), 1),
        AffectedUsers::Campus(code) => (format!("every user on campus {code} of {of_whom}"), 1),
    };
    let resources = match resources.len() {
        1 => format!("e-resource {}", codes(resources, "e-resource")),
        some if some <= NAMED => format!("e-resources {}", codes(resources, "e-resource")),
        _ => codes(resources, "e-resource"),
    };
    match change {
        AccessChange::Lost => format!("{who} {} access to {resources}{but}", verb(several, "loses", "lose")),
        AccessChange::Gained => {
            format!("{who} {} access to {resources}{but}", verb(several, "gains", "gain"))
        }
        AccessChange::SettingChanged(setting) => {
            format!("{who} {} a different {setting} for {resources}{but}", verb(several, "gets", "get"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::effects;
    use crate::analysis::SettingsCollection;
    use crate::analysis::tests::network::observed;

    fn told(before: &str, after: &str) -> Vec<String> {
        let settings = |groups: &str| {
            let own = "A DisplayLogicRules\nB DisplayLogicRules\nC DisplayLogicRules";
            observed(&format!(
                "NZ AvailabilityGroups\n{groups}\nNZ ElectronicAvailability/1\ngroup=PART; public_name=P\n\
                 group=WHOLE; public_name=W\n{own}"
            ))
        };
        let (zones, moved) = (["NZ".into()].into(), [SettingsCollection::AvailabilityGroups].into());
        effects(&zones, &moved, &settings(before), &settings(after))
            .into_iter()
            .map(|told| told.says)
            .collect()
    }

    #[test]
    fn lost_access_excludes_users_with_remaining_access() {
        let part = "name=PART; libraries=[A/LAW]";
        let whole = "name=WHOLE; institutions=[A]";
        let nobody = "name=WHOLE; institutions=[]";
        assert_eq!(
            told(&format!("{part}\n{whole}"), &format!("{part}\n{nobody}")),
            ["a College loses access to e-resource 1, except users in library LAW"]
        );
        assert_eq!(told(whole, nobody), ["a College loses access to e-resource 1"]);
        assert_eq!(
            told(whole, &format!("{part}\n{whole}")),
            ["every user in library LAW of a College gets a different public name for e-resource 1"],
            "the settings of the first group by name apply"
        );
    }
}

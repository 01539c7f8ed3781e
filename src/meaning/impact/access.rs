//! Who reaches e-resources of the Network Zone that they did not, and who no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Effect;
use super::words::{codes, members, verb};
use crate::meaning::access::{Access, Through, decide};
use crate::meaning::{Institution, Settings, Subject};
use crate::model::{AccessQuestion, Client, Resource, Told, Value, ZoneCode};

/// Questions that are asked at most, each before and after: a larger network is told in part, and that it is.
const QUESTIONS: usize = 50_000;

/// What of a group's settings for a resource people see, as the record has it, and in words.
const SETTINGS: [(&str, &str); 5] = [
    ("proxy_enabled", "proxy setting"),
    ("proxy", "proxy"),
    ("public_name", "public name"),
    ("authentication_note", "authentication note"),
    ("public_note", "public note"),
];

/// One difference, whoever it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Lost,
    Won,
    /// Another value of a setting, by its name in words.
    Other(&'static str),
}

/// Who, of one member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// Everybody.
    All,
    /// Whoever is in a library.
    Library(Arc<str>),
    /// Whoever is on a campus.
    Campus(Arc<str>),
}

/// E-resources, by their ids.
type Ids = BTreeSet<Arc<str>>;

/// The effects of other groups, and of other groups at e-resources.
pub fn effects(
    zones: &BTreeSet<ZoneCode>,
    moved: &BTreeSet<Subject>,
    before: &Settings,
    after: &Settings,
) -> Vec<Effect> {
    let resources = resources(moved, before, after);
    let mut found: BTreeMap<(Change, Who, ZoneCode), Ids> = BTreeMap::new();
    let mut asked = 0;
    let mut untold = 0;
    for resource in &resources {
        if asked > QUESTIONS {
            untold += 1;
            continue;
        }
        for member in before.members() {
            for (who, from) in clients(member) {
                asked += 1;
                let question = AccessQuestion {
                    member: member.code.clone(),
                    from,
                    resource: resource.clone(),
                    user_group: None,
                };
                let (Told::Is(then), Told::Is(now)) = (decide(&question, before), decide(&question, after))
                else {
                    continue;
                };
                for change in differences(&then, &now) {
                    let everybody = (change.clone(), Who::All, member.code.clone());
                    if found.get(&everybody).is_some_and(|told| told.contains(&*resource.to_string())) {
                        continue;
                    }
                    let key = (change, who.clone(), member.code.clone());
                    found.entry(key).or_default().insert(resource.to_string().into());
                }
                if who == Who::All && is_for_the_institution(&then) && is_for_the_institution(&now) {
                    break;
                }
            }
        }
    }
    // Members that fare alike are told in one sentence; places are told one by one.
    let mut alike: BTreeMap<(Change, Who, Ids), BTreeSet<ZoneCode>> = BTreeMap::new();
    for ((change, who, member), resources) in found {
        alike.entry((change, who, resources)).or_default().insert(member);
    }
    let said = alike.into_iter().map(|((change, who, resources), of)| {
        let says = sentence(&change, &who, &resources, &of, after);
        Effect { changed: zones.clone(), says }
    });
    let rest = (untold > 0).then(|| Effect {
        changed: zones.clone(),
        says: format!("what it means for {untold} more e-resources was not worked out: there are too many"),
    });
    said.chain(rest).collect()
}

/// The resources whose answers can have changed: all that are known, where groups changed.
fn resources(moved: &BTreeSet<Subject>, before: &Settings, after: &Settings) -> BTreeSet<Resource> {
    let known = [before, after]
        .into_iter()
        .filter_map(Settings::network_zone)
        .flat_map(|zone| zone.tables().filter_map(|(subject, _)| subject.resource().cloned()));
    let groups = moved.contains(&Subject::AvailabilityGroups);
    known
        .filter(|resource| {
            groups || resource.outwards().any(|each| moved.contains(&Subject::Availability(each)))
        })
        .collect()
}

/// Everybody, then whoever is in single places.
fn clients(member: &Institution) -> impl Iterator<Item = (Who, Client)> {
    let libraries = member.libraries.iter().map(|library| {
        let code: Arc<str> = library.code.as_str().into();
        (Who::Library(Arc::clone(&code)), Client::Library(code))
    });
    let campuses = member.campuses.iter().map(|campus| {
        let code: Arc<str> = campus.code.as_str().into();
        (Who::Campus(Arc::clone(&code)), Client::Campus(code))
    });
    std::iter::once((Who::All, Client::Elsewhere)).chain(libraries).chain(campuses)
}

/// Whether it does not matter where somebody is.
fn is_for_the_institution(access: &Access<'_>) -> bool {
    let whole = |through: &Through<'_>| matches!(through, Through::Institution);
    match access.refusal {
        None => access.level.is_none() || access.grants.iter().any(|grant| whole(&grant.through)),
        Some(_) => access.near.is_empty(),
    }
}

fn differences(then: &Access<'_>, now: &Access<'_>) -> Vec<Change> {
    match (then.refusal, now.refusal) {
        (None, Some(_)) => vec![Change::Lost],
        (Some(_), None) => vec![Change::Won],
        (Some(_), Some(_)) => Vec::new(),
        (None, None) => {
            let setting = |access: &Access<'_>, field: &str| {
                access
                    .grants
                    .first()
                    .and_then(|grant| grant.setting.get(field))
                    .cloned()
                    .unwrap_or(Value::Null)
            };
            let other = SETTINGS.iter().filter(|(field, _)| setting(then, field) != setting(now, field));
            other.map(|(_, words)| Change::Other(words)).collect()
        }
    }
}

fn sentence(
    change: &Change,
    who: &Who,
    resources: &Ids,
    of: &BTreeSet<ZoneCode>,
    settings: &Settings,
) -> String {
    let of_whom = members(of, settings);
    let (who, several) = match who {
        Who::All => (of_whom, of.len()),
        Who::Library(code) => (format!("whoever is in library {code} of {of_whom}"), 1),
        Who::Campus(code) => (format!("whoever is on campus {code} of {of_whom}"), 1),
    };
    let resources = match resources.len() {
        1 => format!("e-resource {}", codes(resources, "e-resource")),
        _ => codes(resources, "e-resource"),
    };
    match change {
        Change::Lost => format!("{who} {} access to {resources}", verb(several, "loses", "lose")),
        Change::Won => format!("{who} {} access to {resources}", verb(several, "gains", "gain")),
        Change::Other(setting) => {
            format!("{who} {} another {setting} for {resources}", verb(several, "gets", "get"))
        }
    }
}

//! Who reaches e-resources of the Network Zone that they did not, and who no longer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Effect;
use super::words::{NAMED, codes, members, verb};
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
    /// Everybody who is in none of these places, as they are called: of those it is not so.
    Outside(BTreeSet<String>),
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
            for (change, who) in of_member(member, resource, before, after, &mut asked) {
                let key = (change, who, member.code.clone());
                found.entry(key).or_default().insert(resource.to_string().into());
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

/// What changes for whoever is in no place of a member, and for those of its places that fare otherwise.
fn of_member(
    member: &Institution,
    resource: &Resource,
    before: &Settings,
    after: &Settings,
    asked: &mut usize,
) -> Vec<(Change, Who)> {
    let mut everybody: BTreeMap<Change, BTreeSet<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for (who, from) in clients(member) {
        *asked += 1;
        let question = AccessQuestion {
            member: member.code.clone(),
            from,
            resource: resource.clone(),
            user_group: None,
        };
        let (Told::Is(then), Told::Is(now)) = (decide(&question, before), decide(&question, after)) else {
            continue;
        };
        let changes = differences(&then, &now);
        let place = match &who {
            Who::All | Who::Outside(_) => {
                everybody = changes.into_iter().map(|change| (change, BTreeSet::new())).collect();
                if is_for_the_institution(&then) && is_for_the_institution(&now) {
                    break;
                }
                continue;
            }
            Who::Library(code) => format!("in library {code}"),
            Who::Campus(code) => format!("on campus {code}"),
        };
        for (change, keeps) in &mut everybody {
            // Who had access before others gain it, is no exception that anybody would miss.
            if *change != Change::Won && !changes.contains(change) {
                keeps.insert(place.clone());
            }
        }
        let own = changes.into_iter().filter(|change| !everybody.contains_key(change));
        found.extend(own.map(|change| (change, who.clone())));
    }
    let told = everybody.into_iter().map(|(change, keeps)| match keeps.is_empty() {
        true => (change, Who::All),
        false => (change, Who::Outside(keeps)),
    });
    found.extend(told);
    found
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
        // A place's own group can come first by name.
        None => {
            access.level.is_none()
                || access.near.is_empty() && access.grants.iter().any(|grant| whole(&grant.through))
        }
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
    let mut but = String::new();
    let (who, several) = match who {
        Who::All => (of_whom, of.len()),
        Who::Outside(places) => {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            but = match places.len() > NAMED {
                true => format!(", but for whoever is in one of {} libraries and campuses", places.len()),
                false => format!(", but for whoever is {}", places.join(" or ")),
            };
            (of_whom, of.len())
        }
        Who::Library(code) => (format!("whoever is in library {code} of {of_whom}"), 1),
        Who::Campus(code) => (format!("whoever is on campus {code} of {of_whom}"), 1),
    };
    let resources = match resources.len() {
        1 => format!("e-resource {}", codes(resources, "e-resource")),
        some if some <= NAMED => format!("e-resources {}", codes(resources, "e-resource")),
        _ => codes(resources, "e-resource"),
    };
    match change {
        Change::Lost => format!("{who} {} access to {resources}{but}", verb(several, "loses", "lose")),
        Change::Won => format!("{who} {} access to {resources}{but}", verb(several, "gains", "gain")),
        Change::Other(setting) => {
            format!("{who} {} another {setting} for {resources}{but}", verb(several, "gets", "get"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::effects;
    use crate::meaning::Subject;
    use crate::meaning::tests::network::observed;

    fn told(before: &str, after: &str) -> Vec<String> {
        let settings = |groups: &str| {
            let own = "A DisplayLogicRules\nB DisplayLogicRules\nC DisplayLogicRules";
            observed(&format!(
                "NZ AvailabilityGroups\n{groups}\nNZ ElectronicAvailability/1\ngroup=PART; public_name=P\n\
                 group=WHOLE; public_name=W\n{own}"
            ))
        };
        let (zones, moved) = (["NZ".into()].into(), [Subject::AvailabilityGroups].into());
        effects(&zones, &moved, &settings(before), &settings(after))
            .into_iter()
            .map(|told| told.says)
            .collect()
    }

    #[test]
    fn who_keeps_access_in_a_place_is_not_told_to_lose_it() {
        let part = "name=PART; libraries=[A/LAW]";
        let whole = "name=WHOLE; institutions=[A]";
        let nobody = "name=WHOLE; institutions=[]";
        assert_eq!(
            told(&format!("{part}\n{whole}"), &format!("{part}\n{nobody}")),
            ["a College loses access to e-resource 1, but for whoever is in library LAW"]
        );
        assert_eq!(told(whole, nobody), ["a College loses access to e-resource 1"]);
        assert_eq!(
            told(whole, &format!("{part}\n{whole}")),
            ["whoever is in library LAW of a College gets another public name for e-resource 1"],
            "the first group by name counts"
        );
    }
}

//! How an answer about access is put into words.

use std::sync::Arc;

use super::group::{Grant, Nearby, Ranges, Through};
use super::{Access, Hidden, Refusal, Title, decide, hidden};
use crate::meaning::settings::Settings;
use crate::meaning::subject::Subject;
use crate::meaning::table::{Entry, Extent, Silence};
use crate::meaning::told::Telling;
use crate::model::{AccessQuestion, Client, Explanation, Ground, Level, Question, Told, Value};

/// All facts.
const FACTS: [&str; 11] = [
    "reach",
    "group",
    "groups",
    "level",
    "proxyEnabled",
    "proxy",
    "publicName",
    "authenticationNote",
    "publicNote",
    "titleShown",
    "why",
];

/// Those that are texts of the setting of a group, each with its field.
const TEXTS: [(&str, &str); 4] = [
    ("proxy", "proxy"),
    ("publicName", "public_name"),
    ("authenticationNote", "authentication_note"),
    ("publicNote", "public_note"),
];

/// Why the resource is out of reach, in a word: whether it is only narrowed can be unknown.
fn why(access: &Access<'_>) -> Told<Value> {
    match (&access.wider_untold, access.refusal) {
        (_, None) => Told::Is(Value::Null),
        (Some(untold), Some(_)) => Told::Not(Arc::clone(untold)),
        (None, Some(refusal)) => Told::Is(refusal.word().into()),
    }
}

/// Answers the question.
pub fn explain(question: &AccessQuestion, settings: &Settings) -> Explanation {
    let mut telling = Telling::new(Question::Access(question.clone()));
    let name = settings.name(&question.member);
    let who = format!("a user of {name} {}", whereabouts(&question.from));
    let what = format!("{} {}", question.resource.level().word(), question.resource);
    let access = match decide(question, settings) {
        Told::Is(access) => access,
        Told::Not(why) => {
            return telling.unknown(&FACTS, &why, || format!("whether {who} reaches {what} is not known"));
        }
    };
    let first = access.grants.first();
    telling.is("reach", access.refusal.is_none());
    telling.is("group", first.map_or(Value::Null, |grant| grant.group.into()));
    telling.is("groups", Value::list(access.grants.iter().map(|grant| grant.group)));
    telling.is("level", access.level.map_or(Value::Null, |level| level.word().into()));
    telling.is("titleShown", access.title == Title::Shown);
    telling.fact("why", why(&access));
    telling.fact("proxyEnabled", first.map_or(Told::Is(Value::Null), |grant| proxy_enabled(grant.setting)));
    for (fact, field) in TEXTS {
        telling.fact(fact, first.map_or(Told::Is(Value::Null), |grant| set(grant.setting, field, fact)));
    }
    because(&access, name, &mut telling);
    if access.title == Title::Shown {
        let member = settings.zone(&question.member);
        if let Some(Hidden { rule, ground }) = member.and_then(|member| hidden::from_some(question, member)) {
            let says =
                format!("not counted: {rule} hides it from some user groups, and the question names none");
            telling.because(says, ground);
        }
        let rules = member.and_then(|zone| zone.mentioned(&Subject::DisplayRules));
        let all_known = matches!(rules, Some(Ok(rules)) if rules.extent == Extent::Whole);
        if !all_known {
            let says = format!("not asked: what {name} hides by display logic rules that no manifest names");
            telling.because(says, Ground::Alma);
        }
    }
    telling.line(match (access.refusal, first) {
        (None, Some(grant)) => format!("{who} reaches {what}, through group {}", grant.group),
        (None, None) => format!("{who} reaches {what}, as the whole network does"),
        (Some(refusal), _) => format!("{who} does not reach {what}: {}", in_words(refusal, name)),
    })
}

/// Where a user is.
fn whereabouts(client: &Client) -> String {
    match client {
        Client::Elsewhere => "off campus".to_owned(),
        Client::Address(address) => format!("at {address}"),
        Client::Library(code) => format!("in library {code}"),
        Client::Campus(code) => format!("on campus {code}"),
    }
}

fn in_words(refusal: Refusal, name: &str) -> String {
    match refusal {
        Refusal::NotInGroup => format!("no group that decides has anything of {name} in it"),
        Refusal::NoIpRange => "the place that is in a group has no IP range".to_owned(),
        Refusal::OutsideIpRange => "they are outside the place that is in a group".to_owned(),
        Refusal::Narrowed => "a wider level would let them in, and the one that decides does not".to_owned(),
        Refusal::HiddenLocally => format!("{name} hides it"),
    }
}

/// Why it is so.
fn because(access: &Access<'_>, name: &str, telling: &mut Telling) {
    let Access {
        level,
        grants,
        near,
        refusal: _,
        title,
        extent,
        unknown,
        missing,
        wider,
        wider_untold,
        hidden,
    } = access;
    match level {
        Some(Level::Collection) => telling.because("the groups of the e-collection decide", Ground::Alma),
        Some(level) => {
            let says = format!(
                "the groups of the {} decide: it is the innermost level that has any, and the vendor does not \
                 say how levels add up",
                level.word()
            );
            telling.because(says, Ground::Alma);
        }
        None => telling.because("no level has a group, so that the whole network reaches it", Ground::Alma),
    }
    for group in missing {
        telling.because(format!("there is no group {group}, so that nobody is in it"), Ground::Alma);
    }
    for grant in grants {
        lets_in(grant, *level, name, "lets them in", telling);
    }
    if let [first, _, ..] = grants.as_slice() {
        let says = format!(
            "several groups let them in, and the vendor does not say whose settings count: taken are those of \
             the first by name, {}",
            first.group
        );
        telling.because(says, Ground::Alma);
    }
    if let Some(group) = unknown {
        telling.because(format!("nobody says who is in group {group}: it may let them in too"), Ground::Alma);
    }
    match (extent, level) {
        (Extent::Named, Some(level)) => {
            let says = format!("only declared groups are told: the {} may have others", level.word());
            telling.because(says, Ground::Alma);
        }
        (Extent::Named, None) | (Extent::Whole, _) => {}
    }
    if let (Some(level), [], []) = (level, grants.as_slice(), near.as_slice()) {
        let says = format!("no group of the {} has {name}, or a campus or library of it", level.word());
        telling.because(says, Ground::Alma);
    }
    // Whoever is let in by one group need not be inside the places of another.
    for Nearby { group, place, ranges, members } in near.iter().filter(|_| grants.is_empty()) {
        let (place, field) = named(*place, name);
        let says = match ranges {
            Ranges::Some => format!("{place} is in group {group}, and they are outside its IP ranges"),
            Ranges::None => {
                format!("{place} is in group {group}, and has no IP range, so that nobody is inside it")
            }
        };
        telling.because(says, members.ground(field));
    }
    if let Some(why) = wider_untold {
        telling
            .because(format!("it is not known whether a wider level would let them in: {why}"), Ground::Alma);
    }
    if let Some((level, grants)) = wider {
        for grant in grants {
            lets_in(grant, Some(*level), name, "would let them in if that decided", telling);
        }
    }
    if let Some(Hidden { rule, ground }) = hidden {
        telling.because(format!("{name} hides it, by display logic: {rule}"), ground.clone());
    }
    match (title, grants.is_empty() && level.is_some()) {
        (Title::Shown, true) => {
            let says = "the title may show in search all the same, where a campus or library is in a group";
            telling.because(says, Ground::Alma);
        }
        (Title::Shown, false) | (Title::NotShown, _) => {}
    }
}

fn lets_in(grant: &Grant<'_>, level: Option<Level>, name: &str, does: &str, telling: &mut Telling) {
    let Grant { group, through, setting, members } = grant;
    let (who, field) = named(*through, name);
    let what = level.map_or("resource", Level::word);
    telling.because(format!("the {what} is available for group {group}"), setting.ground("group"));
    telling.because(format!("group {group} {does}: {who} is in it"), members.ground(field));
}

/// What is in a group, and the field that says so.
fn named(place: Through<'_>, name: &str) -> (String, &'static str) {
    match place {
        Through::Institution => (name.to_owned(), "institutions"),
        Through::Campus(code) => (format!("campus {code} of {name}"), "campuses"),
        Through::Library(code) => (format!("library {code} of {name}"), "libraries"),
    }
}

/// Whether the proxy is used: a flag, or null for whatever the resource says.
fn proxy_enabled(setting: Entry<'_>) -> Told<Value> {
    match setting.flag("proxy_enabled") {
        Some(enabled) => Told::Is(enabled.into()),
        None => set(setting, "proxy_enabled", "proxyEnabled"),
    }
}

/// What the setting of a group says. What a zone leaves out is not set.
fn set(setting: Entry<'_>, field: &str, fact: &str) -> Told<Value> {
    match (setting.get(field), setting.silence()) {
        (Some(value), _) => Told::Is(value.clone()),
        (None, Silence::Empty) => Told::Is(Value::Null),
        (None, Silence::Unknown) => {
            let group = setting.text("group").unwrap_or_default();
            Told::Not(format!("nobody says `{fact}` of group {group}").into())
        }
    }
}

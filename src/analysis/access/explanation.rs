//! How an answer about access is put into words.

use std::sync::Arc;

use super::group_membership::{AddressRanges, GroupGrant, MembershipPath, NearbyPlace};
use super::{AccessDecision, AccessRefusal, HidingRule, TitleVisibility, decide, hiding_rules};
use crate::analysis::explanation_builder::ExplanationBuilder;
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{MissingFieldMeaning, RowView, TableCompleteness};
use crate::model::{
    AccessQuestion, ClientLocation, Explanation, FieldValue, MaybeKnown, Question, ReasonSource,
    ResourceLevel,
};

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
fn refusal_fact(access: &AccessDecision<'_>) -> MaybeKnown<FieldValue> {
    match (&access.wider_untold, access.refusal) {
        (_, None) => MaybeKnown::Known(FieldValue::Null),
        (Some(untold), Some(_)) => MaybeKnown::Unknown(Arc::clone(untold)),
        (None, Some(refusal)) => MaybeKnown::Known(refusal.as_str().into()),
    }
}

/// Answers the question.
pub fn explain(question: &AccessQuestion, settings: &NetworkSettings) -> Explanation {
    let mut telling = ExplanationBuilder::new(Question::Access(question.clone()));
    let name = settings.name(&question.member);
    let who = format!("a user of {name} {}", whereabouts(&question.from));
    let what = format!("{} {}", question.resource.level().as_str(), question.resource);
    let access = match decide(question, settings) {
        MaybeKnown::Known(access) => access,
        MaybeKnown::Unknown(why) => {
            return telling.unknown(&FACTS, &why, || format!("whether {who} reaches {what} is not known"));
        }
    };
    let first = access.grants.first();
    telling.add_fact("reach", access.refusal.is_none());
    telling.add_fact("group", first.map_or(FieldValue::Null, |grant| grant.group.into()));
    telling.add_fact("groups", FieldValue::list(access.grants.iter().map(|grant| grant.group)));
    telling.add_fact("level", access.level.map_or(FieldValue::Null, |level| level.as_str().into()));
    telling.add_fact("titleShown", access.title == TitleVisibility::Shown);
    telling.fact("why", refusal_fact(&access));
    telling.fact(
        "proxyEnabled",
        first.map_or(MaybeKnown::Known(FieldValue::Null), |grant| proxy_enabled(grant.setting)),
    );
    for (fact, field) in TEXTS {
        telling.fact(
            fact,
            first.map_or(MaybeKnown::Known(FieldValue::Null), |grant| set(grant.setting, field, fact)),
        );
    }
    add_reasons(&access, name, &mut telling);
    if access.title == TitleVisibility::Shown {
        let member = settings.zone(&question.member);
        if let Some(HidingRule { rule, ground }) =
            member.and_then(|member| hiding_rules::from_some(question, member))
        {
            let says =
                format!("not counted: {rule} hides it from some user groups, and the question names none");
            telling.add_reason(says, ground);
        }
        let rules = member.and_then(|zone| zone.table_if_known(&SettingsCollection::DisplayRules));
        let all_known = matches!(rules, Some(Ok(rules)) if rules.extent == TableCompleteness::Complete);
        if !all_known {
            let says = format!("not asked: what {name} hides by display logic rules that no manifest names");
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
    }
    telling.finish(match (access.refusal, first) {
        (None, Some(grant)) => format!("{who} reaches {what}, through group {}", grant.group),
        (None, None) => format!("{who} reaches {what}, as the whole network does"),
        (Some(refusal), _) => format!("{who} does not reach {what}: {}", in_words(refusal, name)),
    })
}

/// Where a user is.
fn whereabouts(client: &ClientLocation) -> String {
    match client {
        ClientLocation::Elsewhere => "off campus".to_owned(),
        ClientLocation::Address(address) => format!("at {address}"),
        ClientLocation::Library(code) => format!("in library {code}"),
        ClientLocation::Campus(code) => format!("on campus {code}"),
    }
}

fn in_words(refusal: AccessRefusal, name: &str) -> String {
    match refusal {
        AccessRefusal::NotInGroup => format!("no group that decides has anything of {name} in it"),
        AccessRefusal::NoIpRange => "the place that is in a group has no IP range".to_owned(),
        AccessRefusal::OutsideIpRange => "they are outside the place that is in a group".to_owned(),
        AccessRefusal::Narrowed => {
            "a wider level would let them in, and the one that decides does not".to_owned()
        }
        AccessRefusal::HiddenLocally => format!("{name} hides it"),
    }
}

/// Why it is so.
fn add_reasons(access: &AccessDecision<'_>, name: &str, telling: &mut ExplanationBuilder) {
    let AccessDecision {
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
        Some(ResourceLevel::Collection) => {
            telling.add_reason("the groups of the e-collection decide", ReasonSource::AlmaDefault)
        }
        Some(level) => {
            let says = format!(
                "the groups of the {} decide: it is the innermost level that has any, and the vendor does not \
                 say how levels add up",
                level.as_str()
            );
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
        None => telling.add_reason(
            "no level has a group, so that the whole network reaches it",
            ReasonSource::AlmaDefault,
        ),
    }
    for group in missing {
        telling.add_reason(
            format!("there is no group {group}, so that nobody is in it"),
            ReasonSource::AlmaDefault,
        );
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
        telling.add_reason(says, ReasonSource::AlmaDefault);
    }
    if let Some(group) = unknown {
        telling.add_reason(
            format!("nobody says who is in group {group}: it may let them in too"),
            ReasonSource::AlmaDefault,
        );
    }
    match (extent, level) {
        (TableCompleteness::DeclaredOnly, Some(level)) => {
            let says = format!("only declared groups are told: the {} may have others", level.as_str());
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
        (TableCompleteness::DeclaredOnly, None) | (TableCompleteness::Complete, _) => {}
    }
    if let (Some(level), [], []) = (level, grants.as_slice(), near.as_slice()) {
        let says = format!("no group of the {} has {name}, or a campus or library of it", level.as_str());
        telling.add_reason(says, ReasonSource::AlmaDefault);
    }
    // Whoever is let in by one group need not be inside the places of another.
    for NearbyPlace { group, place, ranges, members } in near.iter().filter(|_| grants.is_empty()) {
        let (place, field) = member_place_text(*place, name);
        let says = match ranges {
            AddressRanges::Some => format!("{place} is in group {group}, and they are outside its IP ranges"),
            AddressRanges::None => {
                format!("{place} is in group {group}, and has no IP range, so that nobody is inside it")
            }
        };
        telling.add_reason(says, members.ground(field));
    }
    if let Some(why) = wider_untold {
        telling.add_reason(
            format!("it is not known whether a wider level would let them in: {why}"),
            ReasonSource::AlmaDefault,
        );
    }
    if let Some((level, grants)) = wider {
        for grant in grants {
            lets_in(grant, Some(*level), name, "would let them in if that decided", telling);
        }
    }
    if let Some(HidingRule { rule, ground }) = hidden {
        telling.add_reason(format!("{name} hides it, by display logic: {rule}"), ground.clone());
    }
    match (title, grants.is_empty() && level.is_some()) {
        (TitleVisibility::Shown, true) => {
            let says = "the title may show in search all the same, where a campus or library is in a group";
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
        (TitleVisibility::Shown, false) | (TitleVisibility::NotShown, _) => {}
    }
}

fn lets_in(
    grant: &GroupGrant<'_>,
    level: Option<ResourceLevel>,
    name: &str,
    does: &str,
    telling: &mut ExplanationBuilder,
) {
    let GroupGrant { group, through, setting, members } = grant;
    let (who, field) = member_place_text(*through, name);
    let what = level.map_or("resource", ResourceLevel::as_str);
    telling.add_reason(format!("the {what} is available for group {group}"), setting.ground("group"));
    telling.add_reason(format!("group {group} {does}: {who} is in it"), members.ground(field));
}

/// What is in a group, and the field that says so.
fn member_place_text(place: MembershipPath<'_>, name: &str) -> (String, &'static str) {
    match place {
        MembershipPath::Institution => (name.to_owned(), "institutions"),
        MembershipPath::Campus(code) => (format!("campus {code} of {name}"), "campuses"),
        MembershipPath::Library(code) => (format!("library {code} of {name}"), "libraries"),
    }
}

/// Whether the proxy is used: a flag, or null for whatever the resource says.
fn proxy_enabled(setting: RowView<'_>) -> MaybeKnown<FieldValue> {
    match setting.flag("proxy_enabled") {
        Some(enabled) => MaybeKnown::Known(enabled.into()),
        None => set(setting, "proxy_enabled", "proxyEnabled"),
    }
}

/// What the setting of a group says. What a zone leaves out is not set.
fn set(setting: RowView<'_>, field: &str, fact: &str) -> MaybeKnown<FieldValue> {
    match (setting.get(field), setting.silence()) {
        (Some(value), _) => MaybeKnown::Known(value.clone()),
        (None, MissingFieldMeaning::Default) => MaybeKnown::Known(FieldValue::Null),
        (None, MissingFieldMeaning::Unknown) => {
            let group = setting.text_field("group").unwrap_or_default();
            MaybeKnown::Unknown(format!("nobody says `{fact}` of group {group}").into())
        }
    }
}

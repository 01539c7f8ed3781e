//! Explanation of an access decision, as text.

use std::sync::Arc;

use super::group_membership::{AddressRanges, GroupGrant, MembershipPath, NearbyPlace};
use super::{AccessDecision, AccessRefusal, HidingRule, TitleVisibility, decide, hiding_rules};
use crate::analysis::explanation_builder::ExplanationBuilder;
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{MissingFieldMeaning, RowView, TableCompleteness};
use crate::model::{AccessQuestion, ClientLocation, Explanation, FieldValue, MaybeKnown, ResourceLevel};

/// Text facts from the settings of a group, each with its field.
const TEXTS: [(&str, &str); 4] = [
    ("proxy", "proxy"),
    ("publicName", "public_name"),
    ("authenticationNote", "authentication_note"),
    ("publicNote", "public_note"),
];

/// Returns the refusal fact; unknown if a wider level is unknown.
fn refusal_fact(access: &AccessDecision<'_>) -> MaybeKnown<FieldValue> {
    match (&access.wider_unknown, access.refusal) {
        (_, None) => MaybeKnown::Known(FieldValue::Null),
        (Some(why), Some(_)) => MaybeKnown::Unknown(Arc::clone(why)),
        (None, Some(refusal)) => MaybeKnown::Known(refusal.as_str().into()),
    }
}

/// Answers the question.
pub(super) fn explain(question: &AccessQuestion, settings: &NetworkSettings) -> Explanation {
    let mut builder = ExplanationBuilder::new(question.clone());
    let name = settings.name(&question.member);
    let who = format!("a user of {name} {}", whereabouts(&question.from));
    let what = format!("{} {}", question.resource.level().as_str(), question.resource);
    let access = match decide(question, settings) {
        MaybeKnown::Known(access) => access,
        MaybeKnown::Unknown(why) => {
            return builder.unknown(&why, || format!("unknown whether {who} can access {what}"));
        }
    };
    let first = access.grants.first();
    builder.add_fact("reach", access.refusal.is_none());
    builder.add_fact("group", first.map_or(FieldValue::Null, |grant| grant.group.into()));
    builder.add_fact("groups", FieldValue::list(access.grants.iter().map(|grant| grant.group)));
    builder.add_fact("level", access.level.map_or(FieldValue::Null, |level| level.as_str().into()));
    builder.add_fact("titleShown", access.title == TitleVisibility::Shown);
    builder.fact("refusal", refusal_fact(&access));
    builder.fact(
        "proxyEnabled",
        first.map_or(MaybeKnown::Known(FieldValue::Null), |grant| proxy_enabled(grant.setting)),
    );
    for (fact, field) in TEXTS {
        builder.fact(
            fact,
            first.map_or(MaybeKnown::Known(FieldValue::Null), |grant| set(grant.setting, field, fact)),
        );
    }
    add_reasons(&access, name, &mut builder);
    if access.title == TitleVisibility::Shown {
        let member = settings.zone(&question.member);
        if let Some(HidingRule { rule, ground }) =
            member.and_then(|member| hiding_rules::from_some(question, member))
        {
            let says = format!("not evaluated: {rule} hides it from some user groups; the question has none");
            builder.add_reason(says, ground);
        }
        let rules = member.and_then(|zone| zone.table_if_known(&SettingsCollection::DisplayRules));
        let all_known = matches!(rules, Some(Ok(rules)) if rules.extent == TableCompleteness::Complete);
        if !all_known {
            let says = format!("not evaluated: undeclared display logic rules of {name}");
            builder.add_alma_reason(says);
        }
    }
    builder.finish(match (access.refusal, first) {
        (None, Some(grant)) => format!("{who} can access {what} through group {}", grant.group),
        (None, None) => format!("{who} can access {what}, like the whole network"),
        (Some(refusal), _) => format!("{who} cannot access {what}: {}", in_words(refusal, name)),
    })
}

/// Returns the location of a user as text.
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
        AccessRefusal::NotInGroup => format!("no deciding group includes any part of {name}"),
        AccessRefusal::NoIpRange => "the campus or library in a group has no IP range".to_owned(),
        AccessRefusal::OutsideIpRange => "the user is outside the campus or library in a group".to_owned(),
        AccessRefusal::Narrowed => {
            "a wider level would grant access, but the deciding level does not".to_owned()
        }
        AccessRefusal::HiddenLocally => format!("{name} hides the resource"),
    }
}

/// Adds the reasons for the decision.
fn add_reasons(access: &AccessDecision<'_>, name: &str, builder: &mut ExplanationBuilder) {
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
        wider_unknown,
        hidden,
    } = access;
    match level {
        Some(ResourceLevel::Collection) => builder.add_alma_reason("the groups of the e-collection decide"),
        Some(level) => {
            let says = format!(
                "the groups of the {} decide, as the innermost level with groups; Alma does not \
                 document how levels combine",
                level.as_str()
            );
            builder.add_alma_reason(says);
        }
        None => builder.add_alma_reason("no level has groups, so the whole network has access"),
    }
    for group in missing {
        builder.add_alma_reason(format!("group {group} does not exist, so it has no members"));
    }
    for grant in grants {
        lets_in(grant, *level, name, "grants access", builder);
    }
    if let [first, _, ..] = grants.as_slice() {
        let says = format!(
            "several groups grant access; Alma does not document whose settings apply, so zonal uses those of \
             the first by name, {}",
            first.group
        );
        builder.add_alma_reason(says);
    }
    if let Some(group) = unknown {
        builder.add_alma_reason(format!(
            "no manifest declares the members of group {group}, which may also grant access"
        ));
    }
    match (extent, level) {
        (TableCompleteness::DeclaredOnly, Some(level)) => {
            let says = format!(
                "undeclared groups of the {} may also grant access; run with --observed to include them",
                level.as_str()
            );
            builder.add_alma_reason(says);
        }
        (TableCompleteness::DeclaredOnly, None) | (TableCompleteness::Complete, _) => {}
    }
    if let (Some(level), [], []) = (level, grants.as_slice(), near.as_slice()) {
        let says =
            format!("no group of the {} includes {name}, or a campus or library of it", level.as_str());
        builder.add_alma_reason(says);
    }
    // A user in one group does not need to be inside the places of another.
    for NearbyPlace { group, place, ranges, members } in near.iter().filter(|_| grants.is_empty()) {
        let (place, field) = member_place_text(*place, name);
        let says = match ranges {
            AddressRanges::Some => {
                format!("{place} is in group {group}, but the user is outside its IP ranges")
            }
            AddressRanges::None => {
                format!("{place} is in group {group}, but has no IP range")
            }
        };
        builder.add_reason(says, members.ground(field));
    }
    if let Some(why) = wider_unknown {
        builder.add_alma_reason(format!("unknown whether a wider level would grant access: {why}"));
    }
    if let Some((level, grants)) = wider {
        for grant in grants {
            lets_in(grant, Some(*level), name, "would grant access", builder);
        }
    }
    if let Some(HidingRule { rule, ground }) = hidden {
        builder.add_reason(format!("{name} hides the resource by display logic rule {rule}"), ground.clone());
    }
    match (title, grants.is_empty() && level.is_some()) {
        (TitleVisibility::Shown, true) => {
            let says = "the title may still appear in search, because a campus or library is in a group";
            builder.add_alma_reason(says);
        }
        (TitleVisibility::Shown, false) | (TitleVisibility::NotShown, _) => {}
    }
}

fn lets_in(
    grant: &GroupGrant<'_>,
    level: Option<ResourceLevel>,
    name: &str,
    does: &str,
    builder: &mut ExplanationBuilder,
) {
    let GroupGrant { group, through, setting, members } = grant;
    let (who, field) = member_place_text(*through, name);
    let what = level.map_or("resource", ResourceLevel::as_str);
    builder.add_reason(format!("the {what} is available for group {group}"), setting.ground("group"));
    builder.add_reason(format!("group {group} {does}: it includes {who}"), members.ground(field));
}

/// Returns the text for a group member, and its field in the group.
fn member_place_text(place: MembershipPath<'_>, name: &str) -> (String, &'static str) {
    match place {
        MembershipPath::Institution => (name.to_owned(), "institutions"),
        MembershipPath::Campus(code) => (format!("campus {code} of {name}"), "campuses"),
        MembershipPath::Library(code) => (format!("library {code} of {name}"), "libraries"),
    }
}

/// Returns the proxy setting: a flag, or null for the resource's own setting.
fn proxy_enabled(setting: RowView<'_>) -> MaybeKnown<FieldValue> {
    match setting.flag("proxy_enabled") {
        Some(enabled) => MaybeKnown::Known(enabled.into()),
        None => set(setting, "proxy_enabled", "proxyEnabled"),
    }
}

/// Returns the value of a group setting. A field that a zone omits has no value.
fn set(setting: RowView<'_>, field: &str, fact: &str) -> MaybeKnown<FieldValue> {
    match (setting.get(field), setting.silence()) {
        (Some(value), _) => MaybeKnown::Known(value.clone()),
        (None, MissingFieldMeaning::Default) => MaybeKnown::Known(FieldValue::Null),
        (None, MissingFieldMeaning::Unknown) => {
            let group = setting.text_field("group").unwrap_or_default();
            MaybeKnown::Unknown(format!("no manifest declares `{fact}` of group {group}").into())
        }
    }
}

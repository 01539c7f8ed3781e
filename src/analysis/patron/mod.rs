//! Linked account of a patron at another member.

mod block_explanation;
pub mod blocks;
mod code_usage;
mod dates;
mod link_explanation;
mod linked_account_rules;
pub(in crate::analysis) mod tests;

pub use dates::{AccountDates, AccountEnd, DateRefresh, RefreshResult, refresh};
pub use linked_account_rules::{BlockCopying, DEFAULT, LinkRefusal, LinkedAccount, linked_account};

use super::CollectionOwner;
use super::explanation_builder::ExplanationBuilder;
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::RowView;
use crate::model::{Explanation, FieldValue, MaybeKnown, PatronQuestion, Question, ReasonSource, ZoneCode};

/// Names of all facts.
const FACTS: [&str; 14] = [
    "linked",
    "error",
    "rule",
    "group",
    "expiry",
    "refreshExpiry",
    "purge",
    "refreshPurge",
    "copiesBlocks",
    "blocks",
    "stops",
    "sentHome",
    "stopsAtHome",
    "travelsOn",
];

/// Returns the collections needed for an answer.
pub fn needs(question: &PatronQuestion) -> Vec<(CollectionOwner, SettingsCollection)> {
    let PatronQuestion { source: from, user_group: _, target: at, expires: _, next_target: on_to } = question;
    let of = |zone: &ZoneCode, subject: SettingsCollection| (CollectionOwner::Zone(zone.clone()), subject);
    let there = [
        SettingsCollection::LinkedAccountRules,
        SettingsCollection::ExternalUserGroups,
        SettingsCollection::UserGroups,
        SettingsCollection::RecordTypes,
        SettingsCollection::BlockDefinitions,
        SettingsCollection::BlockDescriptions,
    ];
    let here = [
        SettingsCollection::RestrictedUsers,
        SettingsCollection::BlockDefinitions,
        SettingsCollection::BlockDescriptions,
    ];
    let there = there.into_iter().map(|subject| of(at, subject));
    let here = here.into_iter().map(|subject| of(from, subject));
    let on_to = on_to.iter().map(|zone| of(zone, SettingsCollection::LinkedAccountRules));
    there.chain(here).chain(on_to).collect()
}

/// Answers the question.
pub fn explain(question: &PatronQuestion, settings: &NetworkSettings) -> Explanation {
    let PatronQuestion { source: from, user_group, target: at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let mut telling = ExplanationBuilder::new(Question::Patron(question.clone()));
    let linked = match linked_account(question, settings) {
        MaybeKnown::Known(Ok(linked)) => linked,
        MaybeKnown::Known(Err(refused)) => return not_linked(telling, question, refused, settings),
        MaybeKnown::Unknown(why) => {
            link_explanation::group_at_home(&mut telling, question, settings);
            link_explanation::rules(&mut telling, question, decides(question, settings), settings);
            return telling.unknown(&FACTS, &why, || {
                format!("unknown which user group patrons of {source} in `{user_group}` get at {target}")
            });
        }
    };
    link_explanation::group_at_home(&mut telling, question, settings);
    link_explanation::external_group(&mut telling, question, settings);
    link_explanation::rules(&mut telling, question, Some(linked.rule), settings);
    link_explanation::group_there(&mut telling, &linked, at, settings);
    link_explanation::dates(&mut telling, &linked);
    block_explanation::from_home(&mut telling, question, &linked, settings);
    block_explanation::from_target(&mut telling, question, settings);
    add_account_facts(&mut telling, &linked);
    let until = match linked.expiry {
        AccountEnd::On(date) => format!(" until {date}"),
        AccountEnd::Never | AccountEnd::WithSource | AccountEnd::Unsaid | AccountEnd::Unreadable => {
            String::new()
        }
    };
    telling.finish(format!(
        "patrons of {source} in `{user_group}` get user group `{}` at {target}{until}",
        linked.group
    ))
}

/// Adds the facts of the linked account.
fn add_account_facts(telling: &mut ExplanationBuilder, linked: &LinkedAccount<'_>) {
    telling.add_fact("linked", true);
    telling.add_fact("error", FieldValue::Null);
    telling.add_fact("rule", linked.name);
    telling.add_fact("group", linked.group);
    let mut date = |fact, ending: AccountEnd, what| {
        let day = || ending.date().map_or(FieldValue::Null, |date| FieldValue::from_text(date.to_string()));
        telling.fact(
            fact,
            link_explanation::unknown_date_reason(ending, what)
                .map_or_else(|| MaybeKnown::Known(day()), MaybeKnown::Unknown),
        );
    };
    date("expiry", linked.expiry, "the expiry date");
    date("purge", linked.purge, "the purge date");
    let mut anew = |fact, refreshing: Option<DateRefresh>| {
        let known = refreshing.map(|refreshing| FieldValue::Bool(refreshing == DateRefresh::Always));
        let why = || {
            MaybeKnown::Unknown(
                link_explanation::undeclared_attribute("when the date is recalculated").into(),
            )
        };
        telling.fact(fact, known.map_or_else(why, MaybeKnown::Known));
    };
    anew("refreshExpiry", linked.refresh_expiry);
    anew("refreshPurge", linked.refresh_purge);
}

/// Returns the explanation for a refused linked account.
fn not_linked(
    mut telling: ExplanationBuilder,
    question: &PatronQuestion,
    refused: LinkRefusal,
    settings: &NetworkSettings,
) -> Explanation {
    let PatronQuestion { source: from, user_group, target: at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let mut rule = FieldValue::Null;
    match refused {
        LinkRefusal::NotInNetwork => {
            telling.add_reason(
                format!("{source} is not another member of the network"),
                ReasonSource::AlmaDefault,
            );
        }
        LinkRefusal::Hidden => link_explanation::group_at_home(&mut telling, question, settings),
        LinkRefusal::NoGroup => {
            link_explanation::group_at_home(&mut telling, question, settings);
            link_explanation::external_group(&mut telling, question, settings);
            let decides = decides(question, settings);
            link_explanation::rules(&mut telling, question, decides, settings);
            match decides {
                Some(decides) => {
                    rule = decides.text_field("name").map_or(FieldValue::Null, FieldValue::from);
                    telling.add_reason("the rule assigns no user group", decides.ground("userGroup"));
                }
                None => {
                    telling.add_reason(format!("{target} has no matching rule"), ReasonSource::AlmaDefault)
                }
            }
        }
    }
    for fact in FACTS {
        telling.add_fact(fact, FieldValue::Null);
    }
    for fact in ["linked", "sentHome", "travelsOn"] {
        telling.add_fact(fact, false);
    }
    telling.add_fact("error", refused.code());
    telling.add_fact("rule", rule);
    let error = refused.code();
    telling.finish(format!(
        "patrons of {source} in `{user_group}` get no linked account at {target} (error {error})"
    ))
}

/// Returns the deciding rule, if known.
fn decides<'a>(question: &PatronQuestion, settings: &'a NetworkSettings) -> Option<RowView<'a>> {
    let table = settings.table(&question.target, &SettingsCollection::LinkedAccountRules).ok()?;
    linked_account_rules::first_matching_rule(table, &question.source, &question.user_group)
}

//! Linked account of a patron at another member.

mod block_explanation;
mod block_impact;
pub mod blocks;
mod code_usage;
mod dates;
mod impact;
mod link_explanation;
mod linked_account_rules;
pub(in crate::analysis) mod tests;

pub use dates::{AccountDates, AccountEnd, DateRefresh, RefreshResult, refresh};
pub use linked_account_rules::{BlockCopying, DEFAULT, LinkRefusal, LinkedAccount, linked_account};

use super::explanation_builder::ExplanationBuilder;
use super::impact::ImpactFunction;
use super::settings::NetworkSettings;
use super::settings_collection::SettingsCollection;
use super::settings_table::RowView;
use super::{SettingsOwner, SettingsQuestion};
use crate::model::{Explanation, FieldValue, MaybeKnown, PatronQuestion};

impl SettingsQuestion for PatronQuestion {
    const IMPACTS: &'static [ImpactFunction] = &[impact::impact, block_impact::impact];

    fn needs(&self) -> Vec<(SettingsOwner, SettingsCollection)> {
        let at_target = [
            SettingsCollection::LinkedAccountRules,
            SettingsCollection::ExternalUserGroups,
            SettingsCollection::UserGroups,
            SettingsCollection::RecordTypes,
            SettingsCollection::BlockDefinitions,
            SettingsCollection::BlockDescriptions,
        ];
        let at_source = [
            SettingsCollection::RestrictedUsers,
            SettingsCollection::BlockDefinitions,
            SettingsCollection::BlockDescriptions,
        ];
        let at_next = self.next_target.iter().map(|zone| (zone, SettingsCollection::LinkedAccountRules));
        let at_target = at_target.into_iter().map(|collection| (&self.target, collection));
        let at_source = at_source.into_iter().map(|collection| (&self.source, collection));
        let all = at_target.chain(at_source).chain(at_next);
        all.map(|(zone, collection)| (SettingsOwner::Zone(zone.clone()), collection)).collect()
    }

    fn explain(&self, settings: &NetworkSettings) -> Explanation {
        let PatronQuestion { source: from, user_group, target: at, .. } = self;
        let (source, target) = (settings.name(from), settings.name(at));
        let mut builder = ExplanationBuilder::new(self.clone());
        let linked = match linked_account(self, settings) {
            MaybeKnown::Known(Ok(linked)) => linked,
            MaybeKnown::Known(Err(refused)) => return not_linked(builder, self, refused, settings),
            MaybeKnown::Unknown(why) => {
                link_explanation::group_at_home(&mut builder, self, settings);
                link_explanation::rules(&mut builder, self, decides(self, settings), settings);
                return builder.unknown(&why, || {
                    format!("unknown which user group patrons of {source} in `{user_group}` get at {target}")
                });
            }
        };
        link_explanation::group_at_home(&mut builder, self, settings);
        link_explanation::external_group(&mut builder, self, settings);
        link_explanation::rules(&mut builder, self, Some(linked.rule), settings);
        link_explanation::group_there(&mut builder, &linked, at, settings);
        link_explanation::dates(&mut builder, &linked);
        block_explanation::from_home(&mut builder, self, &linked, settings);
        block_explanation::from_target(&mut builder, self, settings);
        add_account_facts(&mut builder, &linked);
        let until = match linked.expiry {
            AccountEnd::On(date) => format!(" until {date}"),
            AccountEnd::Never | AccountEnd::WithSource | AccountEnd::Unsaid | AccountEnd::Unreadable => {
                String::new()
            }
        };
        builder.finish(format!(
            "patrons of {source} in `{user_group}` get user group `{}` at {target}{until}",
            linked.group
        ))
    }
}

/// Adds the facts of the linked account.
fn add_account_facts(builder: &mut ExplanationBuilder, linked: &LinkedAccount<'_>) {
    builder.add_fact("linked", true);
    builder.add_fact("error", FieldValue::Null);
    builder.add_fact("rule", linked.name);
    builder.add_fact("group", linked.group);
    let mut date = |fact, ending: AccountEnd, what| {
        let day = || ending.date().map_or(FieldValue::Null, |date| FieldValue::from_text(date.to_string()));
        builder.fact(
            fact,
            link_explanation::unknown_date_reason(ending, what)
                .map_or_else(|| MaybeKnown::Known(day()), MaybeKnown::Unknown),
        );
    };
    date("expiry", linked.expiry, "the expiry date");
    date("purge", linked.purge, "the purge date");
    let mut refresh = |fact, setting: Option<DateRefresh>| {
        let known = setting.map(|setting| FieldValue::Bool(setting == DateRefresh::Always));
        let why = || {
            MaybeKnown::Unknown(
                link_explanation::undeclared_attribute("when the date is recalculated").into(),
            )
        };
        builder.fact(fact, known.map_or_else(why, MaybeKnown::Known));
    };
    refresh("refreshExpiry", linked.refresh_expiry);
    refresh("refreshPurge", linked.refresh_purge);
}

/// Returns the explanation for a refused linked account.
fn not_linked(
    mut builder: ExplanationBuilder,
    question: &PatronQuestion,
    refused: LinkRefusal,
    settings: &NetworkSettings,
) -> Explanation {
    let PatronQuestion { source: from, user_group, target: at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let mut rule = FieldValue::Null;
    match refused {
        LinkRefusal::NotInNetwork => {
            builder.add_alma_reason(format!("{source} is not another member of the network"));
        }
        LinkRefusal::Hidden => link_explanation::group_at_home(&mut builder, question, settings),
        LinkRefusal::NoGroup => {
            link_explanation::group_at_home(&mut builder, question, settings);
            link_explanation::external_group(&mut builder, question, settings);
            let decides = decides(question, settings);
            link_explanation::rules(&mut builder, question, decides, settings);
            match decides {
                Some(decides) => {
                    rule = decides.text_field("name").map_or(FieldValue::Null, FieldValue::from);
                    builder.add_reason("the rule assigns no user group", decides.ground("userGroup"));
                }
                None => builder.add_alma_reason(format!("{target} has no matching rule")),
            }
        }
    }
    for fact in PatronQuestion::DEFINITION.fact_names() {
        builder.add_fact(fact, FieldValue::Null);
    }
    for fact in ["linked", "sentToSource", "sentToOtherTargets"] {
        builder.add_fact(fact, false);
    }
    builder.add_fact("error", refused.code());
    builder.add_fact("rule", rule);
    let error = refused.code();
    builder.finish(format!(
        "patrons of {source} in `{user_group}` get no linked account at {target} (error {error})"
    ))
}

/// Returns the deciding rule, if known.
fn decides<'a>(question: &PatronQuestion, settings: &'a NetworkSettings) -> Option<RowView<'a>> {
    let table = settings.table(&question.target, &SettingsCollection::LinkedAccountRules).ok()?;
    linked_account_rules::first_matching_rule(table, &question.source, &question.user_group)
}

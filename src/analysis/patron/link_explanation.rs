//! Why a patron is what it is at another member, in words: who sees the group, which rule decides, what it gives.

use std::sync::Arc;

use super::code_usage::{CodeUsage, in_use};
use super::dates::{AccountEnd, DateRefresh};
use super::linked_account_rules::{
    LinkedAccount, PartnerVisibility, RuleMismatch, is_default, rank, sight, unfit,
};
use crate::analysis::explanation_builder::ExplanationBuilder;
use crate::analysis::settings::NetworkSettings;
use crate::analysis::settings_collection::SettingsCollection;
use crate::analysis::settings_table::{RowView, TableCompleteness};
use crate::model::{PatronQuestion, ReasonSource, ZoneCode};

/// How many of a list are told by name.
const FEW: usize = 3;

/// Some texts as people tell them: the first few, and how many others.
pub fn abbreviated_list<T: AsRef<str>>(texts: impl ExactSizeIterator<Item = T>) -> String {
    let count = texts.len();
    let named: Vec<T> = texts.take(FEW).collect();
    let named = named.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match count.saturating_sub(FEW) {
        0 => named,
        rest => format!("{named} and {rest} more"),
    }
}

/// Whether partners see the group.
pub fn group_at_home(
    telling: &mut ExplanationBuilder,
    question: &PatronQuestion,
    settings: &NetworkSettings,
) {
    let PatronQuestion { source: from, user_group: group, .. } = question;
    let name = settings.name(from);
    match sight(from, group, settings) {
        PartnerVisibility::Hidden(entry) => {
            let says = format!("{name} restricts `{group}`, so that partners do not find its users");
            telling.add_reason(says, entry.ground_of_all());
            telling.add_reason(
                "to Alma they are users who are not found, which is inferred",
                ReasonSource::AlmaDefault,
            );
        }
        PartnerVisibility::Visible(Some(gone)) => {
            let says = format!("partners see `{group}`: {name} does not restrict it");
            telling.add_reason(says, gone.ground_of_all());
        }
        PartnerVisibility::Visible(None) => {
            let says = format!("partners see `{group}`, as every group that {name} does not restrict");
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
        PartnerVisibility::Unreadable(why) => {
            telling.add_reason(
                format!("it is not known whether {name} restricts `{group}`: {why}"),
                ReasonSource::AlmaDefault,
            );
        }
        PartnerVisibility::Undeclared => {
            let says = match settings.table(from, &SettingsCollection::RestrictedUsers) {
                Ok(_) => format!(
                    "it is not declared whether {name} restricts `{group}`: partners see it otherwise"
                ),
                Err(why) => format!(
                    "it is not known whether {name} restricts `{group}` ({why}): partners see it otherwise"
                ),
            };
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
    }
}

/// Whether the target knows the code of the source's group.
pub fn external_group(
    telling: &mut ExplanationBuilder,
    question: &PatronQuestion,
    settings: &NetworkSettings,
) {
    let PatronQuestion { source: from, user_group: group, target: at, .. } = question;
    let Ok(table) = settings.table(at, &SettingsCollection::ExternalUserGroups) else { return };
    let (name, source) = (settings.name(at), settings.name(from));
    let beware =
        |what: &str| format!("beware: `{group}` {what}, so that rules there can hardly choose by it");
    match in_use(table, |row| row.text_field("code") == Some(group)) {
        CodeUsage::Yes(row) => {
            let all = row.texts("sourceInstitutions").is_empty();
            if !all && !row.lists("sourceInstitutions", from.as_str()) {
                let what = format!("is an external user group of {name}, and not for {source}");
                telling.add_reason(beware(&what), row.ground("sourceInstitutions"));
            }
        }
        CodeUsage::Off(row) | CodeUsage::Missing(Some(row)) => {
            let what = format!("is no external user group of {name} any more");
            telling.add_reason(beware(&what), row.ground_of_all());
        }
        CodeUsage::Missing(None) => {
            let what = format!("is not among the external user groups of {name}");
            telling.add_reason(beware(&what), ReasonSource::AlmaDefault);
        }
        CodeUsage::Unsaid => {}
    }
}

/// The rules before the one that decides, and that one.
pub fn rules(
    telling: &mut ExplanationBuilder,
    question: &PatronQuestion,
    decides: Option<RowView<'_>>,
    settings: &NetworkSettings,
) {
    let PatronQuestion { source: from, user_group: group, target: at, .. } = question;
    let Ok(table) = settings.table(at, &SettingsCollection::LinkedAccountRules) else { return };
    let before = |rule: &RowView<'_>| decides.is_none_or(|decides| rank(*rule) < rank(decides));
    let mut passed: Vec<(RowView<'_>, RuleMismatch<'_>)> =
        table.entries().filter(before).filter_map(|rule| Some((rule, unfit(rule, from, group)?))).collect();
    passed.sort_by_key(|(rule, _)| rank(*rule));
    for (rule, unfit) in passed.iter().take(FEW) {
        let name = rule.text_field("name").unwrap_or_default();
        match unfit {
            RuleMismatch::Disabled => {
                telling.add_reason(format!("`{name}` is switched off"), rule.ground("enabled"))
            }
            RuleMismatch::OtherInstitutions(codes) => {
                let name_of = |code: &Arc<str>| settings.name(&ZoneCode(Arc::clone(code))).to_owned();
                let names = codes.iter().map(name_of);
                let says = format!("`{name}` is for patrons of {}", abbreviated_list(names));
                telling.add_reason(says, rule.ground("sourceInstitutions"));
            }
            RuleMismatch::OtherGroups(groups) => {
                let says = format!("`{name}` is for {}", abbreviated_list(groups.iter()));
                telling.add_reason(says, rule.ground("sourceUserGroups"));
            }
        }
    }
    match passed.len().saturating_sub(FEW) {
        0 => {}
        1 => telling.add_reason("nor does the next rule fit", ReasonSource::AlmaDefault),
        more => telling.add_reason(format!("nor do the next {more} rules fit"), ReasonSource::AlmaDefault),
    }
    match table.extent {
        TableCompleteness::Complete => {}
        TableCompleteness::DeclaredOnly => {
            let target = settings.name(at);
            let says = format!("only declared rules are told: {target} may have others that come first");
            telling.add_reason(says, ReasonSource::AlmaDefault);
        }
    }
    if let Some(rule) = decides {
        let name = rule.text_field("name").unwrap_or_default();
        let says = match is_default(rule) {
            true => {
                format!("no other rule fits, so that `{name}` decides, Alma's own rule, which comes last")
            }
            false => {
                let source = settings.name(from);
                format!("`{name}` decides: it is the first that takes patrons of {source} in `{group}`")
            }
        };
        telling.add_reason(says, rule.ground_of_all());
    }
}

/// The group that the rule gives, and whether the target has it.
pub fn group_there(
    telling: &mut ExplanationBuilder,
    linked: &LinkedAccount<'_>,
    at: &ZoneCode,
    settings: &NetworkSettings,
) {
    let LinkedAccount { rule, group, .. } = linked;
    telling.add_reason(format!("it gives the user group `{group}`"), rule.ground("userGroup"));
    let name = settings.name(at);
    let mut beware = |subject: &SettingsCollection, found: CodeUsage<'_>, thing: &str| {
        let (how, ground) = match found {
            CodeUsage::Yes(_) | CodeUsage::Unsaid => return,
            CodeUsage::Off(row) => ("is switched off", row.ground("enabled")),
            CodeUsage::Missing(Some(row)) => ("is not there any more", row.ground_of_all()),
            CodeUsage::Missing(None) => ("is not there", ReasonSource::AlmaDefault),
        };
        let what = "what Alma does with the account then is not documented";
        telling.add_reason(format!("beware: {thing} {how} in {subject} of {name}; {what}"), ground);
    };
    if let Ok(table) = settings.table(at, &SettingsCollection::UserGroups) {
        let found = in_use(table, |row| row.text_field("code") == Some(group));
        beware(&SettingsCollection::UserGroups, found, &format!("`{group}`"));
    }
    if let Ok(table) = settings.table(at, &SettingsCollection::RecordTypes) {
        // A linked account is one of the public (the vendor's schema of users).
        let is = |row: &RowView<'_>| {
            row.text_field("User Group") == Some(group) && row.text_field("Record Type") == Some("PUBLIC")
        };
        let found = in_use(table, is);
        beware(&SettingsCollection::RecordTypes, found, &format!("`{group}` with the record type `PUBLIC`"));
    }
}

/// The dates that the rule gives, and when they are calculated.
pub fn dates(telling: &mut ExplanationBuilder, linked: &LinkedAccount<'_>) {
    let LinkedAccount { rule, expiry, purge, refresh_expiry, refresh_purge, .. } = linked;
    let on = |ending: &AccountEnd| ending.date().map(|date| format!(", on {date}")).unwrap_or_default();
    let (says, field) = match (expiry, rule.text_field("expiryDate"), rule.text_field("expiryFromSource")) {
        (AccountEnd::Unreadable, Some(text), _) => (format!("`{text}` is no date"), "expiryDate"),
        (AccountEnd::Unreadable, None, text) => {
            let text = text.unwrap_or_default();
            (format!("`{text}` is no distance from the date of the source"), "expiryFromSource")
        }
        (AccountEnd::Unsaid, _, _) => (undeclared_attribute("when the account expires"), "name"),
        (AccountEnd::Never, _, _) => ("the account does not expire".to_owned(), "expiryFromSource"),
        (AccountEnd::On(_) | AccountEnd::WithSource, Some(_), _) => {
            (format!("the account expires{}", on(expiry)), "expiryDate")
        }
        (AccountEnd::On(_) | AccountEnd::WithSource, None, Some("same") | None) => {
            (format!("the account expires with the one at the source{}", on(expiry)), "expiryFromSource")
        }
        (AccountEnd::On(_) | AccountEnd::WithSource, None, Some(text)) => {
            let says = match (text.strip_prefix('-'), text.strip_prefix('+')) {
                (Some(length), _) => format!("the account expires {length} before the one at the source"),
                (None, length) => {
                    format!("the account expires {} after the one at the source", length.unwrap_or(text))
                }
            };
            (says + &on(expiry), "expiryFromSource")
        }
    };
    telling.add_reason(says, rule.ground(field));
    refresh(telling, *rule, "refreshExpiryDate", *refresh_expiry, "expiry");
    let (says, field) = match (purge, rule.text_field("purgeDate"), rule.text_field("purgeAfterExpired")) {
        (AccountEnd::On(_), Some(_), _) => (format!("it can be purged{}", on(purge)), "purgeDate"),
        (_, Some(text), _) => (format!("`{text}` is no date"), "purgeDate"),
        (AccountEnd::Unreadable, None, Some(text)) if *expiry != AccountEnd::Unreadable => {
            (format!("`{text}` is no length of time"), "purgeAfterExpired")
        }
        (_, None, Some(text)) => {
            (format!("it can be purged {text} after it expires{}", on(purge)), "purgeAfterExpired")
        }
        (AccountEnd::Unsaid, None, None) => (undeclared_attribute("when it can be purged"), "name"),
        (_, None, None) => ("it is never purged".to_owned(), "purgeAfterExpired"),
    };
    telling.add_reason(says, rule.ground(field));
    refresh(telling, *rule, "refreshPurgeDate", *refresh_purge, "purge");
}

fn refresh(
    telling: &mut ExplanationBuilder,
    rule: RowView<'_>,
    field: &str,
    refreshing: Option<DateRefresh>,
    date: &str,
) {
    let says = match refreshing {
        Some(DateRefresh::Always) => format!("every refresh makes the {date} date anew"),
        Some(DateRefresh::WhenExpired) => {
            format!("a refresh makes the {date} date anew only where the account has expired")
        }
        None => undeclared_attribute(&format!("whether a refresh makes the {date} date anew")),
    };
    telling.add_reason(says, rule.ground(field));
}

/// What a declared rule leaves open.
pub fn undeclared_attribute(what: &str) -> String {
    format!("the rule does not say {what}: it stays as the member has it")
}

/// Why a date is not known; `None` where it is.
pub fn unknown_date_reason(ending: AccountEnd, what: &str) -> Option<Arc<str>> {
    match ending {
        AccountEnd::Never | AccountEnd::On(_) => None,
        AccountEnd::WithSource => {
            Some("it follows the account at the source, and nobody says when that expires".into())
        }
        AccountEnd::Unsaid => Some(undeclared_attribute(what).into()),
        AccountEnd::Unreadable => Some("the rule says something that is no date and no span".into()),
    }
}

//! Explanation of a linked account: visible user group, deciding rule and assigned values.

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
use crate::model::alma_codes::PUBLIC_RECORD_TYPE;
use crate::model::cut_list::cut_sentence_list;
use crate::model::{PatronQuestion, ReasonSource, ZoneCode};

/// Maximum number of names in a list.
const FEW: usize = 3;

/// Returns the first names of a list, and the number of the others.
pub fn abbreviated_list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    cut_sentence_list(texts, FEW)
}

/// Adds the visibility of the user group to partners.
pub fn group_at_home(
    builder: &mut ExplanationBuilder,
    question: &PatronQuestion,
    settings: &NetworkSettings,
) {
    let PatronQuestion { source: from, user_group: group, .. } = question;
    let name = settings.name(from);
    match sight(from, group, settings) {
        PartnerVisibility::Hidden(entry) => {
            let says = format!("{name} restricts `{group}`, so partners cannot find its users");
            builder.add_reason(says, entry.ground_of_all());
            builder.add_alma_reason("Alma treats restricted users as not found (inferred)");
        }
        PartnerVisibility::Visible(Some(row)) => {
            let says = format!("partners can see `{group}`: {name} does not restrict it");
            builder.add_reason(says, row.ground_of_all());
        }
        PartnerVisibility::Visible(None) => {
            let says = format!("partners can see `{group}`, like every group that {name} does not restrict");
            builder.add_alma_reason(says);
        }
        PartnerVisibility::Unreadable(why) => {
            builder.add_alma_reason(format!("unknown whether {name} restricts `{group}`: {why}"));
        }
        PartnerVisibility::Undeclared => {
            let says = match settings.table(from, &SettingsCollection::RestrictedUsers) {
                Ok(_) => format!(
                    "no manifest declares whether {name} restricts `{group}`; unrestricted groups are visible to partners"
                ),
                Err(why) => format!(
                    "unknown whether {name} restricts `{group}` ({why}); unrestricted groups are visible to partners"
                ),
            };
            builder.add_alma_reason(says);
        }
    }
}

/// Adds a warning if the target institution does not know the source's user group code.
pub fn external_group(
    builder: &mut ExplanationBuilder,
    question: &PatronQuestion,
    settings: &NetworkSettings,
) {
    let PatronQuestion { source: from, user_group: group, target: at, .. } = question;
    let Ok(table) = settings.table(at, &SettingsCollection::ExternalUserGroups) else { return };
    let (name, source) = (settings.name(at), settings.name(from));
    let beware = |what: &str| format!("warning: `{group}` {what}, so rules there may not match it");
    match in_use(table, |row| row.text_field("code") == Some(group)) {
        CodeUsage::Yes(row) => {
            let all = row.texts("sourceInstitutions").is_empty();
            if !all && !row.lists("sourceInstitutions", from.as_str()) {
                let what = format!("is an external user group of {name}, but not for {source}");
                builder.add_reason(beware(&what), row.ground("sourceInstitutions"));
            }
        }
        CodeUsage::Off(row) | CodeUsage::Missing(Some(row)) => {
            let what = format!("is no longer an external user group of {name}");
            builder.add_reason(beware(&what), row.ground_of_all());
        }
        CodeUsage::Missing(None) => {
            let what = format!("is not an external user group of {name}");
            builder.add_alma_reason(beware(&what));
        }
        CodeUsage::Unsaid => {}
    }
}

/// Adds the rules before the deciding rule, and the deciding rule.
pub fn rules(
    builder: &mut ExplanationBuilder,
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
                builder.add_reason(format!("`{name}` is disabled"), rule.ground("enabled"))
            }
            RuleMismatch::OtherInstitutions(codes) => {
                let name_of = |code: &Arc<str>| settings.name(&ZoneCode(Arc::clone(code))).to_owned();
                let names = codes.iter().map(name_of);
                let says = format!("`{name}` applies to patrons of {}", abbreviated_list(names));
                builder.add_reason(says, rule.ground("sourceInstitutions"));
            }
            RuleMismatch::OtherGroups(groups) => {
                let says = format!("`{name}` applies to user groups {}", abbreviated_list(groups.iter()));
                builder.add_reason(says, rule.ground("sourceUserGroups"));
            }
        }
    }
    match passed.len().saturating_sub(FEW) {
        0 => {}
        1 => builder.add_alma_reason("the next rule does not match either"),
        more => builder.add_alma_reason(format!("the next {more} rules do not match either")),
    }
    match table.extent {
        TableCompleteness::Complete => {}
        TableCompleteness::DeclaredOnly => {
            let target = settings.name(at);
            let says =
                format!("undeclared rules at {target} may apply first; run with --observed to include them");
            builder.add_alma_reason(says);
        }
    }
    if let Some(rule) = decides {
        let name = rule.text_field("name").unwrap_or_default();
        let says = match is_default(rule) {
            true => {
                format!("no other rule matches, so `{name}` decides, Alma's default rule")
            }
            false => {
                let source = settings.name(from);
                format!("`{name}` decides: the first rule that matches patrons of {source} in `{group}`")
            }
        };
        builder.add_reason(says, rule.ground_of_all());
    }
}

/// Adds the assigned user group, and a warning if the target institution lacks the user group.
pub fn group_there(
    builder: &mut ExplanationBuilder,
    linked: &LinkedAccount<'_>,
    at: &ZoneCode,
    settings: &NetworkSettings,
) {
    let LinkedAccount { rule, group, .. } = linked;
    builder.add_reason(format!("the rule assigns user group `{group}`"), rule.ground("userGroup"));
    let name = settings.name(at);
    let mut beware = |subject: &SettingsCollection, found: CodeUsage<'_>, thing: &str| {
        let (how, ground) = match found {
            CodeUsage::Yes(_) | CodeUsage::Unsaid => return,
            CodeUsage::Off(row) => ("is disabled", row.ground("enabled")),
            CodeUsage::Missing(Some(row)) => ("no longer exists", row.ground_of_all()),
            CodeUsage::Missing(None) => ("does not exist", ReasonSource::AlmaDefault),
        };
        let what = "Alma does not document the effect on the account";
        builder.add_reason(format!("warning: {thing} {how} in {subject} of {name}; {what}"), ground);
    };
    if let Ok(table) = settings.table(at, &SettingsCollection::UserGroups) {
        let found = in_use(table, |row| row.text_field("code") == Some(group));
        beware(&SettingsCollection::UserGroups, found, &format!("`{group}`"));
    }
    if let Ok(table) = settings.table(at, &SettingsCollection::RecordTypes) {
        // Linked accounts have the record type `PUBLIC` (Alma's user schema).
        let is = |row: &RowView<'_>| {
            row.text_field("User Group") == Some(group)
                && row.text_field("Record Type") == Some(PUBLIC_RECORD_TYPE)
        };
        let found = in_use(table, is);
        beware(&SettingsCollection::RecordTypes, found, &format!("`{group}` with record type `PUBLIC`"));
    }
}

/// Adds the dates of the rule, and their calculation.
pub fn dates(builder: &mut ExplanationBuilder, linked: &LinkedAccount<'_>) {
    let LinkedAccount { rule, expiry, purge, refresh_expiry, refresh_purge, .. } = linked;
    let on = |ending: &AccountEnd| ending.date().map(|date| format!(" on {date}")).unwrap_or_default();
    let (says, field) = match (expiry, rule.text_field("expiryDate"), rule.text_field("expiryFromSource")) {
        (AccountEnd::Unreadable, Some(text), _) => (format!("`{text}` is not a date"), "expiryDate"),
        (AccountEnd::Unreadable, None, text) => {
            let text = text.unwrap_or_default();
            (
                format!("`{text}` is not a period relative to the source account's expiry date"),
                "expiryFromSource",
            )
        }
        (AccountEnd::Unsaid, _, _) => (undeclared_attribute("the expiry date"), "name"),
        (AccountEnd::Never, _, _) => ("the account does not expire".to_owned(), "expiryFromSource"),
        (AccountEnd::On(_) | AccountEnd::WithSource, Some(_), _) => {
            (format!("the account expires{}", on(expiry)), "expiryDate")
        }
        (AccountEnd::On(_) | AccountEnd::WithSource, None, Some("same") | None) => {
            (format!("the account expires with the source account{}", on(expiry)), "expiryFromSource")
        }
        (AccountEnd::On(_) | AccountEnd::WithSource, None, Some(text)) => {
            let says = match (text.strip_prefix('-'), text.strip_prefix('+')) {
                (Some(length), _) => format!("the account expires {length} before the source account"),
                (None, length) => {
                    format!("the account expires {} after the source account", length.unwrap_or(text))
                }
            };
            (says + &on(expiry), "expiryFromSource")
        }
    };
    builder.add_reason(says, rule.ground(field));
    refresh(builder, *rule, "refreshExpiryDate", *refresh_expiry, "expiry");
    let (says, field) = match (purge, rule.text_field("purgeDate"), rule.text_field("purgeAfterExpired")) {
        (AccountEnd::On(_), Some(_), _) => (format!("the account can be purged{}", on(purge)), "purgeDate"),
        (_, Some(text), _) => (format!("`{text}` is not a date"), "purgeDate"),
        (AccountEnd::Unreadable, None, Some(text)) if *expiry != AccountEnd::Unreadable => {
            (format!("`{text}` is not a period"), "purgeAfterExpired")
        }
        (_, None, Some(text)) => {
            (format!("the account can be purged {text} after expiry{}", on(purge)), "purgeAfterExpired")
        }
        (AccountEnd::Unsaid, None, None) => (undeclared_attribute("the purge date"), "name"),
        (_, None, None) => ("the account is never purged".to_owned(), "purgeAfterExpired"),
    };
    builder.add_reason(says, rule.ground(field));
    refresh(builder, *rule, "refreshPurgeDate", *refresh_purge, "purge");
}

fn refresh(
    builder: &mut ExplanationBuilder,
    rule: RowView<'_>,
    field: &str,
    refreshing: Option<DateRefresh>,
    date: &str,
) {
    let says = match refreshing {
        Some(DateRefresh::Always) => format!("a refresh always recalculates the {date} date"),
        Some(DateRefresh::WhenExpired) => {
            format!("a refresh recalculates the {date} date only for expired accounts")
        }
        None => undeclared_attribute(&format!("whether a refresh recalculates the {date} date")),
    };
    builder.add_reason(says, rule.ground(field));
}

/// Returns the reason for an undeclared attribute of a rule.
pub fn undeclared_attribute(what: &str) -> String {
    format!("the rule does not declare {what}; the member's value applies")
}

/// Returns the reason for an unknown date; `None` for a known date.
pub fn unknown_date_reason(ending: AccountEnd, what: &str) -> Option<Arc<str>> {
    match ending {
        AccountEnd::Never | AccountEnd::On(_) => None,
        AccountEnd::WithSource => {
            Some("the date follows the source account, whose expiry date is unknown".into())
        }
        AccountEnd::Unsaid => Some(undeclared_attribute(what).into()),
        AccountEnd::Unreadable => Some("the rule's value is neither a date nor a period".into()),
    }
}

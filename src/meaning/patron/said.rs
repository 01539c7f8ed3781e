//! Why a patron is what it is at another member, in words: who sees the group, which rule decides, what it gives.

use std::sync::Arc;

use super::dates::{Ending, Refreshing};
use super::in_use::{InUse, in_use};
use super::rules::{Linked, Sight, Unfit, is_default, rank, sight, unfit};
use crate::meaning::settings::Settings;
use crate::meaning::subject::Subject;
use crate::meaning::table::{Entry, Extent};
use crate::meaning::told::Telling;
use crate::model::{Ground, PatronQuestion, ZoneCode};

/// How many of a list are told by name.
const FEW: usize = 3;

/// Some texts as people tell them: the first few, and how many others.
pub fn few<T: AsRef<str>>(texts: impl ExactSizeIterator<Item = T>) -> String {
    let count = texts.len();
    let named: Vec<T> = texts.take(FEW).collect();
    let named = named.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    match count.saturating_sub(FEW) {
        0 => named,
        rest => format!("{named} and {rest} more"),
    }
}

/// Whether partners see the group.
pub fn group_at_home(telling: &mut Telling, question: &PatronQuestion, settings: &Settings) {
    let PatronQuestion { from, user_group: group, .. } = question;
    let name = settings.name(from);
    match sight(from, group, settings) {
        Sight::Hidden(entry) => {
            let says = format!("{name} restricts `{group}`, so that partners do not find its users");
            telling.because(says, entry.ground_of_all());
            telling.because("to Alma they are users who are not found, which is inferred", Ground::Alma);
        }
        Sight::Seen(Some(gone)) => {
            let says = format!("partners see `{group}`: {name} does not restrict it");
            telling.because(says, gone.ground_of_all());
        }
        Sight::Seen(None) => {
            let says = format!("partners see `{group}`, as every group that {name} does not restrict");
            telling.because(says, Ground::Alma);
        }
        Sight::Unread(why) => {
            telling
                .because(format!("it is not known whether {name} restricts `{group}`: {why}"), Ground::Alma);
        }
        Sight::Unsaid => {
            let says = match settings.table(from, &Subject::RestrictedUsers) {
                Ok(_) => format!(
                    "it is not declared whether {name} restricts `{group}`: partners see it otherwise"
                ),
                Err(why) => format!(
                    "it is not known whether {name} restricts `{group}` ({why}): partners see it otherwise"
                ),
            };
            telling.because(says, Ground::Alma);
        }
    }
}

/// Whether the target knows the code of the source's group.
pub fn external_group(telling: &mut Telling, question: &PatronQuestion, settings: &Settings) {
    let PatronQuestion { from, user_group: group, at, .. } = question;
    let Ok(table) = settings.table(at, &Subject::ExternalUserGroups) else { return };
    let (name, source) = (settings.name(at), settings.name(from));
    let beware =
        |what: &str| format!("beware: `{group}` {what}, so that rules there can hardly choose by it");
    match in_use(table, |row| row.text("code") == Some(group)) {
        InUse::Yes(row) => {
            let all = row.texts("sourceInstitutions").is_empty();
            if !all && !row.lists("sourceInstitutions", from.as_str()) {
                let what = format!("is an external user group of {name}, and not for {source}");
                telling.because(beware(&what), row.ground("sourceInstitutions"));
            }
        }
        InUse::Off(row) | InUse::Missing(Some(row)) => {
            let what = format!("is no external user group of {name} any more");
            telling.because(beware(&what), row.ground_of_all());
        }
        InUse::Missing(None) => {
            let what = format!("is not among the external user groups of {name}");
            telling.because(beware(&what), Ground::Alma);
        }
        InUse::Unsaid => {}
    }
}

/// The rules before the one that decides, and that one.
pub fn rules(
    telling: &mut Telling,
    question: &PatronQuestion,
    decides: Option<Entry<'_>>,
    settings: &Settings,
) {
    let PatronQuestion { from, user_group: group, at, .. } = question;
    let Ok(table) = settings.table(at, &Subject::LinkedAccountRules) else { return };
    let before = |rule: &Entry<'_>| decides.is_none_or(|decides| rank(*rule) < rank(decides));
    let mut passed: Vec<(Entry<'_>, Unfit<'_>)> =
        table.entries().filter(before).filter_map(|rule| Some((rule, unfit(rule, from, group)?))).collect();
    passed.sort_by_key(|(rule, _)| rank(*rule));
    for (rule, unfit) in passed.iter().take(FEW) {
        let name = rule.text("name").unwrap_or_default();
        match unfit {
            Unfit::Off => telling.because(format!("`{name}` is switched off"), rule.ground("enabled")),
            Unfit::Institutions(codes) => {
                let name_of = |code: &Arc<str>| settings.name(&ZoneCode(Arc::clone(code))).to_owned();
                let names = codes.iter().map(name_of);
                let says = format!("`{name}` is for patrons of {}", few(names));
                telling.because(says, rule.ground("sourceInstitutions"));
            }
            Unfit::Groups(groups) => {
                let says = format!("`{name}` is for {}", few(groups.iter()));
                telling.because(says, rule.ground("sourceUserGroups"));
            }
        }
    }
    match passed.len().saturating_sub(FEW) {
        0 => {}
        1 => telling.because("nor does the next rule fit", Ground::Alma),
        more => telling.because(format!("nor do the next {more} rules fit"), Ground::Alma),
    }
    match table.extent {
        Extent::Whole => {}
        Extent::Named => {
            let target = settings.name(at);
            let says = format!("only declared rules are told: {target} may have others that come first");
            telling.because(says, Ground::Alma);
        }
    }
    if let Some(rule) = decides {
        let name = rule.text("name").unwrap_or_default();
        let says = match is_default(rule) {
            true => {
                format!("no other rule fits, so that `{name}` decides, Alma's own rule, which comes last")
            }
            false => {
                let source = settings.name(from);
                format!("`{name}` decides: it is the first that takes patrons of {source} in `{group}`")
            }
        };
        telling.because(says, rule.ground_of_all());
    }
}

/// The group that the rule gives, and whether the target has it.
pub fn group_there(telling: &mut Telling, linked: &Linked<'_>, at: &ZoneCode, settings: &Settings) {
    let Linked { rule, group, .. } = linked;
    telling.because(format!("it gives the user group `{group}`"), rule.ground("userGroup"));
    let name = settings.name(at);
    let mut beware = |subject: &Subject, found: InUse<'_>, thing: &str| {
        let (how, ground) = match found {
            InUse::Yes(_) | InUse::Unsaid => return,
            InUse::Off(row) => ("is switched off", row.ground("enabled")),
            InUse::Missing(Some(row)) => ("is not there any more", row.ground_of_all()),
            InUse::Missing(None) => ("is not there", Ground::Alma),
        };
        let what = "what Alma does with the account then is not documented";
        telling.because(format!("beware: {thing} {how} in {subject} of {name}; {what}"), ground);
    };
    if let Ok(table) = settings.table(at, &Subject::UserGroups) {
        let found = in_use(table, |row| row.text("code") == Some(group));
        beware(&Subject::UserGroups, found, &format!("`{group}`"));
    }
    if let Ok(table) = settings.table(at, &Subject::RecordTypes) {
        // A linked account is one of the public (the vendor's schema of users).
        let is = |row: &Entry<'_>| {
            row.text("User Group") == Some(group) && row.text("Record Type") == Some("PUBLIC")
        };
        let found = in_use(table, is);
        beware(&Subject::RecordTypes, found, &format!("`{group}` with the record type `PUBLIC`"));
    }
}

/// The dates that the rule gives, and when they are calculated.
pub fn dates(telling: &mut Telling, linked: &Linked<'_>) {
    let Linked { rule, expiry, purge, refresh_expiry, refresh_purge, .. } = linked;
    let on = |ending: &Ending| ending.date().map(|date| format!(", on {date}")).unwrap_or_default();
    let (says, field) = match (expiry, rule.text("expiryDate"), rule.text("expiryFromSource")) {
        (Ending::Unreadable, Some(text), _) => (format!("`{text}` is no date"), "expiryDate"),
        (Ending::Unreadable, None, text) => {
            let text = text.unwrap_or_default();
            (format!("`{text}` is no distance from the date of the source"), "expiryFromSource")
        }
        (Ending::Unsaid, _, _) => (unsaid("when the account expires"), "name"),
        (Ending::Never, _, _) => ("the account does not expire".to_owned(), "expiryFromSource"),
        (Ending::On(_) | Ending::WithSource, Some(_), _) => {
            (format!("the account expires{}", on(expiry)), "expiryDate")
        }
        (Ending::On(_) | Ending::WithSource, None, Some("same") | None) => {
            (format!("the account expires with the one at the source{}", on(expiry)), "expiryFromSource")
        }
        (Ending::On(_) | Ending::WithSource, None, Some(text)) => {
            let says = match (text.strip_prefix('-'), text.strip_prefix('+')) {
                (Some(length), _) => format!("the account expires {length} before the one at the source"),
                (None, length) => {
                    format!("the account expires {} after the one at the source", length.unwrap_or(text))
                }
            };
            (says + &on(expiry), "expiryFromSource")
        }
    };
    telling.because(says, rule.ground(field));
    refresh(telling, *rule, "refreshExpiryDate", *refresh_expiry, "expiry");
    let (says, field) = match (purge, rule.text("purgeDate"), rule.text("purgeAfterExpired")) {
        (Ending::On(_), Some(_), _) => (format!("it can be purged{}", on(purge)), "purgeDate"),
        (_, Some(text), _) => (format!("`{text}` is no date"), "purgeDate"),
        (Ending::Unreadable, None, Some(text)) if *expiry != Ending::Unreadable => {
            (format!("`{text}` is no length of time"), "purgeAfterExpired")
        }
        (_, None, Some(text)) => {
            (format!("it can be purged {text} after it expires{}", on(purge)), "purgeAfterExpired")
        }
        (Ending::Unsaid, None, None) => (unsaid("when it can be purged"), "name"),
        (_, None, None) => ("it is never purged".to_owned(), "purgeAfterExpired"),
    };
    telling.because(says, rule.ground(field));
    refresh(telling, *rule, "refreshPurgeDate", *refresh_purge, "purge");
}

fn refresh(telling: &mut Telling, rule: Entry<'_>, field: &str, refreshing: Option<Refreshing>, date: &str) {
    let says = match refreshing {
        Some(Refreshing::Always) => format!("every refresh makes the {date} date anew"),
        Some(Refreshing::WhenExpired) => {
            format!("a refresh makes the {date} date anew only where the account has expired")
        }
        None => unsaid(&format!("whether a refresh makes the {date} date anew")),
    };
    telling.because(says, rule.ground(field));
}

/// What a declared rule leaves open.
pub fn unsaid(what: &str) -> String {
    format!("the rule does not say {what}: it stays as the member has it")
}

/// Why a date is not known; `None` where it is.
pub fn undated(ending: Ending, what: &str) -> Option<Arc<str>> {
    match ending {
        Ending::Never | Ending::On(_) => None,
        Ending::WithSource => {
            Some("it follows the account at the source, and nobody says when that expires".into())
        }
        Ending::Unsaid => Some(unsaid(what).into()),
        Ending::Unreadable => Some("the rule says something that is no date and no span".into()),
    }
}

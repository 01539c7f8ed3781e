//! What is a patron of one member at another?

pub mod blocks;
mod carried;
mod dates;
mod in_use;
mod rules;
mod said;
pub(in crate::meaning) mod tests;

pub use dates::{Dates, Ending, Refreshed, Refreshing, refresh};
pub use rules::{Copying, DEFAULT, Linked, Refused, link};

use super::Whose;
use super::settings::Settings;
use super::subject::Subject;
use super::table::Entry;
use super::told::Telling;
use crate::model::{Explanation, Ground, PatronQuestion, Question, Told, Value, ZoneCode};

/// The facts that an answer has.
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

/// What must be known to answer it.
pub fn needs(question: &PatronQuestion) -> Vec<(Whose, Subject)> {
    let PatronQuestion { from, user_group: _, at, expires: _, on_to } = question;
    let of = |zone: &ZoneCode, subject: Subject| (Whose::Zone(zone.clone()), subject);
    let there = [
        Subject::LinkedAccountRules,
        Subject::ExternalUserGroups,
        Subject::UserGroups,
        Subject::RecordTypes,
        Subject::BlockDefinitions,
        Subject::BlockDescriptions,
    ];
    let here = [Subject::RestrictedUsers, Subject::BlockDefinitions, Subject::BlockDescriptions];
    let there = there.into_iter().map(|subject| of(at, subject));
    let here = here.into_iter().map(|subject| of(from, subject));
    let on_to = on_to.iter().map(|zone| of(zone, Subject::LinkedAccountRules));
    there.chain(here).chain(on_to).collect()
}

/// Answers the question.
pub fn explain(question: &PatronQuestion, settings: &Settings) -> Explanation {
    let PatronQuestion { from, user_group, at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let mut telling = Telling::new(Question::Patron(question.clone()));
    let linked = match link(question, settings) {
        Told::Is(Ok(linked)) => linked,
        Told::Is(Err(refused)) => return not_linked(telling, question, refused, settings),
        Told::Not(why) => {
            said::group_at_home(&mut telling, question, settings);
            said::rules(&mut telling, question, decides(question, settings), settings);
            return telling.unknown(&FACTS, &why, || {
                format!("what patrons of {source} in `{user_group}` are at {target} is not known")
            });
        }
    };
    said::group_at_home(&mut telling, question, settings);
    said::external_group(&mut telling, question, settings);
    said::rules(&mut telling, question, Some(linked.rule), settings);
    said::group_there(&mut telling, &linked, at, settings);
    said::dates(&mut telling, &linked);
    carried::from_home(&mut telling, question, &linked, settings);
    carried::from_target(&mut telling, question, settings);
    given(&mut telling, &linked);
    let until = match linked.expiry {
        Ending::On(date) => format!(", until {date}"),
        Ending::Never | Ending::WithSource | Ending::Unsaid | Ending::Unreadable => String::new(),
    };
    telling.line(format!("patrons of {source} in `{user_group}` are `{}` at {target}{until}", linked.group))
}

/// What the rule gives, as facts.
fn given(telling: &mut Telling, linked: &Linked<'_>) {
    telling.is("linked", true);
    telling.is("error", Value::Null);
    telling.is("rule", linked.name);
    telling.is("group", linked.group);
    let mut date = |fact, ending: Ending, what| {
        let day = || ending.date().map_or(Value::Null, |date| Value::text(date.to_string()));
        telling.fact(fact, said::undated(ending, what).map_or_else(|| Told::Is(day()), Told::Not));
    };
    date("expiry", linked.expiry, "when the account expires");
    date("purge", linked.purge, "when it can be purged");
    let mut anew = |fact, refreshing: Option<Refreshing>| {
        let known = refreshing.map(|refreshing| Value::Bool(refreshing == Refreshing::Always));
        let why = || Told::Not(said::unsaid("when the date is made anew").into());
        telling.fact(fact, known.map_or_else(why, Told::Is));
    };
    anew("refreshExpiry", linked.refresh_expiry);
    anew("refreshPurge", linked.refresh_purge);
}

/// There is no linked account, so that nothing else is there either.
fn not_linked(
    mut telling: Telling,
    question: &PatronQuestion,
    refused: Refused,
    settings: &Settings,
) -> Explanation {
    let PatronQuestion { from, user_group, at, .. } = question;
    let (source, target) = (settings.name(from), settings.name(at));
    let mut rule = Value::Null;
    match refused {
        Refused::NotInNetwork => {
            telling.because(format!("{source} is no other member of the network"), Ground::Alma);
        }
        Refused::Hidden => said::group_at_home(&mut telling, question, settings),
        Refused::NoGroup => {
            said::group_at_home(&mut telling, question, settings);
            said::external_group(&mut telling, question, settings);
            let decides = decides(question, settings);
            said::rules(&mut telling, question, decides, settings);
            match decides {
                Some(decides) => {
                    rule = decides.text("name").map_or(Value::Null, Value::from);
                    telling.because("it gives no user group", decides.ground("userGroup"));
                }
                None => telling.because(format!("{target} has no rule that fits"), Ground::Alma),
            }
        }
    }
    for fact in FACTS {
        telling.is(fact, Value::Null);
    }
    for fact in ["linked", "sentHome", "travelsOn"] {
        telling.is(fact, false);
    }
    telling.is("error", refused.code());
    telling.is("rule", rule);
    let error = refused.code();
    telling.line(format!(
        "patrons of {source} in `{user_group}` get no linked account at {target} (error {error})"
    ))
}

/// The rule that decides, where it is known.
fn decides<'a>(question: &PatronQuestion, settings: &'a Settings) -> Option<Entry<'a>> {
    let table = settings.table(&question.at, &Subject::LinkedAccountRules).ok()?;
    rules::deciding(table, &question.from, &question.user_group)
}

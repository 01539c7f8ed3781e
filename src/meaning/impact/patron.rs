//! What patrons of one member are made to be at others, where that changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Effect;
use super::words::{codes, members, verb};
use crate::meaning::patron::{Copying, Linked, link};
use crate::meaning::{Institution, Settings, Subject};
use crate::model::{PatronQuestion, Told, ZoneCode};

/// Stands for every group that no rule names, where rules name some.
const OTHER: &str = "\u{0}";
/// Stands for every group, where rules name none.
const ANY: &str = "\u{1}";

/// Questions that are asked at most, each before and after: so many that 120 members with 30 groups in their rules are
/// told of whole, and few enough for a second or two.
const QUESTIONS: usize = 500_000;

/// When something that does not end, ends.
const NEVER: &str = "never";

/// One difference, whoever it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// A linked account gets another group: then, now.
    Group(Arc<str>, Arc<str>),
    /// There was a linked account, of this group, and there is none any more, by this error.
    Lost(Arc<str>, &'static str),
    /// There was none, and there is one, of this group.
    Won(Arc<str>),
    /// It expires otherwise: then, now.
    Expiry(String, String),
    /// It can be purged otherwise: then, now.
    Purge(String, String),
    /// Network blocks come along now.
    Copied,
    /// They no longer do.
    NotCopied,
}

/// Whose patrons, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Pairs {
    from: BTreeSet<ZoneCode>,
    at: BTreeSet<ZoneCode>,
}

/// The effects of other rules.
pub fn effects(targets: &BTreeSet<ZoneCode>, before: &Settings, after: &Settings) -> Vec<Effect> {
    let mut found: BTreeMap<(Change, Arc<str>), BTreeMap<ZoneCode, BTreeSet<ZoneCode>>> = BTreeMap::new();
    let (mut questions, mut untold) = (0, BTreeSet::new());
    for at in targets {
        let asked = groups(at, before, after);
        questions += asked.len() * before.members().count();
        if questions > QUESTIONS {
            untold.insert(at.clone());
            continue;
        }
        for from in before.members().map(|member| &member.code).filter(|from| *from != at) {
            for group in &asked {
                let question = PatronQuestion {
                    from: from.clone(),
                    user_group: Arc::clone(group),
                    at: at.clone(),
                    expires: None,
                    on_to: None,
                };
                let (Told::Is(then), Told::Is(now)) = (link(&question, before), link(&question, after))
                else {
                    continue;
                };
                let changes = match (then, now) {
                    (Ok(then), Ok(now)) => differences(&then, &now),
                    (Ok(then), Err(refused)) => vec![Change::Lost(then.group.into(), refused.code())],
                    (Err(_), Ok(now)) => vec![Change::Won(now.group.into())],
                    (Err(_), Err(_)) => Vec::new(),
                };
                for change in changes {
                    let sources = found.entry((change, Arc::clone(group))).or_default();
                    sources.entry(at.clone()).or_default().insert(from.clone());
                }
            }
        }
    }
    // Groups that fare alike are told in one sentence.
    let mut alike: BTreeMap<(Change, Pairs), BTreeSet<Arc<str>>> = BTreeMap::new();
    for ((change, group), sources) in found {
        for pairs in pairs(sources) {
            alike.entry((change.clone(), pairs)).or_default().insert(Arc::clone(&group));
        }
    }
    let said = alike.into_iter().map(|((change, pairs), groups)| {
        let says = sentence(&change, &pairs, &groups, after);
        Effect { changed: pairs.at, says }
    });
    let rest = (!untold.is_empty()).then(|| {
        let at = members(&untold, after);
        let says = format!("what it means for patrons at {at} was not worked out: there are too many groups");
        Effect { changed: untold, says }
    });
    said.chain(rest).collect()
}

/// The sources of each target, told together where it is so of all of these at all of those: a member that is both
/// is so for the others, since nobody is linked to their own.
fn pairs(sources: BTreeMap<ZoneCode, BTreeSet<ZoneCode>>) -> Vec<Pairs> {
    let mut all: Vec<Pairs> = Vec::new();
    for (target, from) in sources {
        // Whom the others have and this one has not, can only be itself; whom this one has besides, only the other.
        let joined = all.iter_mut().find(|pairs| {
            let is_other = |source| pairs.at.len() == 1 && pairs.at.contains(source);
            pairs.from.iter().all(|source| *source == target || from.contains(source))
                && from.difference(&pairs.from).all(is_other)
        });
        match joined {
            Some(pairs) => {
                pairs.from.extend(from);
                pairs.at.insert(target);
            }
            None => all.push(Pairs { from, at: [target].into() }),
        }
    }
    all
}

/// The groups that rules tell apart, and one that stands for all others.
fn groups(at: &ZoneCode, before: &Settings, after: &Settings) -> BTreeSet<Arc<str>> {
    let rules = [before, after].into_iter().filter_map(|settings| {
        settings.zone(at).and_then(|zone: &Institution| zone.table(&Subject::LinkedAccountRules).ok())
    });
    let named = rules.flat_map(|table| table.entries().flat_map(|rule| rule.texts("sourceUserGroups")));
    let mut groups: BTreeSet<Arc<str>> = named.cloned().collect();
    let rest = if groups.is_empty() { ANY } else { OTHER };
    groups.insert(rest.into());
    groups
}

fn differences(then: &Linked<'_>, now: &Linked<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    if then.group != now.group {
        changes.push(Change::Group(then.group.into(), now.group.into()));
    }
    let expiry = |linked: &Linked<'_>| end(linked, "expiryDate", "expiryFromSource");
    if !same(then, now, ["expiryDate", "expiryFromSource"]) {
        changes.push(Change::Expiry(expiry(then), expiry(now)));
    }
    let purge = |linked: &Linked<'_>| end(linked, "purgeDate", "purgeAfterExpired");
    if !same(then, now, ["purgeDate", "purgeAfterExpired"]) {
        changes.push(Change::Purge(purge(then), purge(now)));
    }
    match (then.copies_blocks, now.copies_blocks) {
        (Some(Copying::None), Some(Copying::Network)) => changes.push(Change::Copied),
        (Some(Copying::Network), Some(Copying::None)) => changes.push(Change::NotCopied),
        (Some(Copying::None), Some(Copying::None))
        | (Some(Copying::Network), Some(Copying::Network))
        | (None, _)
        | (_, None) => {}
    }
    changes
}

fn same(then: &Linked<'_>, now: &Linked<'_>, fields: [&str; 2]) -> bool {
    fields.iter().all(|field| then.rule.text(field) == now.rule.text(field))
}

/// When something ends, as the rule has it: `on 2027-06-30`, `same as in source`, `1 month after`.
fn end(linked: &Linked<'_>, day: &str, span: &str) -> String {
    match (linked.rule.text(day), linked.rule.text(span)) {
        (Some(day), _) => format!("on {day}"),
        (None, Some("same")) => "with the source".to_owned(),
        (None, Some(span)) => match (span.strip_prefix('+'), span.strip_prefix('-')) {
            (Some(later), _) => format!("{later} after the source"),
            (None, Some(earlier)) => format!("{earlier} before the source"),
            (None, None) => format!("{span} after that"),
        },
        (None, None) => NEVER.to_owned(),
    }
}

fn sentence(change: &Change, pairs: &Pairs, groups: &BTreeSet<Arc<str>>, settings: &Settings) -> String {
    let all = settings.members().count();
    let from = match (pairs.from.len(), pairs.at.len()) {
        (others, 1) if others + 1 == all => "every other member".to_owned(),
        (every, _) if every == all => "every other member".to_owned(),
        (_, _) => members(&pairs.from, settings),
    };
    let at = members(&pairs.at, settings);
    let is_rest = |group: &&Arc<str>| matches!(&***group, OTHER | ANY);
    let rest = groups.iter().filter(is_rest).max();
    let named: BTreeSet<Arc<str>> = groups.iter().filter(|group| !is_rest(group)).cloned().collect();
    let rest = rest.map(|rest| if **rest == *ANY { "patrons" } else { "patrons of other groups" });
    let who = match (named.is_empty(), rest) {
        (true, rest) => rest.unwrap_or_default().to_owned(),
        (false, Some(rest)) => format!("{} and {rest}", codes(&named, "user group")),
        (false, None) => codes(&named, "user group"),
    };
    let several = usize::from(rest.is_some()) * 2 + named.len();
    let get = verb(several, "gets", "get");
    match change {
        Change::Group(then, now) => format!("{who} of {from} {get} group {now} instead of {then} at {at}"),
        Change::Lost(then, code) => {
            let loses = verb(several, "loses", "lose");
            format!("{who} of {from} {loses} group {then} at {at} and {get} none (error {code})")
        }
        Change::Won(now) => format!("{who} of {from} {get} group {now} at {at}, and had none"),
        Change::Expiry(then, now) if now == NEVER => {
            format!("accounts of {who} of {from} no longer expire at {at}, before that {then}")
        }
        Change::Expiry(then, now) => {
            format!("accounts of {who} of {from} expire {now} instead of {then} at {at}")
        }
        Change::Purge(then, now) if now == NEVER => {
            format!("accounts of {who} of {from} can no longer be purged at {at}, before that {then}")
        }
        Change::Purge(then, now) => {
            format!("accounts of {who} of {from} can be purged {now} instead of {then} at {at}")
        }
        Change::Copied => format!("network blocks of {who} of {from} are copied to {at}"),
        Change::NotCopied => format!("network blocks of {who} of {from} are no longer copied to {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::effects;
    use crate::meaning::patron::tests::notation::observed;

    /// Rules of B and C, which tell one source apart.
    fn rules(b: &str, c: &str, group: &str) -> String {
        let of = |at: &str, source: &str| {
            format!(
                "{at} LinkedAccountRules\n name=R | sourceInstitutions=[{source}] | userGroup={group}\n \
                 name=Default | userGroup=G\n"
            )
        };
        of("B", b) + &of("C", c)
    }

    fn told(b: &str, c: &str) -> Vec<String> {
        let [before, after] = ["G", "NEW"].map(|group| observed(&rules(b, c, group)));
        let targets = ["B".into(), "C".into()].into();
        effects(&targets, &before, &after).into_iter().map(|effect| effect.says).collect()
    }

    #[test]
    fn members_are_told_together_only_where_it_is_so_of_each_at_each() {
        let get = |from: &str, at: &str| format!("patrons of {from} get group NEW instead of G at {at}");
        assert_eq!(told("A", "A"), [get("Zone A", "Zone B and Zone C")]);
        assert_eq!(told("A,C", "A,B"), [get("every other member", "Zone B and Zone C")]);
        assert_eq!(told("A", "B"), [get("Zone A", "Zone B"), get("Zone B", "Zone C")]);
        assert_eq!(told("C", "B"), [get("Zone B and Zone C", "Zone B and Zone C")]);
    }
}

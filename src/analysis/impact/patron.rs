//! Impact on linked accounts of patrons at other members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ImpactDraft;
use super::wording::{codes, members, verb};
use crate::analysis::patron::{BlockCopying, LinkedAccount, linked_account};
use crate::analysis::{NetworkSettings, SettingsCollection, ZoneSettings};
use crate::model::{MaybeKnown, PatronQuestion, ZoneCode};

/// Placeholder for all user groups that no rule names, if rules name some.
const OTHER: &str = "\u{0}";
/// Placeholder for all user groups, if rules name none.
const ANY: &str = "\u{1}";

/// Maximum number of questions, each evaluated before and after the plan.
///
/// Enough for 120 members with 30 user groups in their rules, and few enough for one or two seconds.
const QUESTIONS: usize = 500_000;

/// Text for an account without an end date.
const NEVER: &str = "never";

/// Change of linked accounts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PatronChange {
    /// User group of the linked account: before, after.
    Group(Arc<str>, Arc<str>),
    /// Lost linked account: the previous user group, and Alma's error.
    Lost(Arc<str>, &'static str),
    /// New linked account with its user group.
    Won(Arc<str>),
    /// Changed expiry: before, after.
    Expiry(String, String),
    /// Changed purge date: before, after.
    Purge(String, String),
    /// Network blocks now copied.
    Copied,
    /// Network blocks no longer copied.
    NotCopied,
}

/// Source and target institutions with the same change.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct MemberPairs {
    from: BTreeSet<ZoneCode>,
    at: BTreeSet<ZoneCode>,
}

/// Returns the impact of changed rules.
pub fn effects(
    targets: &BTreeSet<ZoneCode>,
    before: &NetworkSettings,
    after: &NetworkSettings,
) -> Vec<ImpactDraft> {
    let mut found: BTreeMap<(PatronChange, Arc<str>), BTreeMap<ZoneCode, BTreeSet<ZoneCode>>> =
        BTreeMap::new();
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
                    source: from.clone(),
                    user_group: Arc::clone(group),
                    target: at.clone(),
                    expires: None,
                    next_target: None,
                };
                let (MaybeKnown::Known(then), MaybeKnown::Known(now)) =
                    (linked_account(&question, before), linked_account(&question, after))
                else {
                    continue;
                };
                let changes = match (then, now) {
                    (Ok(then), Ok(now)) => differences(&then, &now),
                    (Ok(then), Err(refused)) => vec![PatronChange::Lost(then.group.into(), refused.code())],
                    (Err(_), Ok(now)) => vec![PatronChange::Won(now.group.into())],
                    (Err(_), Err(_)) => Vec::new(),
                };
                for change in changes {
                    let sources = found.entry((change, Arc::clone(group))).or_default();
                    sources.entry(at.clone()).or_default().insert(from.clone());
                }
            }
        }
    }
    // One sentence for all user groups with the same change.
    let mut alike: BTreeMap<(PatronChange, MemberPairs), BTreeSet<Arc<str>>> = BTreeMap::new();
    for ((change, group), sources) in found {
        for pairs in pairs(sources) {
            alike.entry((change.clone(), pairs)).or_default().insert(Arc::clone(&group));
        }
    }
    let said = alike.into_iter().map(|((change, pairs), groups)| {
        let says = sentence(&change, &pairs, &groups, after);
        ImpactDraft { changed: pairs.at, says }
    });
    let rest = (!untold.is_empty()).then(|| {
        let at = members(&untold, after);
        let says = format!("impact on patrons at {at} not evaluated: too many user groups");
        ImpactDraft { changed: untold, says }
    });
    said.chain(rest).collect()
}

/// Joins the sources of all targets with the same change at each target.
///
/// A member on both sides counts only for the others, because members link no accounts to themselves.
fn pairs(sources: BTreeMap<ZoneCode, BTreeSet<ZoneCode>>) -> Vec<MemberPairs> {
    let mut all: Vec<MemberPairs> = Vec::new();
    for (target, from) in sources {
        // Sources of the others that this target lacks can only be the target itself, and vice versa.
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
            None => all.push(MemberPairs { from, at: [target].into() }),
        }
    }
    all
}

/// Returns the user groups that rules distinguish, and a placeholder for all others.
fn groups(at: &ZoneCode, before: &NetworkSettings, after: &NetworkSettings) -> BTreeSet<Arc<str>> {
    let rules = [before, after].into_iter().filter_map(|settings| {
        settings
            .zone(at)
            .and_then(|zone: &ZoneSettings| zone.table(&SettingsCollection::LinkedAccountRules).ok())
    });
    let named = rules.flat_map(|table| table.entries().flat_map(|rule| rule.texts("sourceUserGroups")));
    let mut groups: BTreeSet<Arc<str>> = named.cloned().collect();
    let rest = if groups.is_empty() { ANY } else { OTHER };
    groups.insert(rest.into());
    groups
}

fn differences(then: &LinkedAccount<'_>, now: &LinkedAccount<'_>) -> Vec<PatronChange> {
    let mut changes = Vec::new();
    if then.group != now.group {
        changes.push(PatronChange::Group(then.group.into(), now.group.into()));
    }
    let expiry = |linked: &LinkedAccount<'_>| account_end_text(linked, "expiryDate", "expiryFromSource");
    if !has_same_fields(then, now, ["expiryDate", "expiryFromSource"]) {
        changes.push(PatronChange::Expiry(expiry(then), expiry(now)));
    }
    let purge = |linked: &LinkedAccount<'_>| account_end_text(linked, "purgeDate", "purgeAfterExpired");
    if !has_same_fields(then, now, ["purgeDate", "purgeAfterExpired"]) {
        changes.push(PatronChange::Purge(purge(then), purge(now)));
    }
    match (then.copies_blocks, now.copies_blocks) {
        (Some(BlockCopying::None), Some(BlockCopying::Network)) => changes.push(PatronChange::Copied),
        (Some(BlockCopying::Network), Some(BlockCopying::None)) => changes.push(PatronChange::NotCopied),
        (Some(BlockCopying::None), Some(BlockCopying::None))
        | (Some(BlockCopying::Network), Some(BlockCopying::Network))
        | (None, _)
        | (_, None) => {}
    }
    changes
}

fn has_same_fields(then: &LinkedAccount<'_>, now: &LinkedAccount<'_>, fields: [&str; 2]) -> bool {
    fields.iter().all(|field| then.rule.text_field(field) == now.rule.text_field(field))
}

/// Returns the end of an account from the rule.
///
/// Examples: `on 2027-06-30`, `with the source account`, `1 month after expiry`.
fn account_end_text(linked: &LinkedAccount<'_>, day: &str, span: &str) -> String {
    match (linked.rule.text_field(day), linked.rule.text_field(span)) {
        (Some(day), _) => format!("on {day}"),
        (None, Some("same")) => "with the source account".to_owned(),
        (None, Some(span)) => match (span.strip_prefix('+'), span.strip_prefix('-')) {
            (Some(later), _) => format!("{later} after the source account"),
            (None, Some(earlier)) => format!("{earlier} before the source account"),
            (None, None) => format!("{span} after expiry"),
        },
        (None, None) => NEVER.to_owned(),
    }
}

fn sentence(
    change: &PatronChange,
    pairs: &MemberPairs,
    groups: &BTreeSet<Arc<str>>,
    settings: &NetworkSettings,
) -> String {
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
    let rest = rest.map(|rest| if **rest == *ANY { "patrons" } else { "patrons of other user groups" });
    let who = match (named.is_empty(), rest) {
        (true, rest) => rest.unwrap_or_default().to_owned(),
        (false, Some(rest)) => format!("{} and {rest}", codes(&named, "user group")),
        (false, None) => codes(&named, "user group"),
    };
    let several = usize::from(rest.is_some()) * 2 + named.len();
    let get = verb(several, "gets", "get");
    match change {
        PatronChange::Group(then, now) => {
            format!("{who} of {from} {get} user group {now} instead of {then} at {at}")
        }
        PatronChange::Lost(then, code) => {
            let loses = verb(several, "loses", "lose");
            format!(
                "{who} of {from} {loses} user group {then} at {at} and {get} no linked account (error {code})"
            )
        }
        PatronChange::Won(now) => {
            format!("{who} of {from} {get} user group {now} at {at} (previously no linked account)")
        }
        PatronChange::Expiry(then, now) if now == NEVER => {
            format!("linked accounts of {who} of {from} no longer expire at {at} (previously {then})")
        }
        PatronChange::Expiry(then, now) => {
            format!("linked accounts of {who} of {from} expire {now} instead of {then} at {at}")
        }
        PatronChange::Purge(then, now) if now == NEVER => {
            format!("linked accounts of {who} of {from} can no longer be purged at {at} (previously {then})")
        }
        PatronChange::Purge(then, now) => {
            format!("linked accounts of {who} of {from} can be purged {now} instead of {then} at {at}")
        }
        PatronChange::Copied => format!("network blocks of {who} of {from} are now copied to {at}"),
        PatronChange::NotCopied => format!("network blocks of {who} of {from} are no longer copied to {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::effects;
    use crate::analysis::patron::tests::notation::observed;

    /// Returns rules of B and C that distinguish one source institution.
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
    fn sentence_joins_members_with_same_change_only() {
        let get = |from: &str, at: &str| format!("patrons of {from} get user group NEW instead of G at {at}");
        assert_eq!(told("A", "A"), [get("Zone A", "Zone B and Zone C")]);
        assert_eq!(told("A,C", "A,B"), [get("every other member", "Zone B and Zone C")]);
        assert_eq!(told("A", "B"), [get("Zone A", "Zone B"), get("Zone B", "Zone C")]);
        assert_eq!(told("C", "B"), [get("Zone B and Zone C", "Zone B and Zone C")]);
    }
}

//! Impact on linked accounts of patrons at other members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{BlockCopying, LinkedAccount, linked_account};
use crate::analysis::impact::wording::{codes, members, verb};
use crate::analysis::impact::{ImpactDraft, SettingsChange};
use crate::analysis::{NetworkSettings, SettingsCollection};
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

/// Constructor of a changed end date: before, after.
type EndChange = fn(String, String) -> PatronChange;

/// Source and target institutions with the same change.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct MemberPairs {
    sources: BTreeSet<ZoneCode>,
    targets: BTreeSet<ZoneCode>,
}

/// Returns the impact of changed rules.
pub fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let mut sources_by_target: BTreeMap<(PatronChange, Arc<str>), BTreeMap<ZoneCode, BTreeSet<ZoneCode>>> =
        BTreeMap::new();
    let (mut questions, mut omitted) = (0, BTreeSet::new());
    for target in change.zones(|collection| *collection == SettingsCollection::LinkedAccountRules) {
        let user_groups = groups(&target, change);
        questions += user_groups.len() * change.before.members().count();
        if questions > QUESTIONS {
            omitted.insert(target);
            continue;
        }
        for source in change.before.members().map(|member| &member.code).filter(|code| **code != target) {
            for user_group in &user_groups {
                let question = PatronQuestion {
                    source: source.clone(),
                    user_group: Arc::clone(user_group),
                    target: target.clone(),
                    expires: None,
                    next_target: None,
                };
                let [MaybeKnown::Known(before), MaybeKnown::Known(after)] =
                    change.both().map(|settings| linked_account(&question, settings))
                else {
                    continue;
                };
                let patron_changes = match (before, after) {
                    (Ok(before), Ok(after)) => differences(&before, &after),
                    (Ok(before), Err(refusal)) => {
                        vec![PatronChange::Lost(before.group.into(), refusal.code())]
                    }
                    (Err(_), Ok(after)) => vec![PatronChange::Won(after.group.into())],
                    (Err(_), Err(_)) => Vec::new(),
                };
                for patron_change in patron_changes {
                    let sources =
                        sources_by_target.entry((patron_change, Arc::clone(user_group))).or_default();
                    sources.entry(target.clone()).or_default().insert(source.clone());
                }
            }
        }
    }
    // One sentence for all user groups with the same change.
    let mut groups_by_pairs: BTreeMap<(PatronChange, MemberPairs), BTreeSet<Arc<str>>> = BTreeMap::new();
    for ((patron_change, user_group), sources) in sources_by_target {
        for pairs in pairs(sources) {
            let groups = groups_by_pairs.entry((patron_change.clone(), pairs)).or_default();
            groups.insert(Arc::clone(&user_group));
        }
    }
    let drafts = groups_by_pairs.into_iter().map(|((patron_change, pairs), groups)| {
        let text = sentence(&patron_change, &pairs, &groups, change.after);
        ImpactDraft { changed: pairs.targets, text }
    });
    let rest = (!omitted.is_empty()).then(|| {
        let targets = members(&omitted, change.after);
        let text = format!("impact on patrons at {targets} not evaluated: too many user groups");
        ImpactDraft { changed: omitted, text }
    });
    drafts.chain(rest).collect()
}

/// Joins the sources of all targets with the same change at each target.
///
/// A member on both sides counts only for the others, because members link no accounts to themselves.
fn pairs(sources_by_target: BTreeMap<ZoneCode, BTreeSet<ZoneCode>>) -> Vec<MemberPairs> {
    let mut all: Vec<MemberPairs> = Vec::new();
    for (target, sources) in sources_by_target {
        // Sources of the others that this target lacks can only be the target itself, and vice versa.
        let joined = all.iter_mut().find(|pairs| {
            let is_only_target = |source| pairs.targets.len() == 1 && pairs.targets.contains(source);
            pairs.sources.iter().all(|source| *source == target || sources.contains(source))
                && sources.difference(&pairs.sources).all(is_only_target)
        });
        match joined {
            Some(pairs) => {
                pairs.sources.extend(sources);
                pairs.targets.insert(target);
            }
            None => all.push(MemberPairs { sources, targets: [target].into() }),
        }
    }
    all
}

/// Returns the user groups that rules distinguish, and a placeholder for all others.
fn groups(target: &ZoneCode, change: &SettingsChange<'_>) -> BTreeSet<Arc<str>> {
    let rules = change.both().into_iter();
    let rules =
        rules.filter_map(|settings| settings.table(target, &SettingsCollection::LinkedAccountRules).ok());
    let named = rules.flat_map(|table| table.entries().flat_map(|rule| rule.texts("sourceUserGroups")));
    let mut groups: BTreeSet<Arc<str>> = named.cloned().collect();
    let rest = if groups.is_empty() { ANY } else { OTHER };
    groups.insert(rest.into());
    groups
}

fn differences(before: &LinkedAccount<'_>, after: &LinkedAccount<'_>) -> Vec<PatronChange> {
    let mut changes = Vec::new();
    if before.group != after.group {
        changes.push(PatronChange::Group(before.group.into(), after.group.into()));
    }
    let ends: [([&str; 2], EndChange); 2] = [
        (["expiryDate", "expiryFromSource"], PatronChange::Expiry),
        (["purgeDate", "purgeAfterExpired"], PatronChange::Purge),
    ];
    for (fields, end_change) in ends {
        if fields.iter().any(|field| before.rule.text_field(field) != after.rule.text_field(field)) {
            changes.push(end_change(account_end_text(before, fields), account_end_text(after, fields)));
        }
    }
    match (before.copies_blocks, after.copies_blocks) {
        (Some(BlockCopying::None), Some(BlockCopying::Network)) => changes.push(PatronChange::Copied),
        (Some(BlockCopying::Network), Some(BlockCopying::None)) => changes.push(PatronChange::NotCopied),
        (Some(BlockCopying::None), Some(BlockCopying::None))
        | (Some(BlockCopying::Network), Some(BlockCopying::Network))
        | (None, _)
        | (_, None) => {}
    }
    changes
}

/// Returns the end of an account from the rule.
///
/// Examples: `on 2027-06-30`, `with the source account`, `1 month after expiry`.
fn account_end_text(linked: &LinkedAccount<'_>, fields: [&str; 2]) -> String {
    let [day, span] = fields.map(|field| linked.rule.text_field(field));
    match (day, span) {
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
    let sources = match (pairs.sources.len(), pairs.targets.len()) {
        (others, 1) if others + 1 == all => "every other member".to_owned(),
        (every, _) if every == all => "every other member".to_owned(),
        (_, _) => members(&pairs.sources, settings),
    };
    let targets = members(&pairs.targets, settings);
    let is_placeholder = |group: &&Arc<str>| matches!(&***group, OTHER | ANY);
    let placeholder = groups.iter().filter(is_placeholder).max();
    let rest =
        placeholder.map(|rest| if **rest == *ANY { "patrons" } else { "patrons of other user groups" });
    let named: BTreeSet<Arc<str>> = groups.iter().filter(|group| !is_placeholder(group)).cloned().collect();
    let patrons = match (named.is_empty(), rest) {
        (true, rest) => rest.unwrap_or_default().to_owned(),
        (false, Some(rest)) => format!("{} and {rest}", codes(&named, "user group")),
        (false, None) => codes(&named, "user group"),
    };
    let patrons = format!("{patrons} of {sources}");
    let number = usize::from(rest.is_some()) * 2 + named.len();
    let get = verb(number, "gets", "get");
    match change {
        PatronChange::Group(before, after) => {
            format!("{patrons} {get} user group {after} instead of {before} at {targets}")
        }
        PatronChange::Lost(before, code) => {
            let lose = verb(number, "loses", "lose");
            format!(
                "{patrons} {lose} user group {before} at {targets} and {get} no linked account (error {code})"
            )
        }
        PatronChange::Won(after) => {
            format!("{patrons} {get} user group {after} at {targets} (previously no linked account)")
        }
        PatronChange::Expiry(before, after) if after == NEVER => {
            format!("linked accounts of {patrons} no longer expire at {targets} (previously {before})")
        }
        PatronChange::Expiry(before, after) => {
            format!("linked accounts of {patrons} expire {after} instead of {before} at {targets}")
        }
        PatronChange::Purge(before, after) if after == NEVER => {
            format!("linked accounts of {patrons} can no longer be purged at {targets} (previously {before})")
        }
        PatronChange::Purge(before, after) => {
            format!("linked accounts of {patrons} can be purged {after} instead of {before} at {targets}")
        }
        PatronChange::Copied => format!("network blocks of {patrons} are now copied to {targets}"),
        PatronChange::NotCopied => format!("network blocks of {patrons} are no longer copied to {targets}"),
    }
}

#[cfg(test)]
mod tests {
    use super::impact;
    use crate::analysis::SettingsCollection;
    use crate::analysis::impact::SettingsChange;
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

    fn impact_texts(b: &str, c: &str) -> Vec<String> {
        let [before, after] = ["G", "NEW"].map(|group| observed(&rules(b, c, group)));
        let changed = [(SettingsCollection::LinkedAccountRules, ["B".into(), "C".into()].into())].into();
        let change = SettingsChange { changed, before: &before, after: &after };
        impact(&change).into_iter().map(|draft| draft.text).collect()
    }

    #[test]
    fn sentence_joins_members_with_same_change_only() {
        let get = |from: &str, at: &str| format!("patrons of {from} get user group NEW instead of G at {at}");
        assert_eq!(impact_texts("A", "A"), [get("Zone A", "Zone B and Zone C")]);
        assert_eq!(impact_texts("A,C", "A,B"), [get("every other member", "Zone B and Zone C")]);
        assert_eq!(impact_texts("A", "B"), [get("Zone A", "Zone B"), get("Zone B", "Zone C")]);
        assert_eq!(impact_texts("C", "B"), [get("Zone B and Zone C", "Zone B and Zone C")]);
    }
}

//! Impact on linked accounts of patrons at other members.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{BlockCopying, LinkedAccount, linked_account};
use crate::analysis::impact::wording::{NAMED, codes, counted_values, joined_with_and, members, verb};
use crate::analysis::impact::{ImpactDraft, SettingsChange};
use crate::analysis::{NetworkSettings, SettingsCollection};
use crate::model::{ImpactEffect, MaybeKnown, PatronQuestion, ZoneCode};

/// Placeholder for all user groups that no rule names, if rules name some.
const OTHER: &str = "\u{0}";
/// Placeholder for all user groups, if rules name none.
const ANY: &str = "\u{1}";

/// Maximum number of questions, each evaluated before and after the plan.
///
/// Enough for 120 members with 30 user groups in their rules, and few enough for one or two seconds.
const QUESTIONS: usize = 500_000;

/// Change of linked accounts, without the value that can differ between targets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PatronChange {
    /// User group of the linked account, before. The value is the new user group.
    Group(Arc<str>),
    /// Lost linked account: Alma's error. The value is the previous user group.
    Lost(&'static str),
    /// New linked account. The value is its user group.
    Won,
    /// Changed expiry, before. The value is the new expiry.
    Expiry(Arc<str>),
    /// No expiry any more. The value is the previous expiry.
    NoExpiry,
    /// Changed purge date, before. The value is the new purge date.
    Purge(Arc<str>),
    /// No purge date any more. The value is the previous purge date.
    NoPurge,
    /// Network blocks now copied. No value.
    Copied,
    /// Network blocks no longer copied. No value.
    NotCopied,
}

impl PatronChange {
    fn effect(&self) -> ImpactEffect {
        match self {
            Self::Lost(_) | Self::NotCopied => ImpactEffect::Loss,
            Self::Group(_) | Self::Expiry(_) | Self::NoExpiry | Self::Purge(_) | Self::NoPurge => {
                ImpactEffect::Change
            }
            Self::Won | Self::Copied => ImpactEffect::Gain,
        }
    }
}

/// Change of linked accounts, with its value.
type ValuedChange = (PatronChange, Arc<str>);

/// Source and target institutions with the same change.
///
/// A member on both sides counts only for the others, because members link no accounts to themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct MemberPairs {
    sources: BTreeSet<ZoneCode>,
    targets: BTreeSet<ZoneCode>,
}

impl MemberPairs {
    /// Adds other targets, if both have the same sources apart from the targets themselves.
    fn join(&mut self, other: &Self) -> bool {
        let can_add = |pairs: &Self, more: &Self| {
            let is_only_target = |source| pairs.targets.len() == 1 && pairs.targets.contains(source);
            more.sources.difference(&pairs.sources).all(is_only_target)
        };
        let can_join =
            self.targets.is_disjoint(&other.targets) && can_add(self, other) && can_add(other, self);
        if can_join {
            self.sources.extend(other.sources.iter().cloned());
            self.targets.extend(other.targets.iter().cloned());
        }
        can_join
    }
}

/// Values of one change at different targets.
struct TargetValues {
    pairs: MemberPairs,
    values: Vec<(Arc<str>, MemberPairs)>,
}

/// Returns the impact of changed rules.
pub fn impact(change: &SettingsChange<'_>) -> Vec<ImpactDraft> {
    let mut sources_by_target: BTreeMap<(ValuedChange, Arc<str>), BTreeMap<ZoneCode, BTreeSet<ZoneCode>>> =
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
                        vec![(PatronChange::Lost(refusal.code()), before.group.into())]
                    }
                    (Err(_), Ok(after)) => vec![(PatronChange::Won, after.group.into())],
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
    let mut groups_by_pairs: BTreeMap<(ValuedChange, MemberPairs), BTreeSet<Arc<str>>> = BTreeMap::new();
    for ((patron_change, user_group), sources) in sources_by_target {
        for pairs in pairs(sources) {
            let groups = groups_by_pairs.entry((patron_change.clone(), pairs)).or_default();
            groups.insert(Arc::clone(&user_group));
        }
    }
    let causes = |targets: &BTreeSet<ZoneCode>| {
        change.causes(|collection, zone| {
            *collection == SettingsCollection::LinkedAccountRules && targets.contains(zone)
        })
    };
    let drafts = joined_targets(groups_by_pairs).into_iter().map(|(patron_change, groups, joined)| {
        let values = joined
            .values
            .into_iter()
            .map(|(value, pairs)| (value.to_string(), pairs.targets.len()))
            .collect();
        let pairs = joined.pairs;
        let text = sentence(&patron_change, &counted_values(values), &pairs, &groups, change.after);
        ImpactDraft {
            effect: patron_change.effect(),
            causes: causes(&pairs.targets),
            members: pairs.sources.union(&pairs.targets).cloned().collect(),
            subjects: groups.into_iter().filter(|group| !is_placeholder(group)).collect(),
            text,
        }
    });
    let rest = (!omitted.is_empty()).then(|| {
        let targets = members(&omitted, change.after);
        ImpactDraft {
            effect: ImpactEffect::Unknown,
            causes: causes(&omitted),
            members: omitted,
            subjects: BTreeSet::new(),
            text: format!("impact on patrons at {targets} not evaluated: too many user groups"),
        }
    });
    drafts.chain(rest).collect()
}

/// Joins different values at different targets.
///
/// Few targets keep a sentence for each value, because their names tell more than numbers.
fn joined_targets(
    changes: BTreeMap<(ValuedChange, MemberPairs), BTreeSet<Arc<str>>>,
) -> Vec<(PatronChange, BTreeSet<Arc<str>>, TargetValues)> {
    let mut by_change: BTreeMap<(PatronChange, BTreeSet<Arc<str>>), Vec<TargetValues>> = BTreeMap::new();
    for (((patron_change, value), pairs), groups) in changes {
        let all = by_change.entry((patron_change, groups)).or_default();
        match all.iter_mut().find_map(|joined| joined.pairs.join(&pairs).then_some(&mut joined.values)) {
            Some(values) => values.push((value, pairs)),
            None => all.push(TargetValues { pairs: pairs.clone(), values: vec![(value, pairs)] }),
        }
    }
    let mut result = Vec::new();
    for ((patron_change, groups), all) in by_change {
        for joined in all {
            let values = match joined.pairs.targets.len() <= NAMED {
                true => joined
                    .values
                    .into_iter()
                    .map(|(value, pairs)| TargetValues { pairs: pairs.clone(), values: vec![(value, pairs)] })
                    .collect(),
                false => vec![joined],
            };
            result.extend(values.into_iter().map(|values| (patron_change.clone(), groups.clone(), values)));
        }
    }
    result
}

/// Returns true for a placeholder of user groups that no rule names.
fn is_placeholder(group: &Arc<str>) -> bool {
    matches!(&**group, OTHER | ANY)
}

/// Joins the sources of all targets with the same change at each target.
fn pairs(sources_by_target: BTreeMap<ZoneCode, BTreeSet<ZoneCode>>) -> Vec<MemberPairs> {
    let mut all: Vec<MemberPairs> = Vec::new();
    for (target, sources) in sources_by_target {
        let pairs = MemberPairs { sources, targets: [target].into() };
        if !all.iter_mut().any(|joined| joined.join(&pairs)) {
            all.push(pairs);
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

fn differences(before: &LinkedAccount<'_>, after: &LinkedAccount<'_>) -> Vec<ValuedChange> {
    let mut changes = Vec::new();
    if before.group != after.group {
        changes.push((PatronChange::Group(before.group.into()), after.group.into()));
    }
    let ends: [([&str; 2], EndChange, PatronChange); 2] = [
        (["expiryDate", "expiryFromSource"], PatronChange::Expiry, PatronChange::NoExpiry),
        (["purgeDate", "purgeAfterExpired"], PatronChange::Purge, PatronChange::NoPurge),
    ];
    for (fields, changed_end, no_end) in ends {
        if fields.iter().all(|field| before.rule.text_field(field) == after.rule.text_field(field)) {
            continue;
        }
        match [before, after].map(|account| account_end_text(account, fields)) {
            [before, Some(after)] => {
                let before = before.unwrap_or_else(|| "never".to_owned());
                changes.push((changed_end(before.into()), after.into()));
            }
            [Some(before), None] => changes.push((no_end, before.into())),
            [None, None] => {}
        }
    }
    match (before.copies_blocks, after.copies_blocks) {
        (Some(BlockCopying::None), Some(BlockCopying::Network)) => {
            changes.push((PatronChange::Copied, "".into()));
        }
        (Some(BlockCopying::Network), Some(BlockCopying::None)) => {
            changes.push((PatronChange::NotCopied, "".into()));
        }
        (Some(BlockCopying::None), Some(BlockCopying::None))
        | (Some(BlockCopying::Network), Some(BlockCopying::Network))
        | (None, _)
        | (_, None) => {}
    }
    changes
}

/// Constructor of a changed end date, with the end date before.
type EndChange = fn(Arc<str>) -> PatronChange;

/// Returns the end of an account from the rule; `None` for an account without an end.
///
/// Examples: `on 2027-06-30`, `with the source account`, `1 month after expiry`.
fn account_end_text(linked: &LinkedAccount<'_>, fields: [&str; 2]) -> Option<String> {
    let [day, span] = fields.map(|field| linked.rule.text_field(field));
    match (day, span) {
        (Some(day), _) => Some(format!("on {day}")),
        (None, Some("same")) => Some("with the source account".to_owned()),
        (None, Some(span)) => Some(match (span.strip_prefix('+'), span.strip_prefix('-')) {
            (Some(later), _) => format!("{later} after the source account"),
            (None, Some(earlier)) => format!("{earlier} before the source account"),
            (None, None) => format!("{span} after expiry"),
        }),
        (None, None) => None,
    }
}

fn sentence(
    change: &PatronChange,
    value: &str,
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
    let placeholder = groups.iter().filter(|group| is_placeholder(group)).max();
    let rest =
        placeholder.map(|rest| if **rest == *ANY { "patrons" } else { "patrons of other user groups" });
    let named: BTreeSet<Arc<str>> = groups.iter().filter(|group| !is_placeholder(group)).cloned().collect();
    let patrons = match (named.is_empty(), rest) {
        (true, rest) => rest.unwrap_or_default().to_owned(),
        (false, Some(rest)) if named.len() <= NAMED => {
            joined_with_and(named.iter().map(|group| &**group).chain([rest]))
        }
        (false, Some(rest)) => format!("{} and {rest}", codes(&named, "user group")),
        (false, None) => codes(&named, "user group"),
    };
    let patrons = format!("{patrons} of {sources}");
    let number = usize::from(rest.is_some()) * 2 + named.len();
    let get = verb(number, "gets", "get");
    match change {
        PatronChange::Group(before) => {
            format!("{patrons} {get} user group {value} instead of {before} at {targets}")
        }
        PatronChange::Lost(code) => {
            let lose = verb(number, "loses", "lose");
            format!(
                "{patrons} {lose} user group {value} at {targets} and {get} no linked account (error {code})"
            )
        }
        PatronChange::Won => {
            format!("{patrons} {get} user group {value} at {targets} (previously no linked account)")
        }
        PatronChange::Expiry(before) => {
            format!("linked accounts of {patrons} expire {value} instead of {before} at {targets}")
        }
        PatronChange::NoExpiry => {
            format!("linked accounts of {patrons} no longer expire at {targets} (previously {value})")
        }
        PatronChange::Purge(before) => {
            format!("linked accounts of {patrons} can be purged {value} instead of {before} at {targets}")
        }
        PatronChange::NoPurge => {
            format!("linked accounts of {patrons} can no longer be purged at {targets} (previously {value})")
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

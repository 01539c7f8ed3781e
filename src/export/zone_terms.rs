//! Finds the cheapest selector of a set of zones: all, a role, labels, or lists of codes.

use std::collections::{BTreeSet, HashMap};

use super::zone_set::ZoneSet;
use crate::model::network::{Zone, ZoneRole};
use crate::model::{Network, ZoneCode};

/// Selector of zones in the terms of `appliesTo`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SelectorTerms {
    /// Role word: `members`, `network` or `all`; `None` for the default.
    pub zones: Option<&'static str>,
    /// Labels with their values.
    pub labels: Vec<(String, Vec<String>)>,
    /// Codes of the only zones.
    pub only: Vec<ZoneCode>,
    /// Codes of excluded zones.
    pub except: Vec<ZoneCode>,
}

impl SelectorTerms {
    /// Returns true if the selector has no condition.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Selector with its cost: the higher, the harder to read and to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedSelector {
    /// Selector.
    pub terms: SelectorTerms,
    /// Cost.
    pub cost: usize,
}

/// Cost of one row in an override.
pub(super) const ROW_COST: usize = 4;
/// Cost of a list of codes, and of each code.
const CODE_LIST_COST: usize = 2;
const CODE_COST: usize = 2;
/// Cost of a label, and of each of its values.
const LABEL_COST: usize = 3;
const LABEL_VALUE_COST: usize = 2;
const ROLE_COST: usize = 1;

/// Finds selectors among some zones of a network.
pub struct SelectorFinder<'n> {
    network: &'n Network,
    /// Zones that the default selects.
    default: ZoneSet,
    /// Zones that can be selected.
    within: ZoneSet,
    /// Labels in order of their names.
    labels: Vec<&'n str>,
    known: HashMap<ZoneSet, PricedSelector>,
}

impl<'n> SelectorFinder<'n> {
    /// Finds selectors of manifests, whose default are all members.
    pub fn of_manifests(network: &'n Network) -> Self {
        let members = with_role(network, ZoneRole::Member);
        Self::new(network, members, ZoneSet::from_indices(0..network.zones.len()))
    }

    /// Finds selectors of overrides, whose default are all zones of their manifest.
    pub fn of_overrides(network: &'n Network, manifest_zones: &ZoneSet) -> Self {
        Self::new(network, manifest_zones.clone(), manifest_zones.clone())
    }

    fn new(network: &'n Network, default: ZoneSet, within: ZoneSet) -> Self {
        let labels: BTreeSet<&str> =
            network.zones.iter().flat_map(|zone| zone.labels.keys().map(String::as_str)).collect();
        Self { network, default, within, labels: labels.into_iter().collect(), known: HashMap::new() }
    }

    /// Returns the cheapest selector of exactly these zones.
    pub fn find(&mut self, zones: &ZoneSet) -> PricedSelector {
        if let Some(known) = self.known.get(zones) {
            return known.clone();
        }
        let found = self.compute(zones);
        self.known.insert(zones.clone(), found.clone());
        found
    }

    /// Returns the smallest sets that contain the zones and that a role or labels select, without the zones
    /// themselves.
    pub fn carriers(&self, zones: &ZoneSet) -> Vec<ZoneSet> {
        let conditions = self.conditions(zones);
        let mut sets: Vec<ZoneSet> =
            conditions.into_iter().map(|condition| condition.selected).filter(|set| set != zones).collect();
        sets.sort_by(|one, other| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
        sets.dedup();
        sets
    }

    fn compute(&self, zones: &ZoneSet) -> PricedSelector {
        let listed = self.code_list(zones);
        let described = self.conditions(zones).into_iter().map(|condition| {
            let excluded = condition.selected.without(zones);
            let except = self.codes(&excluded);
            let cost = condition.cost
                + if except.is_empty() { 0 } else { CODE_LIST_COST + CODE_COST * except.len() };
            PricedSelector { terms: SelectorTerms { except, ..condition.terms }, cost }
        });
        // The first of equally cheap selectors: fewer conditions come first.
        described
            .chain([listed])
            .min_by_key(|selector| selector.cost)
            .unwrap_or_else(|| self.code_list(zones))
    }

    fn code_list(&self, zones: &ZoneSet) -> PricedSelector {
        let role = self.roles().into_iter().find(|(_, set, _)| zones.is_within(set));
        let (word, _, role_cost) = role.unwrap_or((Some("all"), ZoneSet::default(), ROLE_COST));
        let only = self.codes(zones);
        let cost = CODE_LIST_COST + CODE_COST * only.len() + role_cost;
        PricedSelector { terms: SelectorTerms { zones: word, only, ..SelectorTerms::default() }, cost }
    }

    /// Returns the role words with their zones and costs, the default first.
    fn roles(&self) -> Vec<(Option<&'static str>, ZoneSet, usize)> {
        let role = |role| with_role(self.network, role).intersection(&self.within);
        let mut roles = vec![(None, self.default.clone(), 0)];
        let words = [
            ("members", role(ZoneRole::Member)),
            ("network", role(ZoneRole::Network)),
            ("all", self.within.clone()),
        ];
        for (word, set) in words {
            if !set.is_empty() && roles.iter().all(|(_, known, _)| *known != set) {
                roles.push((Some(word), set, ROLE_COST));
            }
        }
        roles
    }

    /// Returns the conditions without lists of codes that select all of the zones and perhaps others.
    fn conditions(&self, zones: &ZoneSet) -> Vec<SelectorCondition> {
        let roles: Vec<SelectorCondition> = (self.roles().into_iter())
            .filter(|(_, set, _)| zones.is_within(set))
            .map(|(word, selected, cost)| SelectorCondition {
                terms: SelectorTerms { zones: word, ..SelectorTerms::default() },
                selected,
                cost,
            })
            .collect();
        let Some(widest) = roles.first() else { return roles };
        // The smallest condition of each label that selects all of the zones.
        let single: Vec<SelectorCondition> =
            self.labels.iter().filter_map(|label| self.label_condition(label, zones, widest)).collect();
        let pairs: Vec<SelectorCondition> = (single.iter().enumerate())
            .flat_map(|(index, first)| single[index + 1..].iter().map(move |second| first.and(second)))
            .filter(|pair| single.iter().all(|condition| condition.selected != pair.selected))
            .collect();
        roles.into_iter().chain(single).chain(pairs).collect()
    }

    fn label_condition(
        &self,
        label: &str,
        zones: &ZoneSet,
        role: &SelectorCondition,
    ) -> Option<SelectorCondition> {
        let value_of = |zone: usize| self.network.zones[zone].labels.get(label);
        let values = zones.zones().map(value_of).collect::<Option<BTreeSet<&String>>>()?;
        let selected: ZoneSet = ZoneSet::from_indices(
            role.selected.zones().filter(|zone| value_of(*zone).is_some_and(|value| values.contains(value))),
        );
        let cost = role.cost + LABEL_COST + LABEL_VALUE_COST * values.len();
        let mut terms = role.terms.clone();
        terms.labels.push((label.to_owned(), values.into_iter().cloned().collect()));
        (selected != role.selected).then_some(SelectorCondition { terms, selected, cost })
    }

    fn codes(&self, zones: &ZoneSet) -> Vec<ZoneCode> {
        zones.zones().map(|zone| self.network.zones[zone].code.clone()).collect()
    }
}

/// Conditions of a selector, with the zones that match them.
#[derive(Debug, Clone)]
struct SelectorCondition {
    terms: SelectorTerms,
    selected: ZoneSet,
    cost: usize,
}

impl SelectorCondition {
    fn and(&self, other: &Self) -> Self {
        let mut terms = self.terms.clone();
        terms.labels.extend(other.terms.labels.iter().cloned());
        let selected = self.selected.intersection(&other.selected);
        Self { terms, selected, cost: self.cost + other.cost }
    }
}

fn with_role(network: &Network, role: ZoneRole) -> ZoneSet {
    let has_role = |zone: &Zone| zone.role == role;
    ZoneSet::from_indices((0..network.zones.len()).filter(|index| has_role(&network.zones[*index])))
}

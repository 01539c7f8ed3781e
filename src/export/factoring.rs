//! Factors the rows of a table: each row once, with overrides for the zones that differ.
//!
//! For each key the zones form groups of equal values. The group that is cheapest to write as the shared row
//! becomes the base. Each other group gets the override with the cheapest selector. A selector that many rows
//! use may also cover zones of another group, if a later override corrects them.

use std::collections::{BTreeMap, HashMap};

use super::outliers::{self, RowOutlier};
use super::table_rows::{ExportRow, FieldTerm, RowValues, TableRows};
use super::variables;
use super::zone_set::ZoneSet;
use super::zone_terms::{ROW_COST, SelectorFinder, SelectorTerms};
use crate::model::{FieldName, FieldValue, Network, RecordKey};

/// Table as a manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FactoredTable {
    /// Selector of the manifest's zones.
    pub applies_to: SelectorTerms,
    /// Shared rows, in order of their keys.
    pub rows: Vec<FactoredRow>,
    /// Overrides, in order: later ones take precedence.
    pub overrides: Vec<FactoredOverride>,
    /// Values that few of many zones have.
    pub outliers: Vec<RowOutlier>,
}

/// Rows of some of the manifest's zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactoredOverride {
    /// Selector among the manifest's zones.
    pub applies_to: SelectorTerms,
    /// Zones of the selector.
    pub zones: ZoneSet,
    /// Rows, in order of their keys.
    pub rows: Vec<FactoredRow>,
}

/// Row of a manifest or of an override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactoredRow {
    /// Key.
    pub key: RecordKey,
    /// Content besides the key.
    pub content: RowContent,
}

/// Content of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowContent {
    /// Fields that the row sets.
    Fields(RowValues),
    /// No such row: `managed: false`, so that a row that appears later is the zone's own.
    Unmanaged,
}

impl FactoredTable {
    /// Returns the number of rows, overrides included.
    pub fn row_count(&self) -> usize {
        self.rows.len() + self.overrides.iter().map(|part| part.rows.len()).sum::<usize>()
    }
}

/// Factors the rows of a table.
pub fn factor(mut table: TableRows, network: &Network) -> FactoredTable {
    variables::recognize_variables(&mut table, network);
    let groups: Vec<(&RecordKey, ZoneGroups)> =
        table.rows.iter().map(|(key, rows)| (key, ZoneGroups::collect(rows, &table, key))).collect();
    let mut prices = SelectorPrices::new(network, &table.zones);
    for (_, groups) in &groups {
        groups.sets().for_each(|set| prices.count(set));
    }
    prices.count_carriers(groups.iter().flat_map(|(_, groups)| groups.sets()));

    let mut rows = Vec::new();
    let mut overrides: BTreeMap<OverrideOrder, Vec<FactoredRow>> = BTreeMap::new();
    for (key, groups) in &groups {
        let layers = choose_layers(groups, &table.zones, network, &mut prices);
        if let Some(values) = &layers.base {
            let content = RowContent::Fields((*values).clone());
            rows.push(FactoredRow { key: (*key).clone(), content });
        }
        for (set, content) in layers.rows(&table.zones) {
            let row = FactoredRow { key: (*key).clone(), content };
            overrides.entry(OverrideOrder::new(set)).or_default().push(row);
        }
    }
    let overrides = overrides.into_iter().map(|(order, rows)| FactoredOverride {
        applies_to: prices.finder.find(&order.zones).terms,
        zones: order.zones,
        rows,
    });
    let overrides = overrides.collect();
    let applies_to = SelectorFinder::of_manifests(network).find(&table.zones).terms;
    let outliers = outliers::find(&table, &groups, network);
    FactoredTable { applies_to, rows, overrides, outliers }
}

/// Zones of a key, by value.
pub(super) struct ZoneGroups<'a> {
    /// Values with their zones, the largest group first.
    pub(super) present: Vec<(&'a RowValues, ZoneSet)>,
    /// Zones without the row.
    pub(super) missing: ZoneSet,
    /// True if other manifests declare the row in some zones, so that it cannot be shared.
    is_claimed: bool,
}

impl<'a> ZoneGroups<'a> {
    fn collect(rows: &'a BTreeMap<usize, ExportRow>, table: &TableRows, key: &RecordKey) -> Self {
        let mut by_value: BTreeMap<&RowValues, ZoneSet> = BTreeMap::new();
        for (zone, row) in rows {
            by_value.entry(&row.values).or_default().insert(*zone);
        }
        let mut present: Vec<(&RowValues, ZoneSet)> = by_value.into_iter().collect();
        present.sort_by(|(_, one), (_, other)| other.len().cmp(&one.len()).then_with(|| other.cmp(one)));
        let missing = table.zones.without(&ZoneSet::from_indices(rows.keys().copied()));
        let claimed = table.claimed.get(key).filter(|claimed| !claimed.is_empty());
        let missing = claimed.map_or(missing.clone(), |claimed| missing.without(claimed));
        Self { present, missing, is_claimed: claimed.is_some() }
    }

    fn sets(&self) -> impl Iterator<Item = &ZoneSet> {
        self.present.iter().map(|(_, set)| set).chain(Some(&self.missing).filter(|set| !set.is_empty()))
    }

    fn zone_count(&self) -> usize {
        self.sets().map(ZoneSet::len).sum()
    }

    /// Returns all groups; zones without the row have the value `None`.
    fn all(&self) -> impl Iterator<Item = (Option<&'a RowValues>, &ZoneSet)> {
        let missing = Some((None, &self.missing)).filter(|(_, set)| !set.is_empty());
        self.present.iter().map(|(values, set)| (Some(*values), set)).chain(missing)
    }
}

/// Prices of selectors: a selector that many rows use is cheap for each of them.
struct SelectorPrices<'n> {
    finder: SelectorFinder<'n>,
    uses: HashMap<ZoneSet, usize>,
    carrier_uses: HashMap<ZoneSet, usize>,
    carriers: HashMap<ZoneSet, Vec<ZoneSet>>,
}

impl<'n> SelectorPrices<'n> {
    fn new(network: &'n Network, zones: &ZoneSet) -> Self {
        let finder = SelectorFinder::of_overrides(network, zones);
        Self { finder, uses: HashMap::new(), carrier_uses: HashMap::new(), carriers: HashMap::new() }
    }

    fn count(&mut self, set: &ZoneSet) {
        *self.uses.entry(set.clone()).or_default() += 1;
    }

    fn count_carriers<'s>(&mut self, sets: impl Iterator<Item = &'s ZoneSet>) {
        for set in sets {
            for carrier in self.carriers(set) {
                *self.carrier_uses.entry(carrier).or_default() += 1;
            }
        }
    }

    /// Returns the sets that can carry a value of these zones: few of their zones have another value.
    fn carriers(&mut self, set: &ZoneSet) -> Vec<ZoneSet> {
        if let Some(known) = self.carriers.get(set) {
            return known.clone();
        }
        let is_near = |carrier: &ZoneSet| (carrier.len() - set.len()) * 3 <= set.len();
        let found: Vec<ZoneSet> = match set.len() {
            0..3 => Vec::new(),
            _ => self.finder.carriers(set).into_iter().filter(is_near).collect(),
        };
        self.carriers.insert(set.clone(), found.clone());
        found
    }

    /// Returns the part of a selector's cost that one row pays.
    fn price(&mut self, set: &ZoneSet) -> usize {
        let uses = self.uses.get(set).copied().unwrap_or_default()
            + self.carrier_uses.get(set).copied().unwrap_or_default();
        self.finder.find(set).cost.div_ceil(uses.max(1))
    }
}

/// Values of one key by set of zones, in the order of overrides.
struct RowLayers<'a> {
    base: Option<&'a RowValues>,
    /// Value of each zone.
    goal: Vec<(Option<&'a RowValues>, ZoneSet)>,
    overrides: Vec<(Option<&'a RowValues>, ZoneSet)>,
}

/// Number of largest groups that may become the base.
const BASE_CANDIDATES: usize = 3;

fn choose_layers<'a>(
    groups: &ZoneGroups<'a>,
    zones: &ZoneSet,
    network: &Network,
    prices: &mut SelectorPrices<'_>,
) -> RowLayers<'a> {
    let cost_of = |set: &ZoneSet, prices: &mut SelectorPrices<'_>| ROW_COST + prices.price(set);
    let total: usize = groups.present.iter().map(|(_, set)| cost_of(set, prices)).sum();
    let missing = match groups.missing.is_empty() {
        true => 0,
        false => cost_of(&groups.missing, prices),
    };
    // Without a base, each group is an override; with one, its zones need none, but the zones without the row do.
    let mut cheapest = (total, None);
    // A value that no two zones share is nobody's common value.
    let is_common = |set: &ZoneSet| !groups.is_claimed && (set.len() > 1 || groups.zone_count() < 3);
    let can_be_base = |(values, set): &&(&RowValues, ZoneSet)| {
        is_common(set) && variables::are_defined(values, zones, network)
    };
    for (values, set) in groups.present.iter().take(BASE_CANDIDATES).filter(can_be_base) {
        let cost = total - cost_of(set, prices) + ROW_COST + missing;
        if cost < cheapest.0 || cheapest.1.is_none() && cost == cheapest.0 {
            cheapest = (cost, Some(*values));
        }
    }
    let base = cheapest.1;
    let goal: Vec<(Option<&RowValues>, ZoneSet)> =
        groups.all().map(|(values, set)| (values, set.clone())).collect();
    let differing = || goal.iter().filter(|(values, _)| *values != base);
    let exact = || RowLayers { base, goal: goal.clone(), overrides: differing().cloned().collect() };

    let mut overrides: Vec<(Option<&RowValues>, ZoneSet)> = Vec::new();
    let mut has_carrier = false;
    for (values, set) in differing() {
        let exact_cost = prices.price(set);
        let carriers = prices
            .carriers(set)
            .into_iter()
            .filter(|carrier| values.is_none_or(|values| variables::are_defined(values, carrier, network)));
        let carriers: Vec<ZoneSet> = carriers.collect();
        let carrier = carriers.into_iter().map(|carrier| {
            let corrections = carrier.without(set).len();
            (prices.price(&carrier) + corrections * (ROW_COST + 1), carrier)
        });
        let carrier = carrier.min_by_key(|(cost, _)| *cost).filter(|(cost, _)| *cost < exact_cost);
        has_carrier |= carrier.is_some();
        overrides.push((*values, carrier.map_or_else(|| set.clone(), |(_, carrier)| carrier)));
    }
    if !has_carrier || groups.is_claimed {
        return exact();
    }
    let mut layers = RowLayers { base, goal: goal.clone(), overrides };
    match layers.correct() {
        true => layers,
        false => exact(),
    }
}

impl<'a> RowLayers<'a> {
    /// Adds overrides for the zones whose value another override replaces. Returns false if that is not
    /// possible.
    fn correct(&mut self) -> bool {
        let wrong = self.wrong_zones();
        self.overrides.extend(wrong);
        self.wrong_zones().is_empty()
    }

    fn wrong_zones(&mut self) -> Vec<(Option<&'a RowValues>, ZoneSet)> {
        self.overrides.sort_by_cached_key(|(_, set)| OverrideOrder::new(set.clone()));
        let value_at = |zone: usize| {
            let last = self.overrides.iter().rev().find(|(_, set)| set.contains(zone));
            last.map_or(self.base, |(values, _)| *values)
        };
        let wrong = self.goal.iter().map(|(values, set)| {
            let zones = set.zones().filter(|zone| value_at(*zone) != *values);
            (*values, ZoneSet::from_indices(zones))
        });
        wrong.filter(|(_, set)| !set.is_empty()).collect()
    }

    /// Returns the rows of the overrides: only the fields that differ from what earlier ones leave.
    fn rows(mut self, zones: &ZoneSet) -> Vec<(ZoneSet, RowContent)> {
        self.overrides.sort_by_cached_key(|(_, set)| OverrideOrder::new(set.clone()));
        let mut state: BTreeMap<usize, Option<&RowValues>> =
            zones.zones().map(|zone| (zone, self.base)).collect();
        let mut rows = Vec::new();
        for (values, set) in self.overrides {
            let mut before: Vec<Option<&RowValues>> =
                set.zones().map(|zone| state.get(&zone).copied().flatten()).collect();
            before.sort();
            before.dedup();
            rows.extend(content(values, &before).map(|content| (set.clone(), content)));
            state.extend(set.zones().map(|zone| (zone, values)));
        }
        rows
    }
}

/// Returns the content that changes each of some values to a value; `None` if nothing changes.
fn content(values: Option<&RowValues>, before: &[Option<&RowValues>]) -> Option<RowContent> {
    let Some(values) = values else {
        return before.iter().any(Option::is_some).then_some(RowContent::Unmanaged);
    };
    let is_new = before.contains(&None);
    let differs =
        |field: &FieldName| before.iter().flatten().any(|earlier| earlier.get(field) != values.get(field));
    let mut fields: RowValues = values
        .iter()
        .filter(|(field, _)| is_new || differs(field))
        .map(|(field, term)| (field.clone(), term.clone()))
        .collect();
    for field in before.iter().flatten().flat_map(|earlier| earlier.keys()) {
        if !values.contains_key(field) {
            fields.insert(field.clone(), FieldTerm::Value(FieldValue::Null));
        }
    }
    (is_new || !fields.is_empty()).then_some(RowContent::Fields(fields))
}

/// Order of overrides: those of many zones first, so that those of few zones take precedence.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OverrideOrder {
    size: std::cmp::Reverse<usize>,
    zones: ZoneSet,
}

impl OverrideOrder {
    fn new(zones: ZoneSet) -> Self {
        Self { size: std::cmp::Reverse(zones.len()), zones }
    }
}

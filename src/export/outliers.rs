//! Finds likely mistakes: values that one or two of many zones have.

use std::collections::BTreeMap;

use super::factoring::ZoneGroups;
use super::table_rows::{RowValues, TableRows};
use super::zone_set::ZoneSet;
use super::zone_terms::SelectorFinder;
use crate::model::network::ZoneRole;
use crate::model::{Network, RecordKey};

/// Smallest number of zones in which an exception stands out.
const MANY_ZONES: usize = 5;
/// Largest number of zones with the same exception.
const FEW_ZONES: usize = 2;
/// Smallest share of the zones that agree, in percent.
const MOST_PERCENT: usize = 60;

/// Value that few of many zones have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOutlier {
    /// Key of the row.
    pub key: RecordKey,
    /// Zones with the value.
    pub zones: Vec<OutlierZone>,
    /// Value of these zones; `None` if the row is missing.
    pub found: Option<RowValues>,
    /// Value of most zones; `None` if most have no such row.
    pub usual: Option<RowValues>,
    /// Number of zones with the usual value.
    pub usual_zones: usize,
    /// Key of most zones that differs only in case or spaces.
    pub similar_key: Option<RecordKey>,
}

/// Zone with an unusual value, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlierZone {
    /// Index of the zone.
    pub zone: usize,
    /// Last editor of the row, if the zone reports one.
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it.
    pub update_date: Option<String>,
}

/// Returns the outliers, in order of the keys.
pub(super) fn find(
    table: &TableRows,
    groups: &[(&RecordKey, ZoneGroups<'_>)],
    network: &Network,
) -> Vec<RowOutlier> {
    // The Network Zone differs from its members by its role.
    let is_member = |zone: &usize| network.zones[*zone].role == ZoneRole::Member;
    let members = ZoneSet::from_indices(table.zones.zones().filter(is_member));
    if members.len() < MANY_ZONES {
        return Vec::new();
    }
    let mut common_keys: BTreeMap<String, &RecordKey> = BTreeMap::new();
    for (key, groups) in groups {
        if (members.len() - groups.missing.intersection(&members).len()) * 100 >= members.len() * MOST_PERCENT
        {
            common_keys.insert(folded(key), key);
        }
    }
    let mut finder = SelectorFinder::of_overrides(network, &table.zones);
    // What labels describe is a decision.
    let mut is_described = |zones: &ZoneSet| {
        let terms = finder.find(zones).terms;
        zones.len() > 1 && terms.only.is_empty() && terms.except.is_empty()
    };
    let mut found = Vec::new();
    for (key, groups) in groups {
        let mut values: Vec<(Option<&RowValues>, ZoneSet)> = (groups.present.iter())
            .map(|(values, set)| (Some(*values), set.intersection(&members)))
            .chain([(None, groups.missing.intersection(&members))])
            .filter(|(_, set)| !set.is_empty())
            .collect();
        values.sort_by_key(|(_, set)| std::cmp::Reverse(set.len()));
        let Some((usual, most)) = values.first().cloned() else { continue };
        if most.len() * 100 < members.len() * MOST_PERCENT {
            continue;
        }
        let similar_key = common_keys.get(&folded(key)).copied().filter(|common| common != key);
        let is_few = |set: &ZoneSet| set.len() <= FEW_ZONES || usual.is_none() && similar_key.is_some();
        for (value, set) in values.iter().skip(1).filter(|(_, set)| is_few(set)) {
            if similar_key.is_none() && is_described(set) {
                continue;
            }
            // Rows of their own are usual, unless they look like a common row.
            if usual.is_none() && similar_key.is_none() {
                continue;
            }
            let zone = |zone: usize| {
                let row = table.rows.get(*key).and_then(|rows| rows.get(&zone));
                OutlierZone {
                    zone,
                    updated_by: row.and_then(|row| row.updated_by.clone()),
                    update_date: row.and_then(|row| row.update_date.clone()),
                }
            };
            found.push(RowOutlier {
                key: (*key).clone(),
                zones: set.zones().map(zone).collect(),
                found: value.cloned(),
                usual: usual.cloned(),
                usual_zones: most.len(),
                similar_key: similar_key.cloned(),
            });
        }
    }
    found
}

/// Returns a key without differences that people overlook.
fn folded(key: &RecordKey) -> String {
    let parts: Vec<String> = key
        .0
        .iter()
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
        .collect();
    parts.join("|")
}

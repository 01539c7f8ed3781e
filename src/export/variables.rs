//! Recognizes variables: a field that differs between zones as a variable of the zones does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::table_rows::{ExportRow, FieldTerm, RowValues, TableRows};
use super::zone_set::ZoneSet;
use crate::model::network::Zone;
use crate::model::{FieldName, FieldValue, Network};

/// Smallest number of zones that show a variable, if others have another value.
const ENOUGH_ZONES: usize = 3;

/// Replaces values by variables.
///
/// Only variables of all zones with the row are used. A shared row is also expanded in the other zones, so its
/// variables must be known there, too: see [`are_defined`].
pub fn recognize_variables(table: &mut TableRows, network: &Network) {
    let any_zone = table.zones.zones().any(|zone| !network.zones[zone].vars.is_empty());
    if !any_zone {
        return;
    }
    for rows in table.rows.values_mut() {
        let zones = ZoneSet::from_indices(rows.keys().copied());
        let variables = common_variables(network, &zones);
        let fields: BTreeSet<FieldName> =
            rows.values().flat_map(|row| row.values.keys().map(Arc::clone)).collect();
        for field in fields.iter().filter(|_| !variables.is_empty()) {
            recognize_in_field(rows, field, &variables, network);
        }
    }
}

fn recognize_in_field(
    rows: &mut BTreeMap<usize, ExportRow>,
    field: &FieldName,
    variables: &[&str],
    network: &Network,
) {
    let texts: BTreeMap<usize, &str> = (rows.iter())
        .filter_map(|(zone, row)| match row.values.get(field)? {
            FieldTerm::Value(FieldValue::Text(text)) => Some((*zone, &**text)),
            FieldTerm::Value(_) | FieldTerm::Variable(_) => None,
        })
        .collect();
    let matching = |variable: &str| -> ZoneSet {
        let is_value = |zone: usize, text: &str| {
            network.zones[zone].vars.get(variable).is_some_and(|value| value == text)
        };
        ZoneSet::from_indices(
            texts.iter().filter(|(zone, text)| is_value(**zone, text)).map(|(zone, _)| *zone),
        )
    };
    let best = variables.iter().map(|variable| (*variable, matching(variable)));
    let Some((variable, zones)) = best.rev().max_by_key(|(_, zones)| zones.len()) else { return };
    let distinct: BTreeSet<&str> = zones.zones().map(|zone| texts[&zone]).collect();
    let is_shown = distinct.len() > 1
        && (zones.len() == rows.len() || zones.len() >= ENOUGH_ZONES && zones.len() * 5 >= rows.len() * 3);
    if is_shown {
        let variable: Arc<str> = variable.into();
        for zone in zones.zones() {
            if let Some(row) = rows.get_mut(&zone) {
                row.values.insert(Arc::clone(field), FieldTerm::Variable(Arc::clone(&variable)));
            }
        }
    }
}

/// Returns true if all variables of a row have a text in each of the zones.
pub(super) fn are_defined(values: &RowValues, zones: &ZoneSet, network: &Network) -> bool {
    let is_defined = |variable: &str| {
        zones.zones().all(|zone| network.zones[zone].vars.get(variable).is_some_and(|text| !text.is_empty()))
    };
    values.values().all(|term| match term {
        FieldTerm::Value(_) => true,
        FieldTerm::Variable(variable) => is_defined(variable),
    })
}

/// Returns the variables with a text in each of the zones.
pub fn common_variables<'n>(network: &'n Network, zones: &ZoneSet) -> Vec<&'n str> {
    let has_text = |zone: &Zone, variable: &str| zone.vars.get(variable).is_some_and(|text| !text.is_empty());
    let Some(first) = zones.zones().next() else { return Vec::new() };
    let names = network.zones[first].vars.keys().map(String::as_str);
    names.filter(|name| zones.zones().all(|zone| has_text(&network.zones[zone], name))).collect()
}

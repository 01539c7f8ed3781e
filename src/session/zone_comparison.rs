//! Comparison of the tables of zones: rows and fields in which the forms of a table differ.

use std::collections::{BTreeMap, BTreeSet};

use super::table_inventory::find_table;
use crate::export::choose_key;
use crate::model::{FieldName, FieldValue, Network, ObservedCollection, ObservedState, Record, ZoneCode};
use crate::render::json::comparison::{
    ComparisonJson, DifferingRowJson, DifferingTableJson, FormDifferenceJson,
};
use crate::render::json::tables::{ListedTableJson, TablesJson};

/// Key field of code tables.
const CODE: &str = "code";

/// Compares the forms of each table with its first form: the most frequent one, or the one of the first zone of
/// `pair`. `inventory` must come from `observed`.
pub fn compare_zones(
    network: &Network,
    mut inventory: TablesJson,
    observed: &ObservedState,
    pair: Option<[ZoneCode; 2]>,
) -> ComparisonJson {
    if let Some([first, _]) = &pair {
        for content in inventory.tables.iter_mut().filter_map(|table| table.content.as_mut()) {
            content.forms.sort_by_key(|form| !form.zones.contains(first));
        }
    }
    let names = inventory.zones.iter().filter_map(|asked| network.zone(&asked.zone));
    let names = names.map(|zone| (zone.code.to_string(), zone.name.clone())).collect();
    let differences = inventory.tables.iter().filter_map(|table| differing_table(table, observed)).collect();
    ComparisonJson { pair, snapshot: None, names, inventory, differences }
}

/// Returns the differences between the forms of a table; `None` for a table with at most one form.
fn differing_table(table: &ListedTableJson, observed: &ObservedState) -> Option<DifferingTableJson> {
    let forms = &table.content.as_ref()?.forms;
    let contents: Vec<&ObservedCollection> = forms
        .iter()
        .filter_map(|form| observed.zones.get(form.zones.first()?))
        .filter_map(|zone| find_table(zone, &table.kind, &table.code)?.as_ref().ok())
        .collect();
    let (reference, others) = contents.split_first().filter(|(_, others)| !others.is_empty())?;
    let key = key_fields(&contents);
    let others = others.iter().zip(&forms[1..]);
    let differences = others.map(|(other, form)| form_difference(reference, other, &key, form.zones.clone()));
    Some(DifferingTableJson {
        kind: table.kind.clone(),
        code: table.code.clone(),
        reference: forms[0].zones.clone(),
        forms: differences.collect(),
        key: key.iter().map(|field| shown_name(reference, field)).collect(),
    })
}

/// Returns the fields that tell the rows of each form apart; none if only whole rows do.
fn key_fields(contents: &[&ObservedCollection]) -> Vec<FieldName> {
    let rows: Vec<_> = contents.iter().map(|table| table.records.as_slice()).collect();
    let fields = || rows.iter().copied().flatten().flat_map(|row| row.fields.keys());
    let columns = match contents.iter().find(|table| !table.columns.is_empty()) {
        _ if fields().any(|field| **field == *CODE) => vec![CODE.into()],
        Some(table) => table.columns.clone(),
        None => fields().cloned().collect::<BTreeSet<_>>().into_iter().collect(),
    };
    choose_key(&columns, &rows).unwrap_or_default()
}

/// Returns the difference of a form from the first form.
fn form_difference(
    reference: &ObservedCollection,
    other: &ObservedCollection,
    key: &[FieldName],
    zones: Vec<ZoneCode>,
) -> FormDifferenceJson {
    let mut difference =
        FormDifferenceJson { zones, added: Vec::new(), missing: Vec::new(), changed: Vec::new() };
    let (mut reference_rows, mut other_rows) = (rows_by_key(reference, key), rows_by_key(other, key));
    let keys: BTreeSet<Vec<FieldValue>> = reference_rows.keys().chain(other_rows.keys()).cloned().collect();
    for row_key in keys {
        let mut before = reference_rows.remove(&row_key).unwrap_or_default().into_iter();
        let mut after = other_rows.remove(&row_key).unwrap_or_default().into_iter();
        loop {
            match (before.next(), after.next()) {
                (Some(old), Some(new)) => {
                    let fields = differing_fields(old, new, other);
                    if !fields.is_empty() {
                        let key_of = |field: &FieldName| Some((field.clone(), new.get(field)?.clone()));
                        let key = shown_row(&key.iter().filter_map(key_of).collect(), other);
                        difference.changed.push(DifferingRowJson { key, fields });
                    }
                }
                (Some(old), None) => difference.missing.push(shown_row(old, reference)),
                (None, Some(new)) => difference.added.push(shown_row(new, other)),
                (None, None) => break,
            }
        }
    }
    difference
}

/// Returns the rows by their key fields, or by their whole content without key fields.
fn rows_by_key<'t>(
    table: &'t ObservedCollection,
    key: &[FieldName],
) -> BTreeMap<Vec<FieldValue>, Vec<&'t Record>> {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in table.records.iter().map(|record| &record.fields) {
        let value = |field| row.get(field).cloned().unwrap_or_default();
        let row_key = match key {
            [] => {
                let filled = row.iter().filter(|(_, value)| **value != FieldValue::Null);
                filled.flat_map(|(field, value)| [FieldValue::from(&**field), value.clone()]).collect()
            }
            key => key.iter().map(value).collect::<Vec<_>>(),
        };
        rows.entry(row_key).or_default().push(row);
    }
    rows
}

fn differing_fields(
    old: &Record,
    new: &Record,
    table: &ObservedCollection,
) -> BTreeMap<FieldName, [FieldValue; 2]> {
    let fields: BTreeSet<&FieldName> = old.keys().chain(new.keys()).collect();
    let values = fields.into_iter().map(|field| {
        let [before, after] = [old, new].map(|row| row.get(field).cloned().unwrap_or_default());
        (shown_name(table, field), [before, after])
    });
    values.filter(|(_, [before, after])| before != after).collect()
}

/// Returns a row without its empty fields, by the names that people use.
fn shown_row(row: &Record, table: &ObservedCollection) -> Record {
    let filled = row.iter().filter(|(_, value)| **value != FieldValue::Null);
    filled.map(|(field, value)| (shown_name(table, field), value.clone())).collect()
}

/// Returns the name that people use for a field.
fn shown_name(table: &ObservedCollection, field: &FieldName) -> FieldName {
    let mut names = table.aliases.iter().filter(|(_, own)| *own == field).map(|(name, _)| name);
    names.next().unwrap_or(field).clone()
}

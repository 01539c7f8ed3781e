//! Text of `zonal compare`.

use super::formatting::{ADD, CHANGE, REMOVE, count, safe, styled, zone_list};
use super::tables::exceptions;
use crate::model::{FieldName, Record, ZoneCode};
use crate::render::json::comparison::{
    ComparisonJson, DifferingRowJson, DifferingTableJson, FormDifferenceJson,
};
use crate::render::json::tables::{ListedTableJson, TableFormJson};
use crate::render::text_difference::{brief, distinct_texts};

/// Number of zones up to which a form shows their names.
const NAMED_ZONES: usize = 3;

/// Returns the comparison as text: the tables that differ with their rows, then the number of equal tables.
pub fn comparison(compared: &ComparisonJson) -> String {
    let mut out = header(compared);
    for difference in &compared.differences {
        let mut tables = compared.inventory.tables.iter();
        let table = tables.find(|table| (&table.kind, &table.code) == (&difference.kind, &difference.code));
        if let Some(table) = table {
            out.push_str(&match &compared.pair {
                Some(pair) => pair_difference(table, difference, pair),
                None => all_forms(table, difference, compared),
            });
            out.push('\n');
        }
    }
    out.push_str(&exceptions(&compared.inventory));
    out.push_str(&totals(compared));
    out
}

fn header(compared: &ComparisonJson) -> String {
    let mut out = String::new();
    if let Some(file) = &compared.snapshot {
        out.push_str(&format!("Compared in the snapshot {}: no zone was asked.\n", safe(file)));
    }
    match &compared.pair {
        Some(pair) => {
            let zones = pair.each_ref().map(|zone| named(zone, compared));
            out.push_str(&format!("{} and {}, table by table.\n\n", zones[0], zones[1]));
        }
        None if compared.differences.is_empty() => {}
        None => out.push_str(
            "Forms are compared with form 1 of the table: + only here, - missing here, ~ other values.\n\n",
        ),
    }
    out
}

fn named(zone: &ZoneCode, compared: &ComparisonJson) -> String {
    match compared.names.get(zone.as_str()) {
        Some(name) if name != zone.as_str() => format!("{} ({})", safe(zone), safe(name)),
        Some(_) | None => safe(zone),
    }
}

fn title(table: &ListedTableJson) -> String {
    let address = format!("{}/{}", safe(&table.kind), safe(&table.code));
    match table.name.as_str() {
        "" => address,
        name => format!("{address}  {}", safe(name)),
    }
}

fn forms(table: &ListedTableJson) -> &[TableFormJson] {
    table.content.as_ref().map_or(&[], |content| &content.forms)
}

/// Returns a table of two zones.
fn pair_difference(
    table: &ListedTableJson,
    difference: &DifferingTableJson,
    [first, second]: &[ZoneCode; 2],
) -> String {
    let sizes: Vec<String> = [first, second]
        .iter()
        .zip(forms(table))
        .map(|(zone, form)| format!("{} in {}", count(form.rows, "row"), safe(zone)))
        .collect();
    let mut out = format!("{}: {}\n", title(table), sizes.join(", "));
    for form in &difference.forms {
        for (zone, rows) in [(first, &form.missing), (second, &form.added)] {
            if !rows.is_empty() {
                out.push_str(&format!("  only in {}\n", safe(zone)));
                out.extend(rows.iter().map(|row| format!("    {}\n", row_text(row, &difference.key))));
            }
        }
        if !form.changed.is_empty() {
            out.push_str(&format!("  different: {} -> {}\n", safe(first), safe(second)));
            out.extend(
                form.changed.iter().map(|row| format!("    {}\n", changed_text(row, &difference.key))),
            );
        }
    }
    out
}

/// Returns a table of all zones: each form with its zones and its difference from the first form.
fn all_forms(table: &ListedTableJson, difference: &DifferingTableJson, compared: &ComparisonJson) -> String {
    let mut out = format!("{}: {}\n", title(table), count(forms(table).len(), "form"));
    let differences = std::iter::once(None).chain(difference.forms.iter().map(Some));
    for (index, (form, differing)) in forms(table).iter().zip(differences).enumerate() {
        let size = format!("{}, {}", count(form.zones.len(), "zone"), count(form.rows, "row"));
        let zones = match form.zones.len() <= NAMED_ZONES {
            true => {
                let zones: Vec<String> = form.zones.iter().map(|zone| named(zone, compared)).collect();
                format!("    {}", zones.join(", "))
            }
            false => zone_list(&form.zones, "    "),
        };
        out.push_str(&format!("  form {}: {size}\n{zones}\n", index + 1));
        out.extend(differing.map(|differing| marked_rows(differing, &difference.key)));
    }
    out
}

fn marked_rows(difference: &FormDifferenceJson, key: &[FieldName]) -> String {
    let rows = |rows: &[Record], style, mark: &str| -> String {
        rows.iter().map(|row| format!("      {} {}\n", styled(style, mark), row_text(row, key))).collect()
    };
    let changed = difference.changed.iter();
    let changed = changed.map(|row| format!("      {} {}\n", styled(CHANGE, '~'), changed_text(row, key)));
    [rows(&difference.added, ADD, "+"), rows(&difference.missing, REMOVE, "-"), changed.collect()].concat()
}

/// Returns a row: the values of its key, then its other fields.
fn row_text(row: &Record, key: &[FieldName]) -> String {
    let others = row.iter().filter(|(field, _)| !key.contains(field));
    let others: Vec<String> =
        others.map(|(field, value)| format!("{} {}", safe(field), brief(value))).collect();
    let parts = [key_text(row, key), others.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

fn changed_text(row: &DifferingRowJson, key: &[FieldName]) -> String {
    let fields = row.fields.iter().map(|(field, [before, after])| {
        let (before, after) = distinct_texts(before, after);
        format!("{} {before} -> {after}", safe(field))
    });
    format!("{}  {}", key_text(&row.key, key), fields.collect::<Vec<_>>().join(", "))
}

/// Returns the values of the key, in the order of the table's columns.
fn key_text(row: &Record, key: &[FieldName]) -> String {
    key.iter().filter_map(|field| row.get(field)).map(brief).collect::<Vec<_>>().join(" / ")
}

/// Returns the number of tables that differ, are the same, and have no counterpart.
fn totals(compared: &ComparisonJson) -> String {
    let asked = compared.inventory.zones.len();
    let (mut equal, mut partial) = (0, 0);
    for table in &compared.inventory.tables {
        match forms(table) {
            [form] if form.zones.len() == asked => equal += 1,
            [_] | [] => partial += 1,
            [_, _, ..] => {}
        }
    }
    let differing = match compared.differences.len() {
        0 => String::new(),
        number => format!("{} with differences. ", count(number, "table")),
    };
    let partial = match (partial, &compared.pair) {
        (0, _) => String::new(),
        (number, Some(_)) => format!(" {} with rows of at most one zone.", count(number, "table")),
        (number, None) => format!(" {} the same in the zones that show them.", count(number, "table")),
    };
    let zones = if compared.pair.is_some() { "both zones".to_owned() } else { format!("all {asked} zones") };
    format!("{differing}{} the same in {zones}.{partial}\n", count(equal, "table"))
}

//! Text of `zonal tables`.

use std::collections::BTreeMap;

use super::formatting::{count, safe, zone_list};
use crate::model::ZoneCode;
use crate::render::json::tables::{ListedTableJson, TablesJson};

/// Detail of the forms of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableDetail {
    /// Number of rows and forms.
    Counts,
    /// Number of rows and forms, and the zones of each form.
    ZonesOfForms,
}

/// Returns the inventory as text: one line a table, then what differs between the zones.
pub fn tables(inventory: &TablesJson, detail: TableDetail) -> String {
    let answered = inventory.zones.iter().filter(|zone| zone.failure.is_none()).count();
    let mut out = grid(inventory, answered);
    if detail == TableDetail::ZonesOfForms {
        inventory.tables.iter().for_each(|table| out.push_str(&forms(table)));
    }
    out.push_str(&exceptions(inventory));
    let types = |kind: &str| inventory.tables.iter().filter(|table| &*table.kind == kind).count();
    let kinds: BTreeMap<&str, usize> =
        (inventory.tables.iter()).map(|table| (&*table.kind, types(&table.kind))).collect();
    let kinds: Vec<String> = kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    let zones = match answered == inventory.zones.len() {
        true => count(answered, "zone"),
        false => format!("{answered} of {}", count(inventory.zones.len(), "zone")),
    };
    let number = count(inventory.tables.len(), "table");
    out.push_str(&format!(
        "{number} in {zones}{}{}.\n",
        if kinds.is_empty() { "" } else { ": " },
        kinds.join(", ")
    ));
    out
}

/// Returns one line a table, in columns.
fn grid(inventory: &TablesJson, answered: usize) -> String {
    let has_content = inventory.tables.iter().any(|table| table.content.is_some());
    let mut heads = vec!["type", "table", "zones"];
    if has_content {
        heads.extend(["rows", "forms"]);
    }
    heads.extend(["subsystem", "name"]);
    let mut rows = vec![heads.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    rows.extend(inventory.tables.iter().map(|table| cells(table, answered, has_content)));
    let columns = rows[0].len();
    let width = |column: usize| {
        rows.iter().map(|row| super::formatting::width(&row[column])).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - super::formatting::width(cell))));
        out.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out.push('\n');
    out
}

fn cells(table: &ListedTableJson, answered: usize, has_content: bool) -> Vec<String> {
    let zones = match table.zones.len() == answered {
        true => "all".to_owned(),
        false => format!("{} of {answered}", table.zones.len()),
    };
    let mut cells = vec![safe(&table.kind), safe(&table.code), zones];
    if has_content {
        let (rows, forms) = match &table.content {
            Some(content) if !content.forms.is_empty() => {
                let sizes = content.forms.iter().map(|form| form.rows);
                let (least, most) =
                    (sizes.clone().min().unwrap_or_default(), sizes.max().unwrap_or_default());
                let rows = if least == most { most.to_string() } else { format!("{least}-{most}") };
                (rows, content.forms.len().to_string())
            }
            Some(_) | None => ("-".to_owned(), "-".to_owned()),
        };
        cells.extend([rows, forms]);
    }
    cells.extend([table.subsystem.as_deref().map(safe).unwrap_or_default(), safe(&table.name)]);
    cells
}

/// Returns the zones of each form of a table.
fn forms(table: &ListedTableJson) -> String {
    let Some(content) = &table.content else { return String::new() };
    let several = content.forms.len() > 1;
    let mut out = format!("{}/{}\n", safe(&table.kind), safe(&table.code));
    for (index, form) in content.forms.iter().enumerate() {
        let name = if several { format!("form {}: ", index + 1) } else { "the same everywhere: ".to_owned() };
        let size = format!("{}, {}", count(form.rows, "row"), count(form.zones.len(), "zone"));
        out.push_str(&format!("  {name}{size}\n{}\n", zone_list(&form.zones, "    ")));
    }
    out.push('\n');
    out
}

/// Returns what keeps the inventory from being the same for all zones; equal exceptions are said once.
pub(super) fn exceptions(inventory: &TablesJson) -> String {
    let mut absent: BTreeMap<&[ZoneCode], Vec<String>> = BTreeMap::new();
    let mut hidden: BTreeMap<&[ZoneCode], Vec<String>> = BTreeMap::new();
    let mut failures: BTreeMap<(&str, Option<&str>), Vec<ZoneCode>> = BTreeMap::new();
    for table in &inventory.tables {
        let name = format!("{}/{}", safe(&table.kind), safe(&table.code));
        if !table.not_listed.is_empty() {
            absent.entry(&table.not_listed).or_default().push(name.clone());
        }
        let Some(content) = &table.content else { continue };
        if !content.hidden.is_empty() {
            hidden.entry(&content.hidden).or_default().push(name);
        }
        for failed in &content.failures {
            let told = (failed.failure.message.as_str(), failed.failure.help.as_deref());
            let zones = failures.entry(told).or_default();
            if !zones.contains(&failed.zone) {
                zones.push(failed.zone.clone());
            }
        }
    }
    for zone in &inventory.zones {
        let Some(failure) = &zone.failure else { continue };
        let told = (failure.message.as_str(), failure.help.as_deref());
        failures.entry(told).or_default().push(zone.zone.clone());
    }
    let mut out = String::new();
    for (zones, tables) in &absent {
        out.push_str(&format!(
            "! not in the lists of these zones, so hidden from the API or missing there: {}\n",
            tables.join(", ")
        ));
        out.push_str(&format!("{}\n", zone_list(*zones, "  ")));
    }
    for (zones, tables) in &hidden {
        out.push_str(&format!("! listed, but hidden from the API: {}\n", tables.join(", ")));
        out.push_str(&format!("{}\n", zone_list(*zones, "  ")));
    }
    for ((message, help), zones) in &failures {
        out.push_str(&format!("? {}\n", safe(message)));
        out.extend(help.iter().map(|help| format!("  help: {}\n", safe(help))));
        out.push_str(&format!("{}\n", zone_list(zones, "  ")));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

//! Contents of tables as cells, and the cells that manifests declare.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use zonal::emulator::EmulatorControl;

use crate::generated_networks::{
    GeneratedEnforcement, GeneratedScenario, GeneratedTable, GeneratedUnlisted, GeneratedZoneState,
};

/// Values by key and field of a row.
pub type Cells = BTreeMap<(String, String), String>;

pub const TABLES: [&str; 3] = ["P1", "P2", "M1"];

/// Returns the current cells of a table.
pub fn current(control: &EmulatorControl, zone: &str, table: &str) -> Cells {
    let mut cells = Cells::new();
    let mut add = |key: &str, field: String, value: String| {
        cells.insert((key.to_owned(), field), value);
    };
    if table == "M1" {
        let rows = control.mapping_table(zone, table).expect("table should exist").rows;
        for row in rows.get("").into_iter().flatten() {
            for (index, column) in row.columns.iter().enumerate() {
                add(&row.columns[0], format!("column{index}"), column.clone());
            }
            add(&row.columns[0], "enabled".to_owned(), row.enabled.to_string());
        }
    } else {
        let rows = control.code_table(zone, table).expect("table should exist").rows;
        for row in rows.get("").into_iter().flatten() {
            for (language, text) in &row.descriptions {
                add(&row.code, format!("description {language}"), text.clone());
            }
            add(&row.code, "enabled".to_owned(), row.enabled.to_string());
            add(&row.code, "default".to_owned(), row.default.to_string());
        }
    }
    cells
}

/// Returns the cells of a table in a request or a response, or `None` if the body is no table.
pub fn in_body(body: &[u8], language: &str) -> Option<Cells> {
    let body: Json = serde_json::from_slice(body).ok()?;
    let mut cells = Cells::new();
    body.get("name").or_else(|| body.get("code"))?;
    // A table without rows may have no list.
    for row in body.get("row").and_then(Json::as_array).into_iter().flatten() {
        let row = row.as_object()?;
        let key = row.get("code").or_else(|| row.get("column0"))?.as_str()?;
        for (field, value) in row {
            let is_column = field.starts_with("column");
            let field = match field.as_str() {
                "description" => format!("description {language}"),
                "enabled" | "default" => field.clone(),
                _ if is_column => field.clone(),
                _ => continue,
            };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if !value.is_null() && !text.is_empty() {
                cells.insert((key.to_owned(), field), text);
            }
        }
    }
    Some(cells)
}

/// Cells that the manifests of a scenario may change.
pub struct DeclaredCells(BTreeMap<(&'static str, &'static str), DeclaredTable>);

#[derive(Default)]
struct DeclaredTable {
    cells: BTreeSet<(String, String)>,
    /// Cells of rows that zonal creates and never changes later.
    created: BTreeSet<(String, String)>,
    /// Keys of present rows.
    keys: BTreeSet<String>,
    /// Keys of absent rows.
    absent: BTreeSet<String>,
    /// Fields of any row.
    fields: BTreeSet<&'static str>,
    deletes_unlisted: bool,
}

impl DeclaredCells {
    pub fn new(scenario: &GeneratedScenario) -> Self {
        let mut tables = BTreeMap::new();
        for held in &scenario.zones {
            for manifest in scenario.manifests.iter().filter(|manifest| manifest.covers(held.code)) {
                let table = tables.entry((held.code, manifest.table.code())).or_default();
                declare(table, held, manifest);
            }
        }
        Self(tables)
    }

    /// Returns true if a manifest writes to the table of the zone.
    pub fn covers(&self, zone: &str, table: &str) -> bool {
        self.table(zone, table).is_some()
    }

    /// Returns true if a manifest may change the cell. `is_planned` tells whether the plan has seen the row.
    pub fn owns(&self, zone: &str, table: &str, (key, field): &(String, String), is_planned: bool) -> bool {
        self.table(zone, table).is_some_and(|declared| {
            declared.deletes_unlisted
                || declared.absent.contains(key)
                || declared.fields.contains(field.as_str())
                || declared.cells.contains(&(key.clone(), field.clone()))
                || !is_planned && declared.created.contains(&(key.clone(), field.clone()))
        })
    }

    /// Returns true if a manifest declares a row with this key.
    pub fn declares(&self, zone: &str, table: &str, key: &str) -> bool {
        self.table(zone, table).is_some_and(|declared| declared.keys.contains(key))
    }

    fn table(&self, zone: &str, table: &str) -> Option<&DeclaredTable> {
        self.0.iter().find(|((code, name), _)| *code == zone && *name == table).map(|(_, declared)| declared)
    }
}

fn declare(
    table: &mut DeclaredTable,
    held: &GeneratedZoneState,
    manifest: &crate::generated_networks::GeneratedManifest,
) {
    let enforcement = manifest.enforcement_in(held.code);
    if enforcement == GeneratedEnforcement::Report {
        return;
    }
    if enforcement == GeneratedEnforcement::Enforce {
        match manifest.unlisted {
            GeneratedUnlisted::Keep => {}
            GeneratedUnlisted::Disable => drop(table.fields.insert("enabled")),
            GeneratedUnlisted::Delete => table.deletes_unlisted = true,
        }
    }
    let language = manifest.language.unwrap_or(held.language);
    for (key, row) in manifest.rows_in(held) {
        let keys = if row.absent { &mut table.absent } else { &mut table.keys };
        keys.insert(key.to_owned());
        if row.default == Some(true) {
            table.fields.insert("default");
        }
        let cells = match enforcement {
            GeneratedEnforcement::CreateOnly => &mut table.created,
            GeneratedEnforcement::Enforce | GeneratedEnforcement::Report => &mut table.cells,
        };
        let mut own = |field: String| {
            cells.insert((key.to_owned(), field));
        };
        match manifest.table {
            GeneratedTable::P1 | GeneratedTable::P2 => {
                row.text.iter().for_each(|_| own(format!("description {language}")));
                row.default.iter().for_each(|_| own("default".to_owned()));
            }
            GeneratedTable::M1 | GeneratedTable::M1ByName => {
                row.refers.iter().for_each(|_| own("column1".to_owned()));
                row.text.iter().for_each(|_| own("column2".to_owned()));
            }
        }
        row.enabled.iter().for_each(|_| own("enabled".to_owned()));
    }
}

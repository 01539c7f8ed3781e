//! Mapping table: rows of up to seven columns per library.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::emulator::modification_stamp::ModificationStamp;
use crate::emulator::table::{ApiAccess, CodeWithLabel, TableScope, yes};

/// Mapping table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedMappingTable {
    /// Technical code.
    pub code: String,
    /// Display name.
    pub name: String,
    /// Long description.
    pub description: String,
    /// Functional area.
    pub sub_system: CodeWithLabel,
    /// True if changed since delivery by the vendor.
    #[serde(default)]
    pub customized: bool,
    /// API access to the table.
    #[serde(default)]
    pub access: ApiAccess,
    /// Scope of the rows.
    #[serde(default)]
    pub level: TableScope,
    /// Last change of any row. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
    /// Columns, from `column0` on.
    pub headers: Vec<ColumnHeader>,
    /// Rows in order: the institution's under `""`, a library's under the library code.
    pub rows: BTreeMap<String, Vec<EmulatedMappingRow>>,
}

/// Column of a mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnHeader {
    /// Display name.
    pub name: String,
    /// Type of the values.
    pub column: ColumnType,
}

/// Type of a column, with the vendor's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// `TextField`.
    Text,
    /// `date`.
    Date,
    /// `Custom Option List`.
    Options,
    /// `code-tables`: codes of the named code table.
    Code(String),
    /// `mapping-tables`: values of the named mapping table.
    Mapping(String),
}

/// Row of a mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedMappingRow {
    /// `column0` to `column6`. `""` without a value.
    pub columns: [String; 7],
    /// True if enabled.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// True if distributed by the Network Zone.
    #[serde(default)]
    pub managed_in_network: bool,
    /// Last change. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
}

impl EmulatedMappingTable {
    /// Creates an open table without columns and rows.
    pub fn new(code: &str, name: &str, sub_system: (&str, &str)) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            description: name.to_owned(),
            sub_system: sub_system.into(),
            rows: BTreeMap::from([(String::new(), Vec::new())]),
            ..Self::default()
        }
    }

    /// Adds a column.
    pub fn column(mut self, name: &str, column: ColumnType) -> Self {
        self.headers.push(ColumnHeader { name: name.to_owned(), column });
        self
    }

    /// Adds a row of the institution.
    pub fn row(mut self, row: EmulatedMappingRow) -> Self {
        self.rows.entry(String::new()).or_default().push(row);
        self
    }

    /// Adds rows of the institution.
    pub fn rows<'a, const N: usize>(self, rows: impl IntoIterator<Item = [&'a str; N]>) -> Self {
        rows.into_iter().fold(self, |table, columns| table.row(EmulatedMappingRow::new(&columns)))
    }
}

impl EmulatedMappingRow {
    /// Creates an enabled row with values from `column0` on. Ignores values after the seventh.
    pub fn new(values: &[&str]) -> Self {
        let columns = std::array::from_fn(|index| values.get(index).copied().unwrap_or_default().to_owned());
        Self { columns, enabled: true, managed_in_network: false, updated: None }
    }

    /// Sets author and date of the last change.
    pub fn with_update(self, by: &str, date: &str) -> Self {
        Self { updated: Some(ModificationStamp::new(by, date)), ..self }
    }
}

//! Content of a zone: code tables and mapping tables with rows per language and library, and e-resources.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::electronic::EmulatedResource;

/// Table for a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableSeed {
    /// Code table.
    Code(EmulatedCodeTable),
    /// Mapping table.
    Mapping(EmulatedMappingTable),
    /// E-resource.
    Electronic(EmulatedResource),
}

impl TableSeed {
    /// Returns the type of the table.
    pub fn kind(&self) -> EmulatedTableType {
        match self {
            Self::Code(_) => EmulatedTableType::Code,
            Self::Mapping(_) => EmulatedTableType::Mapping,
            Self::Electronic(_) => EmulatedTableType::Electronic,
        }
    }

    /// Returns the name in the API path.
    pub fn name(&self) -> &str {
        match self {
            Self::Code(table) => &table.name,
            Self::Mapping(table) => &table.code,
            Self::Electronic(resource) => &resource.ids,
        }
    }
}

/// Type of an object that the API reads and replaces as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmulatedTableType {
    /// Codes with descriptions.
    Code,
    /// Rows of up to seven columns.
    Mapping,
    /// E-collections, e-services and portfolios, named by ID: `61.62.53`.
    Electronic,
}

/// API access to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiAccess {
    /// Read and write.
    #[default]
    Open,
    /// No access: error 90102, omitted from lists.
    Hidden,
    /// Read-only: a PUT gets error 90123 or 90125.
    Fixed,
}

/// Scope of the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableScope {
    /// Institution only.
    #[default]
    Institution,
    /// Institution and every library.
    Library,
}

/// Code with a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeWithLabel {
    /// Code.
    pub value: String,
    /// Label.
    pub desc: String,
}

/// Author and date of the last change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationStamp {
    /// Author.
    pub by: String,
    /// Date, `YYYY-MM-DDZ`.
    pub date: String,
}

/// Code table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedCodeTable {
    /// Technical code, called `name` in the vendor's schema.
    pub name: String,
    /// Display name.
    pub description: String,
    /// Functional area.
    pub sub_system: CodeWithLabel,
    /// True if visible to patrons.
    #[serde(default)]
    pub patron_facing: bool,
    /// API access to the table.
    #[serde(default)]
    pub access: ApiAccess,
    /// Scope of the rows.
    #[serde(default)]
    pub level: TableScope,
    /// Last change of any row. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
    /// Rows in order: the institution's under `""`, a library's under the library code.
    pub rows: BTreeMap<String, Vec<EmulatedCodeRow>>,
}

/// Row of a code table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedCodeRow {
    /// Code.
    pub code: String,
    /// Descriptions by language.
    pub descriptions: BTreeMap<String, String>,
    /// True if enabled, in all languages.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// True for the default row, in all languages.
    #[serde(default)]
    pub default: bool,
    /// Last change. `None` if unchanged since delivery.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
}

/// Mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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

fn yes() -> bool {
    true
}

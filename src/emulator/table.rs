//! What a zone keeps: code tables and mapping tables, with the rows of every language and library, and
//! whatever else is read and replaced like them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::electronic::EmulatedResource;

/// A table to put into a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableSeed {
    /// A code table.
    Code(EmulatedCodeTable),
    /// A mapping table.
    Mapping(EmulatedMappingTable),
    /// An e-resource.
    Electronic(EmulatedResource),
}

impl TableSeed {
    /// Which of them it is.
    pub fn kind(&self) -> EmulatedTableType {
        match self {
            Self::Code(_) => EmulatedTableType::Code,
            Self::Mapping(_) => EmulatedTableType::Mapping,
            Self::Electronic(_) => EmulatedTableType::Electronic,
        }
    }

    /// What the API's path calls it.
    pub fn name(&self) -> &str {
        match self {
            Self::Code(table) => &table.name,
            Self::Mapping(table) => &table.code,
            Self::Electronic(resource) => &resource.ids,
        }
    }
}

/// The types of what the API reads and replaces as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmulatedTableType {
    /// Codes and their descriptions.
    Code,
    /// Rows of up to seven columns.
    Mapping,
    /// E-collections, e-services and portfolios, named by their ids: `61.62.53`.
    Electronic,
}

/// What the API may do with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiAccess {
    /// Read and write it.
    #[default]
    Open,
    /// Neither: 90102, and no list shows it.
    Hidden,
    /// Read it: a PUT answers 90123 or 90125.
    Fixed,
}

/// Where rows of a table can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableScope {
    /// In the institution alone.
    #[default]
    Institution,
    /// In each library as well.
    Library,
}

/// A code with what people call it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeWithLabel {
    /// The code.
    pub value: String,
    /// What people call it.
    pub desc: String,
}

/// Who changed something last, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModificationStamp {
    /// Who.
    pub by: String,
    /// `YYYY-MM-DDZ`.
    pub date: String,
}

/// A code table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedCodeTable {
    /// Its technical code, which the vendor's schema calls `name`.
    pub name: String,
    /// What people call it.
    pub description: String,
    /// The area it belongs to.
    pub sub_system: CodeWithLabel,
    /// Whether patrons see it.
    #[serde(default)]
    pub patron_facing: bool,
    /// What the API may do with it.
    #[serde(default)]
    pub access: ApiAccess,
    /// Where its rows can be kept.
    #[serde(default)]
    pub level: TableScope,
    /// Last change of any row; `None` as delivered.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
    /// The rows, in order: the institution's under `""`, the others under their library's code.
    pub rows: BTreeMap<String, Vec<EmulatedCodeRow>>,
}

/// A row of a code table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedCodeRow {
    /// The code.
    pub code: String,
    /// The descriptions by language.
    pub descriptions: BTreeMap<String, String>,
    /// Whether it is used; the same in all languages.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it is the default; the same in all languages.
    #[serde(default)]
    pub default: bool,
    /// Last change; `None` as delivered.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
}

/// A mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedMappingTable {
    /// Its technical code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// A longer description.
    pub description: String,
    /// The area it belongs to.
    pub sub_system: CodeWithLabel,
    /// Whether it differs from what the vendor delivers.
    #[serde(default)]
    pub customized: bool,
    /// What the API may do with it.
    #[serde(default)]
    pub access: ApiAccess,
    /// Where its rows can be kept.
    #[serde(default)]
    pub level: TableScope,
    /// Last change of any row; `None` as delivered.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
    /// What its columns are, from `column0` on.
    pub headers: Vec<ColumnHeader>,
    /// The rows, in order: the institution's under `""`, the others under their library's code.
    pub rows: BTreeMap<String, Vec<EmulatedMappingRow>>,
}

/// A column of a mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnHeader {
    /// What people call it.
    pub name: String,
    /// What it takes.
    pub column: ColumnType,
}

/// What a column takes, in the vendor's words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// `TextField`.
    Text,
    /// `date`.
    Date,
    /// `Custom Option List`.
    Options,
    /// `code-tables`: codes of this code table.
    Code(String),
    /// `mapping-tables`: values of this mapping table.
    Mapping(String),
}

/// A row of a mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmulatedMappingRow {
    /// `column0` to `column6`; `""` where there is no value.
    pub columns: [String; 7],
    /// Whether it is used.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether the network zone distributes it.
    #[serde(default)]
    pub managed_in_network: bool,
    /// Last change; `None` as delivered.
    #[serde(default)]
    pub updated: Option<ModificationStamp>,
}

fn yes() -> bool {
    true
}

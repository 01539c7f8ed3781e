//! Tables and e-resources added to a zone through the control endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoints::code_tables::EmulatedCodeTable;
use super::endpoints::electronic::EmulatedResource;
use super::endpoints::mapping_tables::EmulatedMappingTable;

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

impl EmulatedTableType {
    /// Returns the name in edits and control endpoints.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Mapping => "mapping",
            Self::Electronic => "electronic",
        }
    }
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

impl From<EmulatedCodeTable> for TableSeed {
    fn from(table: EmulatedCodeTable) -> Self {
        Self::Code(table)
    }
}

impl From<EmulatedMappingTable> for TableSeed {
    fn from(table: EmulatedMappingTable) -> Self {
        Self::Mapping(table)
    }
}

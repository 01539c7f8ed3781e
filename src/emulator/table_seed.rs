//! Tables and e-resources added to a zone through the control endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoints::code_tables::{CodeTables, EmulatedCodeTable};
use super::endpoints::electronic::{ElectronicInventory, EmulatedResource};
use super::endpoints::mapping_tables::{EmulatedMappingTable, MappingTables};
use super::institution::EmulatedInstitution;

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

    /// Returns the table of a zone.
    pub(super) fn find(
        institution: &EmulatedInstitution,
        kind: EmulatedTableType,
        name: &str,
    ) -> Option<Self> {
        match kind {
            EmulatedTableType::Code => {
                institution.content::<CodeTables>()?.0.get(name).cloned().map(Self::Code)
            }
            EmulatedTableType::Mapping => {
                institution.content::<MappingTables>()?.0.get(name).cloned().map(Self::Mapping)
            }
            EmulatedTableType::Electronic => {
                let inventory = institution.content::<ElectronicInventory>()?;
                inventory.resources.get(name).cloned().map(Self::Electronic)
            }
        }
    }

    /// Adds the table to a zone, or replaces the table of the same name.
    pub(super) fn insert_into(self, institution: &mut EmulatedInstitution) {
        match self {
            Self::Code(table) => institution.change(|tables: &mut CodeTables| tables.insert(table)),
            Self::Mapping(table) => institution.change(|tables: &mut MappingTables| tables.insert(table)),
            Self::Electronic(resource) => {
                institution.change(|inventory: &mut ElectronicInventory| inventory.insert(resource));
            }
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

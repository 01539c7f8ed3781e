//! JSON output of `zonal compare`.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::tables::TablesJson;
use crate::model::{FieldName, FieldValue, Record, ZoneCode};

/// Comparison of the tables of two or all zones.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal compare --json")]
pub struct ComparisonJson {
    /// Compared pair of zones; null if all zones are compared.
    pub pair: Option<[ZoneCode; 2]>,
    /// File that stands in for the zones; null if the zones were read.
    pub snapshot: Option<String>,
    /// Names of the zones, by code.
    pub names: BTreeMap<String, String>,
    /// Tables with their forms. For a pair, the form of the first zone comes first.
    #[serde(flatten)]
    pub inventory: TablesJson,
    /// Tables with more than one form.
    pub differences: Vec<DifferingTableJson>,
}

/// Table with several forms.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DifferingTableJson {
    /// Type: `CodeTable` or `MappingTable`.
    pub kind: Arc<str>,
    /// Technical code, as in manifests.
    pub code: Arc<str>,
    /// Fields that tell rows apart; empty if only whole rows do.
    pub key: Vec<FieldName>,
    /// Zones of the first form, which the other forms are compared with.
    pub reference: Vec<ZoneCode>,
    /// Other forms, in the order of the inventory.
    pub forms: Vec<FormDifferenceJson>,
}

/// Difference of a form from the first form of its table.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FormDifferenceJson {
    /// Zones with this form.
    pub zones: Vec<ZoneCode>,
    /// Rows of this form alone.
    pub added: Vec<Record>,
    /// Rows of the first form alone.
    pub missing: Vec<Record>,
    /// Rows with the same key and other fields.
    pub changed: Vec<DifferingRowJson>,
}

/// Row with the same key and other fields.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DifferingRowJson {
    /// Key fields.
    pub key: Record,
    /// Values in the first form and in this form, by field.
    pub fields: BTreeMap<FieldName, [FieldValue; 2]>,
}

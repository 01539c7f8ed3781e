//! Rows of one table in all exported zones.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::zone_set::ZoneSet;
use crate::model::{FieldName, FieldValue, RecordKey};

/// Values of a row without its key fields; an empty field has no entry.
pub type RowValues = BTreeMap<FieldName, FieldTerm>;

/// Value of a field, as a manifest writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldTerm {
    /// Literal value; `Null` clears a field in an override.
    Value(FieldValue),
    /// Variable of the zone, `{var: name}`.
    Variable(Arc<str>),
}

/// Observed row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportRow {
    /// Values.
    pub values: RowValues,
    /// Last editor, if the zone reports one.
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it.
    pub update_date: Option<String>,
}

/// Rows of one table, by key and by the index of the zone.
#[derive(Debug, Clone, Default)]
pub struct TableRows {
    /// Zones that have the table.
    pub zones: ZoneSet,
    /// Rows.
    pub rows: BTreeMap<RecordKey, BTreeMap<usize, ExportRow>>,
    /// Zones in which another manifest declares the row. The manifest of the table leaves it out there.
    pub claimed: BTreeMap<RecordKey, ZoneSet>,
}

impl TableRows {
    /// Returns the number of rows in all zones.
    pub fn count(&self) -> usize {
        self.rows.values().map(BTreeMap::len).sum()
    }

    /// Removes a flag from the rows of each key that no zone sets. A manifest without the field states less,
    /// but is shorter.
    pub fn drop_unset_flag(&mut self, flag: &str) {
        let unset = FieldTerm::Value(FieldValue::Bool(false));
        for rows in self.rows.values_mut() {
            if rows.values().all(|row| row.values.get(flag).is_none_or(|term| *term == unset)) {
                rows.values_mut().for_each(|row| drop(row.values.remove(flag)));
            }
        }
    }
}

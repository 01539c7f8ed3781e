//! Usage of a code in another table.

use crate::analysis::settings_table::{RowView, SettingsTable, TableCompleteness};

/// Usage of a code.
#[derive(Debug, Clone, Copy)]
pub enum CodeUsage<'a> {
    /// Present and enabled.
    Yes(RowView<'a>),
    /// Present and disabled.
    Off(RowView<'a>),
    /// Absent, with the record that proves the absence, if any.
    Missing(Option<RowView<'a>>),
    /// Undeclared.
    Unsaid,
}

/// Returns the usage of a code, given by its rows.
///
/// A code can have a row for each language, and only one holds the `enabled` flag.
pub fn in_use<'a>(table: &'a SettingsTable, is: impl Fn(&RowView<'a>) -> bool) -> CodeUsage<'a> {
    let mut found = None;
    for row in table.entries().filter(&is) {
        if !row.is_on() {
            return CodeUsage::Off(row);
        }
        found = found.or(Some(row));
    }
    match (found, table.absent_rows().find(&is), table.extent) {
        (Some(row), _, _) => CodeUsage::Yes(row),
        (None, Some(row), _) => CodeUsage::Missing(Some(row)),
        (None, None, TableCompleteness::Complete) => CodeUsage::Missing(None),
        (None, None, TableCompleteness::DeclaredOnly) => CodeUsage::Unsaid,
    }
}

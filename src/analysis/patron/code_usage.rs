//! Whether a code that one table uses is in use in another.

use crate::analysis::settings_table::{RowView, SettingsTable, TableCompleteness};

/// Whether a code is in use.
#[derive(Debug, Clone, Copy)]
pub enum CodeUsage<'a> {
    /// It is.
    Yes(RowView<'a>),
    /// It is there, and switched off.
    Off(RowView<'a>),
    /// It is not there; the record by which that is known, where there is one.
    Missing(Option<RowView<'a>>),
    /// Nobody says.
    Unsaid,
}

/// Whether what some rows stand for is in use. A code can have a row for each language, of which one says whether it
/// is switched on.
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
        (None, Some(gone), _) => CodeUsage::Missing(Some(gone)),
        (None, None, TableCompleteness::Complete) => CodeUsage::Missing(None),
        (None, None, TableCompleteness::DeclaredOnly) => CodeUsage::Unsaid,
    }
}

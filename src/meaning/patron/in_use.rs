//! Whether a code that one table uses is in use in another.

use crate::meaning::table::{Entry, Extent, Table};

/// Whether a code is in use.
#[derive(Debug, Clone, Copy)]
pub enum InUse<'a> {
    /// It is.
    Yes(Entry<'a>),
    /// It is there, and switched off.
    Off(Entry<'a>),
    /// It is not there; the record by which that is known, where there is one.
    Missing(Option<Entry<'a>>),
    /// Nobody says.
    Unsaid,
}

/// Whether what some rows stand for is in use. A code can have a row for each language, of which one says whether it
/// is switched on.
pub fn in_use<'a>(table: &'a Table, is: impl Fn(&Entry<'a>) -> bool) -> InUse<'a> {
    let mut found = None;
    for row in table.entries().filter(&is) {
        if !row.is_on() {
            return InUse::Off(row);
        }
        found = found.or(Some(row));
    }
    match (found, table.gone().find(&is), table.extent) {
        (Some(row), _, _) => InUse::Yes(row),
        (None, Some(gone), _) => InUse::Missing(Some(gone)),
        (None, None, Extent::Whole) => InUse::Missing(None),
        (None, None, Extent::Named) => InUse::Unsaid,
    }
}

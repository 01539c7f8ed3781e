//! Tables in the lists of zones.

use std::sync::Arc;

use super::address::CollectionId;

/// Table in the list of a zone, without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableListing {
    /// Type of the table, as in a [`CollectionId`].
    pub kind: Arc<str>,
    /// Technical code: the name in the API's path.
    pub code: Arc<str>,
    /// Display name in Alma; empty if the zone does not report one.
    pub name: String,
    /// Part of Alma that uses the table.
    pub subsystem: Option<String>,
    /// True if the institution changed the table, as the zone reports for mapping tables.
    pub customized: Option<bool>,
    /// Last editor of the table.
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it.
    pub update_date: Option<String>,
}

impl TableListing {
    /// Returns the institution's table as a collection.
    pub fn collection(&self) -> CollectionId {
        CollectionId::with_code(&self.kind, &self.code)
    }

    /// Returns the entry of a table of which only type and code are known.
    pub fn unnamed(id: &CollectionId) -> Self {
        Self {
            kind: id.kind.clone(),
            code: id.name().into(),
            name: String::new(),
            subsystem: None,
            customized: None,
            updated_by: None,
            update_date: None,
        }
    }
}

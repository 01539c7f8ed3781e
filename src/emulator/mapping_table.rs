//! Response and PUT of a mapping table: rows without IDs, full replacement.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::config::{ManagedInNetwork, UnusedColumns};
use super::error_response::ErrorResponse;
use super::response_document::{DocumentNode, DocumentPart};
use super::table::{ColumnHeader, ColumnType, EmulatedCodeTable, EmulatedMappingRow, EmulatedMappingTable};
use super::table_put::{RowFlag, TablePut, required_text};
use super::table_response::{ResponseContext, sub_system};
use crate::model::network::ZoneRole;

/// Column names of a row in the API: seven, from 0 (the vendor's schema).
const COLUMNS: [&str; 7] = ["column0", "column1", "column2", "column3", "column4", "column5", "column6"];

impl EmulatedMappingTable {
    /// Returns the table with headers and rows.
    pub(super) fn to_document(&self, view: &ResponseContext<'_>) -> DocumentNode {
        let mut parts = self.entry(view);
        let headers =
            self.headers.iter().enumerate().map(|(number, header)| header.to_document(number, view));
        parts.push(DocumentPart::List { around: Some("headers"), item: "header", items: headers.collect() });
        let rows = self.rows.get(view.library).map_or(&[][..], Vec::as_slice);
        let rows = view.sort_rows(&self.code, rows).into_iter().map(|row| row.to_document(view));
        parts.push(DocumentPart::List { around: Some("rows"), item: "row", items: rows.collect() });
        DocumentNode::Group(parts)
    }

    /// Returns the table as shown in a list.
    pub(super) fn entry(&self, view: &ResponseContext<'_>) -> Vec<DocumentPart> {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(DocumentPart::Attribute("link", view.table_link("mapping-tables", &self.code)));
        }
        parts.push(DocumentPart::Child("code", DocumentNode::Text(self.code.clone())));
        parts.push(DocumentPart::Child("name", DocumentNode::Text(self.name.clone())));
        parts.push(DocumentPart::Child("description", DocumentNode::Text(self.description.clone())));
        parts.push(sub_system(&self.sub_system));
        parts.push(DocumentPart::Child("customized", DocumentNode::Flag(self.customized)));
        view.stamp(&mut parts, self.updated.as_ref());
        parts.push(view.scope());
        parts
    }

    /// Replaces the rows by the rows of a PUT, and returns the library of the rows.
    ///
    /// Omitted rows disappear (reported by client authors, not proven).
    pub(super) fn replace(&mut self, put: &TablePut<'_>) -> Result<String, ErrorResponse> {
        let code = required_text(put.body, "code")?;
        if code.is_empty() {
            return Err(ErrorResponse::business(90126, "Mapping table name is empty."));
        }
        if code != self.code {
            let message = format!("The body holds mapping table {code}, the path names {}.", self.code);
            return Err(ErrorResponse::business(402119, message));
        }
        put.require(&["name", "sub_system", "customized", "scope"])?;
        let library = put.library(self.level, 90127)?;
        let held = self.rows.get(&library).map_or(&[][..], Vec::as_slice);
        let rows = merge_put_rows(put, held)?;
        if rows != held {
            self.updated = Some(put.stamp());
            self.customized = true;
            self.rows.insert(library.clone(), rows);
        }
        Ok(library)
    }
}

impl ColumnHeader {
    fn to_document(&self, number: usize, view: &ResponseContext<'_>) -> DocumentNode {
        let link = |path: &str, name: &str| match view.full() {
            true => vec![("link", view.table_link(path, name))],
            false => Vec::new(),
        };
        let (kind, attributes) = match &self.column {
            ColumnType::Text => ("TextField", Vec::new()),
            ColumnType::Date => ("date", Vec::new()),
            ColumnType::Options => ("Custom Option List", Vec::new()),
            ColumnType::Code(table) => ("code-tables", link("code-tables", table)),
            ColumnType::Mapping(table) => ("mapping-tables", link("mapping-tables", table)),
        };
        DocumentNode::Group(vec![
            DocumentPart::Child("number", DocumentNode::Text(number.to_string())),
            DocumentPart::Child("name", DocumentNode::Text(self.name.clone())),
            DocumentPart::Child("description", DocumentNode::Text(self.name.clone())),
            DocumentPart::Child("type", DocumentNode::Valued(kind.to_owned(), attributes)),
        ])
    }
}

impl EmulatedMappingRow {
    fn to_document(&self, view: &ResponseContext<'_>) -> DocumentNode {
        let mut parts = Vec::new();
        for (name, value) in COLUMNS.into_iter().zip(&self.columns) {
            if !value.is_empty() || view.settings.unused_columns == UnusedColumns::Empty {
                parts.push(DocumentPart::Child(name, DocumentNode::Text(value.clone())));
            }
        }
        if view.full() || !self.enabled {
            parts.push(DocumentPart::Child("enabled", DocumentNode::Flag(self.enabled)));
        }
        if view.full() || self.managed_in_network {
            parts
                .push(DocumentPart::Child("managed_in_network", DocumentNode::Flag(self.managed_in_network)));
        }
        view.stamp(&mut parts, self.updated.as_ref());
        DocumentNode::Group(parts)
    }
}

/// Merges the rows of a PUT into the previous rows.
///
/// Rows have no ID: a previous row with equal values is the same row and keeps the stamp.
fn merge_put_rows(
    put: &TablePut<'_>,
    held: &[EmulatedMappingRow],
) -> Result<Vec<EmulatedMappingRow>, ErrorResponse> {
    let mut held: Vec<&EmulatedMappingRow> = held.iter().collect();
    let mut rows = Vec::new();
    for sent in put.rows()? {
        let row = row(put, sent, &held)?;
        let same = held.iter().position(|held| {
            (&held.columns, held.enabled, held.managed_in_network)
                == (&row.columns, row.enabled, row.managed_in_network)
        });
        rows.push(match same {
            Some(index) => held.remove(index).clone(),
            None => row,
        });
    }
    Ok(rows)
}

fn row(
    put: &TablePut<'_>,
    sent: &Map<String, Value>,
    held: &[&EmulatedMappingRow],
) -> Result<EmulatedMappingRow, ErrorResponse> {
    let mut columns: [String; 7] = Default::default();
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        required_text(sent, name)?.clone_into(column);
    }
    let managed = RowFlag::parse_flag(sent, "managed_in_network")? == RowFlag::On;
    let managed_in_network = match (put.settings.managed_in_network, put.zone.role) {
        (ManagedInNetwork::Respected, ZoneRole::Network) => managed,
        // "Relevant only for NZ" (the vendor's schema).
        (ManagedInNetwork::Respected, ZoneRole::Member) | (ManagedInNetwork::Ignored, _) => held
            .iter()
            .find(|held| held.columns == columns)
            .or_else(|| held.iter().find(|held| held.columns[0] == columns[0]))
            .is_some_and(|held| held.managed_in_network),
    };
    let enabled = RowFlag::parse_flag(sent, "enabled")? != RowFlag::Off;
    Ok(EmulatedMappingRow { columns, enabled, managed_in_network, updated: Some(put.stamp()) })
}

/// Rejects values missing from the code table of the column.
pub(super) fn check_values(
    table: &EmulatedMappingTable,
    put: &TablePut<'_>,
    code_tables: &BTreeMap<String, EmulatedCodeTable>,
) -> Result<(), ErrorResponse> {
    for (number, header) in table.headers.iter().enumerate() {
        let ColumnType::Code(name) = &header.column else { continue };
        let Some(rows) = code_tables.get(name).and_then(|codes| codes.rows.get("")) else { continue };
        for sent in put.rows()? {
            let value = required_text(sent, &format!("column{number}"))?;
            if !value.is_empty() && !rows.iter().any(|row| row.code == value) {
                let message = format!("General error: '{value}' is not a code of {name} ({}).", header.name);
                return Err(ErrorResponse::business(402119, message));
            }
        }
    }
    Ok(())
}

/// Rejects blocked actions that the vendor has not added to the institution.
///
/// The options of the column are the rows of another table.
pub(super) fn check_actions(
    table: &EmulatedMappingTable,
    put: &TablePut<'_>,
    actions: Option<&EmulatedMappingTable>,
) -> Result<(), ErrorResponse> {
    let column = table.headers.iter().position(|header| header.name == "Blocked Action");
    let (Some(column), Some(rows)) = (column, actions.and_then(|actions| actions.rows.get(""))) else {
        return Ok(());
    };
    for sent in put.rows()? {
        let value = required_text(sent, &format!("column{column}"))?;
        if !value.is_empty() && !rows.iter().any(|row| row.columns[0] == value) {
            let message = format!("General error: '{value}' is not a blocked action of the institution.");
            return Err(ErrorResponse::business(402119, message));
        }
    }
    Ok(())
}

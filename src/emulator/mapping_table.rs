//! A mapping table on its way out and in: rows without an id, replaced wholly.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::answer::{View, sub_system};
use super::behaviour::{ManagedInNetwork, UnusedColumns};
use super::document::{Node, Part};
use super::put::{Flag, Put, text};
use super::refusal::Refusal;
use super::table::{CodeTable, Column, Header, MappingRow, MappingTable};
use crate::model::network::Role;

/// What the API calls the columns of a row: seven, from 0 on (the vendor's schema).
const COLUMNS: [&str; 7] = ["column0", "column1", "column2", "column3", "column4", "column5", "column6"];

impl MappingTable {
    /// The table with its headers and rows.
    pub(super) fn answer(&self, view: &View<'_>) -> Node {
        let mut parts = self.entry(view);
        let headers = self.headers.iter().enumerate().map(|(number, header)| header.answer(number, view));
        parts.push(Part::List { around: Some("headers"), item: "header", items: headers.collect() });
        let rows = self.rows.get(view.library).map_or(&[][..], Vec::as_slice);
        let rows = view.ordered(&self.code, rows).into_iter().map(|row| row.answer(view));
        parts.push(Part::List { around: Some("rows"), item: "row", items: rows.collect() });
        Node::Group(parts)
    }

    /// The table as a list shows it.
    pub(super) fn entry(&self, view: &View<'_>) -> Vec<Part> {
        let mut parts = Vec::new();
        if view.full() {
            parts.push(Part::Attribute("link", view.link("mapping-tables", &self.code)));
        }
        parts.push(Part::Child("code", Node::Text(self.code.clone())));
        parts.push(Part::Child("name", Node::Text(self.name.clone())));
        parts.push(Part::Child("description", Node::Text(self.description.clone())));
        parts.push(sub_system(&self.sub_system));
        parts.push(Part::Child("customized", Node::Flag(self.customized)));
        view.stamp(&mut parts, self.updated.as_ref());
        parts.push(view.scope());
        parts
    }

    /// Takes the rows of a PUT in place of its own and says which library's they are. Rows that
    /// are left out are gone (reported by client authors, not proven).
    pub(super) fn replace(&mut self, put: &Put<'_>) -> Result<String, Refusal> {
        let code = text(put.body, "code")?;
        if code.is_empty() {
            return Err(Refusal::business(90126, "Mapping table name is empty."));
        }
        if code != self.code {
            let message = format!("The body holds mapping table {code}, the path names {}.", self.code);
            return Err(Refusal::business(402119, message));
        }
        put.require(&["name", "sub_system", "customized", "scope"])?;
        let library = put.library(self.level, 90127)?;
        let held = self.rows.get(&library).map_or(&[][..], Vec::as_slice);
        let rows = taken(put, held)?;
        if rows != held {
            self.updated = Some(put.stamp());
            self.customized = true;
            self.rows.insert(library.clone(), rows);
        }
        Ok(library)
    }
}

impl Header {
    fn answer(&self, number: usize, view: &View<'_>) -> Node {
        let link = |path: &str, name: &str| match view.full() {
            true => vec![("link", view.link(path, name))],
            false => Vec::new(),
        };
        let (kind, attributes) = match &self.column {
            Column::Text => ("TextField", Vec::new()),
            Column::Date => ("date", Vec::new()),
            Column::Options => ("Custom Option List", Vec::new()),
            Column::Code(table) => ("code-tables", link("code-tables", table)),
            Column::Mapping(table) => ("mapping-tables", link("mapping-tables", table)),
        };
        Node::Group(vec![
            Part::Child("number", Node::Text(number.to_string())),
            Part::Child("name", Node::Text(self.name.clone())),
            Part::Child("description", Node::Text(self.name.clone())),
            Part::Child("type", Node::Valued(kind.to_owned(), attributes)),
        ])
    }
}

impl MappingRow {
    fn answer(&self, view: &View<'_>) -> Node {
        let mut parts = Vec::new();
        for (name, value) in COLUMNS.into_iter().zip(&self.columns) {
            if !value.is_empty() || view.settings.unused_columns == UnusedColumns::Empty {
                parts.push(Part::Child(name, Node::Text(value.clone())));
            }
        }
        if view.full() || !self.enabled {
            parts.push(Part::Child("enabled", Node::Flag(self.enabled)));
        }
        if view.full() || self.managed_in_network {
            parts.push(Part::Child("managed_in_network", Node::Flag(self.managed_in_network)));
        }
        view.stamp(&mut parts, self.updated.as_ref());
        Node::Group(parts)
    }
}

/// The rows of a PUT. Rows have no id, so one that is held with the same values is that row,
/// and keeps who changed it.
fn taken(put: &Put<'_>, held: &[MappingRow]) -> Result<Vec<MappingRow>, Refusal> {
    let mut held: Vec<&MappingRow> = held.iter().collect();
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

fn row(put: &Put<'_>, sent: &Map<String, Value>, held: &[&MappingRow]) -> Result<MappingRow, Refusal> {
    let mut columns: [String; 7] = Default::default();
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        text(sent, name)?.clone_into(column);
    }
    let managed = Flag::of(sent, "managed_in_network")? == Flag::On;
    let managed_in_network = match (put.settings.managed_in_network, put.zone.role) {
        (ManagedInNetwork::Honoured, Role::Network) => managed,
        // "Relevant only for NZ" (the vendor's schema).
        (ManagedInNetwork::Honoured, Role::Member) | (ManagedInNetwork::Ignored, _) => held
            .iter()
            .find(|held| held.columns == columns)
            .or_else(|| held.iter().find(|held| held.columns[0] == columns[0]))
            .is_some_and(|held| held.managed_in_network),
    };
    let enabled = Flag::of(sent, "enabled")? != Flag::Off;
    Ok(MappingRow { columns, enabled, managed_in_network, updated: Some(put.stamp()) })
}

/// Refuses values that the code table behind their column does not hold.
pub(super) fn check_values(
    table: &MappingTable,
    put: &Put<'_>,
    code_tables: &BTreeMap<String, CodeTable>,
) -> Result<(), Refusal> {
    for (number, header) in table.headers.iter().enumerate() {
        let Column::Code(name) = &header.column else { continue };
        let Some(rows) = code_tables.get(name).and_then(|codes| codes.rows.get("")) else { continue };
        for sent in put.rows()? {
            let value = text(sent, &format!("column{number}"))?;
            if !value.is_empty() && !rows.iter().any(|row| row.code == value) {
                let message = format!("General error: '{value}' is not a code of {name} ({}).", header.name);
                return Err(Refusal::business(402119, message));
            }
        }
    }
    Ok(())
}

/// Refuses blocked actions that the vendor has not added to the institution: the options of that column
/// are the rows of another table.
pub(super) fn check_actions(
    table: &MappingTable,
    put: &Put<'_>,
    actions: Option<&MappingTable>,
) -> Result<(), Refusal> {
    let column = table.headers.iter().position(|header| header.name == "Blocked Action");
    let (Some(column), Some(rows)) = (column, actions.and_then(|actions| actions.rows.get(""))) else {
        return Ok(());
    };
    for sent in put.rows()? {
        let value = text(sent, &format!("column{column}"))?;
        if !value.is_empty() && !rows.iter().any(|row| row.columns[0] == value) {
            let message = format!("General error: '{value}' is not a blocked action of the institution.");
            return Err(Refusal::business(402119, message));
        }
    }
    Ok(())
}

//! Mapping tables: `conf/mapping-tables`. Rows without IDs, full replacement.

mod seed;
mod table;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(in crate::emulator) use self::seed::seed;
pub use self::table::{ColumnHeader, ColumnType, EmulatedMappingRow, EmulatedMappingTable};

use super::code_tables::CodeTables;
use crate::emulator::config::{ColumnValues, ManagedInNetwork, UnusedColumns};
use crate::emulator::endpoint::{
    DocumentNode, DocumentPart, EditError, EditFormat, EndpointEdit, EndpointEntry, ErrorResponse,
    SettingsWriter, XmlLayout, observed_record, seed_each,
};
use crate::emulator::put_fields::{flag, required_text};
use crate::emulator::table::{ApiAccess, EmulatedTable, TableCollection, TablePut, TableView};
use crate::model::network::ZoneRole;
use crate::model::{CollectionId, FieldName, FieldValue, TableName};

pub(super) const ENDPOINT: EndpointEntry = EndpointEntry {
    edits: Some(EditFormat {
        target: "table `{}` of this type",
        hint: "`{}` is a mapping table: use set_row, add_row or delete_row",
        ..EditFormat::new::<MappingTableEdit>("mapping", "Mapping table.")
    }),
    ..EndpointEntry::new(&["conf", EmulatedMappingTable::FOLDER], |zones| {
        seed_each(zones, |zone| seed(zone).into_iter().collect::<MappingTables>())
    })
};

/// Mapping tables of a zone.
pub(in crate::emulator) type MappingTables = TableCollection<EmulatedMappingTable>;

/// Librarian edit of a mapping table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MappingTableEdit {
    /// Changes all rows with these column values.
    SetRow {
        /// Values by column: `column0` or the name in the header.
        find: BTreeMap<String, String>,
        /// New values by column.
        #[serde(default)]
        set: BTreeMap<String, String>,
        /// True to enable the rows.
        #[serde(default)]
        enabled: Option<bool>,
    },
    /// Sets or removes the mark "Managed in Network" of all rows with these column values.
    ManageRow {
        /// Values by column.
        find: BTreeMap<String, String>,
        /// True to set the mark.
        managed_in_network: bool,
    },
    /// Adds a row at the end.
    AddRow {
        /// Values by column.
        columns: BTreeMap<String, String>,
    },
    /// Deletes all rows with these column values.
    DeleteRow {
        /// Values by column.
        find: BTreeMap<String, String>,
    },
    /// Sets the API access to the table: read and write, read-only, or hidden.
    Access(ApiAccess),
    /// Removes the target.
    Remove,
}

/// Column names of a row in the API: seven, from 0 (the vendor's schema).
const COLUMNS: [&str; 7] = ["column0", "column1", "column2", "column3", "column4", "column5", "column6"];

impl EmulatedTable for EmulatedMappingTable {
    const FOLDER: &'static str = "mapping-tables";
    const ROOT: &'static str = "mapping_table";
    const LAYOUT: XmlLayout = XmlLayout {
        coded: &["sub_system", "institution_id", "library_id", "type"],
        lists: &[("rows", "row"), ("headers", "header")],
    };
    const NOT_CUSTOMIZABLE: u32 = 90125;

    fn code(&self) -> &str {
        &self.code
    }

    fn access(&self) -> ApiAccess {
        self.access
    }

    fn entry(&self, view: &TableView<'_>) -> Vec<DocumentPart> {
        let texts = [("code", self.code.as_str()), ("name", &self.name), ("description", &self.description)];
        let flag = ("customized", self.customized);
        view.entry(Self::FOLDER, &texts, &self.sub_system, flag, self.updated.as_ref())
    }

    fn to_document(&self, view: &TableView<'_>) -> DocumentNode {
        let mut parts = self.entry(view);
        let headers = self.headers.iter().enumerate();
        let headers = headers.map(|(number, header)| header_node(header, number, view));
        parts.push(DocumentPart::wrapped_list("headers", "header", headers));
        let rows = view.rows(&self.code, &self.rows).into_iter().map(|row| row_node(row, view));
        parts.push(DocumentPart::wrapped_list("rows", "row", rows));
        DocumentNode::Group(parts)
    }

    /// Rejects values missing from the code table of the column, and blocked actions that the vendor has not
    /// added to the institution: the options of the column are the rows of another table.
    fn check_values(&self, tables: &BTreeMap<String, Self>, put: &TablePut<'_>) -> Result<(), ErrorResponse> {
        if put.request.settings.column_values == ColumnValues::Unchecked {
            return Ok(());
        }
        let code_tables = put.request.neighbor::<CodeTables>();
        for (number, header) in self.headers.iter().enumerate() {
            let ColumnType::Code(name) = &header.column else { continue };
            let table = code_tables.and_then(|tables| tables.0.get(name));
            let Some(rows) = table.and_then(|table| table.rows.get("")) else { continue };
            check_column(put, number, &format!("a code of {name} ({})", header.name), |value| {
                rows.iter().any(|row| row.code == value)
            })?;
        }
        let column = self.headers.iter().position(|header| header.name == "Blocked Action");
        let actions = tables.get("BlockToBlockedActions").and_then(|actions| actions.rows.get(""));
        let Some((column, actions)) = column.zip(actions) else { return Ok(()) };
        check_column(put, column, "a blocked action of the institution", |value| {
            actions.iter().any(|action| action.columns[0] == value)
        })
    }

    /// Omitted rows disappear (reported by client authors, not proven).
    fn replace(&mut self, put: &TablePut<'_>) -> Result<String, ErrorResponse> {
        put.check_code("code", &self.code, "Mapping", 90126)?;
        put.require(&["name", "sub_system", "customized", "scope"])?;
        let library = put.library(self.level, 90127)?;
        let current = self.rows.get(&library).map_or(&[][..], Vec::as_slice);
        let rows = merge_put_rows(put, current)?;
        if rows != current {
            self.updated = Some(put.request.stamp());
            self.customized = true;
            self.rows.insert(library.clone(), rows);
        }
        Ok(library)
    }

    fn edit(&mut self, edit: &EndpointEdit<'_>) -> Result<(), EditError> {
        let no_row = format!("`{}` has no matching row", self.code);
        match edit.parse_action()? {
            MappingTableEdit::SetRow { find, set, enabled } => {
                let (find, set) = (self.cells(&find)?, self.cells(&set)?);
                let rows = self.rows.get_mut(edit.library).into_iter().flatten();
                let mut matching = rows.filter(|row| row_matches(row, &find)).peekable();
                matching.peek().ok_or(no_row)?;
                for row in matching {
                    for (column, value) in &set {
                        row.columns[*column].clone_from(value);
                    }
                    row.enabled = enabled.unwrap_or(row.enabled);
                    row.updated = Some(edit.stamp.clone());
                }
            }
            MappingTableEdit::ManageRow { find, managed_in_network } => {
                let find = self.cells(&find)?;
                let rows = self.rows.get_mut(edit.library).into_iter().flatten();
                let mut matching = rows.filter(|row| row_matches(row, &find)).peekable();
                matching.peek().ok_or(no_row)?;
                matching.for_each(|row| row.managed_in_network = managed_in_network);
            }
            MappingTableEdit::AddRow { columns } => {
                let mut row = EmulatedMappingRow::new(&[]);
                for (column, value) in self.cells(&columns)? {
                    row.columns[column] = value;
                }
                row.updated = Some(edit.stamp.clone());
                self.rows.entry(edit.library.to_owned()).or_default().push(row);
            }
            MappingTableEdit::DeleteRow { find } => {
                let find = self.cells(&find)?;
                let rows = self.rows.entry(edit.library.to_owned()).or_default();
                if rows.extract_if(.., |row| row_matches(row, &find)).count() == 0 {
                    return Err(no_row);
                }
            }
            MappingTableEdit::Access(access) => self.access = access,
            MappingTableEdit::Remove => {}
        }
        self.updated = Some(edit.stamp.clone());
        Ok(())
    }

    /// Columns have numbers, header names are aliases.
    fn add_settings(&self, settings: &mut SettingsWriter<'_>) {
        let column = |number: usize| FieldName::from(format!("column{number}"));
        let record = |row: &EmulatedMappingRow| {
            let columns = row.columns.iter().enumerate();
            let columns = columns.map(|(number, text)| (column(number), FieldValue::from_text(text)));
            let fields = columns.chain([("enabled".into(), row.enabled.into())]).collect();
            observed_record(fields, row.updated.as_ref())
        };
        let titled = CollectionId {
            table: TableName::Title(self.name.as_str().into()),
            ..CollectionId::of_institution("MappingTable")
        };
        for id in [CollectionId::with_code("MappingTable", &self.code), titled] {
            let headers = self.headers.iter().enumerate();
            let aliases = headers.map(|(number, header)| (header.name.as_str().into(), column(number)));
            let records = self.rows.get("").into_iter().flatten().map(record);
            settings.add_with_aliases(&id, aliases.collect(), records);
        }
    }
}

impl EmulatedMappingTable {
    /// Returns the values by column number. A column has the name in the header, or `column0` to `column6`.
    fn cells(&self, values: &BTreeMap<String, String>) -> Result<Vec<(usize, String)>, EditError> {
        let column = |name: &str| {
            let by_name = self.headers.iter().position(|header| header.name == name);
            by_name.or_else(|| name.strip_prefix("column")?.parse().ok().filter(|number| *number < 7))
        };
        let cell = |(name, value): (&String, &String)| match column(name) {
            Some(number) => Ok((number, value.clone())),
            None => Err(format!("`{}` has no column `{name}`", self.code)),
        };
        values.iter().map(cell).collect()
    }
}

fn header_node(header: &ColumnHeader, number: usize, view: &TableView<'_>) -> DocumentNode {
    let link = |folder: &str, name: &str| {
        view.full().then(|| ("link", view.link(folder, name))).into_iter().collect()
    };
    let (kind, attributes) = match &header.column {
        ColumnType::Text => ("TextField", Vec::new()),
        ColumnType::Date => ("date", Vec::new()),
        ColumnType::Options => ("Custom Option List", Vec::new()),
        ColumnType::Code(table) => ("code-tables", link("code-tables", table)),
        ColumnType::Mapping(table) => ("mapping-tables", link("mapping-tables", table)),
    };
    DocumentNode::Group(vec![
        DocumentPart::text("number", number.to_string()),
        DocumentPart::text("name", &header.name),
        DocumentPart::text("description", &header.name),
        DocumentPart::Child("type", DocumentNode::Valued(kind.to_owned(), attributes)),
    ])
}

fn row_node(row: &EmulatedMappingRow, view: &TableView<'_>) -> DocumentNode {
    let empty_columns = view.request.settings.unused_columns == UnusedColumns::Empty;
    let columns = COLUMNS.into_iter().zip(&row.columns);
    let part = |(name, value): (&'static str, &String)| match empty_columns {
        true => DocumentPart::text(name, value),
        false => DocumentPart::text_if_set(name, value),
    };
    let mut parts: Vec<DocumentPart> = columns.map(part).collect();
    if view.full() || !row.enabled {
        parts.push(DocumentPart::flag("enabled", row.enabled));
    }
    if view.full() || row.managed_in_network {
        parts.push(DocumentPart::flag("managed_in_network", row.managed_in_network));
    }
    view.add_stamp(&mut parts, row.updated.as_ref());
    DocumentNode::Group(parts)
}

/// Merges the rows of a PUT into the current rows.
///
/// Rows have no ID: a current row with equal values is the same row and keeps the stamp.
fn merge_put_rows(
    put: &TablePut<'_>,
    current: &[EmulatedMappingRow],
) -> Result<Vec<EmulatedMappingRow>, ErrorResponse> {
    let mut current: Vec<&EmulatedMappingRow> = current.iter().collect();
    let mut rows = Vec::new();
    for sent in put.rows()? {
        let row = parse_row(put, sent, &current)?;
        let same = current.iter().position(|known| {
            (&known.columns, known.enabled, known.managed_in_network)
                == (&row.columns, row.enabled, row.managed_in_network)
        });
        rows.push(match same {
            Some(index) => current.remove(index).clone(),
            None => row,
        });
    }
    Ok(rows)
}

fn parse_row(
    put: &TablePut<'_>,
    sent: &Map<String, Value>,
    current: &[&EmulatedMappingRow],
) -> Result<EmulatedMappingRow, ErrorResponse> {
    let mut columns: [String; 7] = Default::default();
    for (column, name) in columns.iter_mut().zip(COLUMNS) {
        required_text(sent, name)?.clone_into(column);
    }
    let managed = flag(sent, "managed_in_network")? == Some(true);
    let managed_in_network = match (put.request.settings.managed_in_network, put.request.zone.role) {
        (ManagedInNetwork::Respected, ZoneRole::Network) => managed,
        // "Relevant only for NZ" (the vendor's schema).
        (ManagedInNetwork::Respected, ZoneRole::Member) | (ManagedInNetwork::Ignored, _) => current
            .iter()
            .find(|row| row.columns == columns)
            .or_else(|| current.iter().find(|row| row.columns[0] == columns[0]))
            .is_some_and(|row| row.managed_in_network),
    };
    let enabled = flag(sent, "enabled")? != Some(false);
    Ok(EmulatedMappingRow { columns, enabled, managed_in_network, updated: Some(put.request.stamp()) })
}

/// Rejects an illegal value in a column.
fn check_column(
    put: &TablePut<'_>,
    number: usize,
    expected: &str,
    is_legal: impl Fn(&str) -> bool,
) -> Result<(), ErrorResponse> {
    for sent in put.rows()? {
        let value = required_text(sent, &format!("column{number}"))?;
        if !value.is_empty() && !is_legal(value) {
            let message = format!("General error: '{value}' is not {expected}.");
            return Err(ErrorResponse::business(402119, message));
        }
    }
    Ok(())
}

fn row_matches(row: &EmulatedMappingRow, find: &[(usize, String)]) -> bool {
    find.iter().all(|(column, value)| row.columns[*column] == *value)
}

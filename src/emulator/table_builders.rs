//! Builders of tables, for the seed, tests and benchmarks.

use std::collections::BTreeMap;

use super::table::{
    ApiAccess, CodeWithLabel, ColumnHeader, ColumnType, EmulatedCodeRow, EmulatedCodeTable,
    EmulatedMappingRow, EmulatedMappingTable, ModificationStamp, TableScope, TableSeed,
};

impl EmulatedCodeTable {
    /// Creates an open table without rows.
    pub fn new(name: &str, description: &str, sub_system: (&str, &str)) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            sub_system: code_with_label(sub_system),
            patron_facing: false,
            access: ApiAccess::Open,
            level: TableScope::Institution,
            updated: None,
            rows: BTreeMap::from([(String::new(), Vec::new())]),
        }
    }

    /// Adds a row of the institution.
    pub fn row(mut self, row: EmulatedCodeRow) -> Self {
        self.rows.entry(String::new()).or_default().push(row);
        self
    }

    /// Adds rows of the institution: codes and English descriptions.
    pub fn rows<'a>(self, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        rows.into_iter()
            .fold(self, |table, (code, description)| table.row(EmulatedCodeRow::new(code, description)))
    }

    /// Adds a row of one library, which makes the table a library table.
    pub fn library_row(mut self, library: &str, row: EmulatedCodeRow) -> Self {
        self.level = TableScope::Library;
        self.rows.entry(library.to_owned()).or_default().push(row);
        self
    }

    /// Returns the institution's row with this code.
    pub fn find(&self, code: &str) -> Option<&EmulatedCodeRow> {
        self.rows.get("")?.iter().find(|row| row.code == code)
    }
}

impl EmulatedCodeRow {
    /// Creates an enabled row with an English description.
    pub fn new(code: &str, description: &str) -> Self {
        Self {
            code: code.to_owned(),
            descriptions: BTreeMap::from([("en".to_owned(), description.to_owned())]),
            enabled: true,
            default: false,
            updated: None,
        }
    }

    /// Adds a description in another language.
    pub fn in_language(mut self, language: &str, description: &str) -> Self {
        self.descriptions.insert(language.to_owned(), description.to_owned());
        self
    }

    /// Makes the row the default of the table.
    pub fn as_default(self) -> Self {
        Self { default: true, ..self }
    }

    /// Disables the row.
    pub fn with_disabled(self) -> Self {
        Self { enabled: false, ..self }
    }

    /// Sets author and date of the last change.
    pub fn with_update(self, by: &str, date: &str) -> Self {
        Self { updated: Some(ModificationStamp { by: by.to_owned(), date: date.to_owned() }), ..self }
    }
}

impl EmulatedMappingTable {
    /// Creates an open table without columns and rows.
    pub fn new(code: &str, name: &str, sub_system: (&str, &str)) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            description: name.to_owned(),
            sub_system: code_with_label(sub_system),
            customized: false,
            access: ApiAccess::Open,
            level: TableScope::Institution,
            updated: None,
            headers: Vec::new(),
            rows: BTreeMap::from([(String::new(), Vec::new())]),
        }
    }

    /// Adds a column.
    pub fn column(mut self, name: &str, column: ColumnType) -> Self {
        self.headers.push(ColumnHeader { name: name.to_owned(), column });
        self
    }

    /// Adds a row of the institution.
    pub fn row(mut self, row: EmulatedMappingRow) -> Self {
        self.rows.entry(String::new()).or_default().push(row);
        self
    }

    /// Adds rows of the institution.
    pub fn rows<'a, const N: usize>(self, rows: impl IntoIterator<Item = [&'a str; N]>) -> Self {
        rows.into_iter().fold(self, |table, columns| table.row(EmulatedMappingRow::new(&columns)))
    }
}

impl EmulatedMappingRow {
    /// Creates an enabled row with values from `column0` on. Ignores values after the seventh.
    pub fn new(values: &[&str]) -> Self {
        let columns = std::array::from_fn(|index| values.get(index).copied().unwrap_or_default().to_owned());
        Self { columns, enabled: true, managed_in_network: false, updated: None }
    }

    /// Sets author and date of the last change.
    pub fn with_update(self, by: &str, date: &str) -> Self {
        Self { updated: Some(ModificationStamp { by: by.to_owned(), date: date.to_owned() }), ..self }
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

fn code_with_label((value, desc): (&str, &str)) -> CodeWithLabel {
    CodeWithLabel { value: value.to_owned(), desc: desc.to_owned() }
}

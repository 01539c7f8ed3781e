//! Short ways to say what a table holds, for the seed, tests and benchmarks.

use std::collections::BTreeMap;

use super::table::{
    Access, CodeRow, CodeTable, Column, Header, Labelled, Level, MappingRow, MappingTable, Stamp, TableSeed,
};

impl CodeTable {
    /// An open table without rows.
    pub fn new(name: &str, description: &str, sub_system: (&str, &str)) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            sub_system: labelled(sub_system),
            patron_facing: false,
            access: Access::Open,
            level: Level::Institution,
            updated: None,
            rows: BTreeMap::from([(String::new(), Vec::new())]),
        }
    }

    /// The same with one more row of the institution.
    pub fn row(mut self, row: CodeRow) -> Self {
        self.rows.entry(String::new()).or_default().push(row);
        self
    }

    /// The same with more rows of the institution: codes and English descriptions.
    pub fn rows<'a>(self, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        rows.into_iter().fold(self, |table, (code, description)| table.row(CodeRow::new(code, description)))
    }

    /// The same with more rows of one library, which makes it a table of the library level.
    pub fn library_row(mut self, library: &str, row: CodeRow) -> Self {
        self.level = Level::Library;
        self.rows.entry(library.to_owned()).or_default().push(row);
        self
    }

    /// The institution's row with this code.
    pub fn find(&self, code: &str) -> Option<&CodeRow> {
        self.rows.get("")?.iter().find(|row| row.code == code)
    }
}

impl CodeRow {
    /// An enabled row with an English description.
    pub fn new(code: &str, description: &str) -> Self {
        Self {
            code: code.to_owned(),
            descriptions: BTreeMap::from([("en".to_owned(), description.to_owned())]),
            enabled: true,
            default: false,
            updated: None,
        }
    }

    /// The same with a description in another language.
    pub fn in_language(mut self, language: &str, description: &str) -> Self {
        self.descriptions.insert(language.to_owned(), description.to_owned());
        self
    }

    /// The same as the default of its table.
    pub fn as_default(self) -> Self {
        Self { default: true, ..self }
    }

    /// The same, not in use.
    pub fn disabled(self) -> Self {
        Self { enabled: false, ..self }
    }

    /// The same, changed by somebody at a date.
    pub fn updated(self, by: &str, date: &str) -> Self {
        Self { updated: Some(Stamp { by: by.to_owned(), date: date.to_owned() }), ..self }
    }
}

impl MappingTable {
    /// An open table without columns and rows.
    pub fn new(code: &str, name: &str, sub_system: (&str, &str)) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            description: name.to_owned(),
            sub_system: labelled(sub_system),
            customized: false,
            access: Access::Open,
            level: Level::Institution,
            updated: None,
            headers: Vec::new(),
            rows: BTreeMap::from([(String::new(), Vec::new())]),
        }
    }

    /// The same with one more column.
    pub fn column(mut self, name: &str, column: Column) -> Self {
        self.headers.push(Header { name: name.to_owned(), column });
        self
    }

    /// The same with one more row of the institution.
    pub fn row(mut self, row: MappingRow) -> Self {
        self.rows.entry(String::new()).or_default().push(row);
        self
    }

    /// The same with more rows of the institution.
    pub fn rows<'a, const N: usize>(self, rows: impl IntoIterator<Item = [&'a str; N]>) -> Self {
        rows.into_iter().fold(self, |table, columns| table.row(MappingRow::new(&columns)))
    }
}

impl MappingRow {
    /// An enabled row with these values from `column0` on; an eighth has no column to go to.
    pub fn new(values: &[&str]) -> Self {
        let columns = std::array::from_fn(|index| values.get(index).copied().unwrap_or_default().to_owned());
        Self { columns, enabled: true, managed_in_network: false, updated: None }
    }

    /// The same, changed by somebody at a date.
    pub fn updated(self, by: &str, date: &str) -> Self {
        Self { updated: Some(Stamp { by: by.to_owned(), date: date.to_owned() }), ..self }
    }
}

impl From<CodeTable> for TableSeed {
    fn from(table: CodeTable) -> Self {
        Self::Code(table)
    }
}

impl From<MappingTable> for TableSeed {
    fn from(table: MappingTable) -> Self {
        Self::Mapping(table)
    }
}

fn labelled((value, desc): (&str, &str)) -> Labelled {
    Labelled { value: value.to_owned(), desc: desc.to_owned() }
}

//! Bulk inserts: many rows in one statement.

use sqlx::any::AnyRow;

use super::database::StoreConnection;
use super::error::StoreError;
use super::location::StoreLocation;
use super::packed_text::PackedText;

/// Allowed numbers of rows per statement. Only a few, so that the database can reuse prepared statements.
const ROWS: [usize; 3] = [100, 10, 1];
/// Maximum size of a statement with several rows, in bytes.
const BYTES: usize = 8 << 20;

/// Column value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SqlValue {
    /// Integer.
    Number(i64),
    /// Text; on PostgreSQL, without U+0000.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl SqlValue {
    fn bytes(&self) -> usize {
        match self {
            Self::Number(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

impl From<i64> for SqlValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&PackedText> for SqlValue {
    fn from(text: &PackedText) -> Self {
        Self::Bytes(text.bytes().to_vec())
    }
}

impl From<Vec<u8>> for SqlValue {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl StoreConnection {
    /// Inserts rows with `INSERT INTO table (columns)` and the clause `behind`. Returns the rows of its
    /// `RETURNING` clause.
    ///
    /// # Errors
    /// Returns an error of any [`super::StoreErrorType`].
    pub(super) async fn insert<const COLUMNS: usize>(
        &mut self,
        into: &str,
        behind: &str,
        mut rows: &[[SqlValue; COLUMNS]],
    ) -> Result<Vec<AnyRow>, StoreError> {
        let mut returned = Vec::new();
        while !rows.is_empty() {
            let fits = |many: &usize| {
                let bytes =
                    |rows: &[[SqlValue; COLUMNS]]| rows.iter().flatten().map(SqlValue::bytes).sum::<usize>();
                rows.get(..*many).is_some_and(|rows| bytes(rows) <= BYTES)
            };
            let many = ROWS.into_iter().find(fits).unwrap_or(1);
            let (these, rest) = rows.split_at(many);
            let row = |row: usize| {
                let places = (1..=COLUMNS).map(|column| self.place(row * COLUMNS + column));
                format!("({})", places.collect::<Vec<_>>().join(", "))
            };
            let values = (0..many).map(row).collect::<Vec<_>>().join(", ");
            let sql = format!("{into} VALUES {values} {behind}");
            let found = self.fetch(&sql, |query| {
                these.iter().flatten().cloned().fold(query, |query, cell| match cell {
                    SqlValue::Number(number) => query.bind(number),
                    SqlValue::Text(text) => query.bind(text),
                    SqlValue::Bytes(bytes) => query.bind(bytes),
                })
            });
            returned.extend(found.await?);
            rows = rest;
        }
        Ok(returned)
    }

    /// Returns the placeholder of an argument. SQLite treats `$1` as a name, and searches all names for each
    /// lookup.
    fn place(&self, number: usize) -> String {
        match self.location {
            StoreLocation::File(_) => "?".to_owned(),
            StoreLocation::Postgres(_) => format!("${number}"),
        }
    }
}

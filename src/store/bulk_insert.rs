//! Rows on their way into a table, many in one statement.

use sqlx::any::AnyRow;

use super::database::StoreConnection;
use super::error::StoreError;
use super::location::StoreLocation;

/// How many rows a statement may hold: few numbers, so that a database keeps the statements prepared.
const ROWS: [usize; 3] = [100, 10, 1];
/// Bytes that a statement with more than one row may hold.
const BYTES: usize = 8 << 20;

/// What a column takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlValue {
    /// A number.
    Number(i64),
    /// A text, which on PostgreSQL must not hold U+0000.
    Text(String),
}

impl SqlValue {
    fn bytes(&self) -> usize {
        match self {
            Self::Number(_) => 8,
            Self::Text(text) => text.len(),
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

impl StoreConnection {
    /// Puts rows into a table, `INSERT INTO table (columns)`, with what the statement says behind them. Returns what
    /// that asks for.
    ///
    /// # Errors
    /// Every [`super::StoreTrouble`].
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
                })
            });
            returned.extend(found.await?);
            rows = rest;
        }
        Ok(returned)
    }

    /// The place of an argument. To SQLite `$1` is a name, and of a thousand names it searches the list for each.
    fn place(&self, number: usize) -> String {
        match self.location {
            StoreLocation::File(_) => "?".to_owned(),
            StoreLocation::Postgres(_) => format!("${number}"),
        }
    }
}

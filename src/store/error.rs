//! Errors of the store, with the possible reactions.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::location::StoreLocation;
use crate::model::error_chain_text;

/// Failed request to the store. Nothing of the request was saved; earlier data is intact.
#[derive(Debug, Clone, thiserror::Error)]
#[error("store {location}")]
pub struct StoreError {
    /// Location of the store.
    pub location: String,
    /// Type of the error, which decides the reaction.
    pub class: StoreErrorType,
    /// Cause. Its text never contains a password.
    #[source]
    pub cause: Arc<dyn Error + Send + Sync>,
}

/// Compares causes by their text.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        self.class == other.class && error_chain_text(self) == error_chain_text(other)
    }
}

/// Types of store errors, by the required reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorType {
    /// No response, or a lost connection. Retry when the server is back.
    Unreachable,
    /// Not writable: a read-only file or server, or missing permissions.
    ReadOnly,
    /// No space left. Free some space, then continue.
    Full,
    /// Created by a newer version of zonal. Use that version.
    Newer,
    /// Created by an older version of zonal, without a migration. Use a new store.
    Older,
    /// Not a store, or corrupt. Restore it, or use another one.
    Damaged,
    /// Locked by other processes for too long. Retry.
    Busy,
}

impl StoreErrorType {
    /// Returns the help text.
    pub fn help(self) -> &'static str {
        match self {
            Self::Unreachable => "retry when the store is reachable, or use another one with `--store`",
            Self::ReadOnly => "grant write permission, or use another store with `--store`",
            Self::Full => "free disk space, then retry",
            Self::Newer => "use the zonal version that created the store, or a later one",
            Self::Older => {
                "move the store away, or use another one with `--store` (a new store has no applied state)"
            }
            Self::Damaged => {
                "restore it from a backup, or use another store with `--store` (a new store has no applied state)"
            }
            Self::Busy => "retry when other processes have finished",
        }
    }
}

impl StoreError {
    /// Converts a driver error.
    pub(super) fn from_sqlx(location: &StoreLocation, error: sqlx::Error) -> Self {
        Self::new(location, class(&error), DriverError(error))
    }

    /// Returns an error for stored data with an unexpected format.
    pub(super) fn corrupt_data_error(location: &StoreLocation, what: &str, error: serde_json::Error) -> Self {
        Self::new(location, StoreErrorType::Damaged, FailedStep::new(format!("cannot parse {what}"), error))
    }

    /// Creates an error. `cause` is another error, or a text: lowercase, no full stop, without a password.
    pub(super) fn new(
        location: &StoreLocation,
        class: StoreErrorType,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { location: location.to_string(), class, cause: Arc::from(cause.into()) }
    }
}

/// Step that failed because of another error.
#[derive(Debug, thiserror::Error)]
#[error("{step}")]
pub(super) struct FailedStep {
    step: String,
    source: Box<dyn Error + Send + Sync>,
}

impl FailedStep {
    pub(super) fn new(step: impl Into<String>, source: impl Error + Send + Sync + 'static) -> Self {
        Self { step: step.into(), source: Box::new(source) }
    }
}

/// Error of the database driver, with a text for people.
#[derive(Debug)]
struct DriverError(sqlx::Error);

impl Error for DriverError {}

/// Writes the error text without details for programmers.
impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // SQLite reports the same text for each of its files.
            sqlx::Error::Database(error)
                if matches!(error.code().as_deref(), Some("14" | "1288" | "1544")) =>
            {
                f.write_str("cannot open the file, or an auxiliary file of SQLite next to it")
            }
            sqlx::Error::Database(error) => f.write_str(error.message()),
            sqlx::Error::Io(error) => error.fmt(f),
            error => error.fmt(f),
        }
    }
}

fn class(error: &sqlx::Error) -> StoreErrorType {
    match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // SQLite's extended codes contain the primary code in their low byte; PostgreSQL's codes have
            // five characters.
            Some(code) if code.len() < 5 => match code.parse::<u32>().map(|code| code & 0xff) {
                Ok(5 | 6) => StoreErrorType::Busy,
                Ok(3 | 8 | 14 | 23) => StoreErrorType::ReadOnly,
                Ok(13) => StoreErrorType::Full,
                Ok(10) => StoreErrorType::Unreachable,
                _ => StoreErrorType::Damaged,
            },
            Some("53100") => StoreErrorType::Full,
            Some("25006" | "42501") => StoreErrorType::ReadOnly,
            Some("40001" | "40P01" | "55P03") => StoreErrorType::Busy,
            // The server ended an idle transaction, for example of a stopped process.
            Some("25P03") => StoreErrorType::Unreachable,
            Some(code) if matches!(code.get(..2), Some("08" | "28" | "3D" | "53" | "57" | "58")) => {
                StoreErrorType::Unreachable
            }
            _ => StoreErrorType::Damaged,
        },
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => StoreErrorType::Full,
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            StoreErrorType::ReadOnly
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
            StoreErrorType::Damaged
        }
        _ => StoreErrorType::Unreachable,
    }
}

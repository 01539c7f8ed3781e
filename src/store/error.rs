//! How a store can fail, and what can be done about it.

use super::location::StoreLocation;

/// Why the store did not do what it was asked to. Nothing of what was asked was kept; what was kept before
/// still is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store {location}: {what}")]
pub struct StoreError {
    /// Where the store is.
    pub location: String,
    /// What the caller can do about it.
    pub class: StoreErrorType,
    /// What happened: lowercase, no full stop. Never holds a password.
    pub what: String,
}

/// The decisions that trouble with a store can call for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorType {
    /// It does not answer, or went away. Try again when it is back.
    Unreachable,
    /// It cannot be written to: a file or a server that is read only, a right that is missing.
    ReadOnly,
    /// There is no room left. Make some, then go on.
    Full,
    /// It was made by a newer zonal. Use that one.
    Newer,
    /// It is no store, or is damaged. Restore it, or name another.
    Damaged,
    /// Others kept it busy for too long. Try again.
    Busy,
}

impl StoreErrorType {
    /// The way out.
    pub fn help(self) -> &'static str {
        match self {
            Self::Unreachable => "try again when it answers, or name another with `--store`",
            Self::ReadOnly => "give zonal the right to write to it, or name another with `--store`",
            Self::Full => "make room where it is, then go on",
            Self::Newer => "use the zonal that made it, or a later one",
            Self::Damaged => "restore it from a backup, or name another with `--store`; a new one knows less",
            Self::Busy => "try again when whoever uses it is done",
        }
    }
}

impl StoreError {
    /// What a driver's error means for whoever uses the store.
    pub(super) fn from_sqlx(location: &StoreLocation, error: &sqlx::Error) -> Self {
        Self { location: location.to_string(), class: class(error), what: error_text(error) }
    }

    /// Something in the store is not of the shape that zonal writes.
    pub(super) fn corrupt_data_error(
        location: &StoreLocation,
        what: &str,
        error: &serde_json::Error,
    ) -> Self {
        Self::new(location, StoreErrorType::Damaged, format!("{what} in it cannot be understood: {error}"))
    }

    pub(super) fn new(location: &StoreLocation, class: StoreErrorType, what: impl Into<String>) -> Self {
        Self { location: location.to_string(), class, what: what.into() }
    }
}

fn class(error: &sqlx::Error) -> StoreErrorType {
    match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            // SQLite's extended codes hold the primary one in their low byte; PostgreSQL's have five letters.
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
            // Somebody who was stopped in the middle of a transaction finds it ended.
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

/// The error without what only programmers want to know.
fn error_text(error: &sqlx::Error) -> String {
    match error {
        // SQLite's own words are the same whichever of its files it is.
        sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("14" | "1288" | "1544")) => {
            "it, or a file that SQLite keeps beside it, cannot be opened".to_owned()
        }
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

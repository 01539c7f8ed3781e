//! Watches the institution's table while a library's is written.
//!
//! A PUT names its library in the body, since the API has no parameter for it (by absence in the
//! vendor's OpenAPI; that it works is from memory). A zone that does not look there would put the
//! library's rows in the place of the institution's, and reading the library's table back would
//! not show it.

use serde_json::Value as Json;

use super::table::records;
use super::{AlmaReader, AlmaTableType};
use crate::model::{CollectionId, FailureClass, Record, ZoneFailure};
use crate::provider::{CollectionSnapshot, WriteError, ZoneReader as _};

/// The institution's table before the library's is written; nothing, where no library's is.
pub struct LibraryScopeCheck(Option<InstitutionTableState>);

struct InstitutionTableState {
    institution: CollectionId,
    library: String,
    before: Vec<Record>,
    sent: Vec<Record>,
}

impl LibraryScopeCheck {
    /// Begins to watch, where the table that is about to be written is a library's. An institution
    /// that has no such table of its own has nothing to lose.
    ///
    /// # Errors
    /// Where the institution's table may be there and cannot be seen: then nothing may be written.
    pub async fn begin(
        reader: &AlmaReader,
        table: AlmaTableType,
        fresh: &CollectionSnapshot,
        body: &Json,
    ) -> Result<Self, ZoneFailure> {
        let id = &fresh.observed.id;
        let Some(library) = &id.library else { return Ok(Self(None)) };
        let institution = CollectionId { library: None, ..id.clone() };
        let before = match reader.read_collection(&institution).await {
            Ok(before) => before,
            Err(failure) if failure.class.whole_zone() || failure.class == FailureClass::Malformed => {
                return Err(failure);
            }
            Err(_) => return Ok(Self(None)),
        };
        let sent = records(table.layout(), body).unwrap_or_default();
        Ok(Self(Some(InstitutionTableState {
            institution,
            library: library.to_string(),
            before: sort_records(before.observed.records.into_iter().map(|record| record.fields)),
            sent: sort_records(sent.into_iter().map(|record| record.fields)),
        })))
    }

    /// Looks again.
    ///
    /// # Errors
    /// [`WriteError::Astray`] where the institution's table holds what was meant for the library's.
    pub async fn verify(&self, reader: &AlmaReader) -> Result<(), WriteError> {
        let Self(Some(InstitutionTableState { institution, library, before, sent })) = self else {
            return Ok(());
        };
        let Ok(after) = reader.read_collection(institution).await else { return Ok(()) };
        let after = sort_records(after.observed.records.into_iter().map(|record| record.fields));
        if after != *sent || before == sent {
            return Ok(());
        }
        let lost: Vec<String> =
            before.iter().filter(|record| !sent.contains(record)).map(record_text).collect();
        let failure = ZoneFailure::new(
            FailureClass::Rejected,
            format!(
                "the zone wrote the rows of library {library} into the institution's own table, \
                 which lost {}",
                lost.join(", ")
            ),
        );
        Err(WriteError::Astray(
            failure.help("put them back in Alma, and take the manifests with `library` away from this zone"),
        ))
    }
}

fn sort_records(records: impl Iterator<Item = Record>) -> Vec<Record> {
    let mut records: Vec<Record> = records.collect();
    records.sort();
    records
}

fn record_text(record: &Record) -> String {
    let fields: Vec<String> = record.iter().map(|(field, value)| format!("{field}={value}")).collect();
    format!("{{{}}}", fields.join(" "))
}

//! Watches the institution's table while a library's is written.
//!
//! A PUT names its library in the body, since the API has no parameter for it (by absence in the
//! vendor's OpenAPI; that it works is from memory). A zone that does not look there would put the
//! library's rows in the place of the institution's, and reading the library's table back would
//! not show it.

use serde_json::Value as Json;

use super::table::records;
use super::{AlmaReader, TableType};
use crate::model::{CollectionId, Failure, FailureClass, Record};
use crate::provider::{Read as _, Snapshot, WriteError};

/// The institution's table before the library's is written; nothing, where no library's is.
pub struct Watch(Option<Watched>);

struct Watched {
    institution: CollectionId,
    library: String,
    before: Vec<Record>,
    sent: Vec<Record>,
}

impl Watch {
    /// Begins to watch, where the table that is about to be written is a library's. An institution
    /// that has no such table of its own has nothing to lose.
    ///
    /// # Errors
    /// Where the institution's table may be there and cannot be seen: then nothing may be written.
    pub async fn of(
        reader: &AlmaReader,
        table: TableType,
        fresh: &Snapshot,
        body: &Json,
    ) -> Result<Self, Failure> {
        let id = &fresh.observed.id;
        let Some(library) = &id.library else { return Ok(Self(None)) };
        let institution = CollectionId { library: None, ..id.clone() };
        let before = match reader.read(&institution).await {
            Ok(before) => before,
            Err(failure) if failure.class.whole_zone() || failure.class == FailureClass::Malformed => {
                return Err(failure);
            }
            Err(_) => return Ok(Self(None)),
        };
        let sent = records(table.layout(), body).unwrap_or_default();
        Ok(Self(Some(Watched {
            institution,
            library: library.to_string(),
            before: sorted(before.observed.records.into_iter().map(|record| record.fields)),
            sent: sorted(sent.into_iter().map(|record| record.fields)),
        })))
    }

    /// Looks again.
    ///
    /// # Errors
    /// [`WriteError::Astray`] where the institution's table holds what was meant for the library's.
    pub async fn look(&self, reader: &AlmaReader) -> Result<(), WriteError> {
        let Self(Some(Watched { institution, library, before, sent })) = self else { return Ok(()) };
        let Ok(after) = reader.read(institution).await else { return Ok(()) };
        let after = sorted(after.observed.records.into_iter().map(|record| record.fields));
        if after != *sent || before == sent {
            return Ok(());
        }
        let lost: Vec<String> = before.iter().filter(|record| !sent.contains(record)).map(shown).collect();
        let failure = Failure::new(
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

fn sorted(records: impl Iterator<Item = Record>) -> Vec<Record> {
    let mut records: Vec<Record> = records.collect();
    records.sort();
    records
}

fn shown(record: &Record) -> String {
    let fields: Vec<String> = record.iter().map(|(field, value)| format!("{field}={value}")).collect();
    format!("{{{}}}", fields.join(" "))
}

//! Detects a library's write that replaced the institution's table.
//!
//! The API has no library parameter for PUT (by absence in the vendor's OpenAPI). The body therefore names
//! the library. That the body has this effect is known only from memory. A zone that ignores the library in
//! the body would replace the institution's rows. The read-back of the library's table would not show the
//! mistake.

use super::{AlmaCollectionType, AlmaReader};
use crate::model::{CollectionId, FailureClass, ObservedRecord, Record, ZoneFailure};
use crate::provider::{WriteError, ZoneReader as _};

/// Institution's table before a library's write; `None` for other writes.
pub struct LibraryScopeCheck(Option<InstitutionTableState>);

struct InstitutionTableState {
    institution: CollectionId,
    library: String,
    before: Vec<Record>,
}

impl LibraryScopeCheck {
    /// Reads the institution's table before the write of a library's table.
    ///
    /// An institution without such a table has no data to lose.
    ///
    /// # Errors
    /// The institution's table may exist but could not be read: zonal must not write.
    pub async fn begin(reader: &AlmaReader, id: &CollectionId) -> Result<Self, ZoneFailure> {
        let is_table = matches!(AlmaCollectionType::from_collection_id(id), Ok(AlmaCollectionType::Table(_)));
        let Some(library) = id.library.as_ref().filter(|_| is_table) else { return Ok(Self(None)) };
        let language = match &id.language {
            Some(language) => Some(language.clone()),
            // The sent rows are in the language of the library's answer.
            None => reader.read_collection(id).await?.observed.id.language,
        };
        let institution = CollectionId { library: None, language, ..id.clone() };
        let before = match reader.read_snapshot(&institution).await.map(|(before, _)| before) {
            Ok(before) => before,
            Err(failure)
                if failure.class.whole_zone()
                    || matches!(failure.class, FailureClass::Malformed | FailureClass::Truncated) =>
            {
                return Err(failure);
            }
            Err(_) => return Ok(Self(None)),
        };
        Ok(Self(Some(InstitutionTableState {
            institution,
            library: library.to_string(),
            before: sort_records(before.observed.records.into_iter().map(|record| record.fields)),
        })))
    }

    /// Reads the institution's table again, after the rows were `sent`.
    ///
    /// # Errors
    /// [`WriteError::Astray`] if the institution's table contains the library's rows.
    pub async fn verify(&self, reader: &AlmaReader, sent: Vec<ObservedRecord>) -> Result<(), WriteError> {
        let Self(Some(InstitutionTableState { institution, library, before })) = self else {
            return Ok(());
        };
        let sent = sort_records(sent.into_iter().map(|record| record.fields));
        let Ok(after) = reader.read_collection(institution).await else { return Ok(()) };
        let after = sort_records(after.observed.records.into_iter().map(|record| record.fields));
        if after != sent || *before == sent {
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
            failure.help("restore them in Alma, and exclude this zone from the manifests with `library`"),
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

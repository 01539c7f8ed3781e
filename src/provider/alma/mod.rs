//! Client for Alma's public REST API.
//!
//! [`AlmaReader`] contains only a GET client, so planning cannot send any other method. [`AlmaWriter`] adds
//! PUT.

mod code_table;
mod computed_hours;
mod group_settings;
pub mod institution;
pub mod jobs;
mod json_to_xml;
mod letter;
mod library_relations;
mod library_scope_check;
mod mapping_table;
pub mod object_directory;
mod object_layout;
mod open_hours;
mod paged_list;
mod put_client;
mod table;
mod table_body;
mod table_directory;
pub(in crate::provider) mod table_layout;
#[cfg(test)]
mod tests;
pub mod write_key_test;
mod write_verification;
mod zone_identity;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use secrecy::SecretString;

use self::library_scope_check::LibraryScopeCheck;
use self::object_layout::ObjectLayout;
use self::put_client::{PutBody, PutClient};
use self::table::{TableRequest, repeated_key};
use self::table_directory::TableDirectory;
use self::table_layout::TableLayout;
use super::budget::RequestBudget;
use super::http::api_key::ApiKey;
use super::http::client::HttpClient;
use super::http::get_client::GetClient;
use super::http::reading_age::FreshReading;
use super::http::request_path::RequestPath;
use super::transport::Transport;
use super::{
    CollectionSnapshot, RequestUsage, UnprocessedReason, WriteError, WriteTurn, ZoneReader, ZoneWriter,
};
use crate::model::network::{EnvironmentType, Zone};
use crate::model::{Change, CollectionId, FailureClass, ObservedRecord, TableName, ZoneCode, ZoneFailure};

/// Reader of one zone, with one API key.
pub struct AlmaReader {
    zone: ZoneCode,
    getter: GetClient,
    code_tables: TableDirectory,
    mapping_tables: TableDirectory,
    budget: Arc<RequestBudget>,
}

/// Writer of one zone, with a key that permits writes.
pub struct AlmaWriter {
    reader: AlmaReader,
    putter: PutClient,
    environment: Option<EnvironmentType>,
    /// True once the zone returned a table without its language.
    omits_languages: AtomicBool,
}

/// Reading of a collection, for the write that follows.
pub struct AlmaWriteTurn<'a> {
    reading: FreshReading<'a>,
    /// English version of a table whose language the zone does not report.
    english: Option<Vec<ObservedRecord>>,
    /// Institution's table, for the write of a library's table.
    scope_check: LibraryScopeCheck,
}

/// Collection types of this API.
#[derive(Debug, Clone, Copy)]
enum AlmaCollectionType {
    Table(AlmaTableType),
    Object(&'static ObjectLayout),
}

/// Table types, which have similar endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlmaTableType {
    Code,
    Mapping,
}

/// Collection types other than tables, one file each.
static OBJECTS: [&ObjectLayout; 4] =
    [&letter::LETTER, &open_hours::OPEN_HOURS, &library_relations::RELATIONS, &group_settings::ELECTRONIC];

pub use table_directory::similar_code_help;

/// Returns true if this API has an endpoint for the collection type.
pub fn serves(kind: &str) -> bool {
    matches!(kind, "CodeTable" | "MappingTable") || OBJECTS.iter().any(|object| object.kind == kind)
}

impl AlmaReader {
    /// Creates a reader of one zone.
    ///
    /// All readers and writers of a zone must share one budget, because Alma counts requests per institution.
    pub fn new(
        zone: &Zone,
        key: SecretString,
        transport: Arc<dyn Transport>,
        budget: Arc<RequestBudget>,
    ) -> Self {
        Self::with_client(&Arc::new(wire(zone, key, transport, budget)))
    }

    fn with_client(wire: &Arc<HttpClient>) -> Self {
        Self {
            zone: wire.zone.clone(),
            getter: GetClient::new(Arc::clone(wire)),
            code_tables: TableDirectory::default(),
            mapping_tables: TableDirectory::default(),
            budget: Arc::clone(&wire.budget),
        }
    }
}

impl AlmaWriter {
    /// Creates a writer of one zone. The writer also reads with its key.
    pub fn new(
        zone: &Zone,
        key: SecretString,
        transport: Arc<dyn Transport>,
        budget: Arc<RequestBudget>,
    ) -> Self {
        let wire = Arc::new(wire(zone, key, transport, budget));
        Self {
            reader: AlmaReader::with_client(&wire),
            putter: PutClient::new(wire),
            environment: zone.environment_type,
            omits_languages: AtomicBool::new(false),
        }
    }

    /// Returns the write path of a collection.
    ///
    /// The language of a table must be known, because the API's defaults for reads and writes differ.
    fn put_path(
        &self,
        table: AlmaTableType,
        fresh: &CollectionSnapshot,
        english: Option<&[ObservedRecord]>,
    ) -> Result<RequestPath, WriteError> {
        let id = &fresh.observed.id;
        let code = match &id.table {
            TableName::Code(code) | TableName::Title(code) => code,
            TableName::Whole => &id.kind,
        };
        let path = match (table, &id.language, english) {
            (AlmaTableType::Mapping, _, _) => mapping_table::put_path(code),
            (AlmaTableType::Code, Some(language), _) => code_table::put_path(code, language),
            (AlmaTableType::Code, None, Some(english)) if english == fresh.observed.records => {
                code_table::put_path(code, "en")
            }
            (AlmaTableType::Code, None, Some(_)) => Err(ZoneFailure::new(
                FailureClass::Mismatch,
                format!("the zone does not report the language of `{code}`"),
            )
            .help("declare `language` in the manifest")),
            (AlmaTableType::Code, None, None) => {
                self.omits_languages.store(true, Ordering::Relaxed);
                return Err(WriteError::Unprocessed(UnprocessedReason::ReadingMissing));
            }
        };
        path.map_err(WriteError::Refused)
    }

    /// Returns the English rows of a table whose language the zone does not report.
    async fn read_english(&self, id: &CollectionId) -> Result<Option<Vec<ObservedRecord>>, ZoneFailure> {
        let is_code_table = &*id.kind == "CodeTable" && id.language.is_none();
        if !is_code_table || !self.omits_languages.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let english = CollectionId { language: Some("en".into()), ..id.clone() };
        let (english, _) = self.reader.read_snapshot(&english).await?;
        Ok(Some(english.observed.records))
    }
}

impl AlmaReader {
    async fn read_snapshot(
        &self,
        id: &CollectionId,
    ) -> Result<(CollectionSnapshot, FreshReading<'_>), ZoneFailure> {
        let table = match AlmaCollectionType::from_collection_id(id)? {
            AlmaCollectionType::Table(table) => table,
            AlmaCollectionType::Object(object) => {
                let (body, reading) = self.getter.fresh_json(&(object.path)(&self.zone, id)?).await?;
                return Ok((complete((object.snapshot)(&self.zone, id, body)?)?, reading));
            }
        };
        let titles = match table {
            AlmaTableType::Code => &self.code_tables,
            AlmaTableType::Mapping => &self.mapping_tables,
        };
        let code = titles.code(table.layout(), &self.getter, &id.table).await?;
        let asked = TableRequest { zone: &self.zone, id, code: &code };
        let path = match table {
            AlmaTableType::Code => code_table::path(asked)?,
            AlmaTableType::Mapping => mapping_table::path(asked)?,
        };
        let (body, reading) = self.getter.fresh_json(&path).await?;
        let snapshot = match table {
            AlmaTableType::Code => code_table::snapshot(asked, body)?,
            AlmaTableType::Mapping => mapping_table::snapshot(asked, body)?,
        };
        // Rows of mapping tables have no key of their own.
        let repeated = match table {
            AlmaTableType::Code => repeated_key(table.layout(), &snapshot.observed),
            AlmaTableType::Mapping => None,
        };
        if let Some(failure) = repeated {
            return Err(failure);
        }
        Ok((complete(snapshot)?, reading))
    }

    /// Adds help from the zone's list of tables to the failure of a table that the zone calls unknown.
    async fn explain_failure(&self, id: &CollectionId, failure: ZoneFailure) -> ZoneFailure {
        let (TableName::Code(code), Ok(AlmaCollectionType::Table(table))) =
            (&id.table, AlmaCollectionType::from_collection_id(id))
        else {
            return failure;
        };
        let directory = match table {
            AlmaTableType::Code => &self.code_tables,
            AlmaTableType::Mapping => &self.mapping_tables,
        };
        directory.explain_unknown_code(table.layout(), &self.getter, code, failure).await
    }
}

impl ZoneReader for AlmaReader {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        match self.read_snapshot(id).await {
            Ok((snapshot, _)) => Ok(snapshot),
            Err(failure) => Err(self.getter.discreet(self.explain_failure(id, failure).await)),
        }
    }

    fn request_usage(&self) -> RequestUsage {
        self.budget.usage()
    }
}

impl ZoneReader for AlmaWriter {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        self.reader.read_collection(id).await
    }

    fn request_usage(&self) -> RequestUsage {
        self.reader.request_usage()
    }
}

impl ZoneWriter for AlmaWriter {
    async fn verify_zone_identity(&self) -> Result<(), ZoneFailure> {
        let AlmaReader { getter, zone, .. } = &self.reader;
        let confirmed = zone_identity::confirm(getter, zone, self.environment).await;
        confirmed.map_err(|failure| getter.discreet(failure))
    }

    async fn read_for_write(
        &self,
        id: &CollectionId,
    ) -> Result<(CollectionSnapshot, WriteTurn<'_>), ZoneFailure> {
        let Self { reader, .. } = self;
        let read = async {
            let english = self.read_english(id).await?;
            let scope_check = LibraryScopeCheck::begin(reader, id).await?;
            let (snapshot, reading) = reader.read_snapshot(id).await?;
            Ok((snapshot, Some(AlmaWriteTurn { reading, english, scope_check })))
        };
        read.await.map_err(|failure| reader.getter.discreet(failure))
    }

    async fn write_collection(
        &self,
        turn: WriteTurn<'_>,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> Result<(), WriteError> {
        let missing = || WriteError::Unprocessed(UnprocessedReason::ReadingMissing);
        let AlmaWriteTurn { reading, english, scope_check } = turn.ok_or_else(missing)?;
        let id = &fresh.observed.id;
        let table = match AlmaCollectionType::from_collection_id(id).map_err(WriteError::Refused)? {
            AlmaCollectionType::Table(table) => table,
            AlmaCollectionType::Object(object) => {
                let path = (object.path)(&self.reader.zone, id).map_err(WriteError::Refused)?;
                let payload = (object.payload)(fresh, changes).map_err(WriteError::Refused)?;
                return self.putter.put(&path, &payload, &reading).await;
            }
        };
        let body = table_body::lay_over(table.layout(), fresh, changes).map_err(WriteError::Refused)?;
        let path = self.put_path(table, fresh, english.as_deref())?;
        let sent = table::records(table.layout(), &body).unwrap_or_default();
        let put = self.putter.put(&path, &PutBody::Json(body), &reading).await;
        // The check reads again, so it must not hold the place of the write.
        drop(reading);
        match put {
            Ok(()) | Err(WriteError::Unknown(_)) => scope_check.verify(&self.reader, sent).await.and(put),
            Err(
                WriteError::Unprocessed(_)
                | WriteError::Refused(_)
                | WriteError::Astray(_)
                | WriteError::Moved,
            ) => put,
        }
    }

    fn unexpected_differences(
        &self,
        before: &CollectionSnapshot,
        changes: &[Change],
        after: &CollectionSnapshot,
    ) -> Vec<String> {
        match AlmaCollectionType::from_collection_id(&before.observed.id) {
            Ok(AlmaCollectionType::Table(table)) => {
                write_verification::strays(table.layout(), before, changes, after)
            }
            Ok(AlmaCollectionType::Object(object)) => {
                let mut strays = object.strays(before, changes, after);
                if object.kind == group_settings::ELECTRONIC.kind {
                    strays.extend(group_settings::strays(before, changes, after));
                }
                strays
            }
            Err(failure) => vec![failure.message],
        }
    }

    async fn contradictions(&self, before: &CollectionSnapshot, changes: &[Change]) -> Vec<String> {
        match &*before.observed.id.kind == open_hours::OPEN_HOURS.kind {
            true => computed_hours::contradictions(&self.reader.getter, &before.observed, changes).await,
            false => Vec::new(),
        }
    }
}

impl AlmaCollectionType {
    fn from_collection_id(id: &CollectionId) -> Result<Self, ZoneFailure> {
        match &*id.kind {
            "CodeTable" => Ok(Self::Table(AlmaTableType::Code)),
            "MappingTable" => Ok(Self::Table(AlmaTableType::Mapping)),
            kind => match OBJECTS.iter().find(|object| object.kind == kind) {
                Some(object) => Ok(Self::Object(object)),
                None => Err(ZoneFailure::new(
                    FailureClass::Missing,
                    format!("Alma's public API does not serve `{kind}`"),
                )),
            },
        }
    }
}

impl AlmaTableType {
    fn layout(self) -> &'static TableLayout {
        match self {
            Self::Code => &code_table::LAYOUT,
            Self::Mapping => &mapping_table::LAYOUT,
        }
    }
}

/// Returns the collection, unless the answer itself says that it shows only a part.
fn complete(snapshot: CollectionSnapshot) -> Result<CollectionSnapshot, ZoneFailure> {
    let lists = snapshot.raw.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_array());
    // A record may consist of several entries of a list.
    let shown = lists.map(Vec::len).max().unwrap_or_default().max(snapshot.observed.records.len());
    let total = snapshot.raw.get("total_record_count");
    match total.and_then(serde_json::Value::as_u64).filter(|total| *total > shown as u64) {
        Some(total) => {
            let message = format!("looks cut off: the answer shows {shown} of {total} records");
            Err(ZoneFailure::new(FailureClass::Truncated, message)
                .help("try again; if the answer stays short, report it to the vendor's support"))
        }
        None => Ok(snapshot),
    }
}

fn wire(
    zone: &Zone,
    key: SecretString,
    transport: Arc<dyn Transport>,
    budget: Arc<RequestBudget>,
) -> HttpClient {
    let root = format!("{}/almaws/v1", zone.base_url.trim_end_matches('/'));
    let (zone, key) = (zone.code.clone(), ApiKey::new(key));
    HttpClient { zone, root, key, transport, budget, sent: 0.into(), server_date: Mutex::default() }
}

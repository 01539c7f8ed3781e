//! A zone behind Alma's public REST API.
//!
//! [`AlmaReader`] holds a getter and nothing else that could reach the zone: what
//! plans are made with cannot send anything but GET. [`AlmaWriter`] adds the one verb it needs.

mod code_table;
mod group_settings;
pub mod jobs;
mod json_to_xml;
mod letter;
mod library_relations;
mod library_scope_check;
mod mapping_table;
mod object_layout;
mod open_hours;
mod put_client;
mod table;
mod table_body;
mod table_directory;
pub(in crate::provider) mod table_layout;
#[cfg(test)]
mod tests;
mod write_verification;
mod zone_identity;

use std::sync::Arc;

use secrecy::SecretString;

use self::library_scope_check::LibraryScopeCheck;
use self::object_layout::ObjectLayout;
use self::put_client::{PutBody, PutClient};
use self::table::TableRequest;
use self::table_directory::TableDirectory;
use self::table_layout::TableLayout;
use super::budget::RequestBudget;
use super::http::api_key::ApiKey;
use super::http::client::HttpClient;
use super::http::get_client::GetClient;
use super::http::request_path::RequestPath;
use super::transport::Transport;
use super::{CollectionSnapshot, RequestUsage, WriteError, ZoneReader, ZoneWriter};
use crate::model::network::{EnvironmentType, Zone};
use crate::model::{Change, CollectionId, FailureClass, TableName, ZoneCode, ZoneFailure};

/// Looks at one zone with one key.
pub struct AlmaReader {
    zone: ZoneCode,
    getter: GetClient,
    code_tables: TableDirectory,
    mapping_tables: TableDirectory,
    budget: Arc<RequestBudget>,
}

/// Changes one zone, with the key that may.
pub struct AlmaWriter {
    reader: AlmaReader,
    putter: PutClient,
    environment: Option<EnvironmentType>,
}

/// The types of collection that this API serves.
#[derive(Debug, Clone, Copy)]
enum AlmaCollectionType {
    Table(AlmaTableType),
    Object(&'static ObjectLayout),
}

/// The two types of tables, which have much in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlmaTableType {
    Code,
    Mapping,
}

/// The types of collection that are not tables, each in a file of its own.
static OBJECTS: [&ObjectLayout; 4] =
    [&letter::LETTER, &open_hours::OPEN_HOURS, &library_relations::RELATIONS, &group_settings::ELECTRONIC];

/// Whether this API has an endpoint for a type of collection.
pub fn serves(kind: &str) -> bool {
    matches!(kind, "CodeTable" | "MappingTable") || OBJECTS.iter().any(|object| object.kind == kind)
}

impl AlmaReader {
    /// A reader of one zone. Share one budget between all readers and writers of a zone: Alma
    /// counts per institution.
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
    /// A writer of one zone, which also reads with its key.
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
        }
    }

    /// Where a collection is written. What language a table was read in must be known, because
    /// the API's default for writing is not that for reading.
    async fn put_path(
        &self,
        table: AlmaTableType,
        fresh: &CollectionSnapshot,
    ) -> Result<RequestPath, ZoneFailure> {
        let id = &fresh.observed.id;
        let code = match &id.table {
            TableName::Code(code) | TableName::Title(code) => code,
            TableName::Whole => &id.kind,
        };
        match (table, &id.language) {
            (AlmaTableType::Mapping, _) => mapping_table::put_path(code),
            (AlmaTableType::Code, Some(language)) => code_table::put_path(code, language),
            (AlmaTableType::Code, None) => {
                let english = CollectionId { language: Some("en".into()), ..id.clone() };
                let english = self.reader.read_snapshot(&english).await?;
                if english.observed.records == fresh.observed.records {
                    return code_table::put_path(code, "en");
                }
                Err(ZoneFailure::new(
                    FailureClass::Mismatch,
                    format!("the zone does not say in which language it answers for `{code}`"),
                )
                .help("declare `language` in the manifest"))
            }
        }
    }
}

impl AlmaReader {
    async fn read_snapshot(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        let table = match AlmaCollectionType::from_collection_id(id)? {
            AlmaCollectionType::Table(table) => table,
            AlmaCollectionType::Object(object) => {
                let body = self.getter.json(&(object.path)(&self.zone, id)?).await?;
                return (object.snapshot)(&self.zone, id, body);
            }
        };
        let titles = match table {
            AlmaTableType::Code => &self.code_tables,
            AlmaTableType::Mapping => &self.mapping_tables,
        };
        let code = titles.code(table.layout(), &self.getter, &id.table).await?;
        let asked = TableRequest { zone: &self.zone, id, code: &code };
        match table {
            AlmaTableType::Code => {
                code_table::snapshot(asked, self.getter.json(&code_table::path(asked)?).await?)
            }
            AlmaTableType::Mapping => {
                mapping_table::snapshot(asked, self.getter.json(&mapping_table::path(asked)?).await?)
            }
        }
    }

    /// Codes and names of the tables of a type that the zone lists.
    async fn tables(&self, table: AlmaTableType) -> Result<Vec<String>, ZoneFailure> {
        let titles = match table {
            AlmaTableType::Code => &self.code_tables,
            AlmaTableType::Mapping => &self.mapping_tables,
        };
        titles.codes(table.layout(), &self.getter).await
    }

    /// Codes of the code tables and of the mapping tables that the zone lists, which is what it lets the
    /// API see: two requests.
    ///
    /// # Errors
    /// Whatever reading can fail with.
    pub async fn list_table_codes(&self) -> Result<[Vec<String>; 2], ZoneFailure> {
        Ok([self.tables(AlmaTableType::Code).await?, self.tables(AlmaTableType::Mapping).await?])
    }
}

impl ZoneReader for AlmaReader {
    async fn read_collection(&self, id: &CollectionId) -> Result<CollectionSnapshot, ZoneFailure> {
        self.read_snapshot(id).await.map_err(|failure| self.getter.discreet(failure))
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

    async fn write_collection(
        &self,
        fresh: &CollectionSnapshot,
        changes: &[Change],
    ) -> Result<(), WriteError> {
        let id = &fresh.observed.id;
        let table = match AlmaCollectionType::from_collection_id(id).map_err(WriteError::Refused)? {
            AlmaCollectionType::Table(table) => table,
            AlmaCollectionType::Object(object) => {
                let path = (object.path)(&self.reader.zone, id).map_err(WriteError::Refused)?;
                let payload = (object.payload)(fresh, changes).map_err(WriteError::Refused)?;
                return self.putter.put(&path, &payload).await;
            }
        };
        let body = table_body::lay_over(table.layout(), fresh, changes).map_err(WriteError::Refused)?;
        let path = self.put_path(table, fresh).await.map_err(WriteError::Refused)?;
        let watch =
            LibraryScopeCheck::begin(&self.reader, table, fresh, &body).await.map_err(WriteError::Refused)?;
        let put = self.putter.put(&path, &PutBody::Json(body)).await;
        match put {
            Ok(()) | Err(WriteError::Unknown(_)) => watch.verify(&self.reader).await.and(put),
            Err(WriteError::Refused(_) | WriteError::Astray(_) | WriteError::Moved) => put,
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

fn wire(
    zone: &Zone,
    key: SecretString,
    transport: Arc<dyn Transport>,
    budget: Arc<RequestBudget>,
) -> HttpClient {
    let root = format!("{}/almaws/v1", zone.base_url.trim_end_matches('/'));
    HttpClient { zone: zone.code.clone(), root, key: ApiKey::new(key), transport, budget, sent: 0.into() }
}

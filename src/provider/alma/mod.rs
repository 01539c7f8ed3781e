//! A zone behind Alma's public REST API.
//!
//! [`AlmaReader`] holds a getter and nothing else that could reach the zone: what
//! plans are made with cannot send anything but GET. [`AlmaWriter`] adds the one verb it needs.

mod body;
mod code_table;
mod electronic;
mod identity;
pub mod jobs;
pub(in crate::provider) mod layout;
mod letter;
mod mapping_table;
mod object;
mod open_hours;
mod putter;
mod relations;
mod strays;
mod table;
#[cfg(test)]
mod tests;
mod titles;
mod watch;
mod xml;

use std::sync::Arc;

use secrecy::SecretString;

use self::layout::Layout;
use self::object::Object;
use self::putter::{Payload, Putter};
use self::table::Asked;
use self::titles::Titles;
use self::watch::Watch;
use super::budget::Budget;
use super::http::getter::Getter;
use super::http::path::Path;
use super::http::secret::Key;
use super::http::wire::Wire;
use super::transport::Transport;
use super::{Read, Snapshot, Usage, Write, WriteError};
use crate::model::network::{EnvironmentType, Zone};
use crate::model::{Change, CollectionId, Failure, FailureClass, Table, ZoneCode};

/// Looks at one zone with one key.
pub struct AlmaReader {
    zone: ZoneCode,
    getter: Getter,
    code_tables: Titles,
    mapping_tables: Titles,
    budget: Arc<Budget>,
}

/// Changes one zone, with the key that may.
pub struct AlmaWriter {
    reader: AlmaReader,
    putter: Putter,
    environment: Option<EnvironmentType>,
}

/// The types of collection that this API serves.
#[derive(Debug, Clone, Copy)]
enum Service {
    Table(TableType),
    Object(&'static Object),
}

/// The two types of tables, which have much in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TableType {
    Code,
    Mapping,
}

/// The types of collection that are not tables, each in a file of its own.
static OBJECTS: [&Object; 4] =
    [&letter::LETTER, &open_hours::OPEN_HOURS, &relations::RELATIONS, &electronic::ELECTRONIC];

/// Whether this API has an endpoint for a type of collection.
pub fn serves(kind: &str) -> bool {
    matches!(kind, "CodeTable" | "MappingTable") || OBJECTS.iter().any(|object| object.kind == kind)
}

impl AlmaReader {
    /// A reader of one zone. Share one budget between all readers and writers of a zone: Alma
    /// counts per institution.
    pub fn new(zone: &Zone, key: SecretString, transport: Arc<dyn Transport>, budget: Arc<Budget>) -> Self {
        Self::over(&Arc::new(wire(zone, key, transport, budget)))
    }

    fn over(wire: &Arc<Wire>) -> Self {
        Self {
            zone: wire.zone.clone(),
            getter: Getter::new(Arc::clone(wire)),
            code_tables: Titles::default(),
            mapping_tables: Titles::default(),
            budget: Arc::clone(&wire.budget),
        }
    }
}

impl AlmaWriter {
    /// A writer of one zone, which also reads with its key.
    pub fn new(zone: &Zone, key: SecretString, transport: Arc<dyn Transport>, budget: Arc<Budget>) -> Self {
        let wire = Arc::new(wire(zone, key, transport, budget));
        Self {
            reader: AlmaReader::over(&wire),
            putter: Putter::new(wire),
            environment: zone.environment_type,
        }
    }

    /// Where a collection is written. What language a table was read in must be known, because
    /// the API's default for writing is not that for reading.
    async fn put_path(&self, table: TableType, fresh: &Snapshot) -> Result<Path, Failure> {
        let id = &fresh.observed.id;
        let code = match &id.table {
            Table::Code(code) | Table::Title(code) => code,
            Table::Whole => &id.kind,
        };
        match (table, &id.language) {
            (TableType::Mapping, _) => mapping_table::put_path(code),
            (TableType::Code, Some(language)) => code_table::put_path(code, language),
            (TableType::Code, None) => {
                let english = CollectionId { language: Some("en".into()), ..id.clone() };
                let english = self.reader.read(&english).await?;
                if english.observed.records == fresh.observed.records {
                    return code_table::put_path(code, "en");
                }
                Err(Failure::new(
                    FailureClass::Mismatch,
                    format!("the zone does not say in which language it answers for `{code}`"),
                )
                .help("declare `language` in the manifest"))
            }
        }
    }
}

impl AlmaReader {
    async fn look(&self, id: &CollectionId) -> Result<Snapshot, Failure> {
        let table = match Service::of(id)? {
            Service::Table(table) => table,
            Service::Object(object) => {
                let body = self.getter.json(&(object.path)(&self.zone, id)?).await?;
                return (object.snapshot)(&self.zone, id, body);
            }
        };
        let titles = match table {
            TableType::Code => &self.code_tables,
            TableType::Mapping => &self.mapping_tables,
        };
        let code = titles.code(table.layout(), &self.getter, &id.table).await?;
        let asked = Asked { zone: &self.zone, id, code: &code };
        match table {
            TableType::Code => {
                code_table::snapshot(asked, self.getter.json(&code_table::path(asked)?).await?)
            }
            TableType::Mapping => {
                mapping_table::snapshot(asked, self.getter.json(&mapping_table::path(asked)?).await?)
            }
        }
    }

    /// Codes and names of the tables of a type that the zone lists.
    async fn tables(&self, table: TableType) -> Result<Vec<String>, Failure> {
        let titles = match table {
            TableType::Code => &self.code_tables,
            TableType::Mapping => &self.mapping_tables,
        };
        titles.codes(table.layout(), &self.getter).await
    }

    /// Codes of the code tables and of the mapping tables that the zone lists, which is what it lets the
    /// API see: two requests.
    ///
    /// # Errors
    /// Whatever reading can fail with.
    pub async fn listed(&self) -> Result<[Vec<String>; 2], Failure> {
        Ok([self.tables(TableType::Code).await?, self.tables(TableType::Mapping).await?])
    }
}

impl Read for AlmaReader {
    async fn read(&self, id: &CollectionId) -> Result<Snapshot, Failure> {
        self.look(id).await.map_err(|failure| self.getter.discreet(failure))
    }

    fn usage(&self) -> Usage {
        self.budget.usage()
    }
}

impl Read for AlmaWriter {
    async fn read(&self, id: &CollectionId) -> Result<Snapshot, Failure> {
        self.reader.read(id).await
    }

    fn usage(&self) -> Usage {
        self.reader.usage()
    }
}

impl Write for AlmaWriter {
    async fn confirm(&self) -> Result<(), Failure> {
        let AlmaReader { getter, zone, .. } = &self.reader;
        let confirmed = identity::confirm(getter, zone, self.environment).await;
        confirmed.map_err(|failure| getter.discreet(failure))
    }

    async fn write(&self, fresh: &Snapshot, changes: &[Change]) -> Result<(), WriteError> {
        let id = &fresh.observed.id;
        let table = match Service::of(id).map_err(WriteError::Refused)? {
            Service::Table(table) => table,
            Service::Object(object) => {
                let path = (object.path)(&self.reader.zone, id).map_err(WriteError::Refused)?;
                let payload = (object.payload)(fresh, changes).map_err(WriteError::Refused)?;
                return self.putter.put(&path, &payload).await;
            }
        };
        let body = body::lay_over(table.layout(), fresh, changes).map_err(WriteError::Refused)?;
        let path = self.put_path(table, fresh).await.map_err(WriteError::Refused)?;
        let watch = Watch::of(&self.reader, table, fresh, &body).await.map_err(WriteError::Refused)?;
        let put = self.putter.put(&path, &Payload::Json(body)).await;
        match put {
            Ok(()) | Err(WriteError::Unknown(_)) => watch.look(&self.reader).await.and(put),
            Err(WriteError::Refused(_) | WriteError::Astray(_) | WriteError::Moved) => put,
        }
    }

    fn strays(&self, before: &Snapshot, changes: &[Change], after: &Snapshot) -> Vec<String> {
        match Service::of(&before.observed.id) {
            Ok(Service::Table(table)) => strays::strays(table.layout(), before, changes, after),
            Ok(Service::Object(object)) => {
                let mut strays = object.strays(before, changes, after);
                if object.kind == electronic::ELECTRONIC.kind {
                    strays.extend(electronic::strays(before, changes, after));
                }
                strays
            }
            Err(failure) => vec![failure.message],
        }
    }
}

impl Service {
    fn of(id: &CollectionId) -> Result<Self, Failure> {
        match &*id.kind {
            "CodeTable" => Ok(Self::Table(TableType::Code)),
            "MappingTable" => Ok(Self::Table(TableType::Mapping)),
            kind => match OBJECTS.iter().find(|object| object.kind == kind) {
                Some(object) => Ok(Self::Object(object)),
                None => Err(Failure::new(
                    FailureClass::Missing,
                    format!("Alma's public API does not serve `{kind}`"),
                )),
            },
        }
    }
}

impl TableType {
    fn layout(self) -> &'static Layout {
        match self {
            Self::Code => &code_table::LAYOUT,
            Self::Mapping => &mapping_table::LAYOUT,
        }
    }
}

fn wire(zone: &Zone, key: SecretString, transport: Arc<dyn Transport>, budget: Arc<Budget>) -> Wire {
    let root = format!("{}/almaws/v1", zone.base_url.trim_end_matches('/'));
    Wire { zone: zone.code.clone(), root, key: Key::new(key), transport, budget, sent: 0.into() }
}

//! A zone behind Alma's public REST API.
//!
//! [`AlmaReader`] holds a getter and nothing else that could reach the zone: what
//! plans are made with cannot send anything but GET. [`AlmaWriter`] adds the one verb it needs.

mod body;
mod code_table;
mod complaint;
mod getter;
mod identity;
mod layout;
mod mapping_table;
mod path;
mod patience;
mod putter;
mod secret;
mod strays;
mod table;
#[cfg(test)]
mod tests;
mod titles;
mod verdict;
mod watch;
mod wire;

use std::sync::Arc;

use secrecy::SecretString;

use self::getter::Getter;
use self::layout::Layout;
use self::path::Path;
use self::putter::Putter;
use self::secret::Key;
use self::table::Asked;
use self::titles::Titles;
use self::watch::Watch;
use self::wire::Wire;
use super::budget::Budget;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    CodeTable,
    MappingTable,
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
    async fn put_path(&self, service: Service, fresh: &Snapshot) -> Result<Path, Failure> {
        let id = &fresh.observed.id;
        let code = match &id.table {
            Table::Code(code) | Table::Title(code) => code,
        };
        match (service, &id.language) {
            (Service::MappingTable, _) => mapping_table::put_path(code),
            (Service::CodeTable, Some(language)) => code_table::put_path(code, language),
            (Service::CodeTable, None) => {
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
        let service = Service::of(id)?;
        let titles = match service {
            Service::CodeTable => &self.code_tables,
            Service::MappingTable => &self.mapping_tables,
        };
        let code = titles.code(service.layout(), &self.getter, &id.table).await?;
        let asked = Asked { zone: &self.zone, id, code: &code };
        match service {
            Service::CodeTable => {
                code_table::snapshot(asked, self.getter.json(&code_table::path(asked)?).await?)
            }
            Service::MappingTable => {
                mapping_table::snapshot(asked, self.getter.json(&mapping_table::path(asked)?).await?)
            }
        }
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
        let service = Service::of(&fresh.observed.id).map_err(WriteError::Refused)?;
        let body = body::lay_over(service.layout(), fresh, changes).map_err(WriteError::Refused)?;
        let path = self.put_path(service, fresh).await.map_err(WriteError::Refused)?;
        let watch = Watch::of(&self.reader, service, fresh, &body).await.map_err(WriteError::Refused)?;
        let put = self.putter.put(&path, &body).await;
        match put {
            Ok(()) | Err(WriteError::Unknown(_)) => watch.look(&self.reader).await.and(put),
            Err(WriteError::Refused(_) | WriteError::Astray(_)) => put,
        }
    }

    fn strays(&self, before: &Snapshot, changes: &[Change], after: &Snapshot) -> Vec<String> {
        match Service::of(&before.observed.id) {
            Ok(service) => strays::strays(service.layout(), before, changes, after),
            Err(failure) => vec![failure.message],
        }
    }
}

impl Service {
    fn of(id: &CollectionId) -> Result<Self, Failure> {
        match &*id.kind {
            "CodeTable" => Ok(Self::CodeTable),
            "MappingTable" => Ok(Self::MappingTable),
            kind => Err(Failure::new(
                FailureClass::Missing,
                format!("Alma's public API does not serve `{kind}` collections"),
            )
            .help("it serves CodeTable and MappingTable")),
        }
    }

    fn layout(self) -> &'static Layout {
        match self {
            Self::CodeTable => &code_table::LAYOUT,
            Self::MappingTable => &mapping_table::LAYOUT,
        }
    }
}

fn wire(zone: &Zone, key: SecretString, transport: Arc<dyn Transport>, budget: Arc<Budget>) -> Wire {
    let root = format!("{}/almaws/v1", zone.base_url.trim_end_matches('/'));
    Wire { zone: zone.code.clone(), root, key: Key::new(key), transport, budget }
}

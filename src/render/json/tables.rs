//! JSON output of `zonal tables`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{ZoneCode, ZoneFailure};

/// Tables of a network.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "zonal tables --json")]
pub struct TablesJson {
    /// Name of the network.
    pub network: String,
    /// Selected environment; null without an environment.
    pub environment: Option<String>,
    /// Queried zones.
    pub zones: Vec<TableZoneJson>,
    /// Selected tables, by type and code.
    pub tables: Vec<ListedTableJson>,
}

/// Zone with the size of its lists.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableZoneJson {
    /// Alma's institution code.
    pub zone: ZoneCode,
    /// Number of tables in the zone's lists.
    pub tables: usize,
    /// Failure of the lists, if the zone did not answer.
    pub failure: Option<ZoneFailure>,
}

/// Table that at least one zone lists.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedTableJson {
    /// Type: `CodeTable` or `MappingTable`.
    pub kind: Arc<str>,
    /// Technical code, as in manifests.
    pub code: Arc<str>,
    /// Display name in Alma; empty if unknown.
    pub name: String,
    /// Part of Alma that uses the table.
    pub subsystem: Option<String>,
    /// Zones that list the table.
    pub zones: Vec<ZoneCode>,
    /// Zones that answered and do not list the table: hidden from the API, or missing there.
    pub not_listed: Vec<ZoneCode>,
    /// Zones that report the table as customized; only mapping tables have this mark.
    pub customized: Vec<ZoneCode>,
    /// Rows and forms; null if the tables were not read.
    pub content: Option<TableContentJson>,
}

/// Content of a table in all zones.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct TableContentJson {
    /// Different contents, the most frequent one first.
    pub forms: Vec<TableFormJson>,
    /// Zones that list the table, but hide its rows from the API.
    pub hidden: Vec<ZoneCode>,
    /// Failed reads.
    pub failures: Vec<TableFailureJson>,
}

/// Content that some zones share, apart from the order of rows, authors and dates.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableFormJson {
    /// Number of rows.
    pub rows: usize,
    /// Zones with this content.
    pub zones: Vec<ZoneCode>,
}

/// Failed read of a table.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableFailureJson {
    /// Zone.
    pub zone: ZoneCode,
    /// Failure.
    pub failure: ZoneFailure,
}

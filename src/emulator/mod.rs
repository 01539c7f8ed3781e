//! An Alma network on loopback: the API of every zone, with its thresholds and faults.
//!
//! Nothing public lets a developer test writes to Alma without a sandbox. This emulator keeps to
//! the vendor's OpenAPI and schemas; what they leave open is a switch of [`EmulatorConfig`], so that
//! a client is tested against both answers, and nothing here is proof of what Alma does.
//!
//! # The API
//!
//! Below `/almaws/v1`: `GET POST conf/test`, `GET conf/general`, `GET conf/code-tables`,
//! `GET PUT conf/code-tables/{name}`, `GET conf/mapping-tables`, `GET PUT conf/mapping-tables/{code}`,
//! `GET conf/jobs`, `GET conf/jobs/{id}/instances` (runs are dated back from the emulated date).
//! `GET conf/letters`, `GET PUT conf/letters/{code}` (XML alone is taken), `GET PUT conf/relations?scope=LIBRARY`,
//! `GET PUT conf/open-hours?scope=LIBRARY` (or the institution's code).
//! Below `electronic/e-collections`, in the network zone: `GET` of lists, `GET PUT` of an e-collection, of an
//! e-service in it (`/{id}/e-services/{id}`) and of a portfolio in that (`/portfolios/{id}`).
//! `GET POST users`, `GET PUT DELETE users/{id}`, `POST users/{id}?op=refresh`: see below.
//! The key (`Authorization: apikey KEY`, or `?apikey=KEY`) selects the zone.
//!
//! # Users
//!
//! Kept of a user are names, ids, group, account type, record type, status, expiry and purge dates, blocks and roles;
//! what else a client sends is passed over, and `q` is refused. `?user_id_type=linking_id` and
//! `?source_institution_code=` find linked accounts. `POST users?source_institution_code=A&source_user_id=ID` makes
//! one, `op=refresh` brings it up to date, and a block that is put on it goes home to A: by the linked account rules,
//! Restricted Users and block definitions that the zones store, decided where `zonal explain patron` decides it.
//! Refusals: 401651, 60226, 60227, 60229, 60232, and those of every user: 401851 to 401864, 401890, 4019990, 4019998.
//!
//! # The gateway
//!
//! Below `/gateway`, zonal's gateway contract for what the API does not reach. Its keys open all zones.
//!
//! # The doors beside it
//!
//! Tests in process use [`Emulator::control`]. Over HTTP, without a key, every answer is JSON;
//! what does not fit the network is HTTP 400 `{"error": ".."}`:
//!
//! | request | body or answer |
//! | --- | --- |
//! | `GET POST /emulator/behaviour` | [`EmulatorConfig`]; a POST replaces it wholly |
//! | `GET POST DELETE /emulator/faults` | one [`Fault`] is added by each POST, a DELETE removes all |
//! | `POST /emulator/edits` | one [`Edit`] |
//! | `POST /emulator/records` | one [`RecordEdit`] of what the gateway serves |
//! | `GET /emulator/zones/{zone}/records/{kind}` | the records of a collection that the gateway serves |
//! | `GET DELETE /emulator/requests` | list of [`LoggedRequest`] |
//! | `GET /emulator/statistics` | [`Statistics`] by zone |
//! | `GET /emulator/resolver?resource=&member=&address=` | [`Resolved`]; `library=` or `campus=` instead of `address=`; `user_group=` |
//! | `GET POST /emulator/contributions` | records that members have brought in; one [`Contribution`], answered with [`Contributed`] |
//! | `GET /emulator/tasks?zone=&role=&report=` | [`Permitted`] |
//! | `GET /emulator/partners?member=&user_group=` | [`Found`] |
//! | `GET /emulator/circulation?zone=&user=` | [`KeptFrom`] |
//! | `GET /emulator/zones` | the zones, without their keys |
//! | `GET /emulator/zones/{zone}/tables` | names of tables, `{"code": [..], "mapping": [..], "electronic": [..]}` |
//! | `GET PUT /emulator/zones/{zone}/tables/{code, mapping or electronic}/{name}` | [`TableSeed`] |
//!
//! The five above the zones are how the network behaves where Alma's API does not show it. A contribution that the
//! network zone denies is HTTP 400 with Alma's list of errors and 402119, for which no code is documented.
//!
//! ```json
//! POST /emulator/behaviour
//! {"latency_ms": 120, "jitter_ms": 40, "per_second": 10, "optional_fields": "sparse",
//!  "zones": {"01OMNI_BETA": {"connection": "down"}, "01OMNI_GAMMA": {"gateway_errors": "html"}}}
//!
//! POST /emulator/faults
//! {"zone": "01OMNI_ALPHA", "method": "PUT", "path": "/code-tables/", "when": {"nth": 1}, "effect": "answer_lost"}
//! {"when": {"percent": 5}, "effect": {"status": {"status": 502, "shape": "html"}}}
//! {"path": "/conf/general", "effect": {"wrong_institution": {"code": "01OTHER_INST"}}}
//!
//! POST /emulator/edits
//! {"zone": "01OMNI_ALPHA", "kind": "code", "table": "UserGroups", "by": "m.tremblay",
//!  "when": {"after_reads": 1}, "action": {"set_code": {"code": "WALKIN", "description": "Walk-in"}}}
//! {"zone": "01OMNI_ALPHA", "kind": "mapping", "table": "UserBlockDefinitions", "by": "m.tremblay",
//!  "action": {"set_row": {"find": {"ID": "FEES"}, "set": {"Network Block": "true"}}}}
//! {"zone": "01OMNI_BETA", "kind": "code", "table": "UserGroups", "by": "support", "action": {"access": "hidden"}}
//! {"zone": "01OMNI_ALPHA", "kind": "letter", "table": "footer", "by": "m.tremblay",
//!  "action": {"set_letter": {"xsl": "<xsl:stylesheet/>", "enabled": false}}}
//! {"zone": "01OMNI_ALPHA", "kind": "relations", "library": "MAIN", "by": "m.tremblay",
//!  "action": {"set_relation": {"library": "LAW", "types": ["RETURN"]}}}
//! {"zone": "01OMNI_ALPHA", "kind": "open_hours", "library": "LAW", "by": "m.tremblay",
//!  "action": {"set_hours": {"type": "EVENT", "from_date": "2026-05-08Z", "to_date": "2026-05-08Z", "status": "OPEN"}}}
//! {"zone": "01OMNI_NETWORK", "kind": "electronic", "table": "61100.62110", "by": "e.moreau",
//!  "action": {"set_group": {"group": "BIG_MEMBERS", "set": {"public_note": "Until June"}}}}
//!
//! PUT /emulator/zones/01OMNI_ALPHA/tables/code/Colours
//! {"code": {"name": "Colours", "description": "Colours", "sub_system": {"value": "INFRA", "desc": "General"},
//!  "rows": {"": [{"code": "RED", "descriptions": {"en": "Red", "fr": "Rouge"}}]}}}
//! ```

mod api_request;
mod code_table;
mod config;
mod control;
mod edit_schedule;
mod electronic;
mod error_response;
mod fault;
mod gateway;
mod gateway_collections;
mod institution;
mod jobs;
mod letter;
mod librarian_edit;
mod library_relations;
mod mapping_table;
mod network;
mod open_hours;
mod random;
mod request_body;
mod request_log;
mod response_document;
mod router;
mod seed;
mod services;
mod stored_settings;
mod table;
mod table_builders;
mod table_put;
mod table_response;
mod threshold;
mod transport;
mod users;
mod whole_objects;
mod zone;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use config::{
    Booleans, ColumnValues, Connection, EmulatorConfig, ErrorShape, GroupCodes, GroupSettings,
    InstitutionHours, LetterEnabled, Lists, ManagedInNetwork, OptionalFields, RelationShape, RowOrder,
    UnknownKey, UnusedColumns, ZoneConfigOverride,
};
pub use control::{ControlError, EmulatorControl};
pub use electronic::EmulatedResource;
pub use fault::{FaultEffect, FaultTrigger, InjectedFault};
pub use gateway::GatewayKeys;
pub use gateway_collections::RecordEdit;
pub use letter::EmulatedLetter;
pub use librarian_edit::{EditAction, EditTarget, EditTrigger, LibrarianEdit};
pub use library_relations::EmulatedLibraryRelation;
pub use open_hours::EmulatedOpenHour;
pub use request_log::{LoggedRequest, RequestStatistics};
pub use services::{
    BlockedActions, ContributedRecord, ContributionRefusal, PartnerSearchResult, RecordContribution,
    ResolverResult, TaskListPermissions, UserLocation,
};
pub use table::{
    ApiAccess, CodeWithLabel, ColumnHeader, ColumnType, EmulatedCodeRow, EmulatedCodeTable,
    EmulatedMappingRow, EmulatedMappingTable, EmulatedTableType, ModificationStamp, TableScope, TableSeed,
};
pub use transport::EmulatorTransport;
pub use zone::EmulatedZone;

/// One Alma network. Cheap to clone; clones are the same network.
#[derive(Clone)]
pub struct Emulator {
    network: Arc<network::EmulatedNetwork>,
}

impl Emulator {
    /// A network whose zones hold what the seed gives them. Where two zones have the same key,
    /// it opens the later one.
    pub fn new(zones: Vec<EmulatedZone>, behaviour: EmulatorConfig) -> Self {
        Self { network: Arc::new(network::EmulatedNetwork::new(zones, behaviour)) }
    }

    /// The same network, whose gateway these keys open.
    pub fn with_gateway(self, keys: GatewayKeys) -> Self {
        *network::lock(&self.network.gateway_keys) = keys;
        self
    }

    /// The network for a server: the API and the doors beside it. Thresholds and latency run on
    /// the clock of the tokio runtime that serves it.
    pub fn router(&self) -> axum::Router {
        router::router(&self.network)
    }

    /// The API without sockets.
    pub fn transport(&self) -> EmulatorTransport {
        EmulatorTransport(Arc::clone(&self.network))
    }

    /// The doors beside the API.
    pub fn control(&self) -> EmulatorControl {
        EmulatorControl(Arc::clone(&self.network))
    }
}

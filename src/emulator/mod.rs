//! Emulated Alma network on loopback: the API of every zone, with thresholds and faults.
//!
//! Alma offers no public way to test writes without a sandbox. The emulator follows the vendor's OpenAPI and
//! schemas. Every open detail is a switch of [`EmulatorConfig`], so that a client can be tested against each
//! possible behavior. No emulator behavior is proof of Alma's behavior.
//!
//! # API
//!
//! Below `/almaws/v1`; the key (`Authorization: apikey KEY`, or `?apikey=KEY`) selects the zone:
//!
//! - `GET POST` of the test of each area: `conf/test`, `users/operation/test`, `partners/operation/test`,
//!   `bibs/test`, `acq/test`, `analytics/test`, `task-lists/test`;
//! - `GET conf/general`, `GET conf/libraries`, `GET conf/libraries/{code}`, and below a library
//!   `GET open-hours?from=&to=` (computed days), `GET POST locations`, `GET PUT DELETE locations/{code}`;
//! - `GET conf/departments`, `GET POST conf/sets` and `conf/integration-profiles`, `GET PUT DELETE` of one;
//! - `GET conf/code-tables`, `GET PUT conf/code-tables/{name}`;
//! - `GET conf/mapping-tables`, `GET PUT conf/mapping-tables/{code}`;
//! - `GET conf/jobs`, `GET conf/jobs/{id}`, `GET conf/jobs/{id}/instances` (`ALL` for the runs of all jobs;
//!   run dates are relative to the emulated date), `GET conf/jobs/{id}/instances/{instance}`;
//! - `GET conf/letters`, `GET PUT conf/letters/{code}` (PUT accepts only XML);
//! - `GET PUT conf/relations?scope=LIBRARY`, `DELETE conf/relations?scope=LIBRARY&libraryCode=A,B`;
//! - `GET PUT DELETE conf/open-hours?scope=LIBRARY` (or the institution's code);
//! - in the Network Zone, below `electronic/e-collections`: `GET` of lists, `GET PUT DELETE` of an e-collection, of
//!   an e-service (`/{id}/e-services/{id}`) and of a portfolio (`/portfolios/{id}` below the e-service);
//! - `GET POST users` (`q`, `modify_date_from`), `GET PUT DELETE users/{id}`, `POST users/{id}?op=refresh`
//!   (without `op`, a failed authentication).
//!
//! # Users
//!
//! A user has names, IDs, user group, account type, record type, status, expiry and purge dates, blocks and
//! roles. The emulator keeps other fields as sent, except a password. A `q` searches only these fields.
//!
//! `?user_id_type=linking_id` and `?source_institution_code=` find linked accounts.
//! `POST users?source_institution_code=A&source_user_id=ID` creates a linked account, and `op=refresh`
//! updates the account. A block on the account is sent back to A. The linked account rules, Restricted
//! Users and block definitions stored in the zones decide, by the functions behind `zonal explain patron`.
//!
//! Error codes of linked accounts: 401651, 60226, 60227, 60229, 60232. Error codes of all users: 401851 to
//! 401864, 401890, 4019990, 4019998.
//!
//! # Gateway
//!
//! Below `/gateway`, zonal's gateway contract for collections outside the API. The gateway's keys open all
//! zones.
//!
//! # Control endpoints
//!
//! In-process tests use [`Emulator::control`]. The HTTP endpoints need no key and respond with JSON. A
//! request that does not fit the network gets HTTP 400 `{"error": ".."}`:
//!
//! | request | body or response |
//! | --- | --- |
//! | `GET POST /emulator/behaviour` | [`EmulatorConfig`]; a POST replaces the whole configuration |
//! | `GET POST DELETE /emulator/faults` | a POST adds one [`InjectedFault`], a DELETE removes all |
//! | `POST /emulator/edits` | one [`LibrarianEdit`] |
//! | `POST /emulator/records` | one [`RecordEdit`] of a gateway collection |
//! | `GET /emulator/zones/{zone}/records/{kind}` | records of a gateway collection |
//! | `GET DELETE /emulator/requests` | list of [`LoggedRequest`] |
//! | `GET /emulator/statistics` | [`RequestStatistics`] by zone |
//! | `GET /emulator/resolver?resource=&member=&address=` | [`ResolverResult`]; `library=` or `campus=` instead of `address=`; `user_group=` |
//! | `GET POST /emulator/contributions` | contributed records; a POST takes one [`RecordContribution`] and returns [`ContributedRecord`] |
//! | `GET /emulator/tasks?zone=&role=&report=` | [`TaskListPermissions`] |
//! | `GET /emulator/partners?member=&user_group=` | [`PartnerSearchResult`] |
//! | `GET /emulator/circulation?zone=&user=` | [`BlockedActions`] |
//! | `GET /emulator/zones` | the zones, without API keys |
//! | `GET /emulator/zones/{zone}/tables` | names of tables, `{"code": [..], "mapping": [..], "electronic": [..]}` |
//! | `GET PUT /emulator/zones/{zone}/tables/{code, mapping or electronic}/{name}` | [`TableSeed`] |
//!
//! The endpoints from `resolver` to `circulation` show network behavior outside Alma's API. A contribution
//! denied by the Network Zone gets HTTP 400 with Alma's list of errors and 402119, because no code is
//! documented.
//!
//! ```json
//! POST /emulator/behaviour
//! {"latency_ms": 120, "jitter_ms": 40, "per_second": 10, "optional_fields": "sparse",
//!  "zones": {"01OMNI_BETA": {"connection": "down"}, "01OMNI_GAMMA": {"gateway_errors": "html"}}}
//!
//! POST /emulator/faults
//! {"zone": "01OMNI_ALPHA", "method": "PUT", "path": "/code-tables/", "when": {"nth": 1},
//!  "effect": "response_lost"}
//! {"when": {"percent": 5}, "effect": {"status": {"status": 502, "shape": "html"}}}
//! {"path": "/conf/general", "effect": {"wrong_institution": {"code": "01OTHER_INST"}}}
//!
//! POST /emulator/edits
//! {"zone": "01OMNI_ALPHA", "kind": "code", "table": "UserGroups", "by": "m.tremblay",
//!  "when": {"after_reads": 1}, "action": {"set_code": {"code": "WALKIN", "description": "Walk-in"}}}
//! {"zone": "01OMNI_ALPHA", "kind": "mapping", "table": "UserBlockDefinitions", "by": "m.tremblay",
//!  "action": {"set_row": {"find": {"ID": "FEES"}, "set": {"Network Block": "true"}}}}
//! {"zone": "01OMNI_BETA", "kind": "code", "table": "UserGroups", "by": "support",
//!  "action": {"access": "hidden"}}
//! {"zone": "01OMNI_ALPHA", "kind": "letter", "table": "footer", "by": "m.tremblay",
//!  "action": {"set_letter": {"xsl": "<xsl:stylesheet/>", "enabled": false}}}
//! {"zone": "01OMNI_ALPHA", "kind": "relations", "library": "MAIN", "by": "m.tremblay",
//!  "action": {"set_relation": {"library": "LAW", "types": ["RETURN"]}}}
//! {"zone": "01OMNI_ALPHA", "kind": "open_hours", "library": "LAW", "by": "m.tremblay",
//!  "action": {"set_hours": {"type": "EVENT", "from_date": "2026-05-08Z", "to_date": "2026-05-08Z",
//!  "status": "OPEN"}}}
//! {"zone": "01OMNI_NETWORK", "kind": "electronic", "table": "61100.62110", "by": "e.moreau",
//!  "action": {"set_group": {"group": "BIG_MEMBERS", "set": {"public_note": "Until June"}}}}
//!
//! PUT /emulator/zones/01OMNI_ALPHA/tables/code/Colours
//! {"code": {"name": "Colours", "description": "Colours", "sub_system": {"value": "INFRA", "desc": "General"},
//!  "rows": {"": [{"code": "RED", "descriptions": {"en": "Red", "fr": "Rouge"}}]}}}
//! ```

mod api_request;
mod config;
mod contributed_record;
mod control;
mod control_response;
mod edit_list;
mod edit_schedule;
mod endpoint;
mod endpoints;
mod error_response;
mod fault;
mod gateway;
mod gateway_collections;
mod gateway_keys;
mod gateway_seed;
mod institution;
mod librarian_edit;
mod lock;
mod modification_stamp;
mod network;
mod put_fields;
mod random;
mod request_body;
mod request_handling;
mod request_log;
mod response_document;
mod router;
mod services;
mod settings_writer;
mod stored_settings;
mod table;
mod table_seed;
mod threshold;
mod transport;
mod zone;
mod zone_entry;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use config::{
    Booleans, ClosedStatus, ColumnValues, Connection, EmptyLists, EmptyValues, EmulatorConfig, ErrorShape,
    EventEnd, ExtraMembers, GroupCodes, GroupSettings, HiddenTables, InstitutionHours, InstitutionScope,
    LetterEnabled, Lists, ManagedInNetwork, MissingScope, ModifyDate, OptionalFields, PastHours,
    RelationShape, ResourceDefault, RowOrder, UnknownKey, UnusedColumns, WeekDescription, WeekEnd,
    ZoneConfigOverride,
};
pub use contributed_record::{ContributedRecord, RecordContribution};
pub use control::{ControlError, EmulatorControl};
pub use edit_list::PastEdit;
pub use endpoints::code_tables::{CodeTableEdit, EmulatedCodeRow, EmulatedCodeTable};
pub use endpoints::electronic::{ElectronicEdit, EmulatedResource};
pub use endpoints::letters::LetterEdit;
pub use endpoints::library_relations::RelationEdit;
pub use endpoints::mapping_tables::{
    ColumnHeader, ColumnType, EmulatedMappingRow, EmulatedMappingTable, MappingTableEdit,
};
pub use endpoints::open_hours::{EmulatedOpenHour, OpenHoursEdit};
pub use fault::{FaultEffect, FaultTrigger, InjectedFault};
pub use gateway_collections::RecordEdit;
pub use gateway_keys::GatewayKeys;
pub use librarian_edit::{EditAction, EditTarget, EditTrigger, LibrarianEdit};
pub use modification_stamp::ModificationStamp;
pub use request_log::{LoggedRequest, RequestStatistics};
pub use services::{BlockedActions, PartnerSearchResult, ResolverResult, TaskListPermissions};
pub use table::{ApiAccess, CodeWithLabel, TableScope};
pub use table_seed::{EmulatedTableType, TableSeed};
pub use transport::EmulatorTransport;
pub use zone::EmulatedZone;

/// Emulated Alma network. Cheap to clone; all clones share one network.
#[derive(Clone)]
pub struct Emulator {
    network: Arc<network::EmulatedNetwork>,
}

impl Emulator {
    /// Creates a network with seeded zones. A key used by two zones opens the later zone.
    pub fn new(zones: Vec<EmulatedZone>, behaviour: EmulatorConfig) -> Self {
        Self { network: Arc::new(network::EmulatedNetwork::new(zones, behaviour)) }
    }

    /// Sets the API keys of the gateway.
    pub fn with_gateway(self, keys: GatewayKeys) -> Self {
        *lock::lock(&self.network.gateway_keys) = keys;
        self
    }

    /// Returns the HTTP router: the API and the control endpoints.
    ///
    /// Thresholds and latency use the clock of the tokio runtime of the server.
    pub fn router(&self) -> axum::Router {
        router::router(&self.network)
    }

    /// Returns the transport to the API without sockets.
    pub fn transport(&self) -> EmulatorTransport {
        EmulatorTransport(Arc::clone(&self.network))
    }

    /// Returns the control endpoints.
    pub fn control(&self) -> EmulatorControl {
        EmulatorControl(Arc::clone(&self.network))
    }
}

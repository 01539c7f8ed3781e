//! An Alma network on loopback: the API of every zone, with its thresholds and faults.
//!
//! Nothing public lets a developer test writes to Alma without a sandbox. This emulator keeps to
//! the vendor's OpenAPI and schemas; what they leave open is a switch of [`Behaviour`], so that
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
//! | `GET POST /emulator/behaviour` | [`Behaviour`]; a POST replaces it wholly |
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

mod answer;
mod behaviour;
mod body;
mod build;
mod call;
mod code_table;
mod conduct;
mod control;
mod document;
mod edit;
mod electronic;
mod fault;
mod gateway;
mod institution;
mod jobs;
mod kept;
mod letter;
mod log;
mod mapping_table;
mod network;
mod objects;
mod open_hours;
mod put;
mod random;
mod refusal;
mod relations;
mod router;
mod schedule;
mod seed;
mod stored;
mod table;
mod threshold;
mod transport;
mod users;
mod zone;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use behaviour::{
    Behaviour, Booleans, ColumnValues, Connection, ErrorShape, GroupCodes, GroupSettings, InstitutionHours,
    LetterEnabled, Lists, ManagedInNetwork, OptionalFields, Override, RelationShape, RowOrder, UnknownKey,
    UnusedColumns,
};
pub use conduct::{Contributed, Contribution, Found, KeptFrom, NotTaken, Permitted, Resolved, Whereabouts};
pub use control::{Control, Misfit};
pub use edit::{Action, Edit, Moment, Subject};
pub use electronic::Resource;
pub use fault::{Effect, Fault, When};
pub use gateway::GatewayKeys;
pub use kept::RecordEdit;
pub use letter::Letter;
pub use log::{LoggedRequest, Statistics};
pub use open_hours::OpenHour;
pub use relations::Relation;
pub use table::{
    Access, CodeRow, CodeTable, Column, Header, Labelled, Level, MappingRow, MappingTable, Stamp, TableKind,
    TableSeed,
};
pub use transport::EmulatorTransport;
pub use zone::EmulatedZone;

/// One Alma network. Cheap to clone; clones are the same network.
#[derive(Clone)]
pub struct Emulator {
    network: Arc<network::Network>,
}

impl Emulator {
    /// A network whose zones hold what the seed gives them. Where two zones have the same key,
    /// it opens the later one.
    pub fn new(zones: Vec<EmulatedZone>, behaviour: Behaviour) -> Self {
        Self { network: Arc::new(network::Network::new(zones, behaviour)) }
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
    pub fn control(&self) -> Control {
        Control(Arc::clone(&self.network))
    }
}

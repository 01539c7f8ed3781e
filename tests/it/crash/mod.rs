//! Kills the program at every moment. Then `zonal resume` completes the run, without duplicate writes and
//! with a complete history.

mod every_request;
mod interrupts;
mod leases;
mod request_gate;
mod resume;
mod sandbox;
mod store_failures;

use self::sandbox::{ConfigFiles, ProcessSandbox};

/// Config directory with two members: new, changed and deleted records, a dependent table, and a table in two
/// languages.
pub const TABLES: ConfigFiles = &[
    (
        "network.yaml",
        "apiVersion: zonal/v1
kind: Network
metadata: {name: duo}
spec:
  baseUrl: http://127.0.0.1:1
  environmentType: sandbox
  credentials: {read: {env: \"ZONAL_READ_{code}\"}, write: {env: \"ZONAL_WRITE_{code}\"}}
  rate: {perSecond: 1000}
  networkZone: {code: 01D_NETWORK, name: Duo}
  members:
    - {code: 01D_A, name: Alpha}
    - {code: 01D_B, name: Beta}
",
    ),
    (
        "blocks.yaml",
        "apiVersion: zonal/v1
kind: CodeTable
metadata: {name: block-descriptions}
spec:
  table: UserBlockDescription
  rows: [{code: CONSORTIA, description: Consortial block}]
---
apiVersion: zonal/v1
kind: MappingTable
metadata: {name: block-definitions}
spec:
  appliesTo: {only: [01D_A]}
  table: UserBlockDefinitions
  key: [ID]
  rows:
    - columns: {ID: AFNBLOCK, Type: GENERAL, Description: CONSORTIA, Overridable: ALL, Blocked Action: \"05\", Network Block: \"false\"}
    - columns: {ID: FEES, Overridable: OPERATOR}
    - {columns: {ID: RECALLED}, absent: true}
",
    ),
    (
        "groups.yaml",
        "apiVersion: zonal/v1
kind: CodeTable
metadata: {name: groups-en}
spec:
  appliesTo: {only: [01D_A]}
  table: UserGroups
  rows: [{code: AFN, description: Network patron}]
---
apiVersion: zonal/v1
kind: CodeTable
metadata: {name: groups-fr}
spec:
  appliesTo: {only: [01D_A]}
  table: UserGroups
  language: fr
  rows: [{code: AFN, description: Usager du réseau}]
",
    ),
];

/// Config directory with a collection of the gateway, which is written record by record.
pub const RECORDS: ConfigFiles = &[
    (
        "network.yaml",
        "apiVersion: zonal/v1
kind: Network
metadata: {name: duo}
spec:
  baseUrl: http://127.0.0.1:1
  environmentType: sandbox
  credentials: {read: {env: \"ZONAL_READ_{code}\"}, write: {env: \"ZONAL_WRITE_{code}\"}}
  gateway: {url: \"http://127.0.0.1:1/gateway\", rate: {perSecond: 1000}, credentials: {read: {env: ZONAL_GATEWAY_READ}, write: {env: ZONAL_GATEWAY_WRITE}}}
  rate: {perSecond: 1000}
  networkZone: {code: 01D_NETWORK, name: Duo}
  members: [{code: 01D_A, name: Alpha}]
",
    ),
    (
        "tasks.yaml",
        "apiVersion: zonal/v1
kind: AuthorityTaskList
metadata: {name: authority-control}
spec:
  appliesTo: {only: [01D_A]}
  roles:
    - {role: Cataloger, view: true, process: false}
    - {role: Catalog Manager, view: true, process: true}
  reportTypes:
    enabled: [linking-no-match, authority-deleted]
    disabled: [linked]
",
    ),
];

/// Runs a test on the real clock.
pub fn running<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("runtime should start").block_on(test)
}

/// Result of an uninterrupted apply.
pub struct UninterruptedApply {
    pub requests: usize,
    pub written: std::collections::BTreeMap<String, usize>,
    pub holding: std::collections::BTreeMap<String, String>,
    pub history: Vec<(String, zonal::model::AppliedChange)>,
}

impl UninterruptedApply {
    pub async fn of(files: ConfigFiles) -> Self {
        let place = ProcessSandbox::new(files).await;
        place.expect("apply --yes", 0).await;
        Self {
            requests: place.gate.seen(),
            written: place.gate.written(),
            holding: place.holding(),
            history: place.history().await,
        }
    }
}

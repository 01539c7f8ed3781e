//! Tests of `zonal unmanage`, and of the detection of changes in the history.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::ConnectOptions as _;
use zonal::model::{
    AppliedRecord, AppliedStateUpdate, CollectionId, FieldValue, ManagementOrigin, RecordKey,
};
use zonal::store::{CollectionStateUpdate, Store, StoreAccess, StoreLocation, StoreScope, WaitMode};

use crate::case_runner::{CaseNetwork, case, paused};

async fn store(directory: &Path) -> Store {
    let location = StoreLocation::File(directory.join(".zonal/store.db"));
    let store =
        Store::open(location, StoreAccess::Write, WaitMode::Blocking).await.expect("store should open");
    store.expect("should exist")
}

fn scope() -> StoreScope {
    StoreScope { network: "trio".into(), environment: "".into() }
}

/// Returns the applied state, an address per line.
async fn managed(stage: &CaseNetwork) -> Vec<String> {
    let store = store(stage.directory()).await;
    let ledger = store.ledger(scope()).await.expect("should be readable");
    store.close().await;
    let zones = ledger.zones.into_iter().flat_map(|(zone, collections)| {
        collections.into_iter().map(move |(id, entries)| (zone.clone(), id, entries))
    });
    zones
        .flat_map(|(zone, id, entries)| {
            entries.entries.into_keys().map(move |key| format!("{zone}/{id}/{key}")).collect::<Vec<_>>()
        })
        .collect()
}

/// Adds two user groups of a zone to the applied state of a manifest.
async fn manage(stage: &CaseNetwork, zone: &str, manifest: &str, codes: &[&str]) {
    let store = store(stage.directory()).await;
    let known = |code: &&str| {
        let holds = BTreeMap::from([("code".into(), FieldValue::from(*code))]);
        let known =
            AppliedRecord { holds: Some(holds), maker: ManagementOrigin::Adopted, manifest: manifest.into() };
        (RecordKey(vec![(*code).into()]), known)
    };
    let lesson = CollectionStateUpdate {
        zone: zone.into(),
        collection: CollectionId::with_code("CodeTable", "UserGroups"),
        learned: AppliedStateUpdate {
            key: vec!["code".into()],
            found: codes.iter().map(known).collect(),
            ..AppliedStateUpdate::default()
        },
        created: BTreeSet::new(),
    };
    store.learn(scope(), vec![lesson]).await.expect("file should be writable");
    store.close().await;
}

#[test]
fn unmanage_removes_orphans_without_writing_to_zones() {
    paused(async {
        let stage = CaseNetwork::new(&case("drift"));
        stage.expect("zonal unmanage 01T_A/CodeTable/UserGroups/OLD --yes", 1).await;
        stage.expect("zonal apply --yes", 0).await;
        manage(&stage, "01T_A", "CodeTable/gone", &["OLD", "OLDER"]).await;
        manage(&stage, "01T_B", "CodeTable/gone", &["OLD"]).await;
        stage.happen("requests 01T_A");

        let asked = stage.output("zonal unmanage 01T_A/CodeTable/UserGroups/OLD").await;
        assert_eq!(asked.code, 1, "the command needs a confirmation");
        let before = managed(&stage).await;
        assert!(before.contains(&"01T_A/CodeTable/UserGroups/OLD".to_owned()), "{before:?}");

        let one = stage.output("zonal unmanage 01T_A/CodeTable/UserGroups/OLD --yes").await;
        assert_eq!((one.code, one.err.as_str()), (0, ""));
        assert!(
            one.out.contains("  01T_A/CodeTable/UserGroups/OLD\n")
                && one.out.ends_with("Unmanaged 1 record.\n"),
            "{}",
            one.out
        );
        let after = managed(&stage).await;
        let left: Vec<&String> = before.iter().filter(|address| !after.contains(address)).collect();
        assert_eq!(left, ["01T_A/CodeTable/UserGroups/OLD"]);

        let all = stage.expect("zonal unmanage CodeTable/gone --yes --json", 0).await;
        let json: serde_json::Value = serde_json::from_str(&all.out).expect("should be JSON");
        assert_eq!(
            json["unmanaged"],
            serde_json::json!(["01T_A/CodeTable/UserGroups/OLDER", "01T_B/CodeTable/UserGroups/OLD"])
        );
        assert_eq!(stage.happen("requests 01T_A"), "", "no zone should receive a request");
        let runs = stage.output("zonal runs").await.out;
        assert_eq!(runs.lines().filter(|line| line.contains("unmanage")).count(), 2, "{runs}");
    });
}

#[test]
fn declared_record_is_not_unmanaged() {
    paused(async {
        let stage = CaseNetwork::new(&case("drift"));
        stage.expect("zonal apply --yes", 0).await;
        manage(&stage, "01T_A", "CodeTable/groups", &["AFN", "OLD"]).await;
        for what in ["01T_A/CodeTable/UserGroups/AFN", "01T_A/CodeTable/UserGroups", "CodeTable/groups"] {
            let refused = stage.output(&format!("zonal unmanage {what} --yes")).await;
            assert_eq!(refused.code, 1, "{what}");
            let fact =
                "01T_A/CodeTable/UserGroups/AFN is still declared by CodeTable/groups (groups.yaml:3:18)";
            assert!(refused.err.contains(fact), "{what}: {}", refused.err);
            assert!(refused.err.contains("help: remove the record from the manifest"), "{}", refused.err);
        }
        stage.expect("zonal unmanage 01T_A/CodeTable/UserGroups/OLD --yes", 0).await;
        let unknown = stage.expect("zonal unmanage 01T_A/CodeTable/UserGroups/OLD --yes", 1).await;
        assert!(unknown.err.contains("zonal does not manage"), "{}", unknown.err);
    });
}

#[test]
fn changed_or_removed_history_entry_is_detected() {
    paused(async {
        for (sql, words) in [
            (
                "UPDATE history_blocks SET at = '2020-01-01T00:00:00Z' WHERE first_entry = 2",
                "entry 2 was modified",
            ),
            ("DELETE FROM history_blocks WHERE first_entry = 2", "entry 2 was removed"),
            ("DELETE FROM history_blocks WHERE first_entry = 3", "entry 3 was removed"),
        ] {
            let stage = CaseNetwork::new(&case("drift"));
            stage.expect("zonal apply --yes", 0).await;
            stage.expect("zonal history verify", 0).await;
            let file = stage.directory().join(".zonal/store.db");
            tamper(&file, sql);
            let verified = stage.output("zonal history verify").await;
            assert_eq!(verified.code, 1, "{sql}");
            assert!(verified.err.contains(words), "{sql}: {}", verified.err);
            let json = stage.output("zonal history verify --json").await;
            assert!(json.out.contains("\"unbroken\": false"), "{}", json.out);
        }
    });
}

/// Runs SQL on another thread, because the test's clock is paused.
fn tamper(file: &Path, sql: &'static str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let changing = move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime should start");
        runtime.block_on(async {
            let mut connection = options.connect().await.expect("store should be a SQLite file");
            sqlx::query(sql).execute(&mut connection).await.expect("statement should succeed");
        });
    };
    std::thread::spawn(changing).join().expect("thread should end");
}

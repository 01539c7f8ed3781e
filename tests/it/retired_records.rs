//! Records of `LinkedAccountSync`, from the time when a kind wrote them to zones: zonal drops them with a warning,
//! and neither deletes nor changes them.
//!
//! The store rows, the plan and the snapshot in `retired_records` are of that time.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::case_runner::{CaseNetwork, CommandOutput, paused};
use crate::store_fixture::TestStoreLocation;

const ROWS: &str = include_str!("retired_records/store.sql");

fn stage() -> CaseNetwork {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/retired_records");
    let stage = CaseNetwork::new(&files.join("config"));
    for file in ["plan.json", "snapshot.json"] {
        std::fs::copy(files.join(file), stage.directory().join(file)).expect("file should be copied");
    }
    stage
}

async fn run(stage: &CaseNetwork, command: &str) -> CommandOutput {
    stage.output(command).await
}

/// Replaces the rows of the store of the network.
async fn with_old_rows(stage: &CaseNetwork) {
    let file: PathBuf = stage.directory().join(".zonal/store.db");
    let place = TestStoreLocation::at(&file.display().to_string());
    for table in ["applied_collections", "changes", "history_blocks", "runs"] {
        place.sql(&format!("DELETE FROM {table}")).await;
    }
    place.sql(ROWS).await;
}

fn has_warning(output: &CommandOutput, text: &str) -> bool {
    let is_it = |line: &str| line.starts_with("warning: ") && line.contains(text);
    output.err.lines().filter(|line| is_it(line)).count() == 1
}

/// Returns the totals of a plan.
async fn counts(stage: &CaseNetwork) -> (Json, CommandOutput) {
    let plan = run(stage, "zonal plan --json").await;
    let document: Json =
        serde_json::from_str(&plan.out).unwrap_or_else(|_| panic!("{}{}", plan.out, plan.err));
    (document["reconciler"]["counts"].clone(), plan)
}

#[test]
fn applied_state_loses_the_records_once_and_prunes_none() {
    paused(async {
        let stage = stage();
        assert_eq!(run(&stage, "zonal apply --yes").await.code, 0);
        with_old_rows(&stage).await;
        let (first, output) = counts(&stage).await;
        let told =
            "the applied state no longer contains 2 records of LinkedAccountSync: these settings belong";
        assert!(has_warning(&output, told), "{}", output.err);
        for none in ["add", "change", "destroy", "undeclared", "unmanaged"] {
            assert_eq!(first[none], json!(0), "{none}");
        }
        let (second, output) = counts(&stage).await;
        assert!(!output.err.contains("LinkedAccountSync"), "{}", output.err);
        assert_eq!(first, second);
        assert_eq!(first["in_sync"], json!(3));
    });
}

#[test]
fn revert_of_an_older_run_leaves_the_records() {
    paused(async {
        let stage = stage();
        assert_eq!(run(&stage, "zonal apply --yes").await.code, 0);
        with_old_rows(&stage).await;
        let reverted = run(&stage, "zonal revert run-1 --yes").await;
        assert_eq!(reverted.code, 0, "{}{}", reverted.out, reverted.err);
        assert!(has_warning(&reverted, "2 records of LinkedAccountSync, changed by run-1, are not reverted"));
        assert!(!reverted.out.contains("LinkedAccountSync"), "{}", reverted.out);
        assert!(reverted.out.contains("UserBlockDescription"), "{}", reverted.out);
    });
}

#[test]
fn plan_file_of_an_older_zonal_is_refused() {
    paused(async {
        let stage = stage();
        for command in ["zonal show plan.json", "zonal apply plan.json --yes"] {
            let refused = run(&stage, command).await;
            assert_eq!(refused.code, 1, "{}{}", refused.out, refused.err);
            assert!(refused.err.contains("made by an older zonal"), "{}", refused.err);
            assert!(refused.err.contains("plan again"), "{}", refused.err);
        }
        let requests = stage.emulator.control().requests();
        assert!(requests.iter().all(|request| request.method == "GET"));
    });
}

#[test]
fn snapshot_is_planned_without_the_records() {
    paused(async {
        let stage = stage();
        let planned = run(&stage, "zonal plan --snapshot snapshot.json --detailed-exitcode").await;
        assert_eq!(planned.code, 0, "{}{}", planned.out, planned.err);
        let ignored = "2 records of LinkedAccountSync in the applied state of snapshot.json are ignored";
        assert!(has_warning(&planned, ignored), "{}", planned.err);
        assert!(!planned.out.contains("No longer declared"), "{}", planned.out);
    });
}

//! The applied example network comes back as manifests of its own kinds, and their plan is empty.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use crate::case_runner::{CaseNetwork, paused};

/// Kinds with a way back, with the number of records that they declare in the example.
///
/// A kind without its way back is missing here, or declares fewer records.
const KINDS: [(&str, usize); 9] = [
    ("authority-task-list.yaml", 222),
    ("availability-group.yaml", 61),
    ("block-sharing.yaml", 96),
    ("import-permissions.yaml", 24),
    ("institution-relations.yaml", 20),
    ("linking-rules.yaml", 163),
    ("support-services.yaml", 24),
    ("terms-of-use.yaml", 48),
    ("user-groups.yaml", 300),
];

#[test]
fn applied_example_comes_back_as_manifests_of_its_kinds() {
    paused(async {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/consortium");
        let stage = CaseNetwork::new(&example);
        stage.expect("zonal apply --environment emulator --yes", 0).await;
        let out = tempfile::tempdir().expect("temporary directory");
        std::fs::copy(example.join("network.yaml"), out.path().join("network.yaml"))
            .expect("should be copied");
        let directory = out.path().display();
        let printed =
            stage.expect(&format!("zonal export -C {directory} --environment emulator --json"), 0).await;
        let exported: Json = serde_json::from_str(&printed.out).expect("should be JSON");
        assert_eq!(exported["complete"], true);
        let files = exported["files"].as_array().expect("should have files");
        let records: BTreeMap<&str, u64> = (files.iter())
            .filter_map(|file| Some((file["file"].as_str()?, file["observed_rows"].as_u64()?)))
            .filter(|(file, _)| !file.contains('/'))
            .collect();
        let expected: Vec<&str> = KINDS.iter().map(|(file, _)| *file).collect();
        assert_eq!(records.keys().copied().collect::<Vec<_>>(), expected);
        for (file, least) in KINDS {
            assert!(records[file] >= least as u64, "{file} declares {} records", records[file]);
        }
        // Nothing is left out but a privilege of the Network Zone itself, which no manifest can name.
        let omitted: Vec<&str> = (exported["left_out"].as_array().into_iter().flatten())
            .filter_map(|omitted| omitted["collection"].as_str())
            .filter(|collection| {
                !collection.contains("RotaAssignment") && !collection.contains("DisplayLogic")
            })
            .collect();
        assert_eq!(omitted, ["RolePrivileges"]);
        // The next plan is empty, and so is the next export.
        let plan = format!("zonal plan -C {directory} --environment emulator --detailed-exitcode");
        stage.expect(&plan, 0).await;
        let again =
            stage.expect(&format!("zonal export -C {directory} --environment emulator --json"), 0).await;
        let again: Json = serde_json::from_str(&again.out).expect("should be JSON");
        let states: Vec<&Json> =
            again["files"].as_array().into_iter().flatten().map(|file| &file["state"]).collect();
        assert!(
            states.len() == files.len() && states.iter().all(|state| **state == "unchanged"),
            "{states:?}"
        );
    });
}

//! Tests of `zonal runs show` and `zonal runs prune`: what the store keeps of runs.

use serde_json::Value as Json;

use crate::case_runner::{CaseNetwork, CommandOutput, case, paused};

async fn json(stage: &CaseNetwork, command: &str) -> Json {
    let printed = stage.expect(command, 0).await;
    serde_json::from_str(&printed.out).expect("output should be JSON")
}

/// Applies another description of the network's user group.
async fn apply_description(stage: &CaseNetwork, description: &str) -> CommandOutput {
    let spec = format!("{{table: UserGroups, rows: [{{code: AFN, description: {description}}}]}}");
    stage.happen(&format!(
        "write groups.yaml apiVersion: zonal/v1\\nkind: CodeTable\\nmetadata: {{name: groups}}\\nspec: {spec}\\n"
    ));
    stage.output("zonal apply --yes").await
}

#[test]
fn prune_removes_documents_and_images_of_old_ended_runs_only() {
    paused(async {
        let stage = CaseNetwork::new(&case("history"));
        for description in ["One", "Two", "Three"] {
            let applied = apply_description(&stage, description).await;
            assert_eq!(applied.code, 0, "{}", applied.err);
        }
        let shown = json(&stage, "zonal runs show run-1 --json").await;
        assert_eq!(shown["outcomes"]["applied"], 3);
        assert_eq!(shown["changes"]["verified"], 3);
        assert_eq!(shown["images"]["number"], 3);
        assert!(shown["images"]["bytes"].as_u64() > Some(100), "{shown}");
        assert_eq!(shown["images"]["collections"][0]["restorable"], true);
        let asked = stage.expect("zonal runs prune --keep 1", 1).await;
        assert!(asked.out.contains("2 runs with removable data: run-1, run-2"), "{}", asked.out);
        assert_eq!(json(&stage, "zonal runs show run-1 --json").await["images"]["number"], 3);

        let history = stage.output("zonal history --json").await.out;
        let pruned = json(&stage, "zonal runs prune --keep 1 --yes --json").await;
        assert_eq!(pruned["runs"], serde_json::json!(["run-1", "run-2"]));
        assert_eq!(pruned["images"], 6);
        assert!(pruned["document_bytes"].as_u64() > Some(1000), "{pruned}");
        assert!(pruned["file_bytes_after"].as_u64() < pruned["file_bytes_before"].as_u64(), "{pruned}");

        assert_eq!(stage.output("zonal history --json").await.out, history);
        stage.expect("zonal history verify", 0).await;
        let shown = json(&stage, "zonal runs show run-1 --json").await;
        assert_eq!(shown["plan_kept"], false);
        assert_eq!(shown["images"]["number"], 0);
        assert_eq!(shown["changes"]["verified"], 3);
        assert_eq!(json(&stage, "zonal runs show run-3 --json").await["images"]["number"], 3);
        let again = stage.output("zonal runs prune --keep 1").await;
        assert_eq!((again.code, again.out.as_str()), (0, "Nothing to prune.\n"));

        let restored = stage.output("zonal restore run-1 --yes").await;
        assert!(restored.err.contains("no images of run-1"), "{}", restored.err);
        let merged = stage.output("zonal runs merge run-1").await;
        assert!(merged.err.contains("the store contains no plan of run-1"), "{}", merged.err);
        let synced = stage.output("zonal plan").await;
        assert!(synced.out.contains("No changes."), "the applied state stays: {}", synced.out);
        stage.expect("zonal revert run-3 --yes", 0).await;
    });
}

#[test]
fn prune_keeps_runs_that_have_not_ended() {
    paused(async {
        let stage = CaseNetwork::new(&case("history"));
        assert_eq!(apply_description(&stage, "One").await.code, 0);
        let store = stage.directory().join(".zonal/store.db").display().to_string();
        let place = crate::store_fixture::TestStoreLocation::at(&store);
        place
            .sql("UPDATE runs SET body = replace(body, '\"state\":\"ended\"', '\"state\":\"interrupted\"')")
            .await;
        let pruned = json(&stage, "zonal runs prune --keep 0 --yes --json").await;
        assert_eq!(pruned["runs"], serde_json::json!([]));
        let shown = json(&stage, "zonal runs show run-1 --json").await;
        assert_eq!((&shown["plan_kept"], &shown["images"]["number"]), (&Json::from(true), &Json::from(3)));
        // All its changes are known.
        assert_eq!(shown["images"]["collections"][0]["restorable"], true);
        assert_eq!(stage.output("zonal restore run-1 --out way-back.json").await.code, 0);
        // The outcome of the first write is not known.
        place.sql("DELETE FROM journal WHERE number = (SELECT MAX(number) FROM journal)").await;
        let shown = json(&stage, "zonal runs show run-1 --json").await;
        assert_eq!(shown["images"]["collections"][0]["restorable"], false);
        assert_eq!(stage.output("zonal restore run-1 --out way-back.json").await.code, 1);
        let recent = stage.output("zonal runs prune --older-than 30").await;
        assert_eq!((recent.code, recent.out.as_str()), (0, "Nothing to prune.\n"));
    });
}

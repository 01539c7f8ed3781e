//! Policy tools for Terraform read the JSON of a plan: terraform-compliance and checkov, if they are installed.
//!
//! `bash .ci/install tests` installs both into `target/policy-tools`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::case_runner::{CaseNetwork, case, paused};

/// Returns a program of `target/policy-tools` or of `PATH`. Without it, says that the test is skipped.
fn policy_tool(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/policy-tools").join(name).join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(own).chain(std::env::split_paths(&path));
    let found = found.map(|folder| folder.join(name)).find(|program| program.is_file());
    if found.is_none() {
        // The macros of the standard library write to the captured output, which a passed test does not show.
        let skipped =
            format!("\nSKIPPED: a test needs {name}, which is not installed: `bash .ci/install tests`");
        writeln!(std::io::stderr(), "{skipped}\n").expect("stderr should be open");
    }
    found
}

/// Returns the JSON of a plan, as zonal prints it.
async fn planned() -> String {
    let stage = CaseNetwork::new(&case("network-blocks"));
    stage.expect("zonal plan --json", 0).await.out
}

/// Runs a tool in a folder with the plan on one line, as `terraform show -json` and `jq -c .` print it.
fn checked(tool: &Path, plan: &str, policy: (&str, &str), arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("temporary directory");
    let plan: Json = serde_json::from_str(plan).expect("plan should be JSON");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().expect("file has a folder")).expect("folder should be made");
        std::fs::write(file, text).expect("file should be written");
    };
    write("plan.json", &plan.to_string());
    write(policy.0, policy.1);
    let ran = Command::new(tool).args(arguments).current_dir(folder.path()).output();
    let ran = ran.expect("tool should start");
    let printed = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    (ran.status.code().unwrap_or(-1), printed.into_owned())
}

#[test]
fn plan_has_the_members_of_terraform() {
    paused(async {
        let plan: Json = serde_json::from_str(&planned().await).expect("plan should be JSON");
        assert_eq!(
            (&plan["format_version"], &plan["reconciler"]["format_version"]),
            (&json!("1.2"), &json!("3.0"))
        );
        let changes = plan["resource_changes"].as_array().expect("should be a list");
        let after: Vec<(&Json, &Json)> = changes
            .iter()
            .map(|change| (&change["address"], &change["change"]["after"]))
            .filter(|(_, after)| !after.is_null())
            .collect();
        let resources = plan["planned_values"]["root_module"]["resources"].as_array();
        let resources: Vec<(&Json, &Json)> = resources
            .expect("should be a list")
            .iter()
            .map(|resource| (&resource["address"], &resource["values"]))
            .collect();
        assert!(!after.is_empty());
        assert_eq!(after, resources);
        let manifests =
            plan["configuration"]["root_module"]["resources"].as_array().expect("should be a list");
        let manifests: Vec<String> = manifests
            .iter()
            .map(|manifest| {
                format!(
                    "{}/{}",
                    manifest["type"].as_str().unwrap_or_default(),
                    manifest["name"].as_str().unwrap_or_default()
                )
            })
            .collect();
        let inputs = plan["reconciler"]["inputs"]["manifests"].as_object().expect("should be an object");
        assert_eq!(manifests, inputs.keys().cloned().collect::<Vec<_>>());
    });
}

#[test]
fn terraform_compliance_reads_a_plan() {
    let Some(tool) = policy_tool("terraform-compliance") else { return };
    paused(async {
        let plan = planned().await;
        for (is_enabled, code) in [("true", 0), ("false", 1)] {
            let feature = format!(
                "Feature: Blocks\n  Scenario: Consortial block\n    Given I have CodeTable defined\n    \
                 When its code is CONSORTIA\n    Then its enabled must be {is_enabled}\n"
            );
            let arguments = ["-p", "plan.json", "-f", "features"];
            let (exit, printed) = checked(&tool, &plan, ("features/blocks.feature", &feature), &arguments);
            assert_eq!(exit, code, "{printed}");
            assert!(printed.contains("3 steps"), "{printed}");
            assert!(!printed.contains("skipped"), "{printed}");
        }
    });
}

#[test]
fn checkov_reads_a_plan() {
    let Some(tool) = policy_tool("checkov") else { return };
    paused(async {
        let plan = planned().await;
        for (attribute, code) in [("description", 0), ("owner", 1)] {
            let policy = format!(
                "metadata: {{id: CKV2_ZONAL_1, name: Rows are complete, category: CONVENTION}}\n\
                 definition: {{cond_type: attribute, resource_types: [CodeTable], attribute: {attribute}, \
                 operator: exists}}\n"
            );
            let arguments = ["-f", "plan.json", "--framework", "terraform_plan", "--skip-download"];
            let arguments = [&arguments[..], &["--external-checks-dir", "checks", "-o", "json"]].concat();
            let arguments = [&arguments[..], &["--check", "CKV2_ZONAL_1"]].concat();
            let (exit, printed) = checked(&tool, &plan, ("checks/rows.yaml", &policy), &arguments);
            assert_eq!(exit, code, "{printed}");
            let number = if code == 0 { "\"passed\": 0" } else { "\"failed\": 0" };
            assert!(printed.contains("\"resource_count\"") && !printed.contains(number), "{printed}");
        }
    });
}

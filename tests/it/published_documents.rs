//! Consistency of schemas, examples and documents with the program.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use zonal::kinds::KINDS;

use crate::case_runner::{CaseNetwork, case, paused};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn schema(name: &str) -> jsonschema::Validator {
    let schema: Json =
        serde_json::from_str(&read(root().join("schemas").join(name))).expect("schema should be JSON");
    jsonschema::validator_for(&schema).expect("schema should be valid")
}

fn conforms(schema: &jsonschema::Validator, text: &str) {
    let json: Json = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let problems: Vec<String> =
        schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:?}\n{text}");
}

#[test]
fn published_schemas_match_the_types() {
    paused(async {
        let stage = CaseNetwork::new(&case("missing-config"));
        stage.expect("zonal schema --out schemas", 0).await;
        let names = |directory: PathBuf| -> Vec<_> {
            let entries = std::fs::read_dir(directory).expect("folder should exist");
            let mut names: Vec<_> =
                entries.map(|entry| entry.expect("entry should be readable").file_name()).collect();
            names.sort();
            names
        };
        let made = stage.directory().join("schemas");
        assert_eq!(names(root().join("schemas")), names(made.clone()), "run `zonal schema --out schemas`");
        for name in names(made.clone()) {
            let (kept, made) = (read(root().join("schemas").join(&name)), read(made.join(&name)));
            assert!(kept == made, "schemas/{} is stale: run `zonal schema --out schemas`", name.display());
        }
    });
}

#[test]
fn json_output_conforms_to_its_schema() {
    paused(async {
        let (validate, plan, event) =
            (schema("validate.json"), schema("plan.json"), schema("apply-event.json"));
        let snapshot = schema("snapshot.json");
        for name in ["failing-zones", "ownership", "languages", "overrides-and-vars", "default-row"] {
            let stage = CaseNetwork::new(&case(name));
            stage
                .happen(r#"fault {"zone": "01T_B", "method": "PUT", "effect": {"status": {"status": 500}}}"#);
            stage.happen(r#"fault {"zone": "01T_C", "path": "table", "effect": "hang"}"#);
            conforms(&validate, &stage.output("zonal validate --json").await.out);
            conforms(&plan, &stage.output("zonal plan --json").await.out);
            conforms(&plan, &stage.output("zonal drift --json").await.out);
            stage.output("zonal snapshot --out snapshot.json").await;
            conforms(&snapshot, &read(stage.directory().join("snapshot.json")));
            let applied = stage.output("zonal apply --yes --json").await;
            assert!(applied.out.lines().count() > 3, "{}", applied.out);
            for line in applied.out.lines() {
                conforms(&event, line);
            }
            let first: Json = serde_json::from_str(applied.out.lines().next().expect("checked above"))
                .expect("checked above");
            assert_eq!(first["type"], "version");
            let last: Json = serde_json::from_str(applied.out.lines().last().expect("checked above"))
                .expect("checked above");
            assert_eq!(last["type"], "change_summary");
            assert_eq!(last["changes"]["exit_codes"][0], applied.code, "{last}");
        }
        let wrong = CaseNetwork::new(&case("invalid-input"));
        conforms(&validate, &wrong.output("zonal validate --json").await.out);
    });
}

#[test]
fn results_about_live_zones_conform_to_their_schemas() {
    paused(async {
        let stage = CaseNetwork::new(&case("doctor"));
        for (command, name) in [
            ("zonal init .new --region eu --json", "init.json"),
            ("zonal doctor --write-keys --json", "doctor.json"),
            ("zonal tables --json", "tables.json"),
            ("zonal tables --forms --json", "tables.json"),
            ("zonal compare --all --json", "compare.json"),
        ] {
            conforms(&schema(name), &stage.expect(command, 0).await.out);
        }
        stage.happen(r#"fault {"zone": "01Q_A", "effect": "refused"}"#);
        for (command, name) in [
            ("zonal init .part --region eu --json", "init.json"),
            ("zonal doctor --json", "doctor.json"),
            ("zonal tables --table NoteTypes --json", "tables.json"),
            ("zonal compare --all --table NoteTypes --json", "compare.json"),
        ] {
            conforms(&schema(name), &stage.expect(command, 6).await.out);
        }
    });
}

#[test]
fn expectation_results_conform_to_their_schema() {
    paused(async {
        let (test, plan) = (schema("test.json"), schema("plan.json"));
        let stage = CaseNetwork::new(&case("expectations-broken"));
        let run = async |command: &str| stage.output(command).await;
        let counts = |text: &str| -> Json {
            conforms(&test, text);
            serde_json::from_str::<Json>(text).expect("checked above")["counts"].clone()
        };
        let declared = run("zonal test --json").await;
        assert_eq!(declared.code, 1, "{}", declared.err);
        assert_eq!(counts(&declared.out), serde_json::json!({"met": 5, "not_met": 1, "unknown": 1}));
        assert_eq!(run("zonal apply --yes").await.code, 0);
        assert_eq!(counts(&run("zonal test --observed --json").await.out)["met"], 5);
        stage.happen(
            r#"fault {"zone": "01Q_NETWORK", "path": "gateway", "effect": {"status": {"status": 500}}}"#,
        );
        let silent = run("zonal test --observed --json").await;
        assert_eq!(counts(&silent.out)["met"], 0);
        stage.happen("no faults");
        let network = r#"[{"appliesTo": {"only": ["01Q_A"]}, "bibliographic": "deny"}]"#;
        let spec = format!(
            r#"{{"default": {{"bibliographic": "allow", "authority": "deny", "linking": "allow"}}, "exceptions": {network}}}"#
        );
        stage.happen(&format!(
            r#"write imports.yaml {{"apiVersion": "zonal/v1", "kind": "ImportPermissions", "metadata": {{"name": "nz-imports"}}, "spec": {spec}}}"#
        ));
        let planned = run("zonal plan --json").await;
        conforms(&plan, &planned.out);
        let planned: Json = serde_json::from_str(&planned.out).expect("checked above");
        let broken = planned["reconciler"]["expectations"]["broken"].as_array().expect("should be a list");
        assert_eq!(broken.len(), 4, "{broken:?}");
    });
}

#[test]
fn history_and_runs_conform_to_their_schemas() {
    paused(async {
        let (history, verify, runs) =
            (schema("history.json"), schema("history-verify.json"), schema("runs.json"));
        let (details, pruned) = (schema("run.json"), schema("runs-prune.json"));
        let (report, plan, event) = (schema("report.json"), schema("plan.json"), schema("apply-event.json"));
        let stage = CaseNetwork::new(&case("rollout-revert"));
        stage.happen(
            r#"fault {"zone": "01OMNI_BETA", "method": "PUT", "effect": {"status": {"status": 500}}}"#,
        );
        let run = async |command: &str| stage.output(command).await;
        let applied = run("zonal apply --yes --json").await;
        assert_eq!(applied.code, 3, "{}", applied.err);
        applied.out.lines().for_each(|line| conforms(&event, line));
        let last = applied.out.lines().last().expect("output should not be empty");
        let last: Json = serde_json::from_str(last).expect("checked above");
        assert_eq!(last["changes"]["exit_codes"][0], 3, "the last line covers the whole command: {last}");
        run("zonal plan --run-group all").await;
        for (command, schema) in [
            ("zonal history --json", &history),
            ("zonal history --limit 1 --json", &history),
            ("zonal history verify --json", &verify),
            ("zonal runs --json", &runs),
            ("zonal runs merge run-1 --json", &report),
            ("zonal runs merge run-2 --json", &report),
            ("zonal runs merge --run-group all --json", &plan),
            ("zonal runs show run-1 --json", &details),
            ("zonal runs show run-2 --json", &details),
            ("zonal runs prune --keep 0 --yes --json", &pruned),
        ] {
            let printed = run(command).await;
            conforms(schema, &printed.out);
            assert!(printed.out.len() > 100, "{command}: {}", printed.out);
        }
    });
}

#[test]
fn apply_with_only_failures_still_prints_json_lines() {
    paused(async {
        let event = schema("apply-event.json");
        let wrong = CaseNetwork::new(&case("invalid-input"));
        let mut locked = CaseNetwork::new(&case("network-blocks"));
        locked.env.retain(|name, _| !name.starts_with("ZONAL_WRITE"));
        for stage in [wrong, locked] {
            let applied = stage.expect("zonal apply --yes --json", 1).await;
            applied.out.lines().for_each(|line| conforms(&event, line));
            let last = applied.out.lines().last().expect("output should not be empty");
            assert!(last.contains(r#""type":"diagnostic""#), "{last}");
        }
    });
}

#[test]
fn apply_names_collections_that_could_not_be_planned() {
    paused(async {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let text = "apiVersion: zonal/v1\\nkind: MappingTable\\nmetadata: {name: odd}\\nspec: {table: UserRecordTypeUserGroup, key: [Nobody], rows: [{columns: {Nobody: x}}]}\\n";
        stage.happen(&format!("write odd.yaml {text}"));
        let applied = stage.expect("zonal apply --yes --json", 3).await;
        let told = applied.out.lines().filter(|line| line.contains(r#""type":"plan_errored""#));
        assert_eq!(
            told.filter(|line| line.contains("has no column `Nobody`")).count(),
            12,
            "{}",
            applied.out
        );
    });
}

#[test]
fn every_example_is_valid_and_names_its_schema() {
    paused(async {
        for entry in std::fs::read_dir(root().join("examples")).expect("examples should exist") {
            let example = entry.expect("entry should be readable").path();
            // Contains no manifests, only pipelines that run zonal: see pipelines.rs.
            if example.ends_with("pipelines") || example.is_file() {
                continue;
            }
            let stage = CaseNetwork::new(&example);
            let printed = stage.output("zonal validate").await;
            assert_eq!((printed.code, printed.err.as_str()), (0, ""), "{}", example.display());
            for file in std::fs::read_dir(&example).expect("example should be a folder") {
                let file = file.expect("entry should be readable").path();
                // Edits for the emulator are no manifests.
                if file.extension().is_some_and(|extension| extension == "jsonl") {
                    continue;
                }
                let line = "# yaml-language-server: $schema=../../schemas/manifest.json";
                assert!(
                    read(file.clone()).starts_with(line),
                    "{} does not start with {line}",
                    file.display()
                );
            }
        }
    });
}

#[test]
fn consortium_example_uses_every_kind_and_converges() {
    paused(async {
        let example = root().join("examples/consortium");
        let stage = CaseNetwork::new(&example);
        let text: String = std::fs::read_dir(&example)
            .expect("folder should be readable")
            .map(|file| read(file.expect("entry should be readable").path()))
            .collect();
        for kind in &KINDS {
            assert!(text.contains(&format!("\nkind: {}\n", kind.name)), "the example has no {}", kind.name);
        }
        let tested = stage.expect("zonal test", 0).await;
        let all = tested.out.split("Expectations: ").nth(1).and_then(|rest| rest.split(" met").next());
        let all: usize = all.and_then(|number| number.parse().ok()).expect("should be a number");
        assert!(all > 60, "only {all} expectations");
        for (command, code) in [
            ("zonal test --observed", 1),
            ("zonal plan --detailed-exitcode", 2),
            ("zonal apply --yes", 0),
            ("zonal plan --detailed-exitcode", 0),
            // The answers from the manifests match the answers from the zones.
            ("zonal test --observed", 0),
            ("zonal runbook --environment by-hand", 0),
            ("zonal attest --all --by Ada --environment by-hand", 0),
            ("zonal plan --detailed-exitcode --environment by-hand", 0),
        ] {
            let printed = stage.output(command).await;
            let last: Vec<&str> = printed.out.lines().rev().take(12).collect();
            assert_eq!(printed.code, code, "{command}: {last:?} {}", printed.err);
            // The predicted number of met expectations matches the result.
            if command.starts_with("zonal plan") && !command.contains("by-hand") {
                let met = printed.out.lines().any(|line| line == format!("Expectations: {all} met."));
                assert!(met, "{command}: {last:?}");
            }
        }
    });
}

#[test]
fn readme_names_the_commands_that_ci_runs() {
    let (readme, ci) = (read(root().join("README.md")), read(root().join(".ci/run")));
    for (script, run) in [(".ci/demo", "cargo run --locked -- demo"), (".ci/test", "cargo test --locked")] {
        assert!(readme.contains(&format!("$ bash {script}")), "README.md does not show `bash {script}`");
        assert!(ci.contains(&format!("step bash {script}")), ".ci/run does not run `bash {script}`");
        let text = read(root().join(script));
        assert!(text.contains("bash .ci/install") && text.contains(run), "{script} does not run `{run}`");
    }
}

#[test]
fn readme_contains_the_quickstart_manifests() {
    let readme = read(root().join("README.md"));
    let manifest = read(root().join("examples/quickstart/network-blocks.yaml"));
    let shown = readme
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("should have a YAML block");
    assert!(
        manifest.contains(shown.trim_end()),
        "the first YAML of README.md differs from the quickstart:\n{shown}"
    );
}

#[test]
fn readme_shows_real_explain_output() {
    paused(async {
        let readme = read(root().join("README.md"));
        let blocks = readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
        let mut compared = 0;
        for block in blocks.filter(|block| block.starts_with("$ zonal explain ")) {
            let mut lines = block.lines();
            let command = lines.next().unwrap_or_default().trim_start_matches("$ ");
            let command = command.replace(" -C examples/consortium", "");
            let stage = CaseNetwork::new(&root().join("examples/consortium"));
            let printed = stage.expect(&command, 0).await;
            for line in lines.filter(|line| line.trim() != "..." && !line.is_empty()) {
                let said = printed.out.lines().any(|printed| printed == line);
                assert!(said, "README.md shows a line that zonal does not print: {line}\n{}", printed.out);
                compared += 1;
            }
        }
        assert!(compared > 5, "README.md shows too few lines of answers: {compared}");
    });
}

#[test]
fn readme_shows_real_transcripts() {
    let readme = read(root().join("README.md"));
    let printed = read(case("network-blocks").join("script.txt"));
    // A terminal shows both streams.
    let printed: Vec<&str> = printed.lines().map(|line| line.strip_prefix("2| ").unwrap_or(line)).collect();
    let mut compared = 0;
    for block in readme.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next()) {
        let shown = block.lines().skip_while(|line| !line.starts_with("$ zonal plan --environment emulator"));
        for line in shown.filter(|line| !line.starts_with("$ ") && line.trim() != "..." && !line.is_empty()) {
            assert!(printed.contains(&line), "README.md shows a line that zonal does not print: {line}");
            compared += 1;
        }
    }
    assert!(compared > 30, "README.md shows too few lines of transcripts: {compared}");
}

//! A plan file shows the plan that created it, and apply makes only its changes.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use proptest::prelude::*;
use serde_json::Value as Json;
use zonal::provider::transport::Transport as _;

use crate::case_runner::{CaseNetwork, CommandOutput, case, paused};

/// Formats of a plan without values that change between responses of a zone.
const FORMATS: [&str; 4] = ["markdown", "runbook", "junit", "sarif"];

/// Removes lines that depend on the rest of the daily quota: their token is a hash of the text.
fn comparable(text: &str) -> String {
    let ends =
        |line: &&str| line.starts_with("::stop-commands::") || line.starts_with("::") && line.ends_with("::");
    without_quota(
        &text.lines().filter(|line| !ends(line)).map(|line| format!("{line}\n")).collect::<String>(),
    )
}

/// Removes values that change between responses of a zone from a plan's text.
fn without_quota(text: &str) -> String {
    let cut = |line: &str| match line.starts_with("Cost: ") {
        true => line.split(" s, ").next().unwrap_or_default().trim_end_matches(" s.").to_owned(),
        false => line.split(" (tracking id ").next().unwrap_or_default().to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn plan_file_of_every_case_shows_its_plan() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut plans = 0;
    for entry in std::fs::read_dir(cases).expect("tests/cases should exist") {
        let case = entry.expect("entry should be readable").path();
        let script = std::fs::read_to_string(case.join("script.txt")).expect("case should have a script.txt");
        paused(async {
            let stage = CaseNetwork::new(&case);
            for line in script.lines() {
                if let Some(what) = line.strip_prefix("@ ") {
                    stage.happen(what);
                }
                let Some(command) = line.strip_prefix("$ ") else { continue };
                if !command.starts_with("zonal plan")
                    || command.contains("--json ")
                    || command.ends_with("--json")
                    || command.contains("--out")
                {
                    stage.command(command).await;
                    continue;
                }
                // In the commands of a case, output flags come last.
                let outputs = [" --github", " --markdown"].iter().find_map(|flag| command.find(flag));
                let outputs = outputs.map_or("", |at| &command[at..]);
                let others = |by: &str| match outputs {
                    "" => FORMATS.map(|format| format!(" --{format} .{by}.{format}")).concat(),
                    _ => String::new(),
                };
                let planned = stage.output(&format!("{command} --out .plan.json{}", others("planned"))).await;
                if planned.code == 1 {
                    continue;
                }
                let shown = format!("zonal show .plan.json{outputs}{}", others("shown"));
                let shown = stage.output(&shown).await;
                assert_eq!((shown.err.as_str(), shown.code), ("", 0), "{} `{command}`", case.display());
                let (planned, shown) = (comparable(&planned.out), comparable(&shown.out));
                assert_eq!(planned, shown, "{} `{command}`", case.display());
                for format in FORMATS.iter().filter(|_| outputs.is_empty()) {
                    let written = |by: &str| {
                        let file = stage.directory().join(format!(".{by}.{format}"));
                        without_quota(&std::fs::read_to_string(file).expect("file should be written"))
                    };
                    assert!(
                        written("planned") == written("shown"),
                        "{} `{command}` {format}",
                        case.display()
                    );
                }
                // The JSON of a parsed plan file equals the file.
                let json = stage.output("zonal show .plan.json --json").await.out;
                let file =
                    std::fs::read_to_string(stage.directory().join(".plan.json")).expect("should be read");
                assert!(json == file, "{} `{command}`", case.display());
                plans += 1;
            }
        });
    }
    assert!(plans > 50, "only {plans} plans were made: the test checks nothing");
}

const MEMBERS: [&str; 3] = ["01OMNI_ALPHA", "01OMNI_BETA", "01OMNI_GAMMA"];
const TABLES: [&str; 2] = ["ItemPolicy", "UserBlockDescription"];

/// Returns the contents of a member's code table as text.
fn table(stage: &CaseNetwork, zone: &str, table: &str) -> String {
    stage.happen(&format!("rows {zone} code {table}"))
}

fn tables(stage: &CaseNetwork) -> BTreeMap<(&'static str, &'static str), String> {
    let all = MEMBERS.iter().flat_map(|zone| TABLES.iter().map(|table| (*zone, *table)));
    all.map(|(zone, name)| ((zone, name), table(stage, zone, name))).collect()
}

fn librarian(stage: &CaseNetwork, zone: &str, table: &str, code: &str, words: &str) {
    let action = format!(r#"{{"set_code": {{"code": "{code}", "description": "{words}"}}}}"#);
    let place = format!(r#""zone": "{zone}", "kind": "code", "table": "{table}", "by": "m.tremblay""#);
    stage.happen(&format!("edit {{{place}, \"action\": {action}}}"));
}

/// Sends a request to a zone's API, as a program other than zonal.
async fn call(stage: &CaseNetwork, method: &str, zone: &str, table: &str, body: &Json) -> Json {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:1/almaws/v1/conf/code-tables/{table}"))
        .header(AUTHORIZATION, format!("apikey write-key-{zone}"))
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .expect("request should be valid");
    let answer = stage.emulator.transport().send(request).await.expect("zone should answer");
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    serde_json::from_slice(answer.body()).expect("response should be JSON")
}

/// Apply keeps and reports an edit that occurs after the review.
///
/// Terraform 1.11 differs. After `terraform plan -out` and an edit of the planned object, `terraform apply
/// planfile` only sends the planned change to the provider. The edit is lost, and the exit code is 0.
#[test]
fn edit_after_review_is_kept_and_reported() {
    paused(async {
        let stage = CaseNetwork::new(&case("plan-files"));
        let planned = stage.expect("zonal plan --out plan.json", 0).await;
        assert!(planned.out.contains(r#"description "Blocked by another library" → "Consortial block""#));

        // A librarian's own program edits the row that the plan changes.
        let mut rows = call(&stage, "GET", "01OMNI_ALPHA", "UserBlockDescription", &Json::Null).await;
        let edited = rows["row"].as_array_mut().expect("table should have rows").iter_mut();
        let row = edited.into_iter().find(|row| row["code"] == "CONSORTIA").expect("row should exist");
        row["description"] = "Ask at the desk".into();
        call(&stage, "PUT", "01OMNI_ALPHA", "UserBlockDescription", &rows).await;
        let edited = table(&stage, "01OMNI_ALPHA", "UserBlockDescription");
        assert!(edited.contains("Ask at the desk"));

        let applied = stage.expect("zonal apply plan.json --yes", 5).await;
        assert_eq!(table(&stage, "01OMNI_ALPHA", "UserBlockDescription"), edited, "the edit should stay");
        assert!(
            applied.out.contains(r#"description = "Ask at the desk" -> "Consortial block""#),
            "{}",
            applied.out
        );
        // Apply made the other changes, in this zone and in the others.
        assert!(applied.out.contains("Records: 7 added, 0 changed, 0 destroyed."), "{}", applied.out);
        assert!(table(&stage, "01OMNI_ALPHA", "ItemPolicy").contains("Lent to partners"));
    });
}

#[test]
fn plan_file_conflict_is_deferred_without_a_store() {
    paused(async {
        let stage = CaseNetwork::new(&case("prune"));
        stage.expect("zonal apply --yes", 0).await;
        librarian(&stage, "01T_A", "UserBlockDescription", "ONE", "Theirs");
        let words = "apiVersion: zonal/v1\\nkind: CodeTable\\nmetadata: {name: blocks}\\nspec:\\n  \
                     table: UserBlockDescription\\n  rows: [{code: ONE, description: Ours}]\\n";
        stage.happen(&format!("write blocks.yaml {words}"));
        let planned = stage.output("zonal plan --zone 01T_A --kind CodeTable --out plan.json").await;
        assert!(planned.out.contains("conflict"), "{}{}", planned.out, planned.err);

        stage.expect("zonal apply plan.json --yes --store none", 4).await;
        assert!(table(&stage, "01T_A", "UserBlockDescription").contains("Theirs"));
    });
}

#[test]
fn plan_file_of_one_kind_considers_other_kinds() {
    paused(async {
        let stage = CaseNetwork::new(&case("prune"));
        let own = "apiVersion: zonal/v1\\nkind: CodeTable\\nmetadata: {name: own}\\nspec:\\n  table: UserGroups\\n  \
                   unlisted: delete\\n  rows: [{code: LOCAL, description: Local}]\\n";
        let groups = "apiVersion: zonal/v1\\nkind: UserGroups\\nmetadata: {name: g}\\nspec:\\n  \
                      groups: [{code: STAFF, description: Staff, visibleToPartners: true}]\\n";
        stage.happen(&format!("write blocks.yaml {own}---\\n{groups}"));
        stage.expect("zonal apply --yes", 0).await;
        librarian(&stage, "01T_A", "UserGroups", "LOCAL", "Theirs");
        stage.expect("zonal plan --kind CodeTable --out plan.json", 0).await;

        stage.expect("zonal apply plan.json --yes", 0).await;
        let rows = table(&stage, "01T_A", "UserGroups");
        assert!(rows.contains("STAFF") && !rows.contains("Theirs"), "{rows}");
    });
}

/// Edit of a plan file: the affected places, and the operation on each.
#[derive(Debug, Clone)]
struct PlanTampering {
    at: usize,
    from: usize,
    how: u8,
}

fn places(json: &Json, path: String, out: &mut Vec<String>) {
    out.push(path.clone());
    match json {
        Json::Object(fields) => {
            for (name, value) in fields {
                places(value, format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                places(value, format!("{path}/{index}"), out);
            }
        }
        _ => {}
    }
}

/// Edits a plan file. `other` is a later plan file of the same network, as a source of parts.
fn tamper(file: &mut Json, other: &Json, tampering: &PlanTampering) {
    let list = |json: &Json| {
        let mut all = Vec::new();
        places(json, String::new(), &mut all);
        all
    };
    let (here, there) = (list(file), list(other));
    let place = &here[tampering.at % here.len()];
    let taken = other.pointer(&there[tampering.from % there.len()]).cloned().unwrap_or_default();
    let own = file.pointer(&here[tampering.from % here.len()]).cloned().unwrap_or_default();
    let (parent, name) = place.rsplit_once('/').unwrap_or(("", ""));
    match tampering.how {
        0 => match file.pointer_mut(parent) {
            Some(Json::Object(fields)) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
            Some(Json::Array(items)) => {
                drop(name.parse().ok().filter(|at| *at < items.len()).map(|at: usize| items.remove(at)))
            }
            _ => {}
        },
        1 => drop(file.pointer_mut(place).map(|value| *value = taken)),
        2 => drop(file.pointer_mut(place).map(|value| *value = own)),
        3 => drop(file.pointer_mut(place).map(|value| *value = Json::Null)),
        4 => {
            if let Some(Json::Array(items)) = file.pointer_mut(place) {
                items.push(own);
            }
        }
        5 => drop(file.pointer_mut("/reconciler/environment").map(|name| *name = "sandbox".into())),
        // Inserts all changes of the other plan.
        6 => {
            for part in ["changes", "drift"] {
                let here = file.pointer_mut(&format!("/reconciler/{part}")).and_then(Json::as_object_mut);
                if let (Some(here), Some(more)) = (here, other["reconciler"][part].as_object()) {
                    here.extend(more.iter().map(|(address, detail)| (format!("{address}+"), detail.clone())));
                }
            }
        }
        _ => {
            if let Some(Json::String(text)) = file.pointer_mut(place) {
                text.push('0');
            }
        }
    }
}

fn tamperings() -> impl Strategy<Value = Vec<PlanTampering>> {
    let one =
        (any::<usize>(), any::<usize>(), 0u8..8).prop_map(|(at, from, how)| PlanTampering { at, from, how });
    prop::collection::vec(one, 1..6)
}

/// Edits two members' tables after the plan: a table that the plan changes, and another table.
fn meanwhile(stage: &CaseNetwork) {
    librarian(stage, "01OMNI_BETA", "UserBlockDescription", "LOST", "Ask Marie");
    librarian(stage, "01OMNI_GAMMA", "ItemPolicy", "OWN", "Our own");
}

/// Returns the tables after a command that follows a plan and two edits, and the command's output.
///
/// `edit` modifies the plan file. Its second argument is a plan file made after the edits.
fn after(
    command: &str,
    edit: impl Fn(&mut Json, &Json),
) -> (BTreeMap<(&'static str, &'static str), String>, CommandOutput) {
    paused(async {
        let stage = CaseNetwork::new(&case("plan-files"));
        stage.output("zonal plan --out plan.json").await;
        meanwhile(&stage);
        stage.output("zonal plan --out later.json").await;
        let read = |name: &str| {
            let text = std::fs::read_to_string(stage.directory().join(name)).expect("plan should be written");
            serde_json::from_str::<Json>(&text).expect("plan should be JSON")
        };
        let mut file = read("plan.json");
        edit(&mut file, &read("later.json"));
        std::fs::write(stage.directory().join("plan.json"), file.to_string())
            .expect("plan should be writable");
        let printed = stage.output(command).await;
        (tables(&stage), printed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edited_plan_file_never_adds_changes(edits in tamperings()) {
        let nothing = |_: &mut Json, _: &Json| {};
        let (before, _) = after("zonal show plan.json", nothing);
        let (unedited, _) = after("zonal apply plan.json --yes", nothing);
        let (everything, _) = after("zonal apply --yes", nothing);
        let (edited, printed) = after("zonal apply plan.json --yes", |file, later| {
            edits.iter().for_each(|edit| tamper(file, later, edit));
        });
        // Copying changes from a later plan file amounts to applying the later plan.
        let forged = edits.iter().any(|edit| matches!(edit.how, 1 | 6));
        for (place, found) in &edited {
            let held = *found == before[place];
            let reviewed = *found == unedited[place];
            let wanted = *found == everything[place];
            prop_assert!(held || reviewed || (forged && wanted), "{place:?} {edits:?}\n{}", printed.out);
        }
        prop_assert!(!printed.err.contains("panicked"), "{}", printed.err);
    }
}

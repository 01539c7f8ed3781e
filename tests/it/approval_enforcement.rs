//! Apply writes only reviewed and approved changes, whatever happens to plan files, approvals and zones.

use serde_json::{Value as Json, json};
use std::time::Duration;

use crate::case_runner::{CaseNetwork, CommandOutput, case, paused};

/// Runs a command and checks its exit code.
async fn ends(stage: &CaseNetwork, command: &str, code: u8) -> CommandOutput {
    let printed = stage.output(command).await;
    assert_eq!(printed.code, code, "`{command}`\n{}{}", printed.out, printed.err);
    printed
}

fn read(stage: &CaseNetwork, name: &str) -> Json {
    let text = std::fs::read_to_string(stage.directory().join(name)).expect("plan should be written");
    serde_json::from_str(&text).expect("plan should be JSON")
}

fn write(stage: &CaseNetwork, name: &str, file: &Json) {
    std::fs::write(stage.directory().join(name), file.to_string()).expect("plan should be writable");
}

fn add_to_network(stage: &CaseNetwork, text: &str) {
    let path = stage.directory().join("network.yaml");
    let network = std::fs::read_to_string(&path).expect("case should have a network.yaml");
    std::fs::write(path, network + text).expect("file should be writable");
}

/// Returns the number of write requests so far.
fn writes(stage: &CaseNetwork) -> usize {
    stage.emulator.control().requests().iter().filter(|request| request.method != "GET").count()
}

fn librarian(stage: &CaseNetwork, zone: &str, table: &str, action: Json) {
    let edit = json!({"zone": zone, "kind": "code", "table": table, "by": "ann", "action": action});
    stage.happen(&format!("edit {edit}"));
}

fn set(code: &str, description: &str) -> Json {
    json!({"set_code": {"code": code, "description": description}})
}

const ONE_ROW: &str = "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {name: item-policies}\nspec:\n  table: \
                       ItemPolicy\n  rows:\n    - {code: NETWORK, description: Lent to partners}\n";
const TWO_ROWS: &str = "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {name: item-policies}\nspec:\n  table: \
                        ItemPolicy\n  rows:\n    - {code: NETWORK, description: Lent to partners}\n    - {code: \
                        SHELF, description: Reading room only}\n";

fn rows(stage: &CaseNetwork, text: &str) {
    std::fs::write(stage.directory().join("policies.yaml"), text).expect("file should be writable");
}

#[test]
fn change_moved_in_plan_file_is_not_approved() {
    for elsewhere in ["01OMNI_GAMMA/CodeTable/ItemPolicy/MORE", "nowhere", "01OMNI_ALPHA /CodeTable"] {
        paused(async {
            let stage = CaseNetwork::new(&case("approvals"));
            rows(&stage, ONE_ROW);
            ends(&stage, "zonal plan --out plan.json", 0).await;
            ends(&stage, "zonal approve plan.json --zone 01OMNI_ALPHA --by Ada", 0).await;
            rows(&stage, TWO_ROWS);
            ends(&stage, "zonal plan --out plan.json", 0).await;
            let mut file = read(&stage, "plan.json");
            let changes = file["reconciler"]["changes"].as_object_mut().expect("plan should have changes");
            let moved =
                changes.remove("01OMNI_ALPHA/CodeTable/ItemPolicy/SHELF").expect("change should be planned");
            changes.insert(elsewhere.to_owned(), moved);
            write(&stage, "plan.json", &file);
            stage.output("zonal apply plan.json --yes").await;
            let found = stage.happen("rows 01OMNI_ALPHA code ItemPolicy");
            assert!(!found.contains("SHELF"), "{elsewhere}\n{found}");
        });
    }
}

#[test]
fn approval_of_one_environment_is_invalid_in_others() {
    paused(async {
        let stage = CaseNetwork::new(&case("approvals"));
        add_to_network(&stage, "  environments: {sandbox: {region: ca}}\n");
        ends(&stage, "zonal plan --environment sandbox --out plan.json", 0).await;
        ends(&stage, "zonal approve plan.json --by Ada", 0).await;
        ends(&stage, "zonal apply --yes --zone 01OMNI_ALPHA", 4).await;
        let mut file = read(&stage, "plan.json");
        file["reconciler"]["environment"] = Json::Null;
        write(&stage, "plan.json", &file);
        stage.output("zonal apply plan.json --yes").await;
        assert_eq!(writes(&stage), 0);
    });
}

#[test]
fn table_emptied_after_plan_is_stale() {
    for forged in [false, true] {
        paused(async {
            let stage = CaseNetwork::new(&case("plan-files"));
            ends(&stage, "zonal plan --out plan.json", 0).await;
            if forged {
                let mut file = read(&stage, "plan.json");
                for zone in file["reconciler"]["zones"].as_array_mut().expect("plan should have zones") {
                    for collection in
                        zone["collections"].as_array_mut().expect("zone should have collections")
                    {
                        collection["existing"] = Json::Null;
                    }
                }
                write(&stage, "plan.json", &file);
            }
            let table = stage.happen("rows 01OMNI_BETA code ItemPolicy");
            let codes = table.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
            let codes: Vec<String> =
                codes.filter_map(|row| row["code"].as_str().map(str::to_owned)).collect();
            assert!((2..10).contains(&codes.len()), "{table}");
            for code in codes {
                librarian(&stage, "01OMNI_BETA", "ItemPolicy", json!({"delete_code": {"code": code}}));
            }
            let printed = ends(&stage, "zonal apply plan.json --yes", 5).await;
            let found = stage.happen("rows 01OMNI_BETA code ItemPolicy");
            assert_eq!(found, "", "{}", printed.out);
        });
    }
}

#[test]
fn partly_applied_plan_continues_after_many_deletes() {
    paused(async {
        let stage = CaseNetwork::new(&case("languages"));
        add_to_network(&stage, "  guards: {limits: {deletes: {collection: null}}}\n");
        let codes: Vec<String> = (0..14).map(|number| format!("R{number}")).collect();
        for code in &codes {
            librarian(&stage, "01T_A", "UserGroups", set(code, "Old"));
        }
        let absent: Vec<String> =
            codes.iter().map(|code| format!("{{code: {code}, absent: true}}")).collect();
        let manifest = |name: &str, more: &str| {
            format!(
                "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {{name: {name}}}\nspec:\n  appliesTo: {{only: \
                 [01T_A]}}\n  table: UserGroups\n{more}\n"
            )
        };
        let absent = absent.join(", ");
        let words = |language: &str, words: &str| {
            let rows =
                format!("  language: {language}\n  rows: [{{code: STAFF, description: {words}}}, {absent}]");
            manifest(language, &rows)
        };
        let (english, french) = (words("en", "The staff"), words("fr", "Le personnel"));
        let file = stage.directory().join("tables.yaml");
        assert!(file.exists(), "the case should have these manifests");
        std::fs::write(file, format!("{english}---\n{french}")).expect("file should be writable");
        ends(&stage, "zonal plan --out plan.json", 0).await;
        stage.happen(
            r#"fault {"method": "PUT", "when": {"after": 1}, "effect": {"status": {"status": 400, "code": "401652"}}}"#,
        );
        let printed = ends(&stage, "zonal apply plan.json --yes", 3).await;
        assert!(printed.out.contains("14 destroyed"), "{}", printed.out);
        stage.happen("no faults");
        ends(&stage, "zonal apply plan.json --yes", 0).await;
        let found = stage.happen("rows 01T_A code UserGroups");
        assert!(found.contains("The staff") && found.contains("Le personnel"), "{found}");
    });
}

#[test]
fn apply_reports_both_denied_and_stale_changes() {
    paused(async {
        let stage = CaseNetwork::new(&case("plan-files"));
        ends(&stage, "zonal plan --out plan.json", 0).await;
        add_to_network(
            &stage,
            "  guards: {freezes: [{name: exams, from: 2025-12-31, until: 2026-01-01, timeZone: UTC}]}\n",
        );
        librarian(&stage, "01OMNI_BETA", "UserBlockDescription", set("LOST", "Ask Marie"));
        let printed = ends(&stage, "zonal apply plan.json --yes --json", 5).await;
        let last = printed.out.lines().last().unwrap_or_default();
        assert!(last.contains("[5,4]") || last.contains("[4,5]"), "{last}");
        assert_eq!(writes(&stage), 0);
        let printed = ends(&stage, "zonal apply plan.json --yes", 5).await;
        assert!(printed.out.contains("Nothing was written"), "{}", printed.out);
        assert_eq!(writes(&stage), 0);
    });
}

#[test]
fn interrupted_rollout_continues_with_same_plan_and_approval() {
    paused(async {
        let mut counts = std::collections::BTreeSet::new();
        // During the first wave, the pause after it, the second wave, and so on.
        for after in [200, 900, 1_500, 2_500, 300_000, 601_000, 602_500, 900_000, 1_203_000] {
            let stage = CaseNetwork::new(&case("rollout"));
            add_to_network(&stage, "  approval: {requiredFor: {zones: all}}\n");
            ends(&stage, "zonal plan --out plan.json", 0).await;
            ends(&stage, "zonal approve plan.json --by Ada", 0).await;
            let printed = stage.interrupted("zonal apply plan.json --yes", after).await;
            assert!([0, 130].contains(&printed.code), "{after}: {}{}", printed.out, printed.err);
            counts.insert(writes(&stage));
            ends(&stage, "zonal apply plan.json --yes", 0).await;
            ends(&stage, "zonal plan --detailed-exitcode", 0).await;
        }
        assert!(counts.len() > 3, "{counts:?}");
    });
}

#[test]
fn approved_plan_applies_all_but_stale_changes() {
    paused(async {
        let stage = CaseNetwork::new(&case("approvals"));
        add_to_network(&stage, "  # also by a rule\n");
        let policy = "apiVersion: zonal/v1\nkind: Policy\nmetadata: {name: board}\nspec:\n  scope: plan\n  rules:\n    - \
                      {name: all, expression: 'plan.counts.creates == 0', action: requireApproval, message: the board agrees}\n";
        std::fs::write(stage.directory().join("board.yaml"), policy).expect("file should be writable");
        ends(&stage, "zonal plan --out plan.json", 0).await;
        ends(&stage, "zonal apply plan.json --yes", 4).await;
        assert_eq!(writes(&stage), 0);
        ends(&stage, "zonal approve plan.json --by Board", 0).await;
        librarian(&stage, "01OMNI_DELTA", "ItemPolicy", set("SHELF", "Shelf"));
        ends(&stage, "zonal apply plan.json --yes", 5).await;
        assert!(stage.happen("rows 01OMNI_DELTA code ItemPolicy").contains(r#""en":"Shelf""#));
        for zone in ["01OMNI_ALPHA", "01OMNI_BETA", "01OMNI_GAMMA"] {
            assert!(stage.happen(&format!("rows {zone} code ItemPolicy")).contains("SHELF"), "{zone}");
        }
        // Without the plan file, apply makes another plan without an approval.
        ends(&stage, "zonal apply --yes", 4).await;
    });
}

#[test]
fn edited_plan_file_is_neither_shown_nor_approved() {
    let hidden: [fn(&mut Json); 4] = [
        |file| {
            drop(
                file["reconciler"]["change_groups"]
                    .as_array_mut()
                    .expect("plan should have groups")
                    .remove(0),
            )
        },
        |file| {
            let zones = file["reconciler"]["zones"].as_array_mut().expect("plan should have zones");
            zones[0]["collections"][0]["deferral"] = json!({"reason": "stale"});
        },
        |file| {
            let changes = file["resource_changes"].as_array_mut().expect("plan should have changes");
            changes.remove(0);
        },
        |file| file["resource_changes"][0]["change"]["after"]["description"] = "Something else".into(),
    ];
    paused(async {
        let stage = CaseNetwork::new(&case("plan-files"));
        ends(&stage, "zonal plan --out plan.json", 0).await;
        ends(&stage, "zonal show plan.json", 0).await;
        for hide in hidden {
            let mut file = read(&stage, "plan.json");
            hide(&mut file);
            write(&stage, "edited.json", &file);
            for command in ["zonal show edited.json", "zonal approve edited.json --by Ada"] {
                let printed = ends(&stage, command, 1).await;
                assert!(printed.err.contains("was edited after it was created"), "{}", printed.err);
                assert_eq!(printed.out, "");
            }
        }
    });
}

#[test]
fn freeze_denies_nothing_if_every_change_is_stale() {
    paused(async {
        let stage = CaseNetwork::new(&case("plan-files"));
        ends(&stage, "zonal plan --zone 01OMNI_BETA --kind CodeTable --out plan.json", 0).await;
        for (table, code) in [("UserBlockDescription", "LOST"), ("ItemPolicy", "NETWORK")] {
            librarian(&stage, "01OMNI_BETA", table, set(code, "Ask Marie"));
        }
        add_to_network(
            &stage,
            "  guards: {freezes: [{name: exams, from: 2025-12-31, until: 2026-01-01, timeZone: UTC}]}\n",
        );
        let printed = ends(&stage, "zonal apply plan.json --yes", 5).await;
        assert!(!printed.out.contains("freeze/exams"), "{}", printed.out);
        // A freeze lasts until the end of its last day.
        ends(&stage, "zonal apply --yes", 4).await;
    });
}

#[test]
fn edit_during_rollout_pause_stops_the_rollout() {
    paused(async {
        let stage = CaseNetwork::new(&case("rollout"));
        ends(&stage, "zonal plan --out plan.json", 0).await;
        let applying = stage.output("zonal apply plan.json --yes --json");
        let editing = async {
            tokio::time::sleep(Duration::from_secs(300)).await;
            librarian(&stage, "01OMNI_ALPHA", "ItemPolicy", set("NETWORK", "Ask Marie"));
        };
        let (printed, ()) = tokio::join!(applying, editing);
        assert_eq!(printed.code, 7, "{}", printed.out);
        for zone in ["01OMNI_BETA", "01OMNI_DELTA", "01OMNI_EPSILON", "01OMNI_GAMMA"] {
            let found = stage.happen(&format!("rows {zone} code ItemPolicy"));
            assert!(!found.contains("NETWORK"), "{zone}\n{found}");
        }
        let last = printed.out.lines().last().unwrap_or_default();
        assert!(last.contains(r#""exit_codes":[7,3]"#), "{last}");
        // The member's text and the stopped rollout stay until the next plan.
        let printed = ends(&stage, "zonal apply plan.json --yes", 5).await;
        assert!(printed.out.contains("stale: it changed since the plan"), "{}", printed.out);
        assert!(stage.happen("rows 01OMNI_ALPHA code ItemPolicy").contains("Ask Marie"));
    });
}

/// Plays a script up to its first successful plain apply, and returns the flags of that apply.
async fn until_applied(stage: &CaseNetwork, script: &str) -> Option<String> {
    let lines: Vec<&str> = script.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if let Some(what) = line.strip_prefix("@ ") {
            stage.happen(what);
        }
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let plain = command.strip_prefix("zonal apply --yes").filter(|_| !command.contains("--json"));
        let printed = lines[index + 1..].iter().take_while(|line| !line.starts_with(['$', '@']));
        let well = !printed.clone().any(|line| line.starts_with("[exit"));
        match plain {
            Some(flags) if well && !flags.contains(".json") && !flags.contains("--override") => {
                return Some(flags.to_owned());
            }
            Some(_) | None => drop(stage.command(command).await),
        }
    }
    None
}

/// A partly applied plan file stays valid: repeated applies complete all of its changes.
#[test]
fn interrupted_plan_file_of_every_case_is_completed() {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut pieces = 0;
    let mut wrong = Vec::new();
    // Each case is interrupted at one moment, and at every moment in `.ci/long`.
    let moments = [700, 1_500, 2_600];
    let every_moment = std::env::var_os("EVERY_MOMENT").is_some();
    let folders = std::fs::read_dir(cases).expect("tests/cases should exist");
    let mut folders: Vec<_> = folders.map(|entry| entry.expect("entry should be readable").path()).collect();
    folders.sort();
    for (index, case) in folders.into_iter().enumerate() {
        let script = std::fs::read_to_string(case.join("script.txt")).expect("case should have a script.txt");
        for after in moments.into_iter().filter(|&after| every_moment || after == moments[index % 3]) {
            paused(async {
                let stage = CaseNetwork::new(&case);
                let Some(flags) = until_applied(&stage, &script).await else { return };
                let planned = stage.output(&format!("zonal plan{flags} --out .plan.json")).await;
                if planned.code != 0 {
                    return;
                }
                let first = stage.interrupted("zonal apply .plan.json --yes", after).await;
                pieces += usize::from(first.code == 130);
                let second = stage.output("zonal apply .plan.json --yes").await;
                let left = stage.output(&format!("zonal plan{flags} --json")).await.out;
                let left: Json = serde_json::from_str(&left).expect("plan should be JSON");
                if second.code != 0 || left["applyable"] != json!(false) {
                    wrong.push(format!(
                        "{} after {after} ms: {}, then {}\n{}{}",
                        case.display(),
                        first.code,
                        second.code,
                        second.out,
                        second.err
                    ));
                }
            });
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(pieces > 7, "only {pieces} applies were interrupted");
}

#[test]
fn row_translated_after_partial_apply_is_not_overwritten() {
    for (translated, code) in [(false, 0), (true, 5)] {
        paused(async {
            let stage = CaseNetwork::new(&case("languages"));
            ends(&stage, "zonal plan --out plan.json", 0).await;
            stage.happen(
                r#"fault {"method": "PUT", "path": "lang=fr", "effect": {"status": {"status": 400, "code": "401652"}}}"#,
            );
            ends(&stage, "zonal apply plan.json --yes", 3).await;
            stage.happen("no faults");
            if translated {
                let action = json!({"set_code": {"code": "AFN", "description": "Usager", "language": "fr"}});
                librarian(&stage, "01T_A", "UserGroups", action);
            }
            ends(&stage, "zonal apply plan.json --yes", code).await;
            let words = if translated { r#""fr":"Usager""# } else { r#""fr":"Usager du réseau""# };
            let found = stage.happen("rows 01T_A code UserGroups");
            assert!(found.contains(words), "{found}");
        });
    }
}

#[test]
fn unapproved_pilot_wave_stops_rollout_without_failure() {
    paused(async {
        let stage = CaseNetwork::new(&case("rollout"));
        add_to_network(&stage, "  approval: {requiredFor: {only: [01OMNI_ALPHA]}}\n");
        let printed = ends(&stage, "zonal apply --yes", 4).await;
        assert!(printed.out.contains("the rollout stopped in wave `pilot`"), "{}", printed.out);
        assert_eq!(writes(&stage), 0);
    });
}

#[test]
fn approval_does_not_replace_other_or_wider_approvals() {
    paused(async {
        let stage = CaseNetwork::new(&case("plan-files"));
        add_to_network(
            &stage,
            "  guards: {freezes: [{name: exams, from: 2025-12-31, until: 2026-01-01, timeZone: UTC}]}\n",
        );
        ends(&stage, "zonal plan --out plan.json", 4).await;
        ends(&stage, "zonal approve plan.json --by Ada-L --override freeze/exams --reason agreed", 0).await;
        for _ in 0..2 {
            ends(&stage, "zonal approve plan.json --by Ada_L", 0).await;
            ends(&stage, "zonal approve plan.json --by Ada-L", 0).await;
        }
        let files = std::fs::read_dir(stage.directory().join("approvals")).expect("approvals should exist");
        assert_eq!(files.count(), 3);
        ends(&stage, "zonal apply plan.json --yes", 0).await;
    });
}

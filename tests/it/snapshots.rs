//! A plan against a snapshot equals the plan against the zones.

use std::path::Path;

use crate::case_runner::{CaseNetwork, paused};

/// Removes lines that only a zone can provide, and the name of the snapshot.
fn plan(text: &str) -> String {
    let of_source = ["Cost: ", "Action required"];
    let mut is_comparison = false;
    let kept = |line: &&str| {
        // The sentence about the comparison and its warning can have several lines.
        let begins = line.starts_with("Compared with ") || line.starts_with("  ! warning of two-way:");
        let goes_on = line.starts_with("  ") && !line.starts_with("  ! ");
        is_comparison = begins || is_comparison && goes_on;
        // A snapshot does not keep why a table is not changed over the API.
        !is_comparison
            && !of_source.iter().any(|start| line.starts_with(start))
            && !line.contains("`--two-way --reason TEXT`")
            && !line.contains("is changed by people, not over the API")
    };
    let words: Vec<&str> = text.lines().filter(kept).flat_map(str::split_whitespace).collect();
    // Line breaks depend on the length of tracking ids and of such words.
    let text = words.join(" ").replace("when the snapshot was created: ", "");
    let mut parts = text.split(" (tracking id ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(')').map_or("", |(_, rest)| rest))
}

#[test]
fn plan_against_snapshot_equals_plan_against_zones() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut plans = 0;
    for entry in std::fs::read_dir(cases).expect("tests/cases should exist") {
        let case = entry.expect("entry should be readable").path();
        let script = std::fs::read_to_string(case.join("script.txt")).expect("case should have a script.txt");
        paused(async {
            let mut stage = CaseNetwork::new(&case);
            for line in script.lines() {
                if let Some(what) = line.strip_prefix("@ ") {
                    stage.happen(what);
                }
                let Some(command) = line.strip_prefix("$ ") else { continue };
                let Some(flags) = command.strip_prefix("zonal plan") else {
                    stage.command(command).await;
                    continue;
                };
                // Faults may affect only a single read, so two reads can differ.
                let own = ["--json", "--out", "--snapshot", "--only-drift"];
                if own.iter().any(|flag| flags.contains(flag)) || script.contains("@ fault") {
                    continue;
                }
                let planned = stage.output(command).await;
                let flags = flags.replace("--detailed-exitcode", "");
                let taken = stage.output(&format!("zonal snapshot --out .snapshot.json {flags}")).await;
                if planned.code == 1 || taken.code == 1 {
                    continue;
                }
                let bytes = || std::fs::read_to_string(stage.directory().join(".snapshot.json"));
                let first = bytes().expect("file should be written");
                stage.output(&format!("zonal snapshot --out .snapshot.json {flags}")).await;
                assert!(bytes().expect("file should be written") == first, "{} `{command}`", case.display());
                for secret in stage.env.iter().filter(|(name, _)| name.starts_with("ZONAL_")) {
                    assert!(!first.contains(secret.1.as_str()), "{} contains {}", case.display(), secret.0);
                }
                stage.emulator.control().clear_requests();
                let env = std::mem::take(&mut stage.env);
                let against = stage.output(&format!("{command} --snapshot .snapshot.json")).await;
                stage.env = env;
                assert_eq!(stage.emulator.control().requests().len(), 0, "{} `{command}`", case.display());
                assert_eq!(plan(&planned.out), plan(&against.out), "{} `{command}`", case.display());
                assert_eq!(planned.code, against.code, "{} `{command}`: {}", case.display(), against.err);
                plans += 1;
            }
        });
    }
    assert!(plans > 50, "only {plans} plans were made: the test checks nothing");
}

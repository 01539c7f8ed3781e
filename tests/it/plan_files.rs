//! Plan files: what is shown of one is what was planned.

use std::path::Path;

use tokio::sync::watch;

use crate::script::{Printed, Stage, paused};

/// The text of a plan without what differs from one answer of a zone to the next.
fn without_quota(text: &str) -> String {
    let cut = |line: &str| match line.starts_with("Cost: ") {
        true => line.split(" s, ").next().unwrap_or_default().trim_end_matches(" s.").to_owned(),
        false => line.split(" (tracking id ").next().unwrap_or_default().to_owned(),
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

async fn run(stage: &Stage, command: &str) -> Printed {
    stage.run(command, None, watch::channel(0).1).await
}

#[test]
fn whatever_a_case_plans_its_file_shows_the_same() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut plans = 0;
    for entry in std::fs::read_dir(cases).expect("tests/cases is there") {
        let case = entry.expect("and readable").path();
        let script = std::fs::read_to_string(case.join("script.txt")).expect("a case has a script.txt");
        paused(async {
            let stage = Stage::new(&case);
            for line in script.lines() {
                if let Some(what) = line.strip_prefix("@ ") {
                    stage.happen(what);
                }
                let Some(command) = line.strip_prefix("$ ") else { continue };
                if !command.starts_with("zonal plan")
                    || command.contains("--json")
                    || command.contains("--out")
                {
                    stage.command(command).await;
                    continue;
                }
                let planned = run(&stage, &format!("{command} --out .plan.json")).await;
                if planned.code == 1 {
                    continue;
                }
                let shown = run(&stage, "zonal show .plan.json").await;
                assert_eq!((shown.err.as_str(), shown.code), ("", 0), "{} `{command}`", case.display());
                let (planned, shown) = (without_quota(&planned.out), without_quota(&shown.out));
                assert_eq!(planned, shown, "{} `{command}`", case.display());
                // Whatever is written of a plan that was read is what was read.
                let json = run(&stage, "zonal show .plan.json --json").await.out;
                let file =
                    std::fs::read_to_string(stage.directory().join(".plan.json")).expect("it was read");
                assert!(json == file, "{} `{command}`", case.display());
                plans += 1;
            }
        });
    }
    assert!(plans > 50, "only {plans} plans were made: the test checks nothing");
}

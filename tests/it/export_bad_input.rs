//! Bad input of `zonal export`: clear words, what was reached is kept, and the same command goes on from there.

use tokio::sync::watch;
use zonal::cli;
use zonal::emulator::{EmulatedCodeRow, EmulatedCodeTable};

use crate::case_runner::{CapturedOutput, CaseNetwork, CommandOutput, case, command_words, paused};

/// Network of six members and a Network Zone.
fn six() -> CaseNetwork {
    CaseNetwork::new(&case("export"))
}

/// Returns the number of tables that were read at a zone, and forgets them.
fn tables_read(stage: &CaseNetwork, zone: &str) -> usize {
    let requests = stage.emulator.control().requests();
    let of_zone = requests.iter().filter(|request| request.zone.as_deref() == Some(zone));
    of_zone.filter(|request| request.path.contains("-tables/")).count()
}

async fn assert_plan_is_empty(stage: &CaseNetwork) {
    let plan = stage.expect("zonal plan --detailed-exitcode", 0).await;
    assert!(plan.out.contains("No changes."), "{}", plan.out);
}

fn assert_says(output: &CommandOutput, texts: &[&str]) {
    let printed = format!("{}{}", output.out, output.err);
    for text in texts {
        let plain = printed.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(text), "lacks `{text}`:\n{printed}");
    }
}

#[test]
fn key_of_another_zone_leaves_out_one_zone() {
    paused(async {
        let mut stage = six();
        stage.env.insert("ZONAL_READ_01S_B".to_owned(), "read-key-01S_A".to_owned());
        let first = stage.expect("zonal export", 6).await;
        assert_says(
            &first,
            &[
                "the API key belongs to `01S_A`, not to `01S_B`",
                "1 zone could not be read",
                "Run the same command again",
            ],
        );
        stage.env.insert("ZONAL_READ_01S_B".to_owned(), "read-key-01S_B".to_owned());
        stage.emulator.control().clear_requests();
        let second = stage.expect("zonal export", 0).await;
        assert_says(&second, &["replaced", "Not read again: 84 answers of an unfinished export"]);
        assert_eq!(tables_read(&stage, "01S_A"), 0);
        assert_eq!(tables_read(&stage, "01S_B"), 13);
        assert_plan_is_empty(&stage).await;
        assert!(!stage.directory().join(".zonal/export.json").exists());
    });
}

#[test]
fn half_of_the_zones_dead_are_read_later() {
    paused(async {
        let stage = six();
        let down = r#"behaviour {"zones": {"01S_A": {"connection": "down"}, "01S_B": {"connection": "down"}, "01S_C": {"connection": "down"}}}"#;
        stage.happen(down);
        let first = stage.expect("zonal export", 6).await;
        assert_says(&first, &["cannot connect", "01S_A, 01S_B, 01S_C", "3 zones could not be read"]);
        stage.expect("zonal validate", 0).await;
        stage.happen(r#"behaviour {"zones": {}}"#);
        stage.emulator.control().clear_requests();
        stage.expect("zonal export", 0).await;
        assert_eq!([tables_read(&stage, "01S_D"), tables_read(&stage, "01S_A")], [0, 13]);
        assert_plan_is_empty(&stage).await;
    });
}

#[test]
fn table_hidden_in_three_zones_is_exported_for_the_others() {
    paused(async {
        let stage = six();
        for zone in ["01S_A", "01S_B", "01S_C"] {
            stage.happen(&format!(
                r#"edit {{"zone": "{zone}", "kind": "code", "table": "JobTitles", "by": "ann", "action": {{"access": "hidden"}}}}"#
            ));
        }
        let exported = stage.expect("zonal export", 0).await;
        assert_says(&exported, &["the zone does not list it: CodeTable/JobTitles at 01S_A, 01S_B, 01S_C"]);
        let file = std::fs::read_to_string(stage.directory().join("code-tables/job-titles.yaml"));
        assert!(file.expect("file should be written").contains("from 4 zones"));
        assert_plan_is_empty(&stage).await;
        stage.expect("zonal export", 0).await;
    });
}

#[test]
fn existing_file_stops_before_the_first_request() {
    paused(async {
        let stage = six();
        let file = stage.directory().join("code-tables/job-titles.yaml");
        stage.happen("write code-tables/job-titles.yaml # mine");
        let refused = stage.expect("zonal export --table JobTitles", 1).await;
        assert_says(&refused, &["job-titles.yaml exists, and zonal did not export it", "nothing was read"]);
        assert_eq!(stage.emulator.control().requests().len(), 0);
        // Without names of tables, the lists are read first, and no table.
        let refused = stage.expect("zonal export", 1).await;
        assert_says(&refused, &["job-titles.yaml exists, and zonal did not export it"]);
        assert_eq!(tables_read(&stage, "01S_A"), 0);
        assert_eq!(std::fs::read_to_string(&file).expect("file should stay"), "# mine");
        std::fs::remove_file(&file).expect("file should be removable");
        stage.expect("zonal export", 0).await;
        assert_plan_is_empty(&stage).await;
    });
}

#[test]
fn directory_that_takes_no_file_stops_before_the_first_request() {
    paused(async {
        let stage = six();
        // Fails for every user, root included.
        let refused = stage.expect("zonal export --out network.yaml/out", 1).await;
        assert_says(&refused, &["cannot write to network.yaml/out", "nothing was read"]);
        assert_eq!(stage.emulator.control().requests().len(), 0);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn folder_that_takes_no_file_keeps_the_reading() {
    paused(async {
        let stage = six();
        // A link to a place where no user can create a file.
        let folder = stage.directory().join(".out/code-tables");
        std::fs::create_dir(stage.directory().join(".out")).expect("folder should be created");
        std::os::unix::fs::symlink("/proc/self/task", &folder).expect("link should be created");
        let failed = stage.expect("zonal export --out .out", 1).await;
        assert_says(&failed, &["NOT written", "Some files were not written"]);
        assert!(stage.directory().join(".out/mapping-tables/currency-subset.yaml").exists());
        std::fs::remove_file(&folder).expect("link should be removable");
        stage.emulator.control().clear_requests();
        stage.expect("zonal export --out .out", 0).await;
        assert_eq!(tables_read(&stage, "01S_A"), 0);
        assert!(folder.join("job-titles.yaml").exists());
    });
}

fn put_table(stage: &CaseNetwork, name: &str) {
    let table = EmulatedCodeTable::new(name, name, ("INFRA", "General"));
    let row = EmulatedCodeRow::new("RED", "Red").in_language("fr", "Rouge");
    for zone in ["01S_A", "01S_B"] {
        let put = stage.emulator.control().put_table(zone, table.clone().row(row.clone()));
        put.expect("zone should exist");
    }
}

#[test]
fn codes_with_spaces_and_slashes_get_plain_files() {
    paused(async {
        let stage = six();
        put_table(&stage, "Desk/Hours of Week");
        let exported = stage.expect("zonal export", 0).await;
        assert_says(&exported, &["code-tables/desk-hours-of-week.yaml", "code-tables/sub-systems.yaml"]);
        assert_plan_is_empty(&stage).await;
        stage.expect("zonal export", 0).await;
    });
}

#[test]
fn codes_that_differ_by_case_get_files_that_differ_on_every_disk() {
    paused(async {
        let stage = six();
        put_table(&stage, "JOBTITLES");
        stage.expect("zonal export", 0).await;
        let folder = stage.directory().join("code-tables");
        let names = std::fs::read_dir(folder).expect("folder should exist");
        let mut names: Vec<String> = names
            .map(|entry| {
                entry.expect("entry should be readable").file_name().to_string_lossy().to_lowercase()
            })
            .collect();
        names.sort();
        assert_eq!(names.len(), 10);
        names.dedup();
        assert_eq!(names.len(), 10);
        assert_plan_is_empty(&stage).await;
        stage.expect("zonal export", 0).await;
    });
}

#[test]
fn interrupted_export_keeps_what_it_read() {
    let mut reused = 0;
    for after in (100..1200).step_by(150) {
        paused(async {
            let stage = six();
            let first = stage.interrupted("zonal export", after).await;
            if first.code == 0 {
                return;
            }
            assert_eq!(first.code, 130, "{}{}", first.out, first.err);
            // No manifest, or whole ones.
            stage.expect("zonal validate", 0).await;
            let kept = stage.directory().join(".zonal/export.json");
            stage.emulator.control().clear_requests();
            if kept.exists() {
                assert_says(&first, &["What was read is kept for 30 minutes"]);
                #[cfg(unix)]
                {
                    use std::os::unix::fs::PermissionsExt as _;
                    let found = std::fs::metadata(&kept).expect("file should be readable");
                    assert_eq!(found.permissions().mode() & 0o777, 0o600);
                }
                let second = stage.expect("zonal export", 0).await;
                assert_says(
                    &second,
                    &["of an unfinished export, less than a minute old; --fresh reads all."],
                );
                assert!(tables_read(&stage, "01S_A") < 13);
                reused += 1;
            } else {
                stage.expect("zonal export", 0).await;
            }
            assert!(!kept.exists());
            assert_plan_is_empty(&stage).await;
        });
    }
    assert!(reused > 1, "the interrupts should hit the middle of the reading");
}

#[test]
fn old_reading_of_another_address_is_not_used() {
    paused(async {
        let stage = six();
        let stop = r#"behaviour {"zones": {"01S_F": {"connection": "down"}}}"#;
        stage.happen(stop);
        stage.expect("zonal export", 6).await;
        let requests = async |command: &str, now: fn() -> String| {
            stage.emulator.control().clear_requests();
            let (out, err) = (CapturedOutput::default(), CapturedOutput::default());
            let context = cli::CommandContext { now, ..stage.context(&out, &err, watch::channel(0).1) };
            cli::run(command_words(command), &context).await;
            tables_read(&stage, "01S_A")
        };
        assert_eq!(requests("zonal export", || "2026-01-01T00:29:00Z".to_owned()).await, 0);
        assert_eq!(requests("zonal export --fresh", || "2026-01-01T00:29:00Z".to_owned()).await, 13);
        // A fresh reading has a time of its own.
        assert_eq!(requests("zonal export", || "2026-01-01T00:58:00Z".to_owned()).await, 0);
        assert_eq!(requests("zonal export", || "2026-01-01T00:59:30Z".to_owned()).await, 13);
        stage.edit("network.yaml", "region: eu", "region: na");
        assert_eq!(requests("zonal export", || "2026-01-01T00:59:40Z".to_owned()).await, 13);
    });
}

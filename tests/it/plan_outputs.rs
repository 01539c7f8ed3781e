//! Tests of the files and messages that plan and apply produce in a pipeline job.

use crate::case_runner::{CaseNetwork, case, paused};

#[test]
fn plan_writes_github_summary_and_outputs() {
    paused(async {
        let mut stage = CaseNetwork::new(&case("pull-request-pipeline"));
        let workspace = stage.directory().display().to_string();
        for (name, value) in [
            ("GITHUB_STEP_SUMMARY", "summary.md"),
            ("GITHUB_OUTPUT", "outputs"),
            ("GITHUB_WORKSPACE", workspace.as_str()),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "omni/config"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_SHA", "4f2a11"),
        ] {
            stage.env.insert(name.to_owned(), value.to_owned());
        }
        let read = |file: &str| {
            std::fs::read_to_string(stage.directory().join(file)).expect("file should be written")
        };
        std::fs::write(stage.directory().join("outputs"), "other=1\n").expect("file should be writable");
        let printed = stage.expect("zonal plan --github", 0).await;
        assert!(printed.out.contains("\n::warning file=blocks.yaml,line=17,col=7,"), "{}", printed.out);
        let summary = read("summary.md");
        assert!(summary.starts_with("<!-- zonal {\"network\":\"quartet\","), "{summary}");
        assert!(
            summary.contains(
                " of commit `4f2a11`, all of it in <https://github.com/omni/config/actions/runs/7>."
            )
        );
        let outputs = read("outputs");
        assert!(outputs.starts_with("other=1\ndigest="), "{outputs}");
        assert!(outputs.contains("\ndestroy=4\n") && outputs.contains("\ncomplete=true\n"), "{outputs}");

        let printed = stage.output("zonal plan --github --json").await;
        assert!(serde_json::from_str::<serde_json::Value>(&printed.out).is_ok(), "{}", printed.out);
        assert!(printed.err.contains("::warning file=blocks.yaml,"), "{}", printed.err);
        assert_eq!(read("outputs").matches("digest=").count(), 2);
    });
}

#[test]
fn annotations_use_paths_relative_to_the_repository() {
    paused(async {
        let stage = CaseNetwork::new(&case("pull-request-pipeline"));
        let config = stage.directory().join("config");
        std::fs::create_dir(&config).expect("folder should be created");
        for file in ["network.yaml", "blocks.yaml"] {
            std::fs::rename(stage.directory().join(file), config.join(file)).expect("should exist");
        }
        let printed = stage.expect("zonal -C config plan --github --gitlab reports", 0).await;
        assert!(printed.out.contains("\n::warning file=config/blocks.yaml,line=17,"), "{}", printed.out);
        let quality = std::fs::read_to_string(stage.directory().join("reports/codequality.json"));
        assert!(quality.expect("file should be written").contains("\"path\": \"config/blocks.yaml\""));
    });
}

#[test]
fn json_file_equals_the_json_output() {
    paused(async {
        let stage = CaseNetwork::new(&case("pull-request-pipeline"));
        let printed = stage.output("zonal plan --json --json-out plan.json").await;
        let file =
            std::fs::read_to_string(stage.directory().join("plan.json")).expect("file should be written");
        assert!(printed.code == 0 && file == printed.out);
    });
}

#[test]
fn output_files_preserve_devices() {
    paused(async {
        let stage = CaseNetwork::new(&case("pull-request-pipeline"));
        stage.expect("zonal plan --markdown real.md --junit /dev/null", 0).await;
        assert!(std::path::Path::new("/dev/null").metadata().is_ok_and(|null| !null.is_file()));
        let file = stage.directory().join("real.md");
        assert!(std::fs::read_to_string(file).expect("should exist").starts_with("<!-- zonal "));
    });
}

#[test]
fn validate_annotates_invalid_manifests_on_github() {
    paused(async {
        let mut stage = CaseNetwork::new(&case("pull-request-pipeline"));
        let workspace = stage.directory().display().to_string();
        stage.env.insert("GITHUB_WORKSPACE".to_owned(), workspace);
        stage.env.insert("GITHUB_ACTIONS".to_owned(), "true".to_owned());
        let hostile = "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {name: x}\nspec:\n  \"##[add-mask]a%0Ab\\n::error::forged\": 1\n";
        std::fs::write(stage.directory().join("wrong, it: is.yaml"), hostile)
            .expect("file should be writable");
        let printed = stage.expect("zonal validate --github", 1).await;
        let at = "::error file=wrong%2C it%3A is.yaml,line=5,col=3,title=Z0203::unknown field `\\u{23}#[add-mask]a%250Ab";
        assert!(printed.out.contains(at), "{}", printed.out);
        assert!(printed.out.lines().all(|line| line.starts_with("::error file=wrong")), "{}", printed.out);
        // The diagnostic quotes the manifest, which must not become a workflow command.
        let lines: Vec<&str> = printed.err.lines().collect();
        let end = lines[0].strip_prefix("::stop-commands::").expect("commands should be stopped").to_owned();
        assert_eq!(lines.last(), Some(&format!("::{end}::").as_str()), "{}", printed.err);
    });
}

#[test]
fn apply_writes_github_summary_and_annotations() {
    paused(async {
        let mut stage = CaseNetwork::new(&case("pull-request-pipeline"));
        let workspace = stage.directory().display().to_string();
        stage.env.insert("GITHUB_WORKSPACE".to_owned(), workspace);
        stage.env.insert("GITHUB_STEP_SUMMARY".to_owned(), "summary.md".to_owned());
        for zone in ["01T_B", "01T_C"] {
            let fault = format!(
                "fault {{\"zone\": \"{zone}\", \"method\": \"PUT\", \"effect\": {{\"status\": {{\"status\": 400}}}}}}"
            );
            assert_eq!(stage.happen(&fault), "");
        }
        let printed = stage.expect("zonal apply --yes --github", 3).await;
        assert!(printed.out.starts_with("::stop-commands::"), "{}", printed.out);
        let summary =
            std::fs::read_to_string(stage.directory().join("summary.md")).expect("file should be written");
        insta::assert_snapshot!(summary.trim_end(), @r##"
        ## zonal: what was applied

        Network `quartet`.

        ```text
        Not done
          ! MappingTable/UserBlockDefinitions: blocked: it depends on CodeTable/UserBlockDescription, which
            was not written (B, C)
          ! CodeTable/UserBlockDescription: failed: sent 3 times, but the zone is unchanged; last failure:
            `PUT /conf/code-tables/UserBlockDescription?lang=en` returned 400: GENERAL_ERROR Fault on demand
            (B, C)
            help: run `zonal apply` again when the zone responds

        Written, read back and verified
          . blocks.yaml  CodeTable/block-descriptions   A, D                                           +1 ~1
          . blocks.yaml  MappingTable/block-definitions   A, D                                         +2 -2

        Apply incomplete. Records: 3 added, 1 changed, 2 destroyed. What is marked with ! was not done; `zonal plan` shows what is left.
        ```
        "##);
        let told: Vec<&str> = printed.out.lines().filter(|line| line.starts_with("::error")).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        ::error file=blocks.yaml,line=3,col=18,title=01T_B and 01T_C::CodeTable/UserBlockDescription: failed: sent 3 times, but the zone is unchanged; last failure: `PUT /conf/code-tables/UserBlockDescription?lang=en` returned 400: GENERAL_ERROR Fault on demand (tracking id E01-0000000005-ZONAL-EMULATOR); run `zonal apply` again when the zone responds
        ::error file=blocks.yaml,line=11,col=18,title=01T_B and 01T_C::MappingTable/UserBlockDefinitions: blocked: it depends on CodeTable/UserBlockDescription, which was not written
        ");
    });
}

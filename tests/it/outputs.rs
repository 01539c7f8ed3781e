//! What a plan leaves behind in a job of a pipeline.

use tokio::sync::watch;

use crate::script::{Stage, case, paused};

#[test]
fn a_job_on_github_gets_its_summary_and_its_outputs() {
    paused(async {
        let mut stage = Stage::new(&case("pull-request"));
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
        let read =
            |file: &str| std::fs::read_to_string(stage.directory().join(file)).expect("it was written");
        std::fs::write(stage.directory().join("outputs"), "other=1\n").expect("it can be written");
        let printed = stage.run("zonal plan --github", None, watch::channel(0).1).await;
        assert_eq!(printed.code, 0, "{}", printed.err);
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

        let printed = stage.run("zonal plan --github --json", None, watch::channel(0).1).await;
        assert!(serde_json::from_str::<serde_json::Value>(&printed.out).is_ok(), "{}", printed.out);
        assert!(printed.err.contains("::warning file=blocks.yaml,"), "{}", printed.err);
        assert_eq!(read("outputs").matches("digest=").count(), 2);
    });
}

#[test]
fn annotations_find_their_file_where_the_config_directory_is_not_the_repository() {
    paused(async {
        let stage = Stage::new(&case("pull-request"));
        let config = stage.directory().join("config");
        std::fs::create_dir(&config).expect("it can be made");
        for file in ["network.yaml", "blocks.yaml"] {
            std::fs::rename(stage.directory().join(file), config.join(file)).expect("it is there");
        }
        let printed =
            stage.run("zonal -C config plan --github --gitlab reports", None, watch::channel(0).1).await;
        assert_eq!(printed.code, 0, "{}", printed.err);
        assert!(printed.out.contains("\n::warning file=config/blocks.yaml,line=17,"), "{}", printed.out);
        let quality = std::fs::read_to_string(stage.directory().join("reports/codequality.json"));
        assert!(quality.expect("it was written").contains("\"path\": \"config/blocks.yaml\""));
    });
}

#[test]
fn what_is_written_beside_the_plan_is_what_json_prints() {
    paused(async {
        let stage = Stage::new(&case("pull-request"));
        let printed = stage.run("zonal plan --json --json-into plan.json", None, watch::channel(0).1).await;
        let file = std::fs::read_to_string(stage.directory().join("plan.json")).expect("it was written");
        assert!(printed.code == 0 && file == printed.out);
    });
}

#[test]
fn a_device_and_a_link_stay_what_they_are() {
    paused(async {
        let stage = Stage::new(&case("pull-request"));
        let link = stage.directory().join("link.md");
        std::fs::write(stage.directory().join("real.md"), "old").expect("it can be written");
        std::os::unix::fs::symlink("real.md", &link).expect("a link can be made");
        let printed =
            stage.run("zonal plan --markdown link.md --junit /dev/null", None, watch::channel(0).1).await;
        assert_eq!(printed.code, 0, "{}", printed.err);
        assert!(
            link.is_symlink()
                && std::path::Path::new("/dev/null").metadata().is_ok_and(|null| !null.is_file())
        );
        assert!(std::fs::read_to_string(link).expect("it is there").starts_with("<!-- zonal "));
    });
}

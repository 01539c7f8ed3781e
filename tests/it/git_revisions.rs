//! Tests of git revisions: zones with a changed desired state, and drift since a commit.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::case_runner::{CaseNetwork, CommandOutput, case, paused};

/// Config directory in a git repository, independent of the machine's git settings.
struct GitRepository {
    stage: CaseNetwork,
    env: BTreeMap<String, String>,
}

impl GitRepository {
    /// Copies the config directory of a case, without a commit.
    fn of(name: &str) -> Self {
        let mut stage = CaseNetwork::new(&case(name));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut env: BTreeMap<String, String> = [
            ("PATH", path.as_str()),
            ("HOME", "/nonexistent"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z"),
            ("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for role in ["AUTHOR", "COMMITTER"] {
            env.insert(format!("GIT_{role}_NAME"), "Ada".to_owned());
            env.insert(format!("GIT_{role}_EMAIL"), "ada@example.org".to_owned());
        }
        stage.env.extend(env.clone());
        let repository = Self { stage, env };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn git(&self, words: &[&str]) {
        let mut command = Command::new("git");
        command.args(words).current_dir(self.stage.directory()).env_clear().envs(&self.env);
        let output =
            command.output().expect("this test needs git: `apt-get install git`, or `bash .ci/test`");
        assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "as it is"]);
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.stage.directory().join(file);
        std::fs::create_dir_all(file.parent().expect("file should have a parent"))
            .expect("folder should be created");
        std::fs::write(file, text).expect("file should be writable");
    }

    async fn run(&self, command: &str) -> CommandOutput {
        self.stage.output(command).await
    }

    /// Returns the zones of a plan since the last commit, and its first line.
    async fn changed(&self) -> (Vec<String>, String) {
        let printed = self.run("zonal plan --changed-since HEAD --json").await;
        assert_eq!(printed.code, 0, "{}", printed.err);
        let plan: Json = serde_json::from_str(&printed.out).expect("plan should be JSON");
        let zones = plan["reconciler"]["zones"].as_array().expect("plan should have zones").iter();
        let zones = zones.map(|zone| zone["code"].as_str().unwrap_or_default().to_owned()).collect();
        (zones, plan["reconciler"]["selection"].as_str().unwrap_or_default().to_owned())
    }
}

const GROUPS: &str = "\
apiVersion: zonal/v1
kind: CodeTable
metadata: {name: groups}
spec:
  table: UserGroups
  rows:
    - {code: AFN, description: Network patron}
    - {code: FACULTY, description: Faculty}
";

/// Creates a repository with a committed manifest for three members.
fn repository() -> GitRepository {
    let repository = GitRepository::of("drift");
    repository.commit();
    repository
}

#[test]
fn changed_since_ignores_rephrased_manifests() {
    paused(async {
        let repository = repository();
        let moved = "# moved\napiVersion: zonal/v1\nkind: CodeTable\nmetadata: {name: renamed}\nspec:\n  table: UserGroups\n  \
                     rows:\n    - {description: Faculty, code: FACULTY}\n    - {code: AFN, description: Other}\n  \
                     overrides:\n    - {appliesTo: {zones: all}, rows: [{code: AFN, description: Network patron}]}\n";
        std::fs::remove_file(repository.stage.directory().join("groups.yaml")).expect("should exist");
        let moved = moved.replace("{zones: all}", "{zones: members}");
        repository.write("policies/groups.yaml", &moved);
        let (zones, selection) = repository.changed().await;
        assert_eq!(zones, Vec::<String>::new());
        assert_eq!(selection, "zones whose configuration changed since HEAD: 0 of 4");
        // No request is sent, so no API key is needed.
        let mut repository = repository;
        repository.stage.env.retain(|name, _| !name.starts_with("ZONAL_"));
        for command in ["plan --detailed-exitcode", "apply --yes", "drift", "runbook"] {
            let printed = repository.run(&format!("zonal {command} --changed-since HEAD")).await;
            assert_eq!(printed.code, 0, "{command}: {}", printed.err);
            assert_eq!(printed.err, "No zone's configuration differs from HEAD.\n", "{command}");
        }
    });
}

#[test]
fn changed_since_selects_zones_with_changed_desired_state() {
    paused(async {
        let repository = repository();
        let one =
            "  overrides:\n    - {appliesTo: {only: [01T_B]}, rows: [{code: AFN, description: Local}]}\n";
        repository.write("groups.yaml", &format!("{GROUPS}{one}"));
        let (zones, selection) = repository.changed().await;
        assert_eq!(zones, ["01T_B"]);
        assert_eq!(selection, "zones whose configuration changed since HEAD: 1 of 4");
        let narrowed = repository.run("zonal plan --changed-since HEAD --zone 01T_A,01T_B").await;
        let first =
            "Partial plan: only zones 01T_A, 01T_B, zones whose configuration changed since HEAD: 1 of 4.";
        assert_eq!(narrowed.out.lines().nth(1), Some(first));
        // An unused variable changes nothing; a new base URL changes its zone.
        let network =
            std::fs::read_to_string(repository.stage.directory().join("network.yaml")).expect("should exist");
        repository.write("groups.yaml", GROUPS);
        repository.write("network.yaml", &network.replace("walkin: VISITOR", "walkin: WALKIN"));
        assert_eq!(repository.changed().await.0, Vec::<String>::new());
        let moved = "{code: 01T_C, name: Gamma, baseUrl: \"http://127.0.0.1:9\", labels";
        repository.write("network.yaml", &network.replace("{code: 01T_C, name: Gamma, labels", moved));
        assert_eq!(repository.changed().await.0, ["01T_C"]);
    });
}

#[test]
fn changed_since_reports_removed_and_emptied_zones() {
    paused(async {
        let repository = repository();
        let network =
            std::fs::read_to_string(repository.stage.directory().join("network.yaml")).expect("should exist");
        let without: Vec<&str> = network.lines().filter(|line| !line.contains("01T_C")).collect();
        repository.write("network.yaml", &(without.join("\n") + "\n"));
        repository
            .write("groups.yaml", &GROUPS.replace("spec:\n", "spec:\n  appliesTo: {except: [01T_B]}\n"));
        let printed = repository.run("zonal plan --changed-since HEAD").await;
        assert_eq!(
            printed.err,
            "note: 1 zone of HEAD is no longer in the network and not changed: 01T_C\n\
             note: no manifest applies to 01T_B any more, unlike at HEAD; existing records are kept\n"
        );
        assert_eq!(printed.code, 0);
    });
}

#[test]
fn changed_since_reports_revisions_that_cannot_be_compared() {
    paused(async {
        let repository = GitRepository::of("drift");
        let nothing = repository.run("zonal plan --changed-since HEAD").await;
        assert_eq!(nothing.code, 1);
        assert!(nothing.err.contains("revision `HEAD` not found"), "{}", nothing.err);
        assert!(nothing.err.contains("fetch-depth: 0"), "{}", nothing.err);
        repository.write("groups.yaml", "kind: Nonsense\n");
        repository.commit();
        repository.write("groups.yaml", GROUPS);
        let all = repository.run("zonal plan --changed-since HEAD").await;
        let note = "note: every zone counts as changed: the manifests at HEAD are not valid: groups.yaml:1:";
        assert!(all.err.starts_with(note), "{}", all.err);
        assert!(
            all.out.contains("\nPartial plan: only zones whose configuration changed since HEAD: 4 of 4.")
        );
        let base = repository.run("zonal drift --base HEAD").await;
        assert_eq!(base.code, 1);
        assert!(base.err.contains("cannot compare with the revision"), "{}", base.err);
        for odd in ["--output=x", "HEAD:groups.yaml", "nowhere", "^main", "main..HEAD"] {
            let printed = repository.run(&format!("zonal plan --changed-since={odd}")).await;
            assert_eq!(printed.code, 1, "{odd}: {}", printed.err);
        }
    });
    paused(async {
        let mut foreign = repository();
        foreign.stage.env.insert("GIT_TEST_ASSUME_DIFFERENT_OWNER".to_owned(), "1".to_owned());
        let printed = foreign.run("zonal plan --changed-since HEAD").await;
        assert_eq!(printed.code, 1);
        assert!(printed.err.contains("git config --global --add safe.directory '"), "{}", printed.err);
        let mut plain = GitRepository::of("drift");
        std::fs::remove_dir_all(plain.stage.directory().join(".git")).expect("should exist");
        let printed = plain.run("zonal plan --changed-since HEAD").await;
        assert_eq!(
            printed.err,
            "error: --changed-since HEAD: the config directory is not in a git repository\n"
        );
        let drift = plain.run("zonal plan --only-drift").await;
        assert!(drift.err.contains("note: the manifests are not in a git repository"), "{}", drift.err);
        assert_eq!(drift.code, 0);
        plain.stage.env.insert("PATH".to_owned(), "/nonexistent".to_owned());
        let printed = plain.run("zonal plan --changed-since HEAD").await;
        assert!(printed.err.contains("install git"), "{}", printed.err);
    });
}

#[test]
fn config_directory_inside_repository_is_read_at_revision() {
    paused(async {
        let repository = repository();
        let directory = repository.stage.directory();
        std::fs::create_dir_all(directory.join("deep/config")).expect("folder should be created");
        for file in ["network.yaml", "groups.yaml"] {
            std::fs::rename(directory.join(file), directory.join("deep/config").join(file))
                .expect("should exist");
        }
        repository.commit();
        let other = GROUPS.replace("Faculty", "Professors");
        repository.write("deep/config/groups.yaml", &other);
        let printed = repository.run("zonal plan -C deep/config --changed-since HEAD --kind CodeTable").await;
        assert!(printed.out.contains("changed since HEAD: 3 of 4."), "{}{}", printed.out, printed.err);
        let before = repository.run("zonal plan -C deep/config --changed-since HEAD~1").await;
        assert!(before.err.contains("HEAD~1 does not contain the directory deep/config"), "{}", before.err);
    });
}

#[test]
fn drift_is_separated_from_pending_changes() {
    paused(async {
        let repository = repository();
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        let now = GROUPS.replace("FACULTY, description: Faculty", "FACULTY, description: Professors");
        repository.write("groups.yaml", &now);
        let pending = repository.run("zonal drift --base HEAD").await;
        assert_eq!(pending.code, 0, "{}{}", pending.out, pending.err);
        assert!(
            pending.out.contains("Pending, to be written by the next apply: 3 records."),
            "{}",
            pending.out
        );
        assert_eq!(
            repository.run("zonal drift --store none").await.code,
            2,
            "a two-way comparison counts every difference"
        );
        let edit = |zone: &str, code: &str| {
            let action = format!(r#"{{"set_code": {{"code": "{code}", "description": "Local"}}}}"#);
            repository.stage.happen(&format!(
                r#"edit {{"zone": "{zone}", "kind": "code", "table": "UserGroups", "by": "ann", "action": {action}}}"#
            ));
        };
        edit("01T_A", "AFN");
        edit("01T_B", "FACULTY");
        let drift = repository.run("zonal drift --base HEAD --json").await;
        assert_eq!(drift.code, 2, "{}", drift.err);
        let json: Json = serde_json::from_str(&drift.out).expect("should be JSON");
        let changes = json["reconciler"]["changes"].as_object().expect("plan should have changes");
        let origins: Vec<(&str, &str)> = changes
            .iter()
            .map(|(address, change)| (address.as_str(), change["origin"].as_str().unwrap_or_default()))
            .collect();
        assert_eq!(
            origins,
            [
                ("01T_A/CodeTable/UserGroups/AFN", "drifted"),
                ("01T_A/CodeTable/UserGroups/FACULTY", "pending"),
                ("01T_B/CodeTable/UserGroups/FACULTY", "conflict"),
                ("01T_C/CodeTable/UserGroups/FACULTY", "pending"),
            ]
        );
        // The committed manifests count as applied: only drift is written and verified.
        let applied = repository.run("zonal apply --only-drift --yes").await;
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        assert!(applied.out.contains("Records: 0 added, 1 changed, 0 destroyed."), "{}", applied.out);
        let left = repository.run("zonal plan --json --base HEAD").await;
        let json: Json = serde_json::from_str(&left.out).expect("should be JSON");
        let counts = &json["reconciler"]["counts"];
        assert_eq!(
            (&counts["drifted"], &counts["pending"], &counts["conflict"]),
            (&0.into(), &2.into(), &1.into())
        );
        assert_eq!(repository.run("zonal apply --yes").await.code, 4, "a conflict should be deferred");
        repository.write("groups.yaml", &now.replace("spec:\n", "spec:\n  conflict: ours\n"));
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        assert_eq!(repository.run("zonal drift").await.code, 0);
    });
}

#[test]
fn pending_row_edited_during_apply_makes_collection_stale() {
    paused(async {
        let repository = repository();
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        repository.write("groups.yaml", &GROUPS.replace("description: Faculty", "description: Professors"));
        let edit = |when: &str, code: &str| {
            repository.stage.happen(&format!(
                r#"edit {{"zone": "01T_A", "kind": "code", "table": "UserGroups", "by": "ann", {when}"action": {{"set_code": {{"code": "{code}", "description": "Local"}}}}}}"#
            ));
        };
        edit("", "AFN");
        edit(r#""when": {"after_reads": 1}, "#, "FACULTY");
        let applied = repository.run("zonal apply --only-drift --yes --zone 01T_A").await;
        assert_eq!(applied.code, 5, "{}{}", applied.out, applied.err);
        assert!(repository.stage.happen("rows 01T_A code UserGroups").contains("Local"));
    });
}

#[test]
fn only_drift_plan_file_applies_only_drift() {
    paused(async {
        let repository = repository();
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        repository.write("groups.yaml", &GROUPS.replace("description: Faculty", "description: Professors"));
        repository.stage.happen(
            r#"edit {"zone": "01T_A", "kind": "code", "table": "UserGroups", "by": "ann", "action": {"set_code": {"code": "AFN", "description": "Local"}}}"#,
        );
        let planned = repository.run("zonal plan --only-drift --out plan.json").await;
        assert_eq!(planned.code, 0, "{}", planned.err);
        assert!(planned.out.contains("0 to add, 1 to change, 0 to destroy."), "{}", planned.out);
        // The base is the commit of the plan, not a later one.
        repository.git(&["commit", "--quiet", "--all", "--message", "later"]);
        let applied = repository.run("zonal apply plan.json --yes").await;
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        assert!(applied.out.contains("Records: 0 added, 1 changed, 0 destroyed."), "{}", applied.out);
    });
}

#[test]
fn only_drift_excludes_pending_languages_and_defaults() {
    paused(async {
        let table = |language: &str, rows: &str| {
            format!(
                "apiVersion: zonal/v1\nkind: CodeTable\nmetadata: {{name: groups-{language}}}\nspec:\n  \
                 appliesTo: {{only: [01T_A]}}\n  table: UserGroups\n  language: {language}\n  rows:\n{rows}"
            )
        };
        let english =
            |afn: &str| table("en", &format!("    - {{code: AFN, description: {afn}, default: true}}\n"));
        let french = |rows: &str| table("fr", &format!("    - {{code: AFN, description: Usager}}\n{rows}"));
        let repository = GitRepository::of("drift");
        std::fs::remove_file(repository.stage.directory().join("groups.yaml")).expect("should exist");
        repository.write("en.yaml", &english("Network patron"));
        repository.write("fr.yaml", &french(""));
        repository.commit();
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        // The zone loses the row and moves the default flag. The manifests declare another row in French.
        repository.write("fr.yaml", &french("    - {code: NEW, description: Neuf}\n"));
        for action in
            [r#"{"delete_code": {"code": "AFN"}}"#, r#"{"set_code": {"code": "FACULTY", "default": true}}"#]
        {
            repository.stage.happen(&format!(
                r#"edit {{"zone": "01T_A", "kind": "code", "table": "UserGroups", "by": "ann", "action": {action}}}"#
            ));
        }
        let applied = repository.run("zonal apply --only-drift --yes").await;
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        let rows = repository.stage.happen("rows 01T_A code UserGroups");
        assert!(!rows.contains("Neuf"), "{rows}");
        assert_eq!(repository.run("zonal drift --base HEAD").await.code, 0, "{rows}");
        // Then the manifests move the flag (pending), and the zone renames a row (drifted).
        repository.commit();
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        repository.write(
            "en.yaml",
            &english("Network patron")
                .replace("default: true}", "default: true}\n    - {code: STAFF, description: Staff}"),
        );
        let moved = repository.stage.directory().join("en.yaml");
        let text = std::fs::read_to_string(&moved).expect("should exist");
        let text = text
            .replace(", default: true}", "}")
            .replace("description: Staff}", "description: Staff, default: true}");
        std::fs::write(&moved, text).expect("file should be writable");
        repository.stage.happen(
            r#"edit {"zone": "01T_A", "kind": "code", "table": "UserGroups", "by": "ann", "action": {"set_code": {"code": "NEW", "description": "Autre", "language": "fr"}}}"#,
        );
        let applied = repository.run("zonal apply --only-drift --yes").await;
        assert_eq!(applied.code, 0, "{}{}", applied.out, applied.err);
        let rows = repository.stage.happen("rows 01T_A code UserGroups");
        assert!(rows.contains("Neuf") && !rows.contains("Autre"), "{rows}");
        assert_eq!(repository.run("zonal drift --base HEAD").await.code, 0, "{rows}");
        assert_eq!(repository.run("zonal apply --yes").await.code, 0);
        assert_eq!(repository.run("zonal plan --detailed-exitcode").await.code, 0);
    });
}

/// Returns every file below a folder with its content.
fn files(below: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(below).expect("folder should be readable") {
        let path = entry.expect("entry should be readable").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), std::fs::read(&path).expect("should be readable"))),
        }
    }
    found
}

#[test]
fn git_queries_do_not_change_the_repository() {
    paused(async {
        let mut repository = repository();
        let there = repository.stage.directory().to_path_buf();
        let ran = there.join(".git/ran");
        repository.write(".git/hooks/post-index-change", &format!("#!/bin/sh\ntouch '{}'\n", ran.display()));
        let hook = there.join(".git/hooks/post-index-change");
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("should exist");
        repository.git(&["config", "core.fsmonitor", &hook.display().to_string()]);
        repository.git(&["config", "core.splitIndex", "true"]);
        // Variables that git sets for its own hooks, here with another repository.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
            repository.stage.env.insert(name.to_owned(), there.join("elsewhere").display().to_string());
        }
        let before = files(&there);
        for command in ["plan --changed-since HEAD", "plan --only-drift", "drift --base HEAD"] {
            let printed = repository.run(&format!("zonal {command}")).await;
            assert!(
                !printed.err.contains("error") && !printed.err.contains("note"),
                "{command}: {}",
                printed.err
            );
        }
        assert!(!ran.exists(), "git should not run a hook or monitor of the user");
        assert!(before == files(&there), "the repository should not change");
    });
}

#[test]
fn linked_manifests_are_read_at_the_revision() {
    paused(async {
        let repository = GitRepository::of("drift");
        let there = repository.stage.directory().to_path_buf();
        // The config directory is a folder of the repository. Its links are followed inside of it only.
        std::fs::create_dir(there.join("config")).expect("folder should be created");
        std::fs::create_dir(there.join("config/..shared")).expect("folder should be created");
        for (file, folder) in [("network.yaml", "config"), ("groups.yaml", "config/..shared")] {
            std::fs::rename(there.join(file), there.join(folder).join(file)).expect("file should be moved");
        }
        std::os::unix::fs::symlink("..shared/groups.yaml", there.join("config/groups.yaml"))
            .expect("link should be created");
        repository.commit();
        let none = repository.run("zonal -C config plan --changed-since HEAD").await;
        assert_eq!(none.err, "No zone's configuration differs from HEAD.\n");
        repository.write(
            "config/..shared/groups.yaml",
            &GROUPS.replace("description: Faculty", "description: Staff"),
        );
        let all = repository.run("zonal -C config plan --changed-since HEAD").await;
        assert!(all.out.contains("changed since HEAD: 3 of 4"), "{}{}", all.out, all.err);
    });
}

#[test]
fn submodule_manifests_are_not_treated_as_new() {
    paused(async {
        let repository = GitRepository::of("drift");
        let inner = repository.stage.directory().join("inner");
        std::fs::create_dir(&inner).expect("folder should be created");
        let moved = repository.stage.directory().join("groups.yaml");
        std::fs::rename(moved, inner.join("groups.yaml")).expect("file should be moved");
        repository.git(&["-C", "inner", "init", "--quiet"]);
        repository.git(&["-C", "inner", "add", "--all"]);
        repository.git(&["-C", "inner", "commit", "--quiet", "--message", "as it is"]);
        repository.commit();
        let changed = repository.run("zonal plan --changed-since HEAD").await;
        let why = "inner is a submodule; zonal cannot read its content at HEAD";
        assert!(
            changed.err.contains(&format!("note: every zone counts as changed: {why}")),
            "{}",
            changed.err
        );
        let drift = repository.run("zonal drift --base HEAD").await;
        assert_eq!(drift.code, 1, "{}", drift.out);
        assert!(drift.err.contains(why), "{}", drift.err);
    });
}

#[test]
fn absorb_refuses_to_write_over_uncommitted_changes() {
    paused(async {
        let repository = GitRepository::of("absorb");
        repository.write(".gitignore", ".zonal/\n");
        repository.commit();
        repository.stage.expect("zonal apply --yes", 0).await;
        repository.stage.happen(
            r#"edit {"zone": "01T_A", "kind": "code", "table": "UserGroups", "by": "ann", "action": {"set_code": {"code": "AFN", "description": "Local patron"}}}"#,
        );
        let file = repository.stage.directory().join("groups.yaml");
        let read = || std::fs::read_to_string(&file).expect("file should be readable");
        let draft = format!("{}# draft\n", read());
        repository.write("groups.yaml", &draft);
        repository.stage.emulator.control().clear_requests();
        let refused = repository.stage.expect("zonal absorb --into override --write", 1).await;
        assert!(refused.err.contains("uncommitted changes; commit or stash them first"), "{}", refused.err);
        assert_eq!(read(), draft);
        assert_eq!(repository.stage.emulator.control().requests().len(), 0);
        // The edits can be looked at; after a commit, the same command writes them.
        repository.stage.expect("zonal absorb --into override", 0).await;
        assert_eq!(read(), draft);
        repository.commit();
        repository.stage.expect("zonal absorb --into override --write", 0).await;
        assert!(read().contains("Local patron") && read().contains("# draft"), "{}", read());
    });
}

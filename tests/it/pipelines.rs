//! Tests of the pipeline files and scripts: valid command lines, few permissions, and a single comment and
//! issue for any number of runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::case_runner::{CaseNetwork, case, paused};

const WORKFLOW: &str = "examples/pipelines/github/.github/workflows/zonal.yml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the last document of a YAML file.
fn yaml(path: &str) -> Json {
    let documents: Vec<Json> =
        serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    documents.into_iter().next_back().expect("file should have a document")
}

/// Collects every text below a key with one of these names.
fn texts<'a>(json: &'a Json, keys: &[&str], is_below: ScriptSource, out: &mut Vec<&'a str>) {
    match (json, is_below) {
        (Json::String(text), ScriptSource::Yes) => out.push(text),
        (Json::Array(values), _) => values.iter().for_each(|value| texts(value, keys, is_below, out)),
        (Json::Object(members), _) => members.iter().for_each(|(key, value)| {
            let below = if keys.contains(&key.as_str()) { ScriptSource::Yes } else { is_below };
            texts(value, keys, below, out);
        }),
        _ => {}
    }
}

#[derive(Clone, Copy)]
enum ScriptSource {
    Yes,
    No,
}

fn scripts(path: &str) -> Vec<String> {
    let (json, mut out) = (yaml(path), Vec::new());
    texts(&json, &["run", "script", "before_script"], ScriptSource::No, &mut out);
    out.into_iter().map(str::to_owned).collect()
}

/// Returns the zonal command lines of a script.
fn run_by(script: &str) -> Vec<String> {
    let script = script.replace("\\\n", " ");
    let lines = script.lines().map(str::trim).filter(|line| line.starts_with("zonal "));
    lines.map(|line| line.split(" || ").next().unwrap_or_default().to_owned()).collect()
}

/// Returns the zonal command lines that a text names in backticks.
fn named_by(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("zonal "));
    spans.map(|span| span.trim_end_matches('\\').to_owned()).collect()
}

/// Returns the words of a command line after shell expansion, with every variable set.
fn words(line: &str) -> String {
    let word = |word: &str| {
        let inner = word.split_once(":+\"").map_or(word, |(_, inner)| inner.trim_end_matches("\"}"));
        let inner = inner.trim_matches('"');
        match inner.split_once('$') {
            Some((before, _)) => format!("{before}something"),
            None => inner.to_owned(),
        }
    };
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn pipelines_use_only_valid_command_lines() {
    let mut lines = Vec::new();
    for path in ["action.yml", "templates/zonal.yml"] {
        let found: Vec<String> = scripts(path).iter().flat_map(|script| run_by(script)).collect();
        for command in ["validate", "test", "plan", "apply", "drift", "snapshot"] {
            let start = format!("zonal {command} ");
            assert!(found.iter().any(|line| line.starts_with(&start)), "{path} has no {command}: {found:?}");
        }
        lines.extend(found);
    }
    let scripts = ["github", "gitlab"].map(|of| root().join("pipelines").join(of));
    let scripts =
        scripts.iter().flat_map(|folder| std::fs::read_dir(folder).expect("folder should be readable"));
    let scripts = scripts.map(|file| std::fs::read_to_string(file.expect("entry should be readable").path()));
    let readmes = ["github", "gitlab"].map(|of| Ok(read(&format!("examples/pipelines/{of}/README.md"))));
    lines.extend(scripts.chain(readmes).flat_map(|text| named_by(&text.expect("should be text"))));
    assert!(lines.len() > 15, "{lines:?}");
    paused(async {
        let stage = CaseNetwork::new(&case("missing-config"));
        for line in lines {
            // With --help the command does nothing, but its other arguments must be valid.
            let printed = stage.output(&format!("{} --help", words(&line))).await;
            assert_eq!(printed.code, 0, "{line}: {}", printed.err);
        }
    });
}

#[test]
fn jobs_with_keys_share_one_store() {
    let workflow = yaml(WORKFLOW);
    let jobs = workflow["jobs"].as_object().expect("workflow should have jobs");
    let with_keys: Vec<&Json> =
        jobs.values().map(|job| &job["env"]).filter(|env| env.get("ZONAL_READ_KEYS").is_some()).collect();
    assert_eq!(with_keys.len(), 3, "apply, snapshot and drift");
    for env in with_keys {
        assert_eq!(env["ZONAL_STORE"], "${{ secrets.ZONAL_STORE }}");
    }
}

#[test]
fn pipelines_do_not_insert_expressions_into_scripts() {
    for path in ["action.yml", WORKFLOW] {
        let (json, mut runs) = (yaml(path), Vec::new());
        texts(&json, &["run"], ScriptSource::No, &mut runs);
        for run in runs {
            assert!(!run.contains("${{"), "{path}: `${{{{ }}}}` in a script is run as code: {run}");
        }
        let mut uses = Vec::new();
        texts(&json, &["uses"], ScriptSource::No, &mut uses);
        for action in uses {
            let is_known =
                ["actions/checkout@v4", "actions/upload-artifact@v4", "actions/cache@v4", "OWNER/zonal@main"];
            assert!(is_known.contains(&action), "{path} uses {action}");
        }
    }
    for path in ["templates/zonal.yml", "examples/pipelines/gitlab/.gitlab-ci.yml"] {
        yaml(path);
    }
}

#[test]
fn pull_request_job_has_minimal_rights_without_keys() {
    let workflow = yaml(WORKFLOW);
    let events: Vec<&String> =
        workflow["on"].as_object().expect("workflow should have events").keys().collect();
    assert_eq!(events, ["pull_request", "push", "schedule", "workflow_dispatch"]);
    assert_eq!(workflow["permissions"], json!({"contents": "read"}));
    for (name, job) in workflow["jobs"].as_object().expect("jobs should be an object") {
        let condition = job["if"].as_str().unwrap_or_default();
        let runs_on_pull_requests = condition.is_empty()
            || condition.contains("pull_request") && !condition.contains("!= 'pull_request'");
        assert_eq!(runs_on_pull_requests, name == "plan", "{name}: {condition}");
        assert_eq!(job.to_string().contains("secrets."), name != "plan", "{name}");
        // An environment restricts its secrets to the default branch.
        assert_eq!(job["environment"].is_string(), name != "plan", "{name}");
        assert_eq!(job.to_string().contains("WRITE_KEYS"), name == "apply", "{name}");
        assert!(job["permissions"]["contents"] != "write", "{name}");
    }
    assert_eq!(workflow["jobs"]["apply"]["concurrency"]["cancel-in-progress"], false);
    let template = yaml("templates/zonal.yml");
    assert!(template["$[[ inputs.prefix ]]:apply"]["resource_group"].is_string());
}

#[test]
fn examples_use_only_declared_inputs() {
    let action = yaml("action.yml");
    for (name, job) in yaml(WORKFLOW)["jobs"].as_object().expect("jobs should be an object") {
        let steps = job["steps"].as_array().expect("steps should be a list").iter();
        for step in
            steps.filter(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with("OWNER/zonal")))
        {
            for input in step["with"].as_object().expect("inputs should be an object").keys() {
                assert!(action["inputs"][input].is_object(), "{name}: the action has no input {input}");
            }
        }
    }
    let template = read("templates/zonal.yml");
    let spec = template.split("\n---\n").next().expect("template should have a header");
    let spec: Json = serde_saphyr::from_str(spec).expect("header should be YAML");
    let inputs = spec["spec"]["inputs"].as_object().expect("inputs should be an object");
    let used = template.split("$[[ inputs.").skip(1).map(|rest| rest.split(' ').next().unwrap_or_default());
    used.for_each(|name| assert!(inputs.contains_key(name), "the component has no input {name}"));
    let example = yaml("examples/pipelines/gitlab/.gitlab-ci.yml");
    let given = example["include"][0]["inputs"].as_object().expect("inputs should be an object");
    given.keys().for_each(|name| assert!(inputs.contains_key(name), "the component has no input {name}"));
    let needed = inputs.iter().filter(|(_, input)| input["default"].is_null());
    needed.for_each(|(name, _)| assert!(given.contains_key(name), "the example does not give {name}"));
}

#[test]
fn one_secret_can_hold_all_api_keys() {
    let readme = read("examples/pipelines/github/README.md");
    let shown = readme
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("should have a YAML block");
    let mut stage = CaseNetwork::new(&case("selection"));
    let network = format!(
        "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: trio}}\nspec:\n  region: eu\n  environmentType: sandbox\n  {}  \
         networkZone: {{code: 01T_NETWORK, name: Trio}}\n  members:\n    - {{code: 01T_A, name: Alpha}}\n    \
         - {{code: 01T_B, name: Beta}}\n    - {{code: 01T_C, name: Gamma}}\n",
        shown.replace('\n', "\n  ").trim_end().to_owned() + "\n"
    );
    std::fs::write(stage.directory().join("network.yaml"), network).expect("file should be writable");
    for purpose in ["READ", "WRITE"] {
        let start = format!("ZONAL_{purpose}_01T_");
        let keys = stage.env.iter().filter_map(|(name, key)| Some((name.strip_prefix(&start)?, key)));
        let lines: String = keys.map(|(zone, key)| format!("01T_{zone}={key}\n")).collect();
        stage.env.retain(|name, _| !name.starts_with(&start));
        stage.env.insert(format!("ZONAL_{purpose}_KEYS"), lines);
    }
    // Key commands are real processes, so the test uses the real clock.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime should start");
    let printed = runtime.block_on(stage.output("zonal apply --yes"));
    assert_eq!(printed.code, 0, "{}{}", printed.out, printed.err);
}

/// Runs a step of the action as GitHub does, and returns its result and its outputs.
fn step(id: &str, inputs: &BTreeMap<&str, &str>, stage: &CaseNetwork) -> (ScriptResult, String) {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps should be a list");
    let step = steps.iter().find(|step| step["id"] == id).expect("action should have the step");
    let bin = Path::new(env!("CARGO_BIN_EXE_zonal"))
        .parent()
        .expect("program should have a parent")
        .display()
        .to_string();
    let outputs = stage.directory().join("outputs.txt");
    std::fs::remove_file(&outputs).ok();
    let mut command = Command::new("bash");
    command.args([
        "--noprofile",
        "--norc",
        "-eo",
        "pipefail",
        "-c",
        step["run"].as_str().expect("step should have a script"),
    ]);
    command.current_dir(stage.directory()).env_clear();
    command.env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap_or_default()));
    command.env("RUNNER_TEMP", stage.directory()).env("GITHUB_WORKSPACE", stage.directory());
    command.env("GITHUB_OUTPUT", &outputs);
    for (name, value) in step["env"].as_object().expect("step should have an environment") {
        let input = value.as_str().and_then(|value| value.strip_prefix("${{ inputs.")?.strip_suffix(" }}"));
        let input = input.expect("variable should be an input");
        let default = action["inputs"][input]["default"].as_str().unwrap_or_default();
        command.env(name, inputs.get(input).unwrap_or(&default));
    }
    let output = command.output().expect("bash should be installed");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let ran = ScriptResult { code: output.status.code(), text: text.concat() };
    (ran, std::fs::read_to_string(outputs).unwrap_or_default())
}

#[test]
fn action_steps_before_merge_need_no_api_key() {
    let stage = CaseNetwork::new(&case("selection"));
    let here = BTreeMap::from([("directory", ".")]);
    let (ran, outputs) = step("validate", &here, &stage);
    assert_eq!((ran.code, outputs.as_str()), (Some(0), "exit-code=0\n"), "{}", ran.text);
    let hostile =
        BTreeMap::from([("directory", "."), ("environment", "$(touch hacked) `touch hacked`; touch hacked")]);
    let (ran, outputs) = step("validate", &hostile, &stage);
    assert_eq!((ran.code, outputs.as_str()), (Some(1), "exit-code=1\n"), "{}", ran.text);
    assert!(!stage.directory().join("hacked").exists(), "an input was run as code");

    let taken = paused(stage.output("zonal snapshot --out snapshot.json"));
    assert_eq!(taken.code, 0, "{}", taken.err);
    let plan = BTreeMap::from([("directory", "."), ("against", "snapshot.json")]);
    let (ran, outputs) = step("plan", &plan, &stage);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    for line in ["exit-code=0\n", "complete=true\n", "applyable=true\n"] {
        assert!(outputs.contains(line), "{outputs}");
    }
    for file in ["plan.json", "plan.html"] {
        assert!(stage.directory().join(file).exists(), "{file} is missing");
    }
    // Marker by which the scripts find their comment.
    let page = std::fs::read_to_string(stage.directory().join("plan.md")).expect("file should be written");
    assert!(page.starts_with("<!-- zonal {\"network\":\"trio\",\"environment\":null,\"digest\":"), "{page}");
    let reviewed = BTreeMap::from([("directory", "."), ("plan-file", "plan.json")]);
    let (ran, outputs) = step("apply", &reviewed, &stage);
    assert_eq!((ran.code, outputs.as_str()), (Some(1), "exit-code=1\n"), "{}", ran.text);
    assert!(ran.text.contains("no read key for 01T_A"), "{}", ran.text);
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Test double of GitHub or GitLab: its command-line tools are fakes.
struct FakeForge {
    state: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

/// Result of a script.
struct ScriptResult {
    code: Option<i32>,
    text: String,
}

impl FakeForge {
    /// Creates the forge. Its fakes and the GitLab scripts need jq.
    fn new() -> Self {
        assert!(is_installed("jq"), "this test needs jq: `apt-get install jq`, or `bash .ci/test`");
        let state = tempfile::tempdir().expect("temporary directory");
        let forge = Self { env: BTreeMap::new(), state };
        for file in
            ["comments.json", "issues.json", "notes.json", "runs.json", "pulls.json", "merge_requests.json"]
        {
            forge.keep(file, &json!([]));
        }
        forge
    }

    fn path(&self, file: &str) -> PathBuf {
        self.state.path().join(file)
    }

    fn keep(&self, file: &str, json: &Json) {
        self.write(file, &json.to_string());
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().expect("should exist")).expect("folder should be created");
        std::fs::write(path, text).expect("file should be writable");
    }

    fn kept(&self, file: &str) -> Json {
        let text = std::fs::read_to_string(self.path(file)).expect("should exist");
        serde_json::from_str(&text).expect("should be JSON")
    }

    /// Returns the requests since the last call.
    fn calls(&self) -> String {
        let calls = std::fs::read_to_string(self.path("calls")).unwrap_or_default();
        std::fs::remove_file(self.path("calls")).ok();
        calls
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    fn run(&self, script: &str, words: &[&str]) -> ScriptResult {
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("bash")
            .arg(root().join("pipelines").join(script))
            .args(words)
            .current_dir(self.state.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", root().join("tests/it/fakes").display()))
            .env("FAKE", self.state.path())
            .env("GITHUB_REPOSITORY", "omni/config")
            .env("GITHUB_WORKFLOW_REF", "omni/config/.github/workflows/zonal.yml@refs/heads/main")
            .env("GITHUB_SHA", "merged")
            .env("DEFAULT_BRANCH", "main")
            .env("CI_API_V4_URL", "https://gitlab.example/api/v4")
            .env("CI_PROJECT_ID", "7")
            .env("CI_COMMIT_SHA", "merged")
            .env("CI_JOB_TOKEN", "job-secret")
            .envs(&self.env)
            .output()
            .expect("bash should be installed");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        ScriptResult { code: output.status.code(), text: text.concat() }
    }

    fn passes(&self, script: &str, words: &[&str]) -> String {
        let ran = self.run(script, words);
        assert_eq!(ran.code, Some(0), "{script} {words:?}: {}", ran.text);
        ran.text
    }
}

/// Returns a page as zonal writes with --markdown, reduced to the parts that scripts read.
fn page(network: &str, text: &str) -> String {
    format!(
        "<!-- zonal {{\"network\":\"{network}\",\"environment\":null,\"digest\":\"{}\"}} -->\n{text}\n",
        text.len()
    )
}

#[test]
fn github_comment_is_updated_in_place() {
    let forge = FakeForge::new();
    let stranger = json!({"id": 1, "user": {"login": "mallory"}, "body": page("omni", "all is well")});
    let other_network =
        json!({"id": 2, "user": {"login": "github-actions[bot]"}, "body": page("omni-two", "-")});
    let ghost = json!({"id": 3, "user": null, "body": ""});
    forge.keep("comments.json", &json!([stranger, other_network, ghost]));
    forge.write("plan.md", &page("omni", "first `$(touch hacked)` \\u003c"));
    forge.passes("github/comment.sh", &["12", "plan.md"]);
    assert!(forge.calls().contains("--method POST repos/omni/config/issues/12/comments"));
    forge.write("plan.md", &page("omni", "second"));
    forge.passes("github/comment.sh", &["12", "plan.md"]);
    let calls = forge.calls();
    assert!(
        calls.contains("--method PATCH repos/omni/config/issues/comments/903") && !calls.contains("POST"),
        "{calls}"
    );
    let comments = forge.kept("comments.json");
    assert_eq!(comments.as_array().map(Vec::len), Some(4));
    assert_eq!(comments[3]["body"], page("omni", "second").trim_end());
    assert_eq!(comments[0], stranger);
    assert_eq!(comments[1], other_network);
    // zonal failed before it wrote the page.
    forge.passes("github/comment.sh", &["12", "missing.md"]);
    assert_eq!(forge.calls(), "");
}

#[test]
fn github_keeps_one_issue_while_zones_drift() {
    let forge = FakeForge::new();
    let other = json!({"number": 1, "state": "open", "label": "zonal-drift", "title": "-", "body": page("omni-two", "-")});
    forge.keep("issues.json", &json!([other]));
    let look = |code: &str, text: &str| {
        forge.write("drift.md", &page("omni", text));
        forge.passes("github/issue.sh", &[code, "drift.md"]);
        (forge.kept("issues.json"), forge.calls())
    };
    for (code, text) in [("0", "none"), ("6", "who knows"), ("1", "wrong"), ("130", "stopped")] {
        let (issues, calls) = look(code, text);
        assert_eq!(issues, json!([other]), "{code}");
        assert!(!calls.contains("create"), "{calls}");
    }
    let (issues, _) = look("2", "three rows");
    assert_eq!(issues[1]["state"], "open");
    assert_eq!(issues[1]["title"], "Drift: zones differ from the manifests");
    let (issues, calls) = look("2", "four rows");
    assert_eq!(issues[1]["body"], page("omni", "four rows"));
    assert!(calls.contains("issue edit 2") && !calls.contains("create"), "{calls}");
    // Unreachable zones may have drifted: the issue stays open, with a single comment.
    for text in ["one zone is down", "two zones are down"] {
        let (issues, _) = look("6", text);
        assert_eq!(
            (&issues[1]["state"], &issues[1]["body"]),
            (&json!("open"), &json!(page("omni", "four rows")))
        );
    }
    let comments = forge.kept("comments.json");
    assert_eq!(comments.as_array().map(Vec::len), Some(1));
    assert_eq!(comments[0]["body"], page("omni", "two zones are down").trim_end());
    let (issues, _) = look("0", "none");
    assert_eq!(issues[1]["state"], "closed");
    assert_eq!(issues[0], other);
    let (issues, _) = look("2", "again");
    assert_eq!(issues[2]["state"], "open");
}

#[test]
fn github_snapshot_comes_from_default_branch_only() {
    let forge = FakeForge::new();
    let run =
        |id: u32, event: &str, branch: &str| json!({"databaseId": id, "event": event, "branch": branch});
    // A fork can have a branch `main` with any artifact.
    forge.keep(
        "runs.json",
        &json!([run(9, "pull_request", "main"), run(8, "schedule", "other"), run(7, "push", "main")]),
    );
    forge.write("artefacts/9/zonal-snapshot/snapshot.json", "forged");
    forge.write("artefacts/8/zonal-snapshot/snapshot.json", "other");
    let ran = forge.run("github/snapshot.sh", &["zonal-snapshot", "got"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.text.starts_with("::error title=zonal::no snapshot to compare with"), "{}", ran.text);
    forge.keep(
        "runs.json",
        &json!([
            run(9, "pull_request", "main"),
            run(7, "push", "main"),
            run(6, "schedule", "main"),
            run(5, "schedule", "main")
        ]),
    );
    forge.write("artefacts/6/zonal-snapshot/snapshot.json", "newest");
    forge.write("artefacts/5/zonal-snapshot/snapshot.json", "older");
    forge.passes("github/snapshot.sh", &["zonal-snapshot", "got"]);
    assert_eq!(std::fs::read_to_string(forge.path("got/snapshot.json")).expect("should exist"), "newest");
}

#[test]
fn github_applies_plan_of_merged_pull_request() {
    let forge = FakeForge::new();
    let fails = |why: &str| {
        let ran = forge.run("github/check_reviewed_plan.sh", &["zonal-plan", "got"]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.text.contains(why) && ran.text.contains("zonal apply plan.json"), "{}", ran.text);
    };
    fails("does not merge a pull request");
    let pull = |number: u32, merge: &str, head: &str| json!({"number": number, "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": merge, "head": {"sha": head}});
    forge.keep("pulls.json", &json!([pull(3, "another", "wrong"), pull(4, "merged", "right")]));
    forge.keep("reviews.json", &json!([]));
    fails("no run of this workflow on pull request #4");
    let run = |id: u32, event: &str, commit: &str, made: &str| json!({"databaseId": id, "event": event, "commit": commit, "made": made});
    let before = "2025-12-31T23:00:00Z";
    let review = |state: &str, at: &str| json!({"state": state, "submitted_at": at});
    forge.keep(
        "runs.json",
        &json!([
            run(5, "pull_request", "right", "2026-01-01T00:00:01Z"),
            run(4, "pull_request", "right", "2025-12-31T23:30:00Z"),
            run(1, "pull_request", "wrong", before),
            run(2, "push", "right", before),
            run(3, "pull_request", "right", before),
        ]),
    );
    for (id, text) in [(1, "wrong"), (2, "pushed"), (3, "reviewed"), (4, "unread"), (5, "after the merge")] {
        forge.write(&format!("artefacts/{id}/zonal-plan/plan.json"), text);
    }
    let applied = |reviews: Json| {
        forge.keep("reviews.json", &reviews);
        forge.passes("github/check_reviewed_plan.sh", &["zonal-plan", "got"]);
        std::fs::read_to_string(forge.path("got/plan.json")).expect("should exist")
    };
    // The plan that was there at the last approval, or at the merge.
    assert_eq!(applied(json!([review("APPROVED", "2025-12-31T23:15:00Z")])), "reviewed");
    assert_eq!(applied(json!([review("COMMENTED", "2025-12-31T23:15:00Z")])), "unread");
    forge.keep("reviews.json", &json!([review("APPROVED", "2025-12-31T22:00:00Z")]));
    fails("was made again (run 3) after its review at 2025-12-31T22:00:00Z");
}

#[test]
fn gitlab_note_is_updated_in_place() {
    let mut forge = FakeForge::new();
    forge.write("plan.md", &page("omni", "first"));
    // A fork has no token, so the script skips the note.
    forge.passes("gitlab/comment.sh", &["merge_requests", "5", "plan.md"]);
    assert_eq!(forge.calls(), "");
    forge.set("ZONAL_GITLAB_TOKEN", "project-secret");
    let strangers: Vec<Json> = (0..100)
        .map(|id| json!({"id": id, "author": {"id": 1}, "body": page("omni", "all is well")}))
        .collect();
    forge.keep("notes.json", &json!(strangers));
    forge.passes("gitlab/comment.sh", &["merge_requests", "5", "plan.md"]);
    forge.write("plan.md", &page("omni", "second & more=x"));
    forge.passes("gitlab/comment.sh", &["merge_requests", "5", "plan.md"]);
    let notes = forge.kept("notes.json");
    assert_eq!(notes.as_array().map(Vec::len), Some(101));
    assert_eq!(notes[100]["body"], page("omni", "second & more=x").trim_end());
    assert_eq!(notes[100]["on"], "/projects/7/merge_requests/5");
    let calls = forge.calls();
    let (headers, lines): (Vec<&str>, Vec<&str>) = calls.lines().partition(|line| line.starts_with("  "));
    assert!(headers.iter().all(|header| *header == "  Authorization: Bearer project-secret"), "{headers:?}");
    assert!(lines.iter().all(|line| !line.contains("secret")), "a token is in a command line: {lines:?}");
}

#[test]
fn gitlab_keeps_one_issue_while_zones_drift() {
    let mut forge = FakeForge::new();
    forge.set("ZONAL_GITLAB_TOKEN", "project-secret");
    forge.set("ZONAL_ENVIRONMENT", "sandbox");
    let look = |code: &str, text: &str| {
        forge.write("drift.md", &page("omni", text));
        let ran = forge.run("gitlab/issue.sh", &[code, "drift.md"]);
        let expected = if code == "2" { Some(0) } else { code.parse().ok() };
        assert_eq!(ran.code, expected, "{}", ran.text);
        forge.kept("issues.json")
    };
    for code in ["0", "6", "1", "130"] {
        assert_eq!(look(code, "-"), json!([]), "{code}");
    }
    assert_eq!(look("2", "three rows")[0]["title"], "Drift: zones differ from the manifests (sandbox)");
    let issues = look("2", "four rows");
    assert_eq!((issues.as_array().map(Vec::len), &issues[0]["state"]), (Some(1), &json!("opened")));
    assert_eq!(issues[0]["description"], page("omni", "four rows").trim_end());
    assert_eq!(look("6", "one zone is down"), issues);
    assert_eq!(look("6", "two zones are down"), issues);
    let notes = forge.kept("notes.json");
    assert_eq!(notes.as_array().map(Vec::len), Some(1));
    assert_eq!(notes[0]["on"], "/projects/7/issues/1");
    assert_eq!(look("0", "none")[0]["state"], "closed");
    assert_eq!(look("2", "again")[1]["state"], "opened");
}

#[test]
fn gitlab_fetches_saved_snapshot_and_plan() {
    let mut forge = FakeForge::new();
    forge.set("CI_MERGE_REQUEST_PROJECT_ID", "7");
    forge.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1");
    let ran = forge.run("gitlab/snapshot.sh", &["zonal:snapshot", "got.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.text.contains("error: no snapshot to compare with"), "{}", ran.text);
    forge.write("artefacts/release%2F1/raw/snapshot.json.zonal:snapshot", "kept");
    // The job token of a fork may have no access here.
    for refused in ["nobody", "JOB-TOKEN"] {
        forge.set("FAKE_REFUSES", refused);
        forge.passes("gitlab/snapshot.sh", &["zonal:snapshot", "got.json"]);
        assert_eq!(std::fs::read_to_string(forge.path("got.json")).expect("should exist"), "kept");
    }
}

#[test]
fn gitlab_applies_plan_that_was_there_at_the_review() {
    let mut forge = FakeForge::new();
    let fails = |forge: &FakeForge, why: &str| {
        let ran = forge.run("gitlab/check_reviewed_plan.sh", &["zonal:plan", "plan.json"]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.text.contains(why) && ran.text.contains("zonal apply plan.json"), "{}", ran.text);
    };
    let passes = |forge: &FakeForge| {
        forge.passes("gitlab/check_reviewed_plan.sh", &["zonal:plan", "plan.json"]);
        let plan = std::fs::read_to_string(forge.path("plan.json")).expect("should exist");
        let plan: Json = serde_json::from_str(&plan).expect("should be JSON");
        plan["reconciler"]["digest"].as_str().expect("should be text").to_owned()
    };
    fails(&forge, "ZONAL_GITLAB_TOKEN is not set");
    forge.set("ZONAL_GITLAB_TOKEN", "project-secret");
    fails(&forge, "does not merge a merge request");
    let request = |iid: u32, merge: Json, squash: Json, head: &str| {
        json!({"iid": iid, "state": "merged", "merged_at": "2026-01-01T00:00:00.000Z",
               "merge_commit_sha": merge, "squash_commit_sha": squash, "sha": head})
    };
    let pipeline = |id: u32, project: u32, sha: &str| json!({"id": id, "project_id": project, "sha": sha, "ref": "refs/merge-requests/4/head"});
    let job = |id: u32, pipeline: u32, finished_at: &str| {
        let other =
            json!({"id": 1, "name": "zonal:validate", "status": "success", "finished_at": finished_at});
        let plan = json!({"id": id, "name": "zonal:plan", "status": "success", "finished_at": finished_at});
        forge.keep(&format!("jobs.json.{pipeline}"), &json!([other, plan]));
        forge.write(
            &format!("artefacts/{id}/plan.json"),
            &json!({"reconciler": {"digest": format!("digest-{id}")}}).to_string(),
        );
    };
    forge.keep("approvals.json", &json!({"approved_by": []}));
    for merged in [
        request(4, json!("merged"), Json::Null, "head"),
        request(4, Json::Null, json!("merged"), "head"),
        request(4, Json::Null, Json::Null, "merged"),
    ] {
        let head = merged["sha"].as_str().expect("text").to_owned();
        forge.keep("merge_requests.json", &json!([request(3, json!("another"), Json::Null, "x"), merged]));
        forge.keep("pipelines.json", &json!([pipeline(20, 8, &head), pipeline(19, 7, "older")]));
        fails(&forge, "no pipeline of merge request !4");
        forge.keep(
            "pipelines.json",
            &json!([pipeline(12, 7, &head), pipeline(11, 7, &head), pipeline(10, 7, &head)]),
        );
        job(102, 12, "2026-01-01T00:00:01.000Z");
        job(101, 11, "2026-01-01T00:30:00.000+01:00");
        job(100, 10, "2025-12-31T23:00:00.000Z");
        // Without an approval, the merge is the review.
        assert_eq!(passes(&forge), "digest-101");
    }
    let approved =
        |at: &str| json!({"approved_by": [{"approved_at": "2025-12-31T20:00:00.000Z"}, {"approved_at": at}]});
    forge.keep("approvals.json", &approved("2025-12-31T23:15:00.000Z"));
    assert_eq!(passes(&forge), "digest-100");
    forge.keep("approvals.json", &approved("2025-12-31T22:00:00.000Z"));
    fails(&forge, "was made again (pipeline 10) after its review at 2025-12-31T22:00:00");
}

#[test]
fn scripts_pass_shellcheck() {
    let scripts =
        [".ci", "pipelines/github", "pipelines/gitlab", "tests/it/fakes"].map(|folder| root().join(folder));
    let scripts: Vec<PathBuf> = scripts
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("folder should be readable"))
        .map(|file| file.expect("entry should be readable").path())
        .collect();
    for script in &scripts {
        let text = std::fs::read_to_string(script).expect("script should be readable");
        let is_sourced = script.ends_with("api.sh");
        assert!(is_sourced || text.contains("\nset -euo pipefail\n"), "{}", script.display());
    }
    assert!(
        is_installed("shellcheck"),
        "this test needs shellcheck: `apt-get install shellcheck`, or `bash .ci/test`"
    );
    let mut command = Command::new("shellcheck");
    let output = command.arg("--external-sources").args(&scripts).output().expect("shellcheck should start");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Files that shard the work between several machines.
const SHARED: [&str; 4] = [
    "deploy/kubernetes/apply.yaml",
    "deploy/kubernetes/drift.yaml",
    "examples/pipelines/sharded/.github/workflows/zonal-shards.yml",
    "examples/pipelines/sharded/.gitlab-ci.yml",
];

#[test]
fn sharded_pipelines_use_only_valid_command_lines() {
    let mut lines = Vec::new();
    for path in SHARED {
        let (json, mut found) = (yaml(path), Vec::new());
        texts(&json, &["run", "script", "args"], ScriptSource::No, &mut found);
        let found: Vec<String> = found.into_iter().flat_map(run_by).collect();
        assert!(found.iter().any(|line| line.contains(" --shard ")), "{path} has no shards: {found:?}");
        assert!(found.iter().any(|line| line.starts_with("zonal runs merge")), "{path} merges no reports");
        lines.extend(found);
    }
    lines.extend(named_by(&read("deploy/README.md")));
    // Values after shell expansion, with four shards.
    let shards =
        ["\"$((JOB_COMPLETION_INDEX+1))/$SHARDS\"", "\"$SHARD\"", "\"$CI_NODE_INDEX/$CI_NODE_TOTAL\""];
    paused(async {
        let stage = CaseNetwork::new(&case("missing-config"));
        for line in lines {
            let line = shards.iter().fold(line, |line, shard| line.replace(shard, "2/4"));
            // A command named in a text may omit values.
            let line = line.trim_end_matches(" --shard").to_owned();
            assert!(!line.contains('$'), "unknown shell expansion in {line}");
            let printed = stage.output(&format!("{line} --help")).await;
            assert_eq!(printed.code, 0, "{line}: {}", printed.err);
        }
    });
}

#[test]
fn shard_is_computed_from_the_pod_index() {
    let output = Command::new("sh")
        .args(["-uc", r#"printf %s "$((JOB_COMPLETION_INDEX+1))/$SHARDS""#])
        .env("JOB_COMPLETION_INDEX", "0")
        .env("SHARDS", "4")
        .output()
        .expect("shell should be installed");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1/4");
}

#[test]
fn pod_count_equals_shard_count() {
    let documents: Vec<Json> =
        serde_saphyr::from_multiple(&read("deploy/kubernetes/config.yaml")).expect("should be YAML");
    let shards: u64 = documents[0]["data"]["SHARDS"]
        .as_str()
        .and_then(|shards| shards.parse().ok())
        .expect("should be a number");
    let (apply, drift) = (yaml("deploy/kubernetes/apply.yaml"), yaml("deploy/kubernetes/drift.yaml"));
    for job in [&apply["spec"], &drift["spec"]["jobTemplate"]["spec"]] {
        assert_eq!(job["completions"], shards);
        assert_eq!(job["completionMode"], "Indexed");
        // Mounts and references must be defined in config.yaml.
        let names: Vec<&str> =
            documents.iter().filter_map(|each| each["metadata"]["name"].as_str()).collect();
        let pod = &job["template"]["spec"];
        let mut used: Vec<&str> = Vec::new();
        for container in
            ["initContainers", "containers"].iter().flat_map(|of| pod[*of].as_array().into_iter().flatten())
        {
            for from in container["envFrom"].as_array().into_iter().flatten() {
                used.extend(["configMapRef", "secretRef"].iter().filter_map(|of| from[*of]["name"].as_str()));
            }
        }
        let volumes = pod["volumes"].as_array().into_iter().flatten();
        used.extend(volumes.filter_map(|volume| volume["secret"]["secretName"].as_str()));
        assert!(used.len() > 3 && used.iter().all(|name| names.contains(name)), "{used:?}");
    }
    assert!(!drift.to_string().contains("zonal-keys"), "drift detection should need no write key");
}

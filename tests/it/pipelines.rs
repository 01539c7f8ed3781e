//! What pipelines do around zonal: that it is little, that every command line in it is one of zonal's, and
//! that there is one comment and one issue however often it runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};
use tokio::sync::watch;

use crate::case_runner::{CaseNetwork, case, paused};

const WORKFLOW: &str = "examples/pipelines/github/.github/workflows/zonal.yml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The last document of a YAML file.
fn yaml(path: &str) -> Json {
    let documents: Vec<Json> =
        serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    documents.into_iter().next_back().expect("it holds something")
}

/// Every text below a key of these names.
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

/// The command lines of zonal that a script runs.
fn run_by(script: &str) -> Vec<String> {
    let script = script.replace("\\\n", " ");
    let lines = script.lines().map(str::trim).filter(|line| line.starts_with("zonal "));
    lines.map(|line| line.split(" || ").next().unwrap_or_default().to_owned()).collect()
}

/// The command lines of zonal that a text names in backticks.
fn named_by(text: &str) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2).filter(|span| span.starts_with("zonal "));
    spans.map(|span| span.trim_end_matches('\\').to_owned()).collect()
}

/// The words of a command line as a shell makes them, where every variable is set.
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
fn every_command_line_is_one_of_zonals() {
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
    let scripts = scripts.iter().flat_map(|folder| std::fs::read_dir(folder).expect("it is a folder"));
    let scripts = scripts.map(|file| std::fs::read_to_string(file.expect("and readable").path()));
    let readmes = ["github", "gitlab"].map(|of| Ok(read(&format!("examples/pipelines/{of}/README.md"))));
    lines.extend(scripts.chain(readmes).flat_map(|text| named_by(&text.expect("it is text"))));
    assert!(lines.len() > 15, "{lines:?}");
    paused(async {
        let stage = CaseNetwork::new(&case("nothing-there"));
        for line in lines {
            // With --help nothing is done, and what stands before it must be known.
            let printed = stage.run(&format!("{} --help", words(&line)), None, watch::channel(0).1).await;
            assert_eq!(printed.code, 0, "{line}: {}", printed.err);
        }
    });
}

#[test]
fn nothing_from_outside_becomes_part_of_a_script() {
    for path in ["action.yml", WORKFLOW] {
        let (json, mut runs) = (yaml(path), Vec::new());
        texts(&json, &["run"], ScriptSource::No, &mut runs);
        for run in runs {
            assert!(!run.contains("${{"), "{path}: `${{{{ }}}}` in a script is taken for code: {run}");
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
fn a_pull_request_has_no_key_and_no_more_rights_than_it_needs() {
    let workflow = yaml(WORKFLOW);
    let events: Vec<&String> = workflow["on"].as_object().expect("events").keys().collect();
    assert_eq!(events, ["pull_request", "push", "schedule", "workflow_dispatch"]);
    assert_eq!(workflow["permissions"], json!({"contents": "read"}));
    for (name, job) in workflow["jobs"].as_object().expect("jobs") {
        let condition = job["if"].as_str().unwrap_or_default();
        let runs_on_pull_requests = condition.is_empty()
            || condition.contains("pull_request") && !condition.contains("!= 'pull_request'");
        assert_eq!(runs_on_pull_requests, name == "plan", "{name}: {condition}");
        assert_eq!(job.to_string().contains("secrets."), name != "plan", "{name}");
        // An environment is what ties its secrets to the default branch.
        assert_eq!(job["environment"].is_string(), name != "plan", "{name}");
        assert_eq!(job.to_string().contains("WRITE_KEYS"), name == "apply", "{name}");
        assert!(job["permissions"]["contents"] != "write", "{name}");
    }
    assert_eq!(workflow["jobs"]["apply"]["concurrency"]["cancel-in-progress"], false);
    let template = yaml("templates/zonal.yml");
    assert!(template["$[[ inputs.prefix ]]:apply"]["resource_group"].is_string());
}

#[test]
fn examples_give_only_inputs_that_are_there() {
    let action = yaml("action.yml");
    for (name, job) in yaml(WORKFLOW)["jobs"].as_object().expect("jobs") {
        let steps = job["steps"].as_array().expect("steps").iter();
        for step in
            steps.filter(|step| step["uses"].as_str().is_some_and(|uses| uses.starts_with("OWNER/zonal")))
        {
            for input in step["with"].as_object().expect("inputs").keys() {
                assert!(action["inputs"][input].is_object(), "{name}: the action has no input {input}");
            }
        }
    }
    let template = read("templates/zonal.yml");
    let spec = template.split("\n---\n").next().expect("a header");
    let spec: Json = serde_saphyr::from_str(spec).expect("the header is YAML");
    let inputs = spec["spec"]["inputs"].as_object().expect("inputs");
    let used = template.split("$[[ inputs.").skip(1).map(|rest| rest.split(' ').next().unwrap_or_default());
    used.for_each(|name| assert!(inputs.contains_key(name), "the component has no input {name}"));
    let example = yaml("examples/pipelines/gitlab/.gitlab-ci.yml");
    let given = example["include"][0]["inputs"].as_object().expect("inputs");
    given.keys().for_each(|name| assert!(inputs.contains_key(name), "the component has no input {name}"));
    let needed = inputs.iter().filter(|(_, input)| input["default"].is_null());
    needed.for_each(|(name, _)| assert!(given.contains_key(name), "the example does not give {name}"));
}

#[test]
fn all_keys_can_be_in_one_secret() {
    let readme = read("examples/pipelines/github/README.md");
    let shown =
        readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a yaml block");
    let mut stage = CaseNetwork::new(&case("selection"));
    let network = format!(
        "apiVersion: zonal/v1\nkind: Network\nmetadata: {{name: trio}}\nspec:\n  region: eu\n  {}  \
         networkZone: {{code: 01T_NETWORK, name: Trio}}\n  members:\n    - {{code: 01T_A, name: Alpha}}\n    \
         - {{code: 01T_B, name: Beta}}\n    - {{code: 01T_C, name: Gamma}}\n",
        shown.replace('\n', "\n  ").trim_end().to_owned() + "\n"
    );
    std::fs::write(stage.directory().join("network.yaml"), network).expect("it can be written");
    for purpose in ["READ", "WRITE"] {
        let start = format!("ZONAL_{purpose}_01T_");
        let keys = stage.env.iter().filter_map(|(name, key)| Some((name.strip_prefix(&start)?, key)));
        let lines: String = keys.map(|(zone, key)| format!("01T_{zone}={key}\n")).collect();
        stage.env.retain(|name, _| !name.starts_with(&start));
        stage.env.insert(format!("ZONAL_{purpose}_KEYS"), lines);
    }
    // A command is a real process, so the clock is real too.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let printed = runtime.block_on(stage.run("zonal apply --yes", None, watch::channel(0).1));
    assert_eq!(printed.code, 0, "{}{}", printed.out, printed.err);
}

/// A step of the action, run as GitHub runs it; with what it has written as outputs.
fn step(id: &str, inputs: &BTreeMap<&str, &str>, stage: &CaseNetwork) -> (ScriptResult, String) {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["id"] == id).expect("the action has the step");
    let bin =
        Path::new(env!("CARGO_BIN_EXE_zonal")).parent().expect("it is in a folder").display().to_string();
    let outputs = stage.directory().join("outputs.txt");
    std::fs::remove_file(&outputs).ok();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().expect("a script")]);
    command.current_dir(stage.directory()).env_clear();
    command.env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap_or_default()));
    command.env("RUNNER_TEMP", stage.directory()).env("GITHUB_WORKSPACE", stage.directory());
    command.env("GITHUB_OUTPUT", &outputs);
    for (name, value) in step["env"].as_object().expect("an environment") {
        let input = value.as_str().and_then(|value| value.strip_prefix("${{ inputs.")?.strip_suffix(" }}"));
        let input = input.expect("a variable is an input");
        let default = action["inputs"][input]["default"].as_str().unwrap_or_default();
        command.env(name, inputs.get(input).unwrap_or(&default));
    }
    let output = command.output().expect("there is a bash");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let ran = ScriptResult { code: output.status.code(), text: text.concat() };
    (ran, std::fs::read_to_string(outputs).unwrap_or_default())
}

#[test]
fn the_steps_of_the_action_need_no_key_before_a_merge() {
    let stage = CaseNetwork::new(&case("selection"));
    let here = BTreeMap::from([("directory", ".")]);
    let (ran, outputs) = step("validate", &here, &stage);
    assert_eq!((ran.code, outputs.as_str()), (Some(0), "exit-code=0\n"), "{}", ran.text);
    let hostile =
        BTreeMap::from([("directory", "."), ("environment", "$(touch hacked) `touch hacked`; touch hacked")]);
    let (ran, outputs) = step("validate", &hostile, &stage);
    assert_eq!((ran.code, outputs.as_str()), (Some(1), "exit-code=1\n"), "{}", ran.text);
    assert!(!stage.directory().join("hacked").exists(), "an input was taken for code");

    let taken = paused(stage.run("zonal snapshot --out snapshot.json", None, watch::channel(0).1));
    assert_eq!(taken.code, 0, "{}", taken.err);
    let plan = BTreeMap::from([("directory", "."), ("against", "snapshot.json")]);
    let (ran, outputs) = step("plan", &plan, &stage);
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    for line in ["exit-code=0\n", "complete=true\n", "applyable=true\n"] {
        assert!(outputs.contains(line), "{outputs}");
    }
    for file in ["plan.json", "plan.html"] {
        assert!(stage.directory().join(file).exists(), "there is no {file}");
    }
    // What the scripts find their comment by.
    let page = std::fs::read_to_string(stage.directory().join("plan.md")).expect("it is written");
    assert!(page.starts_with("<!-- zonal {\"network\":\"trio\",\"environment\":null,\"digest\":"), "{page}");
    let reviewed = BTreeMap::from([("directory", "."), ("plan-file", "plan.json")]);
    let (ran, outputs) = step("apply", &reviewed, &stage);
    assert_eq!((ran.code, outputs.as_str()), (Some(1), "exit-code=1\n"), "{}", ran.text);
    assert!(ran.text.contains("no read key for 01T_A"), "{}", ran.text);
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A forge whose command is not the real one.
struct FakeForge {
    state: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

/// What a script came to.
struct ScriptResult {
    code: Option<i32>,
    text: String,
}

impl FakeForge {
    /// The fakes are made of jq, and GitLab's scripts ask for it.
    fn new() -> Self {
        assert!(is_installed("jq"), "this test needs jq: `apt-get install jq`, or `.ci/run`, which does it");
        let state = tempfile::tempdir().expect("a temporary directory can be made");
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
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("a folder can be made");
        std::fs::write(path, text).expect("it can be written");
    }

    fn kept(&self, file: &str) -> Json {
        let text = std::fs::read_to_string(self.path(file)).expect("it is there");
        serde_json::from_str(&text).expect("it is JSON")
    }

    /// What was asked for since the last time.
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
            .expect("there is a bash");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        ScriptResult { code: output.status.code(), text: text.concat() }
    }

    fn passes(&self, script: &str, words: &[&str]) -> String {
        let ran = self.run(script, words);
        assert_eq!(ran.code, Some(0), "{script} {words:?}: {}", ran.text);
        ran.text
    }
}

/// What zonal writes with --markdown, as far as scripts look at it.
fn page(network: &str, text: &str) -> String {
    format!(
        "<!-- zonal {{\"network\":\"{network}\",\"environment\":null,\"digest\":\"{}\"}} -->\n{text}\n",
        text.len()
    )
}

#[test]
fn github_has_one_comment_that_is_updated_in_place() {
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
    // Zonal did not get that far.
    forge.passes("github/comment.sh", &["12", "missing.md"]);
    assert_eq!(forge.calls(), "");
}

#[test]
fn github_has_one_issue_while_there_is_drift() {
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
    // Who cannot be asked may have drifted: nothing is closed, and the issue is told once.
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
fn github_compares_with_a_snapshot_of_the_default_branch_alone() {
    let forge = FakeForge::new();
    let run =
        |id: u32, event: &str, branch: &str| json!({"databaseId": id, "event": event, "branch": branch});
    // A fork may call its branch `main`, and keep what it likes.
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
    assert_eq!(std::fs::read_to_string(forge.path("got/snapshot.json")).expect("it is there"), "newest");
}

#[test]
fn github_applies_the_plan_of_the_pull_request_that_was_merged() {
    let forge = FakeForge::new();
    let fails = |why: &str| {
        let ran = forge.run("github/reviewed.sh", &["zonal-plan", "got"]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.text.contains(why) && ran.text.contains("zonal apply plan.json"), "{}", ran.text);
    };
    fails("does not merge a pull request");
    let pull = |number: u32, merge: &str, head: &str| json!({"number": number, "merged_at": "2026-01-01T00:00:00Z", "merge_commit_sha": merge, "head": {"sha": head}});
    forge.keep("pulls.json", &json!([pull(3, "another", "wrong"), pull(4, "merged", "right")]));
    fails("no run of this workflow on pull request #4");
    let run =
        |id: u32, event: &str, commit: &str| json!({"databaseId": id, "event": event, "commit": commit});
    forge.keep(
        "runs.json",
        &json!([run(1, "pull_request", "wrong"), run(2, "push", "right"), run(3, "pull_request", "right")]),
    );
    for (id, text) in [(1, "wrong"), (2, "pushed"), (3, "reviewed")] {
        forge.write(&format!("artefacts/{id}/zonal-plan/plan.json"), text);
    }
    forge.passes("github/reviewed.sh", &["zonal-plan", "got"]);
    assert_eq!(std::fs::read_to_string(forge.path("got/plan.json")).expect("it is there"), "reviewed");
}

#[test]
fn gitlab_has_one_note_that_is_updated_in_place() {
    let mut forge = FakeForge::new();
    forge.write("plan.md", &page("omni", "first"));
    // A fork has no token, and goes without.
    forge.passes("gitlab/note.sh", &["merge_requests", "5", "plan.md"]);
    assert_eq!(forge.calls(), "");
    forge.set("ZONAL_GITLAB_TOKEN", "project-secret");
    let strangers: Vec<Json> = (0..100)
        .map(|id| json!({"id": id, "author": {"id": 1}, "body": page("omni", "all is well")}))
        .collect();
    forge.keep("notes.json", &json!(strangers));
    forge.passes("gitlab/note.sh", &["merge_requests", "5", "plan.md"]);
    forge.write("plan.md", &page("omni", "second & more=x"));
    forge.passes("gitlab/note.sh", &["merge_requests", "5", "plan.md"]);
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
fn gitlab_has_one_issue_while_there_is_drift() {
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
fn gitlab_fetches_what_was_kept() {
    let mut forge = FakeForge::new();
    forge.set("CI_MERGE_REQUEST_PROJECT_ID", "7");
    forge.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "release/1");
    let ran = forge.run("gitlab/snapshot.sh", &["zonal:snapshot", "got.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.text.contains("error: no snapshot to compare with"), "{}", ran.text);
    forge.write("artefacts/release%2F1/raw/snapshot.json.zonal:snapshot", "kept");
    // The token of a fork's job may be good for nothing here.
    for refused in ["nobody", "JOB-TOKEN"] {
        forge.set("FAKE_REFUSES", refused);
        forge.passes("gitlab/snapshot.sh", &["zonal:snapshot", "got.json"]);
        assert_eq!(std::fs::read_to_string(forge.path("got.json")).expect("it is there"), "kept");
    }
    let fails = |forge: &FakeForge, why: &str| {
        let ran = forge.run("gitlab/reviewed.sh", &["zonal:plan", "plan.json"]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.text.contains(why) && ran.text.contains("zonal apply plan.json"), "{}", ran.text);
    };
    fails(&forge, "ZONAL_GITLAB_TOKEN is not set");
    forge.set("ZONAL_GITLAB_TOKEN", "project-secret");
    fails(&forge, "does not merge a merge request");
    let request = |iid: u32, merge: Json, squash: Json, head: &str| json!({"iid": iid, "state": "merged", "merge_commit_sha": merge, "squash_commit_sha": squash, "sha": head});
    for merged in [
        request(4, json!("merged"), Json::Null, "head"),
        request(4, Json::Null, json!("merged"), "head"),
        request(4, Json::Null, Json::Null, "merged"),
    ] {
        forge.keep("merge_requests.json", &json!([request(3, json!("another"), Json::Null, "x"), merged]));
        std::fs::remove_dir_all(forge.path("artefacts/refs%2Fmerge-requests%2F4%2Fhead")).ok();
        fails(&forge, "no pipeline of merge request !4");
        forge.write("artefacts/refs%2Fmerge-requests%2F4%2Fhead/raw/plan.json.zonal:plan", "reviewed");
        forge.passes("gitlab/reviewed.sh", &["zonal:plan", "plan.json"]);
        assert_eq!(std::fs::read_to_string(forge.path("plan.json")).expect("it is there"), "reviewed");
    }
}

#[test]
fn scripts_are_as_shellcheck_wants_them() {
    let scripts =
        ["pipelines/github", "pipelines/gitlab", "tests/it/fakes"].map(|folder| root().join(folder));
    let scripts: Vec<PathBuf> = scripts
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("it is a folder"))
        .map(|file| file.expect("and readable").path())
        .collect();
    for script in &scripts {
        let text = std::fs::read_to_string(script).expect("a script is text");
        let is_sourced = script.ends_with("api.sh");
        assert!(is_sourced || text.contains("\nset -euo pipefail\n"), "{}", script.display());
    }
    assert!(
        is_installed("shellcheck"),
        "this test needs shellcheck: `apt-get install shellcheck`, or `.ci/run`, which does it"
    );
    let mut command = Command::new("shellcheck");
    let output = command.arg("--external-sources").args(&scripts).output().expect("it can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The files that share the work between several machines.
const SHARED: [&str; 4] = [
    "deploy/kubernetes/apply.yaml",
    "deploy/kubernetes/drift.yaml",
    "examples/pipelines/sharded/.github/workflows/zonal-shards.yml",
    "examples/pipelines/sharded/.gitlab-ci.yml",
];

#[test]
fn every_command_line_of_several_machines_is_one_of_zonals() {
    let mut lines = Vec::new();
    for path in SHARED {
        let (json, mut found) = (yaml(path), Vec::new());
        texts(&json, &["run", "script", "args"], ScriptSource::No, &mut found);
        let found: Vec<String> = found.into_iter().flat_map(run_by).collect();
        assert!(found.iter().any(|line| line.contains(" --shard ")), "{path} shares nothing: {found:?}");
        assert!(found.iter().any(|line| line.starts_with("zonal runs merge")), "{path} merges nothing");
        lines.extend(found);
    }
    lines.extend(named_by(&read("deploy/README.md")));
    // What a shell makes of these where there are four shards.
    let shards =
        ["\"$((JOB_COMPLETION_INDEX+1))/$SHARDS\"", "\"$SHARD\"", "\"$CI_NODE_INDEX/$CI_NODE_TOTAL\""];
    paused(async {
        let stage = CaseNetwork::new(&case("nothing-there"));
        for line in lines {
            let line = shards.iter().fold(line, |line, shard| line.replace(shard, "2/4"));
            // What is named in a text may leave out what it is given.
            let line = line.trim_end_matches(" --shard").to_owned();
            assert!(!line.contains('$'), "nobody knows what a shell makes of {line}");
            let printed = stage.run(&format!("{line} --help"), None, watch::channel(0).1).await;
            assert_eq!(printed.code, 0, "{line}: {}", printed.err);
        }
    });
}

#[test]
fn a_shard_is_what_a_shell_makes_of_the_number_of_a_pod() {
    let output = Command::new("sh")
        .args(["-uc", r#"printf %s "$((JOB_COMPLETION_INDEX+1))/$SHARDS""#])
        .env("JOB_COMPLETION_INDEX", "0")
        .env("SHARDS", "4")
        .output()
        .expect("there is a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1/4");
}

#[test]
fn as_many_pods_are_started_as_there_are_shards() {
    let documents: Vec<Json> =
        serde_saphyr::from_multiple(&read("deploy/kubernetes/config.yaml")).expect("it is YAML");
    let shards: u64 =
        documents[0]["data"]["SHARDS"].as_str().and_then(|shards| shards.parse().ok()).expect("a number");
    let (apply, drift) = (yaml("deploy/kubernetes/apply.yaml"), yaml("deploy/kubernetes/drift.yaml"));
    for job in [&apply["spec"], &drift["spec"]["jobTemplate"]["spec"]] {
        assert_eq!(job["completions"], shards);
        assert_eq!(job["completionMode"], "Indexed");
        // What is mounted and taken from elsewhere is in config.yaml.
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
    assert!(!drift.to_string().contains("zonal-keys"), "a look for drift needs no write key");
}

//! Several processes that share the work come to what one comes to: the built program, over sockets, with one store.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value as Json;

use crate::case_runner::{CaseNetwork, case};

/// An emulator that serves until it is dropped.
struct EmulatorProcess {
    process: Child,
    stage: CaseNetwork,
    env: BTreeMap<String, String>,
}

impl Drop for EmulatorProcess {
    fn drop(&mut self) {
        // Where it has ended already there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl EmulatorProcess {
    fn new() -> Self {
        let stage = CaseNetwork::new(&case("network-blocks"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_zonal"))
            .args([
                "emulate",
                "--environment",
                "emulator",
                "--listen",
                "127.0.0.1:0",
                "--env-file",
                "keys.env",
            ])
            .current_dir(stage.directory())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program can be started");
        let mut served = BufReader::new(process.stdout.take().expect("it was asked for")).lines();
        let first = served.next().expect("it says where it serves").expect("in text");
        let address = first.split("http://").nth(1).expect("an address").to_owned();
        // Whoever prints into a pipe that nobody reads waits.
        std::thread::spawn(move || served.for_each(drop));
        let file = stage.directory().join("network.yaml");
        let network = std::fs::read_to_string(&file).expect("the case has a network");
        let network = network.replace("http://127.0.0.1:8080", &format!("http://{address}"));
        std::fs::write(file, network).expect("it can be written");
        let keys = loop {
            // Both are written before it serves, but the line may come first.
            match std::fs::read_to_string(stage.directory().join("keys.env")) {
                Ok(keys) if keys.ends_with('\n') => break keys,
                Ok(_) | Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
            }
        };
        let exports = keys.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        let env = exports.map(|(name, key)| (name.to_owned(), key.trim_matches(['\'', '"']).to_owned()));
        Self { process, env: env.collect(), stage }
    }

    fn directory(&self) -> &Path {
        self.stage.directory()
    }

    /// Starts a command.
    fn start(&self, arguments: &str, store: &str) -> Child {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Command::new(env!("CARGO_BIN_EXE_zonal"))
            .args(arguments.split_whitespace())
            .args(["--environment", "emulator"])
            .env_clear()
            .env("PATH", path)
            .envs(&self.env)
            .env("ZONAL_STORE", store)
            .current_dir(self.directory())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started")
    }

    fn run(&self, arguments: &str, store: &str) -> Output {
        self.start(arguments, store).wait_with_output().expect("it ends")
    }

    /// Runs a command that must end well, and returns what it printed.
    fn done(&self, arguments: &str, store: &str) -> String {
        let Output { status, stdout, stderr } = self.run(arguments, store);
        assert!(status.success(), "{arguments}: {status}\n{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("it prints text")
    }

    /// Runs a command four times at once, each for its shard.
    fn in_four(&self, arguments: &str, store: &str) {
        let shards = (1..=4).map(|shard| self.start(&format!("{arguments} --shard {shard}/4"), store));
        let running: Vec<Child> = shards.collect();
        for child in running {
            let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
            assert!(status.success(), "{arguments}: {status}\n{}", String::from_utf8_lossy(&stderr));
        }
    }

    /// What the zones hold.
    fn zones(&self, store: &str) -> Json {
        self.done("snapshot --out snapshot.json", store);
        let text = std::fs::read_to_string(self.directory().join("snapshot.json")).expect("it was written");
        let snapshot: Json = serde_json::from_str(&text).expect("a snapshot is JSON");
        assert_eq!(snapshot["zones"].as_array().map_or(0, Vec::len), 12, "{}", snapshot["zones"]);
        snapshot["zones"].clone()
    }
}

/// A plan without what differs from one run to the next, and without what it means, which each shard tells of its own
/// zones.
fn plan(text: &str) -> Json {
    let mut plan: Json = serde_json::from_str(text).expect("a plan is JSON");
    plan["reconciler"]["cost"]["quota_percent"] = Json::Null;
    assert!(plan["reconciler"]["impacts"].is_array(), "it means something");
    plan["reconciler"]["impacts"] = Json::Null;
    plan
}

/// Four processes with a store of their own do what one does.
fn four_do_what_one_does(store: &str) {
    let (one, four) = (EmulatorProcess::new(), EmulatorProcess::new());
    let planned = plan(&four.done("plan --json --store none", store));
    four.in_four("plan --run-group plans", store);
    assert_eq!(plan(&four.done("runs merge --run-group plans --json", store)), planned);

    one.done("apply --yes --store none", store);
    four.in_four("apply --yes --run-group applies", store);
    let report: Json =
        serde_json::from_str(&four.done("runs merge --run-group applies --json", store)).expect("JSON");
    let zones: Vec<&str> =
        report["zones"].as_array().into_iter().flatten().filter_map(|zone| zone["code"].as_str()).collect();
    assert_eq!(zones.len(), 12, "{zones:?}");
    let text = four.done("runs merge --run-group applies", store);
    assert!(text.contains("Apply complete! Records: 46 added, 2 changed, 0 destroyed."), "{text}");
    assert_eq!(four.zones(store), one.zones(store));
    let verified = four.done("history verify", store);
    assert!(verified.starts_with("48 entries, unbroken"), "{verified}");

    // A shard that has not come yet is missed.
    four.done("drift --shard 1/4 --run-group night", store);
    let missing = four.run("runs merge --run-group night", store);
    assert_eq!(missing.status.code(), Some(6));
    let told = String::from_utf8_lossy(&missing.stderr).into_owned();
    for shard in ["2/4", "3/4", "4/4"] {
        assert!(told.contains(&format!("shard {shard} is missing")), "{told}");
    }
}

#[test]
fn four_processes_with_one_file_do_what_one_process_does() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let file: PathBuf = directory.path().join("store.db");
    four_do_what_one_does(&file.display().to_string());
}

#[test]
fn four_processes_with_one_server_do_what_one_process_does() {
    four_do_what_one_does(&crate::postgres_server::database());
}

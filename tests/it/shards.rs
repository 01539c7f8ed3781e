//! Sharded runs against a single run: the built program, over sockets, with a shared store.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value as Json;

use crate::case_runner::{CaseNetwork, case};

/// Emulator process, stopped on drop.
struct EmulatorProcess {
    process: Child,
    stage: CaseNetwork,
    env: BTreeMap<String, String>,
}

impl Drop for EmulatorProcess {
    fn drop(&mut self) {
        // The process may have ended already.
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
                "--keys-out",
                "keys.env",
            ])
            .current_dir(stage.directory())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("program should start");
        let mut served = BufReader::new(process.stdout.take().expect("stream should be a pipe")).lines();
        let first = served.next().expect("emulator should print its address").expect("output should be text");
        let address = first.split("http://").nth(1).expect("address should be valid").to_owned();
        // Reads the rest, because a full pipe would block the emulator.
        std::thread::spawn(move || served.for_each(drop));
        stage.edit("network.yaml", "http://127.0.0.1:8080", &format!("http://{address}"));
        let keys = loop {
            // The emulator writes the file before it serves, but may print the line first.
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
            .expect("program should start")
    }

    fn run(&self, arguments: &str, store: &str) -> Output {
        self.start(arguments, store).wait_with_output().expect("should end")
    }

    /// Runs a command without failure, and returns its output.
    fn done(&self, arguments: &str, store: &str) -> String {
        let Output { status, stdout, stderr } = self.run(arguments, store);
        assert!(status.success(), "{arguments}: {status}\n{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("output should be text")
    }

    /// Runs a command in four concurrent processes, one per shard.
    fn in_four(&self, arguments: &str, store: &str) {
        let shards = (1..=4).map(|shard| self.start(&format!("{arguments} --shard {shard}/4"), store));
        let running: Vec<Child> = shards.collect();
        for child in running {
            let Output { status, stderr, .. } = child.wait_with_output().expect("should end");
            assert!(status.success(), "{arguments}: {status}\n{}", String::from_utf8_lossy(&stderr));
        }
    }

    /// Returns the observed state of the zones.
    fn zones(&self, store: &str) -> Json {
        self.done("snapshot --out snapshot.json", store);
        let text =
            std::fs::read_to_string(self.directory().join("snapshot.json")).expect("file should be written");
        let snapshot: Json = serde_json::from_str(&text).expect("snapshot should be JSON");
        assert_eq!(snapshot["zones"].as_array().map_or(0, Vec::len), 12, "{}", snapshot["zones"]);
        snapshot["zones"].clone()
    }
}

/// Parses a plan and removes values that differ between runs, and the impact, which each shard lists for its
/// own zones.
fn plan(text: &str) -> Json {
    let mut plan: Json = serde_json::from_str(text).expect("plan should be JSON");
    plan["reconciler"]["cost"]["quota_percent"] = Json::Null;
    assert!(plan["reconciler"]["impacts"].is_array(), "the plan should list impacts");
    plan["reconciler"]["impacts"] = Json::Null;
    // The time of the plan.
    plan["reconciler"]["origin"] = Json::Null;
    plan
}

/// Checks that four processes with one store have the same result as a single process.
fn four_do_what_one_does(store: &str) {
    let (one, four) = (EmulatorProcess::new(), EmulatorProcess::new());
    let planned = plan(&four.done("plan --json --store none", store));
    four.in_four("plan --run-group plans", store);
    assert_eq!(plan(&four.done("runs merge --run-group plans --json", store)), planned);

    one.done("apply --yes --store none", store);
    four.in_four("apply --yes --run-group applies", store);
    let report: Json = serde_json::from_str(&four.done("runs merge --run-group applies --json", store))
        .expect("should be JSON");
    let zones: Vec<&str> =
        report["zones"].as_array().into_iter().flatten().filter_map(|zone| zone["code"].as_str()).collect();
    assert_eq!(zones.len(), 12, "{zones:?}");
    let text = four.done("runs merge --run-group applies", store);
    assert!(text.contains("Apply complete! Records: 46 added, 2 changed, 0 destroyed."), "{text}");
    assert_eq!(four.zones(store), one.zones(store));
    let verified = four.done("history verify", store);
    assert!(verified.starts_with("48 entries, chain intact"), "{verified}");

    // Merge reports unfinished shards as missing.
    four.done("drift --shard 1/4 --run-group night", store);
    let missing = four.run("runs merge --run-group night", store);
    assert_eq!(missing.status.code(), Some(6));
    let told = String::from_utf8_lossy(&missing.stderr).into_owned();
    for shard in ["2/4", "3/4", "4/4"] {
        assert!(told.contains(&format!("shard {shard} is missing")), "{told}");
    }
}

#[test]
fn four_shards_on_sqlite_equal_one_process() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let file: PathBuf = directory.path().join("store.db");
    four_do_what_one_does(&file.display().to_string());
}

#[test]
fn four_shards_on_postgres_equal_one_process() {
    four_do_what_one_does(&crate::postgres_server::database());
}

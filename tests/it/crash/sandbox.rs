//! Config directory with an emulated network on loopback, and the program as a process of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use sqlx::Connection as _;
use tokio::process::{Child, Command};
use zonal::emulator::EmulatedTableType;
use zonal::model::{AppliedChange, RunState};
use zonal::store::{ChainCheck, HistoryFilter, Store, StoreAccess, StoreLocation, StoreScope, WaitMode};

use super::request_gate::RequestGate;
use crate::case_runner::CaseNetwork;

/// Files of a config directory, by name.
pub type ConfigFiles = &'static [(&'static str, &'static str)];

/// Config directory and network in which the program runs.
pub struct ProcessSandbox {
    pub stage: CaseNetwork,
    pub gate: RequestGate,
    serving: tokio::task::JoinHandle<()>,
}

/// Result of a process.
pub struct ProcessResult {
    pub out: String,
    pub err: String,
    /// Exit code, or `None` if a signal ended the process.
    pub code: Option<i32>,
}

impl ProcessSandbox {
    /// Creates a config directory with the default store, and serves its network.
    pub async fn new(files: ConfigFiles) -> Self {
        Self::on(files, None).await
    }

    /// Creates a config directory with a store at this address, and serves its network.
    pub async fn on(files: ConfigFiles, store: Option<String>) -> Self {
        let case = tempfile::tempdir().expect("temporary directory");
        for (name, text) in files {
            std::fs::write(case.path().join(name), text).expect("file should be writable");
        }
        let mut stage = CaseNetwork::new(case.path());
        stage.env.extend(store.map(|store| ("ZONAL_STORE".to_owned(), store)));
        stage.happen(r#"behaviour {"latency_ms": 0, "per_second": 4294967295, "daily": 4294967295}"#);
        let listener =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback port should be free");
        let address = listener.local_addr().expect("listener should have an address");
        let gate = RequestGate::default();
        let router = gate.before(stage.emulator.router());
        let serving =
            tokio::spawn(async move { axum::serve(listener, router).await.expect("server should run") });
        stage.edit("network.yaml", "http://127.0.0.1:1", &format!("http://{address}"));
        Self { stage, gate, serving }
    }

    /// Returns the command that runs the program.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonal"));
        command.args(words.split_whitespace()).current_dir(self.stage.directory());
        command.env_clear().envs(&self.stage.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts the program.
    pub fn start(&self, words: &str) -> Child {
        self.command(words).spawn().expect("program should start")
    }

    /// Runs the program until it ends.
    pub async fn run(&self, words: &str) -> ProcessResult {
        ended(self.start(words)).await
    }

    /// Runs the program, and checks its exit code.
    pub async fn expect(&self, words: &str, code: i32) -> ProcessResult {
        let ended = self.run(words).await;
        assert_eq!(ended.code, Some(code), "{words}: {}{}", ended.out, ended.err);
        ended
    }

    /// Starts the program and kills it once a request pauses. Returns false if the program ended before.
    pub async fn kill(&self, words: &str) -> bool {
        let mut child = self.start(words);
        let killed = tokio::select! {
            () = self.gate.held() => true,
            _ = child.wait() => false,
        };
        if killed {
            child.start_kill().expect("process should be killed");
            child.wait().await.expect("should end");
        }
        self.gate.open();
        killed
    }

    /// Returns the contents of all zones.
    pub fn holding(&self) -> BTreeMap<String, String> {
        let control = self.stage.emulator.control();
        let mut holding = BTreeMap::new();
        let zones: Vec<String> = control.zones().map(|zone| zone.code.clone()).collect();
        for zone in zones {
            for kind in [EmulatedTableType::Code, EmulatedTableType::Mapping] {
                for name in control.tables(&zone, kind).expect("zone should exist") {
                    let table = control.table(&zone, kind, &name).expect("table should exist");
                    holding.insert(format!("{zone} {name}"), format!("{table:?}"));
                }
            }
            for kind in ["AuthorityTaskList", "AuthorityReportTypes"] {
                let records = control.records(&zone, kind).expect("zone should exist");
                holding.insert(format!("{zone} {kind}"), format!("{records:?}"));
            }
        }
        holding
    }

    /// Returns the file of the store.
    pub fn file(&self) -> PathBuf {
        self.stage.directory().join(".zonal/store.db")
    }

    /// Opens the store, or returns `None` if no command has created it.
    pub async fn store(&self) -> Option<Store> {
        let location = match self.stage.env.get("ZONAL_STORE") {
            Some(address) => StoreLocation::parse(address).expect("address should be valid"),
            None => StoreLocation::File(self.file()),
        };
        Store::open(location, StoreAccess::Read, WaitMode::Async).await.expect("store should open")
    }

    /// Returns the sorted entries of the history, after verifying its chain.
    pub async fn history(&self) -> Vec<(String, AppliedChange)> {
        let Some(store) = self.store().await else { return Vec::new() };
        let page = store
            .history(self.scope(), HistoryFilter::Everything, None, 1000)
            .await
            .expect("should be readable");
        let chain = store.follow(&|_| {}).await.expect("chain should be readable");
        assert!(
            matches!(chain, ChainCheck::Intact { entries, .. } if entries == page.entries.len() as u64),
            "{chain:?}"
        );
        let mut listed: Vec<(String, AppliedChange)> =
            page.entries.into_iter().map(|entry| (entry.address.to_string(), entry.done)).collect();
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        listed
    }

    /// Executes SQL on the store directly.
    pub async fn sql(&self, text: &str) {
        sqlx::any::install_default_drivers();
        let address = format!("sqlite:{}?mode=rw", self.file().display());
        let mut store = sqlx::AnyConnection::connect(&address).await.expect("store should open");
        let text = sqlx::AssertSqlSafe(text.to_owned());
        sqlx::raw_sql(text).execute(&mut store).await.expect("statement should succeed");
        store.close().await.expect("connection should close");
    }

    /// Returns the number of the first write in the network's request log, counted from 1.
    pub fn first_write(&self) -> usize {
        let requests = self.stage.emulator.control().requests();
        requests.iter().position(|request| request.method == "PUT").expect("a write should be logged") + 1
    }

    /// Returns the states of the runs, latest first.
    pub async fn states(&self) -> Vec<RunState> {
        let Some(store) = self.store().await else { return Vec::new() };
        let runs = store.runs(self.scope(), 50).await.expect("runs should be readable");
        runs.into_iter().map(|each| each.run.state).collect()
    }

    /// Returns the network and environment in the store.
    pub fn scope(&self) -> StoreScope {
        StoreScope { network: "duo".into(), environment: "".into() }
    }
}

impl Drop for ProcessSandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Sends a signal to a process.
pub fn signal(child: &Child, signal: &str) {
    let process = child.id().expect("should exist").to_string();
    // A small system has no program `kill`, but every shell has the command.
    let sent = std::process::Command::new("sh").args(["-c", "kill \"$0\" \"$1\"", signal, &process]).status();
    assert!(sent.expect("sh should start").success());
}

/// Waits for a process.
pub async fn ended(child: Child) -> ProcessResult {
    let output = child.wait_with_output().await.expect("should end");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    ProcessResult { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
}

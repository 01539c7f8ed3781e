//! A config directory, its network over loopback, and the real program as a process of its own.

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

/// A config directory: its files by name.
pub type ConfigFiles = &'static [(&'static str, &'static str)];

/// Where the program is run, and what it is run against.
pub struct ProcessSandbox {
    pub stage: CaseNetwork,
    pub gate: RequestGate,
    serving: tokio::task::JoinHandle<()>,
}

/// What a process came to.
pub struct ProcessResult {
    pub out: String,
    pub err: String,
    /// `None` where a signal ended it.
    pub code: Option<i32>,
}

impl ProcessSandbox {
    /// Lays out a config directory and serves its network. The store is the file that is made where none is named.
    pub async fn new(files: ConfigFiles) -> Self {
        Self::on(files, None).await
    }

    /// The same, with a store of this address.
    pub async fn on(files: ConfigFiles, store: Option<String>) -> Self {
        let case = tempfile::tempdir().expect("a temporary directory can be made");
        for (name, text) in files {
            std::fs::write(case.path().join(name), text).expect("it can be written");
        }
        let mut stage = CaseNetwork::new(case.path());
        stage.env.extend(store.map(|store| ("ZONAL_STORE".to_owned(), store)));
        stage.happen(r#"behaviour {"latency_ms": 0, "per_second": 4294967295, "daily": 4294967295}"#);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let gate = RequestGate::default();
        let router = gate.before(stage.emulator.router());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let place = Self { stage, gate, serving };
        place.edit("network.yaml", "http://127.0.0.1:1", &format!("http://{address}"));
        place
    }

    /// Replaces a text in a file of the config directory.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.stage.directory().join(file);
        let text = std::fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{file} does not say {from}");
        std::fs::write(path, text.replace(from, to)).expect("it can be written");
    }

    /// The program, about to be started.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zonal"));
        command.args(words.split_whitespace()).current_dir(self.stage.directory());
        command.env_clear().envs(&self.stage.env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts the program.
    pub fn start(&self, words: &str) -> Child {
        self.command(words).spawn().expect("the program can be started")
    }

    /// Runs the program to its end.
    pub async fn run(&self, words: &str) -> ProcessResult {
        ended(self.start(words)).await
    }

    /// Runs the program, and expects it to end so.
    pub async fn expect(&self, words: &str, code: i32) -> ProcessResult {
        let ended = self.run(words).await;
        assert_eq!(ended.code, Some(code), "{words}: {}{}", ended.out, ended.err);
        ended
    }

    /// Starts the program and kills it once a request is held. `false` where it came to its end before.
    pub async fn kill(&self, words: &str) -> bool {
        let mut child = self.start(words);
        let killed = tokio::select! {
            () = self.gate.held() => true,
            _ = child.wait() => false,
        };
        if killed {
            child.start_kill().expect("it can be killed");
            child.wait().await.expect("it ends");
        }
        self.gate.open();
        killed
    }

    /// Everything that the zones hold.
    pub fn holding(&self) -> BTreeMap<String, String> {
        let control = self.stage.emulator.control();
        let mut holding = BTreeMap::new();
        let zones: Vec<String> = control.zones().map(|zone| zone.code.clone()).collect();
        for zone in zones {
            for kind in [EmulatedTableType::Code, EmulatedTableType::Mapping] {
                for name in control.tables(&zone, kind).expect("the zone is there") {
                    let table = control.table(&zone, kind, &name).expect("the table is there");
                    holding.insert(format!("{zone} {name}"), format!("{table:?}"));
                }
            }
            for kind in ["AuthorityTaskList", "AuthorityReportTypes"] {
                let records = control.records(&zone, kind).expect("the zone is there");
                holding.insert(format!("{zone} {kind}"), format!("{records:?}"));
            }
        }
        holding
    }

    /// The file of the store.
    pub fn file(&self) -> PathBuf {
        self.stage.directory().join(".zonal/store.db")
    }

    /// The store; `None` where no command has made one.
    pub async fn store(&self) -> Option<Store> {
        let location = match self.stage.env.get("ZONAL_STORE") {
            Some(address) => StoreLocation::parse(address).expect("it is an address"),
            None => StoreLocation::File(self.file()),
        };
        Store::open(location, StoreAccess::Read, WaitMode::Async).await.expect("the store can be opened")
    }

    /// What the history lists, in an order of its own, once its chain was found to be whole.
    pub async fn history(&self) -> Vec<(String, AppliedChange)> {
        let Some(store) = self.store().await else { return Vec::new() };
        let page =
            store.history(self.scope(), HistoryFilter::Everything, None, 1000).await.expect("it can be read");
        let chain = store.follow(&|_| {}).await.expect("the chain can be followed");
        assert!(
            matches!(chain, ChainCheck::Intact { entries, .. } if entries == page.entries.len() as u64),
            "{chain:?}"
        );
        let mut listed: Vec<(String, AppliedChange)> =
            page.entries.into_iter().map(|entry| (entry.address.to_string(), entry.done)).collect();
        listed.sort_by(|a, b| a.0.cmp(&b.0));
        listed
    }

    /// Does something to the store behind the program's back.
    pub async fn sql(&self, text: &str) {
        sqlx::any::install_default_drivers();
        let address = format!("sqlite:{}?mode=rw", self.file().display());
        let mut store = sqlx::AnyConnection::connect(&address).await.expect("the store can be opened");
        let text = sqlx::AssertSqlSafe(text.to_owned());
        sqlx::raw_sql(text).execute(&mut store).await.expect("it can be done");
        store.close().await.expect("it can be closed");
    }

    /// The number of the first request of the network's log that writes, counted from 1.
    pub fn first_write(&self) -> usize {
        let requests = self.stage.emulator.control().requests();
        requests.iter().position(|request| request.method == "PUT").expect("something was written") + 1
    }

    /// How the runs stand, the latest first.
    pub async fn states(&self) -> Vec<RunState> {
        let Some(store) = self.store().await else { return Vec::new() };
        let runs = store.runs(self.scope(), 50).await.expect("they can be read");
        runs.into_iter().map(|each| each.run.state).collect()
    }

    /// Whose things in the store are meant.
    pub fn scope(&self) -> StoreScope {
        StoreScope { network: "duo".into(), environment: "".into() }
    }
}

impl Drop for ProcessSandbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Sends a process a signal.
pub fn signal(child: &Child, signal: &str) {
    let process = child.id().expect("it is there").to_string();
    let sent = std::process::Command::new("kill").args([signal, &process]).status();
    assert!(sent.expect("kill can be run").success());
}

/// Waits for a process.
pub async fn ended(child: Child) -> ProcessResult {
    let output = child.wait_with_output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    ProcessResult { out: text(output.stdout), err: text(output.stderr), code: output.status.code() }
}

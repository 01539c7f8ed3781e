//! Storm of command lines: processes with a real store that apply, resume, restore and revert, and are killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use zonal::cli::{self, CommandContext};
use zonal::emulator::EmulatorConfig;

use super::contents::{DeclaredCells, TABLES};
use super::fate::Weather;
use super::gateway;
use super::life::{StormResult, end_of_life, librarians, padded, undo_by_chance, wanting_anywhere};
use super::network::StormNetwork;
use super::random::StormRandom;
use super::restore_check::RunLedger;
use super::shortness::Shortness;
use super::store_file::StoreFile;
use crate::case_runner::{CapturedOutput, CaseNetwork, CommandOutput, command_words};
use crate::generated_networks::{CODES, GeneratedScenario};
use crate::simulated_network::{SimulatedNetwork, files};

/// Network with a config directory and a store, in which processes run command lines.
pub struct CommandStorm {
    scenario: GeneratedScenario,
    stage: CaseNetwork,
    pub network: StormNetwork,
    pub store: StoreFile,
    /// Manifests overwrite what librarians changed since the last apply.
    is_ours: bool,
    processes: usize,
    /// What the runs wrote, by number.
    pub runs: BTreeMap<i64, RunLedger>,
}

/// Command line of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StormCommand {
    Apply,
    Resume,
    /// Restores or reverts a run.
    Undo(&'static str, i64),
}

impl StormCommand {
    fn line(&self) -> String {
        match self {
            Self::Apply => "zonal apply --yes".to_owned(),
            Self::Resume => "zonal resume".to_owned(),
            Self::Undo(verb, run) => format!("zonal {verb} run-{run} --yes"),
        }
    }
}

/// Writes the config directory of a scenario.
fn write_config(scenario: &GeneratedScenario, is_ours: bool, directory: &Path) {
    const LIMITS: &str = "{collection: null, zone: null, network: null}";
    let keys = "environmentType: sandbox\n  credentials: {read: {env: 'ZONAL_READ_{code}'}, write: {env: 'ZONAL_WRITE_{code}'}}\n  \
                gateway: {url: https://config.omni.example/gateway, credentials: {read: {env: \
                ZONAL_GATEWAY_READ}, write: {env: ZONAL_GATEWAY_WRITE}}}";
    let limits = ["creates", "updates", "disables", "deletes"].map(|each| format!("{each}: {LIMITS}"));
    let guards = format!("{keys}\n  guards: {{limits: {{{}}}}}", limits.join(", "));
    for source in files(scenario) {
        let text = source.text.expect("text").replace("credentials: {read: {env: 'R_{code}'}}", &guards);
        let conflict = if is_ours { "ours" } else { "defer" };
        let text = match &*source.file == "network.yaml" {
            true => text,
            false => text.replacen("spec:\n", &format!("spec:\n  conflict: {conflict}\n"), 1),
        };
        std::fs::write(directory.join(&*source.file), text).expect("file should be writable");
    }
    std::fs::write(directory.join("terms.yaml"), gateway::manifest()).expect("file should be writable");
}

/// Runs the storm of a seed. Needs a paused clock.
pub async fn live(seed: u64) -> StormResult {
    let mut random = StormRandom::new(seed ^ 0x5eed_0000);
    let scenario = padded(seed, &mut random).without_similar_keys();
    let is_ours = random.percent(50);
    let directory = tempfile::tempdir().expect("temporary directory");
    write_config(&scenario, is_ours, directory.path());
    let stage = CaseNetwork::new(directory.path());
    let control = stage.emulator.control();
    control.set_behaviour(EmulatorConfig::without_thresholds()).expect("behaviour should be valid");
    for held in &scenario.zones {
        for seed in GeneratedScenario::seeds(held) {
            control.put_table(held.code, seed).expect("zone should exist");
        }
    }
    let zones = scenario.zones.iter().map(|held| (held.code, held.language)).collect();
    let declared = DeclaredCells::new(&scenario);
    let (is_known, attempts) = (random.percent(80), 1 + random.below(3));
    let mut network = StormNetwork::new(stage.emulator.transport(), control, zones, declared, random);
    network.has_gateway = true;
    let store = StoreFile::new(stage.directory().join(".zonal/store.db"));
    let mut storm =
        CommandStorm { scenario, stage, network, store, is_ours, processes: 0, runs: BTreeMap::new() };
    if is_known {
        storm.begin().await;
    }
    for _ in 0..attempts {
        let kills = storm.kills();
        storm.attempt().await;
        let is_killed = storm.kills() > kills;
        storm.take_up().await;
        if is_killed || storm.network.state().random.percent(50) {
            storm.restore_a_run().await;
        }
    }
    storm.end().await;
    let mut state = storm.network.state();
    StormResult { happened: state.happened.clone(), broken: std::mem::take(&mut state.broken) }
}

impl CommandStorm {
    /// Applies once in calm weather, so that the store knows all tables.
    async fn begin(&mut self) {
        let output = self.alone(StormCommand::Apply).await;
        match output.code {
            0 => self.network.accept_all(),
            _ => self.report(format!("the first apply ends with {}", shown(&output))),
        }
    }

    fn kills(&self) -> u64 {
        self.network.state().happened.get("Kill").copied().unwrap_or_default()
    }

    pub fn report(&self, line: String) {
        self.network.state().broken.push(line);
    }

    /// Runs commands in bad weather, in one or two processes.
    async fn attempt(&mut self) {
        let count = {
            let mut state = self.network.state();
            state.weather = Weather::random(&mut state.random);
            state.random.pick(&[1, 1, 1, 2])
        };
        undo_by_chance(&self.network, &self.scenario);
        self.shorten_by_chance();
        let last = self.store.last_run();
        let commands: Vec<StormCommand> = (0..count).map(|_| self.random_command(last)).collect();
        let numbers: Vec<usize> = commands.iter().map(|_| self.new_process()).collect();
        let runs = numbers.iter().zip(&commands).map(|(number, command)| self.run(*number, command));
        tokio::select! {
            biased;
            _ = join_all(runs) => {}
            () = librarians(&self.network) => {}
            () = self.take_leases() => {}
        }
        self.network.check_mangled(&numbers);
        let ledger = self.ledger(&numbers);
        // With several processes, it is unknown which run is whose.
        let is_one = self.store.last_run() == last + 1 && count == 1;
        if is_one {
            self.runs.insert(last + 1, ledger);
        } else if let ([StormCommand::Resume], Some(resumed)) = (&commands[..], self.runs.get_mut(&last)) {
            resumed.add(ledger);
        }
    }

    /// Makes tables answer without some rows from the start, for the plan and the writes of the next processes.
    fn shorten_by_chance(&self) {
        let state = &mut *self.network.state();
        if state.accepted.is_none() || state.weather.faults == 0 || !state.random.percent(25) {
            return;
        }
        let until = Instant::now() + Duration::from_secs(120);
        for (zone, _) in self.network.zones.iter() {
            for table in TABLES.into_iter().filter(|_| state.random.percent(30)) {
                let place = ((*zone).to_owned(), table.to_owned());
                state.short_until.insert(place, (until, Shortness::HalfOfTheRows));
            }
        }
    }

    fn random_command(&self, last: i64) -> StormCommand {
        let mut state = self.network.state();
        match state.random.below(100) {
            0..15 => StormCommand::Resume,
            15..25 if last > 0 => {
                let verb = state.random.pick(&["restore", "restore", "revert"]);
                StormCommand::Undo(verb, 1 + state.random.below(last as u64) as i64)
            }
            _ => StormCommand::Apply,
        }
    }

    pub fn new_process(&mut self) -> usize {
        self.processes += 1;
        self.processes
    }

    /// Runs a command line, unless its process is killed before the end.
    async fn run(&self, number: usize, command: &StormCommand) {
        let (start, life, kill) = {
            let mut state = self.network.state();
            let state = &mut *state;
            let start = state.random.duration(3_000);
            let life = state.random.percent(15).then(|| state.random.duration(20_000));
            let killed_at = state.random.percent(35).then(|| 1 + state.random.below(80) as usize);
            let killed_at_put = state.random.percent(20).then(|| 1 + state.random.below(6) as usize);
            let known = state.processes.entry(number).or_default();
            (known.killed_at, known.killed_at_put) = (killed_at, killed_at_put);
            known.may_die = life.is_some() || killed_at.is_some() || killed_at_put.is_some();
            (start, life, Arc::clone(&known.kill))
        };
        sleep(start).await;
        tokio::select! {
            biased;
            output = self.command(number, command) => self.check_exit(number, command, &output),
            () = kill.notified() => self.network.count("Kill"),
            () = end_of_life(life) => self.network.count("Kill"),
        }
    }

    /// Runs a command line to its end.
    async fn command(&self, number: usize, command: &StormCommand) -> CommandOutput {
        let name = format!("{command:?}");
        self.network.count(&format!("Run {}", name.split('(').next().unwrap_or_default()));
        if *command != StormCommand::Apply {
            let state = &mut *self.network.state();
            let puts = state.processes.values().flat_map(|process| &process.written);
            let rows = RunLedger::of(puts).rows();
            let process = state.processes.entry(number).or_default();
            process.takes_back = Some(rows);
            process.resumes = *command == StormCommand::Resume;
        }
        let (out, err) = (CapturedOutput::default(), CapturedOutput::default());
        let (_sender, interrupts) = watch::channel(0);
        let context = CommandContext {
            transport: Some(Arc::new(self.network.process(number))),
            ..self.stage.context(&out, &err, interrupts)
        };
        self.network.trace(|| format!("{number} {}", command.line()));
        let exit = cli::run(command_words(&command.line()), &context).await;
        self.network.trace(|| format!("{number} exit {}", exit.code()));
        CommandOutput { out: out.text(), err: err.text(), code: exit.code() }
    }

    /// Checks the exit code of a process against its PUTs.
    fn check_exit(&self, number: usize, command: &StormCommand, output: &CommandOutput) {
        self.network.count(&format!("Exit {}", output.code));
        let line = {
            let state = self.network.state();
            let Some(process) = state.processes.get(&number) else { return };
            match output.code {
                0 if !process.mangled.is_empty() => "rows of others changed, but the exit code is 0",
                1 if !process.written.is_empty() => "PUTs were processed, but the exit code is 1",
                0..=7 => return,
                _ => "no documented exit code",
            }
        };
        self.report(format!("process {number}, {}: {line}: {}", command.line(), shown(output)));
    }

    /// Ends leases at random times, so that another process can take them.
    async fn take_leases(&self) {
        loop {
            let pause = self.network.state().random.duration(60_000);
            sleep(pause + Duration::from_millis(500)).await;
            if self.network.state().weather.store > 0 {
                self.store.end_leases();
                self.network.count("Lost lease");
            }
        }
    }

    /// Returns what the processes wrote.
    pub fn ledger(&self, numbers: &[usize]) -> RunLedger {
        let state = self.network.state();
        let processes = numbers.iter().filter_map(|number| state.processes.get(number));
        RunLedger::of(processes.flat_map(|process| &process.written))
    }

    /// Runs a command line alone in calm weather, to its end.
    pub async fn alone(&mut self, command: StormCommand) -> CommandOutput {
        self.network.calm_down().await;
        let number = self.new_process();
        self.command(number, &command).await
    }

    /// Resumes what was interrupted.
    async fn take_up(&mut self) {
        for _ in 0..6 {
            let last = self.processes + 1;
            let output = self.alone(StormCommand::Resume).await;
            if output.out.contains("Nothing to resume") || !self.store.exists() {
                return;
            }
            if !matches!(output.code, 0 | 3 | 4 | 5 | 7) {
                return self.report(format!("resume in calm weather ends with {}", shown(&output)));
            }
            let run = self.store.last_run();
            let ledger = self.ledger(&[last]);
            if let Some(resumed) = self.runs.get_mut(&run) {
                resumed.add(ledger);
            }
        }
        self.report("the sixth resume in calm weather finds something to resume".to_owned());
    }

    /// Applies once more in calm weather, and once more without any need.
    async fn end(&mut self) {
        let output = self.alone(StormCommand::Apply).await;
        let is_waiting = output.code == 4 && !self.is_ours;
        if output.code != 0 && !is_waiting {
            self.report(format!("apply after the storm ends with {}", shown(&output)));
        }
        let puts = self.network.state().puts;
        let output = self.alone(StormCommand::Apply).await;
        if output.code != 0 && !is_waiting {
            self.report(format!("the second apply ends with {}", shown(&output)));
        }
        if self.network.state().puts != puts {
            self.report(format!("the second apply sends a PUT: {}", shown(&output)));
        }
        let output = self.alone(StormCommand::Resume).await;
        if !output.out.contains("Nothing to resume") {
            self.report(format!("there is something to resume after the storm: {}", shown(&output)));
        }
        if is_waiting {
            return self.network.count("Conflict at the end");
        }
        let stage = SimulatedNetwork {
            emulator: self.stage.emulator.clone(),
            ..SimulatedNetwork::new(&self.scenario, EmulatorConfig::without_thresholds())
        };
        let mut broken = self.network.wrong_records(|zone| zone != CODES[0]);
        broken.extend(wanting_anywhere(&self.scenario, &stage));
        broken.into_iter().for_each(|line| self.report(format!("after the storm: {line}")));
    }
}

pub fn shown(output: &CommandOutput) -> String {
    format!("exit {}:\n{}{}", output.code, output.out, output.err)
}

/// Returns the cells of all tables.
pub fn all_cells(network: &StormNetwork) -> BTreeMap<(String, String), super::contents::Cells> {
    let places = network.zones.iter().flat_map(|(zone, _)| TABLES.map(|table| (*zone, table)));
    places
        .map(|(zone, table)| {
            let cells = super::contents::current(&network.control, zone, table);
            ((zone.to_owned(), table.to_owned()), cells)
        })
        .collect()
}

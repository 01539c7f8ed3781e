//! One storm: a random network, some attempts to apply in bad weather, and one in calm weather.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::time::sleep;
use zonal::emulator::{EmulatedCodeRow, EmulatedMappingRow, EmulatorConfig};
use zonal::model::{ApplyEvent, CollectionId, TableName, WriteOutcome};

use super::contents::{DeclaredCells, TABLES};
use super::fate::Weather;
use super::journal::{LEASE, StormJournal, StormLeases};
use super::network::StormNetwork;
use super::random::StormRandom;
use super::sockets::SocketTransport;
use crate::failure_simulations::wanting;
use crate::generated_networks::{GeneratedScenario, GeneratedTable, GeneratedZoneState, scenarios};
use crate::simulated_network::{SimulatedNetwork, failures, trouble};

/// Rows without an owner that every table has, so that half of a table is a short answer.
const PADDING: usize = 6;

/// Result of a storm.
pub struct StormResult {
    /// Counts by name of what happened.
    pub happened: BTreeMap<String, u64>,
    /// Broken laws, one line each.
    pub broken: Vec<String>,
}

struct Storm {
    scenario: GeneratedScenario,
    stage: SimulatedNetwork,
    network: StormNetwork,
    leases: StormLeases,
    processes: usize,
}

/// Returns the scenario of a seed.
fn scenario(seed: u64) -> GeneratedScenario {
    let mut bytes = [0_u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    scenarios().new_tree(&mut runner).expect("scenario should be generated").current()
}

/// Returns the network and the manifests of a storm, with rows of others in every table.
pub fn padded(seed: u64, random: &mut StormRandom) -> GeneratedScenario {
    let mut scenario = scenario(seed).in_english();
    if random.percent(80) {
        scenario = scenario.without_deletions().in_english();
    }
    for held in &mut scenario.zones {
        for number in 1..=PADDING {
            let key = format!("PAD{number}");
            held.mappings.push(EmulatedMappingRow::new(&[&key, "A", "padding"]));
            held.codes.iter_mut().for_each(|rows| {
                rows.push(EmulatedCodeRow::new(&key, "padding").in_language("fr", "remplissage"))
            });
        }
    }
    scenario
}

/// Runs the storm of a seed, on a paused clock, or over sockets with long times divided by `haste`.
pub async fn live(seed: u64, haste: u32) -> StormResult {
    let mut random = StormRandom::new(seed);
    let scenario = padded(seed, &mut random);
    let stage = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
    let zones = scenario.zones.iter().map(|held| (held.code, held.language)).collect();
    let declared = DeclaredCells::new(&scenario);
    let attempts = 1 + random.below(5);
    let network = StormNetwork::new(stage.emulator.transport(), stage.control(), zones, declared, random);
    network.state().haste = haste;
    let mut storm = Storm { scenario, stage, network, leases: StormLeases::default(), processes: 0 };
    for _ in 0..attempts {
        storm.attempt().await;
    }
    storm.end().await;
    let mut state = storm.network.state();
    StormResult { happened: state.happened.clone(), broken: std::mem::take(&mut state.broken) }
}

impl Storm {
    /// Returns the network as a new process sees it.
    fn new_process(&mut self) -> (usize, SimulatedNetwork) {
        self.processes += 1;
        let transport = self.network.process(self.processes);
        let process = match self.network.state().haste {
            1 => self.stage.over(Arc::new(transport)),
            _ => self.stage.over(Arc::new(SocketTransport::new(transport))),
        };
        (self.processes, process)
    }

    /// Applies in bad weather, with one or several processes.
    async fn attempt(&mut self) {
        let count = {
            let mut state = self.network.state();
            state.weather = Weather::random(&mut state.random);
            state.random.pick(&[1, 1, 1, 2, 3])
        };
        undo_by_chance(&self.network, &self.scenario);
        let processes: Vec<_> = (0..count).map(|_| self.new_process()).collect();
        let runs = processes.iter().map(|(number, process)| self.run(*number, process, count == 1));
        tokio::select! {
            biased;
            _ = join_all(runs) => {}
            () = librarians(&self.network) => {}
        }
        let numbers: Vec<usize> = processes.iter().map(|(number, _)| *number).collect();
        self.network.check_mangled(&numbers);
        // The next process has no plan yet, and nothing to compare a short answer with.
        let state = &mut *self.network.state();
        state.short_until.clear();
        state.processes.values_mut().for_each(|process| process.planned_rows.clear());
    }

    /// Plans and applies, unless the process is killed before the end.
    async fn run(&self, number: usize, process: &SimulatedNetwork, is_alone: bool) {
        let (start, delay, life, kill) = {
            let mut state = self.network.state();
            let state = &mut *state;
            let start = state.random.duration(3_000);
            let delay = state.random.duration(30_000);
            let life = state.random.percent(15).then(|| state.random.duration(20_000));
            let killed_at = state.random.percent(25).then(|| 1 + state.random.below(60) as usize);
            let killed_at_put = state.random.percent(10).then(|| 1 + state.random.below(6) as usize);
            let known = state.processes.entry(number).or_default();
            (known.killed_at, known.killed_at_put) = (killed_at, killed_at_put);
            known.may_die = life.is_some() || killed_at.is_some() || killed_at_put.is_some();
            (start, delay, life, Arc::clone(&known.kill))
        };
        self.network.count("Run");
        let work = async {
            sleep(self.network.hastened(start)).await;
            let plan = process.plan().await;
            self.network.planned(number);
            if is_alone {
                self.network.planned_alone(number);
            }
            sleep(self.network.hastened(delay)).await;
            let journal =
                StormJournal { network: self.network.clone(), leases: self.leases.clone(), process: number };
            let wrong: Mutex<Vec<String>> = Mutex::default();
            let by_title = failures(&plan).iter().any(|line| line.contains("Made-up mappings"));
            let tell = |event: ApplyEvent| {
                self.network.trace(|| format!("{number} {event:?}"));
                if let ApplyEvent::ApplyEnd { zone, collection, outcome: WriteOutcome::Applied { .. } } =
                    event
                {
                    let lines = self.check_claim(number, zone.as_str(), &collection, process, is_alone);
                    let lines = lines.into_iter().filter(|line| !(by_title && line.contains("m1-two")));
                    wrong.lock().expect("lock should not be poisoned").extend(lines);
                }
            };
            process.carry_out(&process.desired, &plan, &journal, &tell).await;
            let wrong = wrong.into_inner().expect("lock should not be poisoned");
            self.network.state().broken.extend(wrong);
        };
        let life = life.map(|life| self.network.hastened(life));
        tokio::select! {
            biased;
            () = work => return,
            () = kill.notified() => {}
            () = end_of_life(life) => {}
        }
        self.leases.bury(number, self.network.hastened(LEASE));
        self.network.count("Kill");
    }

    /// Checks a collection that a process reports as applied.
    fn check_claim(
        &self,
        number: usize,
        zone: &str,
        collection: &CollectionId,
        process: &SimulatedNetwork,
        is_alone: bool,
    ) -> Vec<String> {
        let table = match &collection.table {
            TableName::Code(code) => code,
            TableName::Title(_) | TableName::Whole => return Vec::new(),
        };
        let is_mangled = self.network.state().processes[&number]
            .mangled
            .iter()
            .any(|(code, name, _)| code == zone && **name == **table);
        let mut lines = Vec::new();
        if is_mangled {
            lines.push(format!("{zone}/{collection} is reported as applied, but a row of others changed"));
        }
        let table = match &**table {
            "P1" => GeneratedTable::P1,
            "P2" => GeneratedTable::P2,
            _ => GeneratedTable::M1,
        };
        // A request of a dead process can still arrive.
        let is_undisturbed = is_alone && number == 1;
        if is_undisturbed && !self.network.edited_since_reading(number, zone, table.code()) {
            let held = self.held(zone);
            let wrong = wanting(&self.scenario, held, table, collection.language.as_deref(), process);
            lines.extend(wrong.into_iter().map(|line| format!("reported as applied: {line}")));
        }
        lines
    }

    fn held(&self, zone: &str) -> &GeneratedZoneState {
        self.scenario.zones.iter().find(|held| held.code == zone).expect("zone should exist")
    }

    /// Applies once more in calm weather, and once more without any need.
    async fn end(&mut self) {
        self.network.calm_down().await;
        let (number, process) = self.new_process();
        let plan = process.plan().await;
        self.network.planned(number);
        let report = process.apply(&plan, &|_| {}).await;
        let mut broken: Vec<String> = failures(&plan).into_iter().chain(trouble(&report)).collect();
        let puts = self.network.state().puts;
        let (_, process) = self.new_process();
        let plan = process.plan().await;
        if plan.has_work() {
            broken.push("there is work left after an apply in calm weather".to_owned());
        }
        let report = process.apply(&plan, &|_| {}).await;
        broken.extend(trouble(&report));
        if self.network.state().puts != puts {
            broken.push("the second apply sends a PUT".to_owned());
        }
        broken.extend(wanting_anywhere(&self.scenario, &process));
        self.network.state().broken.extend(broken.into_iter().map(|line| format!("after the storm: {line}")));
    }
}

/// Waits until the life of a process is over, if it has an end.
pub async fn end_of_life(life: Option<Duration>) {
    match life {
        Some(life) => sleep(life).await,
        None => std::future::pending().await,
    }
}

/// Returns the records of all tables that differ from their manifests.
pub fn wanting_anywhere(scenario: &GeneratedScenario, network: &SimulatedNetwork) -> Vec<String> {
    let mut lines = Vec::new();
    for held in &scenario.zones {
        for table in [GeneratedTable::P1, GeneratedTable::P2, GeneratedTable::M1] {
            for language in [None, Some("en"), Some("fr")] {
                lines.extend(wanting(scenario, held, table, language, network));
            }
        }
    }
    lines
}

/// Puts some tables back to their first rows.
pub fn undo_by_chance(network: &StormNetwork, scenario: &GeneratedScenario) {
    for held in &scenario.zones {
        for (table, seed) in TABLES.into_iter().zip(GeneratedScenario::seeds(held)) {
            let is_undone = network.state().random.percent(30);
            if is_undone {
                network.reset(held.code, table, seed);
            }
        }
    }
}

/// Edits at random times.
pub async fn librarians(network: &StormNetwork) {
    loop {
        let pause = {
            let mut state = network.state();
            let edits = state.weather.edits;
            match edits {
                0 => Duration::from_secs(3_600),
                _ => state.random.duration(1_000_000 / edits),
            }
        };
        sleep(network.hastened(pause) + Duration::from_millis(1)).await;
        if network.state().weather.edits > 0 {
            network.edit();
        }
    }
}

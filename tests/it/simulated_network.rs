//! Runs plan and apply on an emulated network, in process and with a paused clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use secrecy::SecretString;
use zonal::apply::{ApplyJournal, StopSignal, apply};
use zonal::emulator::{
    EmulatedCodeRow, EmulatedMappingRow, EmulatedTableType, EmulatedZone, Emulator, EmulatorConfig,
    EmulatorControl,
};
use zonal::manifest::{self, SourceFile};
use zonal::model::{
    ApplyEvent, ApplyMode, ApplyReport, Change, ChangeAction, ComparisonBase, DesiredState, FieldValue,
    Network, ObservedState, Plan, WriteOutcome, ZoneCode,
};
use zonal::observe::observe;
use zonal::provider::alma::{AlmaReader, AlmaWriter};
use zonal::provider::budget::RequestBudget;
use zonal::provider::transport::Transport;
use zonal::{diff, kinds, plan};

use crate::generated_networks::{GeneratedScenario, GeneratedTable, GeneratedZoneState};

/// Emulated network and its desired state.
pub struct SimulatedNetwork {
    pub emulator: Emulator,
    pub network: Network,
    pub desired: DesiredState,
    pub transport: Arc<dyn Transport>,
    pub base: Option<ComparisonBase>,
}

/// Zone contents that a scenario covers.
pub type ZoneContents = (Vec<EmulatedCodeRow>, Vec<EmulatedCodeRow>, Vec<EmulatedMappingRow>);

/// Returns the manifests of a scenario, one file each.
pub fn files(scenario: &GeneratedScenario) -> Vec<SourceFile> {
    let network = ("network.yaml".to_owned(), scenario.network_yaml());
    let others = scenario.manifests.iter().map(|each| (format!("{}.yaml", each.name), each.yaml()));
    std::iter::once(network).chain(others).map(|(file, text)| source(&file, text)).collect()
}

pub fn source(file: &str, text: String) -> SourceFile {
    SourceFile { file: file.into(), text: Ok(text) }
}

pub fn read_key(zone: &ZoneCode) -> String {
    format!("read-{zone}")
}

pub fn write_key(zone: &ZoneCode) -> String {
    format!("write-{zone}")
}

/// Returns a deterministic test runner; `THOROUGH=20 cargo test` runs twenty times as many cases.
pub fn runner(cases: u32) -> TestRunner {
    let times = std::env::var("THOROUGH").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let cases = cases.saturating_mul(times);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

impl SimulatedNetwork {
    pub fn new(scenario: &GeneratedScenario, behaviour: EmulatorConfig) -> Self {
        Self::of(scenario, &files(scenario), behaviour)
    }

    /// Creates the zones of a scenario with these manifests.
    pub fn of(scenario: &GeneratedScenario, sources: &[SourceFile], behaviour: EmulatorConfig) -> Self {
        let loaded = manifest::load(&kinds::KINDS, sources, None);
        let texts =
            || sources.iter().map(|source| source.text.clone().unwrap_or_default()).collect::<Vec<_>>();
        assert!(!loaded.has_errors(), "{:#?}\n{}", loaded.diagnostics, texts().join("---\n"));
        let network = loaded.network.expect("network should exist");
        let (desired, problems) = kinds::expand(&network, &loaded.manifests);
        let errors: Vec<_> =
            problems.iter().filter(|problem| problem.severity == zonal::model::Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}\n{}", texts().join("---\n"));
        let zones = network.zones.iter().map(|zone| {
            let held = scenario.zones.iter().find(|held| held.code == zone.code.as_str());
            let language = held.map_or("en", |held| held.language).to_owned();
            let emulated = EmulatedZone::from(zone, read_key(&zone.code), Some(write_key(&zone.code)));
            EmulatedZone { default_language: language, ..emulated }
        });
        let emulator = Emulator::new(zones.collect(), behaviour);
        for held in &scenario.zones {
            for seed in GeneratedScenario::seeds(held) {
                emulator.control().put_table(held.code, seed).expect("zone should exist");
            }
        }
        let transport = Arc::new(emulator.transport());
        Self { emulator, network, desired, base: None, transport }
    }

    /// Returns the same network, reached over another transport.
    pub fn over(&self, transport: Arc<dyn Transport>) -> Self {
        Self {
            emulator: self.emulator.clone(),
            network: self.network.clone(),
            desired: self.desired.clone(),
            transport,
            base: self.base.clone(),
        }
    }

    pub fn control(&self) -> EmulatorControl {
        self.emulator.control()
    }

    pub async fn plan(&self) -> Plan {
        let observed = self.observe(&self.desired).await;
        let differences = diff::three_way(&self.desired, &observed, self.base.as_ref());
        plan::plan(&self.network, differences, &observed, None)
    }

    /// Reads the observed state of the desired collections.
    pub async fn observe(&self, desired: &DesiredState) -> ObservedState {
        let readers: BTreeMap<ZoneCode, AlmaReader> = (self.network.zones.iter())
            .map(|zone| {
                let key = SecretString::from(read_key(&zone.code));
                let budget = Arc::new(RequestBudget::new(zone.rate));
                (zone.code.clone(), AlmaReader::new(zone, key, self.transport.clone(), budget))
            })
            .collect();
        observe(&readers, desired, None, &|_| {}).await
    }

    pub async fn apply(&self, plan: &Plan, tell: &(dyn Fn(ApplyEvent) + Sync)) -> ApplyReport {
        self.carry_out(&self.desired, plan, &zonal::apply::NullJournal, tell).await
    }

    /// Applies a plan of another desired state, with a journal.
    pub async fn carry_out(
        &self,
        desired: &DesiredState,
        plan: &Plan,
        journal: &impl ApplyJournal,
        tell: &(dyn Fn(ApplyEvent) + Sync),
    ) -> ApplyReport {
        let writers: BTreeMap<ZoneCode, AlmaWriter> = (self.network.zones.iter())
            .map(|zone| {
                let key = SecretString::from(write_key(&zone.code));
                let budget = Arc::new(RequestBudget::new(zone.rate));
                (zone.code.clone(), AlmaWriter::new(zone, key, self.transport.clone(), budget))
            })
            .collect();
        let (_never, stop) = StopSignal::new();
        let surprise = self.network.guards.surprise;
        apply(&writers, desired, self.base.as_ref(), plan, surprise, journal, &stop, tell).await
    }

    /// Plans and applies without any failure.
    pub async fn make_it_so(&self) -> ApplyReport {
        let plan = self.plan().await;
        let refused = failures(&plan);
        assert_eq!(refused, Vec::<String>::new(), "every collection should be planned");
        let report = self.apply(&plan, &|_| {}).await;
        assert_eq!(trouble(&report), Vec::<String>::new(), "every collection should be applied");
        report
    }

    /// Returns the contents of a zone.
    pub fn holding(&self, zone: &str) -> ZoneContents {
        let codes = |name: &str| {
            let table = self.control().code_table(zone, name).expect("table should exist");
            table.rows.get("").cloned().unwrap_or_default()
        };
        let mappings = self.control().mapping_table(zone, "M1").expect("table should exist");
        (codes("P1"), codes("P2"), mappings.rows.get("").cloned().unwrap_or_default())
    }

    /// Returns the requests since the log was cleared, as `(zone, method, path)`.
    pub fn sent(&self) -> Vec<(String, String, String)> {
        let zone = |zone: Option<Arc<str>>| zone.map(|zone| zone.to_string()).unwrap_or_default();
        let entries = self.control().requests().into_iter();
        entries.map(|entry| (zone(entry.zone), entry.method, entry.path)).collect()
    }

    /// Returns the tables that no manifest of the scenario covers.
    pub fn others(&self, zone: &str) -> Vec<zonal::emulator::TableSeed> {
        let control = self.control();
        let of = |kind: EmulatedTableType| {
            let names = control.tables(zone, kind).expect("zone should exist").into_iter();
            let others = names.filter(|name| !matches!(&**name, "P1" | "P2" | "M1"));
            others.map(|name| control.table(zone, kind, &name).expect("should exist")).collect::<Vec<_>>()
        };
        [of(EmulatedTableType::Code), of(EmulatedTableType::Mapping)].concat()
    }
}

/// Returns the expected contents of a zone.
pub fn expected(scenario: &GeneratedScenario, held: &GeneratedZoneState) -> ZoneContents {
    (
        scenario.expected_codes(GeneratedTable::P1, held),
        scenario.expected_codes(GeneratedTable::P2, held),
        scenario.expected_mappings(held),
    )
}

/// Sorts new rows, whose order is undefined, after the old rows.
pub fn tidy(held: &GeneratedZoneState, (mut p1, mut p2, mut m1): ZoneContents) -> ZoneContents {
    let place = |known: &[EmulatedCodeRow], row: &EmulatedCodeRow| {
        (known.iter().position(|old| old.code == row.code).unwrap_or(usize::MAX), row.code.clone())
    };
    let [held_p1, held_p2] = &held.codes;
    let new = |known: &[EmulatedCodeRow], rows: &mut Vec<EmulatedCodeRow>| {
        let first = rows.iter().position(|row| known.iter().all(|old| old.code != row.code));
        let start = first.unwrap_or(rows.len());
        rows[start..].sort_by_key(|row| place(known, row));
    };
    new(held_p1, &mut p1);
    new(held_p2, &mut p2);
    let start = m1.iter().position(|row| held.mappings.iter().all(|old| old.columns[0] != row.columns[0]));
    let start = start.unwrap_or(m1.len());
    m1[start..].sort_by(|a, b| a.columns.cmp(&b.columns));
    (p1, p2, m1)
}

/// Sorts all rows.
pub fn sorted((mut p1, mut p2, mut m1): ZoneContents) -> ZoneContents {
    p1.sort_by(|a, b| a.code.cmp(&b.code));
    p2.sort_by(|a, b| a.code.cmp(&b.code));
    m1.sort_by(|a, b| a.columns.cmp(&b.columns));
    (p1, p2, m1)
}

/// Returns the collections that cannot be planned.
pub fn failures(plan: &Plan) -> Vec<String> {
    let steps =
        plan.zones.iter().flat_map(|(code, zone)| zone.collections.iter().map(move |step| (code, step)));
    steps
        .filter_map(|(code, step)| {
            Some(format!("{code}/{}: {}", step.diff.id, step.diff.outcome.as_ref().err()?))
        })
        .collect()
}

/// Returns everything in a report except success.
pub fn trouble(report: &ApplyReport) -> Vec<String> {
    let mut lines = Vec::new();
    for (code, zone) in &report.zones {
        lines.extend(zone.zone_failure.iter().map(|failure| format!("{code}: {failure}")));
        for (id, outcome) in &zone.collections {
            if !matches!(outcome, WriteOutcome::Applied { .. }) {
                lines.push(format!("{code}/{id}: {outcome:?}"));
            }
        }
    }
    lines
}

/// Returns a line for each change of a plan, without manifests and reasons.
pub fn essence(plan: &Plan) -> Vec<String> {
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    let changes = steps.flat_map(|step| step.diff.outcome.iter().flat_map(|found| &found.changes));
    let mut lines: Vec<String> = changes.map(line).collect();
    lines.sort();
    lines.extend(failures(plan));
    lines
}

fn line(change: &Change) -> String {
    let text = |value: &Option<FieldValue>| value.clone().unwrap_or_default();
    let edits = change
        .field_changes
        .iter()
        .map(|edit| format!("{} {} -> {}", edit.name, text(&edit.before), edit.after));
    let action = match change.action {
        ChangeAction::Create => '+',
        ChangeAction::Update => '~',
        ChangeAction::Delete => '-',
    };
    let mode = match change.mode {
        ApplyMode::Apply => "",
        ApplyMode::Report => " only reported",
        ApplyMode::Manual => " by hand",
        ApplyMode::Postponed => " later",
        ApplyMode::KeptTheirs => " left",
    };
    format!("{action} {}{mode}: {}", change.address, edits.collect::<Vec<_>>().join(", "))
}

//! Properties of all networks and manifests, tested on generated ones.

use std::collections::BTreeMap;

use proptest::prelude::{Strategy, any};
use proptest::sample::select;
use zonal::emulator::{
    Booleans, ColumnValues, EmptyLists, EmptyValues, EmulatorConfig, ErrorShape, Lists, OptionalFields,
    RowOrder, UnusedColumns,
};
use zonal::manifest::SourceFile;

use crate::case_runner::paused;
use crate::generated_networks::{
    CODES, GeneratedEnforcement, GeneratedManifest, GeneratedRow, GeneratedScenario, GeneratedTable,
    GeneratedUnlisted, GeneratedZoneState, GeneratedZones, scenarios,
};
use crate::simulated_network::{
    SimulatedNetwork, essence, expected, failures, files, runner, sorted, source, tidy,
};

/// Tests a property on this number of generated networks.
fn for_every_network(cases: u32, hold: impl Fn(GeneratedScenario)) {
    let tried = runner(cases).run(&scenarios(), |scenario| {
        hold(scenario);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn apply_matches_the_simpler_second_implementation() {
    for_every_network(40, |scenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
            let others: Vec<_> = scenario.zones.iter().map(|held| rehearsal.others(held.code)).collect();
            rehearsal.make_it_so().await;
            for (held, others) in scenario.zones.iter().zip(others) {
                let found = tidy(held, rehearsal.holding(held.code));
                assert_eq!(found, tidy(held, expected(&scenario, held)), "{}", held.code);
                assert_eq!(rehearsal.others(held.code), others, "{}: tables without a manifest", held.code);
            }
        });
    });
}

/// Returns a network whose manifests, in English and in French, declare a code that no zone has.
fn new_row_in_two_languages(
    english: GeneratedEnforcement,
    french: GeneratedEnforcement,
) -> GeneratedScenario {
    let row = |text| GeneratedRow {
        key: "A",
        text: Some(text),
        refers: None,
        enabled: None,
        default: None,
        absent: false,
    };
    let manifest = |name, language, enforcement, text| GeneratedManifest {
        name,
        table: GeneratedTable::P1,
        language: Some(language),
        zones: GeneratedZones::All,
        enforcement,
        unlisted: GeneratedUnlisted::Keep,
        rows: vec![row(text)],
        over: None,
    };
    let held = |code| GeneratedZoneState {
        code,
        group: "VISITOR",
        language: "en",
        codes: [Vec::new(), Vec::new()],
        mappings: Vec::new(),
    };
    GeneratedScenario {
        zones: vec![held(CODES[0]), held(CODES[1])],
        manifests: vec![manifest("p1-one", "en", english, "one"), manifest("p1-french", "fr", french, "un")],
    }
}

#[test]
fn new_row_gets_every_language_at_any_enforcement() {
    for english in [GeneratedEnforcement::Enforce, GeneratedEnforcement::CreateOnly] {
        for french in [GeneratedEnforcement::Enforce, GeneratedEnforcement::CreateOnly] {
            let scenario = new_row_in_two_languages(english, french);
            paused(async {
                let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
                rehearsal.make_it_so().await;
                let row = rehearsal.holding(CODES[1]).0.remove(0);
                let words: Vec<_> = row.descriptions.into_values().collect();
                assert_eq!(words, ["one", "un"], "{english:?} and {french:?}");
            });
        }
    }
}

#[test]
fn plan_after_apply_is_empty_and_writes_nothing() {
    for_every_network(32, |scenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
            rehearsal.make_it_so().await;
            let plan = rehearsal.plan().await;
            let left: Vec<String> =
                essence(&plan).into_iter().filter(|line| !line.contains("only reported")).collect();
            assert_eq!(left, Vec::<String>::new(), "the plan after an apply should be empty");
            rehearsal.control().clear_requests();
            rehearsal.apply(&plan, &|_| {}).await;
            assert_eq!(rehearsal.sent(), Vec::new(), "a second apply should send no request");
        });
    });
}

#[test]
fn plan_sends_only_get_requests() {
    for_every_network(32, |scenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
            rehearsal.plan().await;
            let others: Vec<_> =
                rehearsal.sent().into_iter().filter(|(_, method, _)| method != "GET").collect();
            assert_eq!(others, Vec::new());
        });
    });
}

#[test]
fn table_is_written_once_for_many_rows() {
    for_every_network(40, |scenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
            rehearsal.make_it_so().await;
            let mut writes: BTreeMap<(String, String), usize> = BTreeMap::new();
            for (zone, method, path) in rehearsal.sent() {
                if method == "PUT" {
                    *writes.entry((zone, path)).or_default() += 1;
                }
            }
            let several: Vec<_> = writes.into_iter().filter(|(_, times)| *times > 1).collect();
            assert_eq!(several, Vec::new());
        });
    });
}

#[test]
fn nothing_is_deleted_unless_a_manifest_declares_it() {
    let codes = |rows: &[zonal::emulator::EmulatedCodeRow]| {
        rows.iter().map(|row| row.code.clone()).collect::<Vec<_>>()
    };
    let here = |held: &GeneratedZoneState, rehearsal: &SimulatedNetwork| {
        let (p1, p2, m1) = rehearsal.holding(held.code);
        let keys: Vec<String> = m1.iter().map(|row| row.columns[0].clone()).collect();
        [("P1", codes(&p1)), ("P2", codes(&p2)), ("M1", keys)]
    };
    let kept = |scenario: &GeneratedScenario| {
        paused(async {
            let rehearsal = SimulatedNetwork::new(scenario, EmulatorConfig::without_thresholds());
            let before: Vec<_> = scenario.zones.iter().map(|held| here(held, &rehearsal)).collect();
            rehearsal.make_it_so().await;
            for (held, before) in scenario.zones.iter().zip(before) {
                for ((table, before), (_, after)) in before.into_iter().zip(here(held, &rehearsal)) {
                    if !scenario.takes_away(table, held) {
                        let lost: Vec<_> = before.iter().filter(|key| !after.contains(key)).collect();
                        assert_eq!(lost, Vec::<&String>::new(), "{}/{table}", held.code);
                    }
                }
            }
        });
    };
    for_every_network(12, |scenario| kept(&scenario));
    for_every_network(12, |scenario| kept(&scenario.without_deletions()));
}

#[test]
fn order_of_files_and_members_has_no_effect() {
    let strategy = (scenarios(), any::<u64>());
    let tried = runner(20).run(&strategy, |(scenario, seed)| {
        let [one, other] = paused(async {
            let one = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds()).plan().await;
            let mut turned = scenario.clone();
            turned.zones.reverse();
            let sources = rearranged(&turned, seed);
            let other =
                SimulatedNetwork::of(&turned, &sources, EmulatorConfig::without_thresholds()).plan().await;
            [one, other]
        });
        assert_eq!(essence(&one), essence(&other));
        let groups = |plan: &zonal::model::Plan| {
            let groups = plan.change_groups.iter();
            groups.map(|group| (group.digest, group.zones.clone())).collect::<Vec<_>>()
        };
        assert_eq!(groups(&one), groups(&other), "change groups should be equal");
        let order = |plan: &zonal::model::Plan| {
            let steps = plan.zones.values().flat_map(|zone| &zone.collections);
            steps.map(|step| (step.diff.id.to_string(), step.depends_on.clone())).collect::<Vec<_>>()
        };
        assert_eq!(order(&one), order(&other), "the write order should be equal");
        assert_eq!(one.cost, other.cost);
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Returns the same documents in other files and in another order.
fn rearranged(scenario: &GeneratedScenario, seed: u64) -> Vec<SourceFile> {
    let mut documents: Vec<String> =
        files(scenario).into_iter().map(|source| source.text.expect("source should have text")).collect();
    let count = documents.len();
    documents.rotate_left(usize::try_from(seed % 7).expect("number should be small") % count);
    if seed & 8 == 0 {
        documents.reverse();
    }
    let cut = usize::try_from(seed >> 32).expect("32 bits should fit") % (count + 1);
    let (first, second) = documents.split_at(cut);
    let names = if seed & 16 == 0 { ["a.yaml", "b/c.yml"] } else { ["z.yaml", "b/c.yml"] };
    let texts = [first.join("---\n"), second.join("---\n")];
    let filled = names.into_iter().zip(texts).filter(|(_, text)| !text.is_empty());
    filled.map(|(name, text)| source(name, text)).collect()
}

/// Returns a generator of settings for Alma's undocumented behavior.
fn behaviours() -> impl Strategy<Value = EmulatorConfig> {
    (
        select(vec![RowOrder::Kept, RowOrder::Shuffled]),
        select(vec![OptionalFields::Answered, OptionalFields::Sparse]),
        select(vec![Booleans::Json, Booleans::Text]),
        select(vec![UnusedColumns::Absent, UnusedColumns::Empty]),
        select(vec![Lists::Unpaged, Lists::Paged]),
        select(vec![EmptyValues::Absent, EmptyValues::Null, EmptyValues::Empty]),
        select(vec![EmptyLists::Absent, EmptyLists::Present, EmptyLists::Null]),
        any::<u64>(),
    )
        .prop_map(
            |(
                row_order,
                optional_fields,
                booleans,
                unused_columns,
                lists,
                empty_values,
                empty_lists,
                seed,
            )| EmulatorConfig {
                seed,
                empty_values,
                empty_lists,
                row_order,
                optional_fields,
                booleans,
                unused_columns,
                lists,
                gateway_errors: ErrorShape::Html,
                column_values: ColumnValues::Unchecked,
                ..EmulatorConfig::without_thresholds()
            },
        )
}

#[test]
fn unknown_alma_behavior_does_not_change_results() {
    let strategy = (scenarios(), behaviours());
    let tried = runner(40).run(&strategy, |(scenario, behaviour)| {
        let scenario = scenario.in_english();
        paused(async {
            let usual = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds()).plan().await;
            let rehearsal = SimulatedNetwork::new(&scenario, behaviour.clone());
            let plan = rehearsal.plan().await;
            assert_eq!(failures(&plan), Vec::<String>::new());
            assert_eq!(essence(&plan), essence(&usual));
            rehearsal.make_it_so().await;
            for held in &scenario.zones {
                let found = sorted(rehearsal.holding(held.code));
                assert_eq!(found, sorted(expected(&scenario, held)), "{}", held.code);
            }
            assert!(!rehearsal.plan().await.has_work());
        });
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{failure}"));
}

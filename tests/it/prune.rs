//! Prune deletes orphans that zonal created, unless the zone changed them.

use std::collections::BTreeSet;

use zonal::diff;
use zonal::emulator::{EmulatorConfig, LibrarianEdit};
use zonal::model::{
    AppliedState, ApplyReport, Change, ChangeAction, ComparisonBase, PruneConfig, PruneMode, RecordKey,
    SourceSpan, WriteOutcome, ZoneCode,
};
use zonal::plan::orphans::{RunScope, base, look_at};
use zonal::plan::selection::DeclarationScope;

use crate::case_runner::paused;
use crate::generated_networks::{
    CODES, GeneratedEnforcement, GeneratedManifest, GeneratedRow, GeneratedScenario, GeneratedTable,
    GeneratedUnlisted, GeneratedZoneState, GeneratedZones,
};
use crate::simulated_network::{SimulatedNetwork, failures, trouble};

fn scenario() -> GeneratedScenario {
    let row = |key, text| GeneratedRow {
        key,
        text: Some(text),
        refers: None,
        enabled: None,
        default: None,
        absent: false,
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
        manifests: vec![GeneratedManifest {
            name: "p1-one",
            table: GeneratedTable::P1,
            language: Some("en"),
            zones: GeneratedZones::All,
            enforcement: GeneratedEnforcement::Enforce,
            unlisted: GeneratedUnlisted::Keep,
            rows: vec![row("A", "one"), row("B", "two")],
            over: None,
        }],
    }
}

/// Creates a network with two created rows, then removes `A` or all rows from its manifests.
async fn orphaned(left: &[&str]) -> SimulatedNetwork {
    let mut rehearsal = SimulatedNetwork::new(&scenario(), EmulatorConfig::without_thresholds());
    let report = rehearsal.make_it_so().await;
    let created = created(&report);
    assert_eq!(created.len(), 4);
    // A second comparison finds the records to adopt.
    let observed = rehearsal.observe(&rehearsal.desired).await;
    let found = diff::three_way(&rehearsal.desired, &observed, Some(&ComparisonBase::default()));
    let mut ledger = AppliedState::default();
    for (zone, diffs) in found.zones {
        for diff in diffs {
            let keys = created.iter().filter(|(code, _)| *code == zone).map(|(_, key)| key.clone()).collect();
            let learned = diff.outcome.expect("comparison should succeed").learned;
            assert_eq!(learned.found.len(), 2);
            let known = ledger.zones.entry(zone.clone()).or_default();
            known.entry(diff.id).or_default().learn(learned, &keys);
        }
    }
    for collection in rehearsal.desired.zones.values_mut().flatten() {
        collection.records.retain(|key, _| left.contains(&&*key.0[0]));
    }
    if left.is_empty() {
        rehearsal.desired.zones.clear();
    }
    let zones: BTreeSet<ZoneCode> = rehearsal.network.zones.iter().map(|zone| zone.code.clone()).collect();
    let place = Some(SourceSpan::file("network.yaml"));
    let prune = PruneConfig { otherwise: PruneMode::Delete, span: place, ..PruneConfig::default() };
    let base = base(
        ledger,
        &rehearsal.desired,
        &prune,
        RunScope { zones: &zones, declarations: &DeclarationScope::default() },
    );
    look_at(&mut rehearsal.desired, &base, zonal::kinds::shape, |_| Some(SourceSpan::file("network.yaml")));
    rehearsal.base = Some(base);
    rehearsal
}

fn created(report: &ApplyReport) -> BTreeSet<(ZoneCode, RecordKey)> {
    let outcomes =
        report.zones.iter().flat_map(|(code, zone)| zone.collections.iter().map(move |each| (code, each)));
    let mut created = BTreeSet::new();
    for (code, (_, outcome)) in outcomes {
        let WriteOutcome::Applied { changes } = outcome else { continue };
        let made = |change: &&Change| change.action == ChangeAction::Create;
        created.extend(changes.iter().filter(made).map(|change| (code.clone(), change.address.key.clone())));
    }
    created
}

fn codes(rehearsal: &SimulatedNetwork, zone: &str) -> Vec<String> {
    rehearsal.holding(zone).0.into_iter().map(|row| row.code).collect()
}

#[test]
fn prune_deletes_orphan_and_keeps_other_records() {
    paused(async {
        let rehearsal = orphaned(&["B"]).await;
        let report = rehearsal.make_it_so().await;
        assert_eq!(report.zones.len(), 2);
        for zone in [CODES[0], CODES[1]] {
            assert_eq!(codes(&rehearsal, zone), ["B"], "{zone}");
        }
        assert!(!rehearsal.plan().await.has_work());
    });
}

#[test]
fn prune_reads_tables_that_manifests_no_longer_declare() {
    paused(async {
        let rehearsal = orphaned(&[]).await;
        rehearsal.make_it_so().await;
        assert_eq!(codes(&rehearsal, CODES[1]), Vec::<String>::new());
    });
}

#[test]
fn orphan_edited_after_plan_is_not_deleted() {
    paused(async {
        let rehearsal = orphaned(&["B"]).await;
        let plan = rehearsal.plan().await;
        assert_eq!(failures(&plan), Vec::<String>::new());
        let edit = serde_json::json!({
            "zone": CODES[1], "kind": "code", "table": "P1", "by": "ann",
            "action": {"set_code": {"code": "A", "description": "Mine"}},
        });
        let edit: LibrarianEdit = serde_json::from_value(edit).expect("edit should be valid");
        rehearsal.control().edit(edit).expect("table should exist");
        let report = rehearsal.apply(&plan, &|_| {}).await;
        assert_eq!(codes(&rehearsal, CODES[0]), ["B"]);
        assert_eq!(codes(&rehearsal, CODES[1]), ["A", "B"]);
        assert!(!trouble(&report).is_empty(), "the edit should be reported");
    });
}

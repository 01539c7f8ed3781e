//! Tests of plan and report texts without colors, with the notation of the diff tests.

#![cfg(test)]

use crate::diff::diff;
use crate::model::{
    ApplyReport, BrokenExpectation, CollectionId, FailureClass, ImpactEffect, Plan, PlanImpact, Provenance,
    SourceSpan, TableName, WriteOutcome, ZoneFailure, ZoneReport,
};
use crate::test_notation::{desired, observed};

fn planned(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    crate::plan::plan(&network, diff(&desired, &observed), &observed, None)
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn shown(members: &[&str], manifests: &str, tables: &str) -> String {
    plain(&super::plan(&planned(members, manifests, tables)))
}

const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";

#[test]
fn identical_changes_are_shown_once_with_all_zones() {
    insta::assert_snapshot!(shown(&["ALPHA", "BETA"], ROWS, "code T en\nA Old\nB Two"), @r##"
    zonal plan   omni                                                                digest 9c7568adec97
    Compared with the zones; nothing tells what was applied last, so nothing tells who changed what.

    Removed or disabled                                                                      2 destroyed
      - T B                                                                                     t.yaml:6
        ALPHA, BETA · default false · description Two · enabled true · because the manifest says
        `absent: true`

    t.yaml  CodeTable/t                                                                            ~2 -2
      T
        6 ~ A  description Old → One                                                         ALPHA, BETA
          - B  default false · description Two · enabled true                                ALPHA, BETA
              because the manifest says `absent: true`

    Plan: 0 to add, 2 to change, 2 to destroy.
    Zones: 2 with differences.
    Cost: 8 reads, 2 writes, at least 1 s.
    Channel: api.
    "##);
}

#[test]
fn control_characters_in_names_are_escaped() {
    let hostile = "A\u{1b}[2J\nB";
    let mut plan = planned(&["ALPHA"], ROWS, "code T en\nA Old\nB Two");
    plan.impacts = vec![PlanImpact {
        effect: ImpactEffect::Change,
        topic: "patron".into(),
        zones: vec!["ALPHA".into()],
        collections: Vec::new(),
        members: Vec::new(),
        subjects: Vec::new(),
        text: format!("{hostile} gets another group"),
    }];
    plan.expectations.broken = vec![BrokenExpectation {
        question: hostile.to_owned(),
        reason: Some(hostile.into()),
        provenance: Provenance {
            span: SourceSpan::file("e.yaml"),
            manifest: "Expectation/e".into(),
            override_index: None,
        },
        facts: Vec::new(),
    }];
    let shown = super::plan(&plan);
    assert!(!shown.contains("\u{1b}[2J"), "{shown:?}");
    assert_eq!(shown.matches(r"A\u{1b}[2J\nB").count(), 3, "{shown}");
}

#[test]
fn unreachable_zone_and_unplannable_collection_are_shown() {
    let manifests = format!("{ROWS}\n---\nCodeTable u\ntable: U\nrows: [{{code: A, enabled: true}}]");
    let tables = "ALPHA:\ncode T en\nA One\ncode U en\nBETA:\nfail T unreachable\nfail U unreachable";
    insta::assert_snapshot!(shown(&["ALPHA", "BETA"], &manifests, tables), @r##"
    zonal plan   omni                                                                digest 368ea2d2bc34
    Compared with the zones; nothing tells what was applied last, so nothing tells who changed what.

    Action required
      ! cannot be asked: `T` did not come (BETA)
      ! CodeTable/U cannot be planned: `A` does not exist in CodeTable/U of the zone and cannot be
        created without `description` (ALPHA)
          help: add `description` at u.yaml:6:10

    Incomplete. Nothing to apply in what could be seen.
    Zones: 1 with differences, 1 that could not be asked, so the plan is incomplete.
    Collections that cannot be planned: 1.
    "##);
}

#[test]
fn network_in_sync_has_no_changes() {
    insta::assert_snapshot!(shown(&["ALPHA"], ROWS, "code T en\nA One\nC Three"), @r##"
    zonal plan   omni                                                                digest 368ea2d2bc34
    Compared with the zones; nothing tells what was applied last, so nothing tells who changed what.

    No changes. Your network matches the configuration.
    Zones: 1 in sync.
    Unmanaged: 1.
    "##);
}

#[test]
fn reported_differences_are_not_changes() {
    let manifest = ROWS.replace("table: T", "table: T\nenforcement: report");
    insta::assert_snapshot!(shown(&["ALPHA"], &manifest, "code T en\nA Old"), @r##"
    zonal plan   omni                                                                digest 368ea2d2bc34
    Compared with the zones; nothing tells what was applied last, so nothing tells who changed what.

    t.yaml  CodeTable/t                                                                               .1
      T
        7 . A  description Old → One                                                               ALPHA
              only reported

    No changes to apply. Nothing will be written.
    Zones: 1 with differences.
    Reported only: 1.
    "##);
}

#[test]
fn report_summarizes_success_and_details_failures() {
    let plan = planned(&["ALPHA"], ROWS, "code T en\nA Old\nB Two");
    let changes: Vec<_> =
        plan.zones.values().flat_map(|zone| zone.collections[0].diff.to_apply()).cloned().collect();
    let id = |table: &str| CollectionId {
        kind: "CodeTable".into(),
        table: TableName::Code(table.into()),
        library: None,
        language: None,
    };
    let applied = || WriteOutcome::Applied { changes: changes.clone() };
    let failure =
        ZoneFailure::new(FailureClass::Rejected, "`PUT /x` was answered with 400").help("look at x");
    let zone = |refused: Option<ZoneFailure>, collections| ZoneReport {
        zone_failure: refused,
        collections,
        requests: 5,
        ..ZoneReport::default()
    };
    let mut report = ApplyReport::default();
    report.zones.insert("ALPHA".into(), zone(None, vec![(id("T"), applied())]));
    report.zones.insert(
        "BETA".into(),
        zone(
            None,
            vec![
                (id("T"), WriteOutcome::Stale { now: changes[..1].to_vec() }),
                (id("U"), WriteOutcome::Blocked { by: id("T") }),
                (id("V"), WriteOutcome::Failed { failure: failure.clone() }),
                (
                    id("W"),
                    WriteOutcome::VerifyFailed {
                        unexpected_differences: vec!["row `A` is missing".to_owned()],
                    },
                ),
                (id("X"), WriteOutcome::Interrupted),
                (id("Y"), WriteOutcome::Stale { now: Vec::new() }),
            ],
        ),
    );
    report.zones.insert("GAMMA".into(), zone(Some(failure), Vec::new()));
    insta::assert_snapshot!(plain(&super::report(&plan, &report)), @r##"
    Not done
      ! CodeTable/U: blocked: it depends on CodeTable/T, which was not written (BETA)
      ! CodeTable/V: failed: `PUT /x` was answered with 400 (BETA)
        help: look at x
      ! CodeTable/X: not tried, because the run was interrupted (BETA)
      ! CodeTable/W: sent, but verification failed (BETA)
          row `A` is missing
      ! CodeTable/T: stale: it changed since the plan, so nothing was written; now 1 change would be
        needed (BETA)
      # CodeTable/T/A will be updated in-place
      # (CodeTable/t, t.yaml:6:10)
      ~ T "A" {
          ~ description = "Old" -> "One"
        }

      ! CodeTable/Y: stale: somebody made this change since the plan; nothing was written (BETA)
      ! nothing was written: `PUT /x` was answered with 400 (GAMMA)
        help: look at x

    Written, read back and verified
      ✓ t.yaml  CodeTable/t   ALPHA                                                                ~1 -1

    Apply incomplete. Records: 0 added, 1 changed, 1 destroyed. What is marked with ! was not done; `zonal plan` shows what is left.
    "##);
}

//! Guards, text in and text out, in the notation of `test_notation`.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{GuardOverrides, UnusedOverride, deferral_of_zone, findings, review};
use crate::diff::diff;
use crate::model::guard::LimitScope;
use crate::model::{
    BrokenExpectation, ContentDigest, ExpectationGuard, FieldValue, FindingEffect, FreezeWindow, GuardLimit,
    GuardOverride, LimitedAction, MaybeKnown, Network, OtherExpectations, Plan, ProtectedRecords, Provenance,
    SourceSpan, UnmetFact,
};
use crate::test_notation::{desired, observed};

pub fn planned(members: &[&str], manifests: &str, tables: &str) -> (Network, Plan) {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    let plan = crate::plan::plan(&network, diff(&desired, &observed), &observed, None);
    (network, plan)
}

/// Returns a manifest with these numbers of changes, and a table with `others` further rows.
fn table(deletes: usize, disables: usize, updates: usize, creates: usize, others: usize) -> (String, String) {
    let mut manifest = "CodeTable t\ntable: T\nrows:\n".to_owned();
    let mut rows = "code T en\n".to_owned();
    let sorts = [
        ("D", deletes, "absent: true", true),
        ("S", disables, "description: Same, enabled: false", true),
        ("U", updates, "description: New", true),
        ("N", creates, "description: New", false),
    ];
    for (letter, number, says, there) in sorts {
        for index in 0..number {
            let _ = writeln!(manifest, "  - {{code: {letter}{index}, {says}}}");
            if there {
                let _ = writeln!(rows, "{letter}{index} Same");
            }
        }
    }
    (0..others).for_each(|index| rows.push_str(&format!("O{index} Other\n")));
    (manifest, rows)
}

const NOW: &str = "2026-12-20T12:00:00Z";

fn told(network: &Network, plan: &Plan) -> String {
    let mut out = String::new();
    for finding in findings(plan, network, &[], NOW.parse().unwrap()) {
        let zones: Vec<&str> = finding.zones.iter().map(|zone| zone.as_str()).collect();
        let verdict = format!("{:?}", finding.effect).to_lowercase();
        let _ = writeln!(out, "{verdict} {} [{}] {}", finding.guard, zones.join(" "), finding.message);
    }
    out
}

fn of_table(numbers: (usize, usize, usize, usize, usize)) -> String {
    let (deletes, disables, updates, creates, others) = numbers;
    let (manifest, rows) = table(deletes, disables, updates, creates, others);
    let (network, plan) = planned(&["ALPHA", "BETA"], &manifest, &rows);
    told(&network, &plan)
}

#[test]
fn default_limits_are_checked() {
    assert_eq!(of_table((3, 3, 4, 20, 0)), "", "3 of 10 rows are 30 %");
    assert_eq!(of_table((9, 0, 0, 0, 0)), "", "percentages do not apply to fewer than 10 records");
    assert_eq!(
        of_table((4, 0, 0, 0, 8)),
        "deny deletes-per-collection [ALPHA BETA] 4 of 12 records of CodeTable/T would be deleted in ALPHA, more than 30 %; the same for 1 more collection\n"
    );
    assert_eq!(
        of_table((51, 0, 0, 0, 200)),
        "deny deletes-per-collection [ALPHA BETA] 51 of 251 records of CodeTable/T would be deleted in ALPHA, more than 50; the same for 1 more collection\n"
    );
    assert_eq!(
        of_table((0, 10, 0, 0, 0)),
        "deny disables-per-collection [ALPHA BETA] 10 of 10 records of CodeTable/T would be disabled in ALPHA, more than 30 %; the same for 1 more collection\n"
    );
    assert_eq!(of_table((0, 0, 900, 4_900, 0)), "");
    assert_eq!(
        of_table((0, 0, 1_001, 5_001, 0)),
        "\
deny creates-per-collection [ALPHA BETA] 5,001 records of CodeTable/T would be created in ALPHA, more than 5,000; the same for 1 more collection
deny updates-per-collection [ALPHA BETA] 1,001 of 1,001 records of CodeTable/T would be updated in ALPHA, more than 1,000; the same for 1 more collection
"
    );
}

/// Manifest of a linked account rule that gets disabled, then a second manifest for the same rules.
const DISABLED_RULE: &str = "LinkingRules rules
rules: [{name: Friends, group: G, enabled: false}]
---
BlockSharing blocks
copy: true
";
const OBSERVED_RULE: &str = "whole LinkedAccountRules
name=Friends position=1 sourceInstitutions=[BETA] userGroup=G copyNetworkBlocks=false enabled=true
";

#[test]
fn second_manifest_for_a_collection_leaves_its_guards_on() {
    let disables = GuardLimit {
        action: LimitedAction::Disable,
        extent: LimitScope::Collection,
        records: Some(0),
        percent: None,
        span: None,
    };
    let (alone, _) = DISABLED_RULE.split_once("---").unwrap();
    for manifests in [alone, DISABLED_RULE] {
        let (mut network, plan) = planned(&["ALPHA", "BETA"], manifests, OBSERVED_RULE);
        network.guards.limits = vec![disables.clone()];
        let told = told(&network, &plan);
        assert!(told.starts_with("deny disables-per-collection"), "{manifests}: {told:?}");
    }
}

#[test]
fn new_row_beside_undeclared_similar_row_defers_its_zone() {
    let manifest = "CodeTable t\ntable: T\nrows: [{code: CONSORTIA, description: One}]";
    let rows = "ALPHA:\ncode T en\nConsortia One\nBETA:\ncode T en\n";
    let (network, plan) = planned(&["ALPHA", "BETA"], manifest, rows);
    assert_eq!(
        told(&network, &plan),
        "defer similar-key [ALPHA] `CONSORTIA` would become a second row of CodeTable/T in ALPHA, beside `Consortia`\n"
    );
    for (manifest, rows) in [
        // Both rows are meant.
        (
            "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: a, description: One}]",
            "code T en\na One",
        ),
        (
            "CodeTable t\ntable: T\nenforcement: report\nrows: [{code: A, description: One}]",
            "code T en\na One",
        ),
    ] {
        let (network, plan) = planned(&["ALPHA"], manifest, rows);
        assert_eq!(told(&network, &plan), "", "{manifest}");
    }
}

#[test]
fn zone_and_network_limits_are_checked() {
    let (manifest, rows) = table(3, 0, 0, 1, 20);
    let (mut network, plan) = planned(&["ALPHA", "BETA"], &manifest, &rows);
    let limit =
        |deed, extent, records, percent| GuardLimit { action: deed, extent, records, percent, span: None };
    network.guards.limits = vec![
        limit(LimitedAction::Delete, LimitScope::Zone, Some(2), None),
        limit(LimitedAction::Delete, LimitScope::Network, None, Some(10)),
        limit(LimitedAction::Create, LimitScope::Network, Some(0), None),
        limit(LimitedAction::Create, LimitScope::Collection, None, Some(4)),
    ];
    assert_eq!(
        told(&network, &plan),
        "\
deny creates-per-collection [ALPHA BETA] 1 record of CodeTable/T would be created in ALPHA, more than 4 % of the 23 that exist; the same for 1 more collection
deny creates-per-network [] 2 records would be created in the network, but none are allowed
deny deletes-per-network [] 6 of 46 records would be deleted in the network, more than 10 %
deny deletes-per-zone [ALPHA BETA] 3 of 23 records would be deleted in ALPHA, more than 2; the same for 1 more zone
"
    );
}

#[test]
fn changes_of_protected_records_are_denied() {
    let (manifest, rows) = table(1, 1, 1, 1, 20);
    let (mut network, plan) = planned(&["ALPHA", "BETA"], &manifest, &rows);
    let mut protect = |records: &str, from: &[LimitedAction]| {
        network.guards.protected = vec![ProtectedRecords {
            records: records.into(),
            from: from.iter().copied().collect::<BTreeSet<_>>(),
            reason: Some("because".into()),
            span: SourceSpan::file("n.yaml"),
        }];
        told(&network, &plan)
    };
    let all = [LimitedAction::Update, LimitedAction::Disable, LimitedAction::Delete];
    assert_eq!(
        protect("CodeTable/T/*", &all),
        "deny protected [ALPHA BETA] ALPHA/CodeTable/T/D0 would be deleted, but is protected: because; the same for 5 more records\n"
    );
    assert_eq!(
        protect("CodeTable/T/S*", &[LimitedAction::Update]),
        "deny protected [ALPHA BETA] ALPHA/CodeTable/T/S0 would be disabled, but is protected: because; the same for 1 more record\n"
    );
    assert_eq!(protect("CodeTable/T/U0", &[LimitedAction::Disable, LimitedAction::Delete]), "");
    assert_eq!(protect("CodeTable/T", &all), "");
    assert_eq!(protect("MappingTable/*", &all), "");
    assert_ne!(protect("*", &all), "");
}

fn freeze(from: &str, until: &str, zones: Option<&[&str]>) -> FreezeWindow {
    FreezeWindow {
        name: "exams".into(),
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        words: "from then to then".into(),
        zones: zones.map(|zones| zones.iter().map(|zone| (*zone).into()).collect()),
        reason: None,
        span: SourceSpan::file("n.yaml"),
    }
}

#[test]
fn network_freeze_denies_and_zone_freeze_defers() {
    let (manifest, rows) = table(0, 0, 1, 0, 1);
    let (mut network, mut plan) = planned(&["ALPHA", "BETA"], &manifest, &rows);
    let mut told = |freeze| {
        network.guards.freezes = vec![freeze];
        told(&network, &plan)
    };
    let (before, after) = ("2026-12-20T11:59:59Z", "2026-12-20T12:00:01Z");
    let whole = "deny freeze/exams [] writes are frozen from then to then\n";
    assert_eq!(told(freeze(before, after, None)), whole);
    assert_eq!(told(freeze(NOW, after, None)), whole, "the start is included");
    assert_eq!(told(freeze(before, NOW, None)), "", "the end is excluded");
    assert_eq!(told(freeze(before, after, Some(&["NZ", "ALPHA", "BETA"]))), whole);
    assert_eq!(told(freeze(before, after, Some(&["NZ"]))), "", "the zone has no changes");
    assert_eq!(
        told(freeze(before, after, Some(&["NZ", "BETA"]))),
        "defer freeze/exams [BETA] writes are frozen from then to then\n"
    );
    assert_eq!(review(&mut plan, &network, &[], GuardOverrides::default(), NOW.parse().unwrap()), []);
    assert_eq!(deferral_of_zone(&plan.findings, &"ALPHA".into()), None);
    assert!(deferral_of_zone(&plan.findings, &"BETA".into()).is_some());
}

#[test]
fn implausibly_empty_collection_is_denied() {
    let told_with = |mine: usize, others: usize| {
        let (manifest, mut rows) = table(0, 0, 0, 1, others);
        rows.push_str("BETA:\ncode T en\n");
        (0..mine).for_each(|index| rows.push_str(&format!("O{index} Other\n")));
        // Settings of a single zone come first.
        let (common, beta) = rows.split_once("BETA:\n").unwrap();
        let rows = format!("BETA:\n{beta}A:\n{common}C:\n{common}D:\n{common}E:\n{common}");
        let (network, plan) = planned(&["A", "BETA", "C", "D", "E"], &manifest, &rows);
        told(&network, &plan)
    };
    assert_eq!(
        told_with(0, 10),
        "deny empty-answer [BETA] CodeTable/T is empty in BETA, but 4 of 4 other zones have 10 or more unlisted records there\n"
    );
    assert_eq!(told_with(1, 10), "");
    assert_eq!(told_with(0, 9), "");
}

#[test]
fn broken_expectation_is_reported_as_the_guard_says() {
    let (manifest, rows) = table(0, 0, 1, 0, 1);
    let (mut network, mut plan) = planned(&["ALPHA"], &manifest, &rows);
    let provenance = Provenance {
        span: SourceSpan::file("e.yaml"),
        manifest: "Expectation/e".into(),
        override_index: None,
    };
    let fact = |found| UnmetFact {
        fact: "allowed".into(),
        expected: FieldValue::Bool(true),
        found,
        span: SourceSpan::file("e.yaml"),
    };
    let broken = |question: &str, found| BrokenExpectation {
        provenance: provenance.clone(),
        question: question.to_owned(),
        reason: None,
        facts: vec![fact(found)],
    };
    let first = broken("may A", MaybeKnown::Known(FieldValue::Bool(false)));
    plan.expectations.others = Some(OtherExpectations { met: 1, not_met: 1, unknown: 1, left_out: 0 });
    let kept = |verdict| Some(ExpectationGuard { effect: verdict, span: SourceSpan::file("n.yaml") });
    network.guards.expectations = kept(FindingEffect::Deny);
    assert_eq!(told(&network, &plan), "", "nothing is broken");
    plan.expectations.broken = vec![first.clone()];
    let words = "expectations [] the plan breaks an expectation: may A: allowed is false after the plan, expected true (e.yaml:1:1)";
    assert_eq!(told(&network, &plan), format!("deny {words}\n"));
    plan.expectations.broken = vec![first, broken("may B", MaybeKnown::Known(FieldValue::Bool(false)))];
    network.guards.expectations = kept(FindingEffect::Warn);
    assert_eq!(told(&network, &plan), format!("warn {words}; the same for 1 more expectation\n"));
    network.guards.expectations = None;
    assert_eq!(told(&network, &plan), "", "the guard is disabled");
}

#[test]
fn override_needs_guard_with_finding_digest_and_reason() {
    let (manifest, rows) = table(4, 4, 0, 0, 2);
    let (network, mut plan) = planned(&["ALPHA"], &manifest, &rows);
    let mut over = |guard: &str, reason: &str, digest: ContentDigest| {
        let given = GuardOverride { guard: guard.into(), reason: reason.into(), digest };
        review(
            &mut plan,
            &network,
            &[],
            GuardOverrides { given: &[given], ..GuardOverrides::default() },
            NOW.parse().unwrap(),
        )
    };
    let digest = planned(&["ALPHA"], &manifest, &rows).1.digest;
    let guard = || "deletes-per-collection".to_owned();
    assert_eq!(over("deletes-per-collection", " ", digest), [UnusedOverride::NoReason { guard: guard() }]);
    let other = ContentDigest::default();
    assert_eq!(
        over("deletes-per-collection", "x", other),
        [UnusedOverride::OtherPlan { guard: guard(), digest }]
    );
    assert_eq!(
        over("protected", "x", digest),
        [UnusedOverride::FoundNothing { guard: "protected".to_owned() }]
    );
    assert_eq!(over("deletes-per-collection", "planned", digest), []);
    let verdicts: Vec<&FindingEffect> = plan.findings.iter().map(|finding| &finding.effect).collect();
    assert_eq!(verdicts, [&FindingEffect::Deny, &FindingEffect::Overridden { reason: "planned".to_owned() }]);
    assert!(plan.is_denied(), "the disables are still denied");
}

//! Order, groups and cost of plans, text in and text out, in the notation of `test_notation`.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::fmt::Write as _;

use super::plan_digest::DigestScope;
use crate::diff::diff;
use crate::model::{ChangeGroupState, Plan};
use crate::test_notation::{desired, observed};

fn plan(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    super::plan(&network, diff(&desired, &observed), &observed, None)
}

/// Returns the collections of ALPHA in write order, with their dependencies.
fn order(manifests: &str, tables: &str) -> String {
    let plan = plan(&["ALPHA"], manifests, tables);
    let mut out = String::new();
    for (index, step) in plan.zones[&"ALPHA".into()].collections.iter().enumerate() {
        let after: Vec<String> = step.depends_on.iter().map(ToString::to_string).collect();
        let after = if after.is_empty() { String::new() } else { format!(" after {}", after.join(" ")) };
        let _ = writeln!(out, "{index} {}{after}", step.diff.id);
    }
    out
}

const CODE: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}]\n---\n";
const REFERRING: &str = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: K, Group: A}}]\n";

#[test]
fn code_table_precedes_referring_mapping_table() {
    let manifests = format!("{CODE}{REFERRING}");
    assert_eq!(
        order(&manifests, "code T en\nmap M Names: ID Group>T"),
        "0 CodeTable/T\n1 MappingTable/M after 0\n"
    );
}

#[test]
fn mapping_table_with_other_reference_does_not_wait() {
    let manifests = format!("{CODE}{REFERRING}");
    assert_eq!(order(&manifests, "code T en\nmap M Names: ID Group>U"), "0 CodeTable/T\n1 MappingTable/M\n");
    assert_eq!(order(&manifests, "code T en\nmap M Names: ID Group"), "0 CodeTable/T\n1 MappingTable/M\n");
}

#[test]
fn unknown_header_reference_uses_keys_of_changed_rows() {
    let manifests = format!("{CODE}{REFERRING}");
    assert_eq!(
        order(&manifests, "code T en\nmap M Names: ID Group>?"),
        "0 CodeTable/T\n1 MappingTable/M after 0\n"
    );
    assert_eq!(
        order(&manifests.replace("Group: A", "Group: B"), "code T en\nmap M Names: ID Group>?"),
        "0 CodeTable/T\n1 MappingTable/M\n"
    );
}

#[test]
fn collection_in_sync_has_no_dependencies() {
    let manifests = format!("{CODE}{REFERRING}");
    assert_eq!(
        order(&manifests, "code T en\nA One\nmap M Names: ID Group>T"),
        "0 CodeTable/T\n1 MappingTable/M\n"
    );
    assert_eq!(
        order(&manifests, "code T en\nmap M Names: ID Group>T\nK A"),
        "0 CodeTable/T\n1 MappingTable/M\n"
    );
}

#[test]
fn unreadable_table_stays_a_dependency() {
    let manifests = format!("{CODE}{REFERRING}");
    assert_eq!(
        order(&manifests, "fail T missing\nmap M Names: ID Group>T"),
        "0 CodeTable/T\n1 MappingTable/M after 0\n"
    );
    assert_eq!(
        order(&manifests, "fail T missing\nmap M Names: ID Group>?"),
        "0 CodeTable/T\n1 MappingTable/M after 0\n"
    );
    assert_eq!(
        order(&manifests, "fail T missing\nmap M Names: ID Group>U"),
        "0 CodeTable/T\n1 MappingTable/M\n"
    );
}

#[test]
fn deletions_come_last_after_their_references() {
    let manifests = "\
CodeTable t
table: T
rows: [{code: A, absent: true}]
---
CodeTable z
table: Z
rows: [{code: A, description: One}]
---
MappingTable m
table: M
key: [ID]
rows: [{columns: {ID: K}, absent: true}]";
    assert_eq!(
        order(manifests, "code T en\nA One\ncode Z en\nmap M Names: ID Group>T\nK A"),
        "0 CodeTable/Z\n1 MappingTable/M\n2 CodeTable/T after 1\n"
    );
}

#[test]
fn languages_of_table_are_written_in_sequence() {
    let manifests = "\
CodeTable one
table: T
language: en
rows: [{code: A, description: One}]
---
CodeTable two
table: T
language: fr
rows: [{code: A, description: Un}]
---
CodeTable three
table: U
rows: [{code: A, description: One}]";
    assert_eq!(
        order(manifests, "code T en\nA Old\ncode T fr\nA Vieux\ncode U en"),
        "0 CodeTable/T[language=en]\n1 CodeTable/T[language=fr] after 0\n2 CodeTable/U\n"
    );
}

/// Returns the groups in order, with their state and zones.
fn groups(plan: &Plan) -> String {
    let line = |group: &crate::model::ChangeGroup| {
        let zones: Vec<&str> = group.zones.iter().map(|zone| zone.as_str()).collect();
        format!("{:?}: {}\n", group.state, zones.join(" "))
    };
    plan.change_groups.iter().map(line).collect()
}

const FIVE: [&str; 7] = ["A1", "A2", "B1", "B2", "B3", "C1", "D1"];

#[test]
fn zones_with_equal_changes_form_one_group() {
    let tables = "\
A1:
code T en
A Old
A2:
code T en
A Old - *
B1:
code T en
B2:
code T en
Z Other
B3:
code T en
C1:
code T en
A One
D1:
fail T unreachable";
    let plan = plan(&FIVE, CODE.trim_end_matches("---\n"), tables);
    assert_eq!(groups(&plan), "Changes: B1 B2 B3\nChanges: A1 A2\nUnknown: D1\nInSync: C1\n");
    assert!(!plan.is_complete());
    assert!(plan.zones[&"D1".into()].failure.is_some());
}

#[test]
fn zones_with_different_changes_are_in_different_groups() {
    let with = |one: &str, other: &str| {
        let tables = format!("A1:\n{one}\nA2:\n{other}");
        let manifest = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";
        plan(&["A1", "A2"], manifest, &tables)
            .change_groups
            .iter()
            .filter(|group| group.state == ChangeGroupState::Changes)
            .count()
    };
    assert_eq!(with("code T en\nA Old", "code T en\nA Old -"), 1, "an undeclared field");
    assert_eq!(with("code T en\nA Old", "code T en\nA Older"), 2, "the value before");
    assert_eq!(with("code T en\nA Old", "code T en"), 2, "an update and a create");
    assert_eq!(with("code T en\nA One\nB Two", "code T en\nA One\nB Deux"), 2, "the deleted record");
    assert_eq!(with("code T en\nA One\nB Two", "code T en\nA One\nB Two"), 1, "the same delete");
    assert_eq!(with("fail T missing", "code T en"), 2, "a zone that cannot be planned");
}

#[test]
fn change_digest_depends_on_effect_and_address() {
    let digest = |members: &[&str], manifest: &str, tables: &str| {
        let plan = plan(members, manifest, tables);
        let steps = plan.zones.values().flat_map(|zone| &zone.collections);
        let changes = steps.flat_map(|step| step.diff.to_apply());
        changes.map(|change| DigestScope::from(&plan).change(change)).next().unwrap()
    };
    let manifest = CODE.trim_end_matches("---\n");
    let one = digest(&["ALPHA"], manifest, "code T en\nA Old");
    assert_eq!(
        one,
        digest(&["ALPHA"], &manifest.replace("CodeTable t", "CodeTable other"), "code T en\nA Old -")
    );
    assert_ne!(one, digest(&["BETA"], manifest, "code T en\nA Old"), "another zone");
    assert_ne!(one, digest(&["ALPHA"], manifest, "code T en\nA Older"), "another value before");
    assert_ne!(
        one,
        digest(&["ALPHA"], &manifest.replace("One", "Two"), "code T en\nA Old"),
        "another value after"
    );
    assert_ne!(one, digest(&["ALPHA"], &manifest.replace("T\n", "U\n"), "code U en\nA Old"), "another table");
}

#[test]
fn cost_counts_zone_reads_and_table_writes() {
    let manifests = format!("{CODE}{REFERRING}");
    let tables = "A1:\ncode T en\nmap M Names: ID Group>T\nA2:\ncode T en\nA One\nmap M Names: ID Group>T\nA3:\ncode T en\nA One\nmap M Names: ID Group>T\nK A";
    let (network, desired) = desired(&["A1", "A2", "A3"], &manifests);
    let mut observed = observed(&desired, tables);
    for (zone, left) in [("A1", 1_000), ("A2", 50)] {
        observed.zones.get_mut(&zone.into()).unwrap().quota_left = Some(left);
    }
    let cost = super::plan(&network, diff(&desired, &observed), &observed, None).cost;
    assert_eq!((cost.reads, cost.writes), (2 + 2 * 2 + 2 + 2, 3));
    assert_eq!(cost.seconds_floor, 8.0 / 20.0, "the busiest zone at 20 requests per second");
    assert_eq!(cost.quota_percent, Some(10.0), "5 of the 50 remaining requests of A2");
}

//! Tests of the expansion of linking rules.

#![cfg(test)]

use std::fmt::Write;

use crate::model::FieldValue;
use crate::test_notation::desired;

/// Returns one line per record: key, then position, sources and groups of a rule, or the sources of a group.
fn generated(members: &[&str], spec: &str) -> String {
    let (_, desired) = desired(members, &format!("LinkingRules r\n{spec}"));
    let mut out = String::new();
    for (zone, collections) in &desired.zones {
        for (key, record) in collections.iter().flat_map(|collection| &collection.records) {
            let _ = write!(out, "{zone} {key}");
            if record.absent {
                out.push_str(" absent");
            }
            for field in ["position", "sourceInstitutions", "sourceUserGroups", "userGroup"] {
                match record.fields.get(field).map(|said| &said.value) {
                    Some(value @ (FieldValue::Text(_) | FieldValue::List(_) | FieldValue::Bool(_))) => {
                        let _ = write!(out, " {}", value.texts().join("+"));
                    }
                    Some(FieldValue::Null) => out.push_str(" any"),
                    None => {}
                }
            }
            out.push('\n');
        }
    }
    out
}

#[test]
fn rule_lists_all_other_members_except_excluded() {
    let spec = "rules: [{name: R, sources: {except: [C]}, group: G}]";
    assert_eq!(generated(&["A", "B", "C"], spec), "A R 1 B any G\nB R 1 A any G\nC R 1 A+B any G\n");
}

#[test]
fn new_member_changes_rule_of_every_member() {
    let spec = "rules: [{name: R, group: G}]";
    let lines = |members: &[&str]| generated(members, spec).lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&["A", "B", "C", "D"]), lines(&["A", "B", "C", "D", "E"]));
    assert_eq!(before.iter().filter(|line| after.contains(line)).count(), 0);
    assert_eq!((before.len(), after.len()), (4, 5));
}

#[test]
fn rule_without_audience_is_absent_and_positions_close_up() {
    let spec = "\
rules:
  - {name: Some, appliesTo: {only: [B]}, userGroups: [X], group: G}
  - {name: Own, sources: {only: [A]}, group: G}
  - {name: Old, absent: true}
  - {name: All, group: G}
default: {group: D}";
    let expected = "\
A All 1 B any G
A Default D
A Old absent
A Own absent
B All 3 A any G
B Default D
B Old absent
B Own 2 A any G
B Some 1 A X G
";
    assert_eq!(generated(&["A", "B"], spec), expected);
}

#[test]
fn groups_of_all_members_have_no_institutions() {
    let spec = "\
externalGroups:
  groups:
    - {codes: [ALL]}
    - {codes: [MOST, MORE], institutions: {except: [C]}}
    - {codes: [ONE], institutions: {only: [A]}}
    - {codes: [OLD], absent: true}
rules: [{name: R, userGroups: [ALL, ONE], group: G}]";
    let at = |zone: &str| {
        let all = generated(&["A", "B", "C"], spec);
        all.lines()
            .filter_map(|line| line.strip_prefix(zone))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    assert_eq!(at("A "), "ALL any\nMORE B\nMOST B\nOLD absent\nONE absent\nR 1 B+C ALL G\n");
    assert_eq!(at("C "), "ALL any\nMORE A+B\nMOST A+B\nOLD absent\nONE A\nR 1 A+B ALL+ONE G\n");
}

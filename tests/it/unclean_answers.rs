//! Cases against zones with answers as full of empty members as Alma's.
//!
//! Every case prints the same, whatever the form of members without a value and of empty lists.

use crate::case_runner;
use crate::cases::{CASES, difference};

/// Runs cases with other settings of the emulator.
fn check_cases<'a>(names: impl IntoIterator<Item = &'a &'a str>, settings: &str) {
    let mut changed = Vec::new();
    for name in names {
        let folder = case_runner::case(&name.replace('_', "-"));
        let expected = std::fs::read_to_string(folder.join("script.txt")).expect("script should exist");
        let found = case_runner::run_with_behaviour(&folder, settings);
        if expected != found {
            changed.push(format!("{name}, {}", difference(&expected, &found)));
        }
    }
    assert!(
        changed.is_empty(),
        "{} cases changed under {settings}:\n{}",
        changed.len(),
        changed.join("\n\n")
    );
}

/// Returns the cases without those whose output depends on the form of an answer.
fn cases_without(names: &[&str]) -> Vec<&'static &'static str> {
    CASES.iter().filter(|name| !names.contains(name)).collect()
}

#[test]
fn null_members_and_lists_change_no_case() {
    // The size of an image is the size of an answer, and of two keys the one with the shorter answer is told first.
    let cases = cases_without(&["init", "runs"]);
    check_cases(cases, r#"{"empty_values": "null", "empty_lists": "null", "extra_members": "documented"}"#);
}

#[test]
fn empty_members_and_lists_change_no_case() {
    // An empty list of relations shows its own name, so a guess about the form takes another way.
    let cases = cases_without(&["init", "library_relations", "runs"]);
    check_cases(
        cases,
        r#"{"empty_values": "empty", "empty_lists": "present", "extra_members": "documented"}"#,
    );
}

#[test]
fn description_of_weekly_hours_and_empty_proxy_default_change_no_case() {
    let settings =
        r#"{"week_description": "standard", "resource_default": "empty", "empty_values": "empty"}"#;
    check_cases(&["calendars", "e_resources", "s07_end_of_term"], settings);
}

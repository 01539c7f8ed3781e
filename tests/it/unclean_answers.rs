//! Cases against zones with answers as full of empty members as Alma's.
//!
//! Every case prints the same, whatever the form of members without a value and of empty lists.

use crate::case_runner;
use crate::cases::{CASES, difference};

/// Runs all cases with other settings of the emulator.
fn check_all(settings: &str) {
    let mut changed = Vec::new();
    for name in CASES {
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

#[test]
fn null_members_and_lists_change_no_case() {
    check_all(r#"{"empty_values": "null", "empty_lists": "null", "extra_members": "documented"}"#);
}

#[test]
fn empty_members_and_lists_change_no_case() {
    check_all(r#"{"empty_values": "empty", "empty_lists": "present", "extra_members": "documented"}"#);
}

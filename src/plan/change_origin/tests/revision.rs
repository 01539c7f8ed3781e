//! Change origins from a git revision: manifests and tables in, one line per change out.

#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::fmt::Write as _;

use crate::diff::diff;
use crate::model::{ApplyMode, ChangeAction, DesiredState};
use crate::plan::change_origin::{by_revision, only_drift};
use crate::test_notation::{desired, observed};

/// Returns one line per change of ALPHA with its origin; changes postponed by `--only-drift` in brackets.
fn moved(base: &str, now: &str, tables: &str) -> String {
    let (base, now) = (desired(&["ALPHA"], base).1, desired(&["ALPHA"], now).1);
    let mut both: DesiredState = now.clone();
    both.zones.get_mut(&"ALPHA".into()).unwrap().extend(base.zones[&"ALPHA".into()].clone());
    let seen = observed(&both, tables);
    let mut found = diff(&now, &seen);
    by_revision(&mut found, &diff(&base, &seen), &seen);
    only_drift(&mut found);
    let mut out = String::new();
    for collection in &found.zones[&"ALPHA".into()] {
        for change in &collection.outcome.as_ref().unwrap().changes {
            let sign = match change.action {
                ChangeAction::Create => '+',
                ChangeAction::Update => '~',
                ChangeAction::Delete => '-',
            };
            let what =
                format!("{sign} {}/{} {:?}", collection.id, change.address.key, change.origin.unwrap());
            let _ = match change.mode {
                ApplyMode::Postponed => writeln!(out, "[{what}]"),
                ApplyMode::Apply | ApplyMode::Report | ApplyMode::Manual | ApplyMode::KeptTheirs => {
                    writeln!(out, "{what}")
                }
            };
        }
    }
    out
}

fn table(rows: &str) -> String {
    format!("CodeTable t\ntable: T\nrows: [{rows}]")
}

#[test]
fn each_record_has_an_origin() {
    let base = table(
        "{code: A, description: One}, {code: B, description: Two}, {code: C, description: Three}, {code: D, description: Four}",
    );
    let now = table(
        "{code: A, description: One}, {code: B, description: New}, {code: C, description: New}, {code: D, description: Four}, {code: E, description: Five}",
    );
    assert_eq!(
        moved(&base, &now, "code T en\nA Local\nB Two\nC Local"),
        "~ CodeTable/T/A Drifted\n[~ CodeTable/T/B Pending]\n[~ CodeTable/T/C Conflict]\n\
         + CodeTable/T/D Drifted\n[+ CodeTable/T/E Pending]\n"
    );
}

#[test]
fn collection_new_in_manifests_is_pending() {
    let other = "CodeTable u\ntable: U\nrows: [{code: A, description: One}]";
    assert_eq!(
        moved(other, &table("{code: A, description: One}"), "code T en\nA Local\ncode U en\nA One"),
        "[~ CodeTable/T/A Pending]\n"
    );
}

#[test]
fn origin_ignores_collection_names() {
    let base = "CodeTable t\ntable: T\nlanguage: en\nrows: [{code: A, description: One}]";
    assert_eq!(
        moved(base, &table("{code: A, description: One}"), "code T en\nA Local"),
        "~ CodeTable/T/A Drifted\n"
    );
}

#[test]
fn unknown_origin_is_postponed_and_counts_as_conflict() {
    let now = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: A, Note: x}}]";
    let tables = "map M Names: ID Note\nA y";
    assert_eq!(moved(&now.replace("Note", "Remark"), now, tables), "[~ MappingTable/M/A Conflict]\n");
}

#[test]
fn exclusive_flag_moves_completely_or_not_at_all() {
    let zone = "code T en\nA One\nB Two\nC Three *";
    let base = table("{code: A, description: One, default: true}, {code: C, description: Three}");
    assert_eq!(moved(&base, &base, zone), "~ CodeTable/T/A Drifted\n~ CodeTable/T/C Drifted\n");
    let other = table("{code: B, description: Two, default: true}, {code: C, description: Three}");
    assert_eq!(moved(&base, &other, zone), "[~ CodeTable/T/B Pending]\n[~ CodeTable/T/C Drifted]\n");
    let renamed = base.replace("Three", "Third");
    assert_eq!(moved(&base, &renamed, zone), "[~ CodeTable/T/A Drifted]\n[~ CodeTable/T/C Conflict]\n");
}

#[test]
fn postponed_row_creation_is_postponed_in_all_languages() {
    let languages = |en: &str, fr: &str| {
        format!(
            "CodeTable en\ntable: T\nlanguage: en\nrows: [{{code: N, description: {en}}}]\n---\n\
             CodeTable fr\ntable: T\nlanguage: fr\nrows: [{{code: N, description: {fr}}}]"
        )
    };
    let zone = "code T en\nA One\ncode T fr\nA Un";
    let base = languages("New", "Neuf");
    assert_eq!(
        moved(&base, &base, zone),
        "+ CodeTable/T[language=en]/N Drifted\n~ CodeTable/T[language=fr]/N Drifted\n"
    );
    assert_eq!(
        moved(&base, &languages("Other", "Neuf"), zone),
        "[+ CodeTable/T[language=en]/N Conflict]\n[~ CodeTable/T[language=fr]/N Drifted]\n"
    );
    assert_eq!(
        moved(&base, &languages("New", "Autre"), zone),
        "+ CodeTable/T[language=en]/N Drifted\n[~ CodeTable/T[language=fr]/N Conflict]\n"
    );
}

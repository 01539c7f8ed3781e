//! Change origins from the applied state, and conflict resolution: text in, one line per change out.

#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use crate::diff::three_way;
use crate::model::{ApplyMode, ChangeAction, ComparisonMode, Plan, PruneMode, SourceSpan};
use crate::plan::orphans::{RunScope, base, look_at};
use crate::plan::selection::DeclarationScope;
use crate::plan::{self, change_origin};
use crate::render::text;
use crate::test_notation::{desired, observed};
use crate::test_notation::{ledger, prune};

/// Returns the plan for ALPHA.
fn planned(pruning: PruneMode, manifests: &str, ledger_text: &str, tables: &str) -> Plan {
    let (network, mut desired) = desired(&["ALPHA"], manifests);
    let zones = ["ALPHA".into()].into();
    let mut known = ledger(ledger_text);
    known.zones.retain(|_, known| !known.is_empty());
    let entries = known.zones.values().flatten().map(|(_, known)| known.entries.len()).sum();
    let base = base(
        known,
        &desired,
        &prune(pruning),
        RunScope { zones: &zones, declarations: &DeclarationScope::default() },
    );
    look_at(&mut desired, &base, crate::kinds::shape, |_| Some(SourceSpan::file("network.yaml")));
    let seen = observed(&desired, tables);
    let mut found = three_way(&desired, &seen, Some(&base));
    change_origin::by_ledger(&mut found, &desired, &seen, &base);
    change_origin::settle(&mut found, &desired);
    let mut plan = plan::plan(&network, found, &seen, None);
    plan.compared = ComparisonMode::AppliedState { entries };
    change_origin::hold(&mut plan);
    plan
}

/// Returns one line per change with its origin: `[...]` for changes left to the zone, `!` for deferred
/// collections.
fn moved(manifests: &str, ledger_text: &str, tables: &str) -> String {
    lines(&planned(PruneMode::Keep, manifests, ledger_text, tables))
}

fn lines(plan: &Plan) -> String {
    let mut out = String::new();
    for step in &plan.zones[&"ALPHA".into()].collections {
        for change in &step.diff.outcome.as_ref().unwrap().changes {
            let sign = match change.action {
                ChangeAction::Create => '+',
                ChangeAction::Update => '~',
                ChangeAction::Delete => '-',
            };
            let origin =
                change.origin.map_or_else(|| "nobody knows".to_owned(), |origin| format!("{origin:?}"));
            let what = format!("{sign} {} {origin}", change.address.key);
            let held = if step.deferral.is_some() && change.mode == ApplyMode::Apply { "!" } else { "" };
            out.push_str(&match change.mode {
                ApplyMode::KeptTheirs => format!("[{what}]\n"),
                ApplyMode::Apply | ApplyMode::Report | ApplyMode::Manual | ApplyMode::Postponed => {
                    format!("{held}{what}\n")
                }
            });
        }
    }
    out
}

fn table(rows: &str) -> String {
    format!("CodeTable t\ntable: T\nrows: [{rows}]")
}

const A: &str = "{code: A, description: New}";

#[test]
fn record_with_mixed_field_origins_is_in_conflict() {
    let known = |fields: &str| format!("code T code\nA adopted code=A {fields}");
    let zone = "code T en\nA Local";
    assert_eq!(moved(&table(A), &known("description=New"), zone), "~ A Drifted\n");
    assert_eq!(moved(&table(A), &known("description=Local"), zone), "~ A Pending\n");
    assert_eq!(moved(&table(A), &known("description=Old"), zone), "!~ A Conflict\n");
    assert_eq!(moved(&table(A), &known(""), zone), "~ A Pending\n", "a field never applied cannot drift");
    assert_eq!(
        moved(
            &table("{code: A, description: New, enabled: false}"),
            &known("description=New enabled=true"),
            zone
        ),
        "!~ A Conflict\n",
        "zone and manifests changed different fields"
    );
}

#[test]
fn null_and_empty_text_are_equal() {
    let mapping = "MappingTable m\ntable: M\nkey: [ID]\nrows: [{columns: {ID: A, Note: x}}]";
    let known = "map M column0\nA adopted column0=A column1=.";
    assert_eq!(moved(mapping, known, "map M Names: ID Note\nA ."), "~ A Pending\n");
    let cleared = mapping.replace("Note: x", "Note: null");
    assert_eq!(moved(&cleared, known, "map M Names: ID Note\nA x"), "~ A Drifted\n");
}

#[test]
fn missing_record_has_drifted_or_is_pending() {
    let zone = "code T en\nB Two";
    assert_eq!(moved(&table(A), "code T code\nA created code=A description=New", zone), "+ A Drifted\n");
    assert_eq!(moved(&table(A), "code T code\nA created code=A description=Old", zone), "!+ A Conflict\n");
    assert_eq!(moved(&table(A), "code T code\nA gone", zone), "+ A Pending\n");
    assert_eq!(moved(&table(A), "code T code\nC gone", zone), "+ A Pending\n");
    assert_eq!(moved(&table(A), "code T code\nA gone", "code T en\nA Other"), "!~ A Conflict\n");
}

#[test]
fn extra_record_came_back_or_is_newly_absent() {
    let gone = table("{code: A, absent: true}");
    let zone = "code T en\nA One";
    assert_eq!(moved(&gone, "code T code\nA created code=A description=One", zone), "- A Pending\n");
    assert_eq!(moved(&gone, "code T code\nA created code=A description=Old", zone), "!- A Conflict\n");
    assert_eq!(moved(&gone, "code T code\nA gone", zone), "- A Drifted\n");
    assert_eq!(moved(&gone, "code T code\nB gone", zone), "- A Pending\n");
}

#[test]
fn unlisted_record_has_drifted_unless_applied_by_zonal() {
    let only = "CodeTable t\ntable: T\nunlisted: delete\nrows: [{code: B, description: Two}]";
    let zone = "code T en\nA One\nB Two";
    let known = "code T code\nB adopted code=B description=Two";
    assert_eq!(moved(only, known, zone), "- A Drifted\n");
    assert_eq!(moved(only, "code U code\nX gone", zone), "- A Pending\n", "the table has no applied state");
    assert_eq!(moved(only, &format!("{known}\nA created code=A description=One"), zone), "- A Pending\n");
    assert_eq!(moved(only, &format!("{known}\nA created code=A description=Old"), zone), "!- A Conflict\n");
}

#[test]
fn orphan_is_pending() {
    let known = "code T code\nA created code=A description=One";
    let plan =
        planned(PruneMode::Delete, &table("{code: B, description: Two}"), known, "code T en\nA One\nB Two");
    assert_eq!(lines(&plan), "- A Pending\n");
}

#[test]
fn zone_without_applied_state_gets_no_origins() {
    assert_eq!(moved(&table(A), "", "code T en\nA Local"), "~ A nobody knows\n");
    let observed = format!("{}\nenforcement: report", table(A));
    assert_eq!(moved(&observed, "code U code\nX gone", "code T en\nA Local"), "~ A nobody knows\n");
    let known = "code T code\nA adopted code=A description=New";
    assert_eq!(moved(&observed, known, "code T en\nA Local"), "~ A Drifted\n");
}

#[test]
fn amended_list_compares_only_declared_texts() {
    let rule = "FulfillmentRules r\nrules: [{name: R, inputs: [{parameter: p, exclude: [X]}]}]";
    let zone = "whole FulfillmentRules\nunit=U name=R p.operator=NOTINLIST p=[B]";
    let known = |list: &str| format!("whole FulfillmentRules unit name\nU|R amended p={list}");
    assert_eq!(moved(rule, &known("[A,X]"), zone), "~ U|R Drifted\n");
    assert_eq!(moved(rule, &known("[A]"), zone), "~ U|R Pending\n");
}

#[test]
fn conflict_policy_decides_conflicts() {
    let zone = "code T en\nA Local\nB Two";
    let known = "code T code\nA adopted code=A description=Old\nB adopted code=B description=Two";
    let rows = table("{code: A, description: New}, {code: B, description: Second}");
    let with = |word: &str| moved(&format!("{rows}\nconflict: {word}"), known, zone);
    assert_eq!(with("defer"), "!~ A Conflict\n!~ B Pending\n");
    assert_eq!(with("ours"), "~ A Conflict\n~ B Pending\n");
    assert_eq!(with("theirs"), "[~ A Conflict]\n~ B Pending\n");
    let over = "conflict: ours\noverrides: [{appliesTo: {only: [ALPHA]}, conflict: theirs}]";
    assert_eq!(moved(&format!("{rows}\n{over}"), known, zone), "[~ A Conflict]\n~ B Pending\n");
}

#[test]
fn changes_that_depend_on_kept_values_are_kept() {
    let rows = table("{code: A, description: New, default: true}, {code: B, description: Two}");
    let known = "code T code\nA adopted code=A description=Old default=true";
    assert_eq!(
        moved(&format!("{rows}\nconflict: theirs"), known, "code T en\nA Local\nB Two *"),
        "[~ A Conflict]\n[~ B Pending]\n"
    );
}

#[test]
fn conflict_output_shows_three_values_and_help() {
    let known = "code T code\nA adopted code=A description=Old";
    let mut plan = planned(PruneMode::Keep, &table(A), known, "code T en\nA Local");
    for step in plan.zones.values_mut().flat_map(|zone| &mut zone.collections) {
        for change in &mut step.diff.outcome.as_mut().unwrap().changes {
            change.updated_by = Some("librarian".to_owned());
            change.update_date = Some("2026-05-30Z".to_owned());
        }
    }
    let text = anstream::adapter::strip_str(&text::plan(&plan)).to_string();
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "#").collect();
    let words = words.join(" ");
    for told in [
        "1 conflict: both the manifests and the zone changed a record; the whole table waits",
        "`description` was \"Old\" when zonal applied it; the zone now \"Local\" (by librarian, 2026-05-30Z); the \
         manifest now \"New\"",
        "decide with `conflict: ours` or `conflict: theirs` in CodeTable/t, or make the manifest say what the zone \
         holds",
        "Since it was applied last: 1 in conflict.",
    ] {
        assert!(words.contains(told), "{told}\n{text}");
    }
}

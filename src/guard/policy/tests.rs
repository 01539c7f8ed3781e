//! Policy rules, text in and text out: compile errors, denials and their causes.

#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::fmt::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use super::expression::{FUNCTIONS, compile};
use super::{LONGEST, TimeLimit, evaluate};
use crate::guard::tests::planned;
use crate::model::{Finding, FindingEffect, Policy, PolicyRule, PolicyScope, SourceSpan};

/// Returns the error of an expression: position, message, and the number of known names.
fn mistake(expression: &str, each: PolicyScope) -> String {
    match compile(expression, each) {
        Ok(_) => "fine".to_owned(),
        Err(mistake) => {
            let at = mistake.at.map_or_else(|| "-".to_owned(), |at| at.to_string());
            let known = mistake.name.map_or(0, |(_, known)| known.len());
            format!("{at} {} ({known})", mistake.message)
        }
    }
}

#[test]
fn unknown_names_are_found_at_compile_time() {
    let cases = [
        ("change.action == 'delete'", "fine"),
        ("change.acton == 'delete'", "7 `change` has no field `acton` (18)"),
        ("chnge.action == 'delete'", "0 unknown variable `chnge` (3)"),
        ("has(change.before.enabled) && change.before.enabled", "fine"),
        ("has(change.befor)", "11 `change` has no field `befor` (18)"),
        ("change.edits.all(name, name != 'enabled')", "fine"),
        ("change.edits.enabled.aftr", "21 `change.edits.enabled` has no field `aftr` (2)"),
        ("change['acton'] == 'x'", "8 `change` has no field `acton` (18)"),
        ("plan.counts.deletes < 5 && zone.counts.delets < 5", "39 `zone.counts` has no field `delets` (6)"),
        ("plan.zones.exists(code, code.startsWith('01'))", "fine"),
        ("plan.zones.exists(code, cod == 'x')", "24 unknown variable `cod` (3)"),
        ("change.key.lowerAscii() == 'x'", "11 unknown function `lowerAscii` (12)"),
        ("change.edits.all(1)", "16 wrong arguments for `all` (0)"),
        ("type(change.key) == string", "fine"),
    ];
    let told: Vec<(&str, String)> =
        cases.iter().map(|(text, _)| (*text, mistake(text, PolicyScope::Change))).collect();
    let expected: Vec<(&str, String)> =
        cases.iter().map(|(text, told)| (*text, (*told).to_owned())).collect();
    assert_eq!(told, expected);
    assert_eq!(
        mistake("change.key == 'x'", PolicyScope::Zone),
        "0 `change` is not available in rules with `scope: zone` (2)"
    );
    assert_eq!(
        mistake("zone.code == 'x'", PolicyScope::Plan),
        "0 `zone` is not available in rules with `scope: plan` (1)"
    );
}

#[test]
fn syntax_errors_have_a_position() {
    for broken in ["", "1 +", "change.", "a b", "(", "'", "\u{0}", "change.key == 'é' &&& true"] {
        let told = mistake(broken, PolicyScope::Change);
        assert!(told.ends_with("(0)") && !told.contains('\n'), "{broken}: {told}");
    }
    let told = mistake("change.key.matches('[a')", PolicyScope::Change);
    assert!(told.contains("invalid regular expression `[a`: unclosed character class"), "{told}");
    for hostile in
        [format!("{}1{}", "(".repeat(1_900), ")".repeat(1_900)), "-".repeat(LONGEST), "[".repeat(LONGEST)]
    {
        assert_ne!(mistake(&hostile, PolicyScope::Change), "fine");
    }
}

/// Existing functions that do not accept `'a'`.
const FAILS_ON_TEXT: [&str; 4] = ["bool", "double", "int", "uint"];

#[test]
fn every_listed_function_exists() {
    for name in FUNCTIONS {
        // With arguments, because a call without arguments reports a missing function.
        let text = ["{name}('a')", "'a'.{name}('a')"].map(|form| form.replace("{name}", name));
        let known = text.iter().any(|text| {
            let program = cel::Program::compile(text).unwrap();
            let answer = program.execute(&cel::Context::default());
            answer.is_ok() || FAILS_ON_TEXT.contains(&name)
        });
        assert!(known, "{name}");
    }
}

const MANIFESTS: &str = "\
CodeTable t
table: T
rows: [{code: A, description: One}, {code: B, absent: true}, {code: C, description: Three, enabled: false}]";
const TABLES: &str = "code T en\nA Old\nB Two\nC Three";

fn find(each: PolicyScope, rules: &[(&str, FindingEffect)], patience: Duration) -> Vec<Finding> {
    find_within(each, rules, &TimeLimit::start(patience))
}

fn find_within(each: PolicyScope, rules: &[(&str, FindingEffect)], limit: &TimeLimit) -> Vec<Finding> {
    let (network, plan) = planned(&["ALPHA", "BETA"], MANIFESTS, TABLES);
    let rule = |(index, (expression, action)): (usize, &(&str, FindingEffect))| PolicyRule {
        name: format!("r{index}").into(),
        expression: (*expression).into(),
        action: action.clone(),
        message: "no".into(),
        span: SourceSpan::file("p.yaml"),
    };
    let policy =
        Policy { name: "p".into(), scope: each, rules: rules.iter().enumerate().map(rule).collect() };
    evaluate(&plan, &network, &policy, limit)
}

fn told(each: PolicyScope, expressions: &[&str]) -> String {
    let rules: Vec<(&str, FindingEffect)> =
        expressions.iter().map(|each| (*each, FindingEffect::Deny)).collect();
    let mut out = String::new();
    for Finding { guard, message, zones, .. } in find(each, &rules, Duration::from_secs(20)) {
        let zones: Vec<&str> = zones.iter().map(|zone| zone.as_str()).collect();
        let _ = writeln!(out, "{guard} [{}] {message}", zones.join(" "));
    }
    out
}

#[test]
fn rule_is_evaluated_for_every_change() {
    let rules = [
        "change.action != 'delete'",
        "true",
        "!change.disables",
        "change.table == 'T' && change.kind == 'CodeTable' && change.language == '' && change.library == ''",
        "change.edits.all(field, change.edits[field].after != 'One')",
        "!(change.action == 'update' && change.before.description == 'Old' && change.after.description == 'One')",
        "zone.role == 'member' && plan.zones.size() == 2 && plan.counts.deletes == 2 && zone.counts.disables == 1",
    ];
    assert_eq!(
        told(PolicyScope::Change, &rules),
        "\
policy/p/r0 [ALPHA BETA] no: ALPHA/CodeTable/T/B would be deleted, and 1 more record
policy/p/r2 [ALPHA BETA] no: ALPHA/CodeTable/T/C would be updated, and 1 more record
policy/p/r4 [ALPHA BETA] no: ALPHA/CodeTable/T/A would be updated, and 1 more record
policy/p/r5 [ALPHA BETA] no: ALPHA/CodeTable/T/A would be updated, and 1 more record
"
    );
}

#[test]
fn zone_and_plan_scopes_are_evaluated_once_each() {
    assert_eq!(
        told(PolicyScope::Zone, &["zone.code == 'ALPHA'", "zone.name.endsWith('College')"]),
        "policy/p/r0 [BETA] no: BETA\n"
    );
    assert_eq!(
        told(PolicyScope::Plan, &["plan.counts.updates == 0", "plan.network == 'omni'"]),
        "policy/p/r0 [] no\n"
    );
}

#[test]
fn errors_and_other_values_are_denials() {
    assert_eq!(
        told(PolicyScope::Change, &["change.before.desc == 'x'", "change.key", "change.key.nonsense()"]),
        "\
policy/p/r0 [ALPHA BETA] no: ALPHA/CodeTable/T/A would be updated, and 5 more records (the rule could not be evaluated: No such key: desc)
policy/p/r1 [ALPHA BETA] no: ALPHA/CodeTable/T/A would be updated, and 5 more records (the rule could not be evaluated: expected a boolean, found a string)
policy/p/r2 [] no (the rule could not be evaluated: unknown function `nonsense`)
"
    );
}

#[test]
fn rules_after_the_time_limit_are_denied_at_once() {
    let limit = TimeLimit::start(Duration::ZERO);
    let (listener, news) = mpsc::channel();
    // The limit expires on a thread of its own.
    while limit.tell(listener.clone()) {
        std::thread::yield_now();
    }
    drop((listener, news));
    let found = find_within(PolicyScope::Plan, &[("true", FindingEffect::Deny)], &limit);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "no (the rule could not be evaluated: timeout of another rule)");
}

#[test]
fn endless_rule_is_denied_by_timeout() {
    let list = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]";
    let mut endless = "true".to_owned();
    for depth in 0..12 {
        endless = format!("{list}.all(x{depth}, {endless})");
    }
    let rules = [("true", FindingEffect::Deny), (endless.as_str(), FindingEffect::Warn)];
    let found = find(PolicyScope::Plan, &rules, Duration::from_secs(2));
    let told: Vec<(FindingEffect, &str)> =
        found.iter().map(|each| (each.effect.clone(), each.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (FindingEffect::Deny, "no (the rule could not be evaluated: timeout of another rule)"),
            (FindingEffect::Warn, "no (the rule could not be evaluated: timeout)"),
        ]
    );
}

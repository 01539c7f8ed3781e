//! Rules, text in and text out: what is understood, what is refused, and why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::fmt::Write as _;
use std::time::Duration;

use super::expression::{FUNCTIONS, compile};
use super::{LONGEST, evaluate};
use crate::guard::tests::planned;
use crate::model::{Finding, FindingEffect, Policy, PolicyRule, PolicyScope, SourceSpan};

/// What is wrong with an expression: where, what, and the names that it could have meant.
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
fn what_is_misspelt_is_noticed_before_it_is_asked() {
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
        ("change.edits.all(1)", "16 `all` is called with other arguments than it has (0)"),
        ("type(change.key) == string", "fine"),
    ];
    let told: Vec<(&str, String)> =
        cases.iter().map(|(text, _)| (*text, mistake(text, PolicyScope::Change))).collect();
    let expected: Vec<(&str, String)> =
        cases.iter().map(|(text, told)| (*text, (*told).to_owned())).collect();
    assert_eq!(told, expected);
    assert_eq!(
        mistake("change.key == 'x'", PolicyScope::Zone),
        "0 `change` is not known to rules about each zone (2)"
    );
    assert_eq!(
        mistake("zone.code == 'x'", PolicyScope::Plan),
        "0 `zone` is not known to rules about each plan (1)"
    );
}

#[test]
fn what_is_no_expression_is_told_where_it_breaks() {
    for broken in ["", "1 +", "change.", "a b", "(", "'", "\u{0}", "change.key == 'é' &&& true"] {
        let told = mistake(broken, PolicyScope::Change);
        assert!(told.ends_with("(0)") && !told.contains('\n'), "{broken}: {told}");
    }
    let told = mistake("change.key.matches('[a')", PolicyScope::Change);
    assert!(told.contains("`[a` is no regular expression: unclosed character class"), "{told}");
    for hostile in
        [format!("{}1{}", "(".repeat(1_900), ")".repeat(1_900)), "-".repeat(LONGEST), "[".repeat(LONGEST)]
    {
        assert_ne!(mistake(&hostile, PolicyScope::Change), "fine");
    }
}

/// They are there, and `'a'` is none of what they take.
const FAILS_ON_TEXT: [&str; 4] = ["bool", "double", "int", "uint"];

#[test]
fn every_function_that_is_said_to_be_there_is() {
    for name in FUNCTIONS {
        // With arguments, since one that is called with none is said not to be there.
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
    evaluate(&plan, &network, &policy, patience)
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
fn a_rule_is_asked_of_every_change_and_says_who_did_not_keep_to_it() {
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
fn zones_and_the_plan_can_be_asked_about_too() {
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
fn an_error_refuses_and_so_does_whatever_is_not_true() {
    assert_eq!(
        told(PolicyScope::Change, &["change.before.desc == 'x'", "change.key", "change.key.nonsense()"]),
        "\
policy/p/r0 [ALPHA BETA] no: ALPHA/CodeTable/T/A would be updated, and 5 more records (the rule could not be asked: No such key: desc)
policy/p/r1 [ALPHA BETA] no: ALPHA/CodeTable/T/A would be updated, and 5 more records (the rule could not be asked: it says neither true nor false, but a string)
policy/p/r2 [] no (the rule could not be asked: unknown function `nonsense`)
"
    );
}

#[test]
fn a_rule_that_does_not_end_refuses_and_the_plan_goes_on() {
    let list = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]";
    let mut endless = "true".to_owned();
    for depth in 0..12 {
        endless = format!("{list}.all(x{depth}, {endless})");
    }
    let rules = [("true", FindingEffect::Deny), (endless.as_str(), FindingEffect::Warn)];
    let found = find(PolicyScope::Plan, &rules, Duration::from_millis(50));
    let told: Vec<(FindingEffect, &str)> =
        found.iter().map(|each| (each.effect.clone(), each.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (
                FindingEffect::Deny,
                "no (the rule could not be asked: another rule of its policy took too long)"
            ),
            (FindingEffect::Warn, "no (the rule could not be asked: it took too long)"),
        ]
    );
}

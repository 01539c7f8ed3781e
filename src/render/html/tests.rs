//! Tests of the HTML page: content, size limit, and escaping of untrusted text.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::detail_level::DetailLevel;
use super::interner::json;
use super::{LARGEST, fit_to_limit, html};
use crate::diff::diff;
use crate::model::{Deferral, FieldChange, FieldValue, Finding, FindingEffect, Plan};
use crate::test_notation::{desired, observed};

fn planned(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    crate::plan::plan(&network, diff(&desired, &observed), &observed, None)
}

const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";
const TABLES: &str = "code T en\nA Old\nB Two";

/// Returns the embedded data of a page.
fn data(page: &str) -> Json {
    let (_, from) = page.split_once("id=data>").unwrap();
    serde_json::from_str(from.split_once("</script>").unwrap().0).unwrap()
}

fn atoms(page: &str) -> Vec<Json> {
    data(page)["atoms"].as_array().unwrap().clone()
}

/// Returns a plan with `zones` zones, and `rows` distinct changes in each zone.
fn all_different(zones: usize, rows: usize) -> Plan {
    let members: Vec<String> = (0..zones).map(|zone| format!("Z{zone:03}")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let mut plan = planned(&members, ROWS, TABLES);
    for (zone, number) in plan.zones.values_mut().zip(0..) {
        for step in &mut zone.collections {
            let found = step.diff.outcome.as_mut().unwrap();
            let change = found.changes[0].clone();
            found.changes = (0..rows)
                .map(|row| {
                    let mut change = change.clone();
                    change.key[0].1 = FieldValue::from_text(format!("KEY {number} {row}"));
                    let FieldChange { before, after, .. } = &mut change.field_changes[0];
                    *before = Some(FieldValue::from_text(format!("what zone {number} holds in row {row}")));
                    *after = FieldValue::from_text(format!("what is wanted of zone {number} in row {row}"));
                    change.update_date = Some(format!("2026-01-01 {number} {row}"));
                    change
                })
                .collect();
        }
    }
    plan
}

#[test]
fn page_starts_with_totals() {
    let page = html(&planned(&["ALPHA", "BETA"], ROWS, TABLES));
    assert!(page.contains("<p class=verdict>2 zones differ: 2 records to change, 2 to delete.</p>"));
    let page = html(&planned(&["ALPHA"], ROWS, "code T en\nA One"));
    assert!(page.contains("<p class=verdict>1 zone is in sync.</p>"));
    let page = html(&planned(&["ALPHA"], ROWS, "fail T unreachable"));
    assert!(page.contains("1 zone could not be asked, so this plan is incomplete."));
}

#[test]
fn table_is_readable_without_script() {
    let page = html(&planned(
        &["ALPHA", "BETA", "GAMMA"],
        ROWS,
        "ALPHA:\nfail T missing\nBETA:\nfail T unreachable\nGAMMA:\ncode T en\nA Old",
    ));
    let table = page.split_once("<tbody>").unwrap().1.split_once("</table>").unwrap().0;
    insta::assert_snapshot!(table.trim(), @r"
    <tr><th scope=row><b>ALPHA</b><i>A</i><span>alpha College</span><td class=b>!
    <tr><th scope=row><b>GAMMA</b><i>B</i><span>gamma College</span><td class=d>~1
    <tr><th scope=row><b>BETA</b><span>beta College</span><td class=u>?
    ");
}

#[test]
fn findings_and_deferrals_come_before_table() {
    let mut plan = planned(&["ALPHA", "BETA"], ROWS, TABLES);
    plan.zones.get_mut(&"BETA".into()).unwrap().deferral = Some(Deferral::ApprovalRequired);
    let finding = |verdict, guard: &str| Finding {
        effect: verdict,
        guard: guard.into(),
        zones: vec!["ALPHA".into()],
        message: "1 of 2 records would be deleted".to_owned(),
        help: Some("look twice".to_owned()),
        span: None,
    };
    plan.findings = vec![
        finding(FindingEffect::Deny, "deletes-per-collection"),
        finding(FindingEffect::Overridden { reason: "agreed".to_owned() }, "protected"),
    ];
    let page = html(&plan);
    let top = page.split_once("<table").unwrap().0;
    for words in [
        "Nothing will be written: a guard or a policy denies this plan.",
        "<b>✕ Denied</b> by <code>deletes-per-collection</code>: 1 of 2 records would be deleted",
        "Overridden, because: agreed",
        "Way out: look twice",
        "<b>‖ 1 zone</b>: waits for an approval<div>BETA",
    ] {
        assert!(top.contains(words), "missing {words} in {top}");
    }
    assert!(page.contains("<td class=w>‖ ~1 −1"));
}

#[test]
fn text_from_zones_is_escaped() {
    let hostile =
        "</script><script>alert(1)</script><!-- <img src=x onerror=alert(1)> \" ' & \u{2028} \u{0} \u{202e}";
    let mut plan = planned(&["ALPHA"], ROWS, TABLES);
    plan.network = hostile.to_owned();
    plan.selection = Some(hostile.to_owned());
    let zone = plan.zones.values_mut().next().unwrap();
    zone.name = hostile.to_owned();
    let found = zone.collections[0].diff.outcome.as_mut().unwrap();
    found.notes = vec![hostile.to_owned()];
    for change in &mut found.changes {
        change.reason = Some(hostile.to_owned());
        change.updated_by = Some(hostile.to_owned());
        change.key = vec![(hostile.into(), FieldValue::from_text(hostile))];
        change.before = [(hostile.into(), FieldValue::list([hostile]))].into_iter().collect();
    }
    let page = html(&plan);
    assert_eq!(page.matches("<script").count(), 2, "only the scripts of the page");
    assert_eq!(page.matches("</script").count(), 2);
    for sign in ["<img", "<!--", "\u{2028}", "\u{0}", "\u{202e}", "alert(1)<"] {
        assert!(!page.contains(sign), "{sign:?}");
    }
    assert!(page.contains("⟨U+202E⟩"), "shows bidirectional overrides");
    // The data contains the complete text.
    assert!(atoms(&page).contains(&Json::from(hostile)));
    assert!(atoms(&page).contains(&Json::from(vec![hostile])));
}

#[test]
fn json_contains_no_html_significant_characters() {
    let text = "a<b>&\u{2028}\u{2029}\"\\é";
    assert_eq!(json(&text), "\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\\\"\\\\é\"");
    assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
}

#[test]
fn page_makes_no_network_requests() {
    let page = html(&planned(&["ALPHA"], ROWS, TABLES));
    assert!(
        page.contains(
            "Content-Security-Policy content=\"default-src &#39;none&#39;; script-src &#39;sha256-"
        )
    );
    for word in [
        "http:",
        "https:",
        "//www",
        "src=",
        "href=",
        "url(",
        "@import",
        "fetch(",
        "XMLHttp",
        "innerHTML",
        "eval(",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn page_of_equal_plan_is_identical() {
    let plan = planned(&["ALPHA", "BETA"], ROWS, "code T en\nA Old\nB Two\nBETA:\ncode T en\nA Older");
    assert_eq!(html(&plan), html(&plan.clone()));
}

#[test]
fn changes_shared_by_zones_are_written_once() {
    let size = |zones: usize| {
        let members: Vec<String> = (0..zones).map(|zone| format!("Z{zone:03}")).collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let page = html(&planned(&members, ROWS, TABLES));
        let data = data(&page);
        assert_eq!(data["changes"].as_array().unwrap().len(), 2);
        assert_eq!(data["sets"].as_array().unwrap().len(), 2, "the empty set and the shared set");
        page.len()
    };
    assert!((size(101) - size(1)) / 100 < 250, "an additional zone adds only its name, digest and cells");
}

#[test]
fn page_over_limit_reduces_detail_with_notice() {
    let mut plan = all_different(12, 25);
    for zone in plan.zones.values_mut() {
        let found = zone.collections[0].diff.outcome.as_mut().unwrap();
        found.changes[0].field_changes[0].after =
            FieldValue::from_text("long ".repeat(2_000) + zone.name.as_str());
    }
    let whole = html(&plan);
    assert!(!whole.contains("Not everything is here"));
    let mut reached = Vec::new();
    for limit in (1_000..=whole.len()).rev().step_by(700) {
        let (detail, page) = fit_to_limit(&plan, limit);
        assert!(page.len() <= limit, "{} bytes at {detail:?}, limit {limit}", page.len());
        if reached.last() != Some(&detail) {
            reached.push(detail);
            let told = detail.omitted_content().is_none_or(|missing| page.contains(missing));
            assert!(told || detail == DetailLevel::Nothing, "no notice of {detail:?}");
        }
    }
    let mut expected = DetailLevel::ALL.to_vec();
    expected.push(DetailLevel::Nothing);
    assert_eq!(reached, expected, "every level in order");
}

#[test]
fn detail_level_omits_documented_content() {
    let plan = all_different(2, 10);
    let page = |detail| super::page::page(&plan, detail, LARGEST).unwrap();
    let holds = |page: &str, text: &str| data(page).to_string().contains(&format!("\"{text}\""));
    let parts = [
        "2026-01-01 1 2",
        "what zone 1 holds in row 2",
        "what is wanted of zone 1 in row 2",
        "description",
        "KEY 1 2",
    ];
    let mut shown = String::new();
    for detail in DetailLevel::ALL.into_iter().take_while(|detail| *detail < DetailLevel::Zones) {
        let page = page(detail);
        let signs: String = parts.iter().map(|part| if holds(&page, part) { 'x' } else { '.' }).collect();
        let _ = writeln!(shown, "{signs} {detail:?}");
    }
    insta::assert_snapshot!(shown, @r"
    xxxxx Everything
    .xxxx Changes
    .xxxx Short
    ..xxx Wanted
    ...xx Names
    ....x Keys
    ..... Counts
    ");
}

/// Covers a fraction of the largest simulated consortium; `benches` measures the full size.
#[test]
fn large_plan_of_distinct_changes_shows_keys() {
    let plan = all_different(12, 500);
    let (detail, page) = fit_to_limit(&plan, LARGEST / 40);
    assert!(page.len() <= LARGEST / 40);
    assert_eq!(detail, DetailLevel::Keys, "the page names every record");
}

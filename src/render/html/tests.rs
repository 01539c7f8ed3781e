//! Tests of the HTML page: content, size limit, and escaping of untrusted text.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::detail_level::DetailLevel;
use super::page_context::PageContext;
use super::{LARGEST, fit_to_limit, html};
use crate::diff::diff;
use crate::model::{Deferral, FieldChange, FieldValue, Finding, FindingEffect, Plan};
use crate::render::decisions::tests::random_plan;
use crate::render::decisions::value_words::{list_words, value_words};
use crate::render::decisions::{FieldChangeContent, FoldedValue};
use crate::test_notation::{desired, observed};

fn planned(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    crate::plan::plan(&network, diff(&desired, &observed), &observed, None)
}

const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";
const TABLES: &str = "code T en\nA Old\nB Two";

/// Returns the texts of a page as a reader sees them, without blanks.
fn visible_text(page: &str) -> String {
    let body = page.split_once("<body").unwrap().1.split_once("<script>").unwrap().0;
    let texts = body.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    let text = texts.collect::<String>();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#10;", "\n");
    without_blanks(&text.replace("&#35;", "#").replace("&amp;", "&"))
}

fn without_blanks(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
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
    let text = |plan: &Plan| visible_text(&html(plan));
    let page = text(&planned(&["ALPHA", "BETA"], ROWS, TABLES));
    assert!(page.contains("2tochange,2todestroy"), "{page}");
    assert!(page.contains("2decisionsin1manifest,at2of2zones."), "{page}");
    let page = text(&planned(&["ALPHA"], ROWS, "code T en\nA One"));
    assert!(page.contains("Nothingtochange") && page.contains("1zoneisinsync."), "{page}");
    let page = text(&planned(&["ALPHA"], ROWS, "fail T unreachable"));
    assert!(page.contains("1zonecouldnotberead,sothisplanisincomplete."), "{page}");
}

#[test]
fn production_is_marked_by_a_bar_and_a_tag() {
    let mut plan = planned(&["ALPHA"], ROWS, TABLES);
    for zone in &mut plan.population.zones {
        zone.production = true;
    }
    let page = html(&plan);
    assert!(page.contains("<body class=production>"));
    assert!(page.contains("<span class=\"production\">PRODUCTION</span>"));
    for zone in &mut plan.population.zones {
        zone.production = false;
    }
    let page = html(&plan);
    assert!(page.contains("<body>") && !page.contains("PRODUCTION"));
}

#[test]
fn page_is_readable_without_script() {
    let page = html(&planned(
        &["ALPHA", "BETA", "GAMMA"],
        ROWS,
        "ALPHA:\nfail T missing\nBETA:\nfail T unreachable\nGAMMA:\ncode T en\nA Old",
    ));
    let text = visible_text(&page);
    for words in ["descriptionOld→One", "ALPHA,T:cannotbeplanned", "GAMMA,T:1tochange", "Actionrequired"] {
        assert!(text.contains(words), "missing {words} in {text}");
    }
    assert!(text.contains("BETA,T:unknown:thezonecouldnotberead"), "{text}");
}

#[test]
fn equal_failures_stand_once() {
    let page = html(&planned(&["ALPHA", "BETA", "GAMMA"], ROWS, "fail T unreachable"));
    let (_, action) = page.split_once("<section id=\"action\"").unwrap();
    let action = action.split_once("</section>").unwrap().0;
    assert_eq!(action.matches("<li").count(), 1, "{action}");
    assert!(action.contains("ALPHA, BETA, GAMMA"), "{action}");
}

#[test]
fn findings_and_deferrals_come_before_decisions() {
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
    let top = page.split_once("<section id=decisions").unwrap().0;
    for words in [
        "Nothing will be written: a guard or a policy denies this plan.",
        "<b>Denied</b> by <code>deletes-per-collection</code>: 1 of 2 records would be deleted",
        "Overridden, because: agreed",
        "help: look twice",
        "<b>1 zone</b>: waits for an approval",
    ] {
        assert!(top.contains(words), "missing {words} in {top}");
    }
    assert!(page.contains("<title>BETA, T: 1 to change, 1 to delete, 2 deferred</title>"), "{page}");
}

#[test]
fn removals_stand_in_a_section_of_their_own() {
    let page = html(&planned(&["ALPHA", "BETA", "GAMMA"], ROWS, TABLES));
    let (_, removed) = page.split_once("<section id=removed").unwrap();
    let text = visible_text(&format!("<body>{}<script>", removed.split_once("</section>").unwrap().0));
    assert!(text.contains("3recordstodelete"), "{text}");
    assert!(text.contains("BT") && text.contains("descriptionTwo"), "{text}");
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
    assert_eq!(page.matches("<script").count(), 1, "only the script of the page");
    assert_eq!(page.matches("</script").count(), 1);
    for sign in ["<img", "<!--", "\u{2028}", "\u{0}", "\u{202e}", "alert(1)<"] {
        assert!(!page.contains(sign), "{sign:?}");
    }
    assert!(page.contains("⟨U+202E⟩"), "shows bidirectional overrides");
}

#[test]
fn page_makes_no_network_requests() {
    let page = html(&planned(&["ALPHA"], ROWS, TABLES));
    assert!(page.contains("Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-"));
    for word in [
        "http:",
        "https:",
        "//www",
        "src=",
        "url(",
        "@import",
        "fetch(",
        "XMLHttp",
        "innerHTML",
        "eval(",
        " style=",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    for link in page.split("href=").skip(1) {
        assert!(link.starts_with("\"#"), "{}", &link[..20]);
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
        assert_eq!(page.matches("<div class=\"row ").count(), 2);
        page.len()
    };
    assert!((size(101) - size(1)) / 100 < 330, "an additional zone adds its name, a tick and its cells");
}

#[test]
fn page_over_limit_reduces_detail_with_notice() {
    let mut plan = all_different(4, 12);
    for zone in plan.zones.values_mut() {
        let found = zone.collections[0].diff.outcome.as_mut().unwrap();
        found.changes[0].field_changes[0].after =
            FieldValue::from_text("long ".repeat(2_000) + zone.name.as_str());
    }
    let whole = html(&plan);
    assert!(!whole.contains("Not everything is here"));
    let mut reached = Vec::new();
    let limits = std::iter::successors(Some(whole.len()), |limit| (*limit > 1_000).then(|| limit * 9 / 10));
    for limit in limits {
        let (detail, page) = fit_to_limit(&plan, limit);
        assert!(page.len() <= limit, "{} bytes at {detail:?}, limit {limit}", page.len());
        if reached.last() != Some(&detail) {
            reached.push(detail);
            let told = detail.omitted_content().is_none_or(|missing| page.contains(missing));
            assert!(told || detail == DetailLevel::Nothing, "no notice of {detail:?}");
        }
    }
    let mut levels = reached.clone();
    levels.sort();
    assert_eq!(reached, levels, "less and less detail");
    for level in [
        DetailLevel::Everything,
        DetailLevel::Changes,
        DetailLevel::Short,
        DetailLevel::Keys,
        DetailLevel::Nothing,
    ] {
        assert!(reached.contains(&level), "{level:?} is missing in {reached:?}");
    }
}

#[test]
fn detail_level_omits_documented_content() {
    let plan = all_different(2, 10);
    let context = PageContext::new(&plan);
    let parts = [
        "2026-01-01 1 2",
        "what zone 1 holds in row 2",
        "what is wanted of zone 1 in row 2",
        "description",
        "KEY 1 2",
    ];
    let mut shown = String::new();
    for detail in DetailLevel::ALL.into_iter().take_while(|detail| *detail < DetailLevel::Zones) {
        let text = visible_text(&super::page::page(&context, detail, LARGEST).unwrap());
        let holds = |part: &&str| text.contains(&without_blanks(part));
        let signs: String = parts.iter().map(|part| if holds(part) { 'x' } else { '.' }).collect();
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// The fold is exact, so a page with each folded value has each field of each change.
    #[test]
    fn page_has_each_field_of_each_change(plan in random_plan()) {
        let context = PageContext::new(&plan);
        let text = visible_text(&html(&plan));
        let has = |words: &str| text.contains(&without_blanks(&words.replace("{{", "{").replace("}}", "}")));
        let value = |value: &FoldedValue| match value {
            FoldedValue::Null => "unset".to_owned(),
            FoldedValue::List(texts) if texts.is_empty() => "unset".to_owned(),
            value => value_words(value, &context.names),
        };
        for variant in context.decisions.iter().flat_map(|row| &row.variants) {
            for (_, part) in &variant.key {
                prop_assert!(has(&value(part)), "key {:?} is not in {}", part, text);
            }
            for field in &variant.fields {
                prop_assert!(has(&field.name));
                match &field.change {
                    FieldChangeContent::Set(after) => prop_assert!(has(&value(after)), "{:?} is not in {}", after, text),
                    FieldChangeContent::Removed(before) => prop_assert!(has(&value(before)), "{:?} is not in {}", before, text),
                    FieldChangeContent::Edit { added, removed } => {
                        for word in list_words(added, &context.names) {
                            prop_assert!(has(&format!("+{word}")), "missing list text");
                        }
                        for word in list_words(removed, &context.names) {
                            prop_assert!(has(&format!("−{word}")), "missing list text");
                        }
                    }
                }
                for (before, _) in &field.former {
                    prop_assert!(has(&value(before)), "former {:?} is not in {}", before, text);
                }
            }
            for name in variant.variables() {
                for zone in &plan.population.zones {
                    let own = zone.vars.get(name).map_or("unset", |value| value);
                    let reaches = variant.records.iter().any(|record| *record.zone() == zone.code);
                    prop_assert!(!reaches || has(own));
                }
            }
        }
    }
}

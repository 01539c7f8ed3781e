//! Tests of the CI output formats, with hostile values.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value as Json, json};

use super::markdown::{CommentContext, CommentPurpose, comment};
use super::{github, gitlab, html, junit, sarif};
use crate::diff::diff;
use crate::model::{
    ApplyMode, BrokenExpectation, ChangeOrigin, ComparisonMode, Deferral, ExpectationForecast, FailureClass,
    FieldValue, Finding, FindingEffect, MaybeKnown, OtherExpectations, Plan, Provenance, SourceSpan,
    UnmetFact, ZoneFailure,
};
use crate::test_notation::{desired, observed};

fn planned(members: &[&str], manifests: &str, tables: &str) -> Plan {
    let (network, desired) = desired(members, manifests);
    let observed = observed(&desired, tables);
    crate::plan::plan(&network, diff(&desired, &observed), &observed, None)
}

const ROWS: &str = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}]";
const FOUR: [&str; 4] = ["A1", "A2", "A3", "A4"];

fn finding(verdict: FindingEffect, message: &str) -> Finding {
    Finding {
        effect: verdict,
        guard: "freeze/exams".into(),
        zones: Vec::new(),
        message: message.to_owned(),
        help: None,
        span: Some(SourceSpan::file("network.yaml")),
    }
}

#[test]
fn annotations_merge_zones_and_are_ordered_by_severity() {
    let tables =
        "A1:\ncode T en\nA Old\nB x\nA2:\ncode T en\nA Older\nA3:\ncode T en\nA Old\nA4:\nfail T missing";
    let mut plan = planned(&FOUR, ROWS, tables);
    plan.findings = vec![finding(FindingEffect::Deny, "100 % of everything,\nat once: no")];
    insta::assert_snapshot!(github::annotations(&plan, "config/"), @r#"
    ::error file=config/network.yaml,line=1,col=1,title=guard `freeze/exams`::forbids it: 100 %25 of everything,\nat once: no
    ::error file=config/t.yaml,line=3,col=18,title=CodeTable/T::cannot be planned in A4: `T` did not come
    ::warning file=config/t.yaml,line=6,col=39,title=CodeTable/T/B::will be destroyed in A1
    ::notice file=config/t.yaml,line=6,col=10,title=CodeTable/T/A::will be updated in-place in A1, A2 and A3: description = "One"
    "#);
}

#[test]
fn annotations_over_limit_end_with_their_number() {
    let rows: String = (0..12).map(|row| format!("  - {{code: C{row:02}, description: New}}\n")).collect();
    let plan = planned(&["ALPHA"], &format!("CodeTable t\ntable: T\nrows:\n{rows}"), "code T en");
    let annotations = github::annotations(&plan, "");
    let lines: Vec<&str> = annotations.lines().collect();
    assert_eq!((lines.len(), lines[9]), (10, "::notice title=zonal::and 3 more, see the plan"));
    assert!(lines[8].contains("CodeTable/T/C08"));
}

#[test]
fn annotation_with_line_breaks_is_one_line() {
    let manifest = "CodeTable t\ntable: T\nrows: [{code: \"a,b:c%\", description: \"x\\n::error::y%0A\"}]";
    let plan = planned(&["ALPHA"], manifest, "code T en");
    let annotations = github::annotations(&plan, "a, b/");
    assert_eq!(annotations.lines().count(), 1);
    assert!(annotations.starts_with(
        "::notice file=a%2C b/t.yaml,line=6,col=10,title=CodeTable/T/a%2Cb%3Ac%2525::will be created in ALPHA: "
    ));
    assert!(annotations.contains(r#"description = "x\n::error::y%250A""#), "{annotations}");
}

#[test]
fn outputs_have_one_line_each() {
    let tables =
        "A1:\ncode T en\nA Old\nB Two\nA2:\ncode T en\nA One\nA3:\ncode T en\nA4:\nfail T unreachable";
    let outputs = github::outputs(&planned(&FOUR, ROWS, tables));
    let (digest, rest) = outputs.split_once('\n').unwrap();
    assert_eq!(digest.len(), "digest=".len() + 64);
    insta::assert_snapshot!(rest, @r#"
    add=1
    change=1
    destroy=1
    manual=0
    report=0
    postponed=0
    blocked=0
    deferred=0
    zones=4
    zones_changed=2
    zones_unknown=1
    complete=false
    denied=false
    applyable=true
    summary=1 to add, 1 to change, 1 to destroy, in 4 zones
    "#);
}

#[test]
fn sarif_fingerprint_ignores_zones_and_values() {
    let zones: Vec<String> = (0..40).map(|zone| format!("Z{zone:02}")).collect();
    let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
    let results = |plan: &Plan| {
        let sarif = serde_json::to_value(sarif::sarif(plan, "")).unwrap();
        sarif["runs"][0]["results"].as_array().unwrap().clone()
    };
    let many = results(&planned(&zones, ROWS, "code T en\nA Old"));
    assert_eq!(many.len(), 1);
    assert_eq!(
        many[0]["message"]["text"],
        "CodeTable/T/A will be updated in-place in 40 zones: description \"Old\" -> \"One\""
    );
    assert_eq!(
        (&many[0]["ruleId"], &many[0]["properties"]["zoneCount"]),
        (&json!("drift/value"), &json!(40))
    );
    let one = results(&planned(&["ALPHA"], &ROWS.replace("One", "Uno"), "code T en\nA Older"));
    assert_eq!(many[0]["partialFingerprints"], one[0]["partialFingerprints"]);
    let other = results(&planned(&["ALPHA"], &ROWS.replace("code: A", "code: C"), "code T en\nC Old"));
    assert_ne!(many[0]["partialFingerprints"], other[0]["partialFingerprints"]);
    let quality = gitlab::code_quality(&planned(&zones, ROWS, "code T en\nA Old"), "config/");
    let fingerprint = &many[0]["partialFingerprints"]["zonal/v1"];
    assert_eq!((quality.len(), &Json::String(quality[0].fingerprint.clone())), (1, fingerprint));
    assert_eq!(quality[0].location.path, "config/t.yaml");
}

#[test]
fn sarif_result_omits_values_that_differ_by_zone() {
    let manifest = "CodeTable t\ntable: T\nrows: [{code: A, description: One}]\noverrides: [{appliesTo: {only: [A2]}, rows: [{code: A, description: Two}]}]";
    let sarif =
        serde_json::to_value(sarif::sarif(&planned(&["A1", "A2"], manifest, "code T en\nA Old"), "a b/"));
    let result = sarif.unwrap()["runs"][0]["results"][0].clone();
    assert_eq!(result["message"]["text"], "CodeTable/T/A will be updated in-place in A1 and A2: description");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/t.yaml");
}

#[test]
fn sarif_over_limit_keeps_most_severe_results() {
    let rows: String = (0..12).map(|row| format!("  - {{code: C{row:02}, description: New}}\n")).collect();
    let manifest = format!("CodeTable t\ntable: T\nrows:\n{rows}  - {{code: Z, absent: true}}");
    let plan = planned(&["ALPHA"], &manifest, "code T en\nZ Old");
    let sarif = serde_json::to_value(sarif::with_limit(&plan, "", 5)).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&run["results"][0]["level"], &run["results"][0]["ruleId"]),
        (&json!("warning"), &json!("drift/extra"))
    );
    assert_eq!(
        run["invocations"][0]["toolExecutionNotifications"][1]["message"]["text"],
        "the plan has 13 annotations; only the 5 most severe are included"
    );
    let quality = gitlab::with_limit(&plan, "", 5);
    assert_eq!((quality.len(), quality[4].description.as_str()), (5, "and 9 more, see the plan"));
}

#[test]
fn sarif_finding_without_location_uses_first_manifest() {
    let mut plan = planned(&["ALPHA"], ROWS, "code T en\nA Old");
    plan.findings = vec![Finding { span: None, ..finding(FindingEffect::Warn, "see [this](https://x)") }];
    let sarif = serde_json::to_value(sarif::sarif(&plan, "")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["message"]["text"], "guard `freeze/exams` warns: see [this] (https://x)");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "t.yaml");
    plan.zones.clear();
    let sarif = serde_json::to_value(sarif::sarif(&plan, "")).unwrap();
    assert_eq!(sarif["runs"][0]["results"], json!([]));
    assert_eq!(sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["level"], "warning");
}

#[test]
fn junit_of_hostile_values_is_well_formed() {
    let manifest = r#"CodeTable t
table: T
rows: [{code: "<&'\"]]>", description: "a\nc</failure>"}]"#;
    let tables = "A1:\ncode T en\nA2:\nfail T unreachable\nA3:\nfail T missing";
    let mut plan = planned(&["A1", "A2", "A3"], manifest, tables);
    plan.findings = vec![
        finding(FindingEffect::Deny, "no <b>\u{1}\u{fffe}\u{1b}]"),
        finding(FindingEffect::Defer, "later"),
    ];
    let text = junit::junit(&plan);
    insta::assert_snapshot!(text, @r##"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="omni. Compared with the zones; nothing tells what was applied last, so nothing tells who changed what." tests="5" failures="2" errors="2" skipped="1">
      <testsuite name="guards" tests="2" failures="1" errors="0" skipped="1">
        <testcase name="freeze/exams: no &lt;b&gt;\u{1}\u{fffe}\u{1b}]" classname="guards" file="network.yaml" line="1">
          <failure message="no &lt;b&gt;\u{1}\u{fffe}\u{1b}]" type="guard"/>
        </testcase>
        <testcase name="freeze/exams: later" classname="guards" file="network.yaml" line="1">
          <skipped message="later"/>
        </testcase>
      </testsuite>
      <testsuite name="A1" tests="1" failures="1" errors="0" skipped="0">
        <testcase name="CodeTable/T" classname="A1" file="t.yaml" line="3">
          <failure message="1 to add" type="difference">&lt;&amp;&apos;&quot;]]&gt; will be created
      code = &quot;&lt;&amp;&apos;\&quot;]]&gt;&quot;
      description = &quot;a\nc&lt;/failure&gt;&quot;
      default = false
      enabled = true</failure>
        </testcase>
      </testsuite>
      <testsuite name="A2" tests="1" failures="0" errors="1" skipped="0">
        <testcase name="CodeTable/T" classname="A2" file="t.yaml" line="3">
          <error message="`T` did not come" type="unreachable"/>
        </testcase>
      </testsuite>
      <testsuite name="A3" tests="1" failures="0" errors="1" skipped="0">
        <testcase name="CodeTable/T" classname="A3" file="t.yaml" line="3">
          <error message="`T` did not come" type="missing"/>
        </testcase>
      </testsuite>
    </testsuites>
    "##);
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Text(text) => drop(text.decode().unwrap()),
            Event::Start(tag) | Event::Empty(tag) => {
                tag.attributes().for_each(|attribute| drop(attribute.unwrap().unescape_value().unwrap()));
            }
            _ => {}
        }
    }
    assert!(!text.chars().any(|c| c.is_control() && c != '\n' || c == '\u{fffe}'));
}

#[test]
fn junit_failure_limits_changes_and_counts_others() {
    let rows: String = (0..30).map(|row| format!("  - {{code: C{row:02}, description: New}}\n")).collect();
    let plan = planned(&["ALPHA"], &format!("CodeTable t\ntable: T\nrows:\n{rows}"), "code T en");
    let text = junit::junit(&plan);
    assert!(text.contains("message=\"30 to add\"") && text.contains("\nand 10 more</failure>"), "{text}");
    assert!(text.contains("C19 will be created") && !text.contains("C20"));
}

/// Returns every output format by name.
fn formats(plan: &Plan) -> [(&'static str, String); 4] {
    [
        ("markdown", comment(plan, CommentContext::default()).text),
        ("html", html::html(plan)),
        ("junit", junit::junit(plan)),
        ("sarif", serde_json::to_string(&sarif::sarif(plan, "")).unwrap()),
    ]
}

#[test]
fn every_format_shows_comparison_deferrals_and_origin() {
    let mut plan = planned(&["A1", "A2"], ROWS, "A1:\ncode T en\nA Old\nA2:\ncode T en\nA Old");
    plan.snapshot = Some("monday.json".to_owned());
    plan.compared = ComparisonMode::Revision("0123456789abcdef".to_owned());
    plan.zones.get_mut(&"A1".into()).unwrap().deferral = Some(Deferral::ApprovalRequired);
    let steps = plan.zones.values_mut().flat_map(|zone| &mut zone.collections);
    for change in steps.flat_map(|step| &mut step.diff.outcome).flat_map(|found| &mut found.changes) {
        change.origin = Some(ChangeOrigin::Drifted);
    }
    for (format, text) in formats(&plan) {
        for words in ["monday.json: no zone was asked", "the manifests of 0123456789ab.", "drifted"] {
            // Comments format names as code.
            assert!(text.replace('`', "").contains(words), "{format} does not say {words:?}: {text}");
        }
        assert!(
            text.contains("waits for an approval") || text.contains("held back in 1 zone"),
            "{format}: {text}"
        );
    }
}

#[test]
fn change_of_invisible_characters_is_visible_in_every_format() {
    let manifest = "CodeTable t\ntable: T\nrows: [{code: A, description: \"\\u212B\"}]";
    let plan = planned(&["ALPHA"], manifest, "code T en\nA \u{c5}");
    let (before, after) = (r#""\u{c5}""#, r#""\u{212b}""#);
    let text = super::text::plan(&plan);
    assert!(text.contains(&format!("{before} → {after}")), "{text}");
    let text = comment(&plan, CommentContext::default()).text;
    assert!(text.contains(before) && text.contains(after), "{text}");
    for (format, text) in formats(&plan).into_iter().skip(2) {
        assert!(text.replace("&gt;", ">").replace("&quot;", "\"").contains("->"), "{format}: {text}");
    }
}

#[test]
fn postponed_changes_and_partial_reads_are_counted_once() {
    let mut plan = planned(&["A1", "A2"], ROWS, "A1:\ncode T en\nA Old\nA2:\ncode T en\nA One");
    let steps = plan.zones.values_mut().flat_map(|zone| &mut zone.collections);
    for change in steps.flat_map(|step| &mut step.diff.outcome).flat_map(|found| &mut found.changes) {
        change.mode = ApplyMode::Postponed;
    }
    let unreachable = ZoneFailure::new(FailureClass::Unreachable, "no answer");
    plan.zones.get_mut(&"A1".into()).unwrap().failure = Some(unreachable);
    let page = html::html(&plan);
    assert!(page.contains("<span class=\"n-reported\">1 left for a later apply</span></h1>"), "{page}");
    assert!(
        page.contains("1 zone is in sync. 1 zone could be read only in part, so this plan is incomplete."),
        "{page}"
    );
    let text = comment(&plan, CommentContext::default()).text;
    assert!(text.contains("Zones: 1 with changes, 1 in sync, 1 of these asked only in part."), "{text}");
    let text = super::text::plan(&plan);
    assert!(text.contains("1 with differences, 1 in sync, 1 of these asked only in part"), "{text}");
}

#[test]
fn denied_plan_is_not_applyable() {
    let mut plan = planned(&["A1"], ROWS, "A1:\ncode T en\nA Old");
    plan.findings = vec![finding(FindingEffect::Deny, "no")];
    assert!(github::outputs(&plan).contains("\napplyable=false\n"));
    assert!(!super::json::plan::plan(&plan, |_| Default::default(), |_| Default::default()).applyable);
}

#[test]
fn broken_expectations_appear_escaped_in_every_format() {
    let mut plan = planned(&["ALPHA"], ROWS, "code T en\nA Old");
    let place = SourceSpan::file("e.yaml");
    plan.expectations = ExpectationForecast {
        broken: vec![BrokenExpectation {
            provenance: Provenance {
                span: place.clone(),
                manifest: "Expectation/e".into(),
                override_index: None,
            },
            question: "do partners see <b>`x`</b>".to_owned(),
            reason: Some("@everyone said so".into()),
            facts: vec![UnmetFact {
                fact: "group".into(),
                expected: "<script>".into(),
                found: MaybeKnown::Known(FieldValue::Null),
                span: place,
            }],
        }],
        others: Some(OtherExpectations { met: 1_234, not_met: 0, unknown: 2, left_out: 0 }),
    };
    let text = anstream::adapter::strip_str(&super::text::plan(&plan)).to_string();
    let (_, text) = text.split_once("Breaks").unwrap();
    insta::assert_snapshot!(text.lines().take(7).collect::<Vec<_>>().join("\n"), @r##"
     1 expectation:
      ! e.yaml:1:1: do partners see <b>`x`</b>?
          group: "<script>" -> null
          expected because @everyone said so

    t.yaml  CodeTable/t                                                                               ~1
      T
    "##);
    let comment = comment(&plan, CommentContext::default()).text;
    let told: Vec<&str> =
        comment.lines().filter(|line| line.contains("xpect") || line.contains("partners")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    > Breaks 1 expectation.
    > - `e.yaml:1:1`: do partners see &lt;b&gt;`x`&lt;/b&gt;? `group: "<script>" -> null`, expected because @&#8203;everyone said so
    Zones: 1 with changes. Expectations: 1,234 met, 1 broken, 2 not known from this plan. Cost: 4 reads, 1 write, at least 1 s.
    "#);
    let page = html::html(&plan);
    let (_, page) = page.split_once("<section id=\"expectations\"").unwrap();
    let page = page.split_once("</section>").unwrap().0;
    for words in [
        "<b>Broken</b>: do partners see &lt;b&gt;<code>x</code>&lt;/b&gt;?",
        "<code>group: &quot;&lt;script&gt;&quot; -&gt; null</code>",
        "Expected because @everyone said so",
        "Expectation/e <code>e.yaml:1:1</code>",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    let drift = super::markdown::comment(
        &plan,
        CommentContext { about: CommentPurpose::Drift, ..CommentContext::default() },
    )
    .text;
    assert!(!drift.contains("xpectation"), "{drift}");
}

#[test]
fn text_from_right_to_left_is_shown_whole_in_every_width() {
    let words = "ההודעה נשלחת לכל הספריות של הקונסורציום בתחילת כל סמסטר ובסופו גם כן לכל החברים";
    let manifest = format!("CodeTable t\ntable: T\nrows: [{{code: א, description: {words}}}]");
    let plan = planned(&["ALPHA"], &manifest, "code T en\nא Old");
    for width in [60, 80, 100] {
        let view = super::text::PlanTextView { width, ..Default::default() };
        let text = anstream::adapter::strip_str(&super::text::plan_view(&plan, &view)).to_string();
        assert_eq!(text.lines().find(|line| line.chars().count() > width), None);
        let shown: Vec<&str> = text.split_whitespace().collect();
        assert!(shown.join(" ").contains(words), "{text}");
        assert!(!text.contains(['\u{202e}', '\u{202b}', '\u{2067}']), "{text}");
    }
}

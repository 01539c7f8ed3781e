//! Tests of all output formats with hostile text in every field.
//!
//! The text contains what forges a line, controls a terminal, gives orders to a CI runner, or closes markup.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

mod hostile_plan;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use self::hostile_plan::{changes_of, hostile, hostile_plan, hostile_report, provenance, unmet};
use super::diagnostics::{self, ColorMode, SourceTexts};
use super::markdown::{CommentContext, comment, report, summary};
use super::{github, gitlab, html, junit, runbook, sarif, text};
use crate::manifest::diagnostic_codes;
use crate::model::text_safety::is_invisible;
use crate::model::{
    AppliedChange, Change, ContentDigest, Diagnostic, Expectation, ExpectationFailure, ExpectationResult,
    ExpectationVerdict, Explanation, FieldValue, HistoryEntry, ImportQuestion, MaybeKnown, Question, Reason,
    ReasonSource, RecordType, Run, RunId, SourcePosition, SourceSpan, UndeclaredRecords, VerificationStatus,
    WaveResult,
};

/// Asserts that a text for people or a pipeline's log contains no control character and no forged line.
fn assert_safe(format: &str, styled: &str) {
    for sequence in styled.split('\u{1b}').skip(1) {
        let end = sequence.find('m').unwrap_or(0);
        let style = sequence.get(1..end).unwrap_or("-");
        assert!(
            matches!(style, "0" | "1" | "2" | "31" | "32" | "33" | "35"),
            "{format}: {style:?} in {styled:?}"
        );
    }
    let text = anstream::adapter::strip_str(styled).to_string();
    for line in text.split('\n') {
        let bad = line.chars().find(|&c| is_invisible(c) && c != '\t');
        assert_eq!(bad, None, "{format}: {line:?}");
        let start = line.trim_start();
        for order in ["::stop", "::error::x", "::x"] {
            assert!(!start.starts_with(order), "{format}: {line:?}");
        }
        assert!(!line.contains("##[") && !line.contains("##vso["), "{format}: {line:?}");
        for forged in ["Plan: 0 to add, 0 to change", "</details>x", "```` `x`", "<script>alert"] {
            assert!(!line.starts_with(forged), "{format}: {line:?}");
        }
    }
}

#[test]
fn plan_formats_are_safe() {
    let plan = hostile_plan();
    let (file, url) = (hostile("plan.json"), hostile("https://ci.example"));
    let context = CommentContext {
        commit: Some(&url),
        artefact: Some(&url),
        file: Some(&file),
        ..CommentContext::default()
    };
    let apply_report = hostile_report(&plan);
    let report_text = text::report(&plan, &apply_report);
    let formats = [
        ("plan", text::plan(&plan)),
        ("drift", text::drift(&plan)),
        ("apply report", report_text.clone()),
        ("comment", comment(&plan, context).text),
        ("job summary", summary(&plan, context, 0).unwrap().text),
        ("summary of an apply", report(&plan, &report_text, 0).unwrap()),
        ("runbook", runbook::markdown(&runbook::runbook(&plan))),
        ("JUnit", junit::junit(&plan)),
        ("page", html::html(&plan)),
        ("SARIF", serde_json::to_string_pretty(&sarif::sarif(&plan, "")).unwrap()),
        ("GitLab terraform", serde_json::to_string_pretty(&gitlab::terraform(&plan)).unwrap()),
        ("outputs", github::outputs(&plan)),
        ("annotations", github::annotations(&plan, &hostile("root"))),
        ("annotations of an apply", github::not_done(&plan, &apply_report, "")),
        ("wave", text::wave_end(&WaveResult::Failed { failed: vec![hostile("A1").as_str().into()] })),
    ];
    for (format, text) in formats {
        let own_orders = |line: &&str| {
            format.starts_with("annotations")
                && ["::error ", "::warning ", "::notice "].iter().any(|order| line.starts_with(order))
        };
        if format.starts_with("SARIF") || format.starts_with("GitLab") {
            // Programs get the characters of the zones, and JSON escapes line breaks.
            assert!(
                text.lines().all(|line| line.trim_start().starts_with(['{', '}', '[', ']', '"'])),
                "{text}"
            );
            continue;
        }
        let own = text.lines().filter(own_orders).flat_map(|line| line.split_once(' '));
        own.for_each(|(_, rest)| assert_safe(format, rest));
        let text: Vec<&str> = text.lines().filter(|line| !own_orders(line)).collect();
        assert_safe(format, &text.join("\n"));
        let folds = |tag: &str| text.iter().filter(|line| line.starts_with(tag)).count();
        assert_eq!(folds("<details"), folds("</details>"), "{format}");
    }
}

#[test]
fn junit_of_a_plan_shows_expectations_and_undeclared_records() {
    let mut plan = hostile_plan();
    let steps = plan.zones.values_mut().flat_map(|zone| &mut zone.collections);
    let found = steps.flat_map(|step| &mut step.diff.outcome).next().unwrap();
    let addresses = vec![hostile("A/CodeTable/T/ONE")];
    found.undeclared =
        vec![UndeclaredRecords { manifest: hostile("CodeTable/gone").as_str().into(), addresses }];
    let text = junit::junit(&plan);
    assert!(text.contains("<testsuite name=\"expectations\""), "{text}");
    assert!(text.contains("<testsuite name=\"no longer declared\" tests=\"1\""), "{text}");
    assert_safe("JUnit", &text);
}

#[test]
fn manual_steps_are_safe() {
    let mut plan = hostile_plan();
    let steps = plan.zones.values_mut().flat_map(|zone| &mut zone.collections);
    for found in steps.flat_map(|step| &mut step.diff.outcome) {
        for change in &mut found.changes {
            change.mode = crate::model::ApplyMode::Manual;
            change.key = vec![(hostile("key").as_str().into(), hostile("A").as_str().into())];
        }
    }
    let steps = runbook::markdown(&runbook::runbook(&plan));
    assert!(steps.contains("stop-commands"), "{steps}");
    assert_safe("runbook", &steps);
    assert_safe("plan", &text::plan(&plan));
}

#[test]
fn history_runs_and_answers_are_safe() {
    let plan = hostile_plan();
    let run: Run = serde_json::from_value(json!({
        "id": "run-1", "operation": "apply", "network": hostile("network"), "environment": hostile("environment"),
        "selection": hostile("selection"), "shard": null, "group": hostile("group"),
        "plan": ContentDigest::default(), "started_at": hostile("start"), "ended_at": hostile("end"),
        "author": {
            "committer": hostile("committer"), "commit": hostile("commit"), "actor": hostile("actor"),
            "pipeline": hostile("pipeline"),
        },
        "host": {"name": hostile("host"), "process": 1}, "state": "ended", "exit_codes": [0], "reverts": null,
        "zones": [hostile("A1")],
    }))
    .unwrap();
    let entry = |change: &Change| HistoryEntry {
        number: 1,
        run: RunId(1),
        at: hostile("time"),
        network: hostile("network"),
        environment: None,
        address: change.address.clone(),
        done: AppliedChange::from(change),
        verification: VerificationStatus::Unverified,
        hash: ContentDigest::default(),
    };
    let entries: Vec<HistoryEntry> = changes_of(&plan).iter().map(entry).collect();
    assert_safe("history", &text::history(&entries, &[(RunId(1), run.clone())].into()));
    assert_safe("runs", &text::runs(&[super::json::runs::RunJson { run, killed: false }]));

    let reasons = vec![
        Reason { text: hostile("reason"), ground: ReasonSource::Declared(provenance()) },
        Reason { text: hostile("default"), ground: ReasonSource::AlmaDefault },
    ];
    let question = Question::Import(ImportQuestion {
        member: hostile("A1").as_str().into(),
        record: RecordType::Authority,
    });
    let answer = |found: MaybeKnown<FieldValue>| Explanation {
        question: question.clone(),
        line: hostile("answer"),
        facts: BTreeMap::from([("a", found)]),
        reasons: reasons.clone(),
    };
    let declared = answer(MaybeKnown::Known(hostile("value").as_str().into()));
    let observed = answer(MaybeKnown::Unknown(hostile("unknown").into()));
    assert_safe("answer", &text::explanation(&declared, "as declared"));
    assert_safe("answer", &text::explanation(&observed, "as observed"));
    assert_safe("difference", &text::explained_differently(&declared, &observed));

    let tested = ExpectationResult {
        expectation: Expectation {
            question,
            facts: BTreeMap::new(),
            reason: Some(hostile("reason").into()),
            provenance: provenance(),
        },
        judged: ExpectationVerdict::Unknown(ExpectationFailure {
            facts: vec![unmet(), unmet()],
            line: hostile("line"),
            reasons,
        }),
    };
    let tested = [tested];
    assert_safe("expectations", &text::expectations(&tested, &plan.population));
    assert_safe("JUnit of expectations", &junit::of_expectations(&hostile("network"), &tested));
    let annotations = github::expectations(&tested, &hostile("root"));
    assert_eq!(annotations.lines().count(), 1, "{annotations}");
}

#[test]
fn diagnostics_are_safe() {
    let file = hostile("a.yaml");
    let source = "x: \u{1b}[2J\u{9b}2J\u{202e}\u{2028}\u{200b}\u{feff}##[add-mask]y # z\nrows: 1\n";
    let texts: SourceTexts<'_> = [(file.as_str(), source)].into();
    let span = |from: u32, to: u32, line| SourceSpan {
        file: file.as_str().into(),
        start: SourcePosition { line, column: from + 1, byte: from },
        end: SourcePosition { line, column: to + 1, byte: to },
    };
    let unknown = SourceSpan::file(hostile("gone.yaml"));
    let marked = source.find("y #").unwrap() as u32;
    let mut found = vec![
        Diagnostic::error(diagnostic_codes::YAML, span(marked, marked + 1, 1), hostile("message"))
            .label(hostile("label"))
            .help(hostile("help"))
            .with_secondary_span(span(0, 1, 1), hostile("related"))
            .with_secondary_span(unknown.clone(), hostile("elsewhere")),
        Diagnostic::warning(diagnostic_codes::TAB, unknown, "x"),
    ];
    // The fields are public, so a caller can skip the constructors.
    found[1].message = hostile("message");
    found[1].help = Some(hostile("help"));
    for colour in [ColorMode::Plain, ColorMode::Ansi] {
        let text = diagnostics::text(&found, &texts, colour);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert_safe("diagnostics", &text);
        // The mark stays below the marked character.
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines.iter().position(|line| line.contains("y # z")).unwrap();
        let column = |line: &str, what: &str| line[..line.find(what).unwrap()].chars().count();
        assert_eq!(column(lines[shown], "y # z"), column(lines[shown + 1], "^"), "{text}");
    }
    let annotations = github::diagnostics(&found, "");
    assert_eq!(annotations.lines().count(), 2, "{annotations}");
    let first_words: BTreeSet<&str> = annotations.lines().map(|line| &line[..8]).collect();
    assert_eq!(first_words, BTreeSet::from(["::error ", "::warnin"]));
    // Programs get the characters of the file.
    let json = serde_json::to_value(diagnostics::json(&found, &texts)).unwrap();
    let is_raw = |value: &Json| value.as_str().is_some_and(|name| name.contains("\n::stop-commands::"));
    assert!(json["diagnostics"].as_array().unwrap().iter().any(|found| is_raw(&found["range"]["filename"])));
}

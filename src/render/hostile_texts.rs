//! Tests of all output formats with hostile text in every field.
//!
//! The text contains what forges a line, controls a terminal, gives orders to a CI runner, or closes markup.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "a failed test should show the location")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::diagnostics::{self, ColorMode, SourceTexts};
use super::markdown::{CommentContext, comment, report, summary};
use super::{github, gitlab, html, junit, runbook, sarif, text};
use crate::diff::diff;
use crate::manifest::diagnostic_codes;
use crate::model::text_safety::is_invisible;
use crate::model::{
    AppliedChange, ApplyReport, BrokenExpectation, Change, ChangeConflict, ChangeOrigin, CollectionId,
    ComparisonMode, ConflictPolicy, ContentDigest, Deferral, Diagnostic, Expectation, ExpectationFailure,
    ExpectationForecast, ExpectationResult, ExpectationVerdict, Explanation, FailureClass, FieldValue,
    Finding, FindingEffect, HistoryEntry, ImpactEffect, ImportQuestion, MaybeKnown, MemberValue, Plan,
    PlanImpact, Provenance, Question, Reason, ReasonSource, RecordKey, RecordType, Run, RunId,
    SelectedMembers, ServiceSettings, ServiceValue, SourcePosition, SourceSpan, UnmetFact,
    VerificationStatus, WaveResult, WriteOutcome, ZoneFailure, ZoneReport,
};
use crate::test_notation::{desired, observed};

/// Returns hostile text that contains `name`.
fn hostile(name: &str) -> String {
    format!(
        "{name}\n::stop-commands::x\r\nPlan: 0 to add, 0 to change, 0 to destroy.\n  ::error::x\n</details>\n\
         ##[add-mask]x ##vso[task.complete] \u{1b}[2J\u{1b}[8m\u{9b}2J\u{7}\u{202e}\u{2066}\u{2028}::x\u{2029}\
         \u{200b}\u{feff}```` `x` <script>alert(1)</script>]]>|@all\n"
    )
}

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

fn provenance() -> Provenance {
    let start = SourcePosition { line: 1, column: 1, byte: 0 };
    Provenance {
        span: SourceSpan { file: hostile("file").into(), start, end: start },
        manifest: hostile("manifest").into(),
        override_index: Some(1),
    }
}

fn failure(class: FailureClass) -> ZoneFailure {
    let failure = ZoneFailure::new(class, hostile("failure")).help(hostile("help"));
    ZoneFailure { tracking_id: Some(hostile("tracking")), ..failure }
}

fn collection() -> CollectionId {
    CollectionId {
        library: Some(hostile("library").into()),
        language: Some(hostile("language").into()),
        ..CollectionId::with_code(&hostile("kind"), &hostile("table"))
    }
}

/// Replaces all texts of a change, and makes its values long enough for a block of lines.
fn make_hostile(change: &mut Change) {
    change.address.collection = collection();
    change.address.key = RecordKey(vec![hostile("key").into(), hostile("second").into()]);
    change.provenance = provenance();
    change.reason = Some(hostile("reason"));
    change.notes = vec![hostile("note").into()];
    change.updated_by = Some(hostile("author"));
    change.update_date = Some(hostile("date"));
    change.origin = Some(ChangeOrigin::Conflict);
    for edit in &mut change.field_changes {
        edit.before = Some(FieldValue::from(format!("{}same\nold", hostile("value")).as_str()));
        edit.after = FieldValue::from(format!("{}same\nnew", hostile("value")).as_str());
        edit.name = hostile(&edit.name).into();
        edit.provenance = Provenance { override_index: None, ..provenance() };
    }
    let before = change.before.keys();
    change.before = before.map(|name| (hostile(name).into(), hostile("old").as_str().into())).collect();
    let applied = change.field_changes.iter().map(|edit| (edit.name.clone(), hostile("was").as_str().into()));
    change.conflict = Some(Box::new(ChangeConflict {
        applied: Some(applied.collect()),
        then: ConflictPolicy::Defer,
        manifest: hostile("conflict").into(),
    }));
}

fn unmet() -> UnmetFact {
    UnmetFact {
        fact: hostile("fact").into(),
        expected: hostile("expected").as_str().into(),
        found: MaybeKnown::Unknown(hostile("unknown").into()),
        span: provenance().span,
    }
}

/// Returns a plan with every part, and hostile text in every field.
fn hostile_plan() -> Plan {
    let manifests = "CodeTable t\ntable: T\nrows: [{code: A, description: One}, {code: B, absent: true}, {code: C, description: New}]\n---\nCodeTable u\ntable: U\nrows: [{code: A, description: One}]\n---\nCodeTable n\ntable: N\nrows: [{code: A, description: One}]";
    let (network, desired) = desired(&["A1", "A2", "A3"], manifests);
    let tables = "A1:\ncode T en\nA Old\nB x\ncode U en\nfail N missing\nA2:\ncode T en\nA Old\nB x\ncode U en\nfail N missing\nA3:\nfail T unreachable\nfail U unreachable\nfail N unreachable";
    let observed = observed(&desired, tables);
    let mut plan = crate::plan::plan(&network, diff(&desired, &observed), &observed, None);
    plan.network = hostile("network");
    plan.environment = Some(hostile("environment"));
    plan.selection = Some(hostile("selection"));
    plan.snapshot = Some(hostile("snapshot"));
    plan.compared = ComparisonMode::Revision(hostile("base"));
    let zones = std::mem::take(&mut plan.zones);
    for (code, mut zone) in zones {
        zone.name = hostile("zone name");
        zone.deferral = Some(Deferral::LeaseHeld { by: hostile("lease").into() });
        if zone.failure.is_some() {
            zone.failure = Some(failure(FailureClass::Unreachable));
        }
        for step in &mut zone.collections {
            step.diff.id = collection();
            step.diff.provenance = provenance();
            step.deferral = Some(Deferral::Conflict);
            match &mut step.diff.outcome {
                Ok(found) => {
                    found.notes = vec![hostile("note")];
                    found.changes.iter_mut().for_each(make_hostile);
                }
                Err(error) => *error = failure(error.class),
            }
        }
        plan.zones.insert(hostile(code.as_str()).as_str().into(), zone);
    }
    for group in &mut plan.change_groups {
        group.zones = group.zones.iter().map(|code| hostile(code.as_str()).as_str().into()).collect();
    }
    let finding = |effect| Finding {
        effect,
        guard: hostile("guard").into(),
        zones: plan.zones.keys().cloned().collect(),
        message: hostile("message"),
        help: Some(hostile("help")),
        span: Some(provenance().span),
    };
    plan.findings =
        [FindingEffect::Deny, FindingEffect::Defer, FindingEffect::Overridden { reason: hostile("why") }]
            .into_iter()
            .map(finding)
            .collect();
    plan.impacts = vec![PlanImpact {
        effect: ImpactEffect::Loss,
        topic: hostile("topic").as_str().into(),
        zones: vec![hostile("A1").into()],
        collections: vec![hostile("collection").into()],
        members: vec![hostile("A1").into()],
        subjects: vec![hostile("subject").into()],
        text: hostile("impact"),
    }];
    plan.expectations = ExpectationForecast {
        broken: vec![BrokenExpectation {
            provenance: provenance(),
            question: hostile("question"),
            reason: Some(hostile("reason").into()),
            facts: vec![unmet()],
        }],
        others: None,
    };
    let member = || vec![hostile("member").as_str().into()];
    let by_member = vec![MemberValue { value: hostile("value").as_str().into(), members: member() }];
    let settings = [
        (hostile("name"), ServiceValue::ByMember(by_member)),
        (hostile("same"), ServiceValue::Same(hostile("text").as_str().into())),
    ];
    plan.service = vec![ServiceSettings {
        declared_at: provenance(),
        applies_to: SelectedMembers { selected: member(), left_out: member() },
        settings: settings.map(|(name, value)| (name.as_str().into(), value)).into(),
    }];
    plan
}

fn changes_of(plan: &Plan) -> Vec<Change> {
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    steps.flat_map(|step| &step.diff.outcome).flat_map(|found| found.changes.clone()).collect()
}

fn hostile_report(plan: &Plan) -> ApplyReport {
    let outcomes = [
        WriteOutcome::Applied { changes: changes_of(plan) },
        WriteOutcome::Stale { now: changes_of(plan) },
        WriteOutcome::Failed { failure: failure(FailureClass::Rejected) },
        WriteOutcome::Blocked { by: collection() },
        WriteOutcome::VerifyFailed { unexpected_differences: vec![hostile("difference")] },
        WriteOutcome::Deferred { deferral: Deferral::Guard { guard: hostile("guard").into() } },
        WriteOutcome::Interrupted,
    ];
    let zone = |zone_failure, deferral| ZoneReport {
        zone_failure,
        deferral,
        collections: outcomes.iter().cloned().map(|outcome| (collection(), outcome)).collect(),
        requests: 1,
    };
    let mut report = ApplyReport::default();
    report.zones.insert(hostile("A1").as_str().into(), zone(None, None));
    let deferral = Deferral::RolloutStopped { wave: hostile("wave").into() };
    report
        .zones
        .insert(hostile("A2").as_str().into(), zone(Some(failure(FailureClass::Denied)), Some(deferral)));
    let written = ZoneReport {
        collections: vec![(collection(), WriteOutcome::Applied { changes: Vec::new() })],
        ..ZoneReport::default()
    };
    report.zones.insert(hostile("A3").as_str().into(), written);
    report
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
    assert_safe("expectations", &text::expectations(&tested));
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

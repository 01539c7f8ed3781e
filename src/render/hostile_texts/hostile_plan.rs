//! Plan and report with hostile text in every field.

use crate::diff::diff;
use crate::model::{
    ApplyReport, BrokenExpectation, Change, ChangeConflict, ChangeOrigin, CollectionId, ComparisonMode,
    ConflictPolicy, Deferral, ExpectationForecast, FailureClass, FieldValue, Finding, FindingEffect,
    ImpactEffect, MaybeKnown, MemberValue, Plan, PlanImpact, PlanOrigin, Provenance, RecordKey,
    SelectedMembers, ServiceSettings, ServiceValue, SourcePosition, SourceSpan, UnmetFact, WriteOutcome,
    ZoneFailure, ZoneReport,
};
use crate::test_notation::{desired, observed};

/// Returns hostile text that contains `name`.
pub(super) fn hostile(name: &str) -> String {
    format!(
        "{name}\n::stop-commands::x\r\nPlan: 0 to add, 0 to change, 0 to destroy.\n  ::error::x\n</details>\n\
         ##[add-mask]x ##vso[task.complete] \u{1b}[2J\u{1b}[8m\u{9b}2J\u{7}\u{202e}\u{2066}\u{2028}::x\u{2029}\
         \u{200b}\u{feff}```` `x` <script>alert(1)</script>]]>|@all\n"
    )
}

pub(super) fn provenance() -> Provenance {
    let start = SourcePosition { line: 1, column: 1, byte: 0 };
    Provenance {
        span: SourceSpan { file: hostile("file").into(), start, end: start },
        manifest: hostile("manifest").into(),
        override_index: Some(1),
    }
}

pub(super) fn failure(class: FailureClass) -> ZoneFailure {
    let failure = ZoneFailure::new(class, hostile("failure")).help(hostile("help"));
    ZoneFailure { tracking_id: Some(hostile("tracking")), ..failure }
}

pub(super) fn collection() -> CollectionId {
    CollectionId {
        library: Some(hostile("library").into()),
        language: Some(hostile("language").into()),
        ..CollectionId::with_code(&hostile("kind"), &hostile("table"))
    }
}

/// Replaces all texts of a change, and makes its values long enough for a block of lines.
pub(super) fn make_hostile(change: &mut Change) {
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

pub(super) fn unmet() -> UnmetFact {
    UnmetFact {
        fact: hostile("fact").into(),
        expected: hostile("expected").as_str().into(),
        found: MaybeKnown::Unknown(hostile("unknown").into()),
        span: provenance().span,
    }
}

/// Returns a plan with every part, and hostile text in every field.
pub(super) fn hostile_plan() -> Plan {
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
    plan.origin = PlanOrigin {
        created_at: Some(hostile("created")),
        commit: Some(hostile("commit")),
        actor: Some(hostile("actor")),
        pipeline: Some(hostile("pipeline")),
    };
    plan.service = vec![ServiceSettings {
        declared_at: provenance(),
        applies_to: SelectedMembers { selected: member(), left_out: member() },
        settings: settings.map(|(name, value)| (name.as_str().into(), value)).into(),
    }];
    plan
}

pub(super) fn changes_of(plan: &Plan) -> Vec<Change> {
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    steps.flat_map(|step| &step.diff.outcome).flat_map(|found| found.changes.clone()).collect()
}

pub(super) fn hostile_report(plan: &Plan) -> ApplyReport {
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

//! Failure of every request of an apply, in every way: the snapshots record the resulting state of the zone.

use std::fmt::Write as _;

use zonal::emulator::{
    ApiAccess, CodeTableEdit, EditAction, EditTrigger, EmulatedCodeRow, EmulatedMappingRow, EmulatorConfig,
    ErrorShape, FaultEffect, FaultTrigger, InjectedFault, LibrarianEdit,
};
use zonal::model::{ApplyReport, WriteOutcome};

use crate::case_runner::paused;
use crate::generated_networks::{
    CODES, GeneratedEnforcement, GeneratedManifest, GeneratedRow, GeneratedScenario, GeneratedTable,
    GeneratedUnlisted, GeneratedZoneState, GeneratedZones,
};
use crate::simulated_network::{SimulatedNetwork, expected, tidy, trouble};

/// Zone with the failing requests; the other member works.
const FAILING: &str = CODES[1];

/// Requests of an apply to one zone, in order.
const REQUESTS: [&str; 8] =
    ["GET test", "GET general", "GET P1", "PUT P1", "GET P1 again", "GET M1", "PUT M1", "GET M1 again"];

/// Returns a network with a code table and a mapping table.
///
/// In the code table a row changes and a new row appears. The mapping table refers to the new row, so apply
/// writes the mapping table second. Each table also has a row and a field that no manifest mentions.
fn scenario() -> GeneratedScenario {
    let held = |code| GeneratedZoneState {
        code,
        group: "VISITOR",
        language: "en",
        codes: [
            vec![
                EmulatedCodeRow::new("A", "old")
                    .in_language("fr", "vieux")
                    .with_update("m.tremblay", "2023-09-14Z"),
                EmulatedCodeRow::new("L1", "theirs").as_default(),
            ],
            Vec::new(),
        ],
        mappings: vec![
            EmulatedMappingRow::new(&["K1", "A", "note", "", "kept"]),
            EmulatedMappingRow::new(&["L1", "A"]),
        ],
    };
    let row =
        |key, text, refers| GeneratedRow { key, text, refers, enabled: None, default: None, absent: false };
    let manifest = |name, table, rows| GeneratedManifest {
        name,
        table,
        language: None,
        zones: GeneratedZones::Members,
        enforcement: GeneratedEnforcement::Enforce,
        unlisted: GeneratedUnlisted::Keep,
        rows,
        over: None,
    };
    GeneratedScenario {
        zones: [CODES[0], FAILING, CODES[2]].map(held).to_vec(),
        manifests: vec![
            manifest(
                "p1",
                GeneratedTable::P1,
                vec![row("A", Some("one"), None), row("B", Some("two"), None)],
            ),
            manifest("m1", GeneratedTable::M1, vec![row("K1", None, Some("B"))]),
        ],
    }
}

/// Returns the ways in which a request can fail.
fn ways() -> Vec<(&'static str, FaultEffect)> {
    let status = |status: u16, shape, processed| FaultEffect::Status {
        status,
        code: "INTERNAL_SERVER_ERROR".to_owned(),
        message: "Fault on demand.".to_owned(),
        shape,
        processed,
    };
    vec![
        ("refused", FaultEffect::Refused),
        ("answer lost", FaultEffect::ResponseLost),
        ("hangs", FaultEffect::Hang),
        ("truncated", FaultEffect::Truncated),
        ("500 json", status(500, ErrorShape::JsonList, false)),
        ("500 done", status(500, ErrorShape::JsonObject, true)),
        ("500 html", status(500, ErrorShape::Html, false)),
        ("429 second", FaultEffect::PerSecondThreshold),
        ("429 day", FaultEffect::DailyThreshold),
    ]
}

/// Returns the reported result for the failing zone: its failure, or the outcomes of its two tables.
fn outcome(report: &ApplyReport) -> String {
    let zone = &report.zones[&FAILING.into()];
    if let Some(failure) = &zone.zone_failure {
        return format!("refused {:?}", failure.class);
    }
    let words = zone.collections.iter().map(|(_, outcome)| match outcome {
        WriteOutcome::Applied { .. } => "applied".to_owned(),
        WriteOutcome::Stale { .. } => "stale".to_owned(),
        WriteOutcome::Failed { failure } => format!("failed {:?}", failure.class),
        WriteOutcome::Blocked { .. } => "blocked".to_owned(),
        WriteOutcome::VerifyFailed { .. } => "unverified".to_owned(),
        WriteOutcome::Deferred { .. } => "deferred".to_owned(),
        WriteOutcome::Interrupted => "interrupted".to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Applies with failing requests. Returns the reported result, and whether each of the two tables is old or
/// new.
///
/// All other tables and zones must be correct, and the next apply must complete the changes.
async fn try_with(effect: FaultEffect, when: FaultTrigger) -> String {
    let scenario = scenario();
    let rehearsal = SimulatedNetwork::new(&scenario, EmulatorConfig::without_thresholds());
    let plan = rehearsal.plan().await;
    let fault = InjectedFault { zone: Some(FAILING.to_owned()), method: None, path: None, when, effect };
    rehearsal.control().add_fault(fault).expect("zone should exist");
    let report = rehearsal.apply(&plan, &|_| {}).await;
    rehearsal.control().clear_faults();

    let [_, held, other] = scenario.zones.as_slice() else { unreachable!("there are three") };
    let (codes_before, mappings_before) = (&held.codes[0], &held.mappings);
    let wanted = expected(&scenario, held);
    let found = tidy(held, rehearsal.holding(FAILING));
    let done = |before: bool, wanted: bool| match (before, wanted) {
        (true, false) => "old",
        (false, true) => "new",
        (_, _) => panic!("neither the old nor the desired state: {found:#?}"),
    };
    let codes = done(found.0 == *codes_before, found.0 == wanted.0);
    let mappings = done(found.2 == *mappings_before, found.2 == wanted.2);
    for (zone, outcome) in report.zones[&FAILING.into()].collections.iter().zip([codes, mappings]) {
        let (id, said) = zone;
        assert!(!matches!(said, WriteOutcome::Applied { .. }) || outcome == "new", "{id} was not applied");
    }
    let elsewhere: Vec<String> =
        trouble(&report).into_iter().filter(|line| !line.starts_with(FAILING)).collect();
    assert_eq!(elsewhere, Vec::<String>::new());
    assert_eq!(tidy(other, rehearsal.holding(other.code)), expected(&scenario, other));

    let reported = outcome(&report);
    rehearsal.make_it_so().await;
    assert_eq!(tidy(held, rehearsal.holding(FAILING)), wanted, "the next apply should complete the changes");
    assert!(!rehearsal.plan().await.has_work());
    format!("{reported} [{codes} {mappings}]")
}

#[test]
fn apply_sends_the_listed_requests() {
    let sent = paused(async {
        let rehearsal = SimulatedNetwork::new(&scenario(), EmulatorConfig::without_thresholds());
        let plan = rehearsal.plan().await;
        rehearsal.control().clear_requests();
        rehearsal.apply(&plan, &|_| {}).await;
        rehearsal.sent()
    });
    let of_zone = sent.into_iter().filter(|(zone, _, _)| zone == FAILING);
    let lines: Vec<String> = of_zone
        .map(|(_, method, path)| {
            let last = path.rsplit('/').next().unwrap_or_default();
            format!("{method} {}", last.split('?').next().unwrap_or_default())
        })
        .collect();
    assert_eq!(lines, REQUESTS.map(|request| request.trim_end_matches(" again")));
}

#[test]
fn table_that_references_unplanned_table_is_not_written() {
    let (reported, found) = paused(async {
        let rehearsal = SimulatedNetwork::new(&scenario(), EmulatorConfig::without_thresholds());
        let hide = LibrarianEdit {
            zone: FAILING.to_owned(),
            kind: "code".into(),
            table: "P1".to_owned(),
            library: None,
            by: "support".to_owned(),
            when: EditTrigger::Now,
            action: EditAction::new(CodeTableEdit::Access(ApiAccess::Hidden)),
        };
        rehearsal.control().edit(hide).expect("table should exist");
        let report = rehearsal.apply(&rehearsal.plan().await, &|_| {}).await;
        (outcome(&report), rehearsal.holding(FAILING).2)
    });
    assert_eq!(reported, "blocked");
    assert_eq!(found, scenario().zones[1].mappings);
}

/// Returns a line for each request, followed by a line for each outcome with its failures.
fn table(when: impl Fn(u64) -> FaultTrigger) -> String {
    let mut out = String::new();
    for (number, request) in (1..).zip(REQUESTS) {
        let _ = writeln!(out, "{request}");
        let mut rows: Vec<(String, Vec<&str>)> = Vec::new();
        for (way, effect) in ways() {
            let outcome = paused(try_with(effect, when(number)));
            match rows.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, ways)) => ways.push(way),
                None => rows.push((outcome, vec![way])),
            }
        }
        for (outcome, ways) in rows {
            let _ = writeln!(out, "  {outcome}: {}", ways.join(", "));
        }
    }
    out
}

#[test]
fn single_failed_request_is_retried_or_blocks_dependents() {
    insta::assert_snapshot!(table(FaultTrigger::Nth), @r"
    GET test
      applied, applied [new new]: refused, answer lost, truncated, 500 json, 500 done, 500 html, 429 second
      refused Unreachable [old old]: hangs
      refused Quota [old old]: 429 day
    GET general
      applied, applied [new new]: refused, answer lost, truncated, 500 json, 500 done, 500 html, 429 second
      refused Unreachable [old old]: hangs
      refused Quota [old old]: 429 day
    GET P1
      applied, applied [new new]: refused, answer lost, truncated, 500 json, 500 done, 500 html, 429 second
      failed Unreachable, blocked [old old]: hangs
      failed Quota, blocked [old old]: 429 day
    PUT P1
      applied, applied [new new]: refused, answer lost, hangs, truncated, 500 json, 500 done, 500 html, 429 second
      failed Quota, blocked [old old]: 429 day
    GET P1 again
      applied, applied [new new]: refused, answer lost, hangs, truncated, 500 json, 500 done, 500 html, 429 second
      unverified, blocked [new old]: 429 day
    GET M1
      applied, applied [new new]: refused, answer lost, truncated, 500 json, 500 done, 500 html, 429 second
      applied, failed Unreachable [new old]: hangs
      applied, failed Quota [new old]: 429 day
    PUT M1
      applied, applied [new new]: refused, answer lost, hangs, truncated, 500 json, 500 done, 500 html, 429 second
      applied, failed Quota [new old]: 429 day
    GET M1 again
      applied, applied [new new]: refused, answer lost, hangs, truncated, 500 json, 500 done, 500 html, 429 second
      applied, unverified [new new]: 429 day
    ");
}

#[test]
fn permanently_failing_zone_ends_in_reported_state() {
    insta::assert_snapshot!(table(|number| FaultTrigger::After(number - 1)), @r"
    GET test
      refused Unreachable [old old]: refused, answer lost, hangs, 500 json, 500 done, 500 html, 429 second
      refused Malformed [old old]: truncated
      refused Quota [old old]: 429 day
    GET general
      refused Unreachable [old old]: refused, answer lost, hangs, 500 json, 500 done, 500 html, 429 second
      refused Malformed [old old]: truncated
      refused Quota [old old]: 429 day
    GET P1
      failed Unreachable, blocked [old old]: refused, answer lost, hangs, 500 json, 500 done, 500 html, 429 second
      failed Malformed, blocked [old old]: truncated
      failed Quota, blocked [old old]: 429 day
    PUT P1
      failed Unreachable, blocked [old old]: refused, 429 second
      unverified, blocked [new old]: answer lost, truncated, 500 done
      unverified, blocked [old old]: hangs, 500 json, 500 html
      failed Quota, blocked [old old]: 429 day
    GET P1 again
      unverified, blocked [new old]: refused, answer lost, hangs, truncated, 500 json, 500 done, 500 html, 429 second, 429 day
    GET M1
      applied, failed Unreachable [new old]: refused, answer lost, hangs, 500 json, 500 done, 500 html, 429 second
      applied, failed Malformed [new old]: truncated
      applied, failed Quota [new old]: 429 day
    PUT M1
      applied, failed Unreachable [new old]: refused, 429 second
      applied, unverified [new new]: answer lost, truncated, 500 done
      applied, unverified [new old]: hangs, 500 json, 500 html
      applied, failed Quota [new old]: 429 day
    GET M1 again
      applied, unverified [new new]: refused, answer lost, hangs, truncated, 500 json, 500 done, 500 html, 429 second, 429 day
    ");
}

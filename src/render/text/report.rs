//! Text of an apply report.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::changes;
use super::formatting::{ADD, BOLD, REMOVE, count, safe, styled, thousands, zone_list};
use crate::model::{
    ApplyReport, Change, ChangeAction, Channel, CollectionId, Deferral, Plan, WaveResult, WriteOutcome,
    ZoneCode, ZoneFailure, ZoneReport,
};

/// Returns the report: one line for all successful zones, details of other zones.
pub fn report(plan: &Plan, report: &ApplyReport) -> String {
    let mut out = String::new();
    let good: Vec<&ZoneCode> = report
        .zones
        .iter()
        .filter(|(_, zone)| zone.zone_failure.is_none() && zone.deferral.is_none())
        .filter(|(_, zone)| {
            zone.collections.iter().all(|(_, outcome)| matches!(outcome, WriteOutcome::Applied { .. }))
        })
        .map(|(code, _)| code)
        .collect();
    // Writing to a String cannot fail; this also holds below.
    if !good.is_empty() {
        let _ = writeln!(out, "{} written, read back and verified:", count(good.len(), "zone"));
        let _ = writeln!(out, "{}\n", zone_list(good.iter().copied(), "  "));
    }
    write_deferrals(&mut out, report);
    for (code, zone) in &report.zones {
        if let Some(failure) = &zone.zone_failure {
            let _ = writeln!(
                out,
                "{} {}",
                styled(REMOVE, '!'),
                safe(format_args!("{code}: nothing was written: {failure}"))
            );
            help(&mut out, failure);
        }
        for (collection, outcome) in &zone.collections {
            if !matches!(outcome, WriteOutcome::Applied { .. } | WriteOutcome::Interrupted) {
                self::outcome(&mut out, code, collection, outcome);
            }
        }
    }
    write_interrupted(&mut out, report);
    totals(&mut out, plan, report);
    out
}

/// Writes deferred zones, grouped by deferral.
fn write_deferrals(out: &mut String, report: &ApplyReport) {
    let mut held: BTreeMap<&Deferral, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in &report.zones {
        if let Some(hold) = &zone.deferral {
            held.entry(hold).or_default().push(code);
        }
    }
    for (hold, zones) in held {
        let bad = styled(REMOVE, '!');
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{bad} {}, nothing was written: {}", count(zones.len(), "zone"), safe(hold));
        let _ = writeln!(out, "{}\n", zone_list(zones, "  "));
    }
}

/// Returns the result of a wave of the rollout.
pub fn wave_end(end: &WaveResult) -> String {
    let zones = |failed: &[ZoneCode]| {
        let codes: Vec<String> = failed.iter().map(safe).collect();
        codes.join(", ")
    };
    match end {
        WaveResult::Verified { failed } if failed.is_empty() => "done and verified".to_owned(),
        WaveResult::Verified { failed } => {
            format!("done; {} failed, no more than the rollout allows", zones(failed))
        }
        WaveResult::Failed { failed } => {
            format!("failed in {}, so no further wave begins; mend it and apply again", zones(failed))
        }
        WaveResult::NothingWritten => "nothing was written in it, so no further wave begins".to_owned(),
        WaveResult::Interrupted => "interrupted".to_owned(),
    }
}

/// Writes the number of collections that an interrupted run did not write.
fn write_interrupted(out: &mut String, report: &ApplyReport) {
    let untried = |zone: &ZoneReport| {
        zone.collections.iter().filter(|(_, outcome)| *outcome == WriteOutcome::Interrupted).count()
    };
    let zones: Vec<&ZoneCode> =
        report.zones.iter().filter(|(_, zone)| untried(zone) > 0).map(|(code, _)| code).collect();
    let collections: usize = report.zones.values().map(untried).sum();
    if collections > 0 {
        let what = format!("{} in {}", count(collections, "collection"), count(zones.len(), "zone"));
        let bad = styled(REMOVE, '!');
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{bad} {what} not tried, because the run was interrupted:");
        let _ = writeln!(out, "{}", zone_list(zones, "  "));
    }
}

/// Writes the outcome of a collection's write.
pub fn outcome(out: &mut String, zone: &ZoneCode, collection: &CollectionId, outcome: &WriteOutcome) {
    let place = safe(format_args!("{zone}/{collection}"));
    let bad = styled(REMOVE, '!');
    match outcome {
        WriteOutcome::Applied { changes } => {
            let _ = writeln!(out, "{} {place}: {}", styled(ADD, '✓'), tally(changes).join(", "));
        }
        WriteOutcome::Stale { now } if now.is_empty() => {
            let _ =
                writeln!(out, "{bad} {place}: stale: somebody did this since the plan; nothing was written");
        }
        WriteOutcome::Stale { now } => {
            let _ = writeln!(
                out,
                "{bad} {place}: stale: it moved since the plan, so nothing was written; now it would take"
            );
            now.iter().for_each(|change| changes::change(out, change, Channel::Api));
        }
        WriteOutcome::Failed { failure } => {
            let _ = writeln!(out, "{bad} {place}: failed: {}", safe(failure));
            help(out, failure);
        }
        WriteOutcome::Blocked { by } => {
            let _ =
                writeln!(out, "{bad} {place}: blocked: it depends on {}, which was not written", safe(by));
        }
        WriteOutcome::VerifyFailed { unexpected_differences: strays } => {
            let _ = writeln!(out, "{bad} {place}: sent, but verification failed");
            for stray in strays {
                let _ = writeln!(out, "    {}", safe(stray));
            }
        }
        WriteOutcome::Deferred { deferral: hold } => {
            let _ = writeln!(out, "{bad} {place}: nothing was written: {}", safe(hold));
        }
        WriteOutcome::Interrupted => {
            let _ = writeln!(out, "{bad} {place}: not tried, because the run was interrupted");
        }
    }
}

fn help(out: &mut String, failure: &ZoneFailure) {
    if let Some(help) = &failure.help {
        let _ = writeln!(out, "  help: {}", safe(help));
    }
}

/// Returns the counts of applied changes: `2 added`, `1 changed`.
fn tally(changes: &[Change]) -> Vec<String> {
    let number = |action| changes.iter().filter(|change| change.action == action).count();
    let parts = [
        (ChangeAction::Create, "added"),
        (ChangeAction::Update, "changed"),
        (ChangeAction::Delete, "destroyed"),
    ];
    let parts = parts.iter().map(|(action, word)| (number(*action), word)).filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, word)| format!("{number} {word}")).collect();
    if parts.is_empty() { vec!["nothing left to do".to_owned()] } else { parts }
}

/// Ensures exactly one empty line before the last line.
fn ensure_blank_line(out: &mut String) {
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

fn totals(out: &mut String, plan: &Plan, report: &ApplyReport) {
    let mut done: BTreeMap<ChangeAction, u64> = BTreeMap::new();
    let mut not_done = 0;
    for zone in report.zones.values() {
        not_done += usize::from(zone.zone_failure.is_some() || zone.deferral.is_some());
        for (_, outcome) in &zone.collections {
            match outcome {
                WriteOutcome::Applied { changes } => {
                    for change in changes {
                        *done.entry(change.action).or_default() += 1;
                    }
                }
                WriteOutcome::Stale { .. }
                | WriteOutcome::Failed { .. }
                | WriteOutcome::Blocked { .. }
                | WriteOutcome::VerifyFailed { .. }
                | WriteOutcome::Deferred { .. }
                | WriteOutcome::Interrupted => not_done += 1,
            }
        }
    }
    let number = |action| thousands(done.get(&action).copied().unwrap_or(0));
    let records = format!(
        "Records: {} added, {} changed, {} destroyed.",
        number(ChangeAction::Create),
        number(ChangeAction::Update),
        number(ChangeAction::Delete)
    );
    if not_done > 0 {
        ensure_blank_line(out);
    }
    let _ = match (not_done, plan.is_complete()) {
        (0, false) => writeln!(
            out,
            "{} {records} What is marked with ! or ? in the plan could not be planned.",
            styled(BOLD, "Apply incomplete.")
        ),
        (0, true) => writeln!(out, "{} {records}", styled(BOLD, "Apply complete!")),
        (_, _) => writeln!(
            out,
            "{} {records} What is marked with ! above was not done; `zonal plan` shows what is left.",
            styled(BOLD, "Apply incomplete.")
        ),
    };
}

//! Text of an apply report: what was not done and why, each cause once, then a line for each manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::Style;

use super::changes;
use super::decisions::{DecisionWriter, ITEM_INDENT};
use super::formatting::{ADD, BOLD, DIM, REMOVE, count, safe, styled, thousands};
use super::plan::write_zone_sets;
use super::view::PlanTextView;
use crate::model::{
    ApplyReport, Change, ChangeAction, Channel, Deferral, Plan, WaveResult, WriteOutcome, ZoneCode,
    ZoneFailure,
};
use crate::render::decisions::{ZoneWordsForm, with_zone, without_place};

/// Columns before the details of a cause.
const DETAIL_INDENT: usize = 6;

/// Cause of what was not done, without the names of zones and without tracking ids.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NotDoneCause {
    /// True for a cause that concerns the whole zone.
    of_zone: bool,
    text: String,
    details: Vec<String>,
    help: Option<String>,
}

/// Zones and collections with one cause, and the changes that a stale collection would take now.
#[derive(Default)]
struct NotDonePlaces<'a> {
    zones: BTreeSet<&'a ZoneCode>,
    collections: BTreeSet<String>,
    number: usize,
    now: &'a [Change],
}

/// Written changes of a manifest.
#[derive(Default)]
struct ManifestResult<'a> {
    zones: BTreeSet<&'a ZoneCode>,
    numbers: BTreeMap<ChangeAction, usize>,
}

/// Returns the report: causes of what was not done, manifests with what was written, waves and totals.
pub fn report(plan: &Plan, report: &ApplyReport) -> String {
    report_view(plan, report, &PlanTextView::default())
}

/// Returns the report in this view.
pub fn report_view(plan: &Plan, report: &ApplyReport, view: &PlanTextView) -> String {
    let mut out = String::new();
    let mut writer = DecisionWriter::new(plan, view, false);
    write_not_done(&mut out, report, &mut writer);
    write_done(&mut out, plan, report, view, &mut writer);
    write_waves(&mut out, report, &mut writer);
    write_zone_sets(&mut out, view, &writer);
    totals(&mut out, plan, report);
    out
}

/// Writes the causes of what was not done, with the zones and collections of each.
fn write_not_done(out: &mut String, report: &ApplyReport, writer: &mut DecisionWriter<'_>) {
    let causes = not_done(report);
    if causes.is_empty() {
        return;
    }
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}", styled(BOLD, "Not done"));
    for (cause, places) in causes {
        let only_zone = places.zones.first().filter(|_| places.zones.len() == 1).copied();
        let named = |text: &str| with_zone(text, only_zone);
        let collections: Vec<&str> = places.collections.iter().map(String::as_str).collect();
        let what = match collections.as_slice() {
            [] => String::new(),
            [only] => format!("{only}: "),
            _ => format!("{}: ", count(places.number, "collection")),
        };
        let who = writer.zone_words(places.zones.iter().copied());
        writer.write_item(out, REMOVE, '!', &format!("{what}{} ({who})", named(&cause.text)));
        if collections.len() > 1 {
            writer.write_indented(out, DETAIL_INDENT, &collections.join(", "));
        }
        for detail in &cause.details {
            writer.write_indented(out, DETAIL_INDENT, &named(detail));
        }
        if let Some(help) = &cause.help {
            writer.write_indented(out, ITEM_INDENT, &format!("help: {}", named(help)));
        }
        if only_zone.is_some() {
            places.now.iter().for_each(|change| changes::change(out, change, Channel::Api));
        }
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// Returns the causes of what was not done.
fn not_done(report: &ApplyReport) -> BTreeMap<NotDoneCause, NotDonePlaces<'_>> {
    let mut causes: BTreeMap<NotDoneCause, NotDonePlaces<'_>> = BTreeMap::new();
    for (code, zone) in &report.zones {
        let of_zone = |text: String, help: Option<String>| NotDoneCause {
            of_zone: true,
            text,
            details: Vec::new(),
            help,
        };
        if let Some(failure) = &zone.zone_failure {
            let (message, help) = without_zone(failure, code);
            let cause = of_zone(format!("nothing was written: {message}"), help);
            causes.entry(cause).or_default().zones.insert(code);
        }
        if let Some(deferral) = &zone.deferral {
            let cause = of_zone(format!("nothing was written: {deferral}"), None);
            causes.entry(cause).or_default().zones.insert(code);
        }
        for (collection, outcome) in &zone.collections {
            let Some(cause) = cause_of(outcome, code) else { continue };
            let places = causes.entry(cause).or_default();
            places.zones.insert(code);
            places.collections.insert(collection.to_string());
            places.number += 1;
            if let WriteOutcome::Stale { now } = outcome {
                places.now = now;
            }
        }
    }
    causes
}

/// Returns the cause of an outcome; `None` if everything was written.
fn cause_of(outcome: &WriteOutcome, zone: &ZoneCode) -> Option<NotDoneCause> {
    let plain =
        |text: &str| NotDoneCause { of_zone: false, text: text.to_owned(), details: Vec::new(), help: None };
    match outcome {
        WriteOutcome::Applied { .. } => None,
        WriteOutcome::Stale { now } if now.is_empty() => {
            Some(plain("stale: somebody made this change since the plan; nothing was written"))
        }
        WriteOutcome::Stale { now } => Some(plain(&format!(
            "stale: it changed since the plan, so nothing was written; now {} would be needed",
            count(now.len(), "change")
        ))),
        WriteOutcome::Failed { failure } => {
            let (message, help) = without_zone(failure, zone);
            Some(NotDoneCause { help, ..plain(&format!("failed: {message}")) })
        }
        WriteOutcome::Blocked { by } => {
            Some(plain(&format!("blocked: it depends on {by}, which was not written")))
        }
        WriteOutcome::VerifyFailed { unexpected_differences } => {
            let details = unexpected_differences.iter().map(|difference| without_place(difference, zone, ""));
            Some(NotDoneCause { details: details.collect(), ..plain("sent, but verification failed") })
        }
        WriteOutcome::Deferred { deferral: Deferral::Conflict } => Some(plain(
            "nothing was written: both the manifests and the zone changed it, and a person must decide",
        )),
        WriteOutcome::Deferred { deferral } => Some(plain(&format!("nothing was written: {deferral}"))),
        WriteOutcome::Interrupted => Some(plain("not tried, because the run was interrupted")),
    }
}

/// Returns the message and the help of a failure without the zone. The history has the tracking ids.
fn without_zone(failure: &ZoneFailure, zone: &ZoneCode) -> (String, Option<String>) {
    let plain = |text: &str| without_place(text, zone, "");
    (plain(&failure.message), failure.help.as_deref().map(plain))
}

/// Writes a line for each manifest with written changes.
fn write_done(
    out: &mut String,
    plan: &Plan,
    report: &ApplyReport,
    view: &PlanTextView,
    writer: &mut DecisionWriter<'_>,
) {
    let mut planned: BTreeMap<&str, usize> = BTreeMap::new();
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    for change in steps.flat_map(|step| step.diff.to_apply()) {
        *planned.entry(&*change.provenance.manifest).or_default() += 1;
    }
    let mut results: BTreeMap<(&str, &str), ManifestResult<'_>> = BTreeMap::new();
    for (code, zone) in &report.zones {
        for (_, outcome) in &zone.collections {
            let WriteOutcome::Applied { changes } = outcome else { continue };
            for change in changes {
                let file = if change.provenance.is_revert() { "" } else { &*change.provenance.span.file };
                let result = results.entry((file, &*change.provenance.manifest)).or_default();
                result.zones.insert(code);
                *result.numbers.entry(change.action).or_default() += 1;
            }
        }
    }
    if results.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", styled(BOLD, "Written, read back and verified"));
    for ((file, manifest), result) in results {
        let reach = plan.population.manifests.get(manifest).map_or(&[][..], |reach| &reach.zones);
        let zones = writer.names.in_order(result.zones);
        let of = writer.names.in_order(reach.iter().chain(zones.iter().copied()));
        let who = writer.names.words(&zones, &of, &[], ZoneWordsForm::Short, &mut writer.sets);
        let done: usize = result.numbers.values().sum();
        let is_complete = planned.get(manifest).is_none_or(|planned| *planned <= done);
        let sign = match (is_complete, view.unicode) {
            (true, true) => styled(ADD, '✓'),
            (true, false) => styled(ADD, '+'),
            (false, _) => styled(DIM, '.'),
        };
        let counts: Vec<String> =
            [(ChangeAction::Create, '+'), (ChangeAction::Update, '~'), (ChangeAction::Delete, '-')]
                .iter()
                .filter_map(|(action, sign)| Some((result.numbers.get(action)?, sign)))
                .map(|(number, sign)| format!("{sign}{}", thousands(*number as u64)))
                .collect();
        let counts = if counts.is_empty() { "nothing left to do".to_owned() } else { counts.join(" ") };
        let mut line = String::new();
        let title = safe(format_args!("{file}  {manifest}   "));
        let left = format!("{}{who}", title.trim_start());
        writer.write_aligned(&mut line, 4, Style::new(), &left, &counts);
        let _ = write!(out, "  {sign} {}", line.get(4..).unwrap_or_default());
    }
    out.push('\n');
}

/// Writes the result of each wave.
fn write_waves(out: &mut String, report: &ApplyReport, writer: &mut DecisionWriter<'_>) {
    if report.waves.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", styled(BOLD, "Waves"));
    for (index, wave) in report.waves.iter().enumerate() {
        let left = format!("{} {}: {}", index + 1, safe(&wave.name), count(wave.zones.len(), "zone"));
        writer.write_aligned(out, 2, Style::new(), &left, &wave_end(&wave.result));
    }
    out.push('\n');
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

/// Writes the totals.
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
    let _ = match (not_done, plan.is_complete()) {
        (0, false) => writeln!(
            out,
            "{} {records} What is marked with ! in the plan could not be planned.",
            styled(BOLD, "Apply incomplete.")
        ),
        (0, true) => writeln!(out, "{} {records}", styled(BOLD, "Apply complete!")),
        (_, _) => writeln!(
            out,
            "{} {records} What is marked with ! was not done; `zonal plan` shows what is left.",
            styled(BOLD, "Apply incomplete.")
        ),
    };
}

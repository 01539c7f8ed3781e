//! What a person must do first: failures, findings and what waits, each once for all zones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::Style;

use super::decisions::DecisionWriter;
use super::findings::findings;
use super::formatting::{BOLD, REMOVE, count, safe, styled};
use super::unknown_names::has_unknown_name;
use super::view::PlanTextView;
use crate::model::{Deferral, FailureClass, Plan, ZoneCode, ZoneFailure};
use crate::render::decisions::ZoneWordsForm;

/// Placeholders for what differs between equal failures.
const ZONE: &str = "{zone}";
const TABLE: &str = "{table}";

/// Failure without the names of its zone and its collection, and without its tracking id.
type FailureText = (FailureClass, String, Option<String>);

/// Zones and collections of equal failures.
#[derive(Default)]
struct FailedPlaces {
    zones: BTreeSet<ZoneCode>,
    collections: BTreeSet<String>,
    records: usize,
}

/// Writes the block; nothing if nobody needs to act.
pub(super) fn write_required_actions(
    out: &mut String,
    plan: &Plan,
    view: &PlanTextView,
    writer: &mut DecisionWriter<'_>,
) {
    let mut block = String::new();
    write_failures(&mut block, plan, view, writer);
    write_deferrals(&mut block, plan, view, writer);
    findings(&mut block, &plan.findings, &mut |zones| zone_words(plan, writer, zones));
    if block.is_empty() {
        return;
    }
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}", styled(BOLD, "Action required"));
    for line in block.lines() {
        let _ = if line.is_empty() { writeln!(out) } else { writeln!(out, "  {line}") };
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// Returns words for some of the plan's zones.
fn zone_words<'z>(
    plan: &Plan,
    writer: &mut DecisionWriter<'_>,
    zones: impl IntoIterator<Item = &'z ZoneCode>,
) -> String {
    let found = writer.names.in_order(zones);
    let of = writer.names.in_order(plan.zones.keys());
    writer.names.words(&found, &of, &[], ZoneWordsForm::Short, &mut writer.sets)
}

fn write_failures(out: &mut String, plan: &Plan, view: &PlanTextView, writer: &mut DecisionWriter<'_>) {
    let mut of_zones: BTreeMap<FailureText, FailedPlaces> = BTreeMap::new();
    let mut of_tables: BTreeMap<FailureText, FailedPlaces> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        if let Some(failure) = &zone.failure {
            of_zones.entry(failure_text(failure, code, "")).or_default().zones.insert(code.clone());
            continue;
        }
        for step in zone.collections.iter().filter(|step| !has_unknown_name(step)) {
            if let Err(failure) = &step.diff.outcome {
                let text = failure_text(failure, code, &step.diff.id.name());
                let places = of_tables.entry(text).or_default();
                places.zones.insert(code.clone());
                places.collections.insert(step.diff.id.to_string());
                places.records += 1;
            }
        }
    }
    for ((_, message, help), places) in of_zones {
        let message = message_for(&message, &places);
        write_item(out, view, writer, plan, &format!("cannot be asked: {message}"), &places, help.as_deref());
    }
    for ((_, message, help), places) in of_tables {
        let message = message_for(&message, &places);
        let what = match places.collections.iter().next() {
            Some(only) if places.collections.len() == 1 => format!("{} cannot be planned", safe(only)),
            _ => format!("{} cannot be planned", count(places.records, "collection")),
        };
        write_item(out, view, writer, plan, &format!("{what}: {message}"), &places, help.as_deref());
        if places.collections.len() > 1 {
            let names: Vec<String> = places.collections.iter().map(safe).collect();
            for line in view.lines(&names.join(", "), 4) {
                let _ = writeln!(out, "{line}");
            }
        }
    }
}

/// Returns a failure without what differs between zones and collections.
fn failure_text(failure: &ZoneFailure, zone: &ZoneCode, table: &str) -> FailureText {
    let plain = |text: &str| {
        let text = text.replace(zone.as_str(), ZONE);
        if table.is_empty() { text } else { text.replace(table, TABLE) }
    };
    (failure.class, plain(&failure.message), failure.help.as_deref().map(plain))
}

/// Returns a message with the zone and the collection, if it is only one.
fn message_for(message: &str, places: &FailedPlaces) -> String {
    let mut message = message.to_owned();
    if let Some(zone) = places.zones.iter().next().filter(|_| places.zones.len() == 1) {
        message = message.replace(ZONE, zone.as_str());
    }
    if let Some(table) = places.collections.iter().next().filter(|_| places.collections.len() == 1) {
        let name = table.split_once('/').map_or(&**table, |(_, name)| name);
        message = message.replace(TABLE, name.split('[').next().unwrap_or(name));
    }
    message
}

fn write_item(
    out: &mut String,
    view: &PlanTextView,
    writer: &mut DecisionWriter<'_>,
    plan: &Plan,
    text: &str,
    places: &FailedPlaces,
    help: Option<&str>,
) {
    let who = zone_words(plan, writer, &places.zones);
    // The block is indented by two columns.
    let narrow = PlanTextView { width: view.width.saturating_sub(2), ..view.clone() };
    let mut lines = narrow.lines(&format!("{text} ({who})"), 2).into_iter();
    let first = lines.next().unwrap_or_default();
    let _ = writeln!(out, "{} {}", styled(REMOVE, '!'), first.trim_start());
    lines.for_each(|line| out.push_str(&(line + "\n")));
    if let Some(help) = help {
        let help = message_for(help, places);
        narrow.lines(&format!("help: {help}"), 4).into_iter().for_each(|line| out.push_str(&(line + "\n")));
    }
}

/// Writes the zones and collections that wait, by reason.
fn write_deferrals(out: &mut String, plan: &Plan, view: &PlanTextView, writer: &mut DecisionWriter<'_>) {
    let mut waiting: BTreeMap<&Deferral, FailedPlaces> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in zone.collections.iter().filter(|step| step.diff.has_work()) {
            if let Some(deferral) = zone.deferral_of_step(step) {
                let places = waiting.entry(deferral).or_default();
                places.zones.insert(code.clone());
                places.collections.insert(step.diff.id.to_string());
                places.records += step.diff.to_apply().count();
            }
        }
    }
    for (deferral, places) in waiting {
        let text = match deferral {
            Deferral::Conflict => {
                let conflicts: usize = conflicts(plan, &places);
                format!(
                    "{}: both the manifests and the zone changed a record; the whole table waits",
                    count(conflicts, "conflict")
                )
            }
            Deferral::ApprovalRequired
            | Deferral::Guard { .. }
            | Deferral::Stale
            | Deferral::RolloutStopped { .. }
            | Deferral::LeaseHeld { .. } => {
                let verb = if places.records == 1 { "is" } else { "are" };
                format!("{} {verb} held back: {deferral}", count(places.records, "change"))
            }
        };
        write_item(out, view, writer, plan, &text, &places, None);
    }
}

/// Returns the number of records in conflict.
fn conflicts(plan: &Plan, places: &FailedPlaces) -> usize {
    let zones = plan.zones.iter().filter(|(code, _)| places.zones.contains(code));
    let found = zones.flat_map(|(_, zone)| &zone.collections).flat_map(|step| &step.diff.outcome);
    found.flat_map(|found| &found.changes).filter(|change| change.conflict.is_some()).count()
}

/// Style of plain text, for callers that align lines.
pub(super) const PLAIN: Style = Style::new();

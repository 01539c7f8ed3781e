//! What a person must do first: failures, findings and what waits, each once for all zones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::decisions::DecisionWriter;
use super::findings::write_findings;
use super::formatting::{BOLD, REMOVE, count, safe, styled};
use crate::model::{Deferral, FailureClass, Plan, ZoneCode};
use crate::render::decisions::failure_groups;

/// Columns before the help of an item and its list of collections.
const DETAIL_INDENT: usize = 6;

/// Zones and records that wait for one reason.
#[derive(Default)]
struct WaitingPlaces<'a> {
    zones: BTreeSet<&'a ZoneCode>,
    records: usize,
}

/// Writes the block; nothing if nobody needs to act.
pub(super) fn write_required_actions(out: &mut String, plan: &Plan, writer: &mut DecisionWriter<'_>) {
    let mut items = String::new();
    write_failures(&mut items, plan, writer);
    write_deferrals(&mut items, plan, writer);
    write_findings(&mut items, &plan.findings, writer);
    if !items.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}\n{items}", styled(BOLD, "Action required"));
    }
}

/// Writes the failures. Names that zones do not know have a block of their own.
fn write_failures(out: &mut String, plan: &Plan, writer: &mut DecisionWriter<'_>) {
    let groups = failure_groups(plan, &writer.names);
    for group in groups.iter().filter(|group| group.failure.class != FailureClass::UnknownName) {
        let collections: Vec<String> = group.collections.iter().map(safe).collect();
        let what = match collections.as_slice() {
            [] => "cannot be asked".to_owned(),
            [only] => format!("{only} cannot be planned"),
            _ => format!("{} cannot be planned", count(group.number, "collection")),
        };
        let who = writer.zone_words(group.zones.iter().copied());
        writer.write_item(out, REMOVE, '!', &format!("{what}: {} ({who})", group.message));
        if let Some(help) = &group.help {
            writer.write_indented(out, DETAIL_INDENT, &format!("help: {help}"));
        }
        if collections.len() > 1 {
            writer.write_indented(out, DETAIL_INDENT, &collections.join(", "));
        }
    }
}

/// Writes the zones and collections that wait, by reason.
fn write_deferrals(out: &mut String, plan: &Plan, writer: &mut DecisionWriter<'_>) {
    let mut waiting: BTreeMap<&Deferral, WaitingPlaces<'_>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in zone.collections.iter().filter(|step| step.diff.has_work()) {
            if let Some(deferral) = zone.deferral_of_step(step) {
                let places = waiting.entry(deferral).or_default();
                places.zones.insert(code);
                places.records += step.diff.to_apply().count();
            }
        }
    }
    for (deferral, WaitingPlaces { zones, records }) in waiting {
        let text = match deferral {
            Deferral::Conflict => {
                format!(
                    "{}: both the manifests and the zone changed a record; the whole table waits",
                    count(conflicts(plan, &zones), "conflict")
                )
            }
            Deferral::ApprovalRequired
            | Deferral::PartlyApproved { .. }
            | Deferral::Guard { .. }
            | Deferral::Stale
            | Deferral::RolloutStopped { .. }
            | Deferral::LeaseHeld { .. } => {
                let verb = if records == 1 { "is" } else { "are" };
                format!("{} {verb} held back: {deferral}", count(records, "change"))
            }
        };
        let who = writer.zone_words(zones);
        writer.write_item(out, REMOVE, '!', &format!("{text} ({who})"));
    }
}

/// Returns the number of records in conflict in some zones.
fn conflicts(plan: &Plan, zones: &BTreeSet<&ZoneCode>) -> usize {
    let zones = plan.zones.iter().filter(|(code, _)| zones.contains(code));
    let found = zones.flat_map(|(_, zone)| &zone.collections).flat_map(|step| &step.diff.outcome);
    found.flat_map(|found| &found.changes).filter(|change| change.conflict.is_some()).count()
}

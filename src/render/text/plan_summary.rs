//! Last lines of a plan's text: totals, notes, expectations and cost.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::conflict::classes;
use super::expectations;
use super::formatting::{BOLD, CHANGE, count, safe, styled, thousands, zone_list};
use super::header::write_sentence;
use super::view::{PlanDetail, PlanTextView};
use crate::model::{
    ApplyMode, ChangeGroupState, Channel, Plan, PlanCost, PlanCounts, UnmanagedCollection, ZoneCode,
};

/// Number of decisions above which the text says how to unfold them.
const UNFOLD_HINT_FROM: usize = 3;

/// Writes the last lines. `decisions` is the number of decisions.
pub(super) fn write_summary(out: &mut String, plan: &Plan, decisions: usize, view: &PlanTextView) {
    let PlanCounts {
        add,
        change,
        destroy,
        report,
        unlisted: unmanaged,
        create_only_differences: ignored,
        blocked,
        manual: by_hand,
        attested,
        undeclared,
        unmanaged: released,
        detached,
        postponed: later,
        drifted: _,
        pending: _,
        conflict: _,
        kept_theirs: left,
        in_sync: _,
        converged: _,
        deferred: held,
    } = plan.counts();
    for (line, zones) in self::unmanaged_notes(plan) {
        write_zone_note(out, "Released in", &line, zones);
    }
    tell_notes(out, plan);
    let nothing = add + change + destroy == 0;
    if nothing && plan.is_complete() && report + by_hand + later + left == 0 {
        let how = if attested > 0 { ", as far as people have attested it" } else { "" };
        let words = match plan.inputs.reverts {
            // The desired state may differ from the reverted state.
            Some(run) => format!("Nothing that {run} wrote still stands as it left it"),
            None if plan.zones.is_empty() && !plan.service.is_empty() => {
                "Only settings of the service are declared, and no zone was asked".to_owned()
            }
            None if plan.zones.is_empty() => "Nothing is declared, and no zone was asked".to_owned(),
            None => format!("Your network matches the configuration{how}"),
        };
        let _ = writeln!(out, "{} {words}.", styled(BOLD, "No changes."));
    } else if nothing && !plan.is_complete() {
        let _ = writeln!(out, "{} Nothing to apply in what could be seen.", styled(BOLD, "Incomplete."));
    } else if nothing {
        let _ = writeln!(out, "{} Nothing will be written.", styled(BOLD, "No changes to apply."));
    } else {
        let _ = writeln!(
            out,
            "{} {} to add, {} to change, {} to destroy.",
            styled(BOLD, "Plan:"),
            thousands(add as u64),
            thousands(change as u64),
            thousands(destroy as u64)
        );
    }
    let _ = writeln!(out, "{}", zones_line(plan));
    let rest = [
        (held, "Held back"),
        (by_hand, "By hand"),
        (detached, "Detached from the network"),
        (attested, "Attested, not verified"),
        (released, "Released, staying as they are"),
        (undeclared, "No longer declared"),
        (unmanaged, "Unmanaged"),
        (ignored, "Ignored drift"),
        (report, "Reported only"),
        (later, "Left for a later apply"),
        (left, "Left to the zone"),
        (blocked, "Collections that cannot be planned"),
    ];
    let rest: Vec<String> = rest
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{what}: {}.", thousands(*number as u64)))
        .collect();
    if !rest.is_empty() {
        let _ = writeln!(out, "{}", rest.join(" "));
    }
    if let Some(outlook) = expectations::outlook(&plan.expectations) {
        let _ = writeln!(out, "{outlook}");
    }
    if let Some(classes) = classes(plan) {
        let _ = writeln!(out, "{classes}");
    }
    if !nothing {
        let _ = writeln!(out, "{}", cost(&plan.cost));
    }
    channels(out, plan);
    if decisions > UNFOLD_HINT_FROM && view.detail == PlanDetail::Decisions {
        let options = "`--zone CODE`, `--manifest KIND/NAME` or `--row FILE:LINE`";
        let sentence =
            format!("Unfold with {options} of `zonal show PLAN`, or with `--verbose` for each record.");
        write_sentence(out, view, &sentence);
    }
}

/// Returns the estimated cost of the apply, in a sentence.
pub fn cost(cost: &PlanCost) -> String {
    let quota = cost.quota_percent.map(|percent| format!(", {} of today's quota", percentage(percent)));
    format!(
        "Cost: {}, {}, at least {} s{}.",
        count(cost.reads as usize, "read"),
        count(cost.writes as usize, "write"),
        thousands(cost.seconds_floor.ceil() as u64),
        quota.unwrap_or_default()
    )
}

/// Writes the notes, one line each.
pub(super) fn tell_notes(out: &mut String, plan: &Plan) {
    for (note, zones) in notes(plan) {
        write_zone_note(out, "Note on", note, zones);
    }
}

/// Returns the notes about unchanged records, with the zones of each note.
pub fn notes(plan: &Plan) -> BTreeMap<&str, Vec<&ZoneCode>> {
    let mut notes: BTreeMap<&str, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for found in zone.collections.iter().flat_map(|step| &step.diff.outcome) {
            for note in &found.notes {
                notes.entry(note).or_default().push(code);
            }
        }
    }
    notes.values_mut().for_each(Vec::dedup);
    notes
}

/// Returns descriptions of records that zonal stops managing, with the zones. One entry per collection and
/// manifest.
pub fn unmanaged_notes(plan: &Plan) -> BTreeMap<String, Vec<&ZoneCode>> {
    let mut released: BTreeMap<String, Vec<&ZoneCode>> = BTreeMap::new();
    for (code, zone) in &plan.zones {
        for step in &zone.collections {
            for UnmanagedCollection { provenance, records } in
                step.diff.outcome.iter().flat_map(|found| &found.unmanaged)
            {
                let verb = if *records == 1 { "stays as it is" } else { "stay as they are" };
                let line = format!(
                    "{} of {} will no longer be managed by zonal, but {verb} ({}, {provenance})",
                    count(*records, "record"),
                    step.diff.id,
                    provenance.manifest
                );
                released.entry(line).or_default().push(code);
            }
        }
    }
    released.values_mut().for_each(Vec::dedup);
    released
}

/// Writes a note with the zones.
pub(super) fn write_zone_note(out: &mut String, what: &str, words: &str, zones: Vec<&ZoneCode>) {
    let words = safe(words);
    // Writing to a String cannot fail.
    let _ = match zones.as_slice() {
        [only] => writeln!(out, "{} {words}", styled(CHANGE, format_args!("{what} {only}:"))),
        _ => {
            let what = styled(CHANGE, format_args!("{what} {}:", count(zones.len(), "zone")));
            writeln!(out, "{what} {words}\n{}", zone_list(zones, "  "))
        }
    };
}

fn zones_line(plan: &Plan) -> String {
    let number = |state| plan.zones_in(state);
    let mut parts = Vec::new();
    let mut add = |number: usize, words: &str| {
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    };
    add(number(ChangeGroupState::Changes), "with differences");
    add(number(ChangeGroupState::InSync), "in sync");
    add(number(ChangeGroupState::Unknown), "that could not be asked, so the plan is incomplete");
    add(plan.asked_in_part(), "of these asked only in part, so the plan is incomplete");
    match parts.is_empty() {
        true => "Zones: none.".to_owned(),
        false => format!("Zones: {}.", parts.join(", ")),
    }
}

fn channels(out: &mut String, plan: &Plan) {
    let steps = plan.zones.values().flat_map(|zone| &zone.collections);
    let changing = steps.filter(|step| {
        step.diff.outcome.iter().any(|found| {
            found.changes.iter().any(|change| matches!(change.mode, ApplyMode::Apply | ApplyMode::Manual))
        })
    });
    let channels: BTreeSet<Channel> = changing.map(|step| step.channel).collect();
    if !channels.is_empty() {
        let channels: Vec<String> = channels.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "Channel: {}.", channels.join(", "));
    }
}

/// Returns a percentage: `2.1 %`.
pub fn percentage(percent: f64) -> String {
    match percent {
        small if small < 0.1 => "less than 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

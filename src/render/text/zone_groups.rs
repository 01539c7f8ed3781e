//! Text of a plan with one entry for each record, by zone or by group of zones with equal changes.

use std::fmt::Write as _;

use super::changes;
use super::formatting::{ADD, BOLD, CHANGE, DIM, HAND, REMOVE, count, safe, styled, zone_list};
use super::unknown_names::{has_only_unknown_names, has_unknown_name};
use crate::model::{Change, ChangeGroupState, Deferral, Plan, ZoneCode};

/// Writes the changes of each group of zones with equal changes.
pub(super) fn write_change_groups(out: &mut String, plan: &Plan) {
    let groups = plan.change_groups.iter().filter(|group| group.state == ChangeGroupState::Changes);
    for (index, group) in groups.enumerate() {
        if index == 0 {
            legend(out, plan);
        }
        let title = match group.zones.as_slice() {
            [only] => format!("Group {}: {}", letter(index), zone_title(plan, only)),
            zones => format!("Group {}: {} with the same changes", letter(index), count(zones.len(), "zone")),
        };
        write_zones(out, plan, &title, &group.zones, &|_| true);
    }
}

/// Writes each record of each zone with changes that `include` accepts.
pub(super) fn write_records(out: &mut String, plan: &Plan, include: &dyn Fn(&Change) -> bool) {
    let mut is_first = true;
    for (code, zone) in &plan.zones {
        let found = zone.collections.iter().flat_map(|step| &step.diff.outcome);
        if !found.flat_map(|found| &found.changes).any(include) {
            continue;
        }
        if std::mem::take(&mut is_first) {
            legend(out, plan);
        }
        write_zones(out, plan, &zone_title(plan, code), std::slice::from_ref(code), include);
    }
}

fn zone_title(plan: &Plan, code: &ZoneCode) -> String {
    let name = plan.zones.get(code).map_or("", |zone| &zone.name);
    format!("{code} ({name})")
}

fn legend(out: &mut String, plan: &Plan) {
    let counts = plan.counts();
    let _ = match plan.has_work() && !plan.is_writable() {
        true => writeln!(out, "zonal holds back all of the following actions, where"),
        false => writeln!(out, "zonal will perform the following actions, where"),
    };
    let signs = [
        (counts.add, styled(ADD, '+'), "create"),
        (counts.change, styled(CHANGE, '~'), "update in-place"),
        (counts.destroy, styled(REMOVE, '-'), "destroy"),
        (counts.report, styled(DIM, '.'), "report only"),
        (counts.postponed, styled(DIM, '.'), "left for a later apply"),
        (counts.kept_theirs, styled(DIM, '.'), "left to the zone"),
        (counts.manual, styled(HAND, '>'), "by hand, see `zonal runbook`"),
        (counts.blocked, styled(REMOVE, '!'), "cannot be planned"),
    ];
    for (number, sign, meaning) in signs {
        if number > 0 {
            let _ = writeln!(out, "  {sign} {meaning}");
        }
    }
    out.push('\n');
}

/// Writes the changes of zones with equal changes.
fn write_zones(
    out: &mut String,
    plan: &Plan,
    title: &str,
    zones: &[ZoneCode],
    include: &dyn Fn(&Change) -> bool,
) {
    let Some(zone) = zones.first().and_then(|first| plan.zones.get(first)) else { return };
    if has_only_unknown_names(zone) {
        return;
    }
    let _ = writeln!(out, "{}", styled(BOLD, title));
    if zones.len() > 1 {
        let _ = writeln!(out, "{}", zone_list(zones, "  "));
    }
    if let Some(hold) = zone.deferral.as_ref() {
        let _ = writeln!(out, "  {} nothing is written: {}", styled(REMOVE, '!'), safe(hold));
    }
    out.push('\n');
    for step in &zone.collections {
        if let Some(hold) = &step.deferral {
            let held = format_args!("{} is left alone: {hold}", step.diff.id);
            let _ = writeln!(out, "  {} {}\n", styled(REMOVE, '!'), styled(BOLD, held));
            match hold {
                // A person decides, so the changes are shown.
                Deferral::Conflict | Deferral::ApprovalRequired | Deferral::PartlyApproved { .. } => {}
                Deferral::Guard { .. }
                | Deferral::Stale
                | Deferral::RolloutStopped { .. }
                | Deferral::LeaseHeld { .. } => continue,
            }
        }
        match &step.diff.outcome {
            Ok(found) => {
                let changes = found.changes.iter().filter(|change| include(change));
                changes.for_each(|change| changes::change(out, change, step.channel));
            }
            Err(_) if has_unknown_name(step) => {}
            Err(failure) => {
                changes::write_failed_collection(out, &step.diff.id, failure, &step.diff.provenance)
            }
        }
    }
}

/// Returns the name of a change group: A, B, ... Z, AA, AB, ...
pub fn letter(index: usize) -> String {
    let (rest, last) = (index / 26, char::from(b'A' + (index % 26) as u8));
    match rest {
        0 => last.to_string(),
        rest => format!("{}{last}", letter(rest - 1)),
    }
}

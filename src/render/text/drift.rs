//! Text of a drift report: differences between zones and manifests, with change origins if known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::changes;
use super::conflict::classes;
use super::formatting::{BOLD, count, styled, thousands, zone_list};
use super::plan::{heading, tell_notes, unknown};
use super::undeclared::write_undeclared;
use super::unknown_names::{has_only_unknown_names, has_unknown_name, write_unknown_names};
use crate::model::{Change, ChangeGroup, ChangeGroupState, ChangeOrigin, ComparisonMode, Plan, ZonePlan};

/// Returns all differences, grouped by zones with identical differences.
pub fn drift(plan: &Plan) -> String {
    let mut out = String::new();
    heading(&mut out, plan);
    if !plan.compared.has_base() {
        out.push_str(
            "Nothing tells what was applied last, so every difference counts as drift; --base REV would.\n\n",
        );
    }
    let with = |state| plan.change_groups.iter().filter(move |group| group.state == state);
    for group in with(ChangeGroupState::Changes) {
        group_of_zones(&mut out, plan, group);
    }
    write_unknown_names(&mut out, plan);
    for group in with(ChangeGroupState::Unknown) {
        unknown(&mut out, plan, group);
    }
    write_undeclared(&mut out, plan);
    tell_notes(&mut out, plan);
    summary(&mut out, plan);
    out
}

fn group_of_zones(out: &mut String, plan: &Plan, group: &ChangeGroup) {
    let Some(zone) = group.zones.first().and_then(|first| plan.zones.get(first)) else { return };
    if has_only_unknown_names(zone) {
        return;
    }
    let what = match (changes_of(zone).next().is_some(), changes_of(zone).any(has_drifted)) {
        (true, true) => "drifted",
        (true, false) => "not drifted, but has changes pending",
        (false, _) => "not been compared whole",
    };
    let title = match group.zones.as_slice() {
        [only] => format!("{only} ({}) has {what}", zone.name),
        several => {
            let what = what.replace("but has", "but have");
            format!("{} have {what}, all in the same way", count(several.len(), "zone"))
        }
    };
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}", styled(BOLD, title));
    if group.zones.len() > 1 {
        let _ = writeln!(out, "{}", zone_list(&group.zones, "  "));
    }
    out.push('\n');
    for step in &zone.collections {
        match &step.diff.outcome {
            Ok(found) => found
                .changes
                .iter()
                .for_each(|change| changes::write_drifted_change(out, change, step.channel)),
            Err(_) if has_unknown_name(step) => {}
            Err(failure) => {
                changes::write_failed_collection(out, &step.diff.id, failure, &step.diff.provenance)
            }
        }
    }
}

fn changes_of(zone: &ZonePlan) -> impl Iterator<Item = &Change> {
    let found = zone.collections.iter().flat_map(|step| &step.diff.outcome);
    found.flat_map(|found| &found.changes)
}

fn has_drifted(change: &Change) -> bool {
    change.origin != Some(ChangeOrigin::Pending)
}

/// Number of different records by change origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DriftCounts {
    /// Records changed only in the zone, or with unknown origin.
    pub alone: usize,
    /// Records changed differently in the zone and in the manifests.
    pub conflict: usize,
    /// Records changed only in the manifests. Such a difference is not drift.
    pub pending: usize,
    /// Number of zones with drift.
    pub zones: usize,
}

impl DriftCounts {
    /// Counts the records of a plan.
    pub fn from_plan(plan: &Plan) -> Self {
        let mut records: BTreeMap<Option<ChangeOrigin>, usize> = BTreeMap::new();
        for change in plan.zones.values().flat_map(changes_of) {
            *records.entry(change.origin).or_default() += 1;
        }
        let number = |origin| records.get(&origin).copied().unwrap_or(0);
        Self {
            alone: number(None) + number(Some(ChangeOrigin::Drifted)),
            conflict: number(Some(ChangeOrigin::Conflict)),
            pending: number(Some(ChangeOrigin::Pending)),
            zones: plan.zones.values().filter(|zone| changes_of(zone).any(has_drifted)).count(),
        }
    }
}

fn summary(out: &mut String, plan: &Plan) {
    let DriftCounts { alone: drifted, conflict, pending, zones } = DriftCounts::from_plan(plan);
    let _ = match (drifted + conflict, plan.is_complete()) {
        (0, true) if plan.zones.is_empty() => {
            writeln!(out, "{} No zone is selected.", styled(BOLD, "No drift."))
        }
        (0, true) if !plan.compared.has_base() => {
            writeln!(out, "{} Every zone holds what the manifests say.", styled(BOLD, "No drift."))
        }
        (0, true) => writeln!(out, "{} Every zone holds what was applied last.", styled(BOLD, "No drift.")),
        (0, false) => writeln!(out, "{} No drift in what could be seen.", styled(BOLD, "Incomplete.")),
        (all, _) => {
            let of = if conflict > 0 {
                format!(", {} of them changed in the manifests too", thousands(conflict as u64))
            } else {
                String::new()
            };
            writeln!(
                out,
                "{} {} in {}{of}.",
                styled(BOLD, "Drift:"),
                count(all, "record"),
                count(zones, "zone")
            )
        }
    };
    if pending > 0 {
        let _ = writeln!(out, "Pending, to be written by the next apply: {}.", count(pending, "record"));
    }
    let unknown = plan.zones.values().filter(|zone| zone.failure.is_some()).count();
    if unknown > 0 {
        let _ = writeln!(out, "{} could not be asked, so the answer is incomplete.", count(unknown, "zone"));
    }
    let blocked = plan.counts().blocked;
    if blocked > 0 {
        let _ = writeln!(
            out,
            "{} could not be compared, so the answer is incomplete.",
            count(blocked, "collection")
        );
    }
    if let Some(classes) = classes(plan) {
        let _ = writeln!(out, "{classes}");
    }
    let command = match (&plan.compared, drifted) {
        (ComparisonMode::TwoWay, _) | (_, 0) => return,
        (ComparisonMode::Revision(_), _) => "zonal apply --only-drift --base REV",
        (ComparisonMode::AppliedState { .. }, _) => "zonal apply --only-drift",
    };
    let _ = writeln!(out, "`{command}` puts back what has drifted, and nothing else.");
}

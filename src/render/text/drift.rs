//! Text of a drift report: differences between zones and manifests, with change origins if known.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::conflict::classes;
use super::decisions::DecisionWriter;
use super::formatting::{BOLD, count, styled, thousands};
use super::header::write_header;
use super::plan::write_zone_sets;
use super::plan_summary::tell_notes;
use super::required_actions::write_required_actions;
use super::undeclared::write_undeclared;
use super::unknown_names::write_unknown_names;
use super::view::PlanTextView;
use crate::model::{Change, ChangeOrigin, ComparisonMode, Plan, ZonePlan};
use crate::render::decisions::{PlanDecision, decisions};

/// Returns all differences, one entry for each decision: conflicts first, then drift. What the manifests
/// changed and the next apply writes is only counted.
pub fn drift(plan: &Plan) -> String {
    drift_view(plan, &PlanTextView::default())
}

/// Returns the drift report in this view.
pub fn drift_view(plan: &Plan, view: &PlanTextView) -> String {
    let mut out = String::new();
    let mut writer = DecisionWriter::new(plan, view, true);
    let mut found = decisions(plan, has_drifted);
    found.sort_by_key(urgency);
    write_header(&mut out, plan, view, "drift", &writer);
    if !plan.compared.has_base() {
        out.push_str(
            "Without a base every difference counts as drift; --base REV compares with a revision.\n",
        );
    }
    out.push('\n');
    write_required_actions(&mut out, plan, &mut writer);
    write_unknown_names(&mut out, plan);
    writer.write_sections(&mut out, &found);
    write_undeclared(&mut out, plan);
    write_zone_sets(&mut out, view, &writer);
    tell_notes(&mut out, plan);
    summary(&mut out, plan);
    out
}

/// Order of decisions: the most urgent first.
fn urgency(decision: &PlanDecision<'_>) -> u8 {
    let origins = || decision.variants.iter().map(|variant| variant.example.origin);
    match (
        origins().any(|origin| origin == Some(ChangeOrigin::Conflict)),
        decision.variants.iter().any(|variant| variant.takes_away()),
    ) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
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

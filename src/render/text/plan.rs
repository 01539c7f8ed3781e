//! Text of a plan: what a person must do, what it means, what it removes, and each decision once.

use std::fmt::Write as _;

use anstyle::Style;

use super::decisions::DecisionWriter;
use super::expectations;
use super::formatting::{BOLD, safe, styled};
use super::header::{size_sentence, write_header, write_sentence};
use super::impacts::write_impacts;
use super::plan_summary::write_summary;
use super::removals::write_removals;
use super::required_actions::write_required_actions;
use super::service::write_service;
use super::undeclared::write_undeclared;
use super::unknown_names::write_unknown_names;
use super::view::{PlanDetail, PlanPart, PlanTextView};
use super::zone_groups::{write_change_groups, write_records};
use crate::model::{Change, ChangeAction, Plan, ZoneCode};
use crate::render::decisions::{ZoneNames, ZoneWordsForm, decisions};

/// Most zones of a wave that are named.
const NAMED_ZONES: usize = 12;

/// Returns the complete text with one entry for each decision.
pub fn plan(plan: &Plan) -> String {
    plan_view(plan, &PlanTextView::default())
}

/// Returns the text of a plan in this view.
pub fn plan_view(plan: &Plan, view: &PlanTextView) -> String {
    let command = match (plan.inputs.reverts, &plan.inputs.restores) {
        (_, Some(_)) => "restore",
        (Some(_), None) => "revert",
        (None, None) => "plan",
    };
    let mut out = String::new();
    let mut writer = DecisionWriter::new(plan, view, false);
    let include = |change: &Change| view.part.contains(&writer.names, change);
    let found = decisions(plan, include);
    write_header(&mut out, plan, view, command, &writer);
    // Writing to a String cannot fail; this also holds below.
    if let Some(size) = size_sentence(plan, &found).filter(|_| view.part.is_whole()) {
        write_sentence(&mut out, view, &size);
    }
    out.push('\n');
    if view.part.is_whole() {
        write_required_actions(&mut out, plan, &mut writer);
        write_unknown_names(&mut out, plan);
        if view.detail != PlanDetail::Summary {
            write_impacts(&mut out, &plan.impacts, view);
        }
        expectations::write_broken_expectations(&mut out, &plan.expectations.broken, &mut writer);
        write_removals(&mut out, view, &found, &mut writer);
    }
    match (view.detail, view.part.zones.is_empty()) {
        (PlanDetail::Summary, true) => {}
        (PlanDetail::Decisions, true) => writer.write_sections(&mut out, &found),
        (PlanDetail::ZoneGroups, true) => write_change_groups(&mut out, plan),
        (PlanDetail::Records, _) | (_, false) => {
            let names = ZoneNames::new(&plan.population);
            write_records(&mut out, plan, &|change| view.part.contains(&names, change));
        }
    }
    if view.part.is_whole() && view.detail != PlanDetail::Summary {
        write_undeclared(&mut out, plan);
        write_waves(&mut out, plan, &mut writer);
    }
    write_zone_sets(&mut out, view, &writer);
    if view.part.is_whole() {
        write_service(&mut out, plan, view, &writer.names);
        write_summary(&mut out, plan, found.len(), view);
    }
    out
}

impl PlanPart {
    /// Returns the changes of the part.
    pub fn changes<'a>(&self, plan: &'a Plan) -> impl Iterator<Item = &'a Change> {
        let names = ZoneNames::new(&plan.population);
        let steps = plan.zones.values().flat_map(|zone| &zone.collections);
        let changes = steps.flat_map(|step| &step.diff.outcome).flat_map(|found| &found.changes);
        changes.filter(move |change| self.contains(&names, change))
    }

    /// Returns true if the part contains a change.
    fn contains(&self, names: &ZoneNames<'_>, change: &Change) -> bool {
        let zone = &change.address.zone;
        let is_zone = |given: &String| given == zone.as_str() || *given == names.short(zone);
        let span = &change.provenance.span;
        let is_row = |given: &String| *given == format!("{}:{}", span.file, span.start.line);
        let is_manifest = |given: &String| **given == *change.provenance.manifest;
        (self.zones.is_empty() || self.zones.iter().any(is_zone))
            && (self.manifests.is_empty() || self.manifests.iter().any(is_manifest))
            && (self.rows.is_empty() || self.rows.iter().any(is_row))
    }
}

/// Returns the parts of a plan without any change that counts, as `zone X`, `manifest X` or `row X`.
pub fn missing_parts(plan: &Plan, part: &PlanPart, counts: impl Fn(&Change) -> bool) -> Vec<String> {
    let single = |what: &str, one: PlanPart, given: &String| {
        let is_known = one.changes(plan).any(&counts);
        (!is_known).then(|| format!("{what} {given}"))
    };
    let zone = |given: &String| PlanPart { zones: vec![given.clone()], ..PlanPart::default() };
    let manifest = |given: &String| PlanPart { manifests: vec![given.clone()], ..PlanPart::default() };
    let row = |given: &String| PlanPart { rows: vec![given.clone()], ..PlanPart::default() };
    let zones = part.zones.iter().filter_map(|given| single("zone", zone(given), given));
    let manifests = part.manifests.iter().filter_map(|given| single("manifest", manifest(given), given));
    let rows = part.rows.iter().filter_map(|given| single("row", row(given), given));
    zones.chain(manifests).chain(rows).collect()
}

/// Writes the waves of the rollout with their zones and numbers of changes.
fn write_waves(out: &mut String, plan: &Plan, writer: &mut DecisionWriter<'_>) {
    if plan.waves.is_empty() {
        return;
    }
    let number = |zones: &[&ZoneCode], action: ChangeAction| {
        let steps = zones.iter().filter_map(|code| plan.zones.get(code)).flat_map(|zone| &zone.collections);
        let changes = steps.flat_map(|step| step.diff.to_apply());
        changes.filter(|change| change.action == action).count()
    };
    let _ = writeln!(out, "{}", styled(BOLD, "Waves"));
    for (index, wave) in plan.waves.iter().enumerate() {
        let zones = writer.names.in_order(&wave.zones);
        let of = writer.names.in_order(plan.waves.iter().flat_map(|wave| &wave.zones));
        let form = match zones.len() <= NAMED_ZONES {
            true => ZoneWordsForm::Names,
            false => ZoneWordsForm::Short,
        };
        let words = match index > 0 && index + 1 == plan.waves.len() && zones.len() > 2 {
            true => format!("others, {}", zones.len()),
            false => writer.names.words(&zones, &of, &[], form, &mut writer.sets),
        };
        let signs = [(ChangeAction::Create, '+'), (ChangeAction::Update, '~'), (ChangeAction::Delete, '-')];
        let counts: Vec<String> = signs
            .iter()
            .map(|(action, sign)| (number(&zones, *action), sign))
            .filter(|(number, _)| *number > 0)
            .map(|(number, sign)| format!("{sign}{number}"))
            .collect();
        let left = format!("{} {}: {words}", index + 1, safe(&wave.name));
        writer.write_aligned(out, 2, Style::new(), &left, &counts.join(" "));
    }
    out.push('\n');
}

/// Writes the zones that each letter stands for.
pub(super) fn write_zone_sets(out: &mut String, view: &PlanTextView, writer: &DecisionWriter<'_>) {
    if writer.sets.is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", styled(BOLD, "Zone sets"));
    for (letter, zones) in writer.sets.iter() {
        let names: Vec<String> = zones.iter().map(|code| writer.names.short(code)).collect();
        for (index, line) in view.lines(&names.join(", "), 6).iter().enumerate() {
            let _ = match index {
                0 => writeln!(out, "  [{letter}] {}", line.trim_start()),
                _ => writeln!(out, "{line}"),
            };
        }
    }
    out.push('\n');
}

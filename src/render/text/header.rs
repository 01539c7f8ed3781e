//! First lines of a text about a plan: network, environment, digest, and what the plan compares.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::decisions::DecisionWriter;
use super::formatting::{BOLD, DIM, count, safe, styled, thousands, width};
use super::view::PlanTextView;
use crate::model::{ApplyMode, ComparisonMode, Plan, TWO_WAY};
use crate::render::decisions::PlanDecision;

/// Style of the word for production.
const PRODUCTION: Style =
    AnsiColor::White.on_default().bg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();

/// Most decisions that need no number of decisions above.
const FEW_DECISIONS: usize = 3;

/// Writes the first lines. `command` names the command.
pub(super) fn write_header(
    out: &mut String,
    plan: &Plan,
    view: &PlanTextView,
    command: &str,
    writer: &DecisionWriter<'_>,
) {
    let network = match &plan.environment {
        Some(environment) => format!("{} / {}", safe(&plan.network), safe(environment)),
        None => safe(&plan.network),
    };
    let production = if plan.reaches_production() { "PRODUCTION" } else { "" };
    let left = format!("zonal {command}   {network}");
    let digest: String = plan.digest.to_string().chars().take(12).collect();
    let right = format!("digest {digest}");
    let shown = width(&left) + if production.is_empty() { 0 } else { 5 + production.len() };
    let tag = match production {
        "" => String::new(),
        word => format!("   {PRODUCTION} {word} {PRODUCTION:#}"),
    };
    let gap = view.width.saturating_sub(shown + right.len()).max(2);
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}{tag}{}{}", styled(BOLD, left), " ".repeat(gap), styled(DIM, right));
    let partial = plan.selection.as_ref().map(|selection| format!("Partial plan: only {selection}."));
    let prefix = Some(writer.names.prefix()).filter(|prefix| !prefix.is_empty());
    let prefix = prefix.map(|prefix| format!("Zone codes are shown without {}.", safe(prefix)));
    let lines = partial.into_iter().chain(comparison_sentences(plan)).chain(prefix);
    for line in lines {
        write_sentence(out, view, &line);
    }
}

/// Writes a sentence. Only its first line starts at the margin, so that no text forges a line.
pub(super) fn write_sentence(out: &mut String, view: &PlanTextView, sentence: &str) {
    let narrow = PlanTextView { width: view.width.saturating_sub(2), ..view.clone() };
    for (index, line) in narrow.lines(sentence, 0).iter().enumerate() {
        let _ = writeln!(out, "{}{line}", if index == 0 { "" } else { "  " });
    }
}

/// Returns the number of changes, decisions and zones, unless the decisions are few.
pub(super) fn size_sentence(plan: &Plan, decisions: &[PlanDecision<'_>]) -> Option<String> {
    if decisions.len() <= FEW_DECISIONS {
        return None;
    }
    let counts = plan.counts();
    let mut manifests: Vec<&str> = decisions.iter().map(|decision| &*decision.provenance.manifest).collect();
    manifests.sort_unstable();
    manifests.dedup();
    let has_changes = |zone: &&crate::model::ZonePlan| {
        let found = zone.collections.iter().flat_map(|step| &step.diff.outcome);
        found.flat_map(|found| &found.changes).any(|change| change.mode == ApplyMode::Apply)
    };
    let zones = plan.zones.values().filter(has_changes).count();
    Some(format!(
        "{} to add, {} to change, {} to destroy: {} in {}, at {zones} of {}.",
        thousands(counts.add as u64),
        thousands(counts.change as u64),
        thousands(counts.destroy as u64),
        count(decisions.len(), "decision"),
        count(manifests.len(), "manifest"),
        count(plan.population.zones.len().max(plan.zones.len()), "zone"),
    ))
}

/// Returns the sentences about what the plan compares.
pub fn comparison_sentences(plan: &Plan) -> impl Iterator<Item = String> {
    let overwrites = plan.findings.iter().any(|finding| *finding.guard == *TWO_WAY);
    let warning = overwrites.then(|| "This plan may overwrite edits in the zones.".to_owned());
    std::iter::once(comparison_sentence(plan)).chain(warning)
}

fn comparison_sentence(plan: &Plan) -> String {
    let (zones, tail) = match &plan.snapshot {
        Some(file) => (format!("the snapshot {}", safe(file)), ": no zone was asked"),
        None => ("the zones".to_owned(), ""),
    };
    match &plan.compared {
        ComparisonMode::AppliedState { .. } => {
            format!("Compared with {zones} and with the last apply{tail}.")
        }
        ComparisonMode::Revision(base) => {
            let short: String = safe(base).chars().take(12).collect();
            format!("Compared with {zones}{tail}. Applied last: the manifests of {short}.")
        }
        ComparisonMode::TwoWay if plan.inputs.reverts.is_some() => format!("Compared with {zones}{tail}."),
        ComparisonMode::TwoWay => format!(
            "Compared with {zones}{tail}; nothing tells what was applied last, so nothing tells who changed \
             what."
        ),
    }
}

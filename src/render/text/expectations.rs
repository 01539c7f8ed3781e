//! Text of expectations: one line per manifest, then each unmet expectation with reasons.

use std::fmt::Write as _;

use super::decisions::DecisionWriter;
use super::explanation::who_says;
use super::formatting::{ADD, BOLD, CHANGE, DIM, REMOVE, count, safe, styled, thousands};
use crate::model::cut_list::cut_list;
use crate::model::text_safety::escape_invisible;
use crate::model::{
    BrokenExpectation, Expectation, ExpectationCounts, ExpectationFailure, ExpectationForecast,
    ExpectationResult, ExpectationVerdict, OtherExpectations, PlanPopulation, Reason,
};
use crate::render::decisions::{MemberGroup, ZoneNames, ZoneSets, ZoneWordsForm, member_groups};
use crate::render::fact_words::{broken_groups, fell_short, forecast, shared_text};

/// Maximum number of reasons shown for an answer. The first reasons decide the answer.
const REASONS: usize = 3;
/// Maximum number of entries for broken expectations in a plan.
const BROKEN: usize = 50;
/// Columns before the facts of a broken expectation.
const DETAIL_INDENT: usize = 6;

/// Returns the results of all expectations, which must be in the order of the manifests. Unmet expectations
/// that differ only in a member of the population are one entry, with the reasons of the first member.
pub fn expectations(tested: &[ExpectationResult], population: &PlanPopulation) -> String {
    let names = ZoneNames::new(population);
    let mut out = String::new();
    // Writing to a String cannot fail; this also holds below.
    for of_one in tested.chunk_by(|a, b| manifest(a) == manifest(b)) {
        let tally = ExpectationCounts::from_verdicts(of_one.iter().map(|each| &each.judged));
        let (sign, style) = match tally {
            ExpectationCounts { not_met: 0, unknown: 0, .. } => ('✓', ADD),
            ExpectationCounts { not_met: 0, .. } => ('?', CHANGE),
            ExpectationCounts { .. } => ('!', REMOVE),
        };
        let file = of_one.first().map_or("", |first| &first.expectation.provenance.span.file);
        let name = of_one.first().map_or("", manifest);
        let _ = writeln!(
            out,
            "{} {}: {}",
            styled(style, sign),
            safe(format_args!("{name} ({file})")),
            counts_text(tally)
        );
    }
    let unmet: Vec<(&Expectation, &ExpectationVerdict, &ExpectationFailure)> = tested
        .iter()
        .filter_map(|each| Some((&each.expectation, &each.judged, each.judged.shortfall()?)))
        .collect();
    // The reasons of an answer do not count.
    let texts = unmet.iter().map(|(expectation, _, shortfall)| {
        let Expectation { question, facts: _, reason, provenance } = expectation;
        shared_text(provenance, &question.to_string(), reason.as_deref(), &shortfall.facts, fell_short)
    });
    for group in member_groups(&texts.collect::<Vec<_>>(), &names) {
        let (expectation, judged, shortfall) = unmet[group.first];
        out.push('\n');
        write_expectation(&mut out, expectation, judged, shortfall, &group, &names);
    }
    let tally = ExpectationCounts::from_verdicts(tested.iter().map(|each| &each.judged));
    let ExpectationCounts { met, not_met, unknown: not_known } = tally;
    let [met, not_met, not_known] = [met, not_met, not_known].map(|number| thousands(number as u64));
    let heading = styled(BOLD, "Expectations:");
    let _ = writeln!(out, "\n{heading} {met} met, {not_met} not met, {not_known} unknown.");
    out
}

fn manifest(tested: &ExpectationResult) -> &str {
    &tested.expectation.provenance.manifest
}

fn counts_text(ExpectationCounts { met, not_met, unknown: not_known }: ExpectationCounts) -> String {
    let parts = [(met, "met"), (not_met, "not met"), (not_known, "unknown")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| format!("{} {what}", thousands(*number as u64))).collect::<Vec<_>>().join(", ")
}

fn write_expectation(
    out: &mut String,
    expectation: &Expectation,
    judged: &ExpectationVerdict,
    shortfall: &ExpectationFailure,
    group: &MemberGroup<'_>,
    names: &ZoneNames<'_>,
) {
    let Expectation { question, facts: _, reason: because, provenance } = expectation;
    let ExpectationFailure { facts, line, reasons } = shortfall;
    let (style, how) = match judged {
        ExpectationVerdict::NotMet(_) | ExpectationVerdict::Met => (REMOVE, "not met"),
        ExpectationVerdict::Unknown(_) => (CHANGE, "unknown"),
    };
    let row = styled(DIM, format_args!("({}, {provenance})", provenance.manifest));
    let _ = writeln!(
        out,
        "{} {}? {row}",
        styled(style, format_args!("{how}:")),
        escape_invisible(&group.text(&question.to_string()))
    );
    if !group.members.is_empty() {
        let all = names.in_order(group.members.iter().copied());
        let words = names.words(&all, &all, &[], ZoneWordsForm::Names, &mut ZoneSets::default());
        let _ = writeln!(out, "    {}: {words}", count(all.len(), "member"));
    }
    let mut told = None;
    for fact in facts {
        let _ = match fact.found.unknown_reason() {
            Some(why) if told == Some(why) => {
                let expected = safe(format_args!("{}: {}: expected {}", fact.span, fact.fact, fact.expected));
                writeln!(out, "    {expected}, also unknown")
            }
            why => {
                told = why;
                writeln!(out, "    {}: {}", safe(&fact.span), safe(group.text(&fell_short(fact))))
            }
        };
    }
    if let Some(because) = because {
        let _ = writeln!(out, "    expected because {}", escape_invisible(&group.text(because)));
    }
    // The facts above already contain the reason of an unknown value.
    let is_told =
        |reason: &&Reason| facts.iter().any(|fact| fact.found.unknown_reason() == Some(reason.text.as_str()));
    let reasons: Vec<&Reason> = reasons.iter().filter(|reason| !is_told(reason)).collect();
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(out, "    {}:", escape_invisible(line));
    let (shown, omitted) = cut_list(&reasons, REASONS);
    for Reason { text: says, ground } in shown {
        let who = who_says(ground).map(|who| format!(" ({who})")).unwrap_or_default();
        let _ = writeln!(out, "      - {}{}", escape_invisible(says), styled(DIM, who));
    }
    if let Some(omitted) = omitted {
        let _ = writeln!(out, "      - {omitted}: see `zonal explain`");
    }
}

/// Writes the expectations that a plan breaks, with location and forecast; equal ones of several members once.
pub(super) fn write_broken_expectations(
    out: &mut String,
    broken: &[BrokenExpectation],
    writer: &mut DecisionWriter<'_>,
) {
    if broken.is_empty() {
        return;
    }
    // Writing to a String cannot fail; this also holds below.
    let _ =
        writeln!(out, "{}", styled(REMOVE, format_args!("Breaks {}:", count(broken.len(), "expectation"))));
    let groups = broken_groups(broken, &writer.names);
    let (shown, omitted) = cut_list(&groups, BROKEN);
    for group in shown {
        let BrokenExpectation { provenance, question, reason, facts } = &broken[group.first];
        let place = facts.first().map_or(&provenance.span, |fact| &fact.span);
        let question = group.text(question);
        let members = match group.members.as_slice() {
            [] => String::new(),
            members => format!(" ({})", writer.zone_words(members.iter().copied())),
        };
        writer.write_item(
            out,
            REMOVE,
            '!',
            &format!("{}: {}?{members}", safe(place), escape_invisible(&question)),
        );
        for fact in facts {
            let words = forecast(fact);
            writer.write_indented(out, DETAIL_INDENT, &escape_invisible(&group.text(&words)));
        }
        if let Some(reason) = reason {
            let words = format!("expected because {}", group.text(reason));
            writer.write_indented(out, DETAIL_INDENT, &escape_invisible(&words));
        }
    }
    if let Some(omitted) = omitted {
        let _ = writeln!(out, "  {omitted}: `zonal test` shows all");
    }
    out.push('\n');
}

/// Returns the forecast, or `None` without expectations.
///
/// Format: `Expectations: 58 met, 2 broken, 1 not met as before, 3 not known from this plan.`
pub fn outlook(ExpectationForecast { broken, others }: &ExpectationForecast) -> Option<String> {
    let OtherExpectations { met, not_met, unknown: not_known, left_out } = others.unwrap_or_default();
    let parts = [
        (met, "met"),
        (broken.len(), "broken"),
        (not_met, "not met as before"),
        (not_known, "not known from this plan"),
        (left_out, "not known because the selection leaves their tables out"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> =
        parts.map(|(number, what)| format!("{} {what}", thousands(*number as u64))).collect();
    (!parts.is_empty()).then(|| format!("Expectations: {}.", parts.join(", ")))
}

//! What became of expectations: each manifest in a line, then each one that is not met, with the reasons.

use std::fmt::Write as _;

use super::explanation::who_says;
use super::history::plain;
use super::words::{ADD, BOLD, CHANGE, DIM, REMOVE, count, styled, thousands};
use crate::model::{
    Broken, Expectation, Judged, Others, Outlook, Reason, Shortfall, Tally, Tested, Told, UnmetFact, Value,
};

/// Reasons that are shown of one answer: the first ones decide.
const REASONS: usize = 3;
/// Expectations that a plan breaks, of which it tells.
const BROKEN: usize = 50;

/// All of them. They are in the order of the manifests.
pub fn expectations(tested: &[Tested]) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail, here and below.
    for of_one in tested.chunk_by(|a, b| manifest(a) == manifest(b)) {
        let tally = Tally::of(of_one.iter().map(|each| &each.judged));
        let (sign, style) = match tally {
            Tally { not_met: 0, not_known: 0, .. } => ('✓', ADD),
            Tally { not_met: 0, .. } => ('?', CHANGE),
            Tally { .. } => ('!', REMOVE),
        };
        let file = of_one.first().map_or("", |first| &first.expectation.provenance.place.file);
        let name = of_one.first().map_or("", manifest);
        let _ = writeln!(out, "{} {name} ({file}): {}", styled(style, sign), tallied(tally));
    }
    let unmet =
        tested.iter().filter_map(|each| Some((&each.expectation, &each.judged, each.judged.shortfall()?)));
    for (expectation, judged, shortfall) in unmet {
        out.push('\n');
        one(&mut out, expectation, judged, shortfall);
    }
    let tally = Tally::of(tested.iter().map(|each| &each.judged));
    let Tally { met, not_met, not_known } = tally;
    let [met, not_met, not_known] = [met, not_met, not_known].map(|number| thousands(number as u64));
    let heading = styled(BOLD, "Expectations:");
    let _ = writeln!(out, "\n{heading} {met} met, {not_met} not met, {not_known} not known.");
    out
}

fn manifest(tested: &Tested) -> &str {
    &tested.expectation.provenance.manifest
}

fn tallied(Tally { met, not_met, not_known }: Tally) -> String {
    let parts = [(met, "met"), (not_met, "not met"), (not_known, "not known")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| format!("{} {what}", thousands(*number as u64))).collect::<Vec<_>>().join(", ")
}

fn one(out: &mut String, expectation: &Expectation, judged: &Judged, shortfall: &Shortfall) {
    let Expectation { question, facts: _, because, provenance } = expectation;
    let Shortfall { facts, line, reasons } = shortfall;
    let (style, how) = match judged {
        Judged::Missed(_) | Judged::Met => (REMOVE, "not met"),
        Judged::Unknown(_) => (CHANGE, "not known"),
    };
    let row = styled(DIM, format_args!("({}, {provenance})", provenance.manifest));
    let _ =
        writeln!(out, "{} {}? {row}", styled(style, format_args!("{how}:")), plain(&question.to_string()));
    let mut told = None;
    for fact in facts {
        let _ = match fact.found.why() {
            Some(why) if told == Some(why) => {
                writeln!(
                    out,
                    "    {}: {}: expected {}, not known either",
                    fact.place, fact.fact, fact.expected
                )
            }
            why => {
                told = why;
                writeln!(out, "    {}: {}", fact.place, plain(&fell_short(fact)))
            }
        };
    }
    if let Some(because) = because {
        let _ = writeln!(out, "    expected because {}", plain(because));
    }
    // What is not known has been told with each fact.
    let is_told = |reason: &&Reason| facts.iter().any(|fact| fact.found.why() == Some(reason.says.as_str()));
    let reasons: Vec<&Reason> = reasons.iter().filter(|reason| !is_told(reason)).collect();
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(out, "    {}:", plain(line));
    for Reason { says, ground } in reasons.iter().take(REASONS) {
        let who = who_says(ground).map(|who| format!(" ({who})")).unwrap_or_default();
        let _ = writeln!(out, "      - {}{}", plain(says), styled(DIM, who));
    }
    if let Some(more) = reasons.len().checked_sub(REASONS).filter(|more| *more > 0) {
        let _ = writeln!(out, "      - and {more} more: `zonal explain` tells them all");
    }
}

/// What a plan breaks, each with where it is expected and what it would be instead.
pub fn broken(out: &mut String, broken: &[Broken]) {
    if broken.is_empty() {
        return;
    }
    // Writing to a String cannot fail, here and below.
    let _ =
        writeln!(out, "{}", styled(REMOVE, format_args!("Breaks {}:", count(broken.len(), "expectation"))));
    for Broken { provenance, question, because, facts } in broken.iter().take(BROKEN) {
        let place = facts.first().map_or(&provenance.place, |fact| &fact.place);
        let _ = writeln!(out, "  {place}: {}?", plain(question));
        for fact in facts {
            let _ = writeln!(out, "      {}", plain(&would_be(fact)));
        }
        if let Some(because) = because {
            let _ = writeln!(out, "      expected because {}", plain(because));
        }
    }
    if let Some(more) = broken.len().checked_sub(BROKEN).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {} more: `zonal test` tells them all", thousands(more as u64));
    }
    out.push('\n');
}

/// `allowed: true -> false`.
pub fn would_be(UnmetFact { fact, expected, found, place: _ }: &UnmetFact) -> String {
    match found {
        Told::Is(found) => format!("{fact}: {} -> {}", shown(expected, found), shown(found, expected)),
        Told::Not(why) => format!("{fact}: {expected} -> not known: {why}"),
    }
}

/// A value beside another one: where that is a list, nothing is an empty list.
fn shown(value: &Value, other: &Value) -> String {
    match (value, other) {
        (Value::Null, Value::List(_)) => "[]".to_owned(),
        (Value::Null | Value::Bool(_) | Value::Text(_) | Value::List(_), _) => value.to_string(),
    }
}

/// `Expectations: 58 met, 2 broken, 1 not met as before, 3 not known from this plan.`; `None` where nothing is expected.
pub fn outlook(Outlook { broken, others }: &Outlook) -> Option<String> {
    let Others { met, not_met, not_known } = others.unwrap_or_default();
    let parts = [
        (met, "met"),
        (broken.len(), "broken"),
        (not_met, "not met as before"),
        (not_known, "not known from this plan"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> =
        parts.map(|(number, what)| format!("{} {what}", thousands(*number as u64))).collect();
    (!parts.is_empty()).then(|| format!("Expectations: {}.", parts.join(", ")))
}

/// `allowed: expected true, found false`.
pub fn fell_short(UnmetFact { fact, expected, found, place: _ }: &UnmetFact) -> String {
    match found {
        Told::Is(found) => {
            format!("{fact}: expected {}, found {}", shown(expected, found), shown(found, expected))
        }
        Told::Not(why) => format!("{fact}: expected {expected}, and not known: {why}"),
    }
}

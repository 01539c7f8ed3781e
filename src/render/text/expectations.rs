//! What became of expectations: each manifest in a line, then each one that is not met, with the reasons.

use std::fmt::Write as _;

use super::words::{ADD, BOLD, CHANGE, DIM, REMOVE, styled, thousands};
use crate::model::{Expectation, Ground, Judged, Reason, Shortfall, Tally, Tested, Told, UnmetFact};

/// Reasons that are shown of one answer: the first ones decide.
const REASONS: usize = 3;

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
    let _ = writeln!(out, "{} {question}? {row}", styled(style, format_args!("{how}:")));
    for fact in facts {
        let _ = writeln!(out, "    {}: {}", fact.place, fell_short(fact));
    }
    if let Some(because) = because {
        let _ = writeln!(out, "    expected because {because}");
    }
    let _ = writeln!(out, "    {line}:");
    for Reason { says, ground } in reasons.iter().take(REASONS) {
        let ground = match ground {
            Ground::Declared(provenance) => format!(" ({}, {provenance})", provenance.manifest),
            Ground::Observed { .. } => format!(" ({ground})"),
            Ground::Alma => String::new(),
        };
        let _ = writeln!(out, "      - {says}{}", styled(DIM, ground));
    }
    if let Some(more) = reasons.len().checked_sub(REASONS).filter(|more| *more > 0) {
        let _ = writeln!(out, "      - and {more} more: `zonal explain` tells them all");
    }
}

/// `allowed: expected true, found false`.
pub fn fell_short(UnmetFact { fact, expected, found, place: _ }: &UnmetFact) -> String {
    match found {
        Told::Is(found) => format!("{fact}: expected {expected}, found {found}"),
        Told::Not(why) => format!("{fact}: expected {expected}, and not known: {why}"),
    }
}

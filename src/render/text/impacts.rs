//! Text of a plan's impacts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::formatting::{ADD, BOLD, CHANGE, REMOVE, count, styled, thousands, wrapped};
use crate::model::cut_list::cut_list;
use crate::model::{ImpactEffect, PlanImpact};

/// Maximum number of impacts in the text; losses come first. JSON lists all.
const SHOWN: usize = 60;

/// Width of a line.
const COLUMNS: usize = 100;

/// Writes the impacts of a plan, in their order.
pub(super) fn write_impacts(out: &mut String, impacts: &[PlanImpact]) {
    if impacts.is_empty() {
        return;
    }
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}", styled(BOLD, "Impact"));
    let (shown, omitted) = cut_list(impacts, SHOWN);
    for impact in shown {
        let sign = styled(style(impact.effect), impact.effect.sign());
        for (index, line) in wrapped(&impact.text, COLUMNS - 4).iter().enumerate() {
            let _ = match index {
                0 => writeln!(out, "  {sign} {line}"),
                _ => writeln!(out, "    {line}"),
            };
        }
    }
    if omitted.is_some() {
        let _ = writeln!(out, "  {}", omitted_text(&impacts[shown.len()..]));
    }
    out.push('\n');
}

/// Returns `... 12 more: 3 changes, 9 gains; --json lists all (impacts)`.
pub fn omitted_text(omitted: &[PlanImpact]) -> String {
    let mut numbers: BTreeMap<ImpactEffect, usize> = BTreeMap::new();
    for impact in omitted {
        *numbers.entry(impact.effect).or_default() += 1;
    }
    let numbers: Vec<String> =
        numbers.into_iter().map(|(effect, number)| count(number, effect.noun())).collect();
    let total = thousands(omitted.len() as u64);
    format!("... {total} more: {}; the JSON output lists all (`impacts`)", numbers.join(", "))
}

fn style(effect: ImpactEffect) -> Style {
    match effect {
        ImpactEffect::Loss => REMOVE,
        ImpactEffect::Change => CHANGE,
        ImpactEffect::Gain => ADD,
        ImpactEffect::Unknown => BOLD,
    }
}

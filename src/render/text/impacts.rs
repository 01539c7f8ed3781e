//! Text of a plan's impacts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::formatting::{ADD, BOLD, CHANGE, REMOVE, count, styled, thousands};
use super::view::PlanTextView;
use crate::model::cut_list::cut_list;
use crate::model::{ImpactEffect, PlanImpact};

/// Maximum number of impacts in the text; losses come first. JSON lists all.
const SHOWN: usize = 30;

/// Writes the impacts of a plan, in their order.
pub(super) fn write_impacts(out: &mut String, impacts: &[PlanImpact], view: &PlanTextView) {
    if impacts.is_empty() {
        return;
    }
    // Writing to a String cannot fail; this also holds below.
    let _ = writeln!(out, "{}", styled(BOLD, "Impact"));
    let (shown, omitted) = cut_list(impacts, SHOWN);
    for impact in shown {
        let sign = styled(style(impact.effect), impact.effect.sign());
        for (index, line) in view.lines(&impact.text, 4).iter().enumerate() {
            let _ = match index {
                0 => writeln!(out, "  {sign} {}", line.trim_start()),
                _ => writeln!(out, "{line}"),
            };
        }
    }
    if omitted.is_some() {
        for line in view.lines(&omitted_text(&impacts[shown.len()..]), 2) {
            let _ = writeln!(out, "{line}");
        }
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

#[cfg(test)]
mod tests {
    use super::{SHOWN, write_impacts};
    use crate::model::{ImpactEffect, PlanImpact};
    use crate::render::text::view::PlanTextView;

    fn shown(impacts: impl Iterator<Item = (ImpactEffect, String)>) -> String {
        let impacts = impacts.map(|(effect, text)| PlanImpact {
            effect,
            topic: "patron".into(),
            zones: Vec::new(),
            collections: Vec::new(),
            members: Vec::new(),
            subjects: Vec::new(),
            text,
        });
        let mut out = String::new();
        write_impacts(&mut out, &impacts.collect::<Vec<_>>(), &PlanTextView::default());
        anstream::adapter::strip_str(&out).to_string()
    }

    #[test]
    fn long_sentence_hangs_below_its_sign_and_starts_no_order() {
        let names = "Ashby University, ".repeat(5);
        let text = shown([(ImpactEffect::Loss, format!("{names}Ashby ::stop-commands::x"))].into_iter());
        insta::assert_snapshot!(text, @r"
        Impact
          - Ashby University, Ashby University, Ashby University, Ashby University, Ashby University, Ashby
            \u{3a}:stop-commands::x
        ");
    }

    #[test]
    fn omitted_impacts_are_counted_by_effect() {
        let effect = |number| if number < 70 { ImpactEffect::Change } else { ImpactEffect::Gain };
        let text = shown((0..72).map(|number| (effect(number), format!("sentence {number}"))));
        assert_eq!(text.matches("sentence").count(), SHOWN);
        let last = "  ... 42 more: 40 changes, 2 gains; the JSON output lists all (`impacts`)\n\n";
        assert!(text.ends_with(last), "{text}");
    }
}

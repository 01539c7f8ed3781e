//! Impact of the plan on members and users: losses, changes and gains, each with a link to its causes.

use maud::{Markup, html};

use super::glyph::Glyph;
use super::page_context::PageContext;
use super::zone_matrix::MatrixColumns;
use crate::model::{ImpactEffect, PlanImpact};

/// Impacts in the open; a fold contains the others. All losses stand in the open.
const OPEN_IMPACTS: usize = 6;

/// Effects in the order of the cards, with their titles.
const CARDS: [(ImpactEffect, &str); 4] = [
    (ImpactEffect::Loss, "Losses"),
    (ImpactEffect::Change, "Changes"),
    (ImpactEffect::Gain, "Gains"),
    (ImpactEffect::Unknown, "Not evaluated"),
];

/// Returns the section.
pub fn impact_list(context: &PageContext<'_>, columns: &MatrixColumns) -> Markup {
    let impacts = &context.plan.impacts;
    html! {
        @if !impacts.is_empty() {
            section #impact aria-labelledby="ih" {
                h2 #ih { "Impact" }
                div.three {
                    @for (effect, title) in CARDS {
                        @let found: Vec<&PlanImpact> = impacts.iter().filter(|impact| impact.effect == effect).collect();
                        @if !found.is_empty() { (card(context, columns, effect, title, &found)) }
                    }
                }
            }
        }
    }
}

fn card(
    context: &PageContext<'_>,
    columns: &MatrixColumns,
    effect: ImpactEffect,
    title: &str,
    impacts: &[&PlanImpact],
) -> Markup {
    let (class, glyph) = match effect {
        ImpactEffect::Loss => ("loss", Glyph::Remove),
        ImpactEffect::Change => ("changes", Glyph::Change),
        ImpactEffect::Gain => ("gain", Glyph::Add),
        ImpactEffect::Unknown => ("unknown", Glyph::Unknown),
    };
    let open = if effect == ImpactEffect::Loss { impacts.len() } else { OPEN_IMPACTS };
    // A fold of one sentence saves no line.
    let open = if impacts.len() == open + 1 { impacts.len() } else { open.min(impacts.len()) };
    let (open, folded) = impacts.split_at(open);
    html! {
        div.card.{ (class) } {
            h3 { (glyph.image()) (title) } " " span.dim { (impacts.len()) }
            ul.impacts { @for impact in open { (item(context, columns, impact)) } }
            @if !folded.is_empty() {
                details { summary { (folded.len()) " more" }
                    ul.impacts { @for impact in folded { (item(context, columns, impact)) } }
                }
            }
        }
    }
}

/// Returns a sentence with the zones and collections that cause it, for the script.
fn item(context: &PageContext<'_>, columns: &MatrixColumns, impact: &PlanImpact) -> Markup {
    let positions: Vec<String> = (context.zones.iter().enumerate())
        .filter(|(_, code)| impact.zones.iter().any(|zone| **zone == *code.as_str()))
        .map(|(position, _)| position.to_string())
        .collect();
    let names = impact.collections.iter().map(|name| &**name);
    let columns: Vec<String> = columns.named(names).iter().map(ToString::to_string).collect();
    let has_cause = !positions.is_empty() && !columns.is_empty();
    html! {
        li {
            @if has_cause {
                a href="#decisions" data-cause=(positions.join(" ")) data-columns=(columns.join(" ")) { (impact.text) }
            } @else {
                (impact.text)
            }
        }
    }
}

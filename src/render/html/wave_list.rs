//! Waves of the rollout, with the amount of changes on one common scale.

use maud::{Markup, html};

use super::page_context::PageContext;
use crate::model::{PlanCounts, RolloutWave, ZoneCode};
use crate::render::text::{count, thousands};

/// Most zones of a wave that stand by name.
const NAMED_ZONES: usize = 12;

/// Returns the section; empty without waves.
pub fn wave_list(context: &PageContext<'_>) -> Markup {
    let waves = &context.plan.waves;
    let tallies: Vec<[usize; 3]> = waves.iter().map(|wave| tally(context, wave)).collect();
    let most = tallies.iter().map(|tally| tally.iter().sum::<usize>()).max().unwrap_or(0).max(1);
    html! {
        @if !waves.is_empty() {
            section #waves aria-labelledby="wh" {
                h2 #wh { "Waves" }
                div.waves {
                    @for (index, (wave, tally)) in waves.iter().zip(&tallies).enumerate() {
                        @let zones = zones(context, wave);
                        @let is_rest = index > 0 && index + 1 == waves.len() && zones.len() > NAMED_ZONES;
                        div {
                            h3 { (wave.name) } " " span.dim { (count(zones.len(), "zone")) }
                            (bar(*tally, most))
                            p {
                                @for (number, sign, class) in [(tally[0], "+", "n-add"), (tally[1], "~", "n-change"), (tally[2], "−", "n-remove")] {
                                    @if number > 0 { span.{ (class) } { (sign) (thousands(number as u64)) } " " }
                                }
                                span.dim {
                                    @if is_rest { "all others" }
                                    @else if zones.len() > NAMED_ZONES { details { summary { "names" } (context.name_list(zones)) } }
                                    @else { (context.name_list(zones)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn zones<'a>(context: &PageContext<'a>, wave: &RolloutWave) -> Vec<&'a ZoneCode> {
    let planned = context.zones.iter().copied().filter(|code| context.plan.zones.contains_key(*code));
    planned.filter(|code| wave.zones.contains(*code)).collect()
}

/// Returns the numbers of records to create, to change and to delete.
fn tally(context: &PageContext<'_>, wave: &RolloutWave) -> [usize; 3] {
    let mut tally = [0; 3];
    for zone in wave.zones.iter().filter_map(|code| context.plan.zones.get(code)) {
        let PlanCounts { add, change, destroy, .. } = zone.counts();
        tally[0] += add;
        tally[1] += change;
        tally[2] += destroy;
    }
    tally
}

/// Returns the bar of a wave.
fn bar(tally: [usize; 3], most: usize) -> Markup {
    let width = |number: usize| format!("{:.1}", number as f64 * 100.0 / most as f64);
    let starts = [0, tally[0], tally[0] + tally[1]];
    html! {
        svg.bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
            @for (index, class) in ["k-add", "k-change", "k-remove"].iter().enumerate() {
                @if tally[index] > 0 {
                    rect.{ (*class) } x=(width(starts[index])) y="0" width=(width(tally[index])) height="4" {}
                }
            }
        }
    }
}

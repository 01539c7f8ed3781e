//! Parts of a plan that all sections and detail levels of a page share.

use std::collections::{BTreeSet, HashMap, HashSet};

use maud::{Markup, PreEscaped, html};

use super::detail_level::DetailLevel;
use crate::model::{Plan, ZoneCode};
use crate::render::decisions::{PlanDecision, ZoneNames, ZoneSets, decisions};

/// Plan with its decisions and the names of its zones.
#[derive(Debug)]
pub struct PageContext<'a> {
    /// Plan.
    pub plan: &'a Plan,
    /// Names of the zones.
    pub names: ZoneNames<'a>,
    /// Decisions by file, line and collection.
    pub decisions: Vec<PlanDecision<'a>>,
    /// Zones of the network and of the plan, in the order of the network.
    pub zones: Vec<&'a ZoneCode>,
}

/// State of one rendering of a page.
#[derive(Debug)]
pub struct PageState {
    /// Detail level.
    pub detail: DetailLevel,
    /// Sets of zones that have a letter.
    pub letters: ZoneSets,
    /// Sets of zones that rows and values refer to.
    pub sets: ZoneIndexSets,
    /// Rows that have an anchor, as `FILE:LINE`.
    pub anchors: HashSet<String>,
}

/// Sets of zones as numbers of their positions, each with a number of its own.
#[derive(Debug, Default)]
pub struct ZoneIndexSets {
    numbers: HashMap<Vec<u32>, usize>,
    sets: Vec<(Vec<u32>, bool)>,
}

impl<'a> PageContext<'a> {
    /// Creates the shared parts of a plan's page.
    pub fn new(plan: &'a Plan) -> Self {
        let names = ZoneNames::new(&plan.population);
        let mut zones: Vec<&ZoneCode> = plan.population.zones.iter().map(|zone| &zone.code).collect();
        let known: BTreeSet<&ZoneCode> = zones.iter().copied().collect();
        zones.extend(plan.zones.keys().filter(|code| !known.contains(code)));
        Self { plan, names, decisions: decisions(plan, |_| true), zones }
    }

    /// Returns the positions of zones, in order.
    fn positions<'z>(&self, zones: impl IntoIterator<Item = &'z ZoneCode>) -> Vec<u32> {
        let mut positions: Vec<u32> = zones.into_iter().map(|code| self.position(code) as u32).collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }

    /// Returns the position of a zone on the page.
    pub fn position(&self, code: &ZoneCode) -> usize {
        match self.names.position(code) {
            usize::MAX => self.zones.iter().position(|known| *known == code).unwrap_or_default(),
            position => position,
        }
    }

    /// Returns the short names of zones, in the order of the network.
    pub fn name_list<'z>(&self, zones: impl IntoIterator<Item = &'z ZoneCode>) -> String {
        let zones = self.names.in_order(zones);
        zones.into_iter().map(|code| self.names.short(code)).collect::<Vec<String>>().join(", ")
    }
}

impl PageState {
    /// Creates the state of a rendering with this detail level.
    pub fn new(detail: DetailLevel) -> Self {
        Self { detail, letters: ZoneSets::default(), sets: ZoneIndexSets::default(), anchors: HashSet::new() }
    }

    /// Returns the number of a set of zones.
    pub fn zone_set<'z>(
        &mut self,
        context: &PageContext<'_>,
        zones: impl IntoIterator<Item = &'z ZoneCode>,
    ) -> usize {
        let positions = context.positions(zones);
        let ZoneIndexSets { numbers, sets } = &mut self.sets;
        *numbers.entry(positions).or_insert_with_key(|positions| {
            sets.push((positions.clone(), false));
            sets.len() - 1
        })
    }

    /// Returns the strip of a set: one tick for each zone of the network, tall for the zones of the set.
    pub fn strip(&mut self, context: &PageContext<'_>, set: usize) -> Markup {
        if let Some((_, is_drawn)) = self.sets.sets.get_mut(set) {
            *is_drawn = true;
        }
        let width = StripScale::new(context.zones.len()).width(context.zones.len());
        html! { svg.s width=(width) height="14" aria-hidden="true" { use href={ "#p" (set) } {} } }
    }
}

/// Sizes of a strip's ticks.
struct StripScale {
    step: f64,
    tick: f64,
}

impl StripScale {
    fn new(zones: usize) -> Self {
        match zones {
            0..=60 => Self { step: 5.0, tick: 4.0 },
            _ => Self { step: 1.4, tick: 1.1 },
        }
    }

    /// Returns the width with the gap after the first zone.
    fn width(&self, zones: usize) -> String {
        format!("{:.0}", (zones as f64 * self.step + self.gap()).ceil())
    }

    fn gap(&self) -> f64 {
        self.step
    }

    fn center(&self, position: u32) -> f64 {
        let gap = if position == 0 { 0.0 } else { self.gap() };
        f64::from(position) * self.step + gap + self.tick / 2.0
    }
}

impl ZoneIndexSets {
    /// Returns the shapes of all strips, one path for the ticks of a set and one for the others.
    pub fn symbols(&self, context: &PageContext<'_>) -> Markup {
        let scale = StripScale::new(context.zones.len());
        let number = |value: f64| {
            let text = format!("{value:.1}");
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        };
        let path = |set: &[u32], is_in_set: bool| {
            let mut path = String::new();
            for position in
                (0..context.zones.len() as u32).filter(|at| set.binary_search(at).is_ok() == is_in_set)
            {
                let top = if is_in_set { "0v14" } else { "5v4" };
                path.push_str(&format!("M{} {top}", number(scale.center(position))));
            }
            path
        };
        let drawn = self.sets.iter().enumerate().filter(|(_, (_, is_drawn))| *is_drawn);
        html! {
            @for (index, (set, _)) in drawn {
                symbol id={ "p" (index) } {
                    path.none stroke-width=(scale.tick) d=(path(set, false)) {}
                    path.reached stroke-width=(scale.tick) d=(path(set, true)) {}
                }
            }
        }
    }

    /// Returns the lists of all sets, with names for people and positions for the script.
    pub fn lists(&self, context: &PageContext<'_>) -> Markup {
        let positions = |set: &[u32]| set.iter().map(ToString::to_string).collect::<Vec<String>>().join(" ");
        let names = |set: &[u32]| {
            context.name_list(set.iter().filter_map(|&at| context.zones.get(at as usize).copied()))
        };
        html! {
            @for (index, (set, _)) in self.sets.iter().enumerate() {
                p.set id={ "s" (index) } data-at=(positions(set)) { (names(set)) }
            }
        }
    }
}

/// Returns an attribute-safe anchor of a row: `row=linking.yaml:24`.
pub fn row_anchor(decision: &PlanDecision<'_>) -> Option<String> {
    let provenance = decision.provenance;
    (!provenance.is_revert()).then(|| format!("row={}:{}", provenance.span.file, provenance.span.start.line))
}

/// Returns prose with code between backticks.
pub fn prose(text: impl std::fmt::Display) -> Markup {
    let text = text.to_string();
    let parts = crate::render::markdown::escape::code_parts(&text);
    html! { @for (is_code, part) in parts { @if is_code { code { (part) } } @else { (part) } } }
}

/// Returns markup known at compile time.
pub fn fixed(markup: &'static str) -> Markup {
    PreEscaped(markup.to_owned())
}

//! Matrix of zones and collections: what the plan does where, by shape and place.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::detail_level::DetailLevel;
use super::glyph::Glyph;
use super::page_context::{PageContext, PageState};
use super::page_writer::PageWriter;
use crate::model::{ChangeOrigin, CollectionId, PlanStep, ZoneCode, ZonePlan};
use crate::render::decisions::is_disable;
use crate::render::decisions::row_words::collection_words;
use crate::render::text::{count, thousands};

/// Columns of the matrix: collections without their libraries, in the order of the decisions.
#[derive(Debug)]
pub struct MatrixColumns {
    /// Collections with changes or failures.
    shown: Vec<CollectionId>,
    /// Collections that are in sync everywhere.
    in_sync: Vec<CollectionId>,
    positions: BTreeMap<CollectionId, usize>,
    /// Positions by the complete name of a collection.
    by_name: BTreeMap<String, usize>,
}

/// Cell: numbers of records by sign.
#[derive(Debug, Default)]
struct MatrixCell {
    counts: BTreeMap<Glyph, usize>,
    is_read: bool,
}

/// Row of the matrix: numbers by column.
type MatrixRow = BTreeMap<usize, MatrixCell>;

fn column_id(step: &PlanStep) -> CollectionId {
    CollectionId { library: None, ..step.diff.id.clone() }
}

fn is_in_sync(step: &PlanStep) -> bool {
    step.diff.outcome.as_ref().is_ok_and(|found| found.changes.is_empty())
}

impl MatrixColumns {
    /// Returns the columns of a plan.
    pub fn new(context: &PageContext<'_>) -> Self {
        let mut shown: Vec<CollectionId> = Vec::new();
        let mut known: BTreeSet<CollectionId> = BTreeSet::new();
        for decision in &context.decisions {
            if known.insert(decision.collection.clone()) {
                shown.push(decision.collection.clone());
            }
        }
        let steps = || context.plan.zones.values().flat_map(|zone| &zone.collections);
        let failed: BTreeSet<CollectionId> = steps()
            .filter(|step| !is_in_sync(step))
            .map(column_id)
            .filter(|id| !known.contains(id))
            .collect();
        let all: BTreeSet<CollectionId> = steps().map(column_id).collect();
        let in_sync = all.into_iter().filter(|id| !known.contains(id) && !failed.contains(id)).collect();
        shown.extend(failed);
        let positions: BTreeMap<CollectionId, usize> =
            shown.iter().enumerate().map(|(index, id)| (id.clone(), index)).collect();
        let name = |step: &PlanStep| Some((step.diff.id.to_string(), *positions.get(&column_id(step))?));
        let by_name = steps().filter_map(name).collect();
        Self { shown, in_sync, positions, by_name }
    }

    /// Returns the positions of collections by their complete names.
    pub fn named<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> BTreeSet<usize> {
        names.into_iter().filter_map(|name| self.by_name.get(name).copied()).collect()
    }

    /// Returns the position of a column.
    pub fn position(&self, id: &CollectionId) -> usize {
        self.positions.get(id).copied().unwrap_or_default()
    }

    fn row(&self, zone: &ZonePlan) -> MatrixRow {
        let mut row = MatrixRow::new();
        for step in &zone.collections {
            let Some(&column) = self.positions.get(&column_id(step)) else { continue };
            let cell = row.entry(column).or_default();
            match &step.diff.outcome {
                Err(failure) if failure.class.whole_zone() => cell.add(Glyph::Unknown),
                Err(_) => cell.add(Glyph::Failed),
                Ok(found) => {
                    cell.is_read = true;
                    for change in &found.changes {
                        cell.add(Glyph::of_change(change, is_disable(step, change)));
                        if change.origin == Some(ChangeOrigin::Conflict) {
                            cell.add(Glyph::Conflict);
                        }
                    }
                    let waiting = found.to_apply().count();
                    if waiting > 0 && zone.deferral_of_step(step).is_some() {
                        *cell.counts.entry(Glyph::Held).or_default() += waiting;
                    }
                }
            }
        }
        row
    }
}

impl MatrixCell {
    fn add(&mut self, glyph: Glyph) {
        *self.counts.entry(glyph).or_default() += 1;
    }

    /// Returns the signs of the cell as a number, one bit each.
    fn mask(&self) -> u32 {
        let signs = Glyph::ALL.iter().enumerate().filter(|(_, glyph)| self.counts.contains_key(glyph));
        signs.map(|(index, _)| 1 << index).sum()
    }

    /// Returns the words of the cell: `2 to add, 1 to delete`.
    fn words(&self) -> String {
        let words = |(glyph, number): (&Glyph, &usize)| match glyph {
            Glyph::Failed | Glyph::Unknown => glyph.words().to_owned(),
            glyph => format!("{} {}", thousands(*number as u64), glyph.words()),
        };
        self.counts.iter().map(words).collect::<Vec<String>>().join(", ")
    }
}

/// Writes the section, or returns `None` if the page exceeds its limit.
pub fn write_matrix(
    out: &mut PageWriter,
    context: &PageContext<'_>,
    state: &PageState,
    columns: &MatrixColumns,
) -> Option<()> {
    if context.plan.zones.is_empty() {
        return Some(());
    }
    let is_whole = state.detail < DetailLevel::Zones;
    let mut masks: BTreeSet<u32> = BTreeSet::new();
    out.push_static("<section id=zones aria-labelledby=zh>")?;
    out.push(html! {
        h2 #zh { "Zones and what changes in them" }
        p.legend {
            @for glyph in Glyph::ALL { span { (glyph.image()) " " (legend_words(glyph)) } " " }
            span { i.dot {} " in sync" } " " span { "blank: nothing is declared there" }
        }
        @if !columns.in_sync.is_empty() {
            p.dim { "In sync everywhere: " (columns.in_sync.iter().map(collection_words).collect::<Vec<_>>().join(", ")) }
        }
    })?;
    out.push_static("<div id=scroll class=card tabindex=0 role=region aria-labelledby=zh><table id=matrix>")?;
    out.push(html! {
        thead { tr {
            th scope="col" { "zone" }
            @if is_whole { @for id in &columns.shown { th.c scope="col" { span { (collection_words(id)) } } } }
            th.total scope="col" { "total" }
        } }
    })?;
    for (title, zones) in rows(context) {
        out.push_static("<tbody>")?;
        if let Some(title) = title {
            let across = if is_whole { columns.shown.len() + 2 } else { 2 };
            out.push(html! { tr.wave { th scope="rowgroup" colspan=(across) {
                span { b { (title) } " " (count(zones.len(), "zone")) }
            } } })?;
        }
        for code in zones {
            let Some(zone) = context.plan.zones.get(code) else { continue };
            let row = columns.row(zone);
            masks.extend(row.values().map(MatrixCell::mask).filter(|mask| *mask != 0));
            out.push(zone_row(context, columns, code, zone, &row, is_whole))?;
        }
        out.push_static("</tbody>\n")?;
    }
    out.push_static("</table></div>")?;
    out.push(html! { svg.hidden aria-hidden="true" { @for mask in masks { (cell_symbol(mask)) } } })?;
    out.push_static("</section>\n")
}

fn legend_words(glyph: Glyph) -> &'static str {
    match glyph {
        Glyph::Add => "create",
        Glyph::Change => "change",
        Glyph::Manual => "by hand",
        Glyph::Reported => "reported only or later",
        Glyph::Disable => "disable",
        Glyph::Remove => "delete",
        Glyph::Held => "deferred",
        Glyph::Conflict => "conflict",
        Glyph::Failed => "cannot be planned",
        Glyph::Unknown => "unknown",
    }
}

/// Returns the zones of the plan by wave, in the order of the network; without waves, all zones.
fn rows<'a>(context: &PageContext<'a>) -> Vec<(Option<String>, Vec<&'a ZoneCode>)> {
    let planned = |code: &&ZoneCode| context.plan.zones.contains_key(*code);
    let waves = &context.plan.waves;
    if waves.is_empty() {
        return vec![(None, context.zones.iter().copied().filter(planned).collect())];
    }
    let mut rows = Vec::new();
    for (index, wave) in waves.iter().enumerate() {
        let zones: Vec<&ZoneCode> =
            context.zones.iter().copied().filter(planned).filter(|code| wave.zones.contains(*code)).collect();
        rows.push((Some(format!("Wave {} · {}", index + 1, wave.name)), zones));
    }
    let is_in_no_wave = |code: &&ZoneCode| !waves.iter().any(|wave| wave.zones.contains(*code));
    let others: Vec<&ZoneCode> =
        context.zones.iter().copied().filter(planned).filter(is_in_no_wave).collect();
    rows.push((Some("No wave".to_owned()), others));
    rows.retain(|(_, zones)| !zones.is_empty());
    rows
}

fn zone_row(
    context: &PageContext<'_>,
    columns: &MatrixColumns,
    code: &ZoneCode,
    zone: &ZonePlan,
    row: &MatrixRow,
    is_whole: bool,
) -> Markup {
    let short = context.names.short(code);
    let total: usize = row
        .values()
        .flat_map(|cell| &cell.counts)
        .filter(|(glyph, _)| !matches!(glyph, Glyph::Held | Glyph::Conflict | Glyph::Failed | Glyph::Unknown))
        .map(|(_, number)| number)
        .sum();
    html! {
        tr id={ "zone=" (code) } data-at=(context.position(code)) {
            th scope="row" title=(zone.name) {
                a href={ "#zone=" (code) } { (short) }
                @if zone.failure.is_some() { " " (Glyph::Unknown.image()) }
            }
            @if is_whole {
                @for column in 0..columns.shown.len() {
                    @match row.get(&column) {
                        None => td {},
                        Some(cell) if cell.counts.is_empty() => td.i {},
                        Some(cell) => td {
                            svg.c role="img" {
                                title { (short) ", " (collection_words(&columns.shown[column])) ": " (cell.words()) }
                                use href={ "#c" (cell.mask()) } {}
                            }
                        },
                    }
                }
            }
            td.total { (thousands(total as u64)) }
        }
    }
}

/// Returns the shape of a cell with these signs.
fn cell_symbol(mask: u32) -> Markup {
    let glyphs = Glyph::ALL.iter().enumerate().filter(|(index, _)| mask & (1 << index) != 0);
    let mut taken = BTreeSet::new();
    let places: Vec<(Glyph, u32)> = glyphs
        .map(|(_, glyph)| {
            let mut place = glyph.offset();
            while !taken.insert(place) {
                place += 10;
            }
            (*glyph, place)
        })
        .collect();
    let width = places.iter().map(|(_, place)| place + 10).max().unwrap_or(0).max(40);
    html! {
        symbol id={ "c" (mask) } viewBox={ "0 0 " (width) " 10" } {
            @for (glyph, place) in places {
                use href={ "#g-" (glyph.name()) } x=(place) y="0" width="10" height="10" {}
            }
        }
    }
}

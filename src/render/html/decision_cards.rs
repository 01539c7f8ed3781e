//! Decisions of a page: a card for each manifest, with its rows by collection.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::decision_row::{decision_row, key};
use super::detail_level::DetailLevel;
use super::glyph::Glyph;
use super::page_context::{PageContext, PageState};
use super::page_writer::PageWriter;
use super::zone_matrix::MatrixColumns;
use crate::model::{Channel, CollectionId};
use crate::render::decisions::PlanDecision;
use crate::render::decisions::row_words::collection_words;
use crate::render::text::thousands;

/// Rows of one manifest in one file.
struct ManifestCard<'c, 'a> {
    file: &'a str,
    manifest: &'a str,
    rows: Vec<&'c PlanDecision<'a>>,
}

/// Filters of the section: value of the buttons, and their words.
const FILTERS: [(&str, &str); 5] = [
    ("all", "All"),
    ("add", "+ Adds"),
    ("change", "~ Changes"),
    ("removed", "− Removed or disabled"),
    ("waiting", "! Conflicts and deferred"),
];

/// Returns the number of manifests with decisions.
pub fn manifest_count(context: &PageContext<'_>) -> usize {
    cards(context).len()
}

fn cards<'c, 'a>(context: &'c PageContext<'a>) -> Vec<ManifestCard<'c, 'a>> {
    let mut cards: Vec<ManifestCard<'c, 'a>> = Vec::new();
    let mut indices: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for decision in &context.decisions {
        let (file, manifest) = (&*decision.provenance.span.file, &*decision.provenance.manifest);
        let index = *indices.entry((file, manifest)).or_insert_with(|| {
            cards.push(ManifestCard { file, manifest, rows: Vec::new() });
            cards.len() - 1
        });
        cards[index].rows.push(decision);
    }
    cards
}

/// Writes the section, or returns `None` if the page exceeds its limit.
pub fn write_decisions(
    out: &mut PageWriter,
    context: &PageContext<'_>,
    state: &mut PageState,
    columns: &MatrixColumns,
) -> Option<()> {
    if context.decisions.is_empty() {
        return Some(());
    }
    out.push_static("<section id=decisions aria-labelledby=dh>")?;
    out.push(html! {
        div.over {
            h2 #dh { "Decisions" }
            div.filters role="group" aria-label="Filter of the decisions" hidden {
                @for (value, words) in FILTERS {
                    button type="button" data-only=(value) aria-pressed=(value == "all") { (words) }
                }
            }
        }
        p.dim { "Each row of a manifest once. A tall tick is a zone that the row changes: the Network Zone first, then the members in the order of the network." }
        p #cause.dim role="status" hidden {}
        p #nothing role="status" hidden { "No row matches." }
    })?;
    for card in cards(context) {
        write_card(out, context, state, columns, &card)?;
    }
    out.push_static("</section>\n")
}

fn write_card(
    out: &mut PageWriter,
    context: &PageContext<'_>,
    state: &mut PageState,
    columns: &MatrixColumns,
    card: &ManifestCard<'_, '_>,
) -> Option<()> {
    let is_revert = card.rows.iter().any(|row| row.provenance.is_revert());
    let reach = context.plan.population.manifests.get(card.manifest).filter(|_| !is_revert);
    out.push_static("<section class=card>")?;
    out.push(html! {
        div.title {
            @if !is_revert { code.file { (card.file) } " " }
            h3 { (card.manifest) }
            @if let Some(reach) = reach { " " span.dim { (context.names.reach_words(&reach.zones, &reach.labels)) } }
            span.counts { (counts(&card.rows)) }
        }
    })?;
    let mut collections: Vec<(&CollectionId, Vec<&PlanDecision<'_>>)> = Vec::new();
    for row in &card.rows {
        match collections.iter_mut().find(|(id, _)| **id == row.collection) {
            Some((_, known)) => known.push(row),
            None => collections.push((&row.collection, vec![row])),
        }
    }
    let has_rows = state.detail < DetailLevel::Counts;
    for (id, rows) in collections.into_iter().filter(|_| has_rows) {
        let column = columns.position(id);
        let is_gateway = rows.iter().all(|row| row.channel == Channel::Gateway);
        out.push_static("<div class=collection>")?;
        out.push(html! {
            h4 { code { (collection_words(id)) } @if is_gateway { " " span.tag { "gateway" } } }
        })?;
        for row in rows {
            if state.detail == DetailLevel::Keys {
                out.push(keys(context, state, row))?;
                continue;
            }
            for variant in &row.variants {
                out.push(decision_row(context, state, row, variant, column))?;
            }
        }
        out.push_static("</div>\n")?;
    }
    out.push_static("</section>\n")
}

/// Returns the keys of a row's records by action and zones.
fn keys(context: &PageContext<'_>, state: &mut PageState, decision: &PlanDecision<'_>) -> Markup {
    let mut groups: BTreeMap<(Glyph, String), Vec<String>> = BTreeMap::new();
    for variant in &decision.variants {
        let who = context.names.variant_words(decision, variant, &mut state.letters);
        groups.entry((Glyph::of_variant(variant), who)).or_default().push(key(context, decision, variant));
    }
    html! {
        @for ((glyph, who), keys) in groups {
            p.keys { (glyph.sign()) " " b { (keys.join(", ")) } " " span.dim { (who) } }
        }
    }
}

/// Returns the counts of a card, each in the color of its sign.
fn counts(rows: &[&PlanDecision<'_>]) -> Markup {
    let mut counts: BTreeMap<Glyph, usize> = BTreeMap::new();
    for variant in rows.iter().flat_map(|row| &row.variants) {
        *counts.entry(Glyph::of_variant(variant)).or_default() += variant.records.len();
    }
    html! {
        @for (glyph, number) in counts {
            " " span.{ "n-" (glyph.name()) } title=(glyph.words()) { (glyph.sign()) (thousands(number as u64)) }
        }
    }
}

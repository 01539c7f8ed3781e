//! Row of a decision: line, sign, key, fields, and the zones.

use maud::{Markup, html};

use super::detail_level::DetailLevel;
use super::glyph::Glyph;
use super::page_context::{PageContext, PageState, prose, row_anchor};
use super::row_details::row_details;
use super::value_markup;
use crate::model::text_safety::escape_invisible;
use crate::model::{ChangeAction, ChangeOrigin, ZoneCode};
use crate::render::decisions::row_words::{
    SHOWN_FORMER, has_several_former, is_multiline, is_usual_field, key_text, library_words, mode_words,
};
use crate::render::decisions::{DecisionVariant, FieldChangeContent, FoldedField, PlanDecision};
use crate::render::text::{conflict, origin_text};

/// Returns the key of a variant's records; the collection, if it has a single record.
pub fn key(context: &PageContext<'_>, decision: &PlanDecision<'_>, variant: &DecisionVariant<'_>) -> String {
    let key = key_text(variant, &context.names);
    if key.is_empty() { escape_invisible(&decision.collection.to_string()) } else { key }
}

/// Returns the zones of a strip: the members in the keys of one zone's records, or the zones themselves.
pub fn strip_zones<'a>(variant: &DecisionVariant<'a>) -> Vec<&'a ZoneCode> {
    let zones: Vec<&ZoneCode> = variant.records.iter().map(|record| record.zone()).collect();
    let subjects: Vec<&ZoneCode> = variant.records.iter().filter_map(|record| record.subject).collect();
    let is_one_zone = zones.windows(2).all(|pair| pair[0] == pair[1]);
    if is_one_zone && subjects.len() == zones.len() { subjects } else { zones }
}

/// Returns a row.
pub fn decision_row(
    context: &PageContext<'_>,
    state: &mut PageState,
    decision: &PlanDecision<'_>,
    variant: &DecisionVariant<'_>,
    column: usize,
) -> Markup {
    let detail = state.detail;
    let is_first = decision.variants.first().is_some_and(|first| std::ptr::eq(first, variant));
    let anchor = row_anchor(decision).filter(|anchor| is_first && state.anchors.insert(anchor.clone()));
    let line = (is_first && !decision.provenance.is_revert()).then_some(decision.provenance.span.start.line);
    let (glyph, waiting) = (Glyph::of_variant(variant), Glyph::of_state(variant));
    let who = context.names.variant_words(decision, variant, &mut state.letters);
    let shown = strip_zones(variant);
    // What is ordinary steps back: the words say so.
    let is_everybody = who.starts_with("all ");
    let set = state.zone_set(context, shown);
    let zones = state.zone_set(context, variant.records.iter().map(|record| record.zone()));
    let strip = state.strip(context, set);
    let key = key(context, decision, variant);
    let libraries = library_words(variant);
    let (inline, blocks): (Vec<&FoldedField>, Vec<&FoldedField>) = (variant.fields.iter())
        .filter(|field| !is_usual_field(variant, field))
        .partition(|field| !is_multiline(field) || detail >= DetailLevel::Names);
    let details = match detail < DetailLevel::Changes {
        true => row_details(context, state, decision, variant),
        false => html! {},
    };
    let label = format!(
        "{}, {key}, {}{who}",
        waiting.map_or(glyph.words(), Glyph::words),
        line.map(|line| format!("{} line {line}, ", decision.provenance.span.file)).unwrap_or_default()
    );
    let others = if is_everybody { " all" } else { "" };
    html! {
        div.row.{ (glyph.name()) (others) } id=[anchor]
            data-column=(column) data-zones=(zones) data-waits=[waiting.map(Glyph::name)] {
            span.line { (line.map(|line| line.to_string()).unwrap_or_default()) }
            span.sign { (glyph.image()) @if let Some(waiting) = waiting { (waiting.image()) } }
            div.what {
                a.key href={ "#" (row_anchor(decision).unwrap_or_default()) } aria-label=(label) { (key) }
                @if !libraries.is_empty() { " " span.dim { "in " (libraries) } }
                @for field in &inline { " " (inline_field(context, variant, field, detail)) }
                @for field in &blocks {
                    div.block { span.name { (field.name) } (value_markup::multiline(context, field, detail)) }
                }
                @if detail < DetailLevel::Wanted {
                    @for field in variant.fields.iter().filter(|field| has_several_former(variant, field)) {
                        (former_values(context, state, variant, field, 0, SHOWN_FORMER))
                    }
                }
                @if detail < DetailLevel::Names { (remarks(variant)) }
                (details)
            }
            div.who { span { (who) } (strip) }
        }
    }
}

/// Returns a field in one line.
fn inline_field(
    context: &PageContext<'_>,
    variant: &DecisionVariant<'_>,
    field: &FoldedField,
    detail: DetailLevel,
) -> Markup {
    // The only text of a record needs no name if the name says nothing else.
    let is_plain = variant.action() == ChangeAction::Create
        && &*field.name == "description"
        && variant.fields.iter().filter(|field| !is_usual_field(variant, field)).count() == 1;
    let value = match &field.change {
        _ if detail >= DetailLevel::Names => html! {},
        FieldChangeContent::Removed(_) if detail >= DetailLevel::Wanted => html! {},
        FieldChangeContent::Removed(value) => value_markup::value(context, value, detail),
        FieldChangeContent::Set(value) => match field.former.as_slice() {
            _ if variant.action() == ChangeAction::Create => value_markup::value(context, value, detail),
            [(before, _)] if variant.example.matches.is_none() && detail < DetailLevel::Wanted => {
                value_markup::changed(context, before, value, detail)
            }
            _ => html! { "→ " ins { (value_markup::value(context, value, detail)) } },
        },
        FieldChangeContent::Edit { .. } => value_markup::list_edit(context, field, detail),
    };
    html! { span.f { @if !is_plain { span.name { (field.name) } " " } (value) } }
}

/// Returns former values of a field, each with its zones.
pub fn former_values(
    context: &PageContext<'_>,
    state: &mut PageState,
    variant: &DecisionVariant<'_>,
    field: &FoldedField,
    from: usize,
    most: usize,
) -> Markup {
    let former = field.former.get(from..).unwrap_or_default();
    let rest = former.len().saturating_sub(most);
    let detail = state.detail;
    html! {
        @for (value, indices) in former.iter().take(most) {
            @let zones: Vec<&ZoneCode> = indices.iter().filter_map(|&at| variant.records.get(at)).map(|record| record.subject.unwrap_or(record.zone())).collect();
            @let set = state.zone_set(context, zones.iter().copied());
            p.was data-set=(set) {
                span.name { (field.name) } " was " (value_markup::removed(context, value, detail)) " "
                span.dim { (short_list(context, &zones)) }
            }
        }
        @if rest > 0 && detail < DetailLevel::Changes {
            p.was { "and " (rest) " other values: see the details" }
        } @else if rest > 0 {
            p.was { "and " (rest) " other values, which this page leaves out" }
        }
    }
}

/// Returns the names of a few zones, or the number of many.
pub fn short_list(context: &PageContext<'_>, zones: &[&ZoneCode]) -> String {
    let distinct = context.names.in_order(zones.iter().copied());
    match distinct.len() {
        0..=8 => context.name_list(distinct),
        number => format!("{number} zones"),
    }
}

/// Returns what else stands in a row: the reason, a conflict, the state.
fn remarks(variant: &DecisionVariant<'_>) -> Markup {
    let change = variant.example;
    let is_drifted = change.origin == Some(ChangeOrigin::Drifted);
    html! {
        @if let Some(reason) = &variant.reason { p.note { (value_markup::sentence(reason)) } }
        @if is_drifted { p.note { (origin_text(ChangeOrigin::Drifted)) } }
        @for line in conflict(change) { p.note { (prose(line)) } }
        @if let Some(mode) = mode_words(change.mode) { p.note { (mode) } }
        @if let Some(deferral) = variant.deferral { p.note { "deferred: " (prose(deferral)) } }
    }
}

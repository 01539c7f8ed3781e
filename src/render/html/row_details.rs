//! Details of a row: all fields, former values, values of variables, notes, authors and zones.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::decision_row::{former_values, short_list, strip_zones};
use super::page_context::{PageContext, PageState};
use super::value_markup;
use crate::model::{ApplyMode, Change, ChangeOrigin, Channel, Provenance, ZoneCode};
use crate::render::decisions::row_words::{
    SHOWN_FORMER, author_words, collection_words, has_several_former, is_usual_field,
};
use crate::render::decisions::{DecisionVariant, FieldChangeContent, FoldedField, PlanDecision};
use crate::render::text::{fate, origin_text};

/// Returns the details of a row, folded. The script shows them beside the page.
pub fn row_details(
    context: &PageContext<'_>,
    state: &mut PageState,
    decision: &PlanDecision<'_>,
    variant: &DecisionVariant<'_>,
) -> Markup {
    let provenance = decision.provenance;
    let change = variant.example;
    let zones = strip_zones(variant);
    let set = state.zone_set(context, zones.iter().copied());
    let usual: Vec<&FoldedField> =
        variant.fields.iter().filter(|field| is_usual_field(variant, field)).collect();
    html! {
        details.more {
            summary { "Details" }
            div.details {
                p.where {
                    @if !provenance.is_revert() { code { (place(provenance)) } " · " }
                    (provenance.manifest) " · " (collection_words(&decision.collection)) " · "
                    (variant.records.len()) @if variant.records.len() == 1 { " record " } @else { " records " }
                    (channel_words(decision.channel))
                }
                p.fate { "Each record " (fate(change.mode, change.action, change.difference)) "." }
                (fields(context, state, variant, &usual))
                (variables(context, state, variant))
                (notes(variant))
                (authors(context, state, variant))
                h4 { "Zones" }
                p.reach data-set=(set) { a href={ "#s" (set) } { (short_list(context, &zones)) } }
                @if !decision.in_sync.is_empty() {
                    p.dim { "In sync: " (short_list(context, &decision.in_sync)) }
                }
                @if !provenance.is_revert() {
                    h4 { "In the terminal" }
                    p.terminal { code { "zonal show PLAN --row " (provenance.span.file) ":" (provenance.span.start.line) } }
                }
            }
        }
    }
}

fn place(provenance: &Provenance) -> String {
    provenance.to_string()
}

fn channel_words(channel: Channel) -> &'static str {
    match channel {
        Channel::Api => "over Alma's API",
        Channel::Gateway => "over the gateway",
        Channel::Runbook => "by people, with the steps of the runbook",
    }
}

/// Returns key fields, fields that each new record has, former values beyond those of the row, and the
/// declarations of fields that another place declares.
fn fields(
    context: &PageContext<'_>,
    state: &mut PageState,
    variant: &DecisionVariant<'_>,
    usual: &[&FoldedField],
) -> Markup {
    let detail = state.detail;
    let lists = variant.fields.iter().filter(|field| matches!(field.change, FieldChangeContent::Edit { .. }));
    let declared: Vec<String> = (variant.example.field_changes.iter())
        .filter(|edit| edit.provenance.override_index != variant.example.provenance.override_index)
        .map(|edit| format!("{}: {}", edit.name, edit.provenance.declaration()))
        .collect();
    html! {
        @if !variant.key.is_empty() || !usual.is_empty() {
            h4 { "Key and usual fields" }
            dl {
                @for (name, value) in &variant.key {
                    dt { (name) } dd { (value_markup::value(context, value, detail)) }
                }
                @for field in usual {
                    dt { (field.name) }
                    @if let FieldChangeContent::Set(value) = &field.change {
                        dd { (value_markup::value(context, value, detail)) }
                    }
                }
            }
        }
        @for field in lists {
            h4 { (field.name) " before" }
            (former_values(context, state, variant, field, 0, usize::MAX))
        }
        @for field in variant.fields.iter().filter(|field| has_several_former(variant, field)) {
            @if field.former.len() > SHOWN_FORMER {
                h4 { (field.name) " before, continued" }
                (former_values(context, state, variant, field, SHOWN_FORMER, usize::MAX))
            }
        }
        @if !declared.is_empty() {
            h4 { "Declared elsewhere" }
            @for line in declared { p { (line) } }
        }
    }
}

/// Returns the values of the variables that the row names.
fn variables(context: &PageContext<'_>, state: &mut PageState, variant: &DecisionVariant<'_>) -> Markup {
    let zones =
        context.names.in_order(variant.records.iter().map(|record| record.subject.unwrap_or(record.zone())));
    html! {
        @for name in variant.variables() {
            @let values = by_value(context, &zones, name);
            h4 { "{" (name) "} is the member's own" }
            table.vars data-name=(name) {
                @for (value, zones) in values {
                    @let set = state.zone_set(context, zones.iter().copied());
                    tr data-set=(set) {
                        th scope="row" { (value) } td { (zones.len()) } td { (short_list(context, &zones)) }
                    }
                }
            }
        }
    }
}

/// Returns the different values of a variable with their zones, the most frequent first.
fn by_value<'z>(
    context: &PageContext<'_>,
    zones: &[&'z ZoneCode],
    name: &str,
) -> Vec<(String, Vec<&'z ZoneCode>)> {
    let mut values: BTreeMap<String, Vec<&ZoneCode>> = BTreeMap::new();
    for code in zones {
        let value = context.names.zone(code.as_str()).and_then(|zone| zone.vars.get(name));
        values.entry(value.map_or_else(|| "unset".to_owned(), ToString::to_string)).or_default().push(code);
    }
    let mut values: Vec<(String, Vec<&ZoneCode>)> = values.into_iter().collect();
    values.sort_by_key(|(_, zones)| std::cmp::Reverse(zones.len()));
    values
}

fn notes(variant: &DecisionVariant<'_>) -> Markup {
    let origin = variant.example.origin.filter(|origin| *origin != ChangeOrigin::Drifted).map(origin_text);
    html! {
        @if !variant.notes.is_empty() || origin.is_some() {
            h4 { "To know" }
            @for note in &variant.notes { p { (value_markup::sentence(note)) } }
            @if let Some(origin) = origin { p { (origin) } }
        }
    }
}

fn authors(context: &PageContext<'_>, state: &mut PageState, variant: &DecisionVariant<'_>) -> Markup {
    let authors = author_words(&variant.records);
    let Change { mode, .. } = variant.example;
    html! {
        @if !authors.is_empty() {
            h4 { @if *mode == ApplyMode::Manual { "Something else was attested by" } @else { "Last changed by" } }
            @for (author, indices) in &authors {
                @let zones: Vec<&ZoneCode> = indices.iter().filter_map(|&at| variant.records.get(at)).map(|record| record.subject.unwrap_or(record.zone())).collect();
                @let set = state.zone_set(context, zones.iter().copied());
                p data-set=(set) {
                    (author) @if authors.len() > 1 { " " span.dim { (short_list(context, &zones)) } }
                }
            }
        }
    }
}

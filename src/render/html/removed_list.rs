//! Records that the plan deletes or disables: always whole, with the zones by name.

use maud::{Markup, html};

use super::decision_row::{key, strip_zones};
use super::detail_level::DetailLevel;
use super::glyph::Glyph;
use super::heading::removals;
use super::page_context::{PageContext, row_anchor};
use super::page_writer::PageWriter;
use super::value_markup;
use crate::model::{ApplyMode, ChangeAction};
use crate::render::decisions::row_words::{collection_words, library_words, mode_words};
use crate::render::decisions::{DecisionVariant, FieldChangeContent, PlanDecision, ZoneSets, ZoneWordsForm};
use crate::render::text::count;

/// Writes the section, or returns `None` if the page exceeds its limit.
pub fn write_removals(out: &mut PageWriter, context: &PageContext<'_>, detail: DetailLevel) -> Option<()> {
    if removals(context).next().is_none() || detail >= DetailLevel::Keys {
        return Some(());
    }
    let number = |action: ChangeAction| -> usize {
        let of_action = removals(context).filter(|(_, variant)| variant.action() == action);
        of_action.map(|(_, variant)| variant.records.len()).sum()
    };
    let parts: Vec<String> =
        [(number(ChangeAction::Delete), "to delete"), (number(ChangeAction::Update), "to disable")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, words)| format!("{} {words}", count(number, "record")))
            .collect();
    out.push_static("<section id=removed aria-labelledby=rh>")?;
    out.push(html! { h2 #rh { "Removed or disabled" } p.dim { (parts.join(", ")) ". Never folded, never filtered away." } })?;
    out.push_static("<ul class=items>")?;
    let mut rows: Vec<_> = removals(context).collect();
    rows.sort_by_key(|(_, variant)| variant.action() != ChangeAction::Delete);
    for (decision, variant) in rows {
        out.push(removal(context, decision, variant, detail))?;
    }
    out.push_static("</ul></section>\n")
}

fn removal(
    context: &PageContext<'_>,
    decision: &PlanDecision<'_>,
    variant: &DecisionVariant<'_>,
    detail: DetailLevel,
) -> Markup {
    let key = key(context, decision, variant);
    let libraries = library_words(variant);
    let glyph = match variant.action() {
        ChangeAction::Delete => Glyph::Remove,
        ChangeAction::Create | ChangeAction::Update => Glyph::Disable,
    };
    let mode = match variant.example.mode {
        ApplyMode::Manual => Some("by hand"),
        mode => mode_words(mode),
    };
    let provenance = decision.provenance;
    html! {
        li {
            (glyph.image())
            div.text {
                b.key { (key) }
                " " span.dim { (collection_words(&decision.collection)) }
                @if !libraries.is_empty() { " " span.dim { "in " (libraries) } }
                @if let Some(mode) = mode { " " span.tag { (mode) } }
                @if detail < DetailLevel::Wanted {
                    p.dim {
                        @for field in &variant.fields {
                            span.f {
                                span.name { (field.name) } " "
                                @match &field.change {
                                    FieldChangeContent::Removed(value) => (value_markup::value(context, value, DetailLevel::Short)),
                                    FieldChangeContent::Set(value) => { "→ " (value_markup::value(context, value, DetailLevel::Short)) },
                                    FieldChangeContent::Edit { .. } => (value_markup::list_edit(context, field, DetailLevel::Short)),
                                }
                            } " "
                        }
                        @if let Some(reason) = &variant.reason { (value_markup::sentence(reason)) }
                    }
                }
            }
            div.where {
                (zone_names(context, variant)) " "
                @if let Some(anchor) = row_anchor(decision) {
                    a.place href={ "#" (anchor) } { (provenance.span.file) ":" (provenance.span.start.line) }
                }
            }
        }
    }
}

/// Returns the zones by name, and the members in the keys of one zone's records.
fn zone_names(context: &PageContext<'_>, variant: &DecisionVariant<'_>) -> String {
    let names = &context.names;
    let zones = names.in_order(variant.records.iter().map(|record| record.zone()));
    let all: Vec<_> = names.in_order(context.zones.iter().copied());
    let words = |zones: &[_]| names.words(zones, &all, &[], ZoneWordsForm::Names, &mut ZoneSets::default());
    let subjects = names.in_order(strip_zones(variant));
    match subjects == zones {
        true => words(&zones),
        false => format!("{}: {}", words(&zones), words(&subjects)),
    }
}

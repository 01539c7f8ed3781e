//! Expectations that the plan would break.

use maud::{Markup, html};

use super::action_required::zone_words;
use super::glyph::Glyph;
use super::page_context::{PageContext, prose};
use crate::model::BrokenExpectation;
use crate::render::decisions::MemberGroup;
use crate::render::fact_words::{broken_groups, forecast};
use crate::render::text::count;

/// Most expectations in the list.
const SHOWN_EXPECTATIONS: usize = 200;

/// Returns the section; empty if no expectation breaks.
pub fn broken_expectations(context: &PageContext<'_>) -> Markup {
    let broken = &context.plan.expectations.broken;
    let groups = broken_groups(broken, &context.names);
    let omitted = groups.len().saturating_sub(SHOWN_EXPECTATIONS);
    html! {
        @if !broken.is_empty() {
            section #expectations aria-labelledby="eh" {
                h2 #eh { "Expectations that the plan breaks" }
                ul.items {
                    @for expectation in groups.iter().take(SHOWN_EXPECTATIONS) { (item(context, expectation)) }
                    @if omitted > 0 { li { (count(omitted, "more expectation")) ", which this page does not show" } }
                }
            }
        }
    }
}

fn item(context: &PageContext<'_>, group: &MemberGroup<'_>) -> Markup {
    let BrokenExpectation { provenance, question, reason, facts } =
        &context.plan.expectations.broken[group.first];
    html! {
        li.bad {
            (Glyph::Failed.image())
            div.text {
                b { "Broken" } ": " (prose(&group.text(question))) "?"
                @for fact in facts {
                    p { code { (group.text(&forecast(fact))) } " " span.dim { (fact.span) } }
                }
                @if let Some(reason) = reason { p.help { "Expected because " (prose(&group.text(reason))) } }
            }
            @if !group.members.is_empty() { (zone_words(context, &group.members)) }
            div.where { (provenance.manifest) " " code { (provenance) } }
        }
    }
}

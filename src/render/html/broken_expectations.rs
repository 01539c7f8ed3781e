//! Expectations that the plan would break.

use maud::{Markup, html};

use super::glyph::Glyph;
use super::page_context::{PageContext, prose};
use crate::model::BrokenExpectation;
use crate::render::text::{count, would_be};

/// Most expectations in the list.
const SHOWN_EXPECTATIONS: usize = 200;

/// Returns the section; empty if no expectation breaks.
pub fn broken_expectations(context: &PageContext<'_>) -> Markup {
    let broken = &context.plan.expectations.broken;
    let omitted = broken.len().saturating_sub(SHOWN_EXPECTATIONS);
    html! {
        @if !broken.is_empty() {
            section #expectations aria-labelledby="eh" {
                h2 #eh { "Expectations that the plan breaks" }
                ul.items {
                    @for expectation in broken.iter().take(SHOWN_EXPECTATIONS) { (item(expectation)) }
                    @if omitted > 0 { li { (count(omitted, "more expectation")) ", which this page does not show" } }
                }
            }
        }
    }
}

fn item(BrokenExpectation { provenance, question, reason, facts }: &BrokenExpectation) -> Markup {
    html! {
        li.bad {
            (Glyph::Failed.image())
            div.text {
                b { "Broken" } ": " (prose(question)) "?"
                @for fact in facts {
                    p { code { (would_be(fact)) } " " span.dim { (fact.span) } }
                }
                @if let Some(reason) = reason { p.help { "Expected because " (prose(reason)) } }
            }
            div.where { (provenance.manifest) " " code { (provenance) } }
        }
    }
}

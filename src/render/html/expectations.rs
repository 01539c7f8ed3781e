//! HTML list of expectations that the plan would break.

use super::html_writer::HtmlWriter;
use crate::model::{BrokenExpectation, Plan};
use crate::render::text::{count, would_be};

/// Maximum number of expectations in the list.
const SHOWN: usize = 200;

/// Writes the list, unless no expectation breaks.
pub fn write_broken_expectations(out: &mut HtmlWriter, plan: &Plan) {
    let broken = &plan.expectations.broken;
    if broken.is_empty() {
        return;
    }
    out.raw("<section id=expectations aria-labelledby=eh><h2 id=eh>What this plan breaks of what is expected</h2><ul>");
    broken.iter().take(SHOWN).for_each(|each| write_broken_expectation(out, each));
    if let Some(more) = broken.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        out.raw("<li>and ").text(count(more, "expectation")).raw(" more, which this page does not show");
    }
    out.raw("</ul></section>\n");
}

fn write_broken_expectation(
    out: &mut HtmlWriter,
    BrokenExpectation { provenance, question, reason: because, facts }: &BrokenExpectation,
) {
    out.raw("<li class=bad><b>✕ Broken</b>: ").prose(question).raw("?");
    for fact in facts {
        out.raw("<p><code>")
            .text(would_be(fact))
            .raw("</code> <span class=dim>")
            .text(&fact.span)
            .raw("</span></p>");
    }
    if let Some(because) = because {
        out.raw("<p>Expected because ").prose(because).raw("</p>");
    }
    out.raw("<p class=dim>").text(&provenance.manifest).raw(", ").text(provenance).raw("</p>");
}

//! HTML list of expectations that the plan would break.

use super::html_writer::HtmlWriter;
use super::summary::write_omitted;
use crate::model::cut_list::cut_list;
use crate::model::{BrokenExpectation, Plan};
use crate::render::text::would_be;

/// Maximum number of expectations in the list.
const SHOWN: usize = 200;

/// Writes the list, unless no expectation breaks.
pub fn write_broken_expectations(out: &mut HtmlWriter, plan: &Plan) {
    let broken = &plan.expectations.broken;
    if broken.is_empty() {
        return;
    }
    out.raw("<section id=expectations aria-labelledby=eh><h2 id=eh>What this plan breaks of what is expected</h2><ul>");
    let (shown, omitted) = cut_list(broken, SHOWN);
    shown.iter().for_each(|each| write_broken_expectation(out, each));
    write_omitted(out, omitted, "expectation");
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

//! Impact of the plan on members and users.

use maud::{Markup, html};

use super::page_context::PageContext;

/// Impacts in the open; a fold contains the others.
const OPEN_IMPACTS: usize = 12;

/// Returns the section.
pub fn impact_list(context: &PageContext<'_>) -> Markup {
    let impacts = &context.plan.impacts;
    let (open, folded) = impacts.split_at(impacts.len().min(OPEN_IMPACTS));
    html! {
        @if !impacts.is_empty() {
            section #impact aria-labelledby="ih" {
                h2 #ih { "Impact" }
                div.card {
                    ul.impacts { @for impact in open { li { (impact.text) } } }
                    @if !folded.is_empty() {
                        details { summary { (folded.len()) " more" }
                            ul.impacts { @for impact in folded { li { (impact.text) } } }
                        }
                    }
                }
            }
        }
    }
}

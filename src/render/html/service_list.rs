//! Section with the settings of the service, which no zone contains.

use maud::{Markup, html};

use super::page_context::PageContext;
use crate::render::text::{SERVICE_TITLE, service_heading, service_sentence};

/// Returns the section; empty if the manifests declare no such settings.
pub fn service_list(context: &PageContext<'_>) -> Markup {
    let settings = &context.plan.service;
    html! {
        @if !settings.is_empty() {
            section #service aria-labelledby="svh" {
                h2 #svh { "Service" }
                p.dim { (SERVICE_TITLE) }
                ul {
                    @for each in settings {
                        li { (service_heading(each)) p { (service_sentence(each)) } }
                    }
                }
            }
        }
    }
}

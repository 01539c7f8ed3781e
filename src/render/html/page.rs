//! HTML page frame: content security policy, style, sections and script.

use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use maud::html;
use sha2::{Digest as _, Sha256};

use super::action_required::action_required;
use super::broken_expectations::broken_expectations;
use super::decision_cards::write_decisions;
use super::detail_level::DetailLevel;
use super::glyph::SYMBOLS;
use super::heading::{bar, heading};
use super::impact_list::impact_list;
use super::other_records::other_records;
use super::page_context::{PageContext, PageState, fixed};
use super::page_writer::PageWriter;
use super::removed_list::write_removals;
use super::service_list::service_list;
use super::wave_list::wave_list;
use super::zone_matrix::{MatrixColumns, write_matrix};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    "\"use strict\";(()=>{\n",
    include_str!("js/drawer.js"),
    include_str!("js/cell_drawer.js"),
    include_str!("js/filters.js"),
    include_str!("js/keyboard.js"),
    "})();"
);

/// Content security policy, which allows only the page's own script and style.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        BASE64_STANDARD.encode(Sha256::digest(SCRIPT)),
        BASE64_STANDARD.encode(Sha256::digest(STYLE))
    )
});

/// Returns the page, or `None` if the page exceeds `limit` bytes.
pub fn page(context: &PageContext<'_>, detail: DetailLevel, limit: usize) -> Option<String> {
    let mut out = PageWriter::new(limit);
    let mut state = PageState::new(detail);
    write_head(&mut out, &format!("{}: plan", context.plan.network))?;
    out.push_static("<style>")?;
    out.push_static(STYLE)?;
    out.push_static("</style></head>\n")?;
    out.push_static(if context.plan.reaches_production() { "<body class=production>" } else { "<body>" })?;
    let action = action_required(context);
    out.push(heading(context))?;
    out.push(bar(context, action.is_some()))?;
    out.push_static("\n<main>")?;
    if let Some(omitted) = detail.omitted_content() {
        out.push(html! {
            p #missing role="note" {
                b { "Not everything is here." } " This plan is too large for one page, so " (omitted) " "
                code { "zonal plan" } " shows everything."
            }
        })?;
    }
    if detail < DetailLevel::Totals {
        out.push(action.unwrap_or_default())?;
        let columns = MatrixColumns::new(context);
        out.push(impact_list(context, &columns))?;
        out.push(broken_expectations(context))?;
        write_removals(&mut out, context, detail)?;
        if detail < DetailLevel::Zones {
            write_decisions(&mut out, context, &mut state, &columns)?;
        }
        write_matrix(&mut out, context, &state, &columns)?;
        out.push(wave_list(context))?;
        out.push(service_list(context))?;
        out.push(other_records(context))?;
        write_sets(&mut out, context, &state)?;
    }
    out.push_static("</main>\n")?;
    out.push(foot(context))?;
    out.push_static("<svg class=hidden aria-hidden=true>")?;
    out.push(fixed(SYMBOLS.trim_end()))?;
    out.push(state.sets.symbols(context))?;
    out.push_static("</svg>\n")?;
    out.push_static(include_str!("drawer.html"))?;
    out.push_static("<script>")?;
    out.push_static(SCRIPT)?;
    out.push_static("</script>\n</body></html>\n")?;
    Some(out.into_string())
}

/// Writes the sets of zones that have a letter, and the sets that rows refer to.
fn write_sets(out: &mut PageWriter, context: &PageContext<'_>, state: &PageState) -> Option<()> {
    out.push(html! {
        @if !state.letters.is_empty() {
            section #letters aria-labelledby="lh" {
                h2 #lh { "Zone sets" }
                dl {
                    @for (letter, zones) in state.letters.iter() {
                        dt { "[" (letter) "]" } dd { (context.name_list(zones)) }
                    }
                }
            }
        }
    })?;
    out.push_static("<section id=sets aria-labelledby=sh><h2 id=sh>Zones of the rows</h2>\n")?;
    out.push(state.sets.lists(context))?;
    out.push_static("</section>\n")
}

fn foot(context: &PageContext<'_>) -> maud::Markup {
    html! {
        footer {
            @if context.plan.has_work() && !context.plan.is_denied() {
                p {
                    "Approve all of it: "
                    code { "zonal approve PLAN " (context.plan.digest) " --by NAME" }
                    ". A part: with " code { "--manifest KIND/NAME" } ", " code { "--row FILE:LINE" } " or "
                    code { "--zone CODE" } " instead of the digest."
                }
            }
            p.keys hidden {
                "Keys: " kbd { "j" } " " kbd { "k" } " rows, " kbd { "Enter" } " details, " kbd { "d" }
                " removed or disabled only, " kbd { "/" } " find, " kbd { "g" } " " kbd { "z" } " zones, "
                kbd { "Esc" } " close."
            }
            p {
                "Made by zonal " (env!("CARGO_PKG_VERSION"))
                ". This page asks nothing of any server: it can be kept, sent and opened anywhere."
            }
        }
    }
}

/// Returns a page for a plan whose totals do not fit.
pub fn too_large_page() -> String {
    let mut out = PageWriter::new(usize::MAX);
    let written = write_head(&mut out, "Plan").and_then(|()| {
        out.push_static("</head><body><p>This plan is too large for a page. <code>zonal plan</code> shows it.</body></html>\n")
    });
    written.map(|()| out.into_string()).unwrap_or_default()
}

fn write_head(out: &mut PageWriter, title: &str) -> Option<()> {
    out.push_static("<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n")?;
    out.push(html! { meta http-equiv="Content-Security-Policy" content=(*POLICY); })?;
    out.push_static(
        "\n<meta name=referrer content=no-referrer><meta name=color-scheme content=\"light dark\">\n",
    )?;
    out.push_static("<meta name=viewport content=\"width=device-width, initial-scale=1\">\n")?;
    out.push(html! { title { (title) } })
}

//! HTML page frame: content security policy, style, static content, data and script.

use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use sha2::{Digest as _, Sha256};

use super::detail_level::DetailLevel;
use super::html_writer::HtmlWriter;
use super::interner::json;
use super::page_data::PageData;
use super::plan_matrix::{CellState, PlanMatrix};
use super::summary;
use crate::model::Plan;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    "\"use strict\";(()=>{\n",
    include_str!("js/texts.js"),
    include_str!("js/multiline_diff.js"),
    include_str!("js/change.js"),
    include_str!("js/panel.js"),
    include_str!("js/grid.js"),
    include_str!("js/filter.js"),
    include_str!("js/print.js"),
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
pub fn page(plan: &Plan, detail: DetailLevel, limit: usize) -> Option<String> {
    let matrix = PlanMatrix::from_plan(plan);
    let data = match detail < DetailLevel::Zones {
        true => Some(json(&PageData::from_plan(plan, &matrix, detail, limit)?)),
        false => None,
    };
    let mut out = HtmlWriter::default();
    write_head(&mut out);
    out.raw("<title>")
        .text(&plan.network)
        .raw(": plan</title>\n<style>")
        .raw(STYLE)
        .raw("</style></head>\n<body>");
    summary::summary(&mut out, plan);
    if let Some(missing) = detail.omitted_content() {
        out.raw(
            "<p id=missing role=note><b>Not everything is here.</b> This plan is too large for one page, so ",
        );
        out.raw(missing).raw(" <code>zonal plan</code> shows everything.</p>\n");
    }
    match detail {
        DetailLevel::Everything
        | DetailLevel::Changes
        | DetailLevel::Short
        | DetailLevel::Wanted
        | DetailLevel::Names
        | DetailLevel::Keys
        | DetailLevel::Counts => {
            out.raw(include_str!("controls.html"));
            legend(&mut out);
            out.raw("<div id=scroll tabindex=-1>");
            matrix.table(&mut out);
            out.raw("</div>\n").raw(include_str!("panel.html"));
        }
        DetailLevel::Zones => matrix.zones(&mut out),
        DetailLevel::Totals | DetailLevel::Nothing => {}
    }
    out.raw("<footer>Made by zonal ").raw(env!("CARGO_PKG_VERSION"));
    out.raw(". This page asks nothing of any server: it can be kept, sent and opened anywhere.</footer>\n");
    if let Some(data) = data {
        out.raw("<script type=\"application/json\" id=data>").json(&data).raw("</script>\n");
        out.raw("<script>").raw(SCRIPT).raw("</script>\n");
    }
    out.raw("</body></html>\n");
    (out.len() <= limit).then(|| out.into_string())
}

/// Returns a page for a plan whose totals do not fit.
pub fn too_large_page() -> String {
    let mut out = HtmlWriter::default();
    write_head(&mut out);
    out.raw("<title>Plan</title></head><body><p>This plan is too large for a page. <code>zonal plan</code> shows it.");
    out.raw("</body></html>\n");
    out.into_string()
}

fn write_head(out: &mut HtmlWriter) {
    out.raw("<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n");
    out.raw("<meta http-equiv=Content-Security-Policy content=\"").text(&*POLICY).raw("\">\n");
    out.raw("<meta name=referrer content=no-referrer><meta name=color-scheme content=\"light dark\">\n");
    out.raw("<meta name=viewport content=\"width=device-width, initial-scale=1\">\n");
}

fn legend(out: &mut HtmlWriter) {
    out.raw("<p id=legend>In a cell: <b>+</b> to add, <b>~</b> to change, <b>−</b> to delete, <b>&gt;</b> by hand, ");
    out.raw("<b>.</b> only reported or left for later, ");
    for state in CellState::ALL.into_iter().filter(|state| !state.sign().is_empty()) {
        out.raw("<b class=")
            .raw(state.class())
            .raw(">")
            .raw(state.sign())
            .raw("</b> ")
            .raw(state.description());
        out.raw(if state == CellState::InSync { "." } else { ", " });
    }
    out.raw("</p>\n");
}

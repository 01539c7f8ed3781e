//! HTML output of a plan: one self-contained page for librarians, without server or network requests.
//!
//! Values from zones are untrusted text. [`html_writer::HtmlWriter::text`] escapes such text. The only
//! other way into the page is JSON in an element that the browser does not run. The script converts this
//! JSON to text nodes. The content security policy allows only the page's own script and style, by digest.

mod detail_level;
mod expectations;
mod html_writer;
mod interned_changes;
mod interner;
mod page;
mod page_data;
mod plan_matrix;
mod summary;

#[cfg(test)]
mod tests;

use crate::model::Plan;

use self::detail_level::DetailLevel;
use super::richest_fit::richest_fit;

/// Maximum size of a page in bytes.
pub const LARGEST: usize = 5_000_000;

/// Returns a plan as an HTML page, with a notice if the page omits details.
pub fn html(plan: &Plan) -> String {
    fit_to_limit(plan, LARGEST).1
}

/// Returns the page with the highest detail level that fits, and this level.
fn fit_to_limit(plan: &Plan, limit: usize) -> (DetailLevel, String) {
    richest_fit(DetailLevel::ALL, |detail| page::page(plan, detail, limit))
        .unwrap_or_else(|| (DetailLevel::Nothing, page::too_large_page()))
}

//! HTML output of a plan: one self-contained page for librarians, without server or network requests.
//!
//! The page is HTML that any browser shows without a script: the script only moves the details of a row
//! beside the page, filters and finds. Values from zones are untrusted text. [`maud`] escapes it by type, and
//! [`page_writer::PageWriter`] makes invisible characters and line breaks harmless. The content security
//! policy allows only the page's own script and style, by digest.

mod action_required;
mod broken_expectations;
mod decision_cards;
mod decision_row;
mod detail_level;
mod glyph;
mod heading;
mod impact_list;
mod other_records;
mod page;
mod page_context;
mod page_writer;
mod removed_list;
mod row_details;
mod service_list;
mod value_markup;
mod wave_list;
mod zone_matrix;

#[cfg(test)]
mod tests;

use crate::model::Plan;

use self::detail_level::DetailLevel;
use self::page_context::PageContext;
use super::richest_fit::richest_fit;

/// Maximum size of a page in bytes.
pub const LARGEST: usize = 5_000_000;

/// Returns a plan as an HTML page, with a notice if the page omits details.
pub fn html(plan: &Plan) -> String {
    fit_to_limit(plan, LARGEST).1
}

/// Returns the page with the highest detail level that fits, and this level.
fn fit_to_limit(plan: &Plan, limit: usize) -> (DetailLevel, String) {
    let context = PageContext::new(plan);
    richest_fit(DetailLevel::ALL, |detail| page::page(&context, detail, limit))
        .unwrap_or_else(|| (DetailLevel::Nothing, page::too_large_page()))
}

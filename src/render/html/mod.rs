//! A plan as one page that a librarian can open: no server, no request, no program but the browser.
//!
//! What zones hold is anybody's text. It reaches the page in two ways only: through
//! [`markup::Markup::text`], which escapes it, and as JSON in an element that the browser does not run,
//! from which the script makes text nodes. The page's policy lets its own script and style run, by their
//! digests, and nothing else.

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

/// No page is larger, whatever the plan. In bytes.
pub const LARGEST: usize = 5_000_000;

/// The plan as a page, with as much of it as fits, which the page says where it is not everything.
pub fn html(plan: &Plan) -> String {
    fit_to_limit(plan, LARGEST).1
}

/// The page with the most detail that fits, and how much that is.
fn fit_to_limit(plan: &Plan, limit: usize) -> (DetailLevel, String) {
    let fits = |detail: DetailLevel| page::page(plan, detail, limit).map(|page| (detail, page));
    let richest = DetailLevel::ALL.into_iter().find_map(fits);
    richest.unwrap_or_else(|| (DetailLevel::Nothing, page::too_large_page()))
}

//! Texts about the reading of an export.

use crate::render::text::count;

/// Returns the text about the requests that an export is about to send.
pub fn cost_text(zones: usize, collections: usize, requests: usize) -> String {
    let (zones, requests) = (count(zones, "zone"), count(requests, "request"));
    format!("Reading {} of {zones}: {requests}.", count(collections, "collection"))
}

/// Returns the text about answers that an unfinished export kept.
pub fn reuse_text(answers: usize, minutes: i64) -> String {
    let age = match minutes {
        0 => "less than a minute".to_owned(),
        minutes => format!("{minutes} min"),
    };
    format!(
        "Not read again: {} of an unfinished export, {age} old; --fresh reads all.",
        count(answers, "answer")
    )
}

/// Returns the text about answers that cannot be kept.
pub fn not_kept_text(reason: &str) -> String {
    format!("note: what was read cannot be kept for the next export: .zonal/export.json: {reason}")
}

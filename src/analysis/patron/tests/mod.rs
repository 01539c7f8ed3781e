//! What a patron is elsewhere, by settings that are written down in a few lines.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod blocks;
mod dates;
pub(in crate::analysis) mod notation;
mod rules;

//! Tests of linked accounts, with settings in a short text notation.

#![cfg(test)]
#![expect(clippy::unwrap_used, reason = "tests")]

mod blocks;
mod dates;
pub(in crate::analysis) mod notation;
mod rules;

//! Who moved, text in and text out.

mod ledger;
mod revision;

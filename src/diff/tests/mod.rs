//! Each rule of the comparison, text in and text out: manifests and tables here, changes there.

#![cfg(test)]

mod amendments;
mod default_rows;
mod languages;
pub(crate) mod ledger;
mod names;
mod new_records;
pub(crate) mod notation;
mod records;
mod several_amendments;
mod since;

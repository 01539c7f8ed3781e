//! Tests of each comparison rule, text in and text out: manifests and tables in, changes out.

#![cfg(test)]

mod amendments;
pub(crate) mod applied_state;
mod default_rows;
mod field_names;
mod languages;
mod new_records;
pub(crate) mod notation;
mod overlapping_amendments;
mod records;
mod three_way;

//! Each rule of the comparison, text in and text out: manifests and tables here, changes there.

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

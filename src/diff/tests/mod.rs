//! Tests of each comparison rule, text in and text out: manifests and tables in, changes out.

#![cfg(test)]

mod amendments;
mod calendar_entries;
mod default_rows;
mod field_names;
mod languages;
mod new_records;
mod overlapping_amendments;
mod records;
mod three_way;

//! Each rule of the comparison, text in and text out: manifests and tables here, changes there.

#![cfg(test)]

mod amendments;
mod default_rows;
mod languages;
mod names;
pub(crate) mod notation;
mod records;
mod several_amendments;

//! For people, in Terraform's symbols and wording.

mod changes;
mod drift;
mod lines;
mod plan;
mod report;
mod words;

#[cfg(test)]
mod tests;

pub use drift::drift;
pub use plan::plan;
pub use report::{outcome, report, wave_end};
pub use words::{REMOVE, count, styled, zone_list};

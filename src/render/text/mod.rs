//! For people, in Terraform's symbols and wording.

mod changes;
mod lines;
mod plan;
mod report;
mod words;

#[cfg(test)]
mod tests;

pub use changes::fate;
pub use plan::{letter, percentage, plan};
pub use report::{outcome, report};
pub use words::{REMOVE, count, styled, thousands, zone_list};

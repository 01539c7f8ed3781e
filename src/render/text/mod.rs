//! For people, in Terraform's symbols and wording.

mod changes;
mod conflict;
mod drift;
mod expectations;
mod explanation;
mod findings;
mod history;
mod lines;
mod plan;
mod report;
mod runs;
mod words;

#[cfg(test)]
mod tests;

pub use changes::{fate, last_changed, moved, remarks};
pub use conflict::{classes, told as conflict};
pub use drift::{Drifted, drift};
pub use expectations::{expectations, fell_short, outlook, would_be};
pub use explanation::{difference as explained_differently, explanation};
pub use history::{author, history};
pub use lines::{Line, are_several, excerpt};
pub use plan::{compared, cost, letter, notes, percentage, plan, released};
pub use report::{outcome, report, wave_end};
pub use runs::runs;
pub use words::{REMOVE, count, styled, thousands, zone_list};

//! What an apply learns without writing: records that are as they are wanted, and that the ledger does not say yet.

use super::plan::Planned;
use crate::store::Lesson;

/// What the plan found out about collections that nothing is written to. What is written to is learned of when it
/// is read back.
pub fn lessons(planned: &Planned) -> Vec<Lesson> {
    let _ = planned;
    Vec::new()
}

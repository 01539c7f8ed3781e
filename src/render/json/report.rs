//! How a run ended, as the store keeps it.

use crate::model::{Plan, Report};

/// A report as JSON.
pub fn text(plan: &Plan, report: &Report) -> String {
    let _ = (plan, report);
    "{}".to_owned()
}

//! Text output for people, with Terraform's symbols and wording.

mod changes;
mod conflict;
mod decision_row;
mod decisions;
mod diff_sections;
mod drift;
mod expectations;
mod explanation;
mod findings;
mod formatting;
mod header;
mod history;
mod impacts;
mod plan;
mod plan_summary;
mod removals;
mod report;
mod required_actions;
mod row_remarks;
mod run_details;
mod runs;
mod service;
mod undeclared;
mod unknown_names;
mod value_change;
mod view;
mod zone_groups;

#[cfg(test)]
mod tests;

pub use changes::{fate, last_changed, origin_text, remarks};
pub use conflict::{classes, conflict_lines as conflict};
pub use diff_sections::{DiffSection, DiffSections, diff_sections};
pub use drift::{DriftCounts, drift, drift_view};
pub use expectations::{expectations, outlook};
pub use explanation::{difference as explained_differently, explanation};
pub use formatting::{REMOVE, count, styled, thousands, zone_list};
pub use header::comparison_sentences;
pub use history::{author, history};
pub use impacts::omitted_text as omitted_impacts;
pub use plan::{missing_parts, plan, plan_view};
pub use plan_summary::{cost, notes, percentage, unmanaged_notes};
pub use report::{report, report_view, wave_end};
pub use run_details::{byte_size, run_details};
pub use runs::runs;
pub use service::{SERVICE_TITLE, service_heading, service_sentence};
pub use undeclared::{UNDECLARED_TITLE, UNDECLARED_WAYS_OUT, undeclared_sentences};
pub use view::{PlanDetail, PlanPart, PlanTextView};
pub use zone_groups::letter;

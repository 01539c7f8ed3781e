//! GitLab output: counts for a merge request, and code quality issues at lines of manifests.

use serde::Serialize;

use super::annotations::{AnnotationLevel, remarks};
use crate::model::Plan;
use crate::model::cut_list::OmittedItems;

/// Maximum number of issues, below GitLab's own limit.
const MOST: usize = 5_000;

/// Report for `artifacts:reports:terraform`.
#[derive(Debug, Serialize)]
pub struct GitlabTerraformReport {
    /// Number of records to create.
    pub create: usize,
    /// Number of records to update.
    pub update: usize,
    /// Number of records to delete.
    pub delete: usize,
}

/// Returns the counts of a plan.
pub fn terraform(plan: &Plan) -> GitlabTerraformReport {
    let counts = plan.counts();
    GitlabTerraformReport { create: counts.add, update: counts.change, delete: counts.destroy }
}

/// One issue of a report for `artifacts:reports:codequality`.
#[derive(Debug, Serialize)]
pub struct CodeQualityIssue {
    /// Message.
    pub description: String,
    /// Rule name.
    pub check_name: String,
    /// Stable identity of the issue, independent of the affected zones.
    pub fingerprint: String,
    /// Severity: `info`, `minor`, `major`, `critical` or `blocker`.
    pub severity: &'static str,
    /// Location of the issue.
    pub location: CodeQualityLocation,
}

/// Location in the repository.
#[derive(Debug, Serialize)]
pub struct CodeQualityLocation {
    /// File path.
    pub path: String,
    /// Line range.
    pub lines: CodeQualityLines,
}

/// Line range, given by the first line.
#[derive(Debug, Serialize)]
pub struct CodeQualityLines {
    /// First line, counted from 1.
    pub begin: u32,
}

/// Returns the issues of a plan, severest first.
///
/// `root` is the path of the configuration directory in the repository: empty, or with a trailing `/`. An
/// additional last issue gives the number of issues over the limit.
pub fn code_quality(plan: &Plan, root: &str) -> Vec<CodeQualityIssue> {
    with_limit(plan, root, MOST)
}

/// Returns at most `most` issues.
pub(super) fn with_limit(plan: &Plan, root: &str, most: usize) -> Vec<CodeQualityIssue> {
    let remarks = remarks(plan);
    let placed = || remarks.iter().filter_map(|remark| Some((remark, *remark.places.first()?)));
    let number = placed().count();
    let shown = if number > most { most - 1 } else { number };
    let location = |file: &str, line| CodeQualityLocation {
        path: format!("{root}{file}"),
        lines: CodeQualityLines { begin: line },
    };
    let mut entries: Vec<CodeQualityIssue> = placed()
        .take(shown)
        .map(|(remark, place)| CodeQualityIssue {
            description: format!("{} {}", remark.subject(), remark.message()),
            check_name: remark.rule().to_string(),
            fingerprint: remark.fingerprint().to_string(),
            severity: match remark.severity() {
                AnnotationLevel::Error => "critical",
                AnnotationLevel::Warning => "major",
                AnnotationLevel::Notice => "info",
            },
            location: location(&place.file, place.start.line),
        })
        .collect();
    if let Some(((_, place), omitted)) = placed().nth(shown).zip(OmittedItems::new(number - shown)) {
        entries.push(CodeQualityIssue {
            description: format!("{omitted}, see the plan"),
            check_name: "more".to_owned(),
            fingerprint: "more".to_owned(),
            severity: "info",
            location: location(&place.file, place.start.line),
        });
    }
    entries
}

//! GitLab's own surfaces: the counts that a merge request shows, and code quality at the manifests' lines.

use serde::Serialize;

use super::annotations::{AnnotationLevel, remarks};
use super::text::thousands;
use crate::model::Plan;

/// More entries than anybody reads, and fewer than GitLab takes.
const MOST: usize = 5_000;

/// What `artifacts:reports:terraform` takes.
#[derive(Debug, Serialize)]
pub struct GitlabTerraformReport {
    /// Records that apply creates.
    pub create: usize,
    /// Records that apply updates.
    pub update: usize,
    /// Records that apply deletes.
    pub delete: usize,
}

/// The counts of a plan.
pub fn terraform(plan: &Plan) -> GitlabTerraformReport {
    let counts = plan.counts();
    GitlabTerraformReport { create: counts.add, update: counts.change, delete: counts.destroy }
}

/// One entry of what `artifacts:reports:codequality` takes.
#[derive(Debug, Serialize)]
pub struct CodeQualityIssue {
    /// What there is to say.
    pub description: String,
    /// What sort of thing it is.
    pub check_name: String,
    /// The same for the same thing, whichever zones it is in.
    pub fingerprint: String,
    /// `info`, `minor`, `major`, `critical` or `blocker`.
    pub severity: &'static str,
    /// Where.
    pub location: CodeQualityLocation,
}

/// Where in the repository.
#[derive(Debug, Serialize)]
pub struct CodeQualityLocation {
    /// The file.
    pub path: String,
    /// The lines.
    pub lines: CodeQualityLines,
}

/// From where on.
#[derive(Debug, Serialize)]
pub struct CodeQualityLines {
    /// The first line, from 1.
    pub begin: u32,
}

/// The gravest first. `root` is where the config directory lies in the repository: empty, or a path
/// that ends with `/`. A plan with more to say than anybody reads ends with an entry that says so.
pub fn code_quality(plan: &Plan, root: &str) -> Vec<CodeQualityIssue> {
    with_limit(plan, root, MOST)
}

/// The same with so many entries at most.
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
    if let Some((_, place)) = placed().nth(shown) {
        entries.push(CodeQualityIssue {
            description: format!("and {} more, see the plan", thousands((number - shown) as u64)),
            check_name: "more".to_owned(),
            fingerprint: "more".to_owned(),
            severity: "info",
            location: location(&place.file, place.start.line),
        });
    }
    entries
}

//! One comment on a pull request, however large the network: what the plan would do, first in full, and
//! where that does not fit, ever less of it, in a fixed order. Nothing is ever cut in the middle.
//!
//! Where anything is left out, the comment says so and is no basis for an approval.

mod bounded_text;
mod change_sets;
mod comment_content;
mod comment_marker;
mod diff;
mod escape;
mod expectations;
mod summary;
mod totals;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use bounded_text::BoundedText;
use comment_content::CommentContent;

use crate::model::Plan;

/// What a comment holds at most, in bytes. GitHub takes 65,536 characters.
const COMMENT: usize = 60_000;
/// What the summary of a job holds at most, in bytes. GitHub takes 1 MiB of a step.
const SUMMARY: usize = 1_000_000;

/// How much of a plan is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentDetail {
    /// Everything.
    Full,
    /// Of each record the names of the fields, without values.
    Fields,
    /// The names of the records.
    Records,
    /// For each set of changes, how many records of each collection.
    Collections,
    /// For each set of changes, how many records.
    Groups,
    /// How many records in the whole network.
    Totals,
}

impl CommentDetail {
    /// The ones that are tried, in order, before nothing but totals is left.
    const TRIED: [Self; 5] = [Self::Full, Self::Fields, Self::Records, Self::Collections, Self::Groups];

    /// What is left out, in words.
    fn left_out(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::Fields => "the values are left out, and where they are declared",
            Self::Records => "the fields of each record are left out",
            Self::Collections => "the records are left out, and notes",
            Self::Groups => "the collections of each group are left out, and notes",
            Self::Totals => "everything but totals is left out",
        }
    }
}

/// What a page answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommentPurpose {
    /// What would be done.
    #[default]
    Plan,
    /// Where zones have left the manifests. There is no file of it, and nothing to approve.
    Drift,
}

/// What the plan itself does not know, and a reader wants to.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommentContext<'a> {
    /// What the page answers.
    pub about: CommentPurpose,
    /// The commit that was planned.
    pub commit: Option<&'a str>,
    /// Where the whole plan can be had, such as the URL of the run.
    pub artefact: Option<&'a str>,
    /// The plan's file, as the commands for approving and applying name it; `plan.json` where it is silent.
    pub file: Option<&'a str>,
}

/// The text of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestComment {
    /// Markdown.
    pub text: String,
    /// How much of the plan it tells.
    pub degraded: CommentDetail,
}

/// The comment for a pull request: at most 60,000 bytes.
pub fn comment(plan: &Plan, context: CommentContext<'_>) -> PullRequestComment {
    fit_to_limit(plan, context, COMMENT)
}

/// The summary of a job: at most 1,000,000 bytes. `used` are taken by what stands there already; `None`
/// where nothing more fits.
pub fn summary(plan: &Plan, context: CommentContext<'_>, used: usize) -> Option<PullRequestComment> {
    let left = SUMMARY.checked_sub(used).filter(|left| *left >= COMMENT)?;
    Some(fit_to_limit(plan, context, left))
}

/// What an apply came to, for the summary of a job, from the text that was printed of it. `used` are taken by
/// what stands there already; `None` where nothing more fits.
pub fn report(plan: &Plan, text: &str, used: usize) -> Option<String> {
    let left = SUMMARY.checked_sub(used).filter(|left| *left >= COMMENT)?;
    let mut head = format!("## zonal: what was applied\n\nNetwork {}", escape::code(&plan.network));
    if let Some(environment) = &plan.environment {
        head.push_str(&format!(", environment {}", escape::code(environment)));
    }
    let text = anstream::adapter::strip_str(text.trim()).to_string();
    let fence = "`".repeat((escape::longest_run(&text) + 1).max(3));
    let whole = format!("{head}.\n\n{fence}text\n{text}\n{fence}\n\n");
    if whole.len() <= left {
        return Some(whole);
    }
    let last = text.lines().next_back().unwrap_or_default();
    Some(format!(
        "{head}.\n\n{fence}text\n{last}\n{fence}\n\nThe rest is too long for this page; the log has it.\n\n"
    ))
}

/// As much as fits into so many bytes.
fn fit_to_limit(plan: &Plan, context: CommentContext<'_>, size: usize) -> PullRequestComment {
    let size = size.max(totals::LEAST);
    let content = CommentContent::from_plan(plan, context.about);
    for level in CommentDetail::TRIED {
        let mut sheet = BoundedText::new(size);
        if page(&mut sheet, &content, context, level).is_ok() {
            return PullRequestComment { text: sheet.into_text(), degraded: level };
        }
    }
    PullRequestComment { text: totals::totals(&content, context, size), degraded: CommentDetail::Totals }
}

/// Effects that a page shows: those of many shards add up.
const IMPACTS: usize = 40;

/// What the changes mean. A page of drift also holds what only waits to be applied, and is no plan of it.
fn impacts(sheet: &mut BoundedText, content: &CommentContent<'_>) -> std::fmt::Result {
    if content.plan.impacts.is_empty() || content.about == CommentPurpose::Drift {
        return Ok(());
    }
    writeln!(sheet, "This means:\n")?;
    for impact in content.plan.impacts.iter().take(IMPACTS) {
        writeln!(sheet, "* {}", escape::prose(&impact.text))?;
    }
    if let Some(more) = content.plan.impacts.len().checked_sub(IMPACTS).filter(|more| *more > 0) {
        writeln!(sheet, "* and {more} more effects, which this page does not show")?;
    }
    writeln!(sheet)
}

fn page(
    sheet: &mut BoundedText,
    content: &CommentContent<'_>,
    context: CommentContext<'_>,
    level: CommentDetail,
) -> std::fmt::Result {
    comment_marker::write(sheet, content, level)?;
    summary::verdict(sheet, content)?;
    summary::left_out(sheet, context, level)?;
    summary::alerts(sheet, content)?;
    expectations::write_broken_expectations(sheet, content, level)?;
    change_sets::table(sheet, content)?;
    impacts(sheet, content)?;
    for group in &content.groups {
        change_sets::details(sheet, content, group, context, level)?;
    }
    summary::write_notes(sheet, content, level)?;
    summary::sums(sheet, content)?;
    writeln!(sheet)?;
    summary::foot(sheet, content, context, level)
}

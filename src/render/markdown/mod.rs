//! Pull request comment with a limited size, independent of the size of the network.
//!
//! A comment that exceeds the limit uses a lower detail level, in a fixed order. zonal never cuts a text in
//! the middle. A degraded comment says so and cannot be approved.

mod bounded_text;
mod change_sets;
mod comment_content;
mod comment_marker;
mod decisions;
mod diff;
pub(super) mod escape;
mod expectations;
mod summary;
mod totals;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use bounded_text::BoundedText;
use comment_content::CommentContent;

use super::richest_fit::richest_fit;
use super::text::{SERVICE_TITLE, service_heading, service_sentence};
use crate::model::Plan;
use crate::model::cut_list::cut_list;
use crate::render::text::omitted_impacts;

/// Maximum size of a comment in bytes. GitHub allows 65,536 characters.
const COMMENT: usize = 60_000;
/// Maximum size of a job summary in bytes. GitHub allows 1 MiB per step.
const SUMMARY: usize = 1_000_000;

/// Detail level of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommentDetail {
    /// Complete content.
    Full,
    /// All decisions, without notes and authors.
    Decisions,
    /// Record names of each group of zones with equal changes.
    Records,
    /// Record counts per collection, for each change set.
    Collections,
    /// Record counts for each change set.
    Groups,
    /// Record counts of the whole network.
    Totals,
}

impl CommentDetail {
    /// Detail levels in the order of attempts, before totals only.
    const TRIED: [Self; 5] = [Self::Full, Self::Decisions, Self::Records, Self::Collections, Self::Groups];

    /// Returns a description of the omitted content.
    fn left_out(self) -> &'static str {
        match self {
            Self::Full => "",
            Self::Decisions => "notes and authors are left out",
            Self::Records => "the fields of each record are left out",
            Self::Collections => "the records are left out, and notes",
            Self::Groups => "the collections of each group are left out, and notes",
            Self::Totals => "everything but totals is left out",
        }
    }
}

/// Purpose of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommentPurpose {
    /// Planned changes.
    #[default]
    Plan,
    /// Drift report, without a plan file and without approval.
    Drift,
}

/// Context of a comment, from outside the plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct CommentContext<'a> {
    /// Purpose of the comment.
    pub about: CommentPurpose,
    /// Planned commit.
    pub commit: Option<&'a str>,
    /// URL or name of the complete plan, for example the URL of the CI run.
    pub artefact: Option<&'a str>,
    /// Plan file name for the commands, `plan.json` by default.
    pub file: Option<&'a str>,
}

/// Pull request comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestComment {
    /// Markdown text.
    pub text: String,
    /// Detail level of the text.
    pub degraded: CommentDetail,
}

/// Returns the pull request comment, at most 60,000 bytes.
pub fn comment(plan: &Plan, context: CommentContext<'_>) -> PullRequestComment {
    fit_to_limit(plan, context, COMMENT)
}

/// Returns the job summary, at most 1,000,000 bytes.
///
/// `used` is the size of the existing summary. `None` if the remaining space is too small.
pub fn summary(plan: &Plan, context: CommentContext<'_>, used: usize) -> Option<PullRequestComment> {
    let left = SUMMARY.checked_sub(used).filter(|left| *left >= COMMENT)?;
    Some(fit_to_limit(plan, context, left))
}

/// Returns the job summary of an apply, from the printed text.
///
/// `used` is the size of the existing summary. `None` if the remaining space is too small.
pub fn report(plan: &Plan, text: &str, used: usize) -> Option<String> {
    let left = SUMMARY.checked_sub(used).filter(|left| *left >= COMMENT)?;
    let mut head = format!("## zonal: what was applied\n\nNetwork {}", escape::code(&plan.network));
    if let Some(environment) = &plan.environment {
        head.push_str(&format!(", environment {}", escape::code(environment)));
    }
    let text = anstream::adapter::strip_str(text.trim()).to_string();
    let fence = escape::block_fence(&text);
    let whole = format!("{head}.\n\n{fence}text\n{text}\n{fence}\n\n");
    if whole.len() <= left {
        return Some(whole);
    }
    let last = text.lines().next_back().unwrap_or_default();
    Some(format!(
        "{head}.\n\n{fence}text\n{last}\n{fence}\n\nThe rest is too long for this page; the log has it.\n\n"
    ))
}

/// Returns a comment of at most `size` bytes, with as much detail as possible.
fn fit_to_limit(plan: &Plan, context: CommentContext<'_>, size: usize) -> PullRequestComment {
    let size = size.max(totals::LEAST);
    let content = CommentContent::from_plan(plan, context.about);
    let (degraded, text) = richest_fit(CommentDetail::TRIED, |level| {
        let mut sheet = BoundedText::new(size);
        page(&mut sheet, &content, context, level).ok().map(|()| sheet.into_text())
    })
    .unwrap_or_else(|| (CommentDetail::Totals, totals::totals(&content, context, size)));
    PullRequestComment { text, degraded }
}

/// Maximum number of impacts in a comment, because merged shards add up.
const IMPACTS: usize = 40;

/// Writes the impact of the changes. A drift report has none, because pending changes are not part of
/// drift.
fn impacts(sheet: &mut BoundedText, content: &CommentContent<'_>) -> std::fmt::Result {
    if content.plan.impacts.is_empty() || content.about == CommentPurpose::Drift {
        return Ok(());
    }
    writeln!(sheet, "**Impact**\n")?;
    let (shown, omitted) = cut_list(&content.plan.impacts, IMPACTS);
    for impact in shown {
        writeln!(sheet, "* `{}` {}", impact.effect.sign(), escape::prose(&impact.text))?;
    }
    if omitted.is_some() {
        let omitted = omitted_impacts(&content.plan.impacts[shown.len()..]);
        writeln!(sheet, "* {omitted}")?;
    }
    writeln!(sheet)
}

/// Writes the settings of the service.
fn service(sheet: &mut BoundedText, content: &CommentContent<'_>, level: CommentDetail) -> std::fmt::Result {
    let settings = &content.plan.service;
    if settings.is_empty() || content.about == CommentPurpose::Drift || level >= CommentDetail::Collections {
        return Ok(());
    }
    writeln!(sheet, "**{SERVICE_TITLE}**\n")?;
    for settings in settings {
        let heading = escape::prose(&service_heading(settings));
        writeln!(sheet, "- {heading}<br>{}", escape::prose(&service_sentence(settings)))?;
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
    match level {
        CommentDetail::Full | CommentDetail::Decisions => {
            impacts(sheet, content)?;
            decisions::write_decisions(sheet, content, level)?;
        }
        CommentDetail::Records
        | CommentDetail::Collections
        | CommentDetail::Groups
        | CommentDetail::Totals => {
            change_sets::table(sheet, content)?;
            impacts(sheet, content)?;
            for group in &content.groups {
                change_sets::details(sheet, group, level)?;
            }
        }
    }
    summary::write_notes(sheet, content, level)?;
    service(sheet, content, level)?;
    summary::sums(sheet, content)?;
    writeln!(sheet)?;
    summary::foot(sheet, content, context, level)
}

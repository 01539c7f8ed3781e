//! Comment at the lowest detail level: totals, and complete entries as long as space remains.

use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use super::escape::code;
use super::{CommentContext, CommentDetail, change_sets, comment_marker, expectations, summary};
use crate::model::Finding;
use crate::model::cut_list::OmittedItems;
use crate::render::text::count;

/// Minimum size, sufficient for the mandatory parts.
pub const LEAST: usize = 10_000;
/// Maximum length of an external text; zonal omits longer texts.
const SHORT: usize = 200;
/// Space reserved for the number of omitted entries.
const MORE: usize = 100;

/// Returns the comment, at most `size` bytes. `size` must be at least [`LEAST`].
pub fn totals(content: &CommentContent<'_>, context: CommentContext<'_>, size: usize) -> String {
    let short = |text: &&str| text.len() <= SHORT;
    let context = CommentContext {
        about: context.about,
        commit: context.commit.filter(short),
        artefact: context.artefact.filter(short),
        file: context.file.filter(short),
    };
    // The end comes first, so that space for it is certain.
    let mut foot = BoundedText::new(size);
    let mut sheet = BoundedText::new(size);
    // All mandatory parts together are shorter than `LEAST`, so these writes cannot fail.
    let _ = summary::sums(&mut foot, content)
        .and_then(|()| writeln!(foot))
        .and_then(|()| summary::foot(&mut foot, content, context, CommentDetail::Totals));
    let _ = comment_marker::write(&mut sheet, content, CommentDetail::Totals);
    let _ = writeln!(sheet, "## zonal: {}\n", summary::verdict_text(content));
    let foot = foot.into_text();
    let mut rest = BoundedText::new(size.saturating_sub(sheet.as_str().len() + foot.len()));
    rest.attempt(|rest| summary::left_out(rest, context, CommentDetail::Totals));
    rest.attempt(|rest| summary::scope(rest, content));
    // Findings use at most half of the space.
    let mut half = BoundedText::new(rest.remaining_bytes() / 2);
    warnings(&mut half, content);
    rest.attempt(|rest| rest.write_str(half.as_str()));
    sets(&mut rest, content);
    format!("{}{}{foot}", sheet.into_text(), rest.into_text())
}

fn warnings(rest: &mut BoundedText, content: &CommentContent<'_>) {
    let unknown = content.not_asked();
    if unknown > 0 || content.counts.blocked > 0 {
        let (zones, blocked) = (count(unknown, "zone"), count(content.counts.blocked, "collection"));
        rest.attempt(|rest| {
            writeln!(
                rest,
                "> [!WARNING]\n> Incomplete: {zones} could not be asked, {blocked} cannot be planned.\n"
            )
        });
    }
    rest.attempt(|rest| expectations::write_broken_expectations(rest, content, CommentDetail::Totals));
    let findings = &content.plan.findings;
    if findings.is_empty() {
        return;
    }
    let kind = if content.plan.is_denied() { "CAUTION" } else { "WARNING" };
    rest.attempt(|rest| writeln!(rest, "> [!{kind}]"));
    list(rest, findings, |rest, Finding { guard, .. }| writeln!(rest, "> - {}", code(guard)));
    rest.attempt(|rest| writeln!(rest));
}

fn sets(rest: &mut BoundedText, content: &CommentContent<'_>) {
    if content.groups.is_empty() || !rest.attempt(change_sets::heading) {
        return;
    }
    list(rest, &content.groups, change_sets::row);
    rest.attempt(|rest| writeln!(rest));
}

/// Writes at most 50 entries, as long as they fit, and the number of omitted entries.
fn list<T>(rest: &mut BoundedText, all: &[T], write: impl Fn(&mut BoundedText, &T) -> fmt::Result) {
    let fits = |rest: &mut BoundedText, each: &T| {
        write(rest, each)?;
        if rest.remaining_bytes() < MORE { Err(fmt::Error) } else { Ok(()) }
    };
    let written = all.iter().take(50).take_while(|each| rest.attempt(|rest| fits(rest, each))).count();
    if let Some(omitted) = OmittedItems::new(all.len() - written) {
        rest.attempt(|rest| writeln!(rest, "\n{omitted}"));
    }
}

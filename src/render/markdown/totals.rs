//! What is left when nothing else fits: totals, and of everything else as much as there is room for, each
//! thing whole or not at all.

use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use super::escape::code;
use super::{CommentContext, CommentDetail, change_sets, comment_marker, expectations, summary};
use crate::model::Finding;
use crate::render::text::{count, thousands};

/// Bytes that are always enough for what is always there.
pub const LEAST: usize = 10_000;
/// A text of somebody else's that is longer is left out.
const SHORT: usize = 200;
/// Room that is kept for saying how much was left out.
const MORE: usize = 100;

/// The page. Never longer than `size`, which is at least [`LEAST`].
pub fn totals(content: &CommentContent<'_>, context: CommentContext<'_>, size: usize) -> String {
    let short = |text: &&str| text.len() <= SHORT;
    let context = CommentContext {
        about: context.about,
        commit: context.commit.filter(short),
        artefact: context.artefact.filter(short),
        file: context.file.filter(short),
    };
    // What stands at the end is written first, so that it is sure to have its place.
    let mut foot = BoundedText::new(size);
    let mut sheet = BoundedText::new(size);
    // Nothing here is longer than LEAST, so that it always fits.
    let _ = summary::sums(&mut foot, content)
        .and_then(|()| writeln!(foot))
        .and_then(|()| summary::foot(&mut foot, content, context, CommentDetail::Totals));
    let _ = comment_marker::write(&mut sheet, content, CommentDetail::Totals);
    let _ = writeln!(sheet, "## zonal: {}\n", summary::verdict_text(content));
    let foot = foot.into_text();
    let mut rest = BoundedText::new(size.saturating_sub(sheet.as_str().len() + foot.len()));
    rest.attempt(|rest| summary::left_out(rest, context, CommentDetail::Totals));
    rest.attempt(|rest| summary::scope(rest, content));
    // Findings leave room for the sets of changes.
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

/// As many as fit, no more than 50, and how many more there are.
fn list<T>(rest: &mut BoundedText, all: &[T], write: impl Fn(&mut BoundedText, &T) -> fmt::Result) {
    let fits = |rest: &mut BoundedText, each: &T| {
        write(rest, each)?;
        if rest.remaining_bytes() < MORE { Err(fmt::Error) } else { Ok(()) }
    };
    let written = all.iter().take(50).take_while(|each| rest.attempt(|rest| fits(rest, each))).count();
    let more = all.len() - written;
    if more > 0 {
        rest.attempt(|rest| writeln!(rest, "\nand {} more", thousands(more as u64)));
    }
}

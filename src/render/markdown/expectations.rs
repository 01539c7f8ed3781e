//! Markdown list of expectations that the plan would break.

use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use super::escape::{code, prose};
use super::{CommentDetail, CommentPurpose};
use crate::model::BrokenExpectation;
use crate::model::cut_list::cut_list;
use crate::render::text::{count, would_be};

/// Maximum number of expectations in the list.
const TOLD: usize = 50;

/// Writes the broken expectations, or only their number at lower detail levels.
pub fn write_broken_expectations(
    sheet: &mut BoundedText,
    content: &CommentContent<'_>,
    level: CommentDetail,
) -> fmt::Result {
    let broken = &content.plan.expectations.broken;
    if broken.is_empty() || content.about == CommentPurpose::Drift {
        return Ok(());
    }
    writeln!(sheet, "> [!CAUTION]\n> Breaks {}.", count(broken.len(), "expectation"))?;
    if level <= CommentDetail::Records {
        let (shown, omitted) = cut_list(broken, TOLD);
        shown.iter().try_for_each(|each| write_broken_expectation(sheet, each))?;
        if let Some(omitted) = omitted {
            writeln!(sheet, "> - {omitted}")?;
        }
    }
    writeln!(sheet)
}

fn write_broken_expectation(
    sheet: &mut BoundedText,
    BrokenExpectation { provenance, question, reason: because, facts }: &BrokenExpectation,
) -> fmt::Result {
    let place = facts.first().map_or(&provenance.span, |fact| &fact.span);
    write!(sheet, "> - {}: {}?", code(&place.to_string()), prose(question))?;
    for fact in facts {
        write!(sheet, " {}", code(&would_be(fact)))?;
    }
    match because {
        Some(because) => writeln!(sheet, ", expected because {}", prose(because)),
        None => writeln!(sheet),
    }
}

//! Markdown list of expectations that the plan would break.

use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use super::escape::{code, prose};
use super::{CommentDetail, CommentPurpose};
use crate::model::BrokenExpectation;
use crate::model::cut_list::cut_list;
use crate::render::decisions::{MemberGroup, ZoneNames};
use crate::render::fact_words::{broken_groups, forecast};
use crate::render::text::count;

/// Maximum number of expectations in the list.
const TOLD: usize = 50;
/// Maximum number of members named for an expectation.
const NAMED_MEMBERS: usize = 12;

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
        let names = ZoneNames::new(&content.plan.population);
        let groups = broken_groups(broken, &names);
        let (shown, omitted) = cut_list(&groups, TOLD);
        shown.iter().try_for_each(|each| write_broken_expectation(sheet, &broken[each.first], each))?;
        if let Some(omitted) = omitted {
            writeln!(sheet, "> - {omitted}")?;
        }
    }
    writeln!(sheet)
}

fn write_broken_expectation(
    sheet: &mut BoundedText,
    BrokenExpectation { provenance, question, reason, facts }: &BrokenExpectation,
    group: &MemberGroup<'_>,
) -> fmt::Result {
    let place = facts.first().map_or(&provenance.span, |fact| &fact.span);
    write!(sheet, "> - {}: {}?", code(&place.to_string()), prose(&group.text(question)))?;
    for fact in facts {
        write!(sheet, " {}", code(&group.text(&forecast(fact))))?;
    }
    if let Some(reason) = reason {
        write!(sheet, ", expected because {}", prose(&group.text(reason)))?;
    }
    if !group.members.is_empty() {
        let (shown, omitted) = cut_list(&group.members, NAMED_MEMBERS);
        let shown: Vec<String> = shown.iter().map(|member| code(member.as_str())).collect();
        write!(sheet, " ({}: {}", count(group.members.len(), "member"), shown.join(", "))?;
        write!(sheet, "{})", omitted.map(|omitted| format!(", {omitted}")).unwrap_or_default())?;
    }
    writeln!(sheet)
}

//! Writes the decisions: what is removed, and a fold for each manifest.

use std::fmt::{self, Write as _};

use super::CommentDetail;
use super::bounded_text::BoundedText;
use super::comment_content::CommentContent;
use super::escape::{block_fence, code, html, html_code};
use crate::render::text::{DiffSection, count};

/// Number of lines up to which a fold starts open, if it is the only one.
const FEW: usize = 10;

/// Writes what is removed, the decisions of each manifest, and the zones that letters stand for.
pub fn write_decisions(
    sheet: &mut BoundedText,
    content: &CommentContent<'_>,
    level: CommentDetail,
) -> fmt::Result {
    let found = &content.decisions;
    if found.sections.is_empty() {
        return Ok(());
    }
    if let Some((title, body)) = found.removals.split_once('\n') {
        // The numbers stand at the right end of the line.
        let (title, numbers) = title.split_once("  ").unwrap_or((title, ""));
        writeln!(sheet, "> [!CAUTION]\n> **{}: {}**\n", html(title), html(numbers.trim()))?;
        write_block(sheet, body)?;
    }
    if !found.prefix.is_empty() {
        writeln!(sheet, "Zone codes are shown without {}.\n", code(&found.prefix))?;
    }
    for section in &found.sections {
        write_section(sheet, section, found.sections.len(), level)?;
    }
    if !found.zone_sets.is_empty() {
        let what = count(found.zone_sets.len(), "zone set");
        writeln!(sheet, "<details>\n<summary>{what}</summary>\n")?;
        write_block(sheet, &(found.zone_sets.join("\n") + "\n"))?;
        writeln!(sheet, "</details>\n")?;
    }
    Ok(())
}

fn write_section(
    sheet: &mut BoundedText,
    section: &DiffSection,
    sections: usize,
    level: CommentDetail,
) -> fmt::Result {
    let DiffSection { title, counts, is_open, rows, remarks } = section;
    let is_short = sections <= 3 && rows.lines().count() <= FEW;
    let open = if *is_open || is_short { " open" } else { "" };
    writeln!(sheet, "<details{open}>\n<summary>{}: {}</summary>\n", html(title), html_code(counts))?;
    let remarks = if level == CommentDetail::Full { remarks.as_str() } else { "" };
    write_block(sheet, &format!("{rows}{remarks}"))?;
    writeln!(sheet, "</details>\n")
}

/// Writes lines as a diff.
fn write_block(sheet: &mut BoundedText, body: &str) -> fmt::Result {
    let body = body.trim_end_matches('\n');
    let fence = block_fence(body);
    writeln!(sheet, "{fence}diff\n{body}\n{fence}\n")
}

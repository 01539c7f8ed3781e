//! Writes the change sets: a table of all sets, and a fold for each set.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::bounded_text::BoundedText;
use super::comment_content::{ChangeSet, CommentContent};
use super::escape::{block_fence, cell, html, html_code, prose};
use super::{CommentDetail, diff, summary};
use crate::model::{CollectionId, Deferral, PlanCounts};
use crate::render::text::{count, thousands};

/// Number of lines from which a fold starts closed.
const FEW: usize = 10;

/// Writes the table of all change sets, with the totals of one zone.
pub fn table(sheet: &mut BoundedText, content: &CommentContent<'_>) -> fmt::Result {
    if content.groups.is_empty() {
        return Ok(());
    }
    heading(sheet)?;
    content.groups.iter().try_for_each(|set| row(sheet, set))?;
    writeln!(sheet)
}

/// Writes the header of the table.
pub fn heading(sheet: &mut BoundedText) -> fmt::Result {
    writeln!(sheet, "| group | zones | + | ~ | - | by hand |\n| --- | --- | ---: | ---: | ---: | ---: |")
}

/// Writes the table row of a change set.
pub fn row(sheet: &mut BoundedText, set: &ChangeSet<'_>) -> fmt::Result {
    let PlanCounts { add, change, destroy, manual: by_hand, blocked, .. } = set.counts;
    let zones = match set.group.zones.as_slice() {
        [only] => cell(only.as_str()),
        few @ ([_, _] | [_, _, _]) => {
            format!("{}, in each", few.iter().map(|zone| cell(zone.as_str())).collect::<Vec<_>>().join(", "))
        }
        many => format!("{}, in each", count(many.len(), "zone")),
    };
    let blocked = if blocked > 0 { " `!`" } else { "" };
    write!(sheet, "| {} | {zones}{blocked} |", set.letter)?;
    for number in [add, change, destroy, by_hand] {
        write!(sheet, " {} |", thousands(number as u64))?;
    }
    writeln!(sheet)
}

/// Writes the fold of a change set. Folds with deletions or few lines start open.
pub fn details(sheet: &mut BoundedText, set: &ChangeSet<'_>, level: CommentDetail) -> fmt::Result {
    let mut body = sheet.remaining_sheet();
    match level {
        CommentDetail::Full | CommentDetail::Decisions | CommentDetail::Records => records(&mut body, set)?,
        CommentDetail::Collections => collections(&mut body, set)?,
        CommentDetail::Groups | CommentDetail::Totals => return Ok(()),
    }
    let body = body.into_text();
    let open = set.counts.destroy > 0 || body.lines().count() < FEW;
    writeln!(sheet, "<details{}>", if open { " open" } else { "" })?;
    writeln!(sheet, "<summary><b>Group {}</b>: {}</summary>\n", set.letter, set_summary(set))?;
    if set.group.zones.len() > 1 {
        writeln!(sheet, "{}\n", summary::zone_codes(&set.group.zones))?;
    }
    if level <= CommentDetail::Records {
        for (what, hold) in deferrals_of_set(set) {
            writeln!(sheet, "Apply does not begin {}: {}\n", prose(&what), prose(&hold.to_string()))?;
        }
    }
    let fence = block_fence(&body);
    writeln!(sheet, "{fence}diff\n{body}{fence}\n")?;
    writeln!(sheet, "</details>\n")
}

/// Returns the deferrals of each zone, with the deferred collection.
fn deferrals_of_set<'a>(set: &ChangeSet<'a>) -> Vec<(String, &'a Deferral)> {
    match &set.zone.deferral {
        Some(hold) => vec![("this".to_owned(), hold)],
        None => {
            let held = set.zone.collections.iter().filter(|step| step.diff.has_work());
            held.filter_map(|step| Some((step.diff.id.to_string(), step.deferral.as_ref()?))).collect()
        }
    }
}

fn set_summary(set: &ChangeSet<'_>) -> String {
    let zones = match set.group.zones.as_slice() {
        [only] if set.zone.name.is_empty() => html_code(only.as_str()),
        [only] => format!("{} ({})", html_code(only.as_str()), html(&set.zone.name)),
        several => format!("{} with the same changes", count(several.len(), "zone")),
    };
    format!("{zones}: {}", sums(&set.counts))
}

/// Returns the nonzero counts: `2 to add, 1 to destroy`.
fn sums(counts: &PlanCounts) -> String {
    let parts = [
        (counts.add, "to add"),
        (counts.change, "to change"),
        (counts.destroy, "to destroy"),
        (counts.manual, "by hand"),
        (counts.report, "reported only"),
        (counts.postponed, "left for later"),
        (counts.blocked, "that cannot be planned"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, what)| format!("{} {what}", thousands(*number as u64))).collect::<Vec<_>>().join(", ")
}

fn records(body: &mut BoundedText, set: &ChangeSet<'_>) -> fmt::Result {
    for step in &set.zone.collections {
        match &step.diff.outcome {
            Ok(found) => found.changes.iter().try_for_each(|change| diff::change(body, change))?,
            Err(failure) if set.zone.failure.is_none() => {
                diff::write_failed_collection(body, step, failure)?;
            }
            // The alerts already contain the failure of the zone.
            Err(_) => {}
        }
    }
    Ok(())
}

fn collections(body: &mut BoundedText, set: &ChangeSet<'_>) -> fmt::Result {
    let mut collections: BTreeMap<&CollectionId, PlanCounts> = BTreeMap::new();
    for step in &set.zone.collections {
        match &step.diff.outcome {
            Ok(found) if found.changes.is_empty() => {}
            Ok(found) => drop(collections.insert(&step.diff.id, found.counts())),
            Err(failure) if !failure.class.whole_zone() => {
                collections.insert(&step.diff.id, PlanCounts { blocked: 1, ..PlanCounts::default() });
            }
            Err(_) => {}
        }
    }
    collections.iter().try_for_each(|(id, counts)| diff::collection(body, id, counts, &sums(counts)))
}

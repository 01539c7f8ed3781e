//! Decisions as diff blocks, for Markdown.

use super::decisions::{DecisionWriter, RowForm, counts, sections};
use super::removals::write_removals;
use super::view::PlanTextView;
use crate::model::{Plan, ZoneCode};
use crate::render::decisions::decisions;

/// Section of a manifest as a diff block.
#[derive(Debug)]
pub struct DiffSection {
    /// File, manifest and the zones that it applies to.
    pub title: String,
    /// Numbers of changes: `+24 ~3 -1`.
    pub counts: String,
    /// True if a row deletes a record, switches one off, or has a conflict.
    pub is_open: bool,
    /// Lines without remarks. The first character is `+`, `-`, `!` or a space.
    pub rows: String,
    /// Notes and authors.
    pub remarks: String,
}

/// All decisions of a plan as diff blocks.
#[derive(Debug)]
pub struct DiffSections {
    /// Records that are deleted or switched off; empty if there are none.
    pub removals: String,
    /// Sections, in the order of file and line.
    pub sections: Vec<DiffSection>,
    /// Zones that each letter stands for, one line each.
    pub zone_sets: Vec<String>,
    /// Beginning of all zone codes that the words leave out; possibly empty.
    pub prefix: String,
}

/// Returns all decisions of a plan or of a drift report.
pub fn diff_sections(plan: &Plan, is_drift: bool) -> DiffSections {
    let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
    let view = PlanTextView::default();
    let found = decisions(plan, |_| true);
    let mut writer = DecisionWriter::new(plan, &view, is_drift);
    writer.form = RowForm::Diff;
    let mut removals = String::new();
    if !is_drift {
        write_removals(&mut removals, &view, &found, &mut writer);
    }
    let section = |section| {
        let (mut rows, mut remarks) = (String::new(), String::new());
        writer.write_rows(&mut rows, &section);
        writer.write_remarks(&mut remarks, &section.rows);
        DiffSection {
            title: writer.section_title(&section),
            counts: counts(&section.rows),
            is_open: section.is_open(),
            rows: plain(rows),
            remarks: plain(remarks),
        }
    };
    let sections: Vec<DiffSection> = sections(&found).into_iter().map(section).collect();
    let zone_set = |(letter, zones): (String, &[ZoneCode])| {
        let names: Vec<String> = zones.iter().map(|code| writer.names.short(code)).collect();
        format!("[{letter}] {}", names.join(", "))
    };
    DiffSections {
        removals: plain(removals),
        sections,
        zone_sets: writer.sets.iter().map(zone_set).collect(),
        prefix: writer.names.prefix().to_owned(),
    }
}

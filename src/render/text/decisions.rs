//! Sections of a plan's text: one for each manifest, with one entry for each decision.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::changes::action_sign;
use super::formatting::{BOLD, count, safe, safe_line, styled, thousands, width};
use super::view::PlanTextView;
use crate::model::{Channel, CollectionId, Plan, ZoneCode, manifest_kind};
use crate::render::decisions::row_words::collection_words;
use crate::render::decisions::{PlanDecision, ZoneNames, ZoneSets, ZoneWordsForm};

/// Columns before the text of an item: its sign stands in them.
pub(super) const ITEM_INDENT: usize = 4;
/// Most lines of all sections together. Only a plan in which most rows differ everywhere is longer.
const SECTION_LINES: usize = 3_000;
/// Signs in the order of a section's counts.
const SIGNS: [char; 5] = ['+', '~', '-', '>', '.'];

/// Decisions of one manifest in one file.
pub(super) struct DecisionSection<'d, 'a> {
    /// Address of the manifest.
    pub(super) manifest: &'d str,
    /// Decisions, by line and collection.
    pub(super) rows: Vec<&'d PlanDecision<'a>>,
}

impl DecisionSection<'_, '_> {
    fn file(&self) -> Option<&str> {
        self.rows.first().map(|row| &*row.provenance.span.file)
    }

    fn is_revert(&self) -> bool {
        self.rows.iter().all(|row| row.provenance.is_revert())
    }

    fn is_only_gateway(&self) -> bool {
        self.rows.iter().all(|row| row.channel == Channel::Gateway)
    }

    /// Returns true if a row deletes a record, switches one off, or has a conflict.
    pub(super) fn is_open(&self) -> bool {
        let mut variants = self.rows.iter().flat_map(|row| &row.variants);
        variants.any(|variant| variant.takes_away() || variant.conflict().is_some())
    }
}

/// Returns the decisions by manifest and file, in the order of their first rows.
pub(super) fn sections<'d, 'a>(decisions: &'d [PlanDecision<'a>]) -> Vec<DecisionSection<'d, 'a>> {
    let mut sections: Vec<DecisionSection<'d, 'a>> = Vec::new();
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for decision in decisions {
        let (manifest, file) = (&*decision.provenance.manifest, &*decision.provenance.span.file);
        let index = *known.entry((manifest, file)).or_insert_with(|| {
            sections.push(DecisionSection { manifest, rows: Vec::new() });
            sections.len() - 1
        });
        sections[index].rows.push(decision);
    }
    sections
}

/// Form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowForm {
    /// Line number, then the sign.
    Terminal,
    /// Sign first, as in a diff, where `!` marks a change.
    Diff,
}

/// Writer of decisions.
pub(super) struct DecisionWriter<'a> {
    pub(super) plan: &'a Plan,
    pub(super) view: &'a PlanTextView,
    pub(super) names: ZoneNames<'a>,
    pub(super) sets: ZoneSets,
    /// True for a drift report, where each row says who changed it.
    pub(super) is_drift: bool,
    pub(super) form: RowForm,
}

impl<'a> DecisionWriter<'a> {
    /// Creates a writer.
    pub(super) fn new(plan: &'a Plan, view: &'a PlanTextView, is_drift: bool) -> Self {
        Self {
            plan,
            view,
            names: ZoneNames::new(&plan.population),
            sets: ZoneSets::default(),
            is_drift,
            form: RowForm::Terminal,
        }
    }

    /// Writes the sections of all manifests, in the order of file and line.
    pub(super) fn write_sections(&mut self, out: &mut String, decisions: &[PlanDecision<'a>]) {
        let mut lines_left = if self.view.part.is_whole() { SECTION_LINES } else { usize::MAX };
        for section in sections(decisions) {
            let title = self.section_title(&section);
            self.write_aligned(out, 0, BOLD, &title, &counts(&section.rows));
            let mut rows = String::new();
            self.write_rows(&mut rows, &section);
            self.write_remarks(&mut rows, &section.rows);
            let manifest = safe(section.manifest);
            let written = self.write_limited(out, &rows, lines_left, &format!("--manifest {manifest}"));
            lines_left -= written;
            out.push('\n');
        }
    }

    /// Writes at most `limit` lines of a text, and how to see the rest. Returns the number of lines of the text
    /// that are written.
    pub(super) fn write_limited(&self, out: &mut String, text: &str, limit: usize, option: &str) -> usize {
        let lines = text.lines().count();
        let written = lines.min(limit);
        out.extend(text.split_inclusive('\n').take(limit));
        if written < lines {
            let hidden = count(lines - written, "more line");
            self.write_indented(out, 2, &format!("{hidden} left out: see `zonal show PLAN {option}`"));
        }
        written
    }

    /// Returns the title of a section: file, manifest and the zones that it applies to.
    pub(super) fn section_title(&self, section: &DecisionSection<'_, 'a>) -> String {
        let manifest = section.manifest;
        let mut title = match (section.is_revert(), section.file()) {
            (true, _) | (false, None) => safe(manifest),
            (false, Some(file)) => safe(format_args!("{file}  {manifest}")),
        };
        let reach = self.plan.population.manifests.get(manifest);
        if let Some(reach) = reach.filter(|_| !section.is_revert()) {
            let _ = write!(title, "   {}", self.names.reach_words(&reach.zones, &reach.labels));
        }
        if section.is_only_gateway() {
            let _ = write!(title, "{}gateway", self.view.separator());
        }
        title
    }

    /// Writes the rows of a section, by collection.
    pub(super) fn write_rows(&mut self, out: &mut String, section: &DecisionSection<'_, 'a>) {
        let mut collections: Vec<(&CollectionId, Vec<&PlanDecision<'a>>)> = Vec::new();
        for row in &section.rows {
            match collections.iter_mut().find(|(id, _)| **id == row.collection) {
                Some((_, known)) => known.push(row),
                None => collections.push((&row.collection, vec![row])),
            }
        }
        for (id, decisions) in collections {
            let is_gateway = decisions.iter().all(|row| row.channel == Channel::Gateway);
            let name = collection_words(id);
            if name != manifest_kind(section.manifest) {
                let gateway = if is_gateway && !section.is_only_gateway() { "  gateway" } else { "" };
                for line in self.view.lines(&format!("{name}{gateway}"), 2) {
                    let _ = writeln!(out, "{line}");
                }
            }
            let mut last_line = None;
            for decision in decisions {
                let line = decision.provenance.span.start.line;
                for variant in &decision.variants {
                    let is_first = last_line != Some(line);
                    self.write_variant(out, decision, variant, is_first);
                    last_line = Some(line);
                }
            }
        }
    }

    /// Writes a line with a text at the left and one at the right, or two lines if they do not fit.
    pub(super) fn write_aligned(
        &self,
        out: &mut String,
        indent: usize,
        style: Style,
        left: &str,
        right: &str,
    ) {
        let blank = " ".repeat(indent);
        let left = safe_line(left);
        if indent + width(&left) + 2 + width(right) <= self.view.width {
            let gap = self.view.width - indent - width(&left) - width(right);
            let gap = if right.is_empty() { 0 } else { gap };
            let _ = writeln!(out, "{blank}{}{}{right}", styled(style, &left), " ".repeat(gap));
            return;
        }
        // Only the first line starts at the margin, so that no text forges a line.
        for (index, line) in self.view.lines(&left, indent + 2).iter().enumerate() {
            let margin = if index == 0 { indent } else { indent + 2 };
            let text = styled(style, safe_line(line.trim_start()));
            let _ = writeln!(out, "{}{text}", " ".repeat(margin));
        }
        for line in self.view.lines(right, indent + 2) {
            let _ = writeln!(out, "{line}");
        }
    }

    /// Writes an item of a list: a sign, and a text that hangs beside it.
    pub(super) fn write_item(&self, out: &mut String, style: Style, sign: char, text: &str) {
        for (index, line) in self.view.lines(text, ITEM_INDENT).iter().enumerate() {
            let _ = match index {
                0 => writeln!(out, "  {} {}", styled(style, sign), line.trim_start()),
                _ => writeln!(out, "{line}"),
            };
        }
    }

    /// Writes a text in lines with `indent` columns before each.
    pub(super) fn write_indented(&self, out: &mut String, indent: usize, text: &str) {
        for line in self.view.lines(text, indent) {
            let _ = writeln!(out, "{line}");
        }
    }

    /// Returns words for some of the plan's zones.
    pub(super) fn zone_words<'z>(&mut self, zones: impl IntoIterator<Item = &'z ZoneCode>) -> String {
        let found = self.names.in_order(zones);
        let of = self.names.in_order(self.plan.zones.keys());
        self.names.words(&found, &of, &[], ZoneWordsForm::Short, &mut self.sets)
    }
}

/// Returns the counts of a section: `+24 ~3 -1`.
pub(super) fn counts(rows: &[&PlanDecision<'_>]) -> String {
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    for variant in rows.iter().flat_map(|row| &row.variants) {
        let (_, sign) = action_sign(variant.example.mode, variant.action());
        *counts.entry(sign).or_default() += variant.records.len();
    }
    let counts = SIGNS.iter().filter_map(|sign| Some((sign, counts.get(sign)?)));
    counts.map(|(sign, number)| format!("{sign}{}", thousands(*number as u64))).collect::<Vec<_>>().join(" ")
}

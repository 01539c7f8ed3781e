//! Sections of a plan's text: one for each manifest, with one entry for each decision.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anstyle::Style;

use super::conflict;
use super::formatting::{ADD, BOLD, CHANGE, DIM, HAND, REMOVE, safe, safe_line, styled, thousands, width};
use super::view::PlanTextView;
use crate::model::{
    ApplyMode, ChangeAction, ChangeOrigin, Channel, CollectionId, DifferenceType, Plan, TableName, ZoneCode,
};
use crate::render::decisions::value_words::{
    change_words, edit_words, key_words, multiline_text, text_words, value_words,
};
use crate::render::decisions::{
    DecisionVariant, FieldChangeContent, FoldedField, FoldedValue, PlanDecision, VariantRecord, ZoneNames,
    ZoneSets, ZoneWordsForm,
};
use crate::render::text_difference::{DiffLine, diff_texts};

/// Most different former texts of a variant in the text.
const SHOWN_FORMER: usize = 6;
/// Most authors of a section in the text.
const SHOWN_AUTHORS: usize = 3;
/// Columns before the content of a row: line number and sign.
const ROW_INDENT: usize = 8;
/// Columns before the further lines of a row.
const DETAIL_INDENT: usize = 10;

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
    plan: &'a Plan,
    view: &'a PlanTextView,
    pub(super) names: ZoneNames<'a>,
    pub(super) sets: ZoneSets,
    /// True for a drift report, where each row says who changed it.
    is_drift: bool,
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
        for section in sections(decisions) {
            let title = self.section_title(&section);
            self.write_aligned(out, 0, BOLD, &title, &counts(&section.rows));
            self.write_rows(out, &section);
            self.write_remarks(out, &section.rows);
            out.push('\n');
        }
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
            let name = collection_name(id);
            if name != section.manifest.split('/').next().unwrap_or_default() {
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

    /// Writes a row: line number, sign, key, fields and zones.
    fn write_variant(
        &mut self,
        out: &mut String,
        decision: &PlanDecision<'a>,
        variant: &DecisionVariant<'a>,
        is_first: bool,
    ) {
        let line = match is_first && !decision.provenance.is_revert() {
            true => decision.provenance.span.start.line.to_string(),
            false => String::new(),
        };
        let (style, sign) = sign(variant);
        let key = self.key(variant);
        let who = self.names.variant_words(decision, variant, &mut self.sets);
        let who = format!("{}{}", self.view.signs(&who), self.libraries(variant));
        let (inline, blocks): (Vec<&FoldedField>, Vec<&FoldedField>) = variant
            .fields
            .iter()
            .filter(|field| !is_hidden(variant, field))
            .partition(|field| !is_block(field));
        let fields: Vec<String> =
            inline.iter().map(|field| self.field(variant, field, inline.len())).collect();
        let segments = fields;
        let fields = segments.join(self.view.separator());
        // In a diff, the sign stands first, and `!` marks a change.
        let head = match (self.form, sign) {
            (RowForm::Terminal, _) => format!("{line:>5} {sign} "),
            (RowForm::Diff, '~') => format!("!{line:>5}  "),
            (RowForm::Diff, '+' | '-' | '!') => format!("{sign}{line:>5}  "),
            (RowForm::Diff, _) => format!(" {line:>4} {sign} "),
        };
        let content = match (key.is_empty(), fields.is_empty()) {
            (true, _) => fields.clone(),
            (false, true) => key.clone(),
            (false, false) => format!("{key}  {fields}"),
        };
        let fits = |content: &str| ROW_INDENT + width(content) + 2 + width(&who) <= self.view.width;
        let styled_head = |content: &str| {
            let text = head.replacen(sign, &styled(style, sign), 1);
            format!("{text}{content}").trim_end().to_owned()
        };
        match (fits(&content), fits(&key)) {
            (true, _) => {
                let gap = self.view.width - ROW_INDENT - width(&content) - width(&who);
                let _ = writeln!(out, "{}{}{who}", styled_head(&content), " ".repeat(gap));
            }
            (false, true) => {
                let gap = self.view.width - ROW_INDENT - width(&key) - width(&who);
                let _ = writeln!(out, "{}{}{who}", styled_head(&key), " ".repeat(gap));
                self.write_segments(out, &segments);
            }
            (false, false) => {
                let lines = self.view.lines(&key, ROW_INDENT);
                for (index, line) in lines.iter().enumerate() {
                    let _ = match index {
                        0 => writeln!(out, "{}", styled_head(line.trim_start())),
                        _ => writeln!(out, "{line}"),
                    };
                }
                self.write_detail(out, &format!("at {who}"));
                self.write_segments(out, &segments);
            }
        }
        for field in blocks {
            self.write_block(out, variant, field);
        }
        for field in inline {
            self.write_former(out, decision, variant, field);
        }
        for remark in self.remarks(variant) {
            self.write_detail(out, &remark);
        }
    }

    /// Writes fields, with line breaks between fields where possible.
    fn write_segments(&self, out: &mut String, segments: &[String]) {
        let separator = self.view.separator();
        let mut line = String::new();
        for segment in segments {
            let wide = DETAIL_INDENT + width(&line) + width(separator) + width(segment);
            if !line.is_empty() && wide > self.view.width {
                self.write_detail(out, &line);
                line.clear();
            }
            if !line.is_empty() {
                line.push_str(separator);
            }
            line.push_str(segment);
        }
        self.write_detail(out, &line);
    }

    fn write_detail(&self, out: &mut String, text: &str) {
        if text.is_empty() {
            return;
        }
        for line in self.view.lines(text, DETAIL_INDENT) {
            let _ = writeln!(out, "{line}");
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
            let text = safe_line(line.trim_start());
            let margin = if index == 0 { &blank } else { "  " };
            let more = if index == 0 { "" } else { &blank };
            let _ = writeln!(out, "{margin}{more}{}", styled(style, text));
        }
        for line in self.view.lines(right, indent + 2) {
            let _ = writeln!(out, "{line}");
        }
    }

    /// Returns the key of a variant's records.
    fn key(&self, variant: &DecisionVariant<'_>) -> String {
        key_text(variant, &self.names)
    }

    /// Returns the libraries of the records, if their collections belong to libraries.
    fn libraries(&self, variant: &DecisionVariant<'_>) -> String {
        let mut libraries: BTreeMap<&str, usize> = BTreeMap::new();
        for VariantRecord { change, .. } in &variant.records {
            if let Some(library) = &change.address.collection.library {
                *libraries.entry(library).or_default() += 1;
            }
        }
        let times = if self.view.unicode { "×" } else { "x" };
        let names: Vec<String> = match libraries.len() {
            0 => return String::new(),
            1 => libraries.keys().map(safe).collect(),
            _ => libraries.iter().map(|(name, number)| format!("{} {times}{number}", safe(name))).collect(),
        };
        let word = if names.len() == 1 { "library" } else { "libraries" };
        format!(", in {word} {}", names.join(", "))
    }

    /// Returns a field with its change, in one line.
    fn field(&self, variant: &DecisionVariant<'_>, field: &FoldedField, fields: usize) -> String {
        let name = safe(&field.name);
        match &field.change {
            // The only text of a new record needs no name if the name says nothing else.
            FieldChangeContent::Set(value)
                if variant.action() == ChangeAction::Create
                    && fields == 1
                    && &*field.name == "description" =>
            {
                value_words(value, &self.names)
            }
            FieldChangeContent::Removed(value) => format!("{name} {}", value_words(value, &self.names)),
            FieldChangeContent::Set(value) if variant.action() == ChangeAction::Create => {
                format!("{name} {}", value_words(value, &self.names))
            }
            FieldChangeContent::Set(value) => match field.former.as_slice() {
                // Several matching records have no common previous value.
                _ if variant.example.matches.is_some() => {
                    format!("{name} {} {}", self.view.arrow(), value_words(value, &self.names))
                }
                [(before, _)] => {
                    format!("{name} {}", change_words(before, value, &self.names, self.view.arrow()))
                }
                _ => format!("{name} {} {}", self.view.arrow(), value_words(value, &self.names)),
            },
            change @ FieldChangeContent::Edit { .. } => {
                format!("{name} {}", edit_words(change, &self.names).unwrap_or_default())
            }
        }
    }

    /// Writes a field of several lines as a difference.
    fn write_block(&self, out: &mut String, variant: &DecisionVariant<'_>, field: &FoldedField) {
        let text = |value: &FoldedValue| match multiline_text(value) {
            Some(text) => text,
            None if *value == FoldedValue::Null => String::new(),
            None => value_words(value, &self.names),
        };
        let (before, after) = match &field.change {
            FieldChangeContent::Set(value) => {
                (field.former.first().map(|(before, _)| text(before)).unwrap_or_default(), text(value))
            }
            FieldChangeContent::Removed(value) => (text(value), String::new()),
            FieldChangeContent::Edit { .. } => return,
        };
        let mut title = safe(&field.name);
        if field.former.len() > 1 {
            let _ = write!(title, " (the former text of most; {} differ: --row)", field.former.len());
        }
        self.write_detail(out, &format!("{title}:"));
        let _ = variant;
        for line in diff_texts(&before, &after) {
            let (style, sign, text) = match &line {
                DiffLine::Unchanged(text) => (Style::new(), ' ', text.clone()),
                DiffLine::Removed(text) => (REMOVE, '-', text.clone()),
                DiffLine::Added(text) => (ADD, '+', text.clone()),
                DiffLine::Omitted(number) => {
                    (DIM, ' ', format!("({} unchanged lines)", thousands(*number as u64)))
                }
            };
            let blank = " ".repeat(DETAIL_INDENT);
            for (index, part) in self.view.lines(&text, DETAIL_INDENT + 2).iter().enumerate() {
                let sign = if index == 0 { sign } else { ' ' };
                let part = part.get(DETAIL_INDENT + 2..).unwrap_or_default();
                let line = match self.form {
                    RowForm::Terminal => format!("{blank}{} {part}", styled(style, sign)),
                    RowForm::Diff => format!("{sign}{blank} {part}"),
                };
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
    }

    /// Writes the former texts of a field if there are several.
    fn write_former(
        &mut self,
        out: &mut String,
        decision: &PlanDecision<'a>,
        variant: &DecisionVariant<'a>,
        field: &FoldedField,
    ) {
        let is_edit = matches!(field.change, FieldChangeContent::Edit { .. });
        if field.former.len() < 2 || is_edit || variant.example.matches.is_some() {
            return;
        }
        let shown = match self.view.part.rows.is_empty() {
            true => SHOWN_FORMER,
            false => field.former.len(),
        };
        let name = if variant.fields.len() > 1 { format!("{} ", safe(&field.name)) } else { String::new() };
        for (value, indices) in field.former.iter().take(shown) {
            let records: Vec<&VariantRecord<'a>> =
                indices.iter().filter_map(|&index| variant.records.get(index)).collect();
            let who = self.record_words(&records);
            let by = match authors(records.iter().copied()).as_slice() {
                [only] => format!(" ({only})"),
                _ => String::new(),
            };
            let left = format!("{name}was {}{by}", value_words(value, &self.names));
            self.write_aligned(out, DETAIL_INDENT, Style::new(), &left, &who);
        }
        let rest = field.former.get(shown..).unwrap_or_default();
        if !rest.is_empty() {
            let zones: usize = rest.iter().map(|(_, indices)| indices.len()).sum();
            let place = format!("{}:{}", decision.provenance.span.file, decision.provenance.span.start.line);
            let words = format!("and {} other texts in {zones} records: `--row {place}`", rest.len());
            self.write_detail(out, &words);
        }
    }

    /// Returns words for the zones or subjects of some records.
    fn record_words(&mut self, records: &[&VariantRecord<'a>]) -> String {
        let zones = self.names.in_order(records.iter().map(|record| record.zone()));
        let subjects = self.names.in_order(records.iter().filter_map(|record| record.subject));
        let found = if zones.len() == 1 && !subjects.is_empty() { subjects } else { zones };
        self.names.words(&found, &found, &[], ZoneWordsForm::Short, &mut self.sets)
    }

    /// Returns the remarks of one variant.
    fn remarks(&self, variant: &DecisionVariant<'a>) -> Vec<String> {
        let change = variant.example;
        let mut remarks = Vec::new();
        if change.difference == DifferenceType::Detached {
            remarks.push("detached from the network".to_owned());
        }
        remarks.extend(match (change.origin, variant.records.len()) {
            (Some(ChangeOrigin::Drifted), _) => Some(self.drifted(variant)),
            (Some(ChangeOrigin::Pending), _) if self.is_drift => Some("pending: not applied yet".to_owned()),
            (None, _) if self.is_drift => authors(variant.records.iter()).first().cloned(),
            (Some(ChangeOrigin::Pending | ChangeOrigin::Conflict) | None, _) => None,
        });
        remarks.extend(conflict::conflict_lines(change));
        remarks.extend(variant.reason.as_ref().map(|reason| match reason.plain() {
            Some(reason) => safe(reason),
            None => text_words(reason, &self.names).trim_matches('"').to_owned(),
        }));
        remarks.extend(match change.mode {
            ApplyMode::Report => Some("only reported".to_owned()),
            ApplyMode::Postponed => Some("left for a later apply".to_owned()),
            ApplyMode::KeptTheirs => Some("left to the zone".to_owned()),
            ApplyMode::Apply | ApplyMode::Manual => None,
        });
        remarks.extend(variant.deferral.map(|deferral| format!("held back: {deferral}")));
        remarks
    }

    fn drifted(&self, variant: &DecisionVariant<'a>) -> String {
        let has_several_former = variant.fields.iter().any(|field| field.former.len() > 1);
        let found = authors(variant.records.iter());
        let words = "drifted since the last apply";
        match found.as_slice() {
            [] => format!("{words}; Alma does not say who changed it"),
            [only] => format!("{words}, {only}"),
            _ if has_several_former => words.to_owned(),
            several if several.len() <= SHOWN_AUTHORS => format!("{words}, {}", several.join("; ")),
            several => format!("{words}, by {} people", several.len()),
        }
    }

    /// Writes the notes and the authors of a section, each once, with the lines of the rows.
    pub(super) fn write_remarks(&self, out: &mut String, rows: &[&PlanDecision<'a>]) {
        let mut remarks: Vec<(String, BTreeSet<u32>)> = Vec::new();
        let mut add = |text: String, line: u32| match remarks.iter_mut().find(|(known, _)| *known == text) {
            Some((_, lines)) => {
                lines.insert(line);
            }
            None => remarks.push((text, [line].into())),
        };
        let line_of = |row: &PlanDecision<'_>| row.provenance.span.start.line;
        for row in rows {
            for note in row.variants.iter().flat_map(|variant| &variant.notes) {
                let text = note.plain().map_or_else(|| note.to_string(), str::to_owned);
                add(safe(text), line_of(row));
            }
        }
        for row in rows.iter().filter(|_| !self.is_drift) {
            let not_drifted =
                row.variants.iter().filter(|variant| variant.example.origin != Some(ChangeOrigin::Drifted));
            let found = authors(not_drifted.flat_map(|variant| &variant.records));
            match found.as_slice() {
                [] => {}
                several if several.len() <= SHOWN_AUTHORS => {
                    several.iter().for_each(|author| add(format!("last changed {author}"), line_of(row)));
                }
                several => add(format!("last changed by {} people", several.len()), line_of(row)),
            }
        }
        for variable in self.variables(rows) {
            self.write_remark(out, &variable);
        }
        let all: BTreeSet<u32> = rows.iter().map(|row| line_of(row)).collect();
        for (text, lines) in remarks {
            let lines = match lines == all {
                true => String::new(),
                false => {
                    let lines: Vec<String> = lines.iter().map(|line| format!(":{line}")).collect();
                    format!("{}  ", lines.join(" "))
                }
            };
            self.write_remark(out, &format!("{lines}{text}"));
        }
    }

    fn write_remark(&self, out: &mut String, text: &str) {
        for (index, line) in self.view.lines(text, DETAIL_INDENT).into_iter().enumerate() {
            let line =
                if index == 0 { line.get(DETAIL_INDENT - ROW_INDENT..).unwrap_or_default() } else { &line };
            let _ = writeln!(out, "{}", styled(DIM, line));
        }
    }

    /// Returns a sentence with the values of each variable that the section names.
    fn variables(&self, rows: &[&PlanDecision<'a>]) -> Vec<String> {
        let mut zones: BTreeMap<String, BTreeSet<&ZoneCode>> = BTreeMap::new();
        for variant in rows.iter().flat_map(|row| &row.variants) {
            let used = variant.variables();
            for name in used {
                let members = variant.records.iter().map(|record| record.subject.unwrap_or(record.zone()));
                zones.entry(name.to_string()).or_default().extend(members);
            }
        }
        let times = if self.view.unicode { "×" } else { "x" };
        let sentence = |(name, zones): (String, BTreeSet<&ZoneCode>)| {
            let mut values: BTreeMap<&str, usize> = BTreeMap::new();
            for zone in zones {
                let value = self.names.zone(zone.as_str()).and_then(|zone| zone.vars.get(&*name));
                *values.entry(value.map_or("(unset)", |value| value)).or_default() += 1;
            }
            let mut values: Vec<(&str, usize)> = values.into_iter().collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            let words: Vec<String> =
                values.iter().map(|(value, number)| format!("{} {times}{number}", safe(value))).collect();
            format!("{{{}}} is {}", safe(name), words.join(", "))
        };
        zones.into_iter().map(sentence).collect()
    }
}

/// Returns the key of a variant's records, without empty parts.
pub(super) fn key_text(variant: &DecisionVariant<'_>, names: &ZoneNames<'_>) -> String {
    let parts = variant.key.iter().map(|(_, value)| key_words(value, names));
    parts.filter(|part| !part.is_empty()).collect::<Vec<String>>().join("|")
}

/// Returns the name of a collection. A table whose code is a number keeps its type.
pub(super) fn collection_name(id: &CollectionId) -> String {
    let language = id.language.as_ref().map(|language| format!("[{language}]")).unwrap_or_default();
    let name = match &id.table {
        TableName::Code(code) if code.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{}/{code}", id.kind)
        }
        TableName::Code(_) | TableName::Title(_) | TableName::Whole => id.name(),
    };
    safe(format_args!("{name}{language}"))
}

/// Returns the sign of a variant with its style.
fn sign(variant: &DecisionVariant<'_>) -> (Style, char) {
    let change = variant.example;
    match (change.mode, change.action) {
        _ if change.origin == Some(ChangeOrigin::Conflict) || variant.deferral.is_some() => (REMOVE, '!'),
        (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => (DIM, '.'),
        (ApplyMode::Manual, _) => (HAND, '>'),
        (ApplyMode::Apply, ChangeAction::Create) => (ADD, '+'),
        (ApplyMode::Apply, ChangeAction::Update) => (CHANGE, '~'),
        (ApplyMode::Apply, ChangeAction::Delete) => (REMOVE, '-'),
    }
}

/// Returns true for fields that each new record has.
fn is_hidden(variant: &DecisionVariant<'_>, field: &FoldedField) -> bool {
    variant.action() == ChangeAction::Create
        && (field.is_default || matches!(&field.change, FieldChangeContent::Set(FoldedValue::Null)))
}

/// Returns true if a field needs several lines.
fn is_block(field: &FoldedField) -> bool {
    let has_lines = |value: &FoldedValue| multiline_text(value).is_some();
    match &field.change {
        FieldChangeContent::Set(value) => {
            has_lines(value) || field.former.iter().any(|(before, _)| has_lines(before))
        }
        FieldChangeContent::Removed(value) => has_lines(value),
        FieldChangeContent::Edit { .. } => false,
    }
}

/// Returns the counts of a section: `+24 ~3 -1`.
pub(super) fn counts(rows: &[&PlanDecision<'_>]) -> String {
    let mut counts: BTreeMap<usize, (char, usize)> = BTreeMap::new();
    for variant in rows.iter().flat_map(|row| &row.variants) {
        let (order, sign) = match (variant.example.mode, variant.action()) {
            (ApplyMode::Apply, ChangeAction::Create) => (0, '+'),
            (ApplyMode::Apply, ChangeAction::Update) => (1, '~'),
            (ApplyMode::Apply, ChangeAction::Delete) => (2, '-'),
            (ApplyMode::Manual, _) => (3, '>'),
            (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => (4, '.'),
        };
        counts.entry(order).or_insert((sign, 0)).1 += variant.records.len();
    }
    let counts: Vec<String> =
        counts.values().map(|(sign, number)| format!("{sign}{}", thousands(*number as u64))).collect();
    counts.join(" ")
}

/// Returns the different authors of records with their dates, in order of appearance: `by m.tremblay,
/// 2023-09-14`.
fn authors<'r, 'a: 'r>(records: impl IntoIterator<Item = &'r VariantRecord<'a>>) -> Vec<String> {
    let mut found = Vec::new();
    for VariantRecord { change, .. } in records {
        let date = change.update_date.as_deref().map(|date| safe(date.get(..10).unwrap_or(date)));
        let author = match (change.updated_by.as_deref().map(safe), date) {
            (Some(by), Some(date)) => format!("by {by}, {date}"),
            (Some(by), None) => format!("by {by}"),
            (None, Some(date)) => format!("on {date}"),
            (None, None) => continue,
        };
        if !found.contains(&author) {
            found.push(author);
        }
    }
    found
}

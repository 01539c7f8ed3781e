//! Rows of a plan's text: line, sign, key, fields and zones.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::Style;

use super::changes::action_sign;
use super::decisions::{DecisionWriter, RowForm};
use super::formatting::{ADD, DIM, REMOVE, safe, styled, thousands, width};
use super::line_differences::marked_line;
use super::row_remarks::authors;
use crate::model::{ChangeAction, ChangeOrigin};
use crate::render::decisions::row_words::{
    SHOWN_FORMER, has_several_former, is_multiline, is_usual_field, key_text, library_words,
};
use crate::render::decisions::value_words::{change_words, edit_words, multiline_text, value_words};
use crate::render::decisions::{
    DecisionVariant, FieldChangeContent, FoldedField, FoldedValue, PlanDecision, VariantRecord, ZoneWordsForm,
};
use crate::render::text_difference::{DiffLine, diff_texts};
use crate::render::word_difference::line_parts;

/// Columns before the content of a row: line number and sign.
pub(super) const ROW_INDENT: usize = 8;
/// Columns before the further lines of a row.
pub(super) const DETAIL_INDENT: usize = 10;

impl<'a> DecisionWriter<'a> {
    /// Writes a row: line number, sign, key, fields and zones.
    pub(super) fn write_variant(
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
        let key = key_text(variant, &self.names);
        let who = self.names.variant_words(decision, variant, &mut self.sets);
        let who = match library_words(variant) {
            libraries if libraries.is_empty() => self.view.signs(&who),
            libraries => self.view.signs(&format!("{who}, in {libraries}")),
        };
        let (inline, blocks): (Vec<&FoldedField>, Vec<&FoldedField>) = variant
            .fields
            .iter()
            .filter(|field| !is_usual_field(variant, field))
            .partition(|field| !is_multiline(field));
        let fields: Vec<String> =
            inline.iter().map(|field| self.field(variant, field, inline.len())).collect();
        // In a diff, the sign stands first, and `!` marks a change.
        let head = match (self.form, sign) {
            (RowForm::Terminal, _) => format!("{line:>5} {sign} "),
            (RowForm::Diff, '~') => format!("!{line:>5}  "),
            (RowForm::Diff, '+' | '-' | '!') => format!("{sign}{line:>5}  "),
            (RowForm::Diff, _) => format!(" {line:>4} {sign} "),
        };
        let joined = fields.join(self.view.separator());
        let content = match (key.is_empty(), joined.is_empty()) {
            (true, _) => joined,
            (false, true) => key.clone(),
            (false, false) => format!("{key}  {joined}"),
        };
        let fits = |text: &str| ROW_INDENT + width(text) + 2 + width(&who) <= self.view.width;
        let styled_head = |text: &str| {
            let head = head.replacen(sign, &styled(style, sign), 1);
            format!("{head}{text}").trim_end().to_owned()
        };
        let is_one_line = fits(&content);
        let first = if is_one_line { &content } else { &key };
        if fits(first) {
            let gap = self.view.width - ROW_INDENT - width(first) - width(&who);
            let _ = writeln!(out, "{}{}{who}", styled_head(first), " ".repeat(gap));
        } else {
            for (index, line) in self.view.lines(first, ROW_INDENT).iter().enumerate() {
                let _ = match index {
                    0 => writeln!(out, "{}", styled_head(line.trim_start())),
                    _ => writeln!(out, "{line}"),
                };
            }
            self.write_detail(out, &format!("at {who}"));
        }
        if !is_one_line {
            self.write_segments(out, &fields);
        }
        for field in blocks {
            self.write_block(out, field);
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
        self.write_indented(out, DETAIL_INDENT, text);
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
    fn write_block(&self, out: &mut String, field: &FoldedField) {
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
        let lines = diff_texts(&before, &after);
        for (line, parts) in lines.iter().zip(line_parts(&lines)) {
            let (style, sign, text) = match line {
                DiffLine::Unchanged(text) => (Style::new(), ' ', text.clone()),
                DiffLine::Removed(text) => (REMOVE, '-', text.clone()),
                DiffLine::Added(text) => (ADD, '+', text.clone()),
                DiffLine::Omitted(number) => {
                    (DIM, ' ', format!("({} unchanged lines)", thousands(*number as u64)))
                }
            };
            let blank = " ".repeat(DETAIL_INDENT);
            let wrapped = self.view.lines(&text, DETAIL_INDENT + 2);
            let is_whole = wrapped.len() == 1 && self.form == RowForm::Terminal;
            for (index, part) in wrapped.iter().enumerate() {
                let sign = if index == 0 { sign } else { ' ' };
                let part = match is_whole && parts.len() > 1 {
                    true => marked_line(&parts, style).into(),
                    false => Cow::Borrowed(part.get(DETAIL_INDENT + 2..).unwrap_or_default()),
                };
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
        if !has_several_former(variant, field) {
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
}

/// Returns the sign of a variant with its style.
fn sign(variant: &DecisionVariant<'_>) -> (Style, char) {
    let change = variant.example;
    match change.origin == Some(ChangeOrigin::Conflict) || variant.deferral.is_some() {
        true => (REMOVE, '!'),
        false => action_sign(change.mode, change.action),
    }
}

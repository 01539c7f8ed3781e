//! Remarks on the rows of a plan's text: origin, conflict, reason, notes, authors and variables.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::conflict;
use super::decision_row::{DETAIL_INDENT, ROW_INDENT};
use super::decisions::DecisionWriter;
use super::formatting::{DIM, safe, styled};
use crate::model::{ChangeOrigin, DifferenceType, ZoneCode};
use crate::render::decisions::row_words::mode_words;
use crate::render::decisions::value_words::sentence_words;
use crate::render::decisions::{DecisionVariant, PlanDecision, VariantRecord};

/// Most authors of a section in the text.
const SHOWN_AUTHORS: usize = 3;

impl<'a> DecisionWriter<'a> {
    /// Returns the remarks of one variant.
    pub(super) fn remarks(&self, variant: &DecisionVariant<'a>) -> Vec<String> {
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
        remarks.extend(variant.reason.as_ref().map(|reason| sentence_words(reason, &self.names)));
        remarks.extend(mode_words(change.mode).map(str::to_owned));
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

/// Returns the different authors of records with their dates, in order of appearance: `by m.tremblay,
/// 2023-09-14`.
pub(super) fn authors<'r, 'a: 'r>(records: impl IntoIterator<Item = &'r VariantRecord<'a>>) -> Vec<String> {
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

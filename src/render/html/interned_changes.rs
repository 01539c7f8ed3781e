//! Interned changes: desired values, separate from the observed values of a zone.
//!
//! Most zones share desired values but differ in observed values. An intent contains action, key, fields
//! and desired values, and appears once. A change refers to an intent and adds location and previous
//! values. A collection of a zone refers to its changes as number ranges.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::detail_level::{DetailLevel, LONG};
use super::interner::{InternedValue, Interner};
use crate::model::{
    ApplyMode, Change, ChangeAction, DifferenceType, FieldChange, FieldName, FieldValue, Provenance,
    SourceSpan,
};
use crate::render::{runbook, text};

/// Number or list of numbers. Lists of these omit trailing zeros and empty lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum CompactNumbers {
    /// Single number.
    One(u32),
    /// List of numbers.
    Many(Vec<u32>),
}

impl CompactNumbers {
    /// Returns the minimum size in bytes, with separator.
    fn weight(&self) -> usize {
        match self {
            Self::One(number) => digits(*number),
            Self::Many(numbers) => numbers.iter().copied().map(digits).sum::<usize>() + 2,
        }
    }
}

/// Returns the number of digits of a number, plus 1 for the separator.
fn digits(number: u32) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 2
}

/// All values referenced from cells by number.
#[derive(Debug)]
pub struct InternedChanges<'a> {
    detail: DetailLevel,
    /// Texts and values.
    pub atoms: Interner<InternedValue<'a>>,
    /// Locations: file, line, column, manifest, override number from 1.
    pub places: Interner<[u32; 5]>,
    /// Intents: action, key, fields and desired values.
    pub intents: Interner<Vec<CompactNumbers>>,
    /// Changes: intent, location of the declaration, previous values.
    pub changes: Interner<CompactNumbers>,
    /// Change sets: first number and length of each range.
    pub sets: Interner<Vec<u32>>,
    /// Record keys by type of change, used in place of sets if only keys fit.
    pub named: Interner<Vec<(u32, Vec<String>)>>,
    /// Records: fields and values.
    pub records: Interner<Vec<u32>>,
    /// Extras of a cell's changes: author, date, unchanged fields.
    pub extras: Interner<Vec<u32>>,
    /// Minimum size of the content in bytes.
    pub weight: usize,
}

impl<'a> InternedChanges<'a> {
    /// Returns an empty table, with number 0 for null and for the empty set.
    pub fn new(detail: DetailLevel) -> Self {
        let mut intents = Self {
            detail,
            atoms: Interner::default(),
            places: Interner::default(),
            intents: Interner::default(),
            changes: Interner::default(),
            sets: Interner::default(),
            named: Interner::default(),
            records: Interner::default(),
            extras: Interner::default(),
            weight: 0,
        };
        intents.atom(InternedValue::Null);
        intents.places.intern([0; 5]);
        intents.sets.intern(Vec::new());
        intents.named.intern(Vec::new());
        intents.records.intern(Vec::new());
        intents.extras.intern(Vec::new());
        intents
    }

    /// Returns the number of a text.
    pub fn intern_text(&mut self, text: impl Into<Cow<'a, str>>) -> u32 {
        self.atom(InternedValue::Text(text.into()))
    }

    /// Returns the number of an optional text, 0 if absent.
    pub fn perhaps(&mut self, text: Option<&'a str>) -> u32 {
        text.map_or(0, |text| self.intern_text(text))
    }

    /// Returns the number of a declaration's location.
    pub fn place(&mut self, provenance: &'a Provenance) -> u32 {
        let Provenance { span: SourceSpan { file, start, end: _ }, manifest, override_index } = provenance;
        let place = [
            self.intern_text(&**file),
            start.line,
            start.column,
            self.intern_text(&**manifest),
            override_index.map_or(0, |index| index.saturating_add(1)),
        ];
        let (before, weight) = (self.places.len(), place.map(digits).iter().sum::<usize>() + 1);
        let number = self.places.intern(place);
        if self.places.len() > before {
            self.weight += weight;
        }
        number
    }

    /// Returns the numbers of the set and the extras of a collection's changes.
    pub fn set(&mut self, changes: &'a [Change]) -> (u32, u32) {
        if self.detail >= DetailLevel::Keys {
            return (if self.detail == DetailLevel::Keys { self.names(changes) } else { 0 }, 0);
        }
        let mut ranges: Vec<u32> = Vec::new();
        let mut extras = Vec::new();
        for change in changes {
            let number = self.change(change);
            match ranges.as_mut_slice() {
                [.., first, count] if *first + *count == number => *count += 1,
                _ => ranges.extend([number, 1]),
            }
            if self.detail == DetailLevel::Everything {
                extras.extend(self.extra(change));
            }
        }
        if extras.iter().all(|number| *number == 0) {
            extras.clear();
        }
        let (before, weight) = (self.extras.len(), extras.iter().copied().map(digits).sum::<usize>());
        let extras = self.extras.intern(extras);
        if self.extras.len() > before {
            self.weight += weight;
        }
        (self.sets.intern(ranges), extras)
    }

    /// Returns the number of the record keys of a collection, separated by type of change.
    fn names(&mut self, changes: &'a [Change]) -> u32 {
        let mut sorts: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut weight = 0;
        for change in changes {
            let key = change.matches.as_ref().unwrap_or(&change.key);
            let texts: Vec<String> = key.iter().map(|(_, value)| value.texts().join(", ")).collect();
            let name = texts.join(", ");
            weight += name.len() + 3;
            sorts.entry(sign(change)).or_default().push(name);
        }
        let before = self.named.len();
        let number = self.named.intern(sorts.into_iter().collect());
        if self.named.len() > before {
            self.weight += weight;
        }
        number
    }

    fn change(&mut self, change: &'a Change) -> u32 {
        let mut parts = vec![self.intent(change)];
        if self.detail < DetailLevel::Wanted {
            parts.push(self.place(&change.provenance));
            match change.action {
                ChangeAction::Create => {}
                ChangeAction::Update => {
                    for edit in &change.field_changes {
                        parts.push(edit.before.as_ref().map_or(0, |value| self.value(value)));
                    }
                }
                ChangeAction::Delete => parts.push(self.record(change.before.iter())),
            }
        }
        while parts.len() > 1 && parts.last() == Some(&0) {
            parts.pop();
        }
        let weight = parts.iter().map(|number| digits(*number)).sum::<usize>() + 1;
        let before = self.changes.len();
        let part =
            if let [intent] = parts[..] { CompactNumbers::One(intent) } else { CompactNumbers::Many(parts) };
        let number = self.changes.intern(part);
        if self.changes.len() > before {
            self.weight += weight;
        }
        number
    }

    fn intent(&mut self, change: &'a Change) -> u32 {
        let by_hand = change.mode == ApplyMode::Manual;
        let name = |all: &mut Self, field: &'a FieldName| match by_hand {
            true => all.intern_text(runbook::label(field)),
            false => all.intern_text(&**field),
        };
        let key = change.matches.as_ref().unwrap_or(&change.key);
        let mut named = Vec::new();
        for (field, value) in key {
            named.push(name(self, field));
            named.push(self.intern_value(value));
        }
        let mut parts = vec![CompactNumbers::One(sign(change)), CompactNumbers::Many(named)];
        // The key fields of a manual step appear once.
        let is_key = |field: &FieldName| by_hand && key.iter().any(|(key, _)| key == field);
        let mut edits = Vec::new();
        for FieldChange { field, name: known, before: _, after, provenance } in &change.field_changes {
            let after = if self.detail < DetailLevel::Names { self.value(after) } else { 0 };
            // A field change has its own location only if another manifest or override declares the field.
            let says = |by: &'a Provenance| (&by.manifest, by.override_index);
            let other = says(provenance) != says(&change.provenance);
            let place = if other && self.detail < DetailLevel::Wanted { self.place(provenance) } else { 0 };
            let (word, shown) = if is_key(field) { (0, 0) } else { (name(self, known), after) };
            edits.extend([word, shown, place]);
        }
        parts.push(CompactNumbers::Many(edits));
        let reason = change.reason.as_deref();
        parts.push(CompactNumbers::One(self.perhaps(reason)));
        let moved = change.origin.map(|origin| Cow::Borrowed(text::origin_text(origin)));
        // Conflict details appear only on pages that show observed values.
        let conflict = match self.detail < DetailLevel::Wanted {
            true => text::conflict(change),
            false => Vec::new(),
        };
        let notes = moved.into_iter().chain(conflict.into_iter().map(Cow::Owned));
        let notes = notes.chain(change.notes.iter().map(|note| Cow::Borrowed(&**note)));
        let notes = notes.map(|note| self.intern_text(note)).collect();
        parts.push(CompactNumbers::Many(notes));
        while matches!(parts.last(), Some(CompactNumbers::One(0)))
            || parts.last() == Some(&CompactNumbers::Many(Vec::new()))
        {
            parts.pop();
        }
        let before = self.intents.len();
        let weight = parts.iter().map(CompactNumbers::weight).sum::<usize>() + 1;
        let number = self.intents.intern(parts);
        if self.intents.len() > before {
            self.weight += weight;
        }
        number
    }

    fn extra(&mut self, change: &'a Change) -> [u32; 3] {
        let by = self.perhaps(change.updated_by.as_deref());
        let when = self.perhaps(change.update_date.as_deref());
        let stays = |field: &FieldName| {
            !change.field_changes.iter().any(|edit| edit.name == *field || edit.field == *field)
        };
        let rest = match change.action {
            ChangeAction::Update => self.record(change.before.iter().filter(|(field, _)| stays(field))),
            ChangeAction::Create | ChangeAction::Delete => 0,
        };
        [by, when, rest]
    }

    fn record(&mut self, fields: impl Iterator<Item = (&'a FieldName, &'a FieldValue)>) -> u32 {
        let mut record = Vec::new();
        for (field, value) in fields.filter(|(_, value)| **value != FieldValue::Null) {
            record.push(self.intern_text(&**field));
            record.push(self.value(value));
        }
        let (before, weight) = (self.records.len(), record.iter().copied().map(digits).sum::<usize>());
        let number = self.records.intern(record);
        if self.records.len() > before {
            self.weight += weight;
        }
        number
    }

    /// Returns the number of a value, or of its length if the value is too long for the page.
    fn value(&mut self, value: &'a FieldValue) -> u32 {
        let length = value.texts().iter().map(|text| text.chars().count()).sum();
        match self.detail >= DetailLevel::Short && length > LONG {
            true => self.atom(InternedValue::Long([length])),
            false => self.intern_value(value),
        }
    }

    fn intern_value(&mut self, value: &'a FieldValue) -> u32 {
        self.atom(value.into())
    }

    fn atom(&mut self, atom: InternedValue<'a>) -> u32 {
        let (before, weight) = (self.atoms.len(), atom.weight() + 3);
        let number = self.atoms.intern(atom);
        if self.atoms.len() > before {
            self.weight += weight;
        }
        number
    }
}

/// Returns the type of a change, as an index into [`signs`].
fn sign(change: &Change) -> u32 {
    let each = u32::from(change.matches.is_some());
    let detached = u32::from(change.difference == DifferenceType::Detached);
    change.action as u32 + 3 * change.mode as u32 + 15 * detached + 30 * each
}

/// Returns the texts for each type of change: symbol, effect on the record, manual instruction.
pub fn signs() -> Vec<[&'static str; 3]> {
    let mut signs = Vec::new();
    for of_each in [None, Some(runbook::EACH)] {
        for drift in [DifferenceType::Value, DifferenceType::Detached] {
            for mode in [
                ApplyMode::Apply,
                ApplyMode::Report,
                ApplyMode::Manual,
                ApplyMode::Postponed,
                ApplyMode::KeptTheirs,
            ] {
                for action in [ChangeAction::Create, ChangeAction::Update, ChangeAction::Delete] {
                    let symbol = match (mode, action) {
                        (ApplyMode::Apply, ChangeAction::Create) => "+",
                        (ApplyMode::Apply, ChangeAction::Update) => "~",
                        (ApplyMode::Apply, ChangeAction::Delete) => "−",
                        (ApplyMode::Report | ApplyMode::Postponed | ApplyMode::KeptTheirs, _) => ".",
                        (ApplyMode::Manual, _) => ">",
                    };
                    let asked = match (mode, action, of_each) {
                        (ApplyMode::Manual, ChangeAction::Update, Some(each)) => each,
                        (ApplyMode::Manual, _, _) => runbook::instruction(action),
                        (
                            ApplyMode::Apply
                            | ApplyMode::Report
                            | ApplyMode::Postponed
                            | ApplyMode::KeptTheirs,
                            _,
                            _,
                        ) => "",
                    };
                    signs.push([symbol, text::fate(mode, action, drift), asked]);
                }
            }
        }
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::super::detail_level::DetailLevel;
    use super::InternedChanges;
    use crate::model::{Provenance, SourceSpan};

    #[test]
    fn largest_override_number_of_a_plan_file_does_not_overflow() {
        let span = SourceSpan::file("a.yaml");
        let provenance = Provenance { span, manifest: "Letter/a".into(), override_index: Some(u32::MAX) };
        let mut interned = InternedChanges::new(DetailLevel::Everything);
        assert_ne!(interned.place(&provenance), 0);
    }
}

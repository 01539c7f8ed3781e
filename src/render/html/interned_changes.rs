//! Changes, each once: what is wanted of a record, and beside it what a zone holds instead.
//!
//! Zones mostly want the same and hold different things. So an intent (action, key, fields, values that
//! are wanted) is written once, a change names its intent and adds where it is declared and what was
//! there before, and a collection of a zone names its changes as ranges.

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

/// A number, or some. Rows of these lose what is zero or empty at their end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum CompactNumbers {
    /// One.
    One(u32),
    /// Some.
    Many(Vec<u32>),
}

impl CompactNumbers {
    /// Bytes of it at the least, with what stands behind it.
    fn weight(&self) -> usize {
        match self {
            Self::One(number) => digits(*number),
            Self::Many(numbers) => numbers.iter().copied().map(digits).sum::<usize>() + 2,
        }
    }
}

/// How many digits a number has, and one for what stands behind it.
fn digits(number: u32) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 2
}

/// Everything that cells refer to by number.
#[derive(Debug)]
pub struct InternedChanges<'a> {
    detail: DetailLevel,
    /// Texts and values.
    pub atoms: Interner<InternedValue<'a>>,
    /// Places: file, line, column, manifest, override from 1.
    pub places: Interner<[u32; 5]>,
    /// What is wanted.
    pub intents: Interner<Vec<CompactNumbers>>,
    /// An intent, where it is declared, and what is there before.
    pub changes: Interner<CompactNumbers>,
    /// First and number of changes that follow each other.
    pub sets: Interner<Vec<u32>>,
    /// Where there is room for keys alone, in place of sets: of each sort of change, the keys.
    pub named: Interner<Vec<(u32, Vec<String>)>>,
    /// Fields and values.
    pub records: Interner<Vec<u32>>,
    /// Of each change of a cell: who, when, what else the record holds.
    pub extras: Interner<Vec<u32>>,
    /// Bytes that it takes at the least.
    pub weight: usize,
}

impl<'a> InternedChanges<'a> {
    /// None yet. Nothing, and the empty set, have the number 0.
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

    /// A text.
    pub fn intern_text(&mut self, text: impl Into<Cow<'a, str>>) -> u32 {
        self.atom(InternedValue::Text(text.into()))
    }

    /// A text, or the number of nothing.
    pub fn perhaps(&mut self, text: Option<&'a str>) -> u32 {
        text.map_or(0, |text| self.intern_text(text))
    }

    /// A place in the manifests.
    pub fn place(&mut self, provenance: &'a Provenance) -> u32 {
        let Provenance { span: SourceSpan { file, start, end: _ }, manifest, override_index } = provenance;
        let place = [
            self.intern_text(&**file),
            start.line,
            start.column,
            self.intern_text(&**manifest),
            override_index.map_or(0, |index| index + 1),
        ];
        let (before, weight) = (self.places.len(), place.map(digits).iter().sum::<usize>() + 1);
        let number = self.places.intern(place);
        if self.places.len() > before {
            self.weight += weight;
        }
        number
    }

    /// The changes of a collection: the number of their set, and that of what else is told of them.
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

    /// The keys of a collection's changes, of each sort apart.
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
        // What tells a record from others is not typed twice.
        let is_key = |field: &FieldName| by_hand && key.iter().any(|(key, _)| key == field);
        let mut edits = Vec::new();
        for FieldChange { field, name: known, before: _, after, provenance } in &change.field_changes {
            let after = if self.detail < DetailLevel::Names { self.value(after) } else { 0 };
            // The record's own place says enough, unless somebody else says so.
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
        // Who was there last, and what it held, is told beside what it holds.
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

    /// A value, unless it is too long for this page.
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

/// A change by what is said of it: the position in [`signs`].
fn sign(change: &Change) -> u32 {
    let each = u32::from(change.matches.is_some());
    let detached = u32::from(change.difference == DifferenceType::Detached);
    change.action as u32 + 3 * change.mode as u32 + 15 * detached + 30 * each
}

/// What is said of each sort of change: its sign, what becomes of the record, what a person is told.
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

//! Settings table for questions: rows with fields by display name, each with its source.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Amendment, AmendmentOperation, AmendmentResult, Change, ChangeAction, DesiredRecord, Enforcement,
    FieldAmendment, FieldName, FieldValue, ObservedRecord, Provenance, ReasonSource, RecordAddress,
};

/// Settings of one collection of one zone.
#[derive(Debug, Clone)]
pub struct SettingsTable {
    /// Completeness: all rows, or declared rows only.
    pub extent: TableCompleteness,
    /// Rows, present and known to be absent.
    pub rows: Vec<SettingsRow>,
    /// Amendments of undeclared rows.
    pub amendments: Vec<Amendment>,
    /// Fields by the names that people use.
    pub aliases: BTreeMap<FieldName, FieldName>,
}

/// Completeness of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableCompleteness {
    /// All rows known.
    Complete,
    /// Only declared rows known; the zone may have more.
    DeclaredOnly,
}

/// Returns true if two amendments have the same result.
///
/// A missing target has no effect on answers, so its requirement does not count.
fn wants_the_same(a: &Amendment, b: &Amendment) -> bool {
    let Amendment { select, expected: _, amends, enforcement: _, provenance: _ } = a;
    let result = |amend: &FieldAmendment| (amend.field.clone(), amend.to.clone());
    *select == b.select && amends.iter().map(result).eq(b.amends.iter().map(result))
}

/// Row of a settings table.
#[derive(Debug, Clone)]
pub struct SettingsRow {
    fields: BTreeMap<FieldName, (FieldValue, Option<Arc<Provenance>>)>,
    /// Presence of the row.
    pub presence: RowPresence,
    /// Source of the row, for fields without a source of their own.
    ground: ReasonSource,
    /// Meaning of a missing field.
    silence: MissingFieldMeaning,
}

/// Meaning of a missing field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFieldMeaning {
    /// Empty, or Alma's default: the row is complete.
    Default,
    /// Unchanged in the zone, with an unknown value: manifests declare only desired fields.
    Unknown,
}

/// Presence of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPresence {
    /// Present.
    Present,
    /// Known to be absent.
    Absent,
}

impl SettingsRow {
    /// Returns the declared row; `None` for other enforcement than `enforce`.
    pub fn from_desired(record: &DesiredRecord) -> Option<Self> {
        match record.enforcement {
            Enforcement::Enforce => {}
            // An existing record keeps the zone's values.
            Enforcement::CreateOnly | Enforcement::Report | Enforcement::Unmanage => return None,
        }
        let fields = record.fields.iter().map(|(field, desired)| {
            (field.clone(), (desired.value.clone(), Some(Arc::new(desired.provenance.clone()))))
        });
        Some(Self {
            fields: fields.collect(),
            presence: if record.absent { RowPresence::Absent } else { RowPresence::Present },
            ground: ReasonSource::Declared(record.provenance.clone()),
            silence: MissingFieldMeaning::Unknown,
        })
    }

    /// Returns the observed row of a zone.
    pub fn from_observed(address: RecordAddress, record: &ObservedRecord) -> Self {
        let fields = record.fields.iter().map(|(field, value)| (field.clone(), (value.clone(), None)));
        Self {
            fields: fields.collect(),
            presence: RowPresence::Present,
            ground: ReasonSource::Observed {
                address: Box::new(address),
                updated_by: record.updated_by.clone(),
                update_date: record.update_date.clone(),
            },
            silence: MissingFieldMeaning::Default,
        }
    }

    /// Returns an attested row. Only the attested fields are known.
    pub fn from_attestation(address: RecordAddress, record: &ObservedRecord) -> Self {
        Self {
            ground: ReasonSource::Attested {
                address: Box::new(address.clone()),
                by: record.updated_by.clone(),
                date: record.update_date.clone(),
            },
            silence: MissingFieldMeaning::Unknown,
            ..Self::from_observed(address, record)
        }
    }
}

/// Row with its table, for field names.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    table: &'a SettingsTable,
    /// Row.
    pub row: &'a SettingsRow,
}

impl<'a> RowView<'a> {
    /// Returns a field by the name that people use; `None` if undeclared.
    pub fn get(&self, name: &str) -> Option<&'a FieldValue> {
        self.row.fields.get(self.table.field(name)).map(|(value, _)| value)
    }

    /// Returns a text; `None` for an empty, undeclared or other value.
    pub fn text_field(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_text()
    }

    /// Returns a flag, possibly stored as text; `None` if undeclared.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            FieldValue::Bool(flag) => Some(*flag),
            FieldValue::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            FieldValue::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            FieldValue::Text(_) | FieldValue::List(_) | FieldValue::Null => None,
        }
    }

    /// Returns the texts of a list; none for an empty or undeclared list.
    pub fn texts(&self, name: &str) -> &'a [Arc<str>] {
        self.get(name).map(FieldValue::texts).unwrap_or_default()
    }

    /// Returns true if a list contains a text.
    pub fn lists(&self, name: &str, text: &str) -> bool {
        match self.get(name) {
            // Lists are sorted.
            Some(FieldValue::List(texts)) => texts.binary_search_by(|item| (**item).cmp(text)).is_ok(),
            Some(FieldValue::Text(single)) => **single == *text,
            Some(FieldValue::Bool(_) | FieldValue::Null) | None => false,
        }
    }

    /// Returns the source of a field, or the source of the row for an undeclared field.
    pub fn ground(&self, name: &str) -> ReasonSource {
        match self.row.fields.get(self.table.field(name)) {
            Some((_, Some(provenance))) => ReasonSource::Declared((**provenance).clone()),
            Some((_, None)) | None => self.row.ground.clone(),
        }
    }

    /// Returns the source of the row.
    pub fn ground_of_all(&self) -> ReasonSource {
        self.row.ground.clone()
    }

    /// Returns the meaning of a missing field.
    pub fn silence(&self) -> MissingFieldMeaning {
        self.row.silence
    }

    /// Returns true for an enabled row; a missing `enabled` flag means enabled.
    pub fn is_on(&self) -> bool {
        self.flag("enabled").unwrap_or(true)
    }
}

impl SettingsTable {
    /// Returns a table without rows.
    pub fn new(extent: TableCompleteness) -> Self {
        Self { extent, rows: Vec::new(), amendments: Vec::new(), aliases: BTreeMap::new() }
    }

    /// Returns a field in the collection's own names.
    pub fn field<'b>(&'b self, name: &'b str) -> &'b str {
        self.aliases.get(name).map_or(name, |field| field)
    }

    /// Returns the present rows.
    pub fn entries(&self) -> impl Iterator<Item = RowView<'_>> {
        self.rows_with_presence(RowPresence::Present)
    }

    /// Returns the rows known to be absent.
    pub fn absent_rows(&self) -> impl Iterator<Item = RowView<'_>> {
        self.rows_with_presence(RowPresence::Absent)
    }

    fn rows_with_presence(&self, presence: RowPresence) -> impl Iterator<Item = RowView<'_>> {
        self.rows.iter().filter(move |row| row.presence == presence).map(|row| RowView { table: self, row })
    }

    /// Returns the present row with this text.
    pub fn find(&self, name: &str, text: &str) -> Option<RowView<'_>> {
        self.entries().find(|entry| entry.text_field(name) == Some(text))
    }

    /// Applies the amendments to the declared rows.
    pub fn amend(&mut self) {
        let aliases = &self.aliases;
        let own = |name: &FieldName| aliases.get(name).unwrap_or(name).clone();
        for amendment in &self.amendments {
            let select: Vec<(FieldName, &FieldValue)> =
                amendment.select.iter().map(|(field, value)| (own(field), value)).collect();
            let is_selected = |row: &&mut SettingsRow| {
                row.matches_values(select.iter().map(|(field, value)| (field, *value)))
            };
            for row in self.rows.iter_mut().filter(is_selected) {
                for amend in &amendment.amends {
                    row.amend(&own(&amend.field), &amend.to, &amend.provenance, &own);
                }
            }
        }
    }

    /// Returns true if both tables have the same content, regardless of sources.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { extent, rows, amendments, aliases } = self;
        (extent, aliases) == (&other.extent, &other.aliases)
            && rows.len() == other.rows.len()
            && rows.iter().zip(&other.rows).all(|(a, b)| a.says_the_same(b))
            && amendments.len() == other.amendments.len()
            && amendments.iter().zip(&other.amendments).all(|(a, b)| wants_the_same(a, b))
    }

    /// Applies a change of a plan.
    pub fn change(&mut self, change: &Change) {
        // A manual check of many records does not identify any single one.
        if change.matches.is_some() {
            return;
        }
        let is = |row: &&mut SettingsRow| {
            row.matches_values(change.key.iter().map(|(field, value)| (field, value)))
        };
        let found = self.rows.iter_mut().find(is);
        match (change.action, found) {
            (ChangeAction::Delete, Some(row)) => {
                row.presence = RowPresence::Absent;
                row.ground = ReasonSource::Declared(change.provenance.clone());
            }
            (ChangeAction::Delete, None) => {}
            (ChangeAction::Create | ChangeAction::Update, Some(row)) => row.edit(change),
            (ChangeAction::Create | ChangeAction::Update, None) => {
                let mut row = SettingsRow {
                    fields: change
                        .key
                        .iter()
                        .map(|(field, value)| (field.clone(), (value.clone(), None)))
                        .collect(),
                    presence: RowPresence::Present,
                    ground: ReasonSource::Declared(change.provenance.clone()),
                    silence: MissingFieldMeaning::Default,
                };
                row.edit(change);
                self.rows.push(row);
            }
        }
    }
}

impl SettingsRow {
    /// Returns true if the row has the field, by its own name.
    pub(super) fn has_field(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Returns true if the row is present and has all these values.
    fn matches_values<'v>(&self, mut values: impl Iterator<Item = (&'v FieldName, &'v FieldValue)>) -> bool {
        self.presence == RowPresence::Present && values.all(|(field, value)| self.field_value(field) == value)
    }

    fn field_value(&self, field: &FieldName) -> &FieldValue {
        self.fields.get(field).map_or(&FieldValue::Null, |(value, _)| value)
    }

    fn edit(&mut self, change: &Change) {
        for edit in &change.field_changes {
            let value = (edit.after.clone(), Some(Arc::new(edit.provenance.clone())));
            self.fields.insert(edit.field.clone(), value);
        }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let Self { fields, presence, ground: _, silence } = self;
        let same = |(a, b): (&(FieldValue, _), &(FieldValue, _))| a.0 == b.0;
        (*presence, *silence) == (other.presence, other.silence)
            && fields.keys().eq(other.fields.keys())
            && fields.values().zip(other.fields.values()).all(same)
    }

    fn amend(
        &mut self,
        field: &FieldName,
        to: &AmendmentOperation,
        provenance: &Provenance,
        own: &dyn Fn(&FieldName) -> FieldName,
    ) {
        let operator = to.operator().map(own);
        let word = operator.as_ref().and_then(|by| self.field_value(by).as_text());
        let Some(AmendmentResult { value, operator: other }) = to.apply_to(self.field_value(field), word)
        else {
            return;
        };
        let declared = |value| (value, Some(Arc::new(provenance.clone())));
        self.fields.insert(field.clone(), declared(value));
        if let (Some(other), Some(operator)) = (other, operator) {
            self.fields.insert(operator, declared(FieldValue::from(other)));
        }
    }
}

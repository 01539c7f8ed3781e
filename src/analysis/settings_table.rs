//! One collection as questions read it: rows whose fields are asked for by the names that people use, each with who
//! says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Amendment, AmendmentOperation, AmendmentResult, Change, ChangeAction, DesiredRecord, Enforcement,
    FieldAmendment, FieldName, FieldValue, ObservedRecord, Provenance, ReasonSource, RecordAddress,
};

/// One collection of one zone.
#[derive(Debug, Clone)]
pub struct SettingsTable {
    /// Whether there is anything in it beside the rows.
    pub extent: TableCompleteness,
    /// What it holds, and what is known to be gone.
    pub rows: Vec<SettingsRow>,
    /// What is wanted of rows that nobody has named.
    pub amendments: Vec<Amendment>,
    /// Names that people use for its fields, each with the field it means.
    pub aliases: BTreeMap<FieldName, FieldName>,
}

/// How much of a collection is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableCompleteness {
    /// All of it.
    Complete,
    /// What is named; the zone may hold more.
    DeclaredOnly,
}

/// Whether two amendments come to the same. Whether it is worth telling that there is nothing to amend has no part in
/// an answer.
fn wants_the_same(a: &Amendment, b: &Amendment) -> bool {
    let Amendment { select, expected: _, amends, enforcement: _, provenance: _ } = a;
    let said = |amend: &FieldAmendment| (amend.field.clone(), amend.to.clone());
    *select == b.select && amends.iter().map(said).eq(b.amends.iter().map(said))
}

/// One record.
#[derive(Debug, Clone)]
pub struct SettingsRow {
    fields: BTreeMap<FieldName, (FieldValue, Option<Arc<Provenance>>)>,
    /// Whether it is there.
    pub presence: RowPresence,
    /// Who says so, where a field says nothing else.
    ground: ReasonSource,
    /// What it means that nobody says anything of a field.
    silence: MissingFieldMeaning,
}

/// What it means that nobody says anything of a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFieldMeaning {
    /// The field is empty, or as Alma has it by default: the record is known in full.
    Default,
    /// The field stays as it is in the zone, whatever that is: manifests name what they want and nothing else.
    Unknown,
}

/// Whether a record is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPresence {
    /// It is.
    Present,
    /// It is known to be gone.
    Absent,
}

impl SettingsRow {
    /// What a manifest wants; `None` where it only reports, has let go, or leaves what is there to the zone.
    pub fn from_desired(record: &DesiredRecord) -> Option<Self> {
        match record.enforcement {
            Enforcement::Enforce => {}
            // Where the zone has the record already, its own values stay, whatever they are.
            Enforcement::CreateOnly | Enforcement::Report | Enforcement::Unmanage => return None,
        }
        let said = record.fields.iter().map(|(field, said)| {
            (field.clone(), (said.value.clone(), Some(Arc::new(said.provenance.clone()))))
        });
        Some(Self {
            fields: said.collect(),
            presence: if record.absent { RowPresence::Absent } else { RowPresence::Present },
            ground: ReasonSource::Declared(record.provenance.clone()),
            silence: MissingFieldMeaning::Unknown,
        })
    }

    /// What a zone holds, and where.
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

    /// What people say that a zone holds, and where: as much as they did by hand, and nothing of the rest.
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

/// A row and the table that knows what its fields are called.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    table: &'a SettingsTable,
    /// The row.
    pub row: &'a SettingsRow,
}

impl<'a> RowView<'a> {
    /// A field by the name that people use; `None` where nobody says anything of it.
    pub fn get(&self, name: &str) -> Option<&'a FieldValue> {
        self.row.fields.get(self.table.field(name)).map(|(value, _)| value)
    }

    /// A text; `None` where it is empty, is none, or nobody says anything of it.
    pub fn text_field(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_text()
    }

    /// A flag, which some tables keep as a text; `None` where nobody says anything of it.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            FieldValue::Bool(flag) => Some(*flag),
            FieldValue::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            FieldValue::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            FieldValue::Text(_) | FieldValue::List(_) | FieldValue::Null => None,
        }
    }

    /// The texts of a list; none where it is empty or nobody says anything of it.
    pub fn texts(&self, name: &str) -> &'a [Arc<str>] {
        self.get(name).map(FieldValue::texts).unwrap_or_default()
    }

    /// Whether a list holds a text.
    pub fn lists(&self, name: &str, text: &str) -> bool {
        match self.get(name) {
            // Lists are sorted.
            Some(FieldValue::List(texts)) => texts.binary_search_by(|each| (**each).cmp(text)).is_ok(),
            Some(FieldValue::Text(one)) => **one == *text,
            Some(FieldValue::Bool(_) | FieldValue::Null) | None => false,
        }
    }

    /// Who says what a field holds; who says that the record is there, where nobody says anything of the field.
    pub fn ground(&self, name: &str) -> ReasonSource {
        match self.row.fields.get(self.table.field(name)) {
            Some((_, Some(provenance))) => ReasonSource::Declared((**provenance).clone()),
            Some((_, None)) | None => self.row.ground.clone(),
        }
    }

    /// Who says that the record is there, or gone.
    pub fn ground_of_all(&self) -> ReasonSource {
        self.row.ground.clone()
    }

    /// What it means that nobody says anything of a field.
    pub fn silence(&self) -> MissingFieldMeaning {
        self.row.silence
    }

    /// Whether the record is in use: those that can be switched off, are on where nobody says anything.
    pub fn is_on(&self) -> bool {
        self.flag("enabled").unwrap_or(true)
    }
}

impl SettingsTable {
    /// A table without rows.
    pub fn new(extent: TableCompleteness) -> Self {
        Self { extent, rows: Vec::new(), amendments: Vec::new(), aliases: BTreeMap::new() }
    }

    /// What a field is called in the collection's own words.
    pub fn field<'b>(&'b self, name: &'b str) -> &'b str {
        self.aliases.get(name).map_or(name, |field| field)
    }

    /// The records that are there.
    pub fn entries(&self) -> impl Iterator<Item = RowView<'_>> {
        self.rows_with_presence(RowPresence::Present)
    }

    /// The records that are known to be gone.
    pub fn absent_rows(&self) -> impl Iterator<Item = RowView<'_>> {
        self.rows_with_presence(RowPresence::Absent)
    }

    fn rows_with_presence(&self, presence: RowPresence) -> impl Iterator<Item = RowView<'_>> {
        self.rows.iter().filter(move |row| row.presence == presence).map(|row| RowView { table: self, row })
    }

    /// The record that is there and holds this text.
    pub fn find(&self, name: &str, text: &str) -> Option<RowView<'_>> {
        self.entries().find(|entry| entry.text_field(name) == Some(text))
    }

    /// Lays what is wanted of records that are there over those that are named.
    pub fn amend(&mut self) {
        let aliases = &self.aliases;
        let own = |name: &FieldName| aliases.get(name).unwrap_or(name).clone();
        for amendment in &self.amendments {
            let select: Vec<(FieldName, &FieldValue)> =
                amendment.select.iter().map(|(field, value)| (own(field), value)).collect();
            let meant = |row: &&mut SettingsRow| {
                row.matches_values(select.iter().map(|(field, value)| (field, *value)))
            };
            for row in self.rows.iter_mut().filter(meant) {
                for amend in &amendment.amends {
                    row.amend(&own(&amend.field), &amend.to, &amend.provenance, &own);
                }
            }
        }
    }

    /// Whether both come to the same, whoever says so.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { extent, rows, amendments, aliases } = self;
        (extent, aliases) == (&other.extent, &other.aliases)
            && rows.len() == other.rows.len()
            && rows.iter().zip(&other.rows).all(|(a, b)| a.says_the_same(b))
            && amendments.len() == other.amendments.len()
            && amendments.iter().zip(&other.amendments).all(|(a, b)| wants_the_same(a, b))
    }

    /// Does what a plan would.
    pub fn change(&mut self, change: &Change) {
        // A step that stands for each record of a sort stands for none that anybody knows.
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
    /// Whether anything is said of a field, by its own name.
    pub(super) fn has_field(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Whether the record is there and holds all of these values, be they none.
    fn matches_values<'v>(&self, mut values: impl Iterator<Item = (&'v FieldName, &'v FieldValue)>) -> bool {
        self.presence == RowPresence::Present && values.all(|(field, value)| self.field_value(field) == value)
    }

    fn field_value(&self, field: &FieldName) -> &FieldValue {
        self.fields.get(field).map_or(&FieldValue::Null, |(value, _)| value)
    }

    fn edit(&mut self, change: &Change) {
        for edit in &change.field_changes {
            let said = (edit.after.clone(), Some(Arc::new(edit.provenance.clone())));
            self.fields.insert(edit.field.clone(), said);
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
        let said = |value| (value, Some(Arc::new(provenance.clone())));
        self.fields.insert(field.clone(), said(value));
        if let (Some(other), Some(operator)) = (other, operator) {
            self.fields.insert(operator, said(FieldValue::from(other)));
        }
    }
}

//! One collection as questions read it: rows whose fields are asked for by the names that people use, each with who
//! says so.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Action, Address, Amend, AmendTo, Amended, Amendment, Change, DesiredRecord, Enforcement, Field, Ground,
    ObservedRecord, Provenance, Value,
};

/// One collection of one zone.
#[derive(Debug, Clone)]
pub struct Table {
    /// Whether there is anything in it beside the rows.
    pub extent: Extent,
    /// What it holds, and what is known to be gone.
    pub rows: Vec<Row>,
    /// What is wanted of rows that nobody has named.
    pub amendments: Vec<Amendment>,
    /// Names that people use for its fields, each with the field it means.
    pub aliases: BTreeMap<Field, Field>,
}

/// How much of a collection is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What is named; the zone may hold more.
    Named,
}

/// Whether two amendments come to the same. Whether it is worth telling that there is nothing to amend has no part in
/// an answer.
fn wants_the_same(a: &Amendment, b: &Amendment) -> bool {
    let Amendment { select, expected: _, amends, enforcement: _, provenance: _ } = a;
    let said = |amend: &Amend| (amend.field.clone(), amend.to.clone());
    *select == b.select && amends.iter().map(said).eq(b.amends.iter().map(said))
}

/// One record.
#[derive(Debug, Clone)]
pub struct Row {
    fields: BTreeMap<Field, (Value, Option<Arc<Provenance>>)>,
    /// Whether it is there.
    pub presence: Presence,
    /// Who says so, where a field says nothing else.
    ground: Ground,
    /// What it means that nobody says anything of a field.
    silence: Silence,
}

/// What it means that nobody says anything of a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The field is empty, or as Alma has it by default: the record is known in full.
    Empty,
    /// The field stays as it is in the zone, whatever that is: manifests name what they want and nothing else.
    Unknown,
}

/// Whether a record is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    There,
    /// It is known to be gone.
    Gone,
}

impl Row {
    /// What a manifest wants; `None` where it only reports, has let go, or leaves what is there to the zone.
    pub fn declared(record: &DesiredRecord) -> Option<Self> {
        match record.enforcement {
            Enforcement::Enforce => {}
            // Where the zone has the record already, its own values stay, whatever they are.
            Enforcement::Initial | Enforcement::Observe | Enforcement::Release => return None,
        }
        let said = record.fields.iter().map(|(field, said)| {
            (field.clone(), (said.value.clone(), Some(Arc::new(said.provenance.clone()))))
        });
        Some(Self {
            fields: said.collect(),
            presence: if record.absent { Presence::Gone } else { Presence::There },
            ground: Ground::Declared(record.provenance.clone()),
            silence: Silence::Unknown,
        })
    }

    /// What a zone holds, and where.
    pub fn observed(address: Address, record: &ObservedRecord) -> Self {
        let fields = record.fields.iter().map(|(field, value)| (field.clone(), (value.clone(), None)));
        Self {
            fields: fields.collect(),
            presence: Presence::There,
            ground: Ground::Observed {
                address: Box::new(address),
                updated_by: record.updated_by.clone(),
                update_date: record.update_date.clone(),
            },
            silence: Silence::Empty,
        }
    }

    /// What people say that a zone holds, and where: as much as they did by hand, and nothing of the rest.
    pub fn attested(address: Address, record: &ObservedRecord) -> Self {
        Self {
            ground: Ground::Attested {
                address: Box::new(address.clone()),
                by: record.updated_by.clone(),
                date: record.update_date.clone(),
            },
            silence: Silence::Unknown,
            ..Self::observed(address, record)
        }
    }
}

/// A row and the table that knows what its fields are called.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    table: &'a Table,
    /// The row.
    pub row: &'a Row,
}

impl<'a> Entry<'a> {
    /// A field by the name that people use; `None` where nobody says anything of it.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.row.fields.get(self.table.field(name)).map(|(value, _)| value)
    }

    /// A text; `None` where it is empty, is none, or nobody says anything of it.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_text()
    }

    /// A flag, which some tables keep as a text; `None` where nobody says anything of it.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            Value::Text(_) | Value::List(_) | Value::Null => None,
        }
    }

    /// The texts of a list; none where it is empty or nobody says anything of it.
    pub fn texts(&self, name: &str) -> &'a [Arc<str>] {
        self.get(name).map(Value::texts).unwrap_or_default()
    }

    /// Whether a list holds a text.
    pub fn lists(&self, name: &str, text: &str) -> bool {
        match self.get(name) {
            // Lists are sorted.
            Some(Value::List(texts)) => texts.binary_search_by(|each| (**each).cmp(text)).is_ok(),
            Some(Value::Text(one)) => **one == *text,
            Some(Value::Bool(_) | Value::Null) | None => false,
        }
    }

    /// Who says what a field holds; who says that the record is there, where nobody says anything of the field.
    pub fn ground(&self, name: &str) -> Ground {
        match self.row.fields.get(self.table.field(name)) {
            Some((_, Some(provenance))) => Ground::Declared((**provenance).clone()),
            Some((_, None)) | None => self.row.ground.clone(),
        }
    }

    /// Who says that the record is there, or gone.
    pub fn ground_of_all(&self) -> Ground {
        self.row.ground.clone()
    }

    /// What it means that nobody says anything of a field.
    pub fn silence(&self) -> Silence {
        self.row.silence
    }

    /// Whether the record is in use: those that can be switched off, are on where nobody says anything.
    pub fn is_on(&self) -> bool {
        self.flag("enabled").unwrap_or(true)
    }
}

impl Table {
    /// A table without rows.
    pub fn new(extent: Extent) -> Self {
        Self { extent, rows: Vec::new(), amendments: Vec::new(), aliases: BTreeMap::new() }
    }

    /// What a field is called in the collection's own words.
    pub fn field<'b>(&'b self, name: &'b str) -> &'b str {
        self.aliases.get(name).map_or(name, |field| field)
    }

    /// The records that are there.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.of(Presence::There)
    }

    /// The records that are known to be gone.
    pub fn gone(&self) -> impl Iterator<Item = Entry<'_>> {
        self.of(Presence::Gone)
    }

    fn of(&self, presence: Presence) -> impl Iterator<Item = Entry<'_>> {
        self.rows.iter().filter(move |row| row.presence == presence).map(|row| Entry { table: self, row })
    }

    /// The record that is there and holds this text.
    pub fn find(&self, name: &str, text: &str) -> Option<Entry<'_>> {
        self.entries().find(|entry| entry.text(name) == Some(text))
    }

    /// Lays what is wanted of records that are there over those that are named.
    pub fn amend(&mut self) {
        let aliases = &self.aliases;
        let own = |name: &Field| aliases.get(name).unwrap_or(name).clone();
        for amendment in &self.amendments {
            let select: Vec<(Field, &Value)> =
                amendment.select.iter().map(|(field, value)| (own(field), value)).collect();
            let meant = |row: &&mut Row| row.holds(select.iter().map(|(field, value)| (field, *value)));
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
        if change.each.is_some() {
            return;
        }
        let is = |row: &&mut Row| row.holds(change.key.iter().map(|(field, value)| (field, value)));
        let found = self.rows.iter_mut().find(is);
        match (change.action, found) {
            (Action::Delete, Some(row)) => {
                row.presence = Presence::Gone;
                row.ground = Ground::Declared(change.provenance.clone());
            }
            (Action::Delete, None) => {}
            (Action::Create | Action::Update, Some(row)) => row.edit(change),
            (Action::Create | Action::Update, None) => {
                let mut row = Row {
                    fields: change
                        .key
                        .iter()
                        .map(|(field, value)| (field.clone(), (value.clone(), None)))
                        .collect(),
                    presence: Presence::There,
                    ground: Ground::Declared(change.provenance.clone()),
                    silence: Silence::Empty,
                };
                row.edit(change);
                self.rows.push(row);
            }
        }
    }
}

impl Row {
    /// Whether anything is said of a field, by its own name.
    pub(super) fn says(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Whether the record is there and holds all of these values, be they none.
    fn holds<'v>(&self, mut values: impl Iterator<Item = (&'v Field, &'v Value)>) -> bool {
        self.presence == Presence::There && values.all(|(field, value)| self.held(field) == value)
    }

    fn held(&self, field: &Field) -> &Value {
        self.fields.get(field).map_or(&Value::Null, |(value, _)| value)
    }

    fn edit(&mut self, change: &Change) {
        for edit in &change.edits {
            let said = (edit.after.clone(), Some(Arc::new(edit.provenance.clone())));
            self.fields.insert(edit.field.clone(), said);
        }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        let Self { fields, presence, ground: _, silence } = self;
        let same = |(a, b): (&(Value, _), &(Value, _))| a.0 == b.0;
        (*presence, *silence) == (other.presence, other.silence)
            && fields.keys().eq(other.fields.keys())
            && fields.values().zip(other.fields.values()).all(same)
    }

    fn amend(&mut self, field: &Field, to: &AmendTo, provenance: &Provenance, own: &dyn Fn(&Field) -> Field) {
        let operator = to.operator().map(own);
        let word = operator.as_ref().and_then(|by| self.held(by).as_text());
        let Some(Amended { value, operator: other }) = to.amended(self.held(field), word) else { return };
        let said = |value| (value, Some(Arc::new(provenance.clone())));
        self.fields.insert(field.clone(), said(value));
        if let (Some(other), Some(operator)) = (other, operator) {
            self.fields.insert(operator, said(Value::from(other)));
        }
    }
}

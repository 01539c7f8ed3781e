//! The rows of a manifest as records of a zone: variables filled in, overrides laid over, and what is
//! the same in several zones made once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::expansion::ExpansionDoubt;
use super::row_checks::{RowSpec, RowValue};
use super::table_manifest::{RowOverride, TableManifest};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{
    CollectionId, CollectionRole, DesiredCollection, DesiredRecord, DesiredValue, Diagnostic, Enforcement,
    FieldName, FieldValue, RecordKey, SourceSpan,
};

type RecordsByKey = BTreeMap<RecordKey, Arc<DesiredRecord>>;

/// What is kept between the zones of one manifest, so that what is the same in them is made once.
pub struct RecordExpansion<'a, 'n> {
    table: &'a TableManifest<'a>,
    head: &'a ManifestHeader,
    /// The manifest's own rows that do not depend on the zone.
    fixed: HashMap<Enforcement, RecordsByKey>,
    /// Records that a row of an override was laid over: by the record's identity, and which row of
    /// which override.
    merged: HashMap<(usize, usize, usize), MergedRow>,
    /// Variables that zones lack, by where they are used.
    pub lacking: BTreeMap<(NodeSpan, String), Vec<&'n Zone>>,
    /// How often each key is written in the manifest's own rows, once that matters.
    written: Option<BTreeMap<Vec<(u8, &'a str)>, usize>>,
    /// What two manifests cannot be said to disagree about.
    pub doubts: BTreeSet<ExpansionDoubt>,
    /// What is wrong with the rows in some of the zones.
    pub problems: Vec<Diagnostic>,
}

struct MergedRow {
    /// Kept so that its identity stays its own.
    _under: Arc<DesiredRecord>,
    result: Arc<DesiredRecord>,
}

impl<'a, 'n> RecordExpansion<'a, 'n> {
    /// Nothing done yet.
    pub fn new(table: &'a TableManifest<'a>, head: &'a ManifestHeader) -> Self {
        Self {
            table,
            head,
            fixed: HashMap::new(),
            merged: HashMap::new(),
            lacking: BTreeMap::new(),
            written: None,
            doubts: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// The library's code in a zone; the outer `None` where a variable is lacking.
    pub fn library(&mut self, zone: &'n Zone) -> Option<Option<Arc<str>>> {
        let Some(library) = self.table.library else { return Some(None) };
        self.resolve(&library.value, Some(zone)).map(Some)
    }

    /// Everything that the manifest wants of a zone, `overrides` being those that hold there.
    pub fn collection(
        &mut self,
        zone: &'n Zone,
        library: Option<Arc<str>>,
        overrides: &[usize],
    ) -> DesiredCollection {
        let table = self.table;
        let laid_over = || overrides.iter().rev().map(|&at| &table.overrides[at]);
        let enforcement = laid_over().find_map(|each| each.enforcement).unwrap_or(table.enforcement);
        let unlisted = laid_over().find_map(|each| each.unlisted).unwrap_or(table.unlisted);
        let on_conflict = laid_over().find_map(|each| each.conflict).unwrap_or(table.on_conflict);

        let mut records = self.rows_of_manifest(zone, enforcement);
        for &at in overrides {
            for (index, row) in table.overrides[at].rows.iter().enumerate() {
                self.lay_over(&mut records, zone, enforcement, (at, index), row);
            }
        }
        DesiredCollection {
            id: CollectionId {
                kind: table.kind.into(),
                table: table.table.clone(),
                library,
                language: table.language.map(Into::into),
            },
            shape: Arc::clone(&table.shape),
            key: Arc::clone(&table.key),
            unlisted,
            enforcement,
            records,
            amendments: Vec::new(),
            on_conflict,
            standing: CollectionRole::Desired,
            provenance: self.head.provenance(self.head.extent, None),
        }
    }

    /// The manifest's own rows in a zone.
    fn rows_of_manifest(&mut self, zone: &'n Zone, enforcement: Enforcement) -> RecordsByKey {
        let table = self.table;
        if !self.fixed.contains_key(&enforcement) {
            let rows = table.rows.iter().filter(|row| !row.depends_on_zone());
            let records = rows.filter_map(|row| self.record(row, None, enforcement, None)).collect();
            self.fixed.insert(enforcement, records);
        }
        let mut records = self.fixed.get(&enforcement).cloned().unwrap_or_default();
        for row in table.rows.iter().filter(|row| row.depends_on_zone()) {
            let Some((key, record)) = self.record(row, Some(zone), enforcement, None) else { continue };
            if let Some(first) = records.get(&key) {
                if self.is_written_twice(row) {
                    continue;
                }
                let message = format!("in zone `{}` this is the second row with the key `{key}`", zone.code);
                self.problems.push(
                    Diagnostic::error(
                        diagnostic_codes::DUPLICATE_ROW,
                        record.provenance.span.clone(),
                        message,
                    )
                    .with_secondary_span(first.provenance.span.clone(), "first here")
                    .help("give the variable another value, or remove one of the rows"),
                );
                continue;
            }
            records.insert(key, record);
        }
        records
    }

    /// Whether another row has the same key as it is written, which is told whatever the zones are.
    fn is_written_twice(&mut self, row: &'a RowSpec<'a>) -> bool {
        let table = self.table;
        let written = self.written.get_or_insert_with(|| {
            let mut written: BTreeMap<_, usize> = BTreeMap::new();
            for key in table.rows.iter().filter_map(|row| row.written_key(&table.key)) {
                *written.entry(key).or_default() += 1;
            }
            written
        });
        row.written_key(&table.key).and_then(|key| written.get(&key)).is_some_and(|&count| count > 1)
    }

    /// The rows of an override of which it is not known where it applies: what they lack in all zones,
    /// they lack there.
    pub fn override_of_some(
        &mut self,
        over: &RowOverride<'_>,
        zones: impl ExactSizeIterator<Item = &'n Zone>,
    ) {
        let (everywhere, known) = (zones.len(), std::mem::take(&mut self.lacking));
        let told = self.problems.len();
        for zone in zones {
            for row in &over.rows {
                self.record(row, Some(zone), Enforcement::default(), None);
            }
        }
        self.problems.truncate(told);
        self.lacking.retain(|_, zones| zones.len() == everywhere);
        self.lacking.extend(known);
    }

    fn lay_over(
        &mut self,
        records: &mut RecordsByKey,
        zone: &'n Zone,
        enforcement: Enforcement,
        (at, index): (usize, usize),
        row: &RowSpec<'_>,
    ) {
        let depends = row.depends_on_zone();
        let Some((key, over)) = self.record(row, Some(zone), enforcement, u32::try_from(at).ok()) else {
            return;
        };
        let Some(under) = records.get(&key) else {
            records.insert(key, over);
            return;
        };
        self.doubt(row, &under.provenance.span);
        let identity = (Arc::as_ptr(under) as usize, at, index);
        let merged = match self.merged.get(&identity) {
            Some(merged) if !depends => Arc::clone(&merged.result),
            Some(_) | None => {
                let result = Arc::new(merge(under, &over, row, &self.table.key));
                let merged = MergedRow { _under: Arc::clone(under), result: Arc::clone(&result) };
                self.merged.insert(identity, merged);
                result
            }
        };
        records.insert(key, merged);
    }

    /// A row as a record; `None` where it has no key or uses a variable that the zone lacks.
    fn record(
        &mut self,
        row: &RowSpec<'_>,
        zone: Option<&'n Zone>,
        enforcement: Enforcement,
        override_index: Option<u32>,
    ) -> Option<(RecordKey, Arc<DesiredRecord>)> {
        let mut complete = true;
        let mut fields = BTreeMap::new();
        for (field, extent, said) in &row.fields {
            let value = match said {
                RowValue::Null => FieldValue::Null,
                RowValue::Bool(flag) => FieldValue::Bool(*flag),
                RowValue::Text(text) => match self.resolve(text, zone) {
                    Some(text) if text.is_empty() => FieldValue::Null,
                    Some(text) => FieldValue::Text(text),
                    None => {
                        complete = false;
                        continue;
                    }
                },
            };
            let provenance = self.head.provenance(*extent, override_index);
            fields.insert(Arc::clone(field), DesiredValue { value, provenance });
        }
        if self.table.lost_key(row) {
            return None;
        }
        let key = (self.table.key.iter())
            .map(|field| match &fields.get(field)?.value {
                FieldValue::Text(text) => Some(Arc::clone(text)),
                FieldValue::Null | FieldValue::Bool(_) | FieldValue::List(_) => None,
            })
            .collect::<Option<Vec<_>>>();
        let Some(key) = key else {
            // An empty key that is written so has been told; one that a zone's variable makes has not.
            if let Some(zone) = zone.filter(|_| complete && row.depends_on_zone()) {
                let message = format!("in zone `{}` the key of the row is empty", zone.code);
                let place = self.head.place(row.extent);
                let help = "give the variable a text there, or leave the zone out with `appliesTo`";
                self.problems.push(Diagnostic::error(diagnostic_codes::NO_KEY, place, message).help(help));
            }
            return None;
        };
        let provenance = self.head.provenance(row.extent, override_index);
        self.doubt(row, &provenance.span);
        let absent = row.absent == Some(true);
        complete.then(|| {
            (
                RecordKey(key),
                Arc::new(DesiredRecord {
                    fields,
                    absent,
                    enforcement,
                    provenance,
                    references: Vec::new(),
                    notes: Vec::new(),
                }),
            )
        })
    }

    /// What the row says of these things could not be read, so that the record cannot be blamed for it.
    fn doubt(&mut self, row: &RowSpec<'_>, record: &SourceSpan) {
        if row.lost.is_nothing() {
            return;
        }
        let shape = &self.table.shape;
        let fields = shape.shared.iter().chain(&shape.exclusive).map(AsRef::as_ref).chain(["absent"]);
        for field in fields.filter(|field| !row.lost.field(field).is_nothing()) {
            self.doubts.insert(ExpansionDoubt::Field(record.clone(), field.into()));
        }
    }

    fn resolve(&mut self, text: &TextOrVariable, zone: Option<&'n Zone>) -> Option<Arc<str>> {
        match (text, zone) {
            (TextOrVariable::Plain(text), _) => Some(Arc::clone(text)),
            (TextOrVariable::Var(name), Some(zone)) => match zone.vars.get(&name.value) {
                Some(value) => Some(value.as_str().into()),
                None if zone.unread.vars.contains(&name.value) => None,
                None => {
                    let zones = self.lacking.entry((name.extent, name.value.clone())).or_default();
                    if zones.last().is_none_or(|last| last.code != zone.code) {
                        zones.push(zone);
                    }
                    None
                }
            },
            (TextOrVariable::Var(_), None) => None,
        }
    }
}

/// A record with a row of an override laid over it. A row that says anything of a record that was
/// absent brings it back.
fn merge(under: &DesiredRecord, over: &DesiredRecord, row: &RowSpec<'_>, key: &[FieldName]) -> DesiredRecord {
    let speaks = row.absent.is_some() || over.fields.len() > key.len();
    match (over.absent, under.absent) {
        (true, _) => over.clone(),
        (false, true) if speaks => over.clone(),
        (false, _) => {
            let mut merged = under.clone();
            for (field, value) in over.fields.iter().filter(|(field, _)| !key.contains(field)) {
                merged.fields.insert(Arc::clone(field), value.clone());
            }
            merged
        }
    }
}

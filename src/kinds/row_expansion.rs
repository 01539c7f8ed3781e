//! Expands the rows of a manifest to records of a zone: resolves variables and applies overrides.
//!
//! Zones with identical rows share the same records in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::expansion::ExpansionDoubt;
use super::row_checks::{RowSpec, RowValue};
use super::table_manifest::{RowOverride, TableManifest};
use super::zone_text::{MissingText, zone_text};
use crate::manifest::text_or_variable::TextOrVariable;
use crate::manifest::yaml_node::NodeSpan;
use crate::manifest::{ManifestHeader, diagnostic_codes};
use crate::model::network::Zone;
use crate::model::{
    CollectionRole, CollectionShape, DesiredCollection, DesiredRecord, DesiredValue, Diagnostic, Enforcement,
    FieldName, FieldValue, RecordKey, SourceSpan,
};

type RecordsByKey = BTreeMap<RecordKey, Arc<DesiredRecord>>;

/// Expansion state across the zones of one manifest. Caches records shared by several zones.
pub struct RecordExpansion<'a, 'n> {
    table: &'a TableManifest<'a>,
    head: &'a ManifestHeader,
    shape: Arc<CollectionShape>,
    /// Records from rows without variables, by enforcement.
    fixed: HashMap<Enforcement, RecordsByKey>,
    /// Records with an override row applied, by record identity, override index and row index.
    merged: HashMap<(usize, usize, usize), MergedRow>,
    /// Missing variables and the like by location, with the affected zones.
    pub lacking: BTreeMap<(NodeSpan, MissingText), Vec<&'n Zone>>,
    /// Number of rows per written key; computed on first use.
    written: Option<BTreeMap<Vec<(u8, &'a str)>, usize>>,
    /// Doubts about unreadable parts. Conflict checks skip doubtful fields.
    pub doubts: BTreeSet<ExpansionDoubt>,
    /// Diagnostics of rows in some of the zones.
    pub problems: Vec<Diagnostic>,
}

struct MergedRow {
    /// Kept alive so that no other record reuses its address as an identity.
    _under: Arc<DesiredRecord>,
    result: Arc<DesiredRecord>,
}

impl<'a, 'n> RecordExpansion<'a, 'n> {
    /// Starts the expansion of a manifest's rows.
    pub fn new(table: &'a TableManifest<'a>, head: &'a ManifestHeader) -> Self {
        Self {
            table,
            head,
            shape: super::shape(&table.collection_id(None)).unwrap_or_default(),
            fixed: HashMap::new(),
            merged: HashMap::new(),
            lacking: BTreeMap::new(),
            written: None,
            doubts: BTreeSet::new(),
            problems: Vec::new(),
        }
    }

    /// Returns the library code for a zone. The outer `None` means a missing variable.
    pub fn library(&mut self, zone: &'n Zone) -> Option<Option<Arc<str>>> {
        let Some(library) = self.table.library else { return Some(None) };
        self.resolve(&library.value, Some(zone)).map(Some)
    }

    /// Returns the desired collection of a zone. `overrides` lists the indices of the applicable overrides.
    pub fn collection(
        &mut self,
        zone: &'n Zone,
        library: Option<Arc<str>>,
        overrides: &[usize],
    ) -> DesiredCollection {
        let table = self.table;
        let laid_over = || overrides.iter().rev().map(|&at| &table.overrides[at]);
        let owner = laid_over().find_map(|each| each.owner).unwrap_or(table.owner);
        let enforcement = laid_over().find_map(|each| each.enforcement).unwrap_or(table.enforcement);
        let enforcement = owner.limit(enforcement);
        let unlisted = laid_over().find_map(|each| each.unlisted).unwrap_or(table.unlisted);
        let on_conflict = laid_over().find_map(|each| each.conflict).unwrap_or(table.on_conflict);

        let mut records = self.rows_of_manifest(zone, enforcement);
        for &at in overrides {
            for (index, row) in table.overrides[at].rows.iter().enumerate() {
                self.lay_over(&mut records, zone, enforcement, (at, index), row);
            }
        }
        DesiredCollection {
            id: table.collection_id(library),
            shape: Arc::clone(&self.shape),
            key: Arc::clone(&table.key),
            unlisted,
            enforcement,
            records,
            amendments: Vec::new(),
            on_conflict,
            owner,
            options: table.options.clone(),
            standing: CollectionRole::Desired,
            provenance: self.head.provenance(self.head.extent, None),
        }
    }

    /// Returns the records of the manifest's own rows for a zone.
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
                let message = format!("second row with the key `{key}` in zone `{}`", zone.code);
                self.problems.push(
                    Diagnostic::error(
                        diagnostic_codes::DUPLICATE_ROW,
                        record.provenance.span.clone(),
                        message,
                    )
                    .with_secondary_span(first.provenance.span.clone(), "first here")
                    .help("change the value of the variable, or remove one of the rows"),
                );
                continue;
            }
            records.insert(key, record);
        }
        records
    }

    /// Returns true if another row has the same written key; row checks report such duplicates without the
    /// network.
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

    /// Checks the rows of an override with an unknown selector. Reports only variables missing in every zone.
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
        if row.unmanaged().is_some() {
            records.remove(&key);
            return;
        }
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

    /// Returns the record of a row, or `None` without a key or for a missing variable.
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
            fields.insert(Arc::clone(field), DesiredValue::new(value, provenance));
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
            // Row checks already reported a literal empty key; an empty variable value is new here.
            if let Some(zone) = zone.filter(|_| complete && row.depends_on_zone()) {
                let message = format!("the row's key is empty in zone `{}`", zone.code);
                let place = self.head.place(row.extent);
                let help = "set the variable to a text in this zone, or exclude the zone with `appliesTo`";
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

    /// Records doubts about the unreadable fields of a row.
    fn doubt(&mut self, row: &RowSpec<'_>, record: &SourceSpan) {
        if row.lost.is_nothing() {
            return;
        }
        let shape = &self.shape;
        let fields = shape.shared.iter().chain(&shape.exclusive).map(AsRef::as_ref).chain(["absent"]);
        for field in fields.filter(|field| !row.lost.field(field).is_nothing()) {
            self.doubts.insert(ExpansionDoubt::Field(record.clone(), field.into()));
        }
    }

    fn resolve(&mut self, text: &TextOrVariable, zone: Option<&'n Zone>) -> Option<Arc<str>> {
        let zone = match (text, zone) {
            (TextOrVariable::Plain(text), _) => return Some(Arc::clone(text)),
            (_, Some(zone)) => zone,
            (_, None) => return None,
        };
        let missing = match zone_text(text, zone) {
            Ok(text) => return Some(text),
            Err(missing) => missing?,
        };
        let zones = self.lacking.entry(missing).or_default();
        if zones.last().is_none_or(|last| last.code != zone.code) {
            zones.push(zone);
        }
        None
    }
}

/// Applies an override row to a record. An override row with any field restores an absent record.
fn merge(under: &DesiredRecord, over: &DesiredRecord, row: &RowSpec<'_>, key: &[FieldName]) -> DesiredRecord {
    let speaks = row.absent.is_some() || over.fields.len() > key.len();
    match (over.absent, under.absent) {
        (true, _) => over.clone(),
        (false, true) if speaks => over.clone(),
        (false, _) => {
            let mut merged = under.clone();
            for (field, value) in over.fields.iter().filter(|(field, _)| !key.contains(field)) {
                let replaced = under.fields.get(field).cloned().map(Arc::new);
                merged.fields.insert(Arc::clone(field), DesiredValue { replaced, ..value.clone() });
            }
            merged
        }
    }
}

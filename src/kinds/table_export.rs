//! The way back of code tables and mapping tables: manifests that declare what zones returned.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::KindSpec as _;
use super::code_table::CodeTableSpec;
use super::mapping_table::{self, MappingTableSpec};
use super::way_back::term_json;
use crate::export::{
    ExportRow, FactoredRow, FactoredTable, FieldTerm, RowContent, RowOutlier, RowValues, SelectorTerms,
    TableRows, ZoneSet, choose_key, factor,
};
use crate::manifest::write_yaml::{ManifestText, YamlItem, YamlPart};
use crate::model::{
    CollectionId, FieldName, FieldValue, Network, ObservedCollection, ObservedRecord, RecordKey, TableName,
    ZoneCode,
};

/// Table as the zones returned it, by the index of the zone.
pub type ObservedTable<'o> = BTreeMap<usize, &'o ObservedCollection>;

/// Manifest that declares one table of some zones.
#[derive(Debug)]
pub struct ExportedTable {
    /// Manifest.
    pub manifest: ManifestText,
    /// Rows of the manifest, overrides included.
    pub rows: usize,
    /// Number of overrides.
    pub overrides: usize,
    /// Zones that each override applies to.
    pub override_zones: Vec<(ZoneSet, usize)>,
    /// Likely mistakes, each with what is unusual, in words.
    pub outliers: Vec<(RowOutlier, String)>,
}

/// Reason why a table has no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndeclarableTable {
    /// Table without rows in all zones.
    #[error("no zone has a row in it")]
    NoRows,
    /// Table without columns that identify a row.
    #[error(
        "two of its rows do not differ in the columns that are never empty, so no manifest can name them"
    )]
    NoKey,
    /// Row with an empty key.
    #[error("a row of {0} has no code, so no manifest can name it")]
    EmptyKey(ZoneCode),
}

/// Flags of rows, which are fields beside the columns.
const FLAGS: [&str; 2] = ["enabled", "default"];

/// Rows of a table that other manifests declare.
#[derive(Debug, Clone, Default)]
pub struct ClaimedRows {
    /// Key fields of these manifests, by the table's own names.
    pub key: Vec<FieldName>,
    /// Zones by key.
    pub rows: BTreeMap<RecordKey, ZoneSet>,
}

/// Returns the manifest of a table, without its `claimed` rows.
///
/// # Errors
/// Returns the reason why no manifest can declare the table.
pub fn export_table(
    id: &CollectionId,
    name: &str,
    table: &ObservedTable<'_>,
    claimed: Option<&ClaimedRows>,
    network: &Network,
) -> Result<ExportedTable, UndeclarableTable> {
    if table.values().all(|observed| observed.records.is_empty()) {
        return Err(UndeclarableTable::NoRows);
    }
    let form = match &*id.kind {
        CodeTableSpec::NAME => TableForm::Code,
        _ => TableForm::mapping(table, claimed)?,
    };
    let mut rows = form.rows(table, network)?;
    rows.claimed = claimed.map(|claimed| claimed.rows.clone()).unwrap_or_default();
    rows.drop_unset_flag("default");
    if id.language.is_some() {
        // All languages share the flags, so the manifest of the zone's own language declares them.
        let texts = |row: &mut ExportRow| row.values.retain(|field, _| !FLAGS.contains(&&**field));
        rows.rows.values_mut().flat_map(BTreeMap::values_mut).for_each(texts);
    }
    let factored = factor(rows, network);
    Ok(ExportedTable {
        manifest: form.manifest(id, name, &factored, network),
        rows: factored.row_count(),
        overrides: factored.overrides.len(),
        override_zones: factored.overrides.iter().map(|part| (part.zones.clone(), part.rows.len())).collect(),
        outliers: (factored.outliers.into_iter())
            .map(|outlier| {
                let text = outlier_text(&outlier, |field| form.name(field).to_owned());
                (outlier, text)
            })
            .collect(),
    })
}

/// Form of a table's rows in a manifest.
enum TableForm {
    Code,
    Mapping {
        /// Key columns, by field name.
        key: Vec<FieldName>,
        /// Columns by field name, with the names in manifests.
        columns: Vec<(FieldName, FieldName)>,
    },
}

impl TableForm {
    fn mapping(table: &ObservedTable<'_>, claimed: Option<&ClaimedRows>) -> Result<Self, UndeclarableTable> {
        let mut fields: Vec<FieldName> = Vec::new();
        for observed in table.values() {
            for column in observed.columns.iter().filter(|column| !FLAGS.contains(&&***column)) {
                if !fields.contains(column) {
                    fields.push(column.clone());
                }
            }
        }
        fields.sort();
        let records: Vec<&[ObservedRecord]> =
            table.values().map(|observed| observed.records.as_slice()).collect();
        // Manifests of one table must have the same key.
        let key = match claimed {
            Some(claimed) => claimed.key.clone(),
            None => choose_key(&fields, &records).ok_or(UndeclarableTable::NoKey)?,
        };
        let columns = fields.iter().map(|field| (field.clone(), shown_name(field, table))).collect();
        Ok(Self::Mapping { key, columns })
    }

    fn key(&self) -> Vec<FieldName> {
        match self {
            Self::Code => vec!["code".into()],
            Self::Mapping { key, .. } => key.clone(),
        }
    }

    fn rows(&self, table: &ObservedTable<'_>, network: &Network) -> Result<TableRows, UndeclarableTable> {
        let key_fields = self.key();
        let mut rows =
            TableRows { zones: ZoneSet::from_indices(table.keys().copied()), ..TableRows::default() };
        for (zone, observed) in table {
            for record in &observed.records {
                let part = |field: &FieldName| match record.fields.get(field) {
                    Some(FieldValue::Text(text)) => Some(text.clone()),
                    Some(_) | None => None,
                };
                let key: Option<Vec<_>> = key_fields.iter().map(part).collect();
                let Some(key) = key else {
                    return Err(UndeclarableTable::EmptyKey(network.zones[*zone].code.clone()));
                };
                let values = (record.fields.iter())
                    .filter(|(field, value)| !key_fields.contains(field) && **value != FieldValue::Null)
                    .map(|(field, value)| (field.clone(), FieldTerm::Value(value.clone())));
                let row = ExportRow {
                    values: values.collect(),
                    updated_by: record.updated_by.clone(),
                    update_date: record.update_date.clone(),
                };
                if rows.rows.entry(RecordKey(key)).or_default().insert(*zone, row).is_some() {
                    return Err(UndeclarableTable::NoKey);
                }
            }
        }
        Ok(rows)
    }

    fn manifest(
        &self,
        id: &CollectionId,
        name: &str,
        factored: &FactoredTable,
        network: &Network,
    ) -> ManifestText {
        let mut spec = Vec::new();
        if !factored.applies_to.is_default() {
            spec.push(("appliesTo", YamlPart::Value(selector_json(&factored.applies_to))));
        }
        let code = match &id.table {
            TableName::Code(code) | TableName::Title(code) => code,
            TableName::Whole => &id.kind,
        };
        spec.push(("table", YamlPart::Value(json!(code))));
        spec.extend(id.language.iter().map(|language| ("language", YamlPart::Value(json!(language)))));
        spec.extend(id.library.iter().map(|library| ("library", YamlPart::Value(json!(library)))));
        if let Self::Mapping { key, .. } = self {
            let key: Vec<&str> = key.iter().map(|field| self.name(field)).collect();
            spec.push(("key", YamlPart::Value(json!(key))));
        }
        if !factored.rows.is_empty() {
            let rows = factored.rows.iter().map(|row| self.row_json(row).into());
            spec.push(("rows", YamlPart::Items(rows.collect())));
        }
        let overrides: Vec<YamlItem> = (factored.overrides.iter().enumerate())
            .map(|(at, part)| {
                let rows = part.rows.iter().map(|row| {
                    let comments = (factored.outliers.iter())
                        .filter(|outlier| comment_place(outlier, factored) == Some((at, &row.key)))
                        .map(|outlier| self.outlier_comment(outlier, network));
                    YamlItem { comments: comments.collect(), part: YamlPart::Value(self.row_json(row)) }
                });
                let fields = vec![
                    ("appliesTo", YamlPart::Value(selector_json(&part.applies_to))),
                    ("rows", YamlPart::Items(rows.collect())),
                ];
                YamlItem { comments: Vec::new(), part: YamlPart::Fields(fields) }
            })
            .collect();
        if !overrides.is_empty() {
            spec.push(("overrides", YamlPart::Items(overrides)));
        }
        let kind = match self {
            Self::Code => CodeTableSpec::NAME,
            Self::Mapping { .. } => MappingTableSpec::NAME,
        };
        ManifestText { comments: Vec::new(), kind, name: name.to_owned(), spec }
    }

    /// Returns the name of a field in manifests.
    fn name<'a>(&'a self, field: &'a FieldName) -> &'a str {
        match self {
            Self::Code => field,
            Self::Mapping { columns, .. } => {
                columns.iter().find(|(known, _)| known == field).map_or(field, |(_, name)| name)
            }
        }
    }

    fn row_json(&self, row: &FactoredRow) -> Json {
        let no_fields = RowValues::new();
        let (fields, is_unmanaged) = match &row.content {
            RowContent::Fields(fields) => (fields, false),
            RowContent::Unmanaged => (&no_fields, true),
        };
        let key_fields = self.key();
        let key_text = |field: &FieldName| {
            let at = key_fields.iter().position(|key_field| key_field == field)?;
            Some(json!(row.key.0.get(at)?))
        };
        let mut object = Map::new();
        match self {
            Self::Code => {
                object.extend(key_text(&key_fields[0]).map(|text| ("code".to_owned(), text)));
                object.extend(
                    fields.get("description").map(|term| ("description".to_owned(), term_json(term))),
                );
            }
            Self::Mapping { columns, .. } => {
                let cell = |(field, name): &(FieldName, FieldName)| {
                    Some((name.to_string(), key_text(field).or_else(|| fields.get(field).map(term_json))?))
                };
                object.insert("columns".to_owned(), Json::Object(columns.iter().filter_map(cell).collect()));
            }
        }
        for flag in FLAGS {
            object.extend(fields.get(flag).map(|term| (flag.to_owned(), term_json(term))));
        }
        if is_unmanaged {
            object.insert("managed".to_owned(), Json::Bool(false));
        }
        Json::Object(object)
    }

    fn outlier_comment(&self, outlier: &RowOutlier, network: &Network) -> String {
        let facts = outlier_text(outlier, |field| self.name(field).to_owned());
        let edits: Vec<String> = (outlier.zones.iter())
            .filter_map(|zone| {
                let edit = edit_text(zone.updated_by.as_deref(), zone.update_date.as_deref())?;
                Some(match outlier.zones.len() {
                    1 => edit,
                    _ => format!("{} {edit}", network.zones[zone.zone].code),
                })
            })
            .collect();
        match edits.is_empty() {
            true => format!("Likely a mistake: {facts}"),
            false => format!("Likely a mistake: {facts} ({})", edits.join(", ")),
        }
    }
}

/// Returns what is unusual about a value: `description "A", in 22 zones "B"`.
fn outlier_text(outlier: &RowOutlier, name: impl Fn(&FieldName) -> String) -> String {
    let zones = outlier.usual_zones;
    match (&outlier.found, &outlier.usual, &outlier.similar_key) {
        (_, _, Some(similar)) => format!("the key differs only in case or spaces from `{similar}`"),
        (None, _, None) => format!("{zones} zones have the row"),
        (Some(_), None, None) => format!("{zones} zones have no such row"),
        (Some(found), Some(usual), None) => {
            let fields: std::collections::BTreeSet<&FieldName> = found.keys().chain(usual.keys()).collect();
            let differing = fields.into_iter().filter(|field| found.get(*field) != usual.get(*field));
            let usual_text = |field: &FieldName| usual.get(field).map_or("nothing".to_owned(), term_text);
            let parts: Vec<String> =
                differing.map(|field| format!("`{}` {}", name(field), usual_text(field))).collect();
            format!("{zones} zones have {}", parts.join(", "))
        }
    }
}

/// Returns who changed a row and when, as far as the zone reports it.
fn edit_text(by: Option<&str>, date: Option<&str>) -> Option<String> {
    let date = date.map(|date| date.trim_end_matches('Z'));
    match (by, date) {
        (Some(by), Some(date)) => Some(format!("by {by} on {date}")),
        (Some(by), None) => Some(format!("by {by}")),
        (None, Some(date)) => Some(format!("on {date}")),
        (None, None) => None,
    }
}

/// Returns the override and the key of the row that has an outlier.
fn comment_place<'t>(outlier: &RowOutlier, factored: &'t FactoredTable) -> Option<(usize, &'t RecordKey)> {
    let zone = outlier.zones.first()?.zone;
    let has_zone = (factored.overrides.iter().enumerate()).filter(|(_, part)| part.zones.contains(zone));
    let mut rows = has_zone
        .filter_map(|(at, part)| Some((at, &part.rows.iter().find(|row| row.key == outlier.key)?.key)));
    rows.next_back()
}

/// Returns the name of a column in manifests: the header, if all zones have the same.
fn shown_name(field: &FieldName, table: &ObservedTable<'_>) -> FieldName {
    let header = |observed: &&ObservedCollection| {
        observed.aliases.iter().find(|(_, column)| *column == field).map(|(alias, _)| alias.clone())
    };
    let mut headers = table.values().map(header);
    let first = headers.next().flatten();
    let is_usable = |name: &FieldName| mapping_table::is_possible(name) && !name.starts_with("column");
    match first.filter(is_usable) {
        Some(name) if headers.all(|other| other.as_ref() == Some(&name)) => name,
        Some(_) | None => field.clone(),
    }
}

/// Returns a selector as JSON.
pub fn selector_json(terms: &SelectorTerms) -> Json {
    let codes = |zones: &[ZoneCode]| json!(zones.iter().map(ZoneCode::as_str).collect::<Vec<_>>());
    let mut object = Map::new();
    object.extend(terms.zones.map(|word| ("zones".to_owned(), json!(word))));
    if !terms.labels.is_empty() {
        let labels = terms.labels.iter().map(|(label, values)| {
            let value = match values.as_slice() {
                [value] => json!(value),
                values => json!(values),
            };
            (label.clone(), value)
        });
        object.insert("labels".to_owned(), Json::Object(labels.collect()));
    }
    for (name, zones) in [("only", &terms.only), ("except", &terms.except)] {
        if !zones.is_empty() {
            object.insert(name.to_owned(), codes(zones));
        }
    }
    Json::Object(object)
}

fn term_text(term: &FieldTerm) -> String {
    match term {
        FieldTerm::Value(value) => value.to_string(),
        FieldTerm::Variable(name) => format!("{{var: {name}}}"),
    }
}

//! The way back of import permissions: the most common permissions are the default, the others exceptions.

use super::ImportPermissionsSpec;
use crate::export::{ExportRow, FactoredRow, FieldTerm, RowContent, RowValues, TableRows, factor};
use crate::kinds::KindSpec as _;
use crate::kinds::table_export::selector_json;
use crate::kinds::way_back::{ObservedSettings, items, manifest, object, term_json, text};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::{FieldValue, RecordKey};

const FIELDS: [&str; 3] = ["bibliographic", "authority", "linking"];

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    permissions(settings).into_iter().collect()
}

/// Returns the manifest; `None` if it cannot declare the permissions of every member.
fn permissions(settings: &ObservedSettings<'_>) -> Option<ManifestText> {
    let mut table = TableRows { zones: settings.members(), ..TableRows::default() };
    for record in settings.of_network_zone(ImportPermissionsSpec::NAME) {
        let member = settings.member(text(record, "institution")?)?;
        let values: RowValues = FIELDS
            .iter()
            .filter_map(|field| Some(((*field).into(), FieldTerm::Value(record.fields.get(*field)?.clone()))))
            .filter(|(_, term)| *term != FieldTerm::Value(FieldValue::Null))
            .collect();
        let row = ExportRow { values, ..ExportRow::default() };
        table.rows.entry(RecordKey(Vec::new())).or_default().insert(member, row);
    }
    let rows = table.rows.values().next()?;
    // The manifest declares every member.
    if rows.len() != table.zones.len() {
        return None;
    }
    let factored = factor(table, settings.network);
    let fields = |row: &FactoredRow| match &row.content {
        RowContent::Fields(values) => Some(FIELDS.map(|field| (field, values.get(field).map(term_json)))),
        RowContent::Unmanaged => None,
    };
    let first_override = || factored.overrides.first()?.rows.first();
    let default = factored.rows.first().or_else(first_override)?;
    let mut exceptions = Vec::new();
    for part in &factored.overrides {
        let [first, second, third] = fields(part.rows.first()?)?;
        let applies_to = ("appliesTo", Some(selector_json(&part.applies_to)));
        exceptions.push(object([applies_to, first, second, third]));
    }
    let mut spec = vec![("default", YamlPart::Value(object(fields(default)?)))];
    if !exceptions.is_empty() {
        spec.push(("exceptions", items(exceptions)));
    }
    Some(manifest(ImportPermissionsSpec::NAME, "import-permissions".to_owned(), spec))
}

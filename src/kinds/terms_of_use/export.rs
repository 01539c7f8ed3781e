//! The way back of terms of use: one manifest for the zones with the same terms.

use serde_json::{Map, Value as Json, json};

use super::{ATTACHED, DESCRIPTION, NAME, OVERRULED, TYPE, TermsOfUseSpec};
use crate::export::{ExportRow, FieldTerm, RowValues, TableRows, ZoneSet, recognize_variables};
use crate::kinds::KindSpec as _;
use crate::kinds::way_back::{
    ObservedSettings, by_zone_sets, items, manifest, numbered, object, term_json, text,
};
use crate::manifest::write_yaml::ManifestText;
use crate::model::{FieldValue, RecordKey};

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut table = TableRows::default();
    for (zone, records) in settings.by_zone(TermsOfUseSpec::NAME) {
        table.zones.insert(zone);
        for record in records {
            let Some(name) = text(record, NAME) else { continue };
            let is_declared = |field: &str| field != NAME && field != OVERRULED;
            let values: RowValues = (record.fields.iter())
                .filter(|(field, value)| is_declared(field) && **value != FieldValue::Null)
                .map(|(field, value)| (field.clone(), FieldTerm::Value(value.clone())))
                .collect();
            let row = ExportRow { values, ..ExportRow::default() };
            table.rows.entry(RecordKey(vec![name.into()])).or_default().insert(zone, row);
        }
    }
    recognize_variables(&mut table, settings.network);
    let manifests = by_zone_sets(&table).into_iter().enumerate().map(|(index, (zones, terms))| {
        let mut spec: Vec<_> = settings.applies_to(&zones).into_iter().collect();
        spec.push((
            "terms",
            items(terms.iter().map(|(key, values)| terms_json(key, values, &zones, settings))),
        ));
        manifest(TermsOfUseSpec::NAME, numbered("terms-of-use", index), spec)
    });
    manifests.collect()
}

fn terms_json(key: &RecordKey, values: &RowValues, zones: &ZoneSet, settings: &ObservedSettings<'_>) -> Json {
    let own = [TYPE, DESCRIPTION, ATTACHED];
    let policies: Map<String, Json> = (values.iter())
        .filter(|(field, _)| !own.contains(&&***field))
        .map(|(field, term)| (field.to_string(), term_json(term)))
        .collect();
    let is_member = zones.is_within(&settings.members());
    object([
        ("name", key.0.first().map(|name| json!(name))),
        ("type", values.get(TYPE).map(term_json)),
        ("description", values.get(DESCRIPTION).map(term_json)),
        (ATTACHED, values.get(ATTACHED).filter(|_| is_member).map(term_json)),
        ("policies", (!policies.is_empty()).then_some(Json::Object(policies))),
    ])
}

//! The way back of relations between libraries: one manifest for a library of all zones with the same relations.

use serde_json::{Value as Json, json};

use super::LibraryRelationsSpec;
use crate::kinds::KindSpec as _;
use crate::kinds::shared_forms::{SharedForm, VariableFields, ZoneSettings, shared_forms};
use crate::kinds::way_back::{ManifestNames, ObservedSettings, ZoneRecord, items, manifest, object, text};
use crate::manifest::write_yaml::{ManifestText, YamlPart};
use crate::model::{FieldValue, ObservedRecord};

const LIBRARY: &str = "library";
const TYPES: &str = "types";

/// Fields that can be variables.
const VARIABLE: VariableFields = VariableFields { names: &[LIBRARY], text: |text| text };

pub(super) fn export(settings: &ObservedSettings<'_>) -> Vec<ManifestText> {
    let mut libraries = ZoneSettings::new();
    for (id, answers) in settings.of_type(LibraryRelationsSpec::NAME) {
        let Some(library) = &id.library else { continue };
        for (zone, observed) in answers {
            let mut relations: Vec<Json> =
                observed.records.iter().filter_map(|record| relation(record, *zone, settings).ok()).collect();
            relations.sort_by_key(ToString::to_string);
            if !relations.is_empty() {
                let library = json!({LIBRARY: &**library, "relations": relations});
                libraries.entry(*zone).or_default().push(library);
            }
        }
    }
    let mut forms = shared_forms(&libraries, VARIABLE, settings.network);
    forms.sort_by_key(|form| std::cmp::Reverse(form.zones.len()));
    let mut names = ManifestNames::default();
    let manifests = forms.into_iter().map(|SharedForm { form, zones }| {
        let library = form.get(LIBRARY).cloned().unwrap_or_default();
        let own = library.get("var").or(Some(&library)).and_then(Json::as_str).unwrap_or_default();
        let name = names.next(&format!("library-relations-{own}"));
        let relations = form.get("relations").and_then(Json::as_array).cloned().unwrap_or_default();
        let mut spec: Vec<(&'static str, YamlPart)> = settings.applies_to(&zones).into_iter().collect();
        spec.push((LIBRARY, YamlPart::Value(library)));
        spec.push(("relations", items(relations)));
        manifest(LibraryRelationsSpec::NAME, name, spec)
    });
    manifests.collect()
}

/// Returns the reason why no manifest can declare a relation.
pub(super) fn explain_omission(settings: &ObservedSettings<'_>, record: ZoneRecord<'_>) -> Option<String> {
    relation(record.record, record.zone, settings).err()
}

/// Returns a relation in a manifest.
///
/// # Errors
/// Returns the reason why no manifest can declare the relation.
fn relation(record: &ObservedRecord, zone: usize, settings: &ObservedSettings<'_>) -> Result<Json, String> {
    let library = text(record, LIBRARY).ok_or("the relation has no library")?;
    let known = &settings.network.zones[zone].libraries;
    if !known.iter().any(|known| known.code == library) {
        return Err(format!("the Network manifest lists no library `{library}` at the zone"));
    }
    let types = record.fields.get(TYPES).unwrap_or(&FieldValue::Null).texts();
    if types.iter().any(|name| name.trim() != &**name || name.is_empty()) {
        return Err("a type of the relation is empty or has spaces around it".to_owned());
    }
    Ok(object([
        (LIBRARY, Some(json!(library))),
        (TYPES, (!types.is_empty()).then(|| json!(types.iter().map(|name| &**name).collect::<Vec<_>>()))),
    ]))
}

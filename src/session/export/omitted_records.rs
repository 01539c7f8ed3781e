//! Names the records of kinds that no exported manifest declares, with the reasons.

use std::collections::{BTreeMap, BTreeSet};

use super::claimed_rows::ProvedKinds;
use super::table_remarks::TableRemarks;
use crate::kinds::{CollectionSource, ManifestKind, ObservedSettings, ObservedTable, ZoneRecord};
use crate::model::cut_list::cut_sentence_list;
use crate::model::grouped_number::count;
use crate::model::{
    CollectionId, DesiredCollection, DesiredState, FieldName, FieldValue, ObservedCollection, ObservedRecord,
    ObservedState, RecordKey, ZoneCode,
};
use crate::render::json::export::{ExportJson, OmittedCollection};
use crate::session::table_kinds::is_table;

/// Fields that identify records of collections outside the gateway that no manifest declares.
const OTHER_KEYS: [&str; 9] =
    ["code", "name", "group", "library", "type", "day", "from", "to", "description"];

/// Number of keys in a reason.
const NAMED_KEYS: usize = 3;

/// Records with one reason, by the index of the zone.
type OmittedKeys = BTreeMap<usize, Vec<String>>;

/// Reports the records of kinds that their proved manifests do not declare. Rows of tables that a kind leaves out are
/// exported with the table, with a comment.
pub(super) fn name_omitted_records(
    kinds: impl Iterator<Item = &'static ManifestKind>,
    settings: &ObservedSettings<'_>,
    proved: &ProvedKinds,
    remarks: &mut TableRemarks,
    report: &mut ExportJson,
) {
    for kind in kinds {
        let desired = proved.desired.get(kind.name).map(Vec::as_slice).unwrap_or_default();
        let tables: Vec<CollectionId> = kind.export_tables.iter().map(|table| table()).collect();
        for (id, answers) in &settings.collections {
            let is_table = is_table(&id.kind) && tables.contains(id);
            if !is_table && !is_own_collection(kind, id) {
                continue;
            }
            for (reason, zones) in find_omitted(kind, (id, answers), settings, desired) {
                match (is_table, reason) {
                    (true, Some(reason)) => {
                        let Some(found) = answers.values().next() else { continue };
                        let by_code = CollectionId { language: id.language.clone(), ..found.id.clone() };
                        remarks.add(by_code.without_language(), remark(kind, &reason, &zones, settings));
                    }
                    // The kind has nothing to say about other rows.
                    (true, None) => {}
                    (false, reason) => report.left_out.extend(omitted(kind, id, reason, zones, settings)),
                }
            }
        }
    }
}

/// Returns the records of a collection that no manifest declares, by reason.
fn find_omitted(
    kind: &ManifestKind,
    (id, answers): (&CollectionId, &ObservedTable<'_>),
    settings: &ObservedSettings<'_>,
    desired: &[DesiredState],
) -> BTreeMap<Option<String>, OmittedKeys> {
    let mut found: BTreeMap<Option<String>, OmittedKeys> = BTreeMap::new();
    for (zone, observed) in answers {
        let code = &settings.network.zones[*zone].code;
        let collections = desired.iter().filter_map(|desired| desired.zones.get(code)).flatten();
        let declaring: Vec<&DesiredCollection> =
            collections.filter(|collection| collection.id == *id).collect();
        for record in observed.records.iter().filter(|record| !is_declared(record, &declaring, observed)) {
            let reason =
                (kind.explain_omission)(settings, ZoneRecord { zone: *zone, collection: id, record });
            let keys = found.entry(reason).or_default().entry(*zone).or_default();
            keys.push(shown_key(kind, id, record, &declaring));
        }
    }
    found
}

fn omitted(
    kind: &ManifestKind,
    id: &CollectionId,
    reason: Option<String>,
    zones: OmittedKeys,
    settings: &ObservedSettings<'_>,
) -> Vec<OmittedCollection> {
    let mut by_text: BTreeMap<String, Vec<ZoneCode>> = BTreeMap::new();
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    for (zone, keys) in zones {
        let names = cut_sentence_list(keys.iter().filter(|key| !key.is_empty()), NAMED_KEYS);
        let names = if names.is_empty() { names } else { format!(" ({names})") };
        let records = count(keys.len(), "record");
        let text = format!("no manifest of kind {} can declare {records} of it{names}{reason}", kind.name);
        by_text.entry(text).or_default().push(settings.network.zones[zone].code.clone());
    }
    let omitted = by_text.into_iter().map(|(reason, zones)| OmittedCollection {
        collection: id.clone(),
        zones,
        reason,
        failed: false,
    });
    omitted.collect()
}

/// Returns a comment for a table.
fn remark(kind: &ManifestKind, reason: &str, zones: &OmittedKeys, settings: &ObservedSettings<'_>) -> String {
    let keys: BTreeSet<&String> = zones.values().flatten().collect();
    let codes = zones.keys().map(|zone| settings.network.zones[*zone].code.as_str());
    format!(
        "{} cannot declare {} at {}: {reason}",
        kind.name,
        cut_sentence_list(keys, NAMED_KEYS),
        cut_sentence_list(codes, NAMED_KEYS)
    )
}

fn is_own_collection(kind: &ManifestKind, id: &CollectionId) -> bool {
    match kind.export_source {
        CollectionSource::Gateway => kind.gateway.iter().any(|collection| *collection.kind == *id.kind),
        _ => kind.collections.contains(&&*id.kind),
    }
}

/// Returns the number of records of a collection that manifests declare or amend.
pub(super) fn count_declared(
    id: &CollectionId,
    zone: &ZoneCode,
    desired: &DesiredState,
    observed: &ObservedState,
) -> usize {
    let answer = observed.zones.get(zone).and_then(|zone| zone.collections.get(id));
    let Some(Ok(observed)) = answer else { return 0 };
    let declaring: Vec<&DesiredCollection> =
        desired.zones.get(zone).into_iter().flatten().filter(|collection| collection.id == *id).collect();
    observed.records.iter().filter(|record| is_declared(record, &declaring, observed)).count()
}

/// Returns true for a record that manifests declare or amend.
fn is_declared(
    record: &ObservedRecord,
    declaring: &[&DesiredCollection],
    observed: &ObservedCollection,
) -> bool {
    let field = |name: &FieldName| observed.aliases.get(name).unwrap_or(name).clone();
    declaring.iter().any(|collection| {
        let part = |name: &FieldName| record.fields.get(&field(name)).map(FieldValue::key_text);
        let key =
            RecordKey(collection.key.iter().map(|name| part(name).unwrap_or_default().into()).collect());
        let is_listed = collection.records.get(&key).is_some_and(|declared| !declared.absent);
        let is_amended = collection.amendments.iter().any(|amendment| {
            amendment
                .select
                .iter()
                .all(|(name, value)| record.fields.get(&field(name)).unwrap_or(&FieldValue::Null) == value)
        });
        is_listed || is_amended
    })
}

/// Returns the key of a record for a reason; empty for the only record of a collection.
fn shown_key(
    kind: &ManifestKind,
    id: &CollectionId,
    record: &ObservedRecord,
    declaring: &[&DesiredCollection],
) -> String {
    let of_manifests =
        declaring.first().map(|collection| collection.key.iter().map(|name| &**name).collect());
    let of_gateway = kind.gateway.iter().find(|collection| *collection.kind == *id.kind);
    let of_gateway = of_gateway.map(|collection| collection.key.to_vec());
    let fields: Vec<&str> = of_manifests.or(of_gateway).unwrap_or_else(|| OTHER_KEYS.to_vec());
    let parts = fields.iter().filter_map(|field| record.fields.get(*field)?.as_text());
    let parts: Vec<&str> = parts.collect();
    if parts.is_empty() { String::new() } else { format!("`{}`", parts.join("|")) }
}

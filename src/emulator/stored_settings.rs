//! Content of the zones as settings for the analysis, so that the network follows its own configuration.
//!
//! Based on stored content, not on responses: a table hidden from the API counts too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use super::electronic::EmulatedResource as Electronic;
use super::gateway_collections;
use super::institution::EmulatedInstitution as Held;
use super::network::{EmulatedNetwork, ZoneEntry, lock};
use super::table::{EmulatedCodeRow, EmulatedMappingRow, EmulatedMappingTable, ModificationStamp};
use super::zone::EmulatedZone;
use crate::analysis::{
    NetworkSettings, SettingsCollection, SettingsRow, SettingsTable, TableCompleteness, ZoneSettings,
};
use crate::model::{
    self, CollectionId, FieldName, FieldValue, ObservedRecord, Record, RecordAddress, RecordKey, ResourceId,
    ZoneCode,
};

/// Settings of all zones, with the revisions of the source content.
#[derive(Default)]
pub(super) struct StoredSettings(Mutex<Option<(Vec<u64>, Arc<NetworkSettings>)>>);

impl EmulatedNetwork {
    /// Returns the current settings of all zones.
    ///
    /// Locks the zones one by one, and rebuilds the settings only after a change.
    pub fn current_settings(&self) -> Arc<NetworkSettings> {
        let revision = |place: &ZoneEntry| lock(&place.state).institution.revision;
        let revisions: Vec<u64> = self.places.iter().map(revision).collect();
        let kept = &mut *lock(&self.stored.0);
        match kept {
            Some((of, settings)) if *of == revisions => Arc::clone(settings),
            Some(_) | None => {
                let institution =
                    |place: &ZoneEntry| institution(&place.zone, &lock(&place.state).institution);
                let settings = Arc::new(NetworkSettings::new(self.places.iter().map(institution)));
                *kept = Some((revisions, Arc::clone(&settings)));
                settings
            }
        }
    }
}

fn institution(zone: &EmulatedZone, held: &Held) -> ZoneSettings {
    let code = ZoneCode::from(zone.code.as_str());
    let mut institution = ZoneSettings::new(code.clone(), zone.name.clone(), zone.role);
    institution.campuses.clone_from(&zone.campuses);
    institution.libraries.clone_from(&zone.libraries);
    let mut put = |id: &CollectionId, table: &dyn Fn(&SettingsCollection) -> SettingsTable| {
        if let Some(subject) =
            SettingsCollection::from_collection_id(id).filter(|subject| subject.is_of(zone.role))
        {
            let table = table(&subject);
            institution.insert(subject, table);
        }
    };
    for of in gateway_collections::types(zone.role) {
        put(&CollectionId::of_institution(of.kind), &|subject| {
            let collection = held.kept.get(&(of.kind.to_owned(), None));
            let records = collection.into_iter().flat_map(|collection| collection.records.values());
            table(&code, subject, records.map(kept_record))
        });
    }
    for codes in held.code_tables.values() {
        put(&CollectionId::with_code("CodeTable", &codes.name), &|subject| {
            let rows = codes.rows.get("").into_iter().flatten();
            table(&code, subject, rows.map(|row| code_record(row, zone)))
        });
    }
    for mapping in held.mapping_tables.values() {
        let titled = CollectionId {
            table: model::TableName::Title(mapping.name.as_str().into()),
            ..CollectionId::of_institution("MappingTable")
        };
        let coded = CollectionId::with_code("MappingTable", &mapping.code);
        [coded, titled].iter().for_each(|id| put(id, &|subject| mapping_table(&code, subject, mapping)));
    }
    for resource in held.electronic.resources.values() {
        if let Some(ids) = ResourceId::parse(&resource.ids) {
            let subject = SettingsCollection::Availability(ids);
            put(&subject.collection(), &|subject| availability(&code, subject, resource));
        }
    }
    institution
}

fn table(
    zone: &ZoneCode,
    subject: &SettingsCollection,
    records: impl Iterator<Item = ObservedRecord>,
) -> SettingsTable {
    let mut table = SettingsTable::new(TableCompleteness::Complete);
    add(zone, subject, &mut table, records);
    table
}

fn add(
    zone: &ZoneCode,
    subject: &SettingsCollection,
    table: &mut SettingsTable,
    records: impl Iterator<Item = ObservedRecord>,
) {
    for record in records {
        let part = |name: &&str| match record.fields.get(table.field(name)) {
            Some(value) => value.as_text().unwrap_or_default().into(),
            None => "".into(),
        };
        let key = RecordKey(subject.key().iter().map(part).collect());
        let address = RecordAddress { zone: zone.clone(), collection: subject.collection(), key };
        table.rows.push(SettingsRow::from_observed(address, &record));
    }
}

/// Returns a mapping table. Columns have numbers, header names are aliases.
fn mapping_table(
    zone: &ZoneCode,
    subject: &SettingsCollection,
    held: &EmulatedMappingTable,
) -> SettingsTable {
    let mut table = SettingsTable::new(TableCompleteness::Complete);
    let named = held.headers.iter().enumerate();
    table.aliases = named.map(|(number, header)| (header.name.as_str().into(), column(number))).collect();
    let record = |row: &EmulatedMappingRow| {
        let columns = row.columns.iter().enumerate();
        let columns = columns.map(|(number, text)| (column(number), FieldValue::from_text(text)));
        observed_record(
            columns.chain([("enabled".into(), row.enabled.into())]).collect(),
            row.updated.as_ref(),
        )
    };
    add(zone, subject, &mut table, held.rows.get("").into_iter().flatten().map(record));
    table
}

fn column(number: usize) -> FieldName {
    format!("column{number}").into()
}

fn availability(zone: &ZoneCode, subject: &SettingsCollection, resource: &Electronic) -> SettingsTable {
    let record = |(group, said): (&String, &BTreeMap<String, String>)| {
        let value = |name: &str, text: &str| match (name, text.to_lowercase().as_str()) {
            ("proxy_enabled", "true" | "yes") => true.into(),
            ("proxy_enabled", "false" | "no") => false.into(),
            // Any other value leaves the choice to the resource.
            ("proxy_enabled", _) => FieldValue::Null,
            (_, _) => FieldValue::from_text(text),
        };
        let said = said.iter().map(|(name, text)| (FieldName::from(name.as_str()), value(name, text)));
        observed_record(said.chain([("group".into(), FieldValue::from_text(group))]).collect(), None)
    };
    table(zone, subject, resource.groups.iter().map(record))
}

fn code_record(row: &EmulatedCodeRow, zone: &EmulatedZone) -> ObservedRecord {
    let description = row.description(&zone.default_language, zone);
    let fields: [(FieldName, FieldValue); 4] = [
        ("code".into(), FieldValue::from_text(&row.code)),
        ("description".into(), FieldValue::from_text(description)),
        ("enabled".into(), row.enabled.into()),
        ("default".into(), row.default.into()),
    ];
    observed_record(fields.into(), row.updated.as_ref())
}

fn kept_record(record: &gateway_collections::EmulatedGatewayRecord) -> ObservedRecord {
    let value = |value: &Json| match value {
        Json::Bool(flag) => FieldValue::Bool(*flag),
        Json::String(text) => FieldValue::from_text(text),
        Json::Number(number) => FieldValue::from_text(number.to_string()),
        Json::Array(texts) => FieldValue::list(texts.iter().filter_map(Json::as_str)),
        Json::Null | Json::Object(_) => FieldValue::Null,
    };
    let fields = record.fields.iter().map(|(name, said)| (FieldName::from(name.as_str()), value(said)));
    observed_record(fields.collect(), record.updated.as_ref())
}

fn observed_record(fields: Record, stamp: Option<&ModificationStamp>) -> ObservedRecord {
    ObservedRecord {
        fields,
        updated_by: stamp.map(|stamp| stamp.by.clone()),
        update_date: stamp.map(|stamp| stamp.date.clone()),
    }
}

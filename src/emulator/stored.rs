//! What the zones hold, as questions read it: so that the network does what its own configuration says.
//!
//! Made from what is stored and not from what is answered: a table that the API hides counts here too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use super::electronic::Resource as Electronic;
use super::institution::Institution as Held;
use super::kept;
use super::network::{Network, Place, lock};
use super::table::{CodeRow, MappingRow, MappingTable, Stamp};
use super::zone::EmulatedZone;
use crate::meaning::{Extent, Institution, Row, Settings, Subject, Table};
use crate::model::{
    self, Address, CollectionId, Field, Key, ObservedRecord, Record, Resource, Value, ZoneCode,
};

/// The settings of all zones, with the revisions that they were made from.
#[derive(Default)]
pub(super) struct Stored(Mutex<Option<(Vec<u64>, Arc<Settings>)>>);

impl Network {
    /// What all zones are set to. Each zone is locked for itself, and made into this again only after something
    /// has changed anywhere.
    pub fn stored(&self) -> Arc<Settings> {
        let revision = |place: &Place| lock(&place.state).institution.revision;
        let revisions: Vec<u64> = self.places.iter().map(revision).collect();
        let kept = &mut *lock(&self.stored.0);
        match kept {
            Some((of, settings)) if *of == revisions => Arc::clone(settings),
            Some(_) | None => {
                let institution = |place: &Place| institution(&place.zone, &lock(&place.state).institution);
                let settings = Arc::new(Settings::new(self.places.iter().map(institution)));
                *kept = Some((revisions, Arc::clone(&settings)));
                settings
            }
        }
    }
}

fn institution(zone: &EmulatedZone, held: &Held) -> Institution {
    let code = ZoneCode::from(zone.code.as_str());
    let mut institution = Institution::new(code.clone(), zone.name.clone(), zone.role);
    institution.campuses.clone_from(&zone.campuses);
    institution.libraries.clone_from(&zone.libraries);
    let mut put = |id: &CollectionId, table: &dyn Fn(&Subject) -> Table| {
        if let Some(subject) = Subject::of(id).filter(|subject| subject.is_of(zone.role)) {
            let table = table(&subject);
            institution.insert(subject, table);
        }
    };
    for of in kept::types(zone.role) {
        put(&CollectionId::whole(of.kind), &|subject| {
            let collection = held.kept.get(&(of.kind.to_owned(), None));
            let records = collection.into_iter().flat_map(|collection| collection.records.values());
            table(&code, subject, records.map(kept_record))
        });
    }
    for codes in held.code_tables.values() {
        put(&CollectionId::coded("CodeTable", &codes.name), &|subject| {
            let rows = codes.rows.get("").into_iter().flatten();
            table(&code, subject, rows.map(|row| code_record(row, zone)))
        });
    }
    for mapping in held.mapping_tables.values() {
        let titled = CollectionId {
            table: model::Table::Title(mapping.name.as_str().into()),
            ..CollectionId::whole("MappingTable")
        };
        let coded = CollectionId::coded("MappingTable", &mapping.code);
        [coded, titled].iter().for_each(|id| put(id, &|subject| mapping_table(&code, subject, mapping)));
    }
    for resource in held.electronic.resources.values() {
        if let Some(ids) = Resource::parse(&resource.ids) {
            let subject = Subject::Availability(ids);
            put(&subject.collection(), &|subject| availability(&code, subject, resource));
        }
    }
    institution
}

fn table(zone: &ZoneCode, subject: &Subject, records: impl Iterator<Item = ObservedRecord>) -> Table {
    let mut table = Table::new(Extent::Whole);
    add(zone, subject, &mut table, records);
    table
}

fn add(zone: &ZoneCode, subject: &Subject, table: &mut Table, records: impl Iterator<Item = ObservedRecord>) {
    for record in records {
        let part = |name: &&str| match record.fields.get(table.field(name)) {
            Some(value) => value.as_text().unwrap_or_default().into(),
            None => "".into(),
        };
        let key = Key(subject.key().iter().map(part).collect());
        let address = Address { zone: zone.clone(), collection: subject.collection(), key };
        table.rows.push(Row::observed(address, &record));
    }
}

/// Columns by their numbers; what people call them leads there.
fn mapping_table(zone: &ZoneCode, subject: &Subject, held: &MappingTable) -> Table {
    let mut table = Table::new(Extent::Whole);
    let named = held.headers.iter().enumerate();
    table.aliases = named.map(|(number, header)| (header.name.as_str().into(), column(number))).collect();
    let record = |row: &MappingRow| {
        let columns = row.columns.iter().enumerate();
        let columns = columns.map(|(number, text)| (column(number), Value::text(text)));
        told(columns.chain([("enabled".into(), row.enabled.into())]).collect(), row.updated.as_ref())
    };
    add(zone, subject, &mut table, held.rows.get("").into_iter().flatten().map(record));
    table
}

fn column(number: usize) -> Field {
    format!("column{number}").into()
}

fn availability(zone: &ZoneCode, subject: &Subject, resource: &Electronic) -> Table {
    let record = |(group, said): (&String, &BTreeMap<String, String>)| {
        let value = |name: &str, text: &str| match (name, text.to_lowercase().as_str()) {
            ("proxy_enabled", "true" | "yes") => true.into(),
            ("proxy_enabled", "false" | "no") => false.into(),
            // Any other word leaves it to the resource.
            ("proxy_enabled", _) => Value::Null,
            (_, _) => Value::text(text),
        };
        let said = said.iter().map(|(name, text)| (Field::from(name.as_str()), value(name, text)));
        told(said.chain([("group".into(), Value::text(group))]).collect(), None)
    };
    table(zone, subject, resource.groups.iter().map(record))
}

fn code_record(row: &CodeRow, zone: &EmulatedZone) -> ObservedRecord {
    let description = row.description(&zone.default_language, zone);
    let fields: [(Field, Value); 4] = [
        ("code".into(), Value::text(&row.code)),
        ("description".into(), Value::text(description)),
        ("enabled".into(), row.enabled.into()),
        ("default".into(), row.default.into()),
    ];
    told(fields.into(), row.updated.as_ref())
}

fn kept_record(record: &kept::Record) -> ObservedRecord {
    let value = |value: &Json| match value {
        Json::Bool(flag) => Value::Bool(*flag),
        Json::String(text) => Value::text(text),
        Json::Number(number) => Value::text(number.to_string()),
        Json::Array(texts) => Value::list(texts.iter().filter_map(Json::as_str)),
        Json::Null | Json::Object(_) => Value::Null,
    };
    let fields = record.fields.iter().map(|(name, said)| (Field::from(name.as_str()), value(said)));
    told(fields.collect(), record.updated.as_ref())
}

fn told(fields: Record, stamp: Option<&Stamp>) -> ObservedRecord {
    ObservedRecord {
        fields,
        updated_by: stamp.map(|stamp| stamp.by.clone()),
        update_date: stamp.map(|stamp| stamp.date.clone()),
    }
}

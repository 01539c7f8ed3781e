//! Settings of one zone for the analysis, made from stored content.

use std::collections::BTreeMap;

use super::modification_stamp::ModificationStamp;
use super::zone::EmulatedZone;
use crate::analysis::{SettingsCollection, SettingsRow, SettingsTable, TableCompleteness, ZoneSettings};
use crate::model::{CollectionId, FieldName, ObservedRecord, Record, RecordAddress, RecordKey, ZoneCode};

/// Settings of a zone while endpoints add content.
pub(super) struct SettingsWriter<'a> {
    pub zone: &'a EmulatedZone,
    code: ZoneCode,
    settings: ZoneSettings,
}

impl<'a> SettingsWriter<'a> {
    pub fn new(zone: &'a EmulatedZone) -> Self {
        let code = ZoneCode::from(zone.code.as_str());
        let mut settings = ZoneSettings::new(code.clone(), zone.name.clone(), zone.role);
        settings.campuses.clone_from(&zone.campuses);
        settings.libraries.clone_from(&zone.libraries);
        Self { zone, code, settings }
    }

    /// Adds a collection, unless the analysis ignores the collection.
    pub fn add(&mut self, id: &CollectionId, records: impl Iterator<Item = ObservedRecord>) {
        self.add_with_aliases(id, BTreeMap::new(), records);
    }

    /// Adds a collection whose fields have other names for people.
    pub fn add_with_aliases(
        &mut self,
        id: &CollectionId,
        aliases: BTreeMap<FieldName, FieldName>,
        records: impl Iterator<Item = ObservedRecord>,
    ) {
        let subject = SettingsCollection::from_collection_id(id);
        let Some(subject) = subject.filter(|subject| subject.is_of(self.zone.role)) else { return };
        let mut table = SettingsTable::new(TableCompleteness::Complete);
        table.aliases = aliases;
        for record in records {
            let part = |name: &&str| match record.fields.get(table.field(name)) {
                Some(value) => value.as_text().unwrap_or_default().into(),
                None => "".into(),
            };
            let key = RecordKey(subject.key().iter().map(part).collect());
            let address = RecordAddress { zone: self.code.clone(), collection: subject.collection(), key };
            table.rows.push(SettingsRow::from_observed(address, &record));
        }
        self.settings.insert(subject, table);
    }

    pub fn finish(self) -> ZoneSettings {
        self.settings
    }
}

/// Returns a record with the stamp of the last change.
pub(super) fn observed_record(fields: Record, stamp: Option<&ModificationStamp>) -> ObservedRecord {
    ObservedRecord {
        fields,
        updated_by: stamp.map(|stamp| stamp.by.clone()),
        update_date: stamp.map(|stamp| stamp.date.clone()),
        managed_in_network: false,
        numbered: false,
    }
}

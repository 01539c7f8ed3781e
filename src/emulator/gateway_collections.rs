//! Collections of a zone outside Alma's public API: records, with a revision per collection.
//!
//! Field names are the project's own words for Alma's pages. The emulator stores only the fields of the
//! consortium kinds, and enforces the rules of the pages.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::modification_stamp::ModificationStamp;
use super::settings_writer::{SettingsWriter, observed_record};
use crate::kinds::{GatewayCollection, KINDS};
use crate::model::network::ZoneRole;
use crate::model::{CollectionId, FieldName, FieldValue};

/// Collection type and, if a type has several collections, the collection's code.
pub(super) type GatewayCollectionKey = (String, Option<String>);

/// Collections of a zone.
#[derive(Default)]
pub(super) struct GatewayCollections(pub BTreeMap<GatewayCollectionKey, EmulatedGatewayCollection>);

impl GatewayCollections {
    /// Returns the only collection of a type.
    pub fn get(&self, kind: &str) -> Option<&EmulatedGatewayCollection> {
        self.0.get(&(kind.to_owned(), None))
    }

    /// Adds all collections to the settings of the zone.
    pub fn add_settings(&self, settings: &mut SettingsWriter<'_>) {
        let value = |value: &Value| match value {
            Value::Bool(flag) => FieldValue::Bool(*flag),
            Value::String(text) => FieldValue::from_text(text),
            Value::Number(number) => FieldValue::from_text(number.to_string()),
            Value::Array(texts) => FieldValue::list(texts.iter().filter_map(Value::as_str)),
            Value::Null | Value::Object(_) => FieldValue::Null,
        };
        for GatewayCollection { kind, .. } in types(settings.zone.role) {
            let records = self.get(kind).into_iter().flat_map(|collection| collection.records.values());
            let records = records.map(|record| {
                let fields = record.fields.iter();
                let fields = fields.map(|(name, field)| (FieldName::from(name.as_str()), value(field)));
                observed_record(fields.collect(), record.updated.as_ref())
            });
            settings.add(&CollectionId::of_institution(kind), records);
        }
    }
}

/// Collection with a revision.
#[derive(Debug, Clone, Default)]
pub(super) struct EmulatedGatewayCollection {
    pub revision: u64,
    pub records: BTreeMap<Vec<String>, EmulatedGatewayRecord>,
}

/// Record with the stamp of the last change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EmulatedGatewayRecord {
    pub fields: Map<String, Value>,
    pub updated: Option<ModificationStamp>,
}

/// Returns the collection types of the gateway for zones of a role.
pub(super) fn types(role: ZoneRole) -> impl Iterator<Item = &'static GatewayCollection> {
    KINDS.iter().flat_map(|kind| kind.gateway).filter(move |collection| collection.reach.covers(role))
}

/// Returns the collection type of this name, if zones of the role have the type.
pub(super) fn find(kind: &str, role: ZoneRole) -> Option<&'static GatewayCollection> {
    types(role).find(|collection| collection.kind == kind)
}

/// Edit of a record, as made by a person in front of the zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordEdit {
    /// Code of the zone.
    pub zone: String,
    /// Type of the collection.
    pub kind: String,
    /// Code of the collection, if the type has several collections.
    #[serde(default)]
    pub table: Option<String>,
    /// Author of the edit.
    pub by: String,
    /// Fields, key fields included. Merged into an existing record.
    pub fields: Map<String, Value>,
    /// True to delete the record.
    #[serde(default)]
    pub delete: bool,
}

impl EmulatedGatewayCollection {
    /// Sets or deletes a record.
    ///
    /// # Errors
    /// Returns a message if the type lacks a field or the record does not exist.
    pub fn edit(
        &mut self,
        collection: &GatewayCollection,
        edit: &RecordEdit,
        stamp: ModificationStamp,
    ) -> Result<(), String> {
        let key = key_of(collection, &edit.fields)?;
        if edit.delete {
            self.records
                .remove(&key)
                .ok_or_else(|| format!("no {} record with the key {key:?}", collection.kind))?;
        } else {
            let record = self
                .records
                .entry(key)
                .or_insert_with(|| EmulatedGatewayRecord { fields: Map::new(), updated: None });
            record.fields.extend(edit.fields.clone());
            record.updated = Some(stamp);
        }
        self.revision += 1;
        Ok(())
    }
}

/// Returns the key of a record, in the order of the key fields.
pub(super) fn key_of(
    collection: &GatewayCollection,
    fields: &Map<String, Value>,
) -> Result<Vec<String>, String> {
    if let Some(unknown) = fields.keys().find(|field| !collection.has_field(field)) {
        return Err(format!("{} has no field `{unknown}`", collection.kind));
    }
    let part = |field: &&str| match fields.get(*field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(format!("{} requires `{field}`", collection.kind)),
    };
    collection.key.iter().map(part).collect()
}

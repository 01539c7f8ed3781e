//! Attestations: manual steps that people completed in Alma.
//!
//! `attestations.json` is committed with the manifests. Attested records are marked `attested`, never `verified`. An
//! attestation expires when the desired value changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{CollectionId, FieldValue, ObservedRecord, Record, TableName, ZoneCode};
use crate::provider::channel_routing::AttestedZone;

/// Content of the attestation file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttestationFile {
    /// File format version: 1.
    pub version: u32,
    /// Attestations, one per record.
    pub attestations: Vec<Attestation>,
}

/// Record that a person created, changed or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// Alma's institution code.
    pub zone: String,
    /// Type of the collection.
    pub kind: String,
    /// Code of the table, if the type has several collections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Name of the table in Alma's user interface, if the manifest uses the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Code of the library that owns the collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// Language of the texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Fields of the record, key fields included; only key fields for a removed record.
    pub fields: BTreeMap<String, AttestedValue>,
    /// True for a removed record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// Name of the person who did the step.
    pub by: String,
    /// Date, as `YYYY-MM-DD`.
    pub date: String,
}

/// Value of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AttestedValue {
    /// Null.
    Null(()),
    /// Boolean.
    Flag(bool),
    /// Text.
    Text(String),
    /// List of texts without order.
    List(Vec<String>),
}

impl From<&FieldValue> for AttestedValue {
    fn from(value: &FieldValue) -> Self {
        match value {
            FieldValue::Null => Self::Null(()),
            FieldValue::Bool(flag) => Self::Flag(*flag),
            FieldValue::Text(text) => Self::Text(text.to_string()),
            FieldValue::List(texts) => Self::List(texts.iter().map(ToString::to_string).collect()),
        }
    }
}

impl From<&AttestedValue> for FieldValue {
    fn from(said: &AttestedValue) -> Self {
        match said {
            AttestedValue::Null(()) => Self::Null,
            AttestedValue::Flag(flag) => Self::Bool(*flag),
            AttestedValue::Text(text) => Self::from_text(text),
            AttestedValue::List(texts) => Self::list(texts.iter().map(String::as_str)),
        }
    }
}

/// Presence of an attested record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestedPresence {
    /// Record present.
    Present,
    /// Record removed.
    Absent,
}

impl Attestation {
    /// Returns the collection of the record.
    pub fn collection(&self) -> CollectionId {
        let table = match (&self.table, &self.title) {
            (Some(code), _) => TableName::Code(code.as_str().into()),
            (None, Some(title)) => TableName::Title(title.as_str().into()),
            (None, None) => TableName::Whole,
        };
        CollectionId {
            table,
            library: self.library.as_deref().map(Arc::from),
            language: self.language.as_deref().map(Arc::from),
            ..CollectionId::of_institution(&self.kind)
        }
    }

    /// Creates an attestation for a record of a collection.
    pub fn new(
        zone: &ZoneCode,
        id: &CollectionId,
        record: &Record,
        now: AttestedPresence,
        by: &str,
        date: &str,
    ) -> Self {
        let (table, title) = match &id.table {
            TableName::Code(code) => (Some(code.to_string()), None),
            TableName::Title(title) => (None, Some(title.to_string())),
            TableName::Whole => (None, None),
        };
        Self {
            zone: zone.to_string(),
            kind: id.kind.to_string(),
            table,
            title,
            library: id.library.as_deref().map(str::to_owned),
            language: id.language.as_deref().map(str::to_owned),
            fields: record.iter().map(|(field, value)| (field.to_string(), value.into())).collect(),
            gone: now == AttestedPresence::Absent,
            by: by.to_owned(),
            date: date.to_owned(),
        }
    }
}

impl AttestationFile {
    /// Returns the attested records by zone and collection.
    pub fn by_zone(&self) -> BTreeMap<ZoneCode, AttestedZone> {
        let mut zones: BTreeMap<ZoneCode, AttestedZone> = BTreeMap::new();
        for each in &self.attestations {
            let fields =
                each.fields.iter().map(|(field, said)| (field.as_str().into(), said.into())).collect();
            let zone = zones.entry(each.zone.as_str().into()).or_default();
            let said = zone.entry(each.collection()).or_default();
            if each.gone {
                said.gone.push(fields);
                continue;
            }
            said.records.push(ObservedRecord {
                fields,
                updated_by: Some(each.by.clone()),
                update_date: Some(each.date.clone()),
                managed_in_network: false,
                numbered: false,
            });
        }
        zones
    }
}

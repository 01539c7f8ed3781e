//! `attestations.json` in the config directory: what people say they have done in Alma by hand.
//!
//! It belongs into git beside the manifests. Nothing here is proof: an attested record is shown as
//! attested, never as verified, and a desired value that changes is not what was attested any more.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{CollectionId, FieldValue, ObservedRecord, Record, TableName, ZoneCode};
use crate::provider::channel_routing::AttestedZone;

/// What the file is called.
pub const FILE: &str = "attestations.json";

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttestationFile {
    /// The version of the form of the file: 1.
    pub version: u32,
    /// One entry for each record.
    pub attestations: Vec<Attestation>,
}

/// One record that somebody has made so, or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// Alma's institution code.
    pub zone: String,
    /// The type of collection.
    pub kind: String,
    /// Code of the table, where the type has several collections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Name of the table as people see it, where the manifest names it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Code of the library it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
    /// The language of its texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the record holds since then, key fields included; its key fields alone where it is gone.
    pub fields: BTreeMap<String, AttestedValue>,
    /// Whether the record is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// Who did it.
    pub by: String,
    /// When, as `YYYY-MM-DD`.
    pub date: String,
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AttestedValue {
    /// Nothing.
    Null(()),
    /// A flag.
    Flag(bool),
    /// A text.
    Text(String),
    /// Texts whose order does not count.
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

/// What has become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestedPresence {
    /// It is there.
    Present,
    /// It is gone.
    Absent,
}

impl Attestation {
    /// The collection that it speaks of.
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

    /// An entry for a record of a collection.
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
    /// Reads the file; a directory without one has no attestations.
    ///
    /// # Errors
    /// In words, where it is there and cannot be understood: what people did must not be forgotten.
    pub fn load(directory: &Path) -> Result<Self, String> {
        let file = directory.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { version: 1, attestations: Vec::new() });
            }
            Err(error) => return Err(format!("{FILE} cannot be read: {error}")),
        };
        let read: Self = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column().max(1));
            let words = error.to_string();
            let fact = words.split(" at line ").next().unwrap_or_default();
            format!(
                "{FILE}:{line}:{column}: not what `zonal attest` writes: {fact}; take the file of an earlier \
                 commit, or attest anew without it"
            )
        })?;
        match read.version {
            1 => Ok(read),
            other => Err(format!("{FILE} has version {other}, and this zonal reads version 1: update zonal")),
        }
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// In words, where it cannot be written.
    pub fn save(&self, directory: &Path) -> Result<(), String> {
        let text = super::config::to_json(self) + "\n";
        super::config_files::replace(&directory.join(FILE), &text)
            .map_err(|error| format!("{FILE} cannot be written: {error}"))
    }

    /// What is attested of each zone.
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
            });
        }
        zones
    }
}

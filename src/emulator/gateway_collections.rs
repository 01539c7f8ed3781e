//! What a zone keeps that Alma's public API does not reach: collections of records, each with a revision.
//!
//! Their fields are the project's own words for what Alma's pages show; what is kept of them here is as
//! much as the consortium kinds speak of, with the rules that a page would enforce.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::ModificationStamp;
use crate::kinds::{GatewayCollection, KINDS};
use crate::model::network::ZoneRole;

/// One collection: its type and, where there are several of the type, its code.
pub(super) type GatewayCollectionKey = (String, Option<String>);

/// A collection with its revision.
#[derive(Debug, Clone, Default)]
pub(super) struct EmulatedGatewayCollection {
    pub revision: u64,
    pub records: BTreeMap<Vec<String>, EmulatedGatewayRecord>,
}

/// A record and who changed it last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EmulatedGatewayRecord {
    pub fields: Map<String, Value>,
    pub updated: Option<ModificationStamp>,
}

/// Every type of collection that the gateway serves of a zone of some role.
pub(super) fn types(role: ZoneRole) -> impl Iterator<Item = &'static GatewayCollection> {
    KINDS.iter().flat_map(|kind| kind.gateway).filter(move |each| each.reach.covers(role))
}

/// The type of this name that a zone of this role has.
pub(super) fn find(kind: &str, role: ZoneRole) -> Option<&'static GatewayCollection> {
    types(role).find(|each| each.kind == kind)
}

/// Sets or deletes one record, as somebody in front of the zone does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordEdit {
    /// Code of the zone.
    pub zone: String,
    /// The type of collection.
    pub kind: String,
    /// Code of the collection, where there are several of the type.
    #[serde(default)]
    pub table: Option<String>,
    /// Who does it.
    pub by: String,
    /// The fields, key fields included: those of a record that is there are laid over.
    pub fields: Map<String, Value>,
    /// Whether the record is to go.
    #[serde(default)]
    pub delete: bool,
}

impl EmulatedGatewayCollection {
    /// Sets or deletes a record.
    ///
    /// # Errors
    /// In words, where the type has no such field or the record is not there.
    pub fn edit(
        &mut self,
        of: &GatewayCollection,
        edit: &RecordEdit,
        stamp: ModificationStamp,
    ) -> Result<(), String> {
        let key = key_of(of, &edit.fields)?;
        if edit.delete {
            self.records.remove(&key).ok_or_else(|| format!("there is no {} {key:?}", of.kind))?;
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

/// The key of a record, its parts in order.
pub(super) fn key_of(of: &GatewayCollection, fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    if let Some(unknown) = fields.keys().find(|field| !of.has_field(field)) {
        return Err(format!("{} have no field `{unknown}`", of.kind));
    }
    let part = |field: &&str| match fields.get(*field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(format!("{} need `{field}`", of.kind)),
    };
    of.key.iter().map(part).collect()
}

//! What a zone keeps that Alma's public API does not reach: collections of records, each with a revision.
//!
//! Their fields are the project's own words for what Alma's pages show; what is kept of them here is as
//! much as the consortium kinds speak of, with the rules that a page would enforce.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::Stamp;
use crate::model::network::Role;

/// One collection: its type and, where there are several of the type, its code.
pub(super) type Name = (String, Option<String>);

/// A collection with its revision.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    pub revision: u64,
    pub records: BTreeMap<Vec<String>, Record>,
}

/// A record and who changed it last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub fields: Map<String, Value>,
    pub updated: Option<Stamp>,
}

/// A type of collection that the emulator's gateway serves.
pub(super) struct Type {
    pub kind: &'static str,
    /// Whose it is; `None` for both.
    pub role: Option<Role>,
    /// The fields that identify a record.
    pub key: &'static [&'static str],
    /// All others.
    pub fields: &'static [&'static str],
}

/// Every type.
pub(super) const TYPES: &[Type] = &[
    Type {
        kind: "ImportPermissions",
        role: Some(Role::Network),
        key: &["institution"],
        fields: &["bibliographic", "authority", "linking"],
    },
    Type {
        kind: "AvailabilityGroups",
        role: Some(Role::Network),
        key: &["name"],
        fields: &["description", "institutions", "campuses", "libraries"],
    },
    Type {
        kind: "RolePrivileges",
        role: Some(Role::Network),
        key: &["institution", "role", "privilege"],
        fields: &["enabled"],
    },
    Type {
        kind: "AuthorityTaskList",
        role: None,
        key: &["role"],
        fields: &["view", "process", "dismiss", "dismissForNetwork"],
    },
    Type { kind: "AuthorityReportTypes", role: None, key: &["reportType"], fields: &["enabled"] },
    Type {
        kind: "AuthorityDismissal",
        role: Some(Role::Network),
        key: &["institution", "role"],
        fields: &["dismissForNetwork"],
    },
    Type {
        kind: "LinkedAccountRules",
        role: Some(Role::Member),
        key: &["name"],
        fields: &[
            "position",
            "description",
            "sourceInstitutions",
            "sourceUserGroups",
            "userGroup",
            "expiryDate",
            "expiryFromSource",
            "refreshExpiryDate",
            "purgeDate",
            "purgeAfterExpired",
            "refreshPurgeDate",
            "copyNetworkBlocks",
            "enabled",
        ],
    },
    Type {
        kind: "ExternalUserGroups",
        role: Some(Role::Member),
        key: &["code"],
        fields: &["sourceInstitutions", "description"],
    },
    Type { kind: "RestrictedUsers", role: Some(Role::Member), key: &["userGroup"], fields: &[] },
    Type {
        kind: "RotaAssignmentRules",
        role: Some(Role::Member),
        key: &["name"],
        fields: &["operator", "userGroups", "rota"],
    },
    Type {
        kind: "DisplayLogicRules",
        role: Some(Role::Member),
        key: &["name"],
        fields: &["operator", "userGroups", "hides"],
    },
    Type {
        kind: "FulfillmentRules",
        role: Some(Role::Member),
        key: &["unit", "name"],
        fields: &[
            "enabled",
            "termsOfUse",
            "userGroup.operator",
            "userGroup",
            "itemPolicy.operator",
            "itemPolicy",
        ],
    },
    Type {
        kind: "TermsOfUse",
        role: None,
        key: &["name"],
        // A policy may be called anything: its name is its field.
        fields: &["type", "description", "attachedToNetwork", "overruledAt", "*"],
    },
    Type {
        kind: "LinkedAccountSync",
        role: Some(Role::Member),
        key: &["sourceInstitution"],
        fields: &["fields", "userGroups", "onFailure", "maximalLag", "enabled"],
    },
    Type {
        kind: "IndexingStatus",
        role: None,
        key: &["index"],
        fields: &["lastRun", "status", "records", "errors"],
    },
];

impl Type {
    /// The type of this name that a zone of this role has.
    pub fn find(kind: &str, role: Role) -> Option<&'static Self> {
        TYPES.iter().find(|each| each.kind == kind && each.role.is_none_or(|of| of == role))
    }

    /// Whether records have such a field.
    pub fn has(&self, field: &str) -> bool {
        self.key.contains(&field) || self.fields.contains(&field) || self.fields.contains(&"*")
    }
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

impl Kept {
    /// Sets or deletes a record.
    ///
    /// # Errors
    /// In words, where the type has no such field or the record is not there.
    pub fn edit(&mut self, of: &Type, edit: &RecordEdit, stamp: Stamp) -> Result<(), String> {
        let key = key_of(of, &edit.fields)?;
        if edit.delete {
            self.records.remove(&key).ok_or_else(|| format!("there is no {} {key:?}", of.kind))?;
        } else {
            let record =
                self.records.entry(key).or_insert_with(|| Record { fields: Map::new(), updated: None });
            record.fields.extend(edit.fields.clone());
            record.updated = Some(stamp);
        }
        self.revision += 1;
        Ok(())
    }
}

/// The key of a record, its parts in order.
pub(super) fn key_of(of: &Type, fields: &Map<String, Value>) -> Result<Vec<String>, String> {
    if let Some(unknown) = fields.keys().find(|field| !of.has(field)) {
        return Err(format!("{} have no field `{unknown}`", of.kind));
    }
    let part = |field: &&str| match fields.get(*field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(format!("{} need `{field}`", of.kind)),
    };
    of.key.iter().map(part).collect()
}

//! What the manifests say, zone by zone, once selections, overrides and variables are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::{CollectionId, Key, ZoneCode};
use super::place::Provenance;
use super::value::{Field, Value};

/// Everything that is wanted, by zone. A zone that nothing applies to is not in the map.
#[derive(Debug, Clone, Default)]
pub struct Desired {
    /// In each zone, one entry for each manifest and collection; several manifests may speak
    /// of different records of one collection.
    pub zones: BTreeMap<ZoneCode, Vec<DesiredCollection>>,
}

/// What one manifest wants of one collection of one zone.
#[derive(Debug, Clone)]
pub struct DesiredCollection {
    /// Which collection, as the manifest names it.
    pub id: CollectionId,
    /// How this type of collection behaves.
    pub shape: Arc<Shape>,
    /// The fields that identify a record, as the manifest names them (`code`; `ID`; `column0`).
    pub key: Arc<[Field]>,
    /// What to do with records that no manifest mentions, and where the manifest says so.
    pub unlisted: Unlisted,
    /// How strongly unlisted records are dealt with.
    pub enforcement: Enforcement,
    /// The records, by the values of their key fields. Shared between the zones where they are the same.
    pub records: BTreeMap<Key, Arc<DesiredRecord>>,
    /// The manifest.
    pub provenance: Provenance,
}

/// What the engine must know of a type of collection, told by its kind: the engine itself cannot
/// name one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shape {
    /// Collections of a lower stage are written first, and deleted from last, because those of a
    /// higher one refer to them.
    pub stage: u8,
    /// Fields without which a record cannot be created.
    pub required: Vec<Field>,
    /// Fields that a new record gets where its manifest is silent, with the documented default.
    pub defaults: BTreeMap<Field, Value>,
    /// Flags that at most one record of a collection may carry.
    pub exclusive: Vec<Field>,
    /// Fields that are the same in every language of the collection.
    pub shared: Vec<Field>,
    /// The flag that is cleared to disable a record.
    pub switch: Option<Field>,
}

/// What is wanted of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredRecord {
    /// The fields that the manifest mentions, under the names it uses, key fields included.
    pub fields: BTreeMap<Field, DesiredValue>,
    /// True where the manifest says `absent: true`.
    pub absent: bool,
    /// How strongly it is wanted.
    pub enforcement: Enforcement,
    /// Where the record is declared.
    pub provenance: Provenance,
}

/// One wanted value and who wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredValue {
    /// The value; [`Value::Null`] clears the field.
    pub value: Value,
    /// Who said so.
    pub provenance: Provenance,
}

/// How strongly a manifest means what it says.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Always put back.
    #[default]
    Enforce,
    /// Create if missing; later local edits are the zone's own.
    Initial,
    /// Report only.
    Observe,
}

/// What happens to the records of a collection that no manifest mentions.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Unlisted {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are disabled.
    Disable,
    /// They are deleted.
    Remove,
}

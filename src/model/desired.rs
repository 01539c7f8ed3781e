//! What the manifests say, zone by zone, once selections, overrides and variables are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::{CollectionId, RecordKey, ZoneCode};
use super::applied_state::ConflictPolicy;
use super::source_span::Provenance;
use super::value::{FieldName, FieldValue};

/// Everything that is wanted, by zone. A zone that nothing applies to is not in the map.
#[derive(Debug, Clone, Default)]
pub struct DesiredState {
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
    pub shape: Arc<CollectionShape>,
    /// The fields that identify a record, as the manifest names them (`code`; `ID`; `column0`).
    pub key: Arc<[FieldName]>,
    /// What to do with records that no manifest mentions, and where the manifest says so.
    pub unlisted: UnlistedPolicy,
    /// How strongly unlisted records are dealt with.
    pub enforcement: Enforcement,
    /// What is done where both the manifests and the zone have moved, each in its own way.
    pub on_conflict: ConflictPolicy,
    /// The records, by the values of their key fields. Shared between the zones where they are the same.
    pub records: BTreeMap<RecordKey, Arc<DesiredRecord>>,
    /// What is wanted of records that the zone has, whoever made them.
    pub amendments: Vec<Amendment>,
    /// What part it has in the comparison.
    pub standing: CollectionRole,
    /// The manifest.
    pub provenance: Provenance,
}

/// What part something that is desired of a collection has in its comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CollectionRole {
    /// The zone is to become so.
    #[default]
    Desired,
    /// It was left out by a selection, and is only kept in view: its records are named by a manifest, so they are
    /// neither unlisted nor orphans.
    ReferenceOnly,
    /// Nothing is wanted of the collection any more. It is looked at because of what zonal made there.
    OrphansOnly,
}

/// What the engine must know of a type of collection, told by its kind: the engine itself cannot
/// name one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionShape {
    /// Collections of a lower stage are written first, and deleted from last, because those of a
    /// higher one refer to them.
    pub stage: u8,
    /// Fields without which a record cannot be created.
    pub required: Vec<FieldName>,
    /// Fields that a new record gets where its manifest is silent, with the documented default.
    pub defaults: BTreeMap<FieldName, FieldValue>,
    /// Flags that at most one record of a collection may carry.
    pub exclusive: Vec<FieldName>,
    /// Fields that are the same in every language of the collection.
    pub shared: Vec<FieldName>,
    /// The flag that is cleared to disable a record.
    pub switch: Option<FieldName>,
    /// The flag that says whether a record follows the network's; where a zone has cleared it, the
    /// record is detached, which is a drift of its own.
    pub attachment: Option<FieldName>,
    /// A field that the zone fills with what overrules a record there, such as a library's own copy.
    pub shadow: Option<FieldName>,
    /// What a record is that stays though no manifest mentions it, where that is worth telling.
    pub stale: Option<Arc<str>>,
    /// Where a person finds the collection in Alma; empty where that is not known.
    pub menu: Arc<str>,
}

/// What is wanted of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredRecord {
    /// The fields that the manifest mentions, under the names it uses, key fields included.
    pub fields: BTreeMap<FieldName, DesiredValue>,
    /// True where the manifest says `absent: true`.
    pub absent: bool,
    /// How strongly it is wanted.
    pub enforcement: Enforcement,
    /// Where the record is declared.
    pub provenance: Provenance,
    /// Records that must be there for this one to make sense.
    pub references: Vec<RecordReference>,
    /// What a change of the record means, for whoever reads the plan.
    pub notes: Vec<Arc<str>>,
}

/// A record of the same zone that another one refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordReference {
    /// Its collection.
    pub to: CollectionId,
    /// What tells the record from others, under the names that people use.
    pub fields: Vec<(FieldName, Arc<str>)>,
    /// What it is, in words: `user group`.
    pub what: &'static str,
}

/// What is wanted of records that a zone has: part of each, everything else of them being the zone's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// What the records hold that are meant; all records where it is empty.
    pub select: Vec<(FieldName, FieldValue)>,
    /// Whether it is worth telling that a zone has no such record.
    pub expected: AmendmentTarget,
    /// What is wanted of each of them.
    pub amends: Vec<FieldAmendment>,
    /// How strongly it is wanted.
    pub enforcement: Enforcement,
    /// Where it is declared.
    pub provenance: Provenance,
}

/// Whether a zone should have what an amendment speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendmentTarget {
    /// One that has not is told.
    Required,
    /// It may well have none.
    Optional,
}

/// What is wanted of one field of a record that is amended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldAmendment {
    /// The field.
    pub field: FieldName,
    /// What it shall be.
    pub to: AmendmentOperation,
    /// The record that the value names, where it names one: it must be there.
    pub reference: Option<RecordReference>,
    /// Who says so.
    pub provenance: Provenance,
}

/// What a field that is amended shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmendmentOperation {
    /// This value.
    Set(FieldValue),
    /// This value, where the field holds nothing.
    SetIfEmpty(FieldValue),
    /// A list with this text in it.
    AddToList(Arc<str>),
    /// A list without this text.
    RemoveFromList(Arc<str>),
    /// A list that lets this text pass, given the operator in another field: `INLIST` needs it,
    /// `NOTINLIST` must not have it, and no operator lets everything pass.
    AllowInRule {
        /// The text.
        text: Arc<str>,
        /// The field that holds the operator.
        operator: FieldName,
    },
    /// A list that stops this text, given the operator in another field. Where there is none, it
    /// becomes `NOTINLIST`.
    BlockInRule {
        /// The text.
        text: Arc<str>,
        /// The field that holds the operator.
        operator: FieldName,
    },
}

/// The operator of a list that must hold what passes, as Alma spells it.
pub const IN_LIST: &str = "INLIST";
/// The operator of a list that stops what it holds.
pub const NOT_IN_LIST: &str = "NOTINLIST";

/// What a field that is amended becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendmentResult {
    /// What it holds then.
    pub value: FieldValue,
    /// The operator that its rule gets, where it has none.
    pub operator: Option<&'static str>,
}

impl AmendmentOperation {
    /// The field that holds the operator, where one matters.
    pub fn operator(&self) -> Option<&FieldName> {
        match self {
            Self::AllowInRule { operator, .. } | Self::BlockInRule { operator, .. } => Some(operator),
            Self::Set(_) | Self::SetIfEmpty(_) | Self::AddToList(_) | Self::RemoveFromList(_) => None,
        }
    }

    /// What becomes of a field, given what it holds and the rule's operator; `None` where it is as wanted.
    pub fn apply_to(&self, held: &FieldValue, operator: Option<&str>) -> Option<AmendmentResult> {
        let with = |text: &Arc<str>| FieldValue::list(held.texts().iter().chain([text]).cloned());
        let without =
            |text: &Arc<str>| FieldValue::list(held.texts().iter().filter(|each| *each != text).cloned());
        let mut other = None;
        let value = match (self, operator) {
            (Self::Set(value), _) => value.clone(),
            (Self::SetIfEmpty(_), _) if *held != FieldValue::Null => return None,
            (Self::SetIfEmpty(value), _) => value.clone(),
            (Self::AddToList(text), _)
            | (Self::AllowInRule { text, .. }, Some(IN_LIST))
            | (Self::BlockInRule { text, .. }, Some(NOT_IN_LIST)) => with(text),
            (Self::RemoveFromList(text), _)
            | (Self::AllowInRule { text, .. }, Some(NOT_IN_LIST))
            | (Self::BlockInRule { text, .. }, Some(IN_LIST)) => without(text),
            (Self::BlockInRule { text, .. }, None) => {
                other = Some(NOT_IN_LIST);
                with(text)
            }
            // Without an operator everything passes; of another one nobody knows what it does.
            (Self::AllowInRule { .. }, _) | (Self::BlockInRule { .. }, Some(_)) => return None,
        };
        (value != *held || other.is_some()).then_some(AmendmentResult { value, operator: other })
    }
}

/// One wanted value and who wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredValue {
    /// The value; [`Value::Null`] clears the field.
    pub value: FieldValue,
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
#[serde(rename_all = "camelCase")]
pub enum Enforcement {
    /// Always put back.
    #[default]
    Enforce,
    /// Create if missing; later local edits are the zone's own.
    CreateOnly,
    /// Report only.
    Report,
    /// No longer managed: what is there stays as it is, and the plan says so.
    Unmanage,
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
#[serde(rename_all = "camelCase")]
pub enum UnlistedPolicy {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are disabled.
    Disable,
    /// They are deleted.
    Delete,
}

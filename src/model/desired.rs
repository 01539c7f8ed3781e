//! Desired state by zone, with selectors, overrides and variables resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::address::{CollectionId, RecordKey, ZoneCode};
use super::applied_state::ConflictPolicy;
use super::calendar::CalendarRules;
use super::key_patterns::KeyPatterns;
use super::service::ServiceSettings;
use super::source_span::Provenance;
use super::value::{FieldName, FieldValue};
use super::value_comparison::ValueComparison;

/// Desired state of all zones. A zone without matching manifests has no entry.
#[derive(Debug, Clone, Default)]
pub struct DesiredState {
    /// Entries by zone, one for each manifest and collection.
    ///
    /// Several manifests may declare different records of one collection.
    pub zones: BTreeMap<ZoneCode, Vec<DesiredCollection>>,
    /// Settings of the service, which no zone contains, by manifest.
    pub service: Vec<ServiceSettings>,
}

impl DesiredState {
    /// Sets the date of all calendars, so that a comparison knows past entries.
    pub fn set_calendar_date(&mut self, now: jiff::Timestamp) {
        for collection in self.zones.values_mut().flatten().filter(|each| each.shape.calendar.is_some()) {
            Arc::make_mut(&mut collection.shape).calendar = Some(CalendarRules::at(now));
        }
    }
}

/// Desired state of one collection of one zone, from one manifest.
#[derive(Debug, Clone)]
pub struct DesiredCollection {
    /// Collection, as named in the manifest.
    pub id: CollectionId,
    /// Properties of this type of collection.
    pub shape: Arc<CollectionShape>,
    /// Key fields of a record, as named in the manifest (`code`; `ID`; `column0`).
    pub key: Arc<[FieldName]>,
    /// Policy for unlisted records.
    pub unlisted: UnlistedPolicy,
    /// Enforcement of the `unlisted` policy.
    pub enforcement: Enforcement,
    /// Conflict policy, if manifests and zone changed a record differently.
    pub on_conflict: ConflictPolicy,
    /// Owner of the collection, if the distribution jobs of the Network Zone write it too.
    pub owner: CollectionOwner,
    /// Fields of the manifest that adjust the comparison.
    pub options: ComparisonOptions,
    /// Records by key, shared between zones with equal records.
    pub records: BTreeMap<RecordKey, Arc<DesiredRecord>>,
    /// Amendments of records in the zone, regardless of their creator.
    pub amendments: Vec<Amendment>,
    /// Role in the comparison.
    pub standing: CollectionRole,
    /// Manifest.
    pub provenance: Provenance,
}

/// Fields of a manifest that adjust the comparison of its collections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ComparisonOptions {
    /// True if manifests of the kind choose the key fields with `key`.
    pub has_key_field: bool,
    /// Comparisons other than `exact`, by field; `None` if manifests of the kind have no field `compare`.
    pub compare: Option<Arc<BTreeMap<FieldName, ValueComparison>>>,
    /// Keys of unlisted records that stay.
    pub unlisted_except: KeyPatterns,
}

/// Role of a desired collection in the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum CollectionRole {
    /// Target state for the zone.
    #[default]
    Desired,
    /// Excluded by the selection and used for reference only.
    ///
    /// Its records count as declared: neither unlisted nor orphaned.
    ReferenceOnly,
    /// No longer declared; compared only because of orphans that zonal created.
    OrphansOnly,
}

/// Properties of a type of collection, declared by its kind.
///
/// The engine knows no kind by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CollectionShape {
    /// Stage in the write order.
    ///
    /// zonal writes lower stages first and deletes from them last, because higher stages refer to lower ones.
    pub stage: u8,
    /// Required fields for creating a record.
    pub required: Vec<FieldName>,
    /// Documented defaults for the fields of a new record, if the manifest omits them.
    pub defaults: BTreeMap<FieldName, FieldValue>,
    /// Flags allowed on at most one record of a collection.
    pub exclusive: Vec<FieldName>,
    /// Fields with the same value in every language of the collection.
    pub shared: Vec<FieldName>,
    /// Flag that zonal clears to disable a record.
    pub switch: Option<FieldName>,
    /// Flag for following the network's record.
    ///
    /// A zone that cleared the flag has detached the record, which is a difference type of its own.
    pub attachment: Option<FieldName>,
    /// Field that the zone fills with an overriding copy, such as a library's own record.
    pub shadow: Option<FieldName>,
    /// Description of a record that stays without a declaration, for a note.
    pub stale: Option<Arc<str>>,
    /// Rules of a calendar; `None` for any other collection.
    pub calendar: Option<CalendarRules>,
    /// Menu path of the collection in Alma; empty if unknown.
    pub menu: Arc<str>,
}

/// Desired state of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredRecord {
    /// Declared fields under the manifest's names, key fields included.
    pub fields: BTreeMap<FieldName, DesiredValue>,
    /// True for `absent: true`.
    pub absent: bool,
    /// Enforcement of the record.
    pub enforcement: Enforcement,
    /// Declaration of the record.
    pub provenance: Provenance,
    /// Referenced records that must exist.
    pub references: Vec<RecordReference>,
    /// Consequences of a change of the record, for the plan.
    pub notes: Vec<Arc<str>>,
}

/// Reference to another record of the same zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordReference {
    /// Collection of the referenced record.
    pub to: CollectionId,
    /// Identifying fields, under the names that people use.
    pub fields: Vec<(FieldName, Arc<str>)>,
    /// Noun for the record: `user group`.
    pub what: &'static str,
}

/// Partial change of records that the zone owns; all other fields stay the zone's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Values that select the records; empty for all records.
    pub select: Vec<(FieldName, FieldValue)>,
    /// Target requirement: report a zone without such a record, or not.
    pub expected: AmendmentTarget,
    /// Amended fields.
    pub amends: Vec<FieldAmendment>,
    /// Enforcement of the amendment.
    pub enforcement: Enforcement,
    /// Declaration of the amendment.
    pub provenance: Provenance,
}

/// Requirement for the target records of an amendment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmendmentTarget {
    /// Required: zonal reports a zone without such a record.
    Required,
    /// Optional: a zone may have no such record.
    Optional,
}

/// Amendment of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldAmendment {
    /// Field.
    pub field: FieldName,
    /// Operation on the field.
    pub to: AmendmentOperation,
    /// Record that the value names and that must exist, if any.
    pub reference: Option<RecordReference>,
    /// Declaration of the amendment.
    pub provenance: Provenance,
}

/// Operation of an amendment on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmendmentOperation {
    /// Sets this value.
    Set(FieldValue),
    /// Sets this value if the field is empty.
    SetIfEmpty(FieldValue),
    /// Adds this text to a list.
    AddToList(Arc<str>),
    /// Removes this text from a list.
    RemoveFromList(Arc<str>),
    /// Allows this text in a rule, given the operator in another field.
    ///
    /// `INLIST` needs the text, `NOTINLIST` must not contain it, and no operator allows every text.
    AllowInRule {
        /// Text.
        text: Arc<str>,
        /// Field of the operator.
        operator: FieldName,
    },
    /// Blocks this text in a rule, given the operator in another field.
    ///
    /// Without an operator, the rule gets `NOTINLIST`.
    BlockInRule {
        /// Text.
        text: Arc<str>,
        /// Field of the operator.
        operator: FieldName,
    },
}

/// Operator of a list of allowed values, in Alma's spelling.
pub const IN_LIST: &str = "INLIST";
/// Operator of a list of blocked values.
pub const NOT_IN_LIST: &str = "NOTINLIST";

/// Result of an amendment on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmendmentResult {
    /// New value of the field.
    pub value: FieldValue,
    /// New operator of the rule, if the rule had none.
    pub operator: Option<&'static str>,
}

impl AmendmentOperation {
    /// Returns the field of the operator, if the operation depends on one.
    pub fn operator(&self) -> Option<&FieldName> {
        match self {
            Self::AllowInRule { operator, .. } | Self::BlockInRule { operator, .. } => Some(operator),
            Self::Set(_) | Self::SetIfEmpty(_) | Self::AddToList(_) | Self::RemoveFromList(_) => None,
        }
    }

    /// Returns the amended field, given its observed value and the rule's operator.
    ///
    /// `None` if the field already matches.
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
            // No operator allows every text; the effect of an unknown operator is unknown.
            (Self::AllowInRule { .. }, _) | (Self::BlockInRule { .. }, Some(_)) => return None,
        };
        (value != *held || other.is_some()).then_some(AmendmentResult { value, operator: other })
    }
}

/// Desired value with its declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredValue {
    /// Value; [`FieldValue::Null`] clears the field.
    pub value: FieldValue,
    /// Declaration of the value.
    pub provenance: Provenance,
    /// Value that an override replaced, if any.
    pub replaced: Option<Arc<DesiredValue>>,
}

impl DesiredValue {
    /// Creates a value that replaces no other.
    pub fn new(value: FieldValue, provenance: Provenance) -> Self {
        Self { value, provenance, replaced: None }
    }
}

/// Enforcement of a declaration.
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
    /// Reverts every difference.
    #[default]
    Enforce,
    /// Creates missing records; keeps later local edits.
    CreateOnly,
    /// Reports differences only.
    Report,
    /// Stops managing the record and keeps it; the plan reports this.
    Unmanage,
}

/// Owner of a collection that the distribution jobs of the Network Zone write too.
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
pub enum CollectionOwner {
    /// Undecided: a guard denies writes to a collection with records managed in the network.
    #[default]
    Undecided,
    /// zonal writes the collection, although a write can detach it from the network.
    Zonal,
    /// The network's distribution jobs write the collection; zonal only reports differences.
    Network,
}

impl CollectionOwner {
    /// Returns the enforcement of declarations under this owner.
    pub fn limit(self, enforcement: Enforcement) -> Enforcement {
        match (self, enforcement) {
            (Self::Network, Enforcement::Enforce | Enforcement::CreateOnly) => Enforcement::Report,
            (Self::Network | Self::Undecided | Self::Zonal, as_declared) => as_declared,
        }
    }
}

/// Policy for unlisted records of a collection.
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
    /// Keeps them unchanged.
    #[default]
    Keep,
    /// Disables them.
    Disable,
    /// Deletes them.
    Delete,
}

//! Decisions of a plan in JSON: each row of a manifest once, with the zones that it concerns.
//!
//! With the zones of `population`, each record and field of the changes can be told from the decisions alone.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{
    ApplyMode, Change, ChangeAction, ChangeConflict, ChangeOrigin, Channel, CollectionName, ContentDigest,
    Deferral, DifferenceType, FieldName, Plan, Provenance, ZoneCode,
};
use crate::render::decisions::{
    DecisionVariant, FieldChangeContent, FoldedField, FoldedText, FoldedValue, PlanDecision, decisions,
};

/// Row of a manifest with the changes that it causes in one collection.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionJson {
    /// Declaration of the row.
    pub declared_at: Provenance,
    /// Collection, without its library.
    pub collection: CollectionName,
    /// Channel to the zones.
    pub channel: Channel,
    /// SHA-256 of the sorted digests of the changes.
    pub digest: ContentDigest,
    /// Zones of the row, or the members in its keys, that need no change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_sync: Vec<ZoneCode>,
    /// Different changes of the row; those with the most records first.
    pub variants: Vec<DecisionVariantJson>,
}

/// Change that is the same in several zones.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionVariantJson {
    /// SHA-256 of the sorted digests of the changes.
    pub digest: ContentDigest,
    /// Action.
    pub action: ChangeAction,
    /// Mode: apply, report, manual, postponed or left to the zone.
    pub mode: ApplyMode,
    /// Type of the difference.
    pub difference: DifferenceType,
    /// Origin of the difference since the last apply, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<ChangeOrigin>,
    /// Key of the record.
    pub key: Vec<DecisionKeyJson>,
    /// Changed fields; for a delete, the fields of the record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<DecisionFieldJson>,
    /// Reason, if other than the manifest's declared value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Conflict with the applied state, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ChangeConflict>,
    /// Deferral of the collections, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferral: Option<Deferral>,
    /// True if the change switches the record off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disables: bool,
    /// Consequences of the change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Records, in the order of the network's zones.
    pub records: Vec<DecisionRecordJson>,
}

/// Part of a record's key.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionKeyJson {
    /// Field.
    pub name: FieldName,
    /// Value.
    pub value: FoldedValueJson,
}

/// Changed field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionFieldJson {
    /// Name for people.
    pub name: FieldName,
    /// Field in the collection's own names, if other than `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldName>,
    /// Value after the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<FoldedValueJson>,
    /// Texts that a list gains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Texts that a list loses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Different values before the change; the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<FormerValueJson>,
    /// True if a new record has the field only because every new record has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_default: bool,
}

/// Value before a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FormerValueJson {
    /// Value.
    pub value: FoldedValueJson,
    /// Indices of the variant's records with this value; left out for all records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<usize>,
}

/// Record of a variant.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DecisionRecordJson {
    /// Zone.
    pub zone: ZoneCode,
    /// Member in the record's key, other than the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<ZoneCode>,
    /// Library of the record's collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<Arc<str>>,
    /// Last editor of the record, if the zone reports one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
    /// Date of the last change, as the zone writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_date: Option<String>,
}

/// Value for all records of a variant. In texts, `{member}` is the member in the record's key, `{code}` the
/// record's zone, and `{name}` a variable; braces of the text itself are doubled.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FoldedValueJson {
    /// No value.
    Null(()),
    /// Flag.
    Bool(bool),
    /// Text.
    Text(String),
    /// List of texts.
    List(Vec<String>),
    /// List of members, told by its rule.
    Members(MemberRuleJson),
}

/// Rule of a list of members: all members, or those with a label, without some.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberRuleJson {
    /// True if the list leaves out the member in the record's key, or the record's zone.
    pub others: bool,
    /// Label of the members; null for all members.
    pub label: Option<Arc<str>>,
    /// Value of the label.
    pub label_value: Option<Arc<str>>,
    /// Members that the list leaves out.
    pub except: Vec<ZoneCode>,
}

/// Returns the decisions of a plan. `digest` computes the digest of a change, `digest_set` that of a set of
/// changes.
pub(super) fn decisions_json(
    plan: &Plan,
    digest: &dyn Fn(&Change) -> ContentDigest,
    digest_set: &dyn Fn(Vec<ContentDigest>) -> ContentDigest,
) -> Vec<DecisionJson> {
    let of = |variant: &DecisionVariant<'_>| -> Vec<ContentDigest> {
        variant.records.iter().map(|record| digest(record.change)).collect()
    };
    let decision = |found: &PlanDecision<'_>| DecisionJson {
        declared_at: found.provenance.clone(),
        collection: (&found.collection).into(),
        channel: found.channel,
        digest: digest_set(found.variants.iter().flat_map(of).collect()),
        in_sync: found.in_sync.iter().map(|code| (*code).clone()).collect(),
        variants: found.variants.iter().map(|each| variant(each, digest_set(of(each)))).collect(),
    };
    decisions(plan, |_| true).iter().map(decision).collect()
}

fn variant(found: &DecisionVariant<'_>, digest: ContentDigest) -> DecisionVariantJson {
    let change = found.example;
    DecisionVariantJson {
        digest,
        action: change.action,
        mode: change.mode,
        difference: change.difference,
        origin: change.origin,
        key: (found.key.iter())
            .map(|(name, value)| DecisionKeyJson { name: name.clone(), value: value.into() })
            .collect(),
        fields: found.fields.iter().map(|each| field(each, found.records.len())).collect(),
        reason: found.reason.as_ref().map(ToString::to_string),
        conflict: found.conflict().cloned(),
        deferral: found.deferral.cloned(),
        disables: found.is_disable,
        notes: found.notes.iter().map(ToString::to_string).collect(),
        records: (found.records.iter())
            .map(|record| DecisionRecordJson {
                zone: record.zone().clone(),
                member: record.subject.cloned(),
                library: record.change.address.collection.library.clone(),
                updated_by: record.change.updated_by.clone(),
                update_date: record.change.update_date.clone(),
            })
            .collect(),
    }
}

fn field(found: &FoldedField, records: usize) -> DecisionFieldJson {
    let FoldedField { field, name, change, former, is_default } = found;
    let texts = |texts: &[FoldedText]| texts.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (after, added, removed, deleted) = match change {
        FieldChangeContent::Set(value) => (Some(value.into()), Vec::new(), Vec::new(), None),
        FieldChangeContent::Edit { added, removed } => (None, texts(added), texts(removed), None),
        FieldChangeContent::Removed(value) => (None, Vec::new(), Vec::new(), Some(value)),
    };
    let former = former.iter().map(|(value, indices)| FormerValueJson {
        value: value.into(),
        records: if indices.len() == records { Vec::new() } else { indices.clone() },
    });
    let deleted = deleted.map(|value| FormerValueJson { value: value.into(), records: Vec::new() });
    DecisionFieldJson {
        name: name.clone(),
        field: (field != name).then(|| field.clone()),
        after,
        added,
        removed,
        before: former.chain(deleted).collect(),
        is_default: *is_default,
    }
}

impl From<&FoldedValue> for FoldedValueJson {
    fn from(value: &FoldedValue) -> Self {
        match value {
            FoldedValue::Null => Self::Null(()),
            FoldedValue::Bool(flag) => Self::Bool(*flag),
            FoldedValue::Text(text) => Self::Text(text.to_string()),
            FoldedValue::List(texts) => Self::List(texts.iter().map(ToString::to_string).collect()),
            FoldedValue::Members(rule) => Self::Members(MemberRuleJson {
                others: rule.others,
                label: rule.label.as_ref().map(|(label, _)| Arc::clone(label)),
                label_value: rule.label.as_ref().map(|(_, value)| Arc::clone(value)),
                except: rule.except.clone(),
            }),
        }
    }
}

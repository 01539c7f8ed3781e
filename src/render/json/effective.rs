//! JSON output of `zonal effective`: what the manifests come to at one zone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::network::Zone;
use crate::model::{
    Amendment, AmendmentOperation, ConflictPolicy, DesiredCollection, DesiredRecord, DesiredState,
    DesiredValue, Enforcement, FieldName, FieldValue, Network, Provenance, RecordAddress, UnlistedPolicy,
    ZoneCode,
};
use crate::render::serialized_name::serialized_name;

/// Settings that the manifests declare for one zone, with variables and overrides resolved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "zonal effective --json")]
pub struct EffectiveZoneJson {
    /// Name of the network.
    pub network: String,
    /// Environment; null for the manifest without an environment.
    pub environment: Option<String>,
    /// Zone.
    pub zone: ZoneCode,
    /// Name of the institution.
    pub name: String,
    /// Collections by name, one entry for each manifest.
    pub collections: Vec<EffectiveCollectionJson>,
    /// Differences from a revision; absent without `--base`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<EffectiveDifferencesJson>,
}

/// Records of one collection that one manifest declares.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EffectiveCollectionJson {
    /// Collection.
    pub collection: String,
    /// Manifest, as kind and name.
    pub manifest: String,
    /// Action for records that no manifest lists.
    pub unlisted: UnlistedPolicy,
    /// Keys of unlisted records that stay, as patterns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted_except: Vec<String>,
    /// Enforcement of the manifest at this zone.
    pub enforcement: Enforcement,
    /// Conflict policy.
    pub conflict: ConflictPolicy,
    /// Records by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<EffectiveRecordJson>,
    /// Changes of records that the zone owns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<EffectiveAmendmentJson>,
}

/// Declared record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EffectiveRecordJson {
    /// Address of the record, without the zone.
    pub address: String,
    /// True if the record is to be deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub absent: bool,
    /// Enforcement of the record.
    pub enforcement: Enforcement,
    /// Declaration of the record.
    pub declared_at: Provenance,
    /// Declared fields, by name.
    pub fields: Vec<EffectiveFieldJson>,
}

/// Declared field.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EffectiveFieldJson {
    /// Name.
    pub name: FieldName,
    /// Value.
    pub value: FieldValue,
    /// Declaration that set the value.
    pub declared_at: Provenance,
    /// Values that overrides replaced, the last first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<ReplacedValueJson>,
}

/// Value that an override replaced.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReplacedValueJson {
    /// Value.
    pub value: FieldValue,
    /// Declaration of the value.
    pub declared_at: Provenance,
}

/// Change of records that the zone owns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EffectiveAmendmentJson {
    /// Values that select the records; empty for all records.
    pub select: BTreeMap<FieldName, FieldValue>,
    /// Field.
    pub field: FieldName,
    /// Operation on the field.
    pub operation: &'static str,
    /// Value of the operation.
    pub value: FieldValue,
    /// Declaration.
    pub declared_at: Provenance,
}

/// Differences of a zone's effective settings from a revision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EffectiveDifferencesJson {
    /// Full commit hash.
    pub commit: String,
    /// Addresses of records that the revision does not declare.
    pub added: Vec<String>,
    /// Addresses of records that only the revision declares.
    pub removed: Vec<String>,
    /// Records with other values.
    pub changed: Vec<ChangedRecordJson>,
}

/// Record with other values than at a revision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ChangedRecordJson {
    /// Address of the record, without the zone.
    pub address: String,
    /// Changed fields: value at the revision and now; null for a field that is not declared.
    pub fields: BTreeMap<FieldName, [Option<FieldValue>; 2]>,
}

/// Returns the effective settings of a zone.
pub fn effective_zone(network: &Network, zone: &Zone, desired: &DesiredState) -> EffectiveZoneJson {
    let found = desired.zones.get(&zone.code).map(Vec::as_slice).unwrap_or_default();
    let mut collections: Vec<EffectiveCollectionJson> =
        found.iter().map(|each| collection(&zone.code, each)).collect();
    collections.sort_by(|a, b| (&a.collection, &a.manifest).cmp(&(&b.collection, &b.manifest)));
    EffectiveZoneJson {
        network: network.name.clone(),
        environment: network.environment.clone(),
        zone: zone.code.clone(),
        name: zone.name.clone(),
        collections,
        base: None,
    }
}

impl EffectiveZoneJson {
    /// Returns the differences from the settings at a revision.
    pub fn differences(&self, commit: String, before: &Self) -> EffectiveDifferencesJson {
        let (old, new) = (before.records(), self.records());
        let only = |these: &BTreeMap<&str, &EffectiveRecordJson>,
                    those: &BTreeMap<&str, &EffectiveRecordJson>| {
            these
                .keys()
                .filter(|address| !those.contains_key(*address))
                .map(|address| (*address).to_owned())
                .collect()
        };
        let changed = old.iter().filter_map(|(address, old)| {
            let fields = changed_fields(old, new.get(address)?);
            (!fields.is_empty()).then(|| ChangedRecordJson { address: (*address).to_owned(), fields })
        });
        EffectiveDifferencesJson {
            commit,
            added: only(&new, &old),
            removed: only(&old, &new),
            changed: changed.collect(),
        }
    }

    fn records(&self) -> BTreeMap<&str, &EffectiveRecordJson> {
        let records = self.collections.iter().flat_map(|each| &each.records);
        records.map(|record| (record.address.as_str(), record)).collect()
    }
}

/// Returns the fields with other values, with `absent` and `enforcement` among them.
fn changed_fields(
    old: &EffectiveRecordJson,
    new: &EffectiveRecordJson,
) -> BTreeMap<FieldName, [Option<FieldValue>; 2]> {
    let values = |record: &EffectiveRecordJson| -> BTreeMap<FieldName, FieldValue> {
        let fields = record.fields.iter().map(|field| (field.name.clone(), field.value.clone()));
        let enforcement = serialized_name(&record.enforcement);
        let own = [
            ("absent".into(), FieldValue::Bool(record.absent)),
            ("enforcement".into(), FieldValue::from(enforcement.as_str())),
        ];
        fields.chain(own).collect()
    };
    let (old, new) = (values(old), values(new));
    let names: std::collections::BTreeSet<&FieldName> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| (name.clone(), [old.get(name).cloned(), new.get(name).cloned()]))
        .collect()
}

fn collection(zone: &ZoneCode, desired: &DesiredCollection) -> EffectiveCollectionJson {
    let address = |key| {
        let address = RecordAddress { zone: zone.clone(), collection: desired.id.clone(), key };
        address.without_zone()
    };
    EffectiveCollectionJson {
        collection: desired.id.to_string(),
        manifest: desired.provenance.manifest.to_string(),
        unlisted: desired.unlisted,
        unlisted_except: desired.options.unlisted_except.patterns().iter().map(ToString::to_string).collect(),
        enforcement: desired.enforcement,
        conflict: desired.on_conflict,
        records: desired.records.iter().map(|(key, each)| record(address(key.clone()), each)).collect(),
        amendments: desired.amendments.iter().flat_map(amendments).collect(),
    }
}

fn record(address: String, desired: &DesiredRecord) -> EffectiveRecordJson {
    let field = |(name, DesiredValue { value, provenance, replaced }): (&FieldName, &DesiredValue)| {
        let layers = std::iter::successors(replaced.as_deref(), |layer| layer.replaced.as_deref());
        let layer = |layer: &DesiredValue| ReplacedValueJson {
            value: layer.value.clone(),
            declared_at: layer.provenance.clone(),
        };
        EffectiveFieldJson {
            name: name.clone(),
            value: value.clone(),
            declared_at: provenance.clone(),
            replaced: layers.map(layer).collect(),
        }
    };
    EffectiveRecordJson {
        address,
        absent: desired.absent,
        enforcement: desired.enforcement,
        declared_at: desired.provenance.clone(),
        fields: desired.fields.iter().map(field).collect(),
    }
}

fn amendments(amendment: &Amendment) -> impl Iterator<Item = EffectiveAmendmentJson> {
    amendment.amends.iter().map(|each| {
        let (operation, value) = match &each.to {
            AmendmentOperation::Set(value) => ("set", value.clone()),
            AmendmentOperation::SetIfEmpty(value) => ("set if empty", value.clone()),
            AmendmentOperation::AddToList(text) => ("add to the list", FieldValue::Text(text.clone())),
            AmendmentOperation::RemoveFromList(text) => {
                ("remove from the list", FieldValue::Text(text.clone()))
            }
            AmendmentOperation::AllowInRule { text, .. } => {
                ("allow in the rule", FieldValue::Text(text.clone()))
            }
            AmendmentOperation::BlockInRule { text, .. } => {
                ("block in the rule", FieldValue::Text(text.clone()))
            }
        };
        EffectiveAmendmentJson {
            select: amendment.select.iter().cloned().collect(),
            field: each.field.clone(),
            operation,
            value,
            declared_at: each.provenance.clone(),
        }
    })
}

//! Applied state in a snapshot, so that a comparison with the snapshot is three-way.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SnapshotJson;
use crate::model::{
    AppliedCollection, AppliedRecord, AppliedState, CollectionId, CollectionName, FieldName,
    ManagementOrigin, Record, RecordKey, ZoneCode,
};

/// Applied state of a zone's collections.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct AppliedZoneJson {
    /// Collections with applied records.
    pub collections: Vec<AppliedCollectionJson>,
}

/// Applied state of a collection.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct AppliedCollectionJson {
    /// Collection name as in the zone.
    pub id: CollectionName,
    /// Key fields of the records.
    pub key: Vec<FieldName>,
    /// Records.
    pub records: Vec<AppliedRecordJson>,
}

/// Last values that zonal wrote to one record and verified, or found in sync.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct AppliedRecordJson {
    /// Values of the key fields.
    pub key: Vec<Arc<str>>,
    /// Desired and verified fields, or null for a verified absence.
    pub fields: Option<Record>,
    /// Origin of the management.
    pub origin: ManagementOrigin,
    /// Manifest that declared the values.
    pub manifest: Arc<str>,
}

/// Adds the applied state of the collections that the snapshot contains.
pub fn add(snapshot: &mut SnapshotJson, applied: &AppliedState) {
    for zone in &mut snapshot.zones {
        let asked: Vec<CollectionId> =
            zone.collections.iter().flat_map(|each| &each.asked).cloned().map(CollectionId::from).collect();
        let is_contained = |id: &CollectionId| asked.iter().any(|asked| asked.may_share_rows_with(id));
        let collections = applied.zones.get(&ZoneCode(zone.code.clone())).into_iter().flatten();
        let collections: Vec<AppliedCollectionJson> = collections
            .filter(|(id, collection)| !collection.entries.is_empty() && is_contained(id))
            .map(|(id, AppliedCollection { key, entries, accepted_rows: _ })| AppliedCollectionJson {
                id: id.into(),
                key: key.clone(),
                records: entries.iter().map(record).collect(),
            })
            .collect();
        zone.applied = (!collections.is_empty()).then_some(AppliedZoneJson { collections });
    }
}

fn record((RecordKey(key), applied): (&RecordKey, &AppliedRecord)) -> AppliedRecordJson {
    let AppliedRecord { holds, maker, manifest } = applied;
    AppliedRecordJson {
        key: key.clone(),
        fields: holds.clone(),
        origin: *maker,
        manifest: Arc::clone(manifest),
    }
}

impl From<AppliedZoneJson> for BTreeMap<CollectionId, AppliedCollection> {
    fn from(zone: AppliedZoneJson) -> Self {
        let record = |AppliedRecordJson { key, fields, origin, manifest }: AppliedRecordJson| {
            (RecordKey(key), AppliedRecord { holds: fields, maker: origin, manifest })
        };
        let collection = |AppliedCollectionJson { id, key, records }: AppliedCollectionJson| {
            let entries = records.into_iter().map(record).collect();
            (CollectionId::from(id), AppliedCollection { key, entries, accepted_rows: None })
        };
        zone.collections.into_iter().map(collection).collect()
    }
}

/// Removes the applied state from a snapshot; `None` if the snapshot carries none.
pub fn take(snapshot: &mut SnapshotJson) -> Option<AppliedState> {
    let zones: BTreeMap<_, _> = (snapshot.zones.iter_mut())
        .filter_map(|zone| Some((ZoneCode(zone.code.clone()), zone.applied.take()?.into())))
        .collect();
    (!zones.is_empty()).then_some(AppliedState { zones })
}

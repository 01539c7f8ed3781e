//! What a manifest declares, without locations: compared before and after an edit.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::manifest::SourceFile;
use crate::manifest::source::documents;
use crate::model::{
    CollectionId, CollectionOwner, ComparisonOptions, ConflictPolicy, DesiredRecord, DesiredState,
    Enforcement, FieldName, FieldValue, RecordKey, UnlistedPolicy, ZoneCode,
};

/// Collections that a manifest declares.
pub type ManifestMeaning = BTreeMap<(ZoneCode, CollectionId), CollectionMeaning>;

/// Collection without locations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionMeaning {
    /// Enforcement of the collection.
    pub enforcement: Enforcement,
    /// Records.
    pub records: BTreeMap<RecordKey, RecordMeaning>,
    key: Arc<[FieldName]>,
    unlisted: UnlistedPolicy,
    on_conflict: ConflictPolicy,
    owner: CollectionOwner,
    options: ComparisonOptions,
}

/// Record without locations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordMeaning {
    /// Values; empty for an absent record.
    pub fields: BTreeMap<FieldName, FieldValue>,
    /// True for `absent: true`.
    pub absent: bool,
    /// Enforcement.
    pub enforcement: Enforcement,
}

/// Returns what a manifest declares.
pub fn meaning(desired: &DesiredState, manifest: &str) -> ManifestMeaning {
    let collections = desired.zones.iter().flat_map(|(zone, own)| own.iter().map(move |each| (zone, each)));
    collections
        .filter(|(_, collection)| *collection.provenance.manifest == *manifest)
        .map(|(zone, collection)| {
            let records = collection.records.iter().map(|(key, record)| (key.clone(), of_record(record)));
            let content = CollectionMeaning {
                enforcement: collection.enforcement,
                records: records.collect(),
                key: Arc::clone(&collection.key),
                unlisted: collection.unlisted,
                on_conflict: collection.on_conflict,
                owner: collection.owner,
                options: collection.options.clone(),
            };
            ((zone.clone(), collection.id.clone()), content)
        })
        .collect()
}

fn of_record(record: &DesiredRecord) -> RecordMeaning {
    let fields = record.fields.iter().map(|(name, value)| (Arc::clone(name), value.value.clone()));
    RecordMeaning {
        fields: if record.absent { BTreeMap::new() } else { fields.collect() },
        absent: record.absent,
        enforcement: record.enforcement,
    }
}

/// Returns the documents of a file besides one manifest, `KIND/NAME`.
pub fn other_documents(source: &SourceFile, manifest: &str) -> Vec<Json> {
    let address = |root: &Json| {
        let kind = root.get("kind").and_then(Json::as_str).unwrap_or_default();
        let name = root.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default();
        format!("{kind}/{name}")
    };
    let roots = documents(source).0.into_iter().map(|document| document.root.to_json());
    roots.filter(|root| address(root) != manifest).collect()
}

//! Records of collection types that zonal no longer writes. Applied states, plans and histories of an older zonal
//! contain them. zonal drops them with a note, and changes none of them in a zone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::kinds;
use crate::model::{AppliedState, CollectionId, RunId, ZoneCode};

/// Place of dropped records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetiredRecordsPlace {
    /// Applied state in the store. zonal removed the records, so that the note appears once.
    AppliedState,
    /// Applied state of a snapshot.
    Snapshot(String),
    /// Reviewed plan file or run.
    Plan(String),
    /// Run to revert.
    Run(RunId),
}

/// Records of retired collection types, by type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetiredRecords(pub BTreeMap<Arc<str>, usize>);

impl RetiredRecords {
    /// Counts records of a collection type, if the type is retired. Returns true if it is.
    pub fn count(&mut self, collection_type: &str, records: usize) -> bool {
        let is_retired = kinds::is_retired(collection_type);
        if is_retired {
            *self.0.entry(collection_type.into()).or_default() += records;
        }
        is_retired
    }
}

/// Removes retired collections from an applied state, and returns the removed ones.
pub fn drop_from(applied_state: &mut AppliedState) -> (RetiredRecords, BTreeSet<(ZoneCode, CollectionId)>) {
    let (mut records, mut collections) = (RetiredRecords::default(), BTreeSet::new());
    for (zone, applied) in &mut applied_state.zones {
        applied.retain(|id, collection| {
            let is_retired = records.count(&id.kind, collection.entries.len());
            if is_retired {
                collections.insert((zone.clone(), id.clone()));
            }
            !is_retired
        });
    }
    applied_state.zones.retain(|_, applied| !applied.is_empty());
    (records, collections)
}

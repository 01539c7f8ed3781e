//! Stops managing records: removes them from the applied state, without requests to zones.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{SessionError, StoreNeed};
use super::network_session::NetworkSession;
use super::plan_documents::stored_plan;
use super::run_journal::{RunMetadata, new_run};
use crate::model::{
    AppliedRecord, AppliedState, AppliedStateUpdate, CollectionId, DesiredCollection, DesiredState,
    Differences, Enforcement, ManagementOrigin, ObservedState, RecordAddress, RecordKey, Run, RunId,
    RunOperation, RunState, ZoneCode,
};
use crate::store::{CollectionStateUpdate, NewRun};

/// Records to unmanage.
pub struct RecordsToUnmanage {
    records: BTreeMap<(ZoneCode, CollectionId), BTreeSet<RecordKey>>,
    applied_state: AppliedState,
}

impl RecordsToUnmanage {
    /// Returns the addresses of the records.
    pub fn addresses(&self) -> Vec<String> {
        let addresses = self.records.iter().flat_map(|((zone, collection), keys)| {
            keys.iter().map(move |key| {
                let (zone, collection, key) = (zone.clone(), collection.clone(), key.clone());
                RecordAddress { zone, collection, key }.to_string()
            })
        });
        addresses.collect()
    }

    /// Returns the updates that remove the records from the applied state.
    fn updates(self) -> Vec<CollectionStateUpdate> {
        let Self { records, applied_state } = self;
        let updates = records.into_iter().filter_map(|((zone, collection), keys)| {
            // Entries with another key definition would be removed as well.
            let key = applied_state.zones.get(&zone)?.get(&collection)?.key.clone();
            let forgotten = keys.into_iter().collect();
            let learned = AppliedStateUpdate { key, forgotten, ..AppliedStateUpdate::default() };
            Some(CollectionStateUpdate { zone, collection, learned, created: BTreeSet::new() })
        });
        updates.collect()
    }
}

/// Finds managed records by the addresses of records or collections, or by manifests.
///
/// # Errors
/// Returns [`SessionError::NotUnmanaged`] if a manifest still declares a record, or if nothing is found.
pub async fn find(session: &NetworkSession, names: &[String]) -> Result<RecordsToUnmanage, SessionError> {
    let store = session.store_for(StoreNeed::AppliedState)?;
    let applied_state = store.ledger(session.scope()).await?;
    let mut records: BTreeMap<(ZoneCode, CollectionId), BTreeSet<RecordKey>> = BTreeMap::new();
    let (mut problems, mut declared) = (BTreeSet::new(), false);
    for name in names {
        let mut found = false;
        for (address, record) in managed_records(&applied_state) {
            let collection = format!("{}/{}", address.zone, address.collection);
            if ![&address.to_string(), &collection, &*record.manifest].contains(&name.as_str()) {
                continue;
            }
            found = true;
            if let Some(by) = declaring_collection(&session.config.desired, &address, record) {
                let (manifest, span) = (&by.provenance.manifest, &by.provenance.span);
                problems.insert(format!("{address} is still declared by {manifest} ({span})"));
                declared = true;
            } else {
                records.entry((address.zone, address.collection)).or_default().insert(address.key);
            }
        }
        if !found {
            problems.insert(format!("zonal does not manage {name}"));
        }
    }
    match problems.is_empty() {
        true => Ok(RecordsToUnmanage { records, applied_state }),
        false => Err(SessionError::NotUnmanaged { problems: problems.into_iter().collect(), declared }),
    }
}

/// Removes records from the applied state, and records the run with its author.
///
/// # Errors
/// Returns [`SessionError::Store`] or [`SessionError::Interrupted`].
pub async fn unmanage(session: &NetworkSession, records: RecordsToUnmanage) -> Result<RunId, SessionError> {
    let store = session.store_for(StoreNeed::AppliedState)?;
    let (network, effects) = (&session.config.network, &session.effects);
    let empty_plan = crate::plan::plan(network, Differences::default(), &ObservedState::default(), None);
    let zones: BTreeSet<&ZoneCode> = records.records.keys().map(|(zone, _)| zone).collect();
    let run = Run {
        zones: zones.into_iter().map(|zone| zone.0.clone()).collect(),
        ..new_run(&empty_plan, RunOperation::Unmanage, &RunMetadata::default(), effects).await?
    };
    let plan = stored_plan(&empty_plan, None);
    let id = store.begin(NewRun { run: run.clone(), plan }).await?;
    store.learn(session.scope(), records.updates()).await?;
    let ended_at = Some((effects.clock)());
    let run = Run { id, state: RunState::Ended, exit_codes: vec![0], ended_at, ..run };
    store.end(run, None).await?;
    Ok(id)
}

fn managed_records(state: &AppliedState) -> impl Iterator<Item = (RecordAddress, &AppliedRecord)> {
    let collections = state.zones.iter().flat_map(|(zone, collections)| {
        collections.iter().map(move |(collection, content)| (zone, collection, content))
    });
    collections.flat_map(|(zone, collection, content)| {
        content.entries.iter().map(move |(key, record)| {
            let (zone, collection, key) = (zone.clone(), collection.clone(), key.clone());
            (RecordAddress { zone, collection, key }, record)
        })
    })
}

/// Returns the desired collection that still declares a record.
fn declaring_collection<'a>(
    desired: &'a DesiredState,
    address: &RecordAddress,
    applied: &AppliedRecord,
) -> Option<&'a DesiredCollection> {
    let collections = desired.zones.get(&address.zone).into_iter().flatten();
    let mut sharing = collections.filter(|each| each.id.may_share_rows_with(&address.collection));
    sharing.find(|collection| {
        let record = collection.records.get(&address.key);
        let is_declared = record.is_some_and(|record| record.enforcement != Enforcement::Unmanage);
        let is_amended = applied.maker == ManagementOrigin::Amended
            && collection.provenance.manifest == applied.manifest
            && collection.amendments.iter().any(|each| each.enforcement != Enforcement::Unmanage);
        is_declared || is_amended
    })
}

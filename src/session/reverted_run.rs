//! Run that is reverted: the state before the run, from the history.

use std::collections::BTreeMap;

use super::error::{RunProblem, SessionError, StoreNeed};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver, report_retired_records};
use super::retired_records::{RetiredRecords, RetiredRecordsPlace};
use super::unfinished_runs::{RunLiveness, is_complete};
use crate::kinds;
use crate::model::{
    CollectionId, CollectionImage, DesiredState, HistoryEntry, ImageMoment, RecordAddress, RunId, ZoneCode,
};
use crate::plan::revert::RunRevert;
use crate::store::{HistoryFilter, HistoryRemainder, Store, StoredImage};

/// Number of history entries per page.
const PAGE: usize = 10_000;

/// Run with the state before it.
#[derive(Clone)]
pub struct RevertedRun {
    /// The run.
    pub run: RunId,
    /// Changes of the run, backwards.
    pub changes: RunRevert,
    /// State before the run, in the zones of the network.
    pub desired: DesiredState,
    /// Collections to restore from images; `None` for a revert.
    pub restore: Option<RestoreScope>,
}

/// Collections to restore from images.
#[derive(Debug, Clone, Default)]
pub struct RestoreScope {
    /// Address of a zone or collection, `01OMNI_ALPHA/CodeTable/UserGroups`; `None` for all of the run.
    pub address: Option<String>,
}

impl RestoreScope {
    /// Creates the scope that a plan names, an empty address for all of the run.
    pub fn of_plan(address: &str) -> Self {
        Self { address: (!address.is_empty()).then(|| address.to_owned()) }
    }

    fn contains(&self, zone: &ZoneCode, collection: &CollectionId) -> bool {
        let address = format!("{zone}/{collection}");
        self.address.as_ref().is_none_or(|prefix| {
            address.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// Loads the state before a run, or the state of its images within `restore`.
///
/// # Errors
/// Returns [`SessionError::Run`] if the run cannot be reverted.
pub async fn load(
    session: &NetworkSession,
    run: RunId,
    restore: Option<&RestoreScope>,
    observer: &dyn SessionObserver,
) -> Result<RevertedRun, SessionError> {
    let store = session.store_for(StoreNeed::Runs)?;
    check(session, store, run).await?;
    let mut entries = history(session, store, run).await?;
    let images = session.effects.cancel.before_writing(store.images(run, None)).await??;
    replace_unverified(&mut entries, &images, run);
    if let Some(scope) = restore {
        entries.retain(|entry| {
            let (zone, collection) = (&entry.address.zone, &entry.address.collection);
            let is_kept = |image: &StoredImage| image.zone == *zone && image.collection == *collection;
            scope.contains(zone, collection) && images.iter().any(is_kept)
        });
        if entries.is_empty() {
            return Err(RunProblem::NoImages(run).into());
        }
    }
    let mut retired = RetiredRecords::default();
    entries.retain(|entry| !retired.count(&entry.address.collection.kind, 1));
    report_retired_records(retired, RetiredRecordsPlace::Run(run), observer);
    if entries.is_empty() {
        return Err(RunProblem::NoChanges(run).into());
    }
    let changes = RunRevert::from_history(run, &entries, kinds::shape);
    let network = &session.config.network;
    let removed: Vec<ZoneCode> =
        changes.zones().filter(|code| network.zone(code).is_none()).cloned().collect();
    let mut desired = changes.to_desired_state();
    desired.zones.retain(|code, _| !removed.contains(code));
    if !removed.is_empty() {
        observer.notice(&SessionEvent::Note(SessionNote::NotReverted(removed)));
    }
    Ok(RevertedRun { run, changes, desired, restore: restore.cloned() })
}

/// Replaces the changes of unverified collections by the differences of their images.
///
/// The images also show rows without an owner, which a server may have damaged.
fn replace_unverified(entries: &mut Vec<HistoryEntry>, images: &[StoredImage], run: RunId) {
    let mut collections: BTreeMap<(&ZoneCode, &CollectionId), Vec<&CollectionImage>> = BTreeMap::new();
    for StoredImage { zone, collection, image } in images {
        collections.entry((zone, collection)).or_default().push(image);
    }
    for ((zone, id), images) in collections {
        let of = |moment| images.iter().rev().find(move |image| image.moment == moment);
        let (Some(before), Some(after)) = (of(ImageMoment::Before), of(ImageMoment::After)) else { continue };
        let is_here = |entry: &HistoryEntry| entry.address.zone == *zone && entry.address.collection == *id;
        // Without an entry, there is no place in the history, and nothing to revert.
        let Some(place) = entries.iter().find(|entry| is_here(entry)).cloned() else { continue };
        entries.retain(|entry| !is_here(entry));
        let manifest = format!("{run}").into();
        entries.extend(before.changes_to(after, &manifest).into_iter().map(|done| HistoryEntry {
            address: RecordAddress { key: done.identity(), ..place.address.clone() },
            done,
            ..place.clone()
        }));
    }
}

/// Checks that all changes of a run are known.
async fn check(session: &NetworkSession, store: &Store, id: RunId) -> Result<(), SessionError> {
    let network = &session.config.network;
    let found = store.run(id).await?.filter(|found| {
        (&found.run.network, &found.run.environment) == (&network.name, &network.environment)
    });
    let Some(found) = found else { return Err(RunProblem::Unknown(id).into()) };
    match (is_complete(&found.run, store).await?, RunLiveness::of(&found, store, &*session.effects.origin)) {
        (true, _) => Ok(()),
        (false, RunLiveness::Dead | RunLiveness::Ended) => Err(RunProblem::Incomplete(id).into()),
        (false, RunLiveness::Running) => Err(RunProblem::NotEnded(id).into()),
    }
}

async fn history(
    session: &NetworkSession,
    store: &Store,
    run: RunId,
) -> Result<Vec<HistoryEntry>, SessionError> {
    let (mut entries, mut before) = (Vec::new(), None);
    loop {
        let reading = store.history(session.scope(), HistoryFilter::Run(run), before, PAGE);
        let page = session.effects.cancel.before_writing(reading).await??;
        entries.extend(page.entries);
        match page.rest {
            HistoryRemainder::Nothing => return Ok(entries),
            HistoryRemainder::Before(number) => before = Some(number),
        }
    }
}

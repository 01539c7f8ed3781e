//! Run that is reverted: the state before the run, from the history.

use super::error::{RunProblem, SessionError, StoreNeed};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::unfinished_runs::RunLiveness;
use crate::kinds;
use crate::model::{DesiredState, HistoryEntry, RunId, RunState, ZoneCode};
use crate::plan::revert::RunRevert;
use crate::store::{HistoryFilter, HistoryRemainder, Store};

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
}

/// Loads the state before a run.
///
/// # Errors
/// Returns [`SessionError::Run`] if the run cannot be reverted.
pub async fn load(
    session: &NetworkSession,
    run: RunId,
    observer: &dyn SessionObserver,
) -> Result<RevertedRun, SessionError> {
    let store = session.store_for(StoreNeed::Runs)?;
    check(session, store, run).await?;
    let entries = history(session, store, run).await?;
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
    Ok(RevertedRun { run, changes, desired })
}

/// Checks that all changes of a run are known.
async fn check(session: &NetworkSession, store: &Store, id: RunId) -> Result<(), SessionError> {
    let network = &session.config.network;
    let found = store.run(id).await?.filter(|found| {
        (&found.run.network, &found.run.environment) == (&network.name, &network.environment)
    });
    let Some(found) = found else { return Err(RunProblem::Unknown(id).into()) };
    let is_complete = match found.run.state {
        RunState::Running => false,
        RunState::Interrupted => store.open_steps(id).await?.0.is_empty(),
        RunState::Ended => true,
    };
    match (is_complete, RunLiveness::of(&found, store, &*session.effects.origin)) {
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

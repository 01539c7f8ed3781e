//! Incomplete runs: finds them and determines if their process still runs.

use super::effects::RunOrigin;
use super::error::SessionError;
use super::live_runs;
use super::network_session::NetworkSession;
use crate::model::{Run, RunId, RunOperation, RunState};
use crate::store::{Store, StoreError, StoreScope, UnfinishedRun};

/// Seconds without a heartbeat after which a run counts as dead.
const SILENCE: u64 = 30;
/// Number of recent runs searched for incomplete runs.
const LATEST: usize = 50;

/// Liveness of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunLiveness {
    /// Running, according to the available information.
    Running,
    /// Killed, interrupted, or without a heartbeat for too long.
    Dead,
    /// Ended.
    Ended,
}

impl RunLiveness {
    /// Returns the liveness of a run.
    pub fn of(UnfinishedRun { run, silent }: &UnfinishedRun, store: &Store, origin: &dyn RunOrigin) -> Self {
        match run.state {
            RunState::Ended => Self::Ended,
            RunState::Interrupted => Self::Dead,
            RunState::Running if *silent >= SILENCE || is_gone(run, store, origin) => Self::Dead,
            RunState::Running => Self::Running,
        }
    }
}

/// Returns true if the process of a run no longer exists. A run of this process exists while its journal does.
pub fn is_gone(run: &Run, store: &Store, origin: &dyn RunOrigin) -> bool {
    !live_runs::contains(store, run.id) && origin.is_gone(&run.host)
}

/// Returns true if all changes of a run are known, so that it can be reverted or restored.
///
/// # Errors
/// Returns any [`crate::store::StoreErrorType`].
pub async fn is_complete(run: &Run, store: &Store) -> Result<bool, StoreError> {
    match run.state {
        RunState::Running => Ok(false),
        RunState::Interrupted => Ok(store.open_steps(run.id).await?.is_empty()),
        RunState::Ended => Ok(true),
    }
}

/// Returns true if a run stopped without recording its end.
pub fn is_killed(found: &UnfinishedRun, store: &Store, origin: &dyn RunOrigin) -> bool {
    found.run.state == RunState::Running && RunLiveness::of(found, store, origin) == RunLiveness::Dead
}

/// Returns true if the run writes to zones and can be resumed.
pub fn writes(run: &Run) -> bool {
    match run.operation {
        RunOperation::Apply | RunOperation::Revert => true,
        RunOperation::Drift | RunOperation::Plan | RunOperation::Unmanage => false,
    }
}

/// Returns the incomplete writing runs of a network, newest first.
///
/// # Errors
/// Returns any [`crate::store::StoreErrorType`].
pub async fn open(store: &Store, scope: StoreScope) -> Result<Vec<UnfinishedRun>, StoreError> {
    let runs = store.runs(scope, LATEST).await?;
    Ok(runs.into_iter().filter(|found| found.is_open() && writes(&found.run)).collect())
}

/// Returns the latest incomplete run whose process has ended.
///
/// # Errors
/// Returns [`SessionError::Store`] if the store cannot be read.
pub async fn newest_interrupted(session: &NetworkSession) -> Result<Option<RunId>, SessionError> {
    let Some(store) = &session.store else { return Ok(None) };
    let open = open(store, session.scope()).await?;
    let is_dead =
        |found: &&UnfinishedRun| RunLiveness::of(found, store, &*session.effects.origin) == RunLiveness::Dead;
    Ok(open.iter().find(is_dead).map(|found| found.run.id))
}

//! Incomplete runs: finds them and determines if their process still runs.

use std::collections::BTreeSet;

use super::CommandExit;
use super::context::CommandContext;
use super::run_author;
use super::run_journal::RunJournal;
use super::store::{self, scope};
use crate::model::{Network, Run, RunId, RunOperation, RunState, ZoneCode};
use crate::store::{Store, StoreError, UnfinishedRun};

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
    pub fn liveness(UnfinishedRun { run, silent }: &UnfinishedRun, world: &CommandContext) -> Self {
        match run.state {
            RunState::Ended => Self::Ended,
            RunState::Interrupted => Self::Dead,
            RunState::Running if *silent >= SILENCE => Self::Dead,
            RunState::Running if run_author::is_gone(&run.host, &run_author::host(world)) => Self::Dead,
            RunState::Running => Self::Running,
        }
    }
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
pub async fn open(store: &Store, scope: crate::store::StoreScope) -> Result<Vec<UnfinishedRun>, StoreError> {
    let runs = store.runs(scope, LATEST).await?;
    Ok(runs.into_iter().filter(|each| each.is_open() && writes(&each.run)).collect())
}

/// Prints a note about the latest incomplete run, before a plan or an apply.
///
/// # Errors
/// Prints the error and returns [`CommandExit::Invalid`] if the store cannot be read.
pub async fn note(
    store: Option<&Store>,
    network: &Network,
    world: &CommandContext,
) -> Result<(), CommandExit> {
    let Some(store) = store else { return Ok(()) };
    let open = open(store, scope(network)).await.map_err(|error| store::report_error(&error, world))?;
    let gone = open.iter().find(|each| RunLiveness::liveness(each, world) == RunLiveness::Dead);
    if let Some(UnfinishedRun { run: Run { id, .. }, .. }) = gone {
        world.err.print_line(format!("note: {id} is incomplete; run `zonal resume {id}` to finish it"));
    }
    Ok(())
}

/// Marks earlier incomplete runs as ended, after a complete apply that covers their selection.
///
/// Applies only to dead runs. First recovers their unfinished writes in zones without changes in the current
/// run.
///
/// # Errors
/// Returns any [`crate::store::StoreErrorType`].
pub async fn make_up(store: &Store, by: &RunJournal, world: &CommandContext) -> Result<(), StoreError> {
    let ours = &by.run;
    let everything = ours.selection.is_none() && ours.shard.is_none();
    let covers = |run: &Run| everything || (&ours.selection, ours.shard) == (&run.selection, run.shard);
    for each in open(store, ours.into()).await? {
        let UnfinishedRun { run, .. } = &each;
        let earlier =
            run.id < ours.id && (run.operation, ours.operation) == (RunOperation::Apply, RunOperation::Apply);
        if !earlier || !covers(run) || RunLiveness::liveness(&each, world) != RunLiveness::Dead {
            continue;
        }
        let zones: BTreeSet<ZoneCode> =
            store.open_steps(run.id).await?.0.into_iter().map(|step| step.zone).collect();
        for zone in &zones {
            by.look_in(zone).await?;
        }
        if store.open_steps(run.id).await?.0.is_empty() {
            let report = store.papers(run.id).await?.and_then(|(_, report)| report).unwrap_or_default();
            let exits = vec![CommandExit::Interrupted.code()];
            let ended = Some((world.now)());
            store
                .end(
                    Run { state: RunState::Ended, exit_codes: exits, ended_at: ended, ..run.clone() },
                    report,
                )
                .await?;
        }
    }
    Ok(())
}

/// Prints an error for an unknown run.
pub fn unknown(id: RunId, world: &CommandContext) -> CommandExit {
    super::fail(world, format!("{id} not found for this network; `zonal runs` lists all runs"))
}

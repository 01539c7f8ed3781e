//! Runs that did not end: which they are, whether they are still at work, and what is said of them.

use std::collections::BTreeSet;

use super::context::CommandContext;
use super::exit_code::CommandExit;
use super::run_author;
use super::run_journal::RunJournal;
use super::store::{self, scope};
use crate::model::{Network, Run, RunId, RunOperation, RunState, ZoneCode};
use crate::store::{Store, StoreError, UnfinishedRun};

/// Seconds after which a run counts as gone that has not been heard of.
const SILENCE: u64 = 30;
/// Runs that are looked through for those that did not end.
const LATEST: usize = 50;

/// Whether a run is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunLiveness {
    /// It is, as far as can be told.
    Running,
    /// It was killed, interrupted, or has not been heard of for too long.
    Dead,
    /// It ended.
    Ended,
}

impl RunLiveness {
    /// How a run stands.
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

/// Whether a run writes, so that there is something to finish.
pub fn writes(run: &Run) -> bool {
    match run.operation {
        RunOperation::Apply | RunOperation::Revert => true,
        RunOperation::Drift | RunOperation::Plan | RunOperation::Unmanage => false,
    }
}

/// The runs of a network that write and have not ended, the latest first.
///
/// # Errors
/// Every [`crate::store::StoreTrouble`].
pub async fn open(store: &Store, scope: crate::store::StoreScope) -> Result<Vec<UnfinishedRun>, StoreError> {
    let runs = store.runs(scope, LATEST).await?;
    Ok(runs.into_iter().filter(|each| each.is_open() && writes(&each.run)).collect())
}

/// Says which run did not end, the latest of them, for whoever is about to plan or apply.
///
/// # Errors
/// [`Exit::Invalid`], once it has been said why the store cannot be asked.
pub async fn note(
    store: Option<&Store>,
    network: &Network,
    world: &CommandContext,
) -> Result<(), CommandExit> {
    let Some(store) = store else { return Ok(()) };
    let open = open(store, scope(network)).await.map_err(|error| store::report_error(&error, world))?;
    let gone = open.iter().find(|each| RunLiveness::liveness(each, world) == RunLiveness::Dead);
    if let Some(UnfinishedRun { run: Run { id, .. }, .. }) = gone {
        world.err.print_line(format!("note: {id} did not end; `zonal resume {id}` finishes it"));
    }
    Ok(())
}

/// Marks earlier runs as ended that a run has made up for, which left nothing undone: those that covered no more
/// than it did and are gone. What they left open where it had nothing to do is settled first.
///
/// # Errors
/// Every [`crate::store::StoreTrouble`].
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

/// What to say of a run that was asked for and cannot be had.
pub fn unknown(id: RunId, world: &CommandContext) -> CommandExit {
    super::fail(world, format!("the store knows no {id} of this network; `zonal runs` lists them"))
}

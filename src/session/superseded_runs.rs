//! Ends earlier incomplete runs after a complete apply that covers their selection.

use std::collections::BTreeSet;

use super::effects::RunOrigin;
use super::run_journal::RunJournal;
use super::run_outcome::RunOutcome;
use super::unfinished_runs::{RunLiveness, open};
use crate::model::{Run, RunOperation, RunState, ZoneCode};
use crate::store::{Store, StoreError};

/// Marks dead runs as ended if `journal`'s run covers their selection.
///
/// First recovers their unfinished writes in zones without changes in that run.
///
/// # Errors
/// Returns any [`crate::store::StoreErrorType`].
pub async fn end_superseded_runs(
    store: &Store,
    journal: &RunJournal,
    origin: &dyn RunOrigin,
    clock: fn() -> String,
) -> Result<(), StoreError> {
    for found in open(store, (&journal.run).into()).await? {
        let run = &found.run;
        if !is_superseded(run, &journal.run) || RunLiveness::of(&found, store, origin) != RunLiveness::Dead {
            continue;
        }
        let zones: BTreeSet<ZoneCode> =
            store.open_steps(run.id).await?.into_iter().map(|step| step.zone).collect();
        for zone in &zones {
            journal.recover_free_zone(zone).await?;
        }
        if store.open_steps(run.id).await?.is_empty() {
            let exit_codes = vec![RunOutcome::Interrupted.code()];
            let ended_at = Some(clock());
            let ended = Run { state: RunState::Ended, exit_codes, ended_at, ..run.clone() };
            store.end(ended, None).await?;
        }
    }
    Ok(())
}

/// Returns true if a later apply covers the selection of an earlier apply.
fn is_superseded(earlier: &Run, later: &Run) -> bool {
    let covers_all = later.selection.is_none() && later.shard.is_none();
    let is_apply = |run: &Run| run.operation == RunOperation::Apply;
    earlier.id < later.id
        && is_apply(earlier)
        && is_apply(later)
        && (covers_all || (&later.selection, later.shard) == (&earlier.selection, earlier.shard))
}

//! Records a run of a run group that writes nothing.

use std::collections::BTreeSet;

use super::error::SessionError;
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::plan_documents::stored_plan;
use super::run_journal::{JournalOptions, RunJournal, RunMetadata, new_run};
use super::run_outcome::RunOutcome;
use crate::model::{Plan, RunId, RunOperation, RunState};

/// Records the run of a plan or a drift detection, if it belongs to a run group.
///
/// # Errors
/// Returns [`SessionError::Store`] if the store cannot record the run.
pub async fn record_run(
    session: &NetworkSession,
    plan: &Plan,
    operation: RunOperation,
    metadata: &RunMetadata,
    outcomes: &BTreeSet<RunOutcome>,
    observer: &dyn SessionObserver,
) -> Result<Option<RunId>, SessionError> {
    if metadata.group.is_none() {
        return Ok(None);
    }
    let Some(store) = &session.store else {
        observer.notice(&SessionEvent::Note(SessionNote::NoStoreForGroup));
        return Ok(None);
    };
    let (network, effects) = (&session.config.network, &session.effects);
    let run = new_run(plan, operation, metadata, effects).await?;
    let document = stored_plan(plan, None);
    let journal =
        RunJournal::begin(store, network, run, document, JournalOptions::default(), effects).await?;
    let codes = outcomes.iter().map(|outcome| outcome.code()).collect();
    let run = journal.finish(RunState::Ended, codes, None).await?;
    Ok(Some(run.id))
}

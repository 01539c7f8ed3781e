//! Executes a plan and records the run: common part of apply, resume and revert.

use std::collections::{BTreeMap, BTreeSet};

use super::adopt_records::{adopted_records, has_adopted_records};
use super::error::{SessionError, SessionStage};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::plan::PlannedRun;
use super::plan_documents::{stored_plan, stored_report};
use super::run_journal::{JournalOptions, LeaseWait, RunJournal, RunMetadata, new_run};
use super::run_outcome::{self, ExecutedPlan, RunOutcome};
use super::superseded_runs::end_superseded_runs;
use crate::apply::{StopSignal, roll_out};
use crate::model::network::Zone;
use crate::model::{
    ApplyReport, FailureClass, Plan, RunOperation, RunState, WriteOutcome, ZonePlan, ZoneReport,
};
use crate::store::StoreError;

/// Options of an apply.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Behavior at a zone with another run's lease.
    pub lease_wait: LeaseWait,
    /// Properties of the run.
    pub metadata: RunMetadata,
}

/// Starts the run of a plan; `None` without a store, or if nothing needs a record.
///
/// # Errors
/// Returns [`SessionError::Store`] or [`SessionError::Interrupted`]; in this case, the run has not started.
pub async fn begin_run(
    session: &NetworkSession,
    planned: &PlannedRun,
    options: &ApplyOptions,
) -> Result<Option<RunJournal>, SessionError> {
    let Some(store) = &session.store else { return Ok(None) };
    let plan = &planned.plan;
    let is_grouped = options.metadata.group.is_some();
    if !may_write(plan) && !is_grouped && !has_adopted_records(plan) {
        return Ok(None);
    }
    let operation = if plan.inputs.reverts.is_some() { RunOperation::Revert } else { RunOperation::Apply };
    let run = new_run(plan, operation, &options.metadata, &session.effects).await?;
    let (document, journal_options) =
        (stored_plan(&planned.plan, Some(&planned.under_review)), journal_options(session, planned, options));
    let network = &session.config.network;
    Ok(Some(RunJournal::begin(store, network, run, document, journal_options, &session.effects).await?))
}

/// Returns the settings of a journal for the plan's zones.
fn journal_options(session: &NetworkSession, planned: &PlannedRun, options: &ApplyOptions) -> JournalOptions {
    JournalOptions {
        lease_wait: options.lease_wait,
        // Attested records are never written, so their recovery needs no attestations.
        readers: planned.providers.readers(&session.config.network, BTreeMap::new()),
        before: applied_before_revert(planned),
    }
}

/// Returns the applied state before a revert; `None` for an apply.
pub fn applied_before_revert(planned: &PlannedRun) -> Option<crate::model::AppliedState> {
    planned.plan.inputs.reverts.and_then(|_| Some(planned.base.as_ref()?.applied_state.clone()))
}

/// Executes the writable part of a plan, and records the result of the run.
///
/// # Errors
/// Returns the error if no zone was reached, or after a forced stop. A run is left open then.
pub async fn execute(
    session: &NetworkSession,
    planned: &PlannedRun,
    journal: Option<RunJournal>,
    observer: &dyn SessionObserver,
) -> Result<ExecutedPlan, SessionError> {
    let report = match write_zones(session, planned, &journal, observer).await {
        Ok(report) => report,
        Err(error) => return Err(leave_open(journal.as_ref(), error).await),
    };
    let mut outcomes = run_outcome::of_apply(&planned.plan, &report);
    let run = journal.as_ref().map(|journal| journal.run.id);
    if let Some(journal) = &journal
        && let Err(error) = record_result(session, planned, journal, &report, &outcomes).await
    {
        let run = journal.run.id;
        observer.notice(&SessionEvent::Note(SessionNote::NotRecorded { run, error }));
        outcomes.remove(&RunOutcome::Done);
        outcomes.insert(RunOutcome::Partial);
    }
    Ok(ExecutedPlan { report, outcomes, run })
}

/// Writes to the zones. Writes nothing without work, or if a guard denies the plan.
async fn write_zones(
    session: &NetworkSession,
    planned: &PlannedRun,
    journal: &Option<RunJournal>,
    observer: &dyn SessionObserver,
) -> Result<ApplyReport, SessionError> {
    let PlannedRun { plan, desired, base, providers, .. } = planned;
    if !may_write(plan) {
        return Ok(ApplyReport::default());
    }
    let (network, effects) = (&session.config.network, &session.effects);
    let is_writable = |zone: &&Zone| plan.zones.get(&zone.code).is_some_and(ZonePlan::is_writable);
    let zones: Vec<&Zone> = network.zones.iter().filter(is_writable).collect();
    let keys = effects.cancel.before_writing(effects.keys.write_keys(network, &zones)).await?;
    let keys = keys.map_err(|found| SessionError::MissingKeys(session.config.locate(found)))?;
    match providers.keys.shared_with(&keys) {
        0 => {}
        shared => observer.notice(&SessionEvent::Note(SessionNote::SharedKeys(shared))),
    }
    // No other place creates writers.
    let writers = providers.writers(network, &keys);
    let stage = SessionStage::Writing;
    observer.notice(&SessionEvent::StageStart { stage, zones: writers.len() });
    let notice = |event| observer.notice(&SessionEvent::Zone(&event));
    let (halt, stop) = StopSignal::new();
    let writing = roll_out(
        &writers,
        desired,
        base.as_ref(),
        plan,
        &network.rollout,
        network.guards.surprise,
        journal,
        &stop,
        &notice,
    );
    tokio::pin!(writing);
    // The first cancel request finishes the writes in flight, the second stops at once.
    let report = tokio::select! {
        report = &mut writing => Ok(report),
        () = effects.cancel.requested(1) => {
            halt.send_replace(true);
            observer.notice(&SessionEvent::Note(SessionNote::FinishingWrites));
            tokio::select! {
                report = &mut writing => Ok(report),
                () = effects.cancel.requested(2) => Err(SessionError::Interrupted { during: stage }),
            }
        }
    };
    observer.notice(&SessionEvent::StageEnd(stage));
    report
}

/// Returns true if a plan has work and no guard denies it.
fn may_write(plan: &Plan) -> bool {
    plan.has_work() && !plan.is_denied()
}

/// Marks a run as interrupted after an error, so that it can be resumed.
pub async fn leave_open(journal: Option<&RunJournal>, error: SessionError) -> SessionError {
    let Some(journal) = journal else { return error };
    // Without this record, the run looks like a killed run, which can also be resumed.
    let _ = journal.finish(RunState::Interrupted, vec![RunOutcome::Interrupted.code()], None).await;
    SessionError::RunLeftOpen { run: journal.run.id, source: Box::new(error) }
}

/// Records adopted records and the end of the run, and ends earlier runs that this run covers.
///
/// Returns the error; `None` as the error if the report already contains the store failure.
async fn record_result(
    session: &NetworkSession,
    planned: &PlannedRun,
    journal: &RunJournal,
    report: &ApplyReport,
    outcomes: &BTreeSet<RunOutcome>,
) -> Result<(), Option<StoreError>> {
    let Some(store) = &session.store else { return Ok(()) };
    let plan = &planned.plan;
    store.learn(session.scope(), adopted_records(plan)).await?;
    end_run(journal, plan, report, outcomes).await?;
    if report.zones.values().any(has_lost_the_store) {
        return Err(None);
    }
    if is_all_done(plan, outcomes) {
        let effects = &session.effects;
        end_superseded_runs(store, journal, &*effects.origin, effects.clock).await?;
    }
    Ok(())
}

async fn end_run(
    journal: &RunJournal,
    plan: &Plan,
    report: &ApplyReport,
    outcomes: &BTreeSet<RunOutcome>,
) -> Result<(), StoreError> {
    let is_interrupted = |zone: &ZoneReport| {
        zone.collections.iter().any(|(_, outcome)| *outcome == WriteOutcome::Interrupted)
            || has_lost_the_store(zone)
    };
    let state =
        if report.zones.values().any(is_interrupted) { RunState::Interrupted } else { RunState::Ended };
    let codes = outcomes.iter().map(|outcome| outcome.code()).collect();
    journal.finish(state, codes, Some(stored_report(plan, report, !journal.is_resumed))).await.map(drop)
}

/// Returns true if the writes to a zone stopped because of a store failure.
fn has_lost_the_store(zone: &ZoneReport) -> bool {
    let failures = zone.collections.iter().filter_map(|(_, outcome)| match outcome {
        WriteOutcome::Failed { failure } => Some(failure),
        WriteOutcome::Applied { .. }
        | WriteOutcome::Stale { .. }
        | WriteOutcome::Blocked { .. }
        | WriteOutcome::VerifyFailed { .. }
        | WriteOutcome::Deferred { .. }
        | WriteOutcome::Interrupted => None,
    });
    zone.zone_failure.iter().chain(failures).any(|failure| failure.class == FailureClass::Store)
}

/// Returns true if the plan has no changes left for another run.
fn is_all_done(plan: &Plan, outcomes: &BTreeSet<RunOutcome>) -> bool {
    let mut steps = plan.zones.values().flat_map(|zone| &zone.collections);
    *outcomes == BTreeSet::from([RunOutcome::Done]) && steps.all(|step| step.diff.later().next().is_none())
}

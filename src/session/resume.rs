//! Resumes an interrupted run: recovers its writes in flight, then executes the rest of its plan.

use std::collections::BTreeSet;

use futures::future::join_all;

use super::error::{RunProblem, SessionError, SessionStage, StoreNeed};
use super::execute_plan::{applied_before_revert, execute};
use super::network_session::NetworkSession;
use super::observe_zones::open_zones;
use super::observer::{SessionEvent, SessionNote, SessionObserver};
use super::plan::{PlanRequest, PlannedRun, plan};
use super::reviewed_plan::ReviewedPlan;
use super::run_journal::{JournalOptions, LeaseWait, RunJournal};
use super::run_outcome::{ExecutedPlan, RunOutcome};
use super::run_recovery::RecoverySummary;
use super::selection::ManifestSelection;
use super::unfinished_runs::{self, RunLiveness, writes};
use crate::apply::ZoneLockout;
use crate::model::network::Zone;
use crate::model::{ApplyEvent, Run, RunId, RunState, TwoWayWrites, ZoneCode};
use crate::store::{RunDocument, Store, UnfinishedRun};

/// Run that can be resumed, or the reason why none can.
pub enum ResumableRun {
    /// Incomplete run. Resume it with the manifests of its environment.
    Found(Box<UnfinishedRun>),
    /// All runs of the network and environment have ended.
    AllEnded,
    /// The run has ended.
    Ended(RunId),
    /// The run writes nothing.
    ReadOnly(RunId),
}

/// Result of a resumed run.
pub struct ResumedRun {
    /// Rest of the run's plan.
    pub planned: PlannedRun,
    /// Result of the rest.
    pub executed: ExecutedPlan,
}

/// Returns the run to resume: `run`, or the latest incomplete run. `environment` is selected by the user.
///
/// # Errors
/// Returns [`SessionError::Run`] for an unknown run, or a run of another environment than the selected one.
pub async fn find(
    session: &NetworkSession,
    run: Option<RunId>,
    environment: Option<&str>,
) -> Result<ResumableRun, SessionError> {
    let store = session.store_for(StoreNeed::Runs)?;
    let Some(id) = run else {
        let open = unfinished_runs::open(store, session.scope()).await?;
        return Ok(open
            .into_iter()
            .next()
            .map_or(ResumableRun::AllEnded, |run| ResumableRun::Found(Box::new(run))));
    };
    let found = store.run(id).await?.filter(|found| found.run.network == session.config.network.name);
    let Some(found) = found else { return Err(RunProblem::UnknownInNetwork(id).into()) };
    if found.run.state == RunState::Ended {
        return Ok(ResumableRun::Ended(id));
    }
    if !writes(&found.run) {
        return Ok(ResumableRun::ReadOnly(id));
    }
    match environment.filter(|selected| found.run.environment.as_deref() != Some(selected)) {
        Some(selected) => {
            let environment = found.run.environment.clone();
            Err(RunProblem::OtherEnvironment { run: id, environment, selected: selected.to_owned() }.into())
        }
        None => Ok(ResumableRun::Found(Box::new(found))),
    }
}

/// Resumes a run.
///
/// # Errors
/// Returns [`SessionError::Run`] for a run that is still running, or the error of the first failed step. The
/// run can be resumed again.
pub async fn resume(
    session: &NetworkSession,
    found: UnfinishedRun,
    lease_wait: LeaseWait,
    observer: &dyn SessionObserver,
) -> Result<ResumedRun, SessionError> {
    let store = session.store_for(StoreNeed::Runs)?;
    if RunLiveness::of(&found, store, &*session.effects.origin) == RunLiveness::Running {
        let UnfinishedRun { run: Run { id: run, host, .. }, silent } = found;
        return Err(RunProblem::Running { run, host, silent }.into());
    }
    let stored_plan = store.plan(found.run.id).await?;
    let zones = zones_with_open_steps(store, found.run.id).await?;
    // Taken up once: from here on, the run is marked as interrupted again if it does not continue.
    let mut journal = take_up(session, store, found.run.clone(), &zones, lease_wait).await?;
    match plan_rest(session, &mut journal, &zones, stored_plan, observer).await {
        Ok(planned) if planned.plan.is_denied() => {
            give_back(store, &journal, found.run).await?;
            let executed = execute(session, &planned, None, observer).await?;
            Ok(ResumedRun { planned, executed })
        }
        Ok(planned) => {
            let executed = execute(session, &planned, Some(journal), observer).await?;
            Ok(ResumedRun { planned, executed })
        }
        Err(error) => {
            // Without this record, the run looks like a killed run, which can also be resumed.
            let _ = give_back(store, &journal, found.run).await;
            Err(error)
        }
    }
}

/// Recovers the writes in flight, and plans the remaining changes of the run's plan.
async fn plan_rest(
    session: &NetworkSession,
    journal: &mut RunJournal,
    zones: &BTreeSet<ZoneCode>,
    stored_plan: Option<RunDocument>,
    observer: &dyn SessionObserver,
) -> Result<PlannedRun, SessionError> {
    recover(session, journal, zones, observer).await?;
    let run = journal.run.id;
    let stored_plan = stored_plan.ok_or(RunProblem::NoPlan(run))?;
    let reviewed = ReviewedPlan::from_run(run, &stored_plan)
        .map_err(|source| SessionError::StoredPlan { run, source })?;
    reviewed.check_origin(None)?;
    let request = PlanRequest {
        // The run was accepted when it began.
        two_way: TwoWayWrites::Skip,
        ..PlanRequest::for_reviewed(reviewed, ManifestSelection::default())
    };
    let planned = plan(session, request, observer).await?;
    observer.notice(&SessionEvent::Planned(&planned.plan));
    let readers = planned.providers.readers(&session.config.network, Default::default());
    journal.set_zones(readers, applied_before_revert(&planned));
    Ok(planned)
}

async fn zones_with_open_steps(store: &Store, run: RunId) -> Result<BTreeSet<ZoneCode>, SessionError> {
    Ok(store.open_steps(run).await?.into_iter().map(|step| step.zone).collect())
}

/// Marks the run as running in this process. First opens the zones to recover, so that a missing key leaves
/// the run as it is.
async fn take_up(
    session: &NetworkSession,
    store: &Store,
    run: Run,
    zones: &BTreeSet<ZoneCode>,
    lease_wait: LeaseWait,
) -> Result<RunJournal, SessionError> {
    let network = &session.config.network;
    let readers = match zones.is_empty() {
        true => Default::default(),
        false => {
            let zones: Vec<&Zone> = network.zones.iter().filter(|zone| zones.contains(&zone.code)).collect();
            open_zones(session, &zones).await?.readers
        }
    };
    let options = JournalOptions { lease_wait, readers, before: None };
    Ok(RunJournal::take_up(store, network, run, options, &session.effects).await?)
}

/// Records that the run did not continue, so that any process can resume it.
async fn give_back(store: &Store, journal: &RunJournal, found: Run) -> Result<(), SessionError> {
    let exit_codes = match found.exit_codes.is_empty() {
        true => vec![RunOutcome::Interrupted.code()],
        false => found.exit_codes,
    };
    let run =
        Run { state: RunState::Interrupted, exit_codes, ended_at: found.ended_at, ..journal.run.clone() };
    Ok(store.end(run, None).await?)
}

/// Recovers the run's writes in flight by reading the zones.
async fn recover(
    session: &NetworkSession,
    journal: &RunJournal,
    zones: &BTreeSet<ZoneCode>,
    observer: &dyn SessionObserver,
) -> Result<(), SessionError> {
    if zones.is_empty() {
        return Ok(());
    }
    let stage = SessionStage::Recovering;
    observer.notice(&SessionEvent::StageStart { stage, zones: zones.len() });
    let notice = |event: ApplyEvent| observer.notice(&SessionEvent::Zone(&event));
    let recovering = join_all(zones.iter().map(|zone| recover_zone(journal, zone, &notice)));
    let recovered = session.effects.cancel.interruptible(stage, recovering).await;
    observer.notice(&SessionEvent::StageEnd(stage));
    let (mut summary, mut failed) = (RecoverySummary::default(), Vec::new());
    for (zone, result) in zones.iter().zip(recovered?) {
        match result {
            Ok(counts) => summary = summary.merge(counts),
            Err(lockout) => failed.push((zone.clone(), lockout)),
        }
    }
    let run = journal.run.id;
    observer.notice(&SessionEvent::Note(SessionNote::Recovered { run, summary }));
    if failed.is_empty() { Ok(()) } else { Err(SessionError::NotRecovered { run, zones: failed }) }
}

/// Recovers the run's writes in a zone, under the lease of the zone.
async fn recover_zone(
    journal: &RunJournal,
    zone: &ZoneCode,
    notice: &(dyn Fn(ApplyEvent) + Sync),
) -> Result<RecoverySummary, ZoneLockout> {
    let recovering = async {
        journal.wait_for_lease(zone, notice).await?;
        let recovered = journal.recover_own(zone).await.map_err(ZoneLockout::Failed);
        journal.let_go(zone).await;
        recovered
    };
    recovering.await
}

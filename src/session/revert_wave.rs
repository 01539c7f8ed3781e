//! Reverts the writes of a failed wave in a run of its own, if the rollout requires it.

use super::error::SessionError;
use super::execute_plan::{ApplyOptions, begin_run, execute};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionObserver};
use super::plan::{PlanRequest, plan};
use super::run_outcome::ExecutedPlan;
use super::selection::{ManifestSelection, ZoneSelection};
use crate::model::{ApplyReport, Plan, RunId, WaveFailureAction, WaveResult, ZoneCode};

/// Revert of a failed wave.
pub enum WaveRevert {
    /// No failed wave, no writes in the failed wave, or a rollout that keeps them.
    NotNeeded,
    /// Executed.
    Done(ExecutedPlan),
    /// Not executed; the changes stay.
    Failed(SessionError),
    /// Not possible without a store.
    NoStore,
}

/// Reverts the writes of a failed wave. The result of the apply stays unchanged.
pub async fn revert_failed_wave(
    session: &NetworkSession,
    applied: &Plan,
    executed: &ExecutedPlan,
    observer: &dyn SessionObserver,
) -> WaveRevert {
    let Some((wave, zones)) = writes_to_revert(session, applied, &executed.report) else {
        return WaveRevert::NotNeeded;
    };
    let Some(run) = executed.run else { return WaveRevert::NoStore };
    observer.notice(&SessionEvent::WaveRevertStart { wave, zones: zones.len() });
    match revert_zones(session, run, zones, observer).await {
        Ok(executed) => WaveRevert::Done(executed),
        Err(error) => WaveRevert::Failed(error),
    }
}

/// Returns the failed wave and its written zones; `None` if nothing is to be reverted.
fn writes_to_revert<'r>(
    session: &NetworkSession,
    applied: &Plan,
    report: &'r ApplyReport,
) -> Option<(&'r str, Vec<String>)> {
    let reverts_waves = session.config.network.rollout.on_failure == WaveFailureAction::Revert;
    // A revert is never reverted automatically.
    if !reverts_waves || applied.inputs.reverts.is_some() {
        return None;
    }
    let wave = report.waves.iter().find(|wave| matches!(wave.result, WaveResult::Failed { .. }))?;
    let is_written = |code: &&ZoneCode| {
        let zone = report.zones.get(*code);
        zone.is_some_and(|zone| zone.collections.iter().any(|(_, outcome)| outcome.has_written()))
    };
    let zones: Vec<String> = wave.zones.iter().filter(is_written).map(ToString::to_string).collect();
    (!zones.is_empty()).then_some((&*wave.name, zones))
}

async fn revert_zones(
    session: &NetworkSession,
    run: RunId,
    zones: Vec<String>,
    observer: &dyn SessionObserver,
) -> Result<ExecutedPlan, SessionError> {
    let zones = ZoneSelection { zones, ..ZoneSelection::default() };
    let selection = ManifestSelection { zones, ..ManifestSelection::default() };
    let planned = plan(session, PlanRequest::for_revert(run, selection), observer).await?;
    observer.notice(&SessionEvent::Planned(&planned.plan));
    let journal = begin_run(session, &planned, &ApplyOptions::default()).await?;
    let executed = execute(session, &planned, journal, observer).await?;
    observer.notice(&SessionEvent::WaveRevertApplied { plan: &planned.plan, executed: &executed });
    Ok(executed)
}

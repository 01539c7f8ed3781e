//! Applies a plan, and reverts a failed wave if the rollout requires it.

use super::error::SessionError;
use super::execute_plan::{ApplyOptions, begin_run, execute};
use super::network_session::NetworkSession;
use super::observer::{SessionEvent, SessionObserver};
use super::plan::PlannedRun;
use super::revert_wave::{WaveRevert, revert_failed_wave};
use super::run_outcome::ExecutedPlan;

/// Result of an apply.
pub struct AppliedRun {
    /// Result of the plan.
    pub executed: ExecutedPlan,
    /// Revert of a failed wave.
    pub wave_revert: WaveRevert,
}

/// Executes a plan. Decides nothing: the plan contains the writes, the deferrals and the denials.
///
/// # Errors
/// Returns the error if no zone was reached, or after a forced stop.
pub async fn apply(
    session: &NetworkSession,
    planned: &PlannedRun,
    options: &ApplyOptions,
    observer: &dyn SessionObserver,
) -> Result<AppliedRun, SessionError> {
    let journal = begin_run(session, planned, options).await?;
    let executed = execute(session, planned, journal, observer).await?;
    observer.notice(&SessionEvent::Applied { plan: &planned.plan, executed: &executed });
    let wave_revert = revert_failed_wave(session, &planned.plan, &executed, observer).await;
    Ok(AppliedRun { executed, wave_revert })
}

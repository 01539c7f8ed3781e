//! Results of a run and their exit codes, a stable interface for pipelines and stored runs.

use std::collections::BTreeSet;

use crate::model::{ApplyReport, Deferral, FailureClass, Plan, RunId, WaveResult, WriteOutcome};

/// Result of a run or command, in order of precedence: the first applicable value is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunOutcome {
    /// Interrupted by the user.
    Interrupted,
    /// Usage, validation or internal error, or unmet expectation; nothing was written.
    Invalid,
    /// Verification failed after a write.
    Unverified,
    /// Some writes failed.
    Partial,
    /// Changed since the plan was approved.
    Stale,
    /// Denied by a guard or policy, or approval missing: no write to the affected zones.
    Blocked,
    /// Zone unreachable or API key rejected: the result is incomplete.
    Incomplete,
    /// Changes found, if the command reports them in the exit code.
    Changes,
    /// Success.
    Done,
}

impl RunOutcome {
    /// Returns the exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Invalid => 1,
            Self::Changes => 2,
            Self::Partial => 3,
            Self::Blocked => 4,
            Self::Stale => 5,
            Self::Incomplete => 6,
            Self::Unverified => 7,
            Self::Interrupted => 130,
        }
    }

    /// Returns the result for an exit code; `None` for codes that zonal does not use.
    pub fn of_code(code: u8) -> Option<Self> {
        let all = [
            Self::Interrupted,
            Self::Invalid,
            Self::Unverified,
            Self::Partial,
            Self::Stale,
            Self::Blocked,
            Self::Incomplete,
            Self::Changes,
            Self::Done,
        ];
        all.into_iter().find(|exit| exit.code() == code)
    }
}

/// Result of an execution.
pub struct ExecutedPlan {
    /// Outcome in each zone.
    pub report: ApplyReport,
    /// Results that apply, for the exit code.
    pub outcomes: BTreeSet<RunOutcome>,
    /// Recorded run, if any.
    pub run: Option<RunId>,
}

/// Returns all results that apply to a plan without an apply.
pub fn of_plan(plan: &Plan, changes_count: DetailedExitCode) -> BTreeSet<RunOutcome> {
    let mut exits = BTreeSet::new();
    if plan.is_denied() {
        exits.insert(RunOutcome::Blocked);
    }
    if !plan.is_complete() {
        exits.insert(RunOutcome::Incomplete);
    } else if changes_count == DetailedExitCode::Yes && (plan.has_work() || plan.counts().manual > 0) {
        exits.insert(RunOutcome::Changes);
    }
    or_done(exits)
}

/// Returns all results that apply to `zonal drift`.
///
/// Pending changes do not count. In a two-way comparison, every difference counts.
pub fn of_drift(plan: &Plan) -> BTreeSet<RunOutcome> {
    let mut exits = BTreeSet::new();
    if !plan.is_complete() {
        exits.insert(RunOutcome::Incomplete);
    } else if plan.has_drifted() {
        exits.insert(RunOutcome::Changes);
    }
    or_done(exits)
}

/// Effect of changes on the exit code (`--detailed-exitcode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailedExitCode {
    /// Exit code 2 for a plan with changes.
    Yes,
    /// Exit code 0 for a plan with changes.
    No,
}

/// Returns all results that apply to an apply.
pub fn of_apply(plan: &Plan, report: &ApplyReport) -> BTreeSet<RunOutcome> {
    let mut exits = BTreeSet::new();
    if plan.is_denied() {
        exits.insert(RunOutcome::Blocked);
        // A denied apply has no report; derive the deferrals from the plan.
        let zones = plan.zones.values().filter(|zone| zone.has_work());
        exits.extend(zones.clone().filter_map(|zone| zone.deferral.as_ref()).filter_map(of_hold));
        let steps = zones.flat_map(|zone| &zone.collections).filter(|step| step.diff.has_work());
        exits.extend(steps.filter_map(|step| step.deferral.as_ref()).filter_map(of_hold));
    }
    for zone in plan.zones.values() {
        if zone.failure.is_some() {
            exits.insert(RunOutcome::Incomplete);
        }
        let blocked = zone.collections.iter().filter_map(|step| step.diff.outcome.as_ref().err());
        exits.extend(blocked.map(|failure| of_failure(failure.class)));
    }
    // Zones failed in a failed wave. A wave without writes only has stale or deferred zones.
    if report.waves.iter().any(|wave| matches!(wave.result, WaveResult::Failed { .. })) {
        exits.insert(RunOutcome::Partial);
    }
    for zone in report.zones.values() {
        exits.extend(zone.zone_failure.as_ref().map(|failure| match failure.class == FailureClass::Store {
            true => RunOutcome::Partial,
            false => RunOutcome::Incomplete,
        }));
        exits.extend(zone.deferral.as_ref().and_then(of_hold));
        for (_, outcome) in &zone.collections {
            match outcome {
                WriteOutcome::Applied { .. } => {}
                WriteOutcome::Stale { .. } => drop(exits.insert(RunOutcome::Stale)),
                WriteOutcome::VerifyFailed { .. } => drop(exits.insert(RunOutcome::Unverified)),
                WriteOutcome::Interrupted => drop(exits.insert(RunOutcome::Interrupted)),
                // Nothing was written because the collection could not be seen.
                WriteOutcome::Failed { failure } if failure.class == FailureClass::Truncated => {
                    exits.insert(RunOutcome::Incomplete);
                }
                WriteOutcome::Failed { failure } => {
                    exits.extend([RunOutcome::Partial, of_failure(failure.class)]);
                }
                WriteOutcome::Deferred { deferral: hold } => exits.extend(of_hold(hold)),
                // The cause is already counted; if never tried, the failure is in the plan.
                WriteOutcome::Blocked { .. } => {}
            }
        }
    }
    or_done(exits)
}

/// Returns the result for a deferral; `None` after a stopped rollout because its cause already counts.
fn of_hold(hold: &Deferral) -> Option<RunOutcome> {
    match hold {
        Deferral::ApprovalRequired
        | Deferral::PartlyApproved { .. }
        | Deferral::Guard { .. }
        | Deferral::Conflict
        | Deferral::LeaseHeld { .. } => Some(RunOutcome::Blocked),
        Deferral::Stale => Some(RunOutcome::Stale),
        Deferral::RolloutStopped { .. } => None,
    }
}

/// Returns the result for a failed collection.
///
/// A zone or gateway that did not answer, lacks a collection, or whose answer is damaged, makes the result incomplete; other
/// failures count as failed writes.
fn of_failure(class: FailureClass) -> RunOutcome {
    match (class, class.whole_zone()) {
        (FailureClass::Store, _) => RunOutcome::Partial,
        (
            FailureClass::Gateway
            | FailureClass::Malformed
            | FailureClass::Truncated
            | FailureClass::UnknownName,
            _,
        )
        | (_, true) => RunOutcome::Incomplete,
        (_, false) => RunOutcome::Partial,
    }
}

fn or_done(mut exits: BTreeSet<RunOutcome>) -> BTreeSet<RunOutcome> {
    if exits.is_empty() {
        exits.insert(RunOutcome::Done);
    }
    exits
}

/// Returns the result with the highest precedence.
pub fn worst(exits: &BTreeSet<RunOutcome>) -> RunOutcome {
    exits.first().copied().unwrap_or(RunOutcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_write_is_partial_and_unreachable_zone_is_incomplete() {
        assert_eq!(of_failure(FailureClass::Rejected), RunOutcome::Partial);
        assert_eq!(of_failure(FailureClass::Malformed), RunOutcome::Incomplete);
        assert_eq!(of_failure(FailureClass::Truncated), RunOutcome::Incomplete);
        assert_eq!(of_failure(FailureClass::Denied), RunOutcome::Incomplete);
        assert_eq!(of_failure(FailureClass::Gateway), RunOutcome::Incomplete);
    }
}

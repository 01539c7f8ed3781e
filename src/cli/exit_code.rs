//! The exit codes, which pipelines rely on.

use std::collections::BTreeSet;

use crate::model::{ApplyReport, Deferral, FailureClass, Plan, WaveResult, WriteOutcome};

/// How a command ended. In order of precedence: where several apply, the first one here counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandExit {
    /// Interrupted by the user.
    Interrupted,
    /// A usage, validation or internal error, or an expectation that is not met; nothing was written.
    Invalid,
    /// Verification failed after a write.
    Unverified,
    /// Some writes failed.
    Partial,
    /// Something moved since the plan was approved.
    Stale,
    /// A guard or a policy stands in the way, or an approval is waited for: nothing was written there.
    Blocked,
    /// A zone was unreachable or refused the key: the answer is incomplete.
    Incomplete,
    /// Changes were found, where the command was asked to say so.
    Changes,
    /// Done, or nothing to do.
    Done,
}

impl CommandExit {
    /// The process's exit code.
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

    /// What a process's exit code means; `None` for one that zonal does not end with.
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

/// Every code that applies to a plan that was only shown.
pub fn of_plan(plan: &Plan, changes_count: DetailedExitCode) -> BTreeSet<CommandExit> {
    let mut exits = BTreeSet::new();
    if plan.is_denied() {
        exits.insert(CommandExit::Blocked);
    }
    if !plan.is_complete() {
        exits.insert(CommandExit::Incomplete);
    } else if changes_count == DetailedExitCode::Yes && (plan.has_work() || plan.counts().manual > 0) {
        exits.insert(CommandExit::Changes);
    }
    or_done(exits)
}

/// Every code that applies to a look for drift. What is only pending is none; where nobody knows who moved, every
/// difference is.
pub fn of_drift(plan: &Plan) -> BTreeSet<CommandExit> {
    let mut exits = BTreeSet::new();
    if !plan.is_complete() {
        exits.insert(CommandExit::Incomplete);
    } else if plan.has_drifted() {
        exits.insert(CommandExit::Changes);
    }
    or_done(exits)
}

/// Whether changes are worth an exit code of their own (`--detailed-exitcode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailedExitCode {
    /// They are.
    Yes,
    /// A plan with changes is as good as one without.
    No,
}

/// Every code that applies to an apply.
pub fn of_apply(plan: &Plan, report: &ApplyReport) -> BTreeSet<CommandExit> {
    let mut exits = BTreeSet::new();
    if plan.is_denied() {
        exits.insert(CommandExit::Blocked);
        // Nothing was begun, so no report tells of what would have been left alone.
        let zones = plan.zones.values().filter(|zone| zone.has_work());
        exits.extend(zones.clone().filter_map(|zone| zone.deferral.as_ref()).filter_map(of_hold));
        let steps = zones.flat_map(|zone| &zone.collections).filter(|step| step.diff.has_work());
        exits.extend(steps.filter_map(|step| step.deferral.as_ref()).filter_map(of_hold));
    }
    for zone in plan.zones.values() {
        if zone.failure.is_some() {
            exits.insert(CommandExit::Incomplete);
        }
        let blocked = zone.collections.iter().filter_map(|step| step.diff.outcome.as_ref().err());
        exits.extend(blocked.map(|failure| of_failure(failure.class)));
    }
    // In a wave that failed, zones failed; in one in which nothing was written, they may have moved or waited.
    if report.waves.iter().any(|wave| matches!(wave.result, WaveResult::Failed { .. })) {
        exits.insert(CommandExit::Partial);
    }
    for zone in report.zones.values() {
        exits.extend(zone.zone_failure.as_ref().map(|failure| match failure.class == FailureClass::Store {
            true => CommandExit::Partial,
            false => CommandExit::Incomplete,
        }));
        exits.extend(zone.deferral.as_ref().and_then(of_hold));
        for (_, outcome) in &zone.collections {
            match outcome {
                WriteOutcome::Applied { .. } => {}
                WriteOutcome::Stale { .. } => drop(exits.insert(CommandExit::Stale)),
                WriteOutcome::VerifyFailed { .. } => drop(exits.insert(CommandExit::Unverified)),
                WriteOutcome::Interrupted => drop(exits.insert(CommandExit::Interrupted)),
                WriteOutcome::Failed { failure } => {
                    exits.extend([CommandExit::Partial, of_failure(failure.class)]);
                }
                WriteOutcome::Held { deferral: hold } => exits.extend(of_hold(hold)),
                // What it is blocked by has been counted; where that was never tried, it failed in the plan.
                WriteOutcome::Blocked { .. } => {}
            }
        }
    }
    or_done(exits)
}

/// What is held back is not done, whatever the reason. Where a rollout stopped, what it stopped for counts.
fn of_hold(hold: &Deferral) -> Option<CommandExit> {
    match hold {
        Deferral::ApprovalRequired
        | Deferral::Guard { .. }
        | Deferral::Conflict
        | Deferral::LeaseHeld { .. } => Some(CommandExit::Blocked),
        Deferral::Stale => Some(CommandExit::Stale),
        Deferral::RolloutStopped { .. } => None,
    }
}

/// A collection that could not be planned is one of the writes that failed; a zone that did not
/// answer, or a gateway before it, is one that nobody knows about.
fn of_failure(class: FailureClass) -> CommandExit {
    match (class, class.whole_zone()) {
        (FailureClass::Store, _) => CommandExit::Partial,
        (FailureClass::Gateway, _) | (_, true) => CommandExit::Incomplete,
        (_, false) => CommandExit::Partial,
    }
}

fn or_done(mut exits: BTreeSet<CommandExit>) -> BTreeSet<CommandExit> {
    if exits.is_empty() {
        exits.insert(CommandExit::Done);
    }
    exits
}

/// The one that the process ends with.
pub fn worst(exits: &BTreeSet<CommandExit>) -> CommandExit {
    exits.first().copied().unwrap_or(CommandExit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_zone_refuses_has_failed_and_what_nobody_answers_is_not_known() {
        assert_eq!(of_failure(FailureClass::Rejected), CommandExit::Partial);
        assert_eq!(of_failure(FailureClass::Malformed), CommandExit::Partial);
        assert_eq!(of_failure(FailureClass::Denied), CommandExit::Incomplete);
        assert_eq!(of_failure(FailureClass::Gateway), CommandExit::Incomplete);
    }
}

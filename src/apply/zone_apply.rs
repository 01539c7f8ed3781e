//! Applies one zone's part of a plan: start order and blocked collections.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::collection_write;
use super::staleness::StalenessTolerance;
use super::{ApplyJournal, StopSignal, SurpriseBrake, ZoneLockout};
use crate::model::{
    ApplyEvent, CollectionDiff, CollectionId, ComparisonBase, Deferral, DesiredCollection, PlanStep,
    WriteOutcome, ZoneCode, ZoneFailure, ZonePlan, ZoneReport,
};
use crate::provider::ZoneWriter;

/// Maximum number of collections in progress.
///
/// Requests queue for the zone's rate. Each collection in progress lengthens the time between the last read
/// of a table and its write. An edit by another user in that time would be lost.
const AT_ONCE: usize = 4;

/// Input for the apply of one zone.
pub struct ZoneApply<'a, W, J> {
    pub code: &'a ZoneCode,
    pub writer: &'a W,
    pub desired: &'a [DesiredCollection],
    pub base: Option<&'a ComparisonBase>,
    pub plan: &'a ZonePlan,
    pub brake: &'a SurpriseBrake,
    pub journal: &'a J,
    pub stop: &'a StopSignal,
    pub tell: &'a (dyn Fn(ApplyEvent) + Sync),
}

impl<W: ZoneWriter, J: ApplyJournal> ZoneApply<'_, W, J> {
    /// Acquires the lease, verifies the zone's identity, then writes the collections.
    ///
    /// A few collections without mutual dependencies run concurrently.
    pub async fn run(&self) -> ZoneReport {
        let todo = self.plan.collections.iter().filter(|step| step.diff.has_work()).count();
        (self.tell)(ApplyEvent::ZoneStart { zone: self.code.clone(), collections: todo });
        let mut report = ZoneReport::default();
        match self.stop.unless_set(self.journal.acquire_lease(self.code, self.tell)).await {
            Some(Err(ZoneLockout::Held(hold))) => {
                (self.tell)(ApplyEvent::ZoneDeferred { zone: self.code.clone(), deferral: hold.clone() });
                report.deferral = Some(hold);
            }
            Some(Err(ZoneLockout::Failed(failure))) => self.refuse(failure, &mut report),
            Some(Ok(())) | None => {
                self.write_collections(&mut report).await;
                self.journal.release_lease(self.code).await;
            }
        }
        report.requests = self.writer.request_usage().requests;
        (self.tell)(ApplyEvent::ZoneComplete { zone: self.code.clone(), requests: report.requests });
        report
    }

    /// Writes the collections under the lease.
    async fn write_collections(&self, report: &mut ZoneReport) {
        match self.stop.unless_set(self.writer.verify_zone_identity()).await {
            Some(Err(failure)) => self.refuse(failure, report),
            Some(Ok(())) | None => self.steps(&self.plan.collections, report).await,
        }
    }

    fn refuse(&self, failure: ZoneFailure, report: &mut ZoneReport) {
        (self.tell)(ApplyEvent::ZoneFailed { zone: self.code.clone(), failure: failure.clone() });
        report.zone_failure = Some(failure);
    }

    async fn steps(&self, steps: &[PlanStep], report: &mut ZoneReport) {
        let dead: OnceLock<ZoneFailure> = OnceLock::new();
        let mut ended: BTreeMap<usize, WriteOutcome> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            if let Some((_, outcome)) = held_back(step) {
                self.record_outcome(step, &outcome, report);
                ended.insert(index, outcome);
            }
        }
        let todo = |index: &usize| steps[*index].diff.has_work() && !ended.contains_key(index);
        let mut waiting: Vec<usize> = (0..steps.len()).filter(todo).collect();
        let mut running = FuturesUnordered::new();
        loop {
            let mut settled = false;
            waiting.retain(|&index| {
                let outcome = match readiness(steps, index, &ended) {
                    StepReadiness::WaitingForDependency => return true,
                    StepReadiness::Ready if running.len() >= AT_ONCE => return true,
                    StepReadiness::Ready => {
                        running.push(self.step(steps, index, &dead));
                        return false;
                    }
                    StepReadiness::Blocked(by) => match ended.get(&by) {
                        Some(WriteOutcome::Interrupted) => WriteOutcome::Interrupted,
                        _ => WriteOutcome::Blocked { by: steps[by].diff.id.clone() },
                    },
                };
                self.record_outcome(&steps[index], &outcome, report);
                ended.insert(index, outcome);
                settled = true;
                false
            });
            if settled {
                continue;
            }
            let Some((index, outcome)) = running.next().await else { break };
            self.record_outcome(&steps[index], &outcome, report);
            ended.insert(index, outcome);
        }
    }

    /// Reads the written collections again and reports differences.
    pub async fn look_again(&self, report: &mut ZoneReport) {
        let written = report.collections.iter_mut().filter_map(|(id, outcome)| match outcome {
            WriteOutcome::Applied { .. } => Some((id, outcome)),
            WriteOutcome::Stale { .. }
            | WriteOutcome::Failed { .. }
            | WriteOutcome::Blocked { .. }
            | WriteOutcome::VerifyFailed { .. }
            | WriteOutcome::Deferred { .. }
            | WriteOutcome::Interrupted => None,
        });
        for (id, outcome) in written {
            let Some(step) = self.plan.collections.iter().find(|step| step.diff.id == *id) else { continue };
            let strays = self.write(&step.diff, StalenessTolerance::Exact).remaining_differences().await;
            if !strays.is_empty() {
                let seen_again = "verification before the next wave failed:".to_owned();
                let strays = std::iter::once(seen_again).chain(strays).collect();
                *outcome = WriteOutcome::VerifyFailed { unexpected_differences: strays };
                let (zone, collection) = (self.code.clone(), id.clone());
                (self.tell)(ApplyEvent::ApplyEnd { zone, collection, outcome: outcome.clone() });
            }
        }
    }

    fn write<'r>(
        &'r self,
        planned: &'r CollectionDiff,
        allowance: StalenessTolerance<'r>,
    ) -> collection_write::CollectionWrite<'r, W, J> {
        let Self { code, writer, desired, base, plan: _, brake, journal, stop, tell: _ } = *self;
        collection_write::CollectionWrite {
            code,
            writer,
            desired,
            base,
            planned,
            allowance,
            brake,
            journal,
            stop,
        }
    }

    async fn step(
        &self,
        steps: &[PlanStep],
        index: usize,
        dead: &OnceLock<ZoneFailure>,
    ) -> (usize, WriteOutcome) {
        let planned = &steps[index].diff;
        let shares_rows = |earlier: &usize| steps[*earlier].diff.id.shares_rows_with(&planned.id);
        // This run has just written another language of the table, so part of the approved changes may exist
        // already.
        let mut earlier = steps[index].depends_on.iter().filter(|earlier| shares_rows(earlier)).peekable();
        let allowance = match earlier.peek() {
            Some(_) => StalenessTolerance::PartlyApplied(
                earlier.flat_map(|earlier| steps[*earlier].diff.to_apply()).collect(),
            ),
            None => StalenessTolerance::Exact,
        };
        let write = self.write(planned, allowance);
        let halted = || match dead.get() {
            Some(failure) => Some(WriteOutcome::Failed { failure: failure.clone() }),
            None => self.stop.is_set().then_some(WriteOutcome::Interrupted),
        };
        let outcome = write.run(&halted, self.tell).await;
        if let WriteOutcome::Failed { failure } = &outcome
            && failure.class.whole_zone()
        {
            dead.get_or_init(|| failure.clone());
        }
        (index, outcome)
    }

    fn record_outcome(&self, step: &PlanStep, outcome: &WriteOutcome, report: &mut ZoneReport) {
        let (zone, collection) = (self.code.clone(), step.diff.id.clone());
        report.collections.push((collection.clone(), outcome.clone()));
        (self.tell)(ApplyEvent::ApplyEnd { zone, collection, outcome: outcome.clone() });
    }
}

/// Returns the outcome of a deferred collection, apart from a deferral of its zone.
pub fn held_back(step: &PlanStep) -> Option<(CollectionId, WriteOutcome)> {
    let hold = step.deferral.as_ref().filter(|_| step.diff.has_work())?;
    let outcome = match hold {
        Deferral::Stale => WriteOutcome::Stale { now: step.diff.to_apply().cloned().collect() },
        Deferral::ApprovalRequired
        | Deferral::PartlyApproved { .. }
        | Deferral::Guard { .. }
        | Deferral::Conflict
        | Deferral::RolloutStopped { .. }
        | Deferral::LeaseHeld { .. } => WriteOutcome::Deferred { deferral: hold.clone() },
    };
    Some((step.diff.id.clone(), outcome))
}

enum StepReadiness {
    Ready,
    WaitingForDependency,
    Blocked(usize),
}

fn readiness(steps: &[PlanStep], index: usize, ended: &BTreeMap<usize, WriteOutcome>) -> StepReadiness {
    let mut readiness = StepReadiness::Ready;
    for &before in &steps[index].depends_on {
        match ended.get(&before) {
            Some(WriteOutcome::Applied { .. }) => {}
            Some(
                WriteOutcome::Stale { .. }
                | WriteOutcome::Failed { .. }
                | WriteOutcome::Blocked { .. }
                | WriteOutcome::VerifyFailed { .. }
                | WriteOutcome::Deferred { .. }
                | WriteOutcome::Interrupted,
            ) => return StepReadiness::Blocked(before),
            None if steps[before].diff.outcome.is_err() => return StepReadiness::Blocked(before),
            None => readiness = StepReadiness::WaitingForDependency,
        }
    }
    readiness
}

//! One zone's part of an apply: what may start when, and what is blocked.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::approval::Allowance;
use super::step;
use super::{Closed, Journal, Stop};
use crate::model::{
    Base, CollectionDiff, CollectionId, DesiredCollection, Event, Failure, Hold, Outcome, Step, ZoneCode,
    ZonePlan, ZoneReport,
};
use crate::provider::Write;

/// Collections that are under way at once. Requests queue for the zone's rate, so each of these
/// lengthens the moment between the last look at a table and its write, in which an edit by
/// somebody else would be lost.
const AT_ONCE: usize = 4;

/// Everything that one zone's run needs.
pub struct Run<'a, W, J> {
    pub code: &'a ZoneCode,
    pub writer: &'a W,
    pub desired: &'a [DesiredCollection],
    pub base: Option<&'a Base>,
    pub plan: &'a ZonePlan,
    pub journal: &'a J,
    pub stop: &'a Stop,
    pub tell: &'a (dyn Fn(Event) + Sync),
}

impl<W: Write, J: Journal> Run<'_, W, J> {
    /// Waits for its turn in the zone, confirms it, then writes its collections, a few that do not depend on each
    /// other at once.
    pub async fn run(&self) -> ZoneReport {
        let todo = self.plan.collections.iter().filter(|step| step.diff.has_work()).count();
        (self.tell)(Event::ZoneStart { zone: self.code.clone(), collections: todo });
        let mut report = ZoneReport::default();
        match self.stop.unless_set(self.journal.enter(self.code, self.tell)).await {
            Some(Err(Closed::Held(hold))) => {
                (self.tell)(Event::ZoneHeld { zone: self.code.clone(), hold: hold.clone() });
                report.held = Some(hold);
            }
            Some(Err(Closed::Failed(failure))) => self.refuse(failure, &mut report),
            Some(Ok(())) | None => {
                self.within(&mut report).await;
                self.journal.leave(self.code).await;
            }
        }
        report.requests = self.writer.usage().requests;
        (self.tell)(Event::ZoneComplete { zone: self.code.clone(), requests: report.requests });
        report
    }

    /// What is done while nobody else writes to the zone.
    async fn within(&self, report: &mut ZoneReport) {
        match self.stop.unless_set(self.writer.confirm()).await {
            Some(Err(failure)) => self.refuse(failure, report),
            Some(Ok(())) | None => self.steps(&self.plan.collections, report).await,
        }
    }

    fn refuse(&self, failure: Failure, report: &mut ZoneReport) {
        (self.tell)(Event::ZoneRefused { zone: self.code.clone(), failure: failure.clone() });
        report.refused = Some(failure);
    }

    async fn steps(&self, steps: &[Step], report: &mut ZoneReport) {
        let dead: RefCell<Option<Failure>> = RefCell::new(None);
        let mut ended: BTreeMap<usize, Outcome> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            if let Some((_, outcome)) = held_back(step) {
                self.end(step, &outcome, report);
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
                    Readiness::Waits => return true,
                    Readiness::Ready if running.len() >= AT_ONCE => return true,
                    Readiness::Ready => {
                        running.push(self.step(steps, index, &dead));
                        return false;
                    }
                    Readiness::Blocked(by) => match ended.get(&by) {
                        Some(Outcome::Interrupted) => Outcome::Interrupted,
                        _ => Outcome::Blocked { by: steps[by].diff.id.clone() },
                    },
                };
                self.end(&steps[index], &outcome, report);
                ended.insert(index, outcome);
                settled = true;
                false
            });
            if settled {
                continue;
            }
            let Some((index, outcome)) = running.next().await else { break };
            self.end(&steps[index], &outcome, report);
            ended.insert(index, outcome);
        }
    }

    /// Whether what was written still is as it should be. What is not, is told in the report.
    pub async fn look_again(&self, report: &mut ZoneReport) {
        let written = report.collections.iter_mut().filter_map(|(id, outcome)| match outcome {
            Outcome::Applied { .. } => Some((id, outcome)),
            Outcome::Stale { .. }
            | Outcome::Failed { .. }
            | Outcome::Blocked { .. }
            | Outcome::VerifyFailed { .. }
            | Outcome::Held { .. }
            | Outcome::Interrupted => None,
        });
        for (id, outcome) in written {
            let Some(step) = self.plan.collections.iter().find(|step| step.diff.id == *id) else { continue };
            let strays = self.write(&step.diff, Allowance::Exactly).left().await;
            if !strays.is_empty() {
                let seen_again = "looked at again before the next wave:".to_owned();
                let strays = std::iter::once(seen_again).chain(strays).collect();
                *outcome = Outcome::VerifyFailed { strays };
                let (zone, collection) = (self.code.clone(), id.clone());
                (self.tell)(Event::ApplyEnd { zone, collection, outcome: outcome.clone() });
            }
        }
    }

    fn write<'r>(&'r self, planned: &'r CollectionDiff, allowance: Allowance<'r>) -> step::Write<'r, W, J> {
        let Self { code, writer, desired, base, plan: _, journal, stop, tell: _ } = *self;
        step::Write { code, writer, desired, base, planned, allowance, journal, stop }
    }

    async fn step(&self, steps: &[Step], index: usize, dead: &RefCell<Option<Failure>>) -> (usize, Outcome) {
        let planned = &steps[index].diff;
        let shares_rows = |earlier: &usize| steps[*earlier].diff.id.shares_rows_with(&planned.id);
        // Another language of the table was just written by this run, so part of what was
        // approved here may be done already.
        let mut earlier = steps[index].after.iter().filter(|earlier| shares_rows(earlier)).peekable();
        let allowance = match earlier.peek() {
            Some(_) => {
                Allowance::AtMost(earlier.flat_map(|earlier| steps[*earlier].diff.to_apply()).collect())
            }
            None => Allowance::Exactly,
        };
        let write = self.write(planned, allowance);
        let halted = || match &*dead.borrow() {
            Some(failure) => Some(Outcome::Failed { failure: failure.clone() }),
            None => self.stop.is_set().then_some(Outcome::Interrupted),
        };
        let outcome = write.run(&halted, self.tell).await;
        if let Outcome::Failed { failure } = &outcome
            && failure.class.whole_zone()
        {
            dead.borrow_mut().get_or_insert_with(|| failure.clone());
        }
        (index, outcome)
    }

    fn end(&self, step: &Step, outcome: &Outcome, report: &mut ZoneReport) {
        let (zone, collection) = (self.code.clone(), step.diff.id.clone());
        report.collections.push((collection.clone(), outcome.clone()));
        (self.tell)(Event::ApplyEnd { zone, collection, outcome: outcome.clone() });
    }
}

/// What becomes of a collection that the plan holds back, its zone apart.
pub fn held_back(step: &Step) -> Option<(CollectionId, Outcome)> {
    let hold = step.hold.as_ref().filter(|_| step.diff.has_work())?;
    let outcome = match hold {
        Hold::Moved => Outcome::Stale { now: step.diff.to_apply().cloned().collect() },
        Hold::Unapproved
        | Hold::Guarded { .. }
        | Hold::Conflict
        | Hold::Stopped { .. }
        | Hold::Taken { .. } => Outcome::Held { hold: hold.clone() },
    };
    Some((step.diff.id.clone(), outcome))
}

enum Readiness {
    Ready,
    Waits,
    Blocked(usize),
}

fn readiness(steps: &[Step], index: usize, ended: &BTreeMap<usize, Outcome>) -> Readiness {
    let mut readiness = Readiness::Ready;
    for &before in &steps[index].after {
        match ended.get(&before) {
            Some(Outcome::Applied { .. }) => {}
            Some(
                Outcome::Stale { .. }
                | Outcome::Failed { .. }
                | Outcome::Blocked { .. }
                | Outcome::VerifyFailed { .. }
                | Outcome::Held { .. }
                | Outcome::Interrupted,
            ) => return Readiness::Blocked(before),
            None if steps[before].diff.outcome.is_err() => return Readiness::Blocked(before),
            None => readiness = Readiness::Waits,
        }
    }
    readiness
}

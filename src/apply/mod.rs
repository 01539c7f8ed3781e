//! A plan to zones that hold what is desired, and to the events that tell of it.
//!
//! Every write is checked against the zone just before and just after: see [`step`].

mod collection_write;
mod journal;
mod recovery;
mod rollout;
mod staleness;
mod zone_apply;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::future::Either;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::model::{
    ApplyEvent, ApplyReport, ComparisonBase, Deferral, DesiredState, Plan, ZoneCode, ZonePlan, ZoneReport,
};
use crate::provider::ZoneWriter;

pub use self::journal::{ApplyJournal, NullJournal, ZoneLockout};
pub use self::recovery::settle;
pub use self::rollout::roll_out;
pub use self::staleness::goes_on;

/// Says when to stop: what is being written is finished, nothing more is begun.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    /// A stop, and the sender that sets it off by sending `true`.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Whether it has been set off.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Does what changes nothing and may be dropped at any moment; `None` where the stop is set off before
    /// it is done.
    pub async fn unless_set<T>(&self, looking: impl Future<Output = T>) -> Option<T> {
        let mut set = self.0.clone();
        let set_off = async {
            if set.wait_for(|set| *set).await.is_err() {
                // Nobody can set it off any more.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = set_off => None,
            seen = looking => Some(seen),
        }
    }
}

/// Carries out a plan, all zones at once. They do not wait for each other, and one that fails does not
/// touch another; within a zone, what depends on a failed collection is blocked and the rest goes on.
///
/// Every write is derived again from `desired`, `base` and the zone; the plan only says which of them are
/// approved. What the plan holds back is left alone. A zone that has something to be written and no
/// writer is left out.
pub async fn apply<W: ZoneWriter>(
    writers: &BTreeMap<ZoneCode, W>,
    desired: &DesiredState,
    base: Option<&ComparisonBase>,
    plan: &Plan,
    journal: &impl ApplyJournal,
    stop: &StopSignal,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> ApplyReport {
    let runs = ApplyContext { writers, desired, base, plan, journal, stop, tell };
    ApplyReport { zones: runs.apply_zones(|_| true).await, waves: Vec::new() }
}

/// What all zones of an apply share.
struct ApplyContext<'a, W, J> {
    writers: &'a BTreeMap<ZoneCode, W>,
    desired: &'a DesiredState,
    base: Option<&'a ComparisonBase>,
    plan: &'a Plan,
    journal: &'a J,
    stop: &'a StopSignal,
    tell: &'a (dyn Fn(ApplyEvent) + Sync),
}

impl<'a, W: ZoneWriter, J: ApplyJournal> ApplyContext<'a, W, J> {
    /// Writes to those of some zones that there is work in.
    async fn apply_zones(&self, chosen: impl Fn(&ZoneCode) -> bool) -> BTreeMap<ZoneCode, ZoneReport> {
        let busy = self.plan.zones.iter().filter(|(code, zone)| zone.has_work() && chosen(code));
        let zones: FuturesUnordered<_> = busy
            .filter_map(|(code, zone)| match zone.is_writable() {
                true => {
                    let run = self.run(code)?;
                    Some(Either::Left(async move { (code.clone(), run.run().await) }))
                }
                false => Some(Either::Right(std::future::ready((code.clone(), self.leave(code, zone))))),
            })
            .collect();
        zones.collect().await
    }

    /// What one zone's part needs.
    fn run(&self, code: &'a ZoneCode) -> Option<zone_apply::ZoneApply<'a, W, J>> {
        Some(zone_apply::ZoneApply {
            code,
            writer: self.writers.get(code)?,
            desired: self.desired.zones.get(code)?,
            base: self.base,
            plan: self.plan.zones.get(code)?,
            journal: self.journal,
            stop: self.stop,
            tell: self.tell,
        })
    }

    /// A zone in which everything is held back.
    fn leave(&self, code: &ZoneCode, zone: &ZonePlan) -> ZoneReport {
        let report = zone.deferral.as_ref().map(|hold| self.hold(code, hold)).unwrap_or_default();
        // What moved is told even where nothing else is begun.
        let collections: Vec<_> = zone.collections.iter().filter_map(zone_apply::held_back).collect();
        for (collection, outcome) in collections.clone() {
            (self.tell)(ApplyEvent::ApplyEnd { zone: code.clone(), collection, outcome });
        }
        ZoneReport { collections, ..report }
    }

    /// A zone that is left alone as a whole.
    fn hold(&self, code: &ZoneCode, hold: &Deferral) -> ZoneReport {
        (self.tell)(ApplyEvent::ZoneHeld { zone: code.clone(), deferral: hold.clone() });
        ZoneReport { deferral: Some(hold.clone()), ..ZoneReport::default() }
    }
}

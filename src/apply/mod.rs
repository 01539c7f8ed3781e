//! A plan to zones that hold what is desired, and to the events that tell of it.
//!
//! Every write is checked against the zone just before and just after: see [`step`].

mod approval;
mod journal;
mod settle;
mod step;
mod waves;
mod zone;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::future::Either;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::model::{Base, Desired, Event, Hold, Plan, Report, ZoneCode, ZonePlan, ZoneReport};
use crate::provider::Write;

pub use self::approval::goes_on;
pub use self::journal::{Closed, Forgetful, Journal};
pub use self::settle::settle;
pub use self::waves::roll_out;

/// Says when to stop: what is being written is finished, nothing more is begun.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
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
pub async fn apply<W: Write>(
    writers: &BTreeMap<ZoneCode, W>,
    desired: &Desired,
    base: Option<&Base>,
    plan: &Plan,
    journal: &impl Journal,
    stop: &Stop,
    tell: &(dyn Fn(Event) + Sync),
) -> Report {
    let runs = Runs { writers, desired, base, plan, journal, stop, tell };
    Report { zones: runs.all(|_| true).await, waves: Vec::new() }
}

/// What all zones of an apply share.
struct Runs<'a, W, J> {
    writers: &'a BTreeMap<ZoneCode, W>,
    desired: &'a Desired,
    base: Option<&'a Base>,
    plan: &'a Plan,
    journal: &'a J,
    stop: &'a Stop,
    tell: &'a (dyn Fn(Event) + Sync),
}

impl<'a, W: Write, J: Journal> Runs<'a, W, J> {
    /// Writes to those of some zones that there is work in.
    async fn all(&self, chosen: impl Fn(&ZoneCode) -> bool) -> BTreeMap<ZoneCode, ZoneReport> {
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
    fn run(&self, code: &'a ZoneCode) -> Option<zone::Run<'a, W, J>> {
        Some(zone::Run {
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
        let report = zone.hold.as_ref().map(|hold| self.hold(code, hold)).unwrap_or_default();
        // What moved is told even where nothing else is begun.
        let collections: Vec<_> = zone.collections.iter().filter_map(zone::held_back).collect();
        for (collection, outcome) in collections.clone() {
            (self.tell)(Event::ApplyEnd { zone: code.clone(), collection, outcome });
        }
        ZoneReport { collections, ..report }
    }

    /// A zone that is left alone as a whole.
    fn hold(&self, code: &ZoneCode, hold: &Hold) -> ZoneReport {
        (self.tell)(Event::ZoneHeld { zone: code.clone(), hold: hold.clone() });
        ZoneReport { held: Some(hold.clone()), ..ZoneReport::default() }
    }
}

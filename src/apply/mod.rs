//! Applies a plan to the zones and emits events.
//!
//! Every write is verified against the zone just before and just after; see [`collection_write`].

mod collection_write;
mod foreign_rows;
mod journal;
mod readback;
mod recovery;
mod rollout;
mod staleness;
mod surprise_brake;
mod write_attempts;
mod zone_apply;
mod zone_normalization;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::future::Either;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::model::{
    ApplyEvent, ApplyReport, ComparisonBase, Deferral, DesiredState, Plan, SurpriseAction, ZoneCode,
    ZonePlan, ZoneReport,
};
use crate::provider::ZoneWriter;

pub use self::foreign_rows::with_damage;
pub use self::journal::{ApplyJournal, NullJournal, ZoneLockout};
pub use self::recovery::settle;
pub use self::rollout::roll_out;
pub use self::staleness::goes_on;

use self::surprise_brake::SurpriseBrake;

/// Stop signal: zonal finishes the writes in flight and starts no others.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    /// Creates a signal and its sender; sending `true` triggers the signal.
    pub fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns true after the signal.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Runs a future without side effects, droppable at any time. Returns `None` if the signal comes first.
    pub async fn unless_set<T>(&self, looking: impl Future<Output = T>) -> Option<T> {
        let mut set = self.0.clone();
        let set_off = async {
            if set.wait_for(|set| *set).await.is_err() {
                // The sender is gone, so the signal can never come.
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

/// Applies a plan to all zones concurrently.
///
/// Zones do not wait for each other, and a failed zone does not affect other zones. Within a zone,
/// collections that depend on a failed collection are blocked; all others continue.
///
/// Of each collection type, one zone is written and verified before the others; see [`surprise_brake`].
///
/// Every write is derived again from `desired`, `base` and the zone. The plan only determines the approved
/// changes. Deferred parts of the plan are not written. The report omits a zone with pending changes but
/// without a writer.
#[expect(clippy::too_many_arguments, reason = "distinct inputs, combined into one context at once")]
pub async fn apply<W: ZoneWriter>(
    writers: &BTreeMap<ZoneCode, W>,
    desired: &DesiredState,
    base: Option<&ComparisonBase>,
    plan: &Plan,
    surprise: SurpriseAction,
    journal: &impl ApplyJournal,
    stop: &StopSignal,
    tell: &(dyn Fn(ApplyEvent) + Sync),
) -> ApplyReport {
    let brake = SurpriseBrake::new(surprise);
    let runs = ApplyContext { writers, desired, base, plan, brake: &brake, journal, stop, tell };
    ApplyReport { zones: runs.apply_zones(|_| true).await, waves: Vec::new() }
}

/// Shared input of all zones in one apply.
struct ApplyContext<'a, W, J> {
    writers: &'a BTreeMap<ZoneCode, W>,
    desired: &'a DesiredState,
    base: Option<&'a ComparisonBase>,
    plan: &'a Plan,
    brake: &'a SurpriseBrake,
    journal: &'a J,
    stop: &'a StopSignal,
    tell: &'a (dyn Fn(ApplyEvent) + Sync),
}

impl<'a, W: ZoneWriter, J: ApplyJournal> ApplyContext<'a, W, J> {
    /// Writes to the `chosen` zones with pending work.
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

    /// Returns the input for the apply of one zone.
    fn run(&self, code: &'a ZoneCode) -> Option<zone_apply::ZoneApply<'a, W, J>> {
        Some(zone_apply::ZoneApply {
            code,
            writer: self.writers.get(code)?,
            desired: self.desired.zones.get(code)?,
            base: self.base,
            plan: self.plan.zones.get(code)?,
            brake: self.brake,
            journal: self.journal,
            stop: self.stop,
            tell: self.tell,
        })
    }

    /// Reports a zone in which everything is deferred.
    fn leave(&self, code: &ZoneCode, zone: &ZonePlan) -> ZoneReport {
        let report = zone.deferral.as_ref().map(|hold| self.hold(code, hold)).unwrap_or_default();
        // Stale collections are reported even if no write starts.
        let collections: Vec<_> = zone.collections.iter().filter_map(zone_apply::held_back).collect();
        for (collection, outcome) in collections.clone() {
            (self.tell)(ApplyEvent::ApplyEnd { zone: code.clone(), collection, outcome });
        }
        ZoneReport { collections, ..report }
    }

    /// Reports a zone that is deferred as a whole.
    fn hold(&self, code: &ZoneCode, hold: &Deferral) -> ZoneReport {
        (self.tell)(ApplyEvent::ZoneDeferred { zone: code.clone(), deferral: hold.clone() });
        ZoneReport { deferral: Some(hold.clone()), ..ZoneReport::default() }
    }
}

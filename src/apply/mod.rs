//! A plan to zones that hold what is desired, and to the events that tell of it.
//!
//! Every write is checked against the zone just before and just after: see [`step`].

mod approval;
mod step;
mod zone;

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::model::{Desired, Event, Plan, Report, ZoneCode};
use crate::provider::Write;

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

/// Carries out a plan. Zones do not wait for each other, and one that fails does not touch
/// another; within a zone, what depends on a failed collection is blocked and the rest goes on.
///
/// Every write is derived again from `desired` and the zone; the plan only says which of them
/// are approved. A zone for which there is no writer is left out.
pub async fn apply<W: Write>(
    writers: &BTreeMap<ZoneCode, W>,
    desired: &Desired,
    plan: &Plan,
    stop: &Stop,
    tell: &(dyn Fn(Event) + Sync),
) -> Report {
    let zones: FuturesUnordered<_> = plan
        .zones
        .iter()
        .filter(|(_, zone)| zone.has_work())
        .filter_map(|(code, plan)| {
            let run = zone::Run {
                code,
                writer: writers.get(code)?,
                desired: desired.zones.get(code)?,
                plan,
                stop,
                tell,
            };
            Some(async move { (code.clone(), run.run().await) })
        })
        .collect();
    Report { zones: zones.collect().await }
}

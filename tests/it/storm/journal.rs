//! Journal of a process in a storm: leases that all processes share, and a store that is slow or fails.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use zonal::apply::{ApplyJournal, ZoneLockout};
use zonal::model::{ApplyEvent, FailureClass, JournalEntry, WritePhase, ZoneCode, ZoneFailure};

use super::network::{StormNetwork, StormState};

/// Time until the lease of a killed process ends.
pub const LEASE: Duration = Duration::from_secs(60);

/// Leases of all zones: process, and the end of its lease if the process is dead.
#[derive(Clone, Default)]
pub struct StormLeases(Arc<Mutex<BTreeMap<ZoneCode, StormLease>>>);

/// Process with a lease, and the end of the lease if the process is gone.
type StormLease = (usize, Option<Instant>);

impl StormLeases {
    /// Marks the process as dead.
    pub fn bury(&self, process: usize, lease: Duration) {
        let end = Instant::now() + lease;
        for (owner, until) in self.0.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            if *owner == process {
                *until = Some(end);
            }
        }
    }

    fn take(&self, zone: &ZoneCode, process: usize) -> bool {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = leases.get(zone).is_none_or(|(owner, until)| {
            *owner == process || until.is_some_and(|until| until <= Instant::now())
        });
        if is_free {
            leases.insert(zone.clone(), (process, None));
        }
        is_free
    }
}

pub struct StormJournal {
    pub network: StormNetwork,
    pub leases: StormLeases,
    pub process: usize,
}

/// Effect of the store on an entry.
enum StoreFate {
    Quick,
    Slow(Duration),
    /// The machine sleeps, or the process is stopped.
    Suspended(Duration),
    Fails,
}

impl StormJournal {
    fn draw(&self) -> StoreFate {
        let mut state = self.network.state();
        let StormState { random, weather, happened, .. } = &mut *state;
        if !random.percent(weather.store) {
            return StoreFate::Quick;
        }
        let time = Duration::from_millis(random.pick(&[5, 200, 700, 990, 1_020, 4_000, 20_000]));
        let (name, fate) = match random.below(8) {
            0 => ("StoreFails", StoreFate::Fails),
            1 | 2 => ("StoreSuspended", StoreFate::Suspended(time)),
            _ => ("StoreSlow", StoreFate::Slow(time)),
        };
        *happened.entry(name.to_owned()).or_default() += 1;
        fate
    }
}

impl ApplyJournal for StormJournal {
    async fn acquire_lease(
        &self,
        zone: &ZoneCode,
        _: &(dyn Fn(ApplyEvent) + Sync),
    ) -> Result<(), ZoneLockout> {
        for _ in 0..600 {
            if self.leases.take(zone, self.process) {
                return Ok(());
            }
            sleep(Duration::from_millis(500)).await;
        }
        let failure = ZoneFailure::new(FailureClass::Store, "another run has the lease (storm)");
        Err(ZoneLockout::Failed(failure))
    }

    async fn release_lease(&self, zone: &ZoneCode) {
        let mut leases = self.leases.0.lock().unwrap_or_else(PoisonError::into_inner);
        if leases.get(zone).is_some_and(|(owner, _)| *owner == self.process) {
            leases.remove(zone);
        }
    }

    fn append(&self, entry: JournalEntry) -> impl Future<Output = Result<(), ZoneFailure>> + Send {
        let fate = match entry.phase {
            WritePhase::Sent => self.draw(),
            _ => StoreFate::Quick,
        };
        async move {
            match fate {
                StoreFate::Quick => {}
                StoreFate::Slow(time) => sleep(time).await,
                StoreFate::Suspended(time) => self.network.suspend(time),
                StoreFate::Fails => {
                    return Err(ZoneFailure::new(FailureClass::Store, "database is locked (storm)"));
                }
            }
            Ok(())
        }
    }
}

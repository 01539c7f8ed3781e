//! Stops the writes of a run after a surprise: a zone changed rows that nobody owns.
//!
//! A server that damages foreign rows damages every zone in one run. So of each collection type, one zone is
//! written and verified before the other zones begin. A surprise stops all further writes of its collection
//! type, and a second one stops the run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::model::{SurpriseAction, ZoneCode};

/// Maximum time of the first write of a collection type, before another zone takes over.
const FIRST_WRITE: Duration = Duration::from_secs(5);

/// Brake of one run.
pub struct SurpriseBrake {
    action: SurpriseAction,
    state: Mutex<BrakeState>,
    changed: Notify,
}

#[derive(Default)]
struct BrakeState {
    kinds: BTreeMap<Arc<str>, KindTrial>,
    surprises: usize,
}

/// Trial of a collection type in this run.
enum KindTrial {
    /// One zone writes; the others wait until the deadline.
    Running { zone: ZoneCode, deadline: Instant },
    /// Written and verified in one zone.
    Passed,
    /// Stopped after a surprise.
    Stopped,
}

/// Permission to write a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrakePermission {
    /// Other zones have passed, or this zone makes the trial.
    Write,
    /// Stopped after a surprise.
    Stopped,
}

/// Result of a permitted write, for the other zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrialResult {
    /// Written, read back and verified.
    Verified,
    /// The zone changed rows that nobody owns.
    Surprise,
    /// Not written, or not verified for another reason.
    Undecided,
}

impl SurpriseBrake {
    /// Creates the brake of a run.
    pub fn new(action: SurpriseAction) -> Self {
        Self { action, state: Mutex::default(), changed: Notify::new() }
    }

    /// Waits until the zone may write collections of this type.
    pub async fn permission(&self, zone: &ZoneCode, kind: &Arc<str>) -> BrakePermission {
        if self.action == SurpriseAction::Continue {
            return BrakePermission::Write;
        }
        loop {
            // Created before the check, so that no notification is missed.
            let changed = self.changed.notified();
            let deadline = {
                let mut state = self.lock();
                match state.kinds.get(kind) {
                    Some(KindTrial::Passed) => return BrakePermission::Write,
                    Some(KindTrial::Stopped) => return BrakePermission::Stopped,
                    _ if state.surprises > 1 => return BrakePermission::Stopped,
                    Some(KindTrial::Running { zone: first, deadline })
                        if first != zone && *deadline > Instant::now() =>
                    {
                        *deadline
                    }
                    Some(KindTrial::Running { .. }) | None => {
                        let deadline = Instant::now() + FIRST_WRITE;
                        let trial = KindTrial::Running { zone: zone.clone(), deadline };
                        state.kinds.insert(Arc::clone(kind), trial);
                        return BrakePermission::Write;
                    }
                }
            };
            // After the deadline, another zone takes over.
            let _ = timeout_at(deadline, changed).await;
        }
    }

    /// Returns true if a write that has permission must not be sent any more.
    pub fn is_stopped(&self, kind: &str) -> bool {
        let state = self.lock();
        self.action == SurpriseAction::Stop
            && (state.surprises > 1 || matches!(state.kinds.get(kind), Some(KindTrial::Stopped)))
    }

    /// Reports the result of a permitted write.
    pub fn report(&self, zone: &ZoneCode, kind: &Arc<str>, result: TrialResult) {
        let mut state = self.lock();
        match (result, state.kinds.get(kind)) {
            (_, Some(KindTrial::Stopped)) if result != TrialResult::Surprise => {}
            (TrialResult::Surprise, _) => {
                state.surprises += 1;
                state.kinds.insert(Arc::clone(kind), KindTrial::Stopped);
            }
            (TrialResult::Verified, _) => drop(state.kinds.insert(Arc::clone(kind), KindTrial::Passed)),
            (TrialResult::Undecided, Some(KindTrial::Running { zone: first, .. })) if first == zone => {
                state.kinds.remove(kind);
            }
            (TrialResult::Undecided, _) => {}
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, BrakeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

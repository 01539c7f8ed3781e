//! Spaces requests so that no second contains more than the zone allows.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Second plus a margin; divided by the rate, the length of a slot.
///
/// Requests that travel some tens of milliseconds longer or shorter than others still arrive within the
/// limit.
const STRETCHED_SECOND: Duration = Duration::from_millis(1080);
/// Maximum delay in a slot that does not shift later slots. Timers have limited precision.
const LATENESS: Duration = Duration::from_millis(10);
/// Wait of all requests after a throttled response without a wait time.
const PENALTY: Duration = Duration::from_secs(1);
/// Maximum wait, whatever the zone's wait time.
const LONGEST_PENALTY: Duration = Duration::from_secs(30);
/// Factor by which each penalty widens the slots, and the maximum factor.
const WIDEN: f64 = 1.5;
const WIDEST: f64 = 8.0;
/// Factor by which each good response narrows the slots: 1.5 returns to 1 after about a hundred.
const RECOVER: f64 = 0.996;

/// Rate limiter with exact slots, first come first served.
pub struct RateLimiter {
    interval: Duration,
    /// Lock of the next request in the queue; tokio's mutex serves in order of arrival.
    gate: tokio::sync::Mutex<()>,
    beat: Mutex<RateLimiterState>,
}

/// Position and width of the slots.
struct RateLimiterState {
    next: Option<Instant>,
    stretch: f64,
    held_until: Option<Instant>,
}

/// Right to send the next request.
pub struct SendSlot<'a> {
    pacer: &'a RateLimiter,
    _gate: tokio::sync::MutexGuard<'a, ()>,
}

impl RateLimiter {
    /// Creates a limiter for a maximum number of requests in any one second.
    pub fn new(per_second: u32) -> Self {
        Self {
            interval: STRETCHED_SECOND / per_second.max(1),
            gate: tokio::sync::Mutex::new(()),
            beat: Mutex::new(RateLimiterState { next: None, stretch: 1.0, held_until: None }),
        }
    }

    /// Waits until all earlier requests are sent.
    pub async fn queue(&self) -> SendSlot<'_> {
        SendSlot { pacer: self, _gate: self.gate.lock().await }
    }

    /// Penalizes a throttled response: all requests wait, then continue more slowly for a while.
    pub fn push_back(&self, wait: Option<Duration>) {
        let now = Instant::now();
        let mut beat = self.beat();
        // Many requests in flight get the same response; only the first widens the slots.
        if beat.held_until.is_none_or(|until| until <= now) {
            beat.stretch = (beat.stretch * WIDEN).min(WIDEST);
        }
        let until = now + wait.unwrap_or(PENALTY).clamp(PENALTY, LONGEST_PENALTY);
        beat.held_until = beat.held_until.max(Some(until));
        beat.next = beat.next.max(Some(until));
    }

    /// Narrows widened slots a little after a good response.
    pub fn recover(&self) {
        let mut beat = self.beat();
        beat.stretch = (beat.stretch * RECOVER).max(1.0);
    }

    fn beat(&self) -> std::sync::MutexGuard<'_, RateLimiterState> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SendSlot<'_> {
    /// Waits for the next slot, even if penalties delay the slot repeatedly.
    pub async fn wait(&self) {
        loop {
            let next = self.pacer.beat().next;
            match next {
                Some(next) if next > Instant::now() => sleep_until(next).await,
                Some(_) | None => return,
            }
        }
    }

    /// Uses the slot. An unused slot goes to the next request in the queue.
    pub fn take(self) {
        let now = Instant::now();
        let mut beat = self.pacer.beat();
        let interval = self.pacer.interval.mul_f64(beat.stretch);
        let slot = match beat.next {
            Some(next) if now.saturating_duration_since(next) <= LATENESS => next,
            Some(_) | None => now,
        };
        beat.next = Some(slot + interval);
    }
}

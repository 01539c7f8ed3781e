//! Keeps requests so far apart that no second ever holds more of them than a zone allows.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A second and a bit: slots are this divided by the rate, so that requests that travel some tens
/// of milliseconds longer or shorter than others still arrive within the limit.
const STRETCHED_SECOND: Duration = Duration::from_millis(1080);
/// How late a slot may be used without moving the slots after it. Timers are only so exact.
const LATENESS: Duration = Duration::from_millis(10);
/// How long everyone waits when the zone says that requests come too fast, where it does not say itself.
const PENALTY: Duration = Duration::from_secs(1);
/// Nobody waits longer than this, whatever the zone says.
const LONGEST_PENALTY: Duration = Duration::from_secs(30);
/// How much wider the slots become with each penalty, and how wide they may become.
const WIDEN: f64 = 1.5;
const WIDEST: f64 = 8.0;
/// What one good answer takes off again: 1.5 is back at 1 after about a hundred.
const RECOVER: f64 = 0.996;

/// Exact slots, first come first served.
pub struct RateLimiter {
    interval: Duration,
    /// Held by the request whose turn is next; tokio's mutex serves in the order of asking.
    gate: tokio::sync::Mutex<()>,
    beat: Mutex<RateLimiterState>,
}

/// Where the slots stand.
struct RateLimiterState {
    next: Option<Instant>,
    stretch: f64,
    held_until: Option<Instant>,
}

/// The right to be the next one sent.
pub struct SendSlot<'a> {
    pacer: &'a RateLimiter,
    _gate: tokio::sync::MutexGuard<'a, ()>,
}

impl RateLimiter {
    /// At most this many requests in any one second.
    pub fn new(per_second: u32) -> Self {
        Self {
            interval: STRETCHED_SECOND / per_second.max(1),
            gate: tokio::sync::Mutex::new(()),
            beat: Mutex::new(RateLimiterState { next: None, stretch: 1.0, held_until: None }),
        }
    }

    /// Waits until everyone who came before has been sent.
    pub async fn queue(&self) -> SendSlot<'_> {
        SendSlot { pacer: self, _gate: self.gate.lock().await }
    }

    /// The zone said that requests come too fast: everyone waits, and goes slower for a while.
    pub fn push_back(&self, wait: Option<Duration>) {
        let now = Instant::now();
        let mut beat = self.beat();
        // Many requests under way hear the same complaint; only the first one widens the slots.
        if beat.held_until.is_none_or(|until| until <= now) {
            beat.stretch = (beat.stretch * WIDEN).min(WIDEST);
        }
        let until = now + wait.unwrap_or(PENALTY).clamp(PENALTY, LONGEST_PENALTY);
        beat.held_until = beat.held_until.max(Some(until));
        beat.next = beat.next.max(Some(until));
    }

    /// A good answer came: the slots narrow a little, where they had been widened.
    pub fn recover(&self) {
        let mut beat = self.beat();
        beat.stretch = (beat.stretch * RECOVER).max(1.0);
    }

    fn beat(&self) -> std::sync::MutexGuard<'_, RateLimiterState> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SendSlot<'_> {
    /// Waits for the next slot, however often it is pushed back meanwhile.
    pub async fn wait(&self) {
        loop {
            let next = self.pacer.beat().next;
            match next {
                Some(next) if next > Instant::now() => sleep_until(next).await,
                Some(_) | None => return,
            }
        }
    }

    /// Uses the slot up. One that is waited for and not taken is left to the next in the queue.
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

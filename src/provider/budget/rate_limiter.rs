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
/// Minimum wait of all requests after a throttled response.
const PENALTY: Duration = Duration::from_secs(1);
/// Factor by which each penalty widens the slots, and the maximum factor.
const WIDEN: f64 = 1.5;
const WIDEST: f64 = 8.0;
/// Factor by which each good response narrows the slots: 1.5 returns to 1 after about a hundred.
const RECOVER: f64 = 0.996;

/// Minimum gap between two requests for a write, even if a slot is wider.
///
/// A reading older than one second is not written, so a write cannot wait for a slot of more than a second.
const WRITE_GAP: Duration = Duration::from_secs(1);

/// Rate limiter with exact slots, first come first served; a write after its reading comes first.
pub struct RateLimiter {
    interval: Duration,
    /// Lock of the next request in the queue; tokio's mutex serves in order of arrival.
    gate: tokio::sync::Mutex<()>,
    beat: Mutex<RateLimiterState>,
    /// Notifies the queue when no write waits.
    writes_sent: tokio::sync::Notify,
}

/// Position and width of the slots.
struct RateLimiterState {
    last: Option<Instant>,
    next: Option<Instant>,
    stretch: f64,
    held_until: Option<Instant>,
    /// Writes that wait for a slot, before all other requests.
    waiting_writes: usize,
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
            beat: Mutex::new(RateLimiterState {
                last: None,
                next: None,
                stretch: 1.0,
                held_until: None,
                waiting_writes: 0,
            }),
            writes_sent: tokio::sync::Notify::new(),
        }
    }

    /// Waits until all earlier requests are sent.
    pub async fn queue(&self) -> SendSlot<'_> {
        SendSlot { pacer: self, _gate: self.gate.lock().await }
    }

    /// Waits for a slot before all queued requests, and uses the slot.
    ///
    /// Only for a write directly after its reading, which must not become old in the queue.
    ///
    /// # Errors
    /// The slot is later than the deadline: the wait for it. The slot stays free.
    pub async fn take_first(&self, deadline: Instant) -> Result<(), Duration> {
        let _waiting = WaitingWrite::new(self);
        loop {
            let slot = {
                let (mut beat, now) = (self.beat(), Instant::now());
                match beat.write_slot() {
                    Some(slot) if slot > now => slot,
                    Some(_) | None => {
                        beat.take(self.interval);
                        return Ok(());
                    }
                }
            };
            if slot > deadline {
                return Err(slot.saturating_duration_since(Instant::now()));
            }
            sleep_until(slot).await;
        }
    }

    /// Penalizes a throttled response: all requests wait, then continue more slowly for a while.
    pub fn push_back(&self) {
        let now = Instant::now();
        let mut beat = self.beat();
        // Many requests in flight get the same response; only the first widens the slots.
        if beat.held_until.is_none_or(|until| until <= now) {
            beat.stretch = (beat.stretch * WIDEN).min(WIDEST);
        }
        beat.hold_until(now + PENALTY);
    }

    /// Delays all requests by a wait that the zone asks for.
    pub fn hold(&self, wait: Duration) {
        self.beat().hold_until(Instant::now() + wait);
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

impl RateLimiterState {
    fn hold_until(&mut self, until: Instant) {
        self.held_until = self.held_until.max(Some(until));
        self.next = self.next.max(Some(until));
    }

    /// Returns the time from which a write may be sent; `None` for now.
    fn write_slot(&self) -> Option<Instant> {
        let after_last = self.last.map(|last| last + WRITE_GAP).max(self.held_until);
        self.next.map(|next| after_last.map_or(next, |after_last| next.min(after_last)))
    }

    /// Uses the current slot.
    fn take(&mut self, interval: Duration) {
        let now = Instant::now();
        let slot = match self.next {
            Some(next) if now.saturating_duration_since(next) <= LATENESS => next,
            Some(_) | None => now,
        };
        self.last = Some(now);
        self.next = Some(slot + interval.mul_f64(self.stretch));
    }
}

/// Write that waits for a slot; counted until dropped.
struct WaitingWrite<'a>(&'a RateLimiter);

impl<'a> WaitingWrite<'a> {
    fn new(pacer: &'a RateLimiter) -> Self {
        pacer.beat().waiting_writes += 1;
        Self(pacer)
    }
}

impl Drop for WaitingWrite<'_> {
    fn drop(&mut self) {
        let Self(pacer) = self;
        let mut beat = pacer.beat();
        beat.waiting_writes -= 1;
        if beat.waiting_writes == 0 {
            pacer.writes_sent.notify_waiters();
        }
    }
}

impl SendSlot<'_> {
    /// Waits for the next slot, even if penalties or writes delay the slot repeatedly.
    pub async fn wait(&self) {
        loop {
            // Created before the check, so that no notification is missed.
            let writes_sent = self.pacer.writes_sent.notified();
            let (next, waiting_writes) = {
                let beat = self.pacer.beat();
                (beat.next, beat.waiting_writes)
            };
            match next {
                _ if waiting_writes > 0 => writes_sent.await,
                Some(next) if next > Instant::now() => sleep_until(next).await,
                Some(_) | None => return,
            }
        }
    }

    /// Uses the slot, unless a write or a penalty came first. An unused slot goes to the next request.
    pub fn try_take(&self) -> bool {
        let mut beat = self.pacer.beat();
        let is_free = beat.waiting_writes == 0 && beat.next.is_none_or(|next| next <= Instant::now());
        if is_free {
            beat.take(self.pacer.interval);
        }
        is_free
    }
}

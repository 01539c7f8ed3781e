//! Keeps what zonal asks of a zone within what the zone can bear, and leaves others their share.
//!
//! Alma counts per institution, over all keys (the vendor's slides on API governance), so there
//! is one budget per zone, shared by whatever reads and writes it. Time is tokio's, so that tests
//! run under a paused clock. A budget lives for one run: what it has heard of today's quota is not
//! forgotten at midnight.

mod concurrency;
mod rate_limiter;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::concurrency::{ConcurrencyLimiter, ConcurrencyPermit};
use self::rate_limiter::RateLimiter;
use super::RequestUsage;
use crate::model::network::RateLimit;
use crate::model::{FailureClass, ZoneFailure};

/// What one zone may still be asked, and when.
pub struct RequestBudget {
    rate: RateLimit,
    pacer: RateLimiter,
    lanes: ConcurrencyLimiter,
    requests: AtomicU64,
    quota: Mutex<DailyQuota>,
}

/// What the zone said of today's quota.
#[derive(Default)]
struct DailyQuota {
    left: Option<u64>,
    used_up: bool,
}

/// The right to send one request now. Say how it went; one that is dropped counts as neither.
pub struct RequestPermit<'a> {
    budget: &'a RequestBudget,
    lane: ConcurrencyPermit<'a>,
}

impl RequestBudget {
    /// A fresh budget.
    pub fn new(rate: RateLimit) -> Self {
        Self {
            rate,
            pacer: RateLimiter::new(rate.per_second),
            lanes: ConcurrencyLimiter::new(),
            requests: AtomicU64::new(0),
            quota: Mutex::default(),
        }
    }

    /// Waits until one more request may be sent, first come first served, and counts it.
    ///
    /// # Errors
    /// [`FailureClass::Quota`] where the day's requests are used up, or fewer than the reserve are
    /// left. Nothing more will be admitted in this run.
    pub async fn admit(&self) -> Result<RequestPermit<'_>, ZoneFailure> {
        let turn = self.pacer.queue().await;
        self.check()?;
        let lane = self.lanes.enter().await;
        turn.wait().await;
        // Answers that came while this request waited may have changed everything.
        self.check()?;
        turn.take();
        self.requests.fetch_add(1, Ordering::Relaxed);
        Ok(RequestPermit { budget: self, lane })
    }

    /// Remembers what the zone says is left until midnight (`X-Exl-Api-Remaining`, the vendor's OpenAPI).
    pub fn heard(&self, left: u64) {
        self.quota().left = Some(left);
    }

    /// The zone says that the day's requests are used up.
    pub fn day_is_over(&self) {
        self.quota().used_up = true;
    }

    /// What the zone has cost so far.
    pub fn usage(&self) -> RequestUsage {
        RequestUsage { requests: self.requests.load(Ordering::Relaxed), quota_left: self.quota().left }
    }

    /// How many requests may be under way at once, as things stand.
    pub fn concurrency(&self) -> usize {
        self.lanes.limit()
    }

    fn check(&self) -> Result<(), ZoneFailure> {
        let quota = self.quota();
        if quota.used_up {
            return Err(ZoneFailure::new(
                FailureClass::Quota,
                "the institution's API requests of today are used up (DAILY_THRESHOLD)",
            )
            .help("try again after midnight; all integrations of the institution share them"));
        }
        match quota.left {
            Some(left) if left < self.rate.daily_reserve => Err(ZoneFailure::new(
                FailureClass::Quota,
                format!(
                    "{left} API requests are left of today's, fewer than the reserve of {}",
                    self.rate.daily_reserve
                ),
            )
            .help("try again after midnight, or lower `rate.dailyReserve`")),
            Some(_) | None => Ok(()),
        }
    }

    fn quota(&self) -> std::sync::MutexGuard<'_, DailyQuota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestPermit<'_> {
    /// The zone answered, whatever it said.
    pub fn good(self) {
        self.budget.pacer.recover();
        self.lane.good();
    }

    /// The zone timed out or answered with a server error.
    pub fn report_overload(self) {
        self.lane.report_overload();
    }

    /// The zone said that requests come too fast, and perhaps how long to wait.
    pub fn too_fast(self, wait: Option<Duration>) {
        self.budget.pacer.push_back(wait);
    }
}

//! Limits the requests to a zone and leaves a share for other integrations.
//!
//! Alma counts per institution, over all keys (the vendor's slides on API governance). Therefore all readers
//! and writers of a zone share one budget.
//!
//! Time comes from tokio, so that tests run under a paused clock. A budget lives for one run; its quota does
//! not reset at midnight.

mod concurrency;
mod rate_limiter;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::concurrency::{ConcurrencyLimiter, ConcurrencyPermit};
use self::rate_limiter::RateLimiter;
use super::RequestUsage;
use crate::model::network::RateLimit;
use crate::model::{FailureClass, ZoneFailure};

/// Request budget of one zone.
pub struct RequestBudget {
    rate: RateLimit,
    pacer: RateLimiter,
    lanes: ConcurrencyLimiter,
    requests: AtomicU64,
    quota: Mutex<DailyQuota>,
}

/// Daily quota, as reported by the zone.
#[derive(Default)]
struct DailyQuota {
    left: Option<u64>,
    used_up: bool,
    /// Failure of the response that closed the zone for this run.
    closed_by: Option<ZoneFailure>,
}

/// Permission to send one request now.
///
/// The caller reports the result; a dropped permit counts as neither good nor bad.
pub struct RequestPermit<'a> {
    budget: &'a RequestBudget,
    /// Concurrency permit; a write uses the permit of its reading.
    lane: Option<ConcurrencyPermit<'a>>,
}

/// Right to send a write directly after its reading.
///
/// The two requests share one concurrency permit, and the write is sent before all queued requests.
/// Otherwise the reading could become old in the queue.
#[derive(Default)]
pub struct WriteSlot<'a> {
    _lane: Option<ConcurrencyPermit<'a>>,
}

/// Admission of a write until a deadline.
pub enum WriteAdmission<'a> {
    /// May be sent now.
    Admitted(RequestPermit<'a>),
    /// Next slot after the deadline: the wait for it.
    TooLate(Duration),
}

impl RequestBudget {
    /// Creates a fresh budget.
    pub fn new(rate: RateLimit) -> Self {
        Self {
            rate,
            pacer: RateLimiter::new(rate.per_second),
            lanes: ConcurrencyLimiter::new(),
            requests: AtomicU64::new(0),
            quota: Mutex::default(),
        }
    }

    /// Waits for permission to send one more request, first come first served, and counts the request.
    ///
    /// # Errors
    /// [`FailureClass::Quota`] if the daily quota is exhausted, or if fewer requests than the reserve remain.
    /// No further request is admitted in this run.
    pub async fn admit(&self) -> Result<RequestPermit<'_>, ZoneFailure> {
        let turn = self.pacer.queue().await;
        self.check()?;
        let lane = self.lanes.enter().await;
        loop {
            turn.wait().await;
            // Responses during the wait may have changed the quota.
            self.check()?;
            if turn.try_take() {
                break;
            }
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        Ok(RequestPermit { budget: self, lane: Some(lane) })
    }

    /// Waits for permission to send the write after its reading, before all queued requests.
    ///
    /// # Errors
    /// Same as [`Self::admit`].
    pub async fn admit_write(
        &self,
        _: &WriteSlot<'_>,
        deadline: Instant,
    ) -> Result<WriteAdmission<'_>, ZoneFailure> {
        self.check()?;
        if let Err(wait) = self.pacer.take_first(deadline).await {
            return Ok(WriteAdmission::TooLate(wait));
        }
        self.check()?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        Ok(WriteAdmission::Admitted(RequestPermit { budget: self, lane: None }))
    }

    /// Records the remaining requests until midnight (`X-Exl-Api-Remaining`, the vendor's OpenAPI).
    pub fn heard(&self, left: u64) {
        self.quota().left = Some(left);
    }

    /// Records that the daily quota is exhausted.
    pub fn day_is_over(&self) {
        self.quota().used_up = true;
    }

    /// Delays all requests, because the zone asks for a wait.
    pub fn hold(&self, wait: Duration) {
        self.pacer.hold(wait);
    }

    /// Admits no further request in this run: the zone asks for a wait that is too long.
    pub fn close(&self, reason: &ZoneFailure) {
        self.quota().closed_by.get_or_insert_with(|| reason.clone());
    }

    /// Returns the requests so far and the remaining quota.
    pub fn usage(&self) -> RequestUsage {
        RequestUsage { requests: self.requests.load(Ordering::Relaxed), quota_left: self.quota().left }
    }

    /// Returns the current limit of concurrent requests.
    pub fn concurrency(&self) -> usize {
        self.lanes.limit()
    }

    fn check(&self) -> Result<(), ZoneFailure> {
        let quota = self.quota();
        if let Some(reason) = &quota.closed_by {
            return Err(reason.clone());
        }
        if quota.used_up {
            return Err(ZoneFailure::new(
                FailureClass::Quota,
                "the institution's daily API quota is exhausted (DAILY_THRESHOLD)",
            )
            .help("try again after midnight; all integrations of the institution share the quota"));
        }
        match quota.left {
            Some(left) if left < self.rate.daily_reserve => Err(ZoneFailure::new(
                FailureClass::Quota,
                format!(
                    "{left} API requests remain today, fewer than the reserve of {}",
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

impl<'a> RequestPermit<'a> {
    /// Reports a response with any content. Returns the right to send a write directly after it.
    pub fn good(self) -> WriteSlot<'a> {
        self.budget.pacer.recover();
        self.budget.lanes.widen();
        WriteSlot { _lane: self.lane }
    }

    /// Reports a timeout or a server error.
    pub fn report_overload(self) {
        self.budget.lanes.narrow();
    }

    /// Reports that requests come too fast.
    pub fn too_fast(self) {
        self.budget.pacer.push_back();
    }
}

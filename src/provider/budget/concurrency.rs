//! Limits the number of concurrent requests, by the responses of the zone.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Initial and maximum number of concurrent requests.
const FIRST: usize = 8;
const MOST: usize = 64;

/// Adaptive limit of concurrent requests.
///
/// The limit grows by one after a full round of good responses at the limit. A timeout or server error halves
/// the limit, at least to one.
pub struct ConcurrencyLimiter {
    open: Semaphore,
    width: Mutex<ConcurrencyLimit>,
}

struct ConcurrencyLimit {
    limit: usize,
    /// Good responses since the last increase.
    good: usize,
    /// Permits to withdraw when their requests end.
    closing: usize,
}

/// Permit of one request, returned on drop.
pub struct ConcurrencyPermit<'a> {
    lanes: &'a ConcurrencyLimiter,
    permit: Option<SemaphorePermit<'a>>,
}

impl ConcurrencyLimiter {
    /// Creates a limiter with eight permits.
    pub fn new() -> Self {
        let width = ConcurrencyLimit { limit: FIRST, good: 0, closing: 0 };
        Self { open: Semaphore::new(FIRST), width: Mutex::new(width) }
    }

    /// Waits for a free permit.
    pub async fn enter(&self) -> ConcurrencyPermit<'_> {
        // The semaphore is never closed, so `acquire` always succeeds.
        ConcurrencyPermit { lanes: self, permit: self.open.acquire().await.ok() }
    }

    /// Returns the current limit.
    pub fn limit(&self) -> usize {
        self.width().limit
    }

    /// Reports a good response.
    pub fn widen(&self) {
        // A response below the limit gives no information about the limit.
        if self.open.available_permits() > 0 {
            return;
        }
        let mut width = self.width();
        width.good += 1;
        if width.good < width.limit || width.limit >= MOST {
            return;
        }
        width.good = 0;
        width.limit += 1;
        match width.closing {
            0 => self.open.add_permits(1),
            _ => width.closing -= 1,
        }
    }

    /// Reports a timeout or a server error.
    pub fn narrow(&self) {
        let mut width = self.width();
        let limit = (width.limit / 2).max(1);
        let surplus = width.limit - limit;
        width.limit = limit;
        width.good = 0;
        width.closing += surplus - self.open.forget_permits(surplus);
    }

    fn width(&self) -> std::sync::MutexGuard<'_, ConcurrencyLimit> {
        self.width.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConcurrencyPermit<'_> {
    fn drop(&mut self) {
        let mut width = self.lanes.width();
        if width.closing > 0 {
            width.closing -= 1;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
    }
}

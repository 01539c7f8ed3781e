//! Limits how many requests are under way at once, by how well the zone copes.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests under way at first, and at most.
const FIRST: usize = 8;
const MOST: usize = 64;

/// Lanes that requests occupy until they are answered: one more for each round of good answers
/// that needed them all, half as many after a timeout or a server error, never none.
pub struct ConcurrencyLimiter {
    open: Semaphore,
    width: Mutex<ConcurrencyLimit>,
}

struct ConcurrencyLimit {
    limit: usize,
    /// Good answers since the last widening.
    good: usize,
    /// Lanes that close as soon as the requests in them are answered.
    closing: usize,
}

/// One occupied lane; free again when dropped.
pub struct ConcurrencyPermit<'a> {
    lanes: &'a ConcurrencyLimiter,
    permit: Option<SemaphorePermit<'a>>,
}

impl ConcurrencyLimiter {
    /// Eight lanes.
    pub fn new() -> Self {
        let width = ConcurrencyLimit { limit: FIRST, good: 0, closing: 0 };
        Self { open: Semaphore::new(FIRST), width: Mutex::new(width) }
    }

    /// Waits for a free lane.
    pub async fn enter(&self) -> ConcurrencyPermit<'_> {
        // The semaphore is never closed, so there always is a permit.
        ConcurrencyPermit { lanes: self, permit: self.open.acquire().await.ok() }
    }

    /// How many requests may be under way.
    pub fn limit(&self) -> usize {
        self.width().limit
    }

    fn widen(&self) {
        // An answer says nothing about a limit that was not reached.
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

    fn narrow(&self) {
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

impl ConcurrencyPermit<'_> {
    /// The request was answered as it should be.
    pub fn good(self) {
        self.lanes.widen();
    }

    /// The request timed out, or the server stumbled over it.
    pub fn report_overload(self) {
        self.lanes.narrow();
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

//! Decides on retries: which failures, how often, and after which delay.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::response::{HttpFailure, HttpFailureType};
use super::retry_after::RequestedWait;

/// Time after which zonal does not retry.
///
/// With responses that time out after half a minute, zonal gives up after about a minute.
const LONG_ENOUGH: Duration = Duration::from_secs(45);

/// Retry safety of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetrySafety {
    /// Retry after any failure, because a second read does no harm.
    Idempotent,
    /// Retry only if the server cannot have processed the request, as a gateway that checks revisions.
    OnlyIfNotProcessed,
    /// Never retry: a PUT to Alma replaces the whole table, so the caller reads again first.
    AfterNewReading,
}

/// Remaining retries of one request.
pub struct RetryBudget {
    repeat: RetrySafety,
    busy: ExponentialBackoff,
    trouble: ExponentialBackoff,
    garbled: ExponentialBackoff,
    spent: Duration,
}

impl RetryBudget {
    /// Creates a fresh retry budget. The seed spreads the delays of requests that failed together.
    pub fn new(repeat: RetrySafety, seed: u64) -> Self {
        let backoff = |first, times| {
            ExponentialBuilder::new()
                .with_min_delay(Duration::from_millis(first))
                .with_max_delay(Duration::from_secs(8))
                .with_max_times(times)
                .with_jitter()
                .with_jitter_seed(seed)
                .build()
        };
        Self {
            repeat,
            busy: backoff(250, 7),
            trouble: backoff(500, 3),
            garbled: backoff(500, 2),
            spent: Duration::ZERO,
        }
    }

    /// Returns the delay before the next attempt; `None` after the last one.
    ///
    /// `took` measures the last attempt. A wait that the server asks for takes precedence; after
    /// a too long one, there is no further attempt.
    pub fn next_delay(&mut self, trouble: &HttpFailure, took: Duration) -> Option<Duration> {
        self.spent += took;
        if let Some(RequestedWait::TooLong(_)) = trouble.retry_after {
            return None;
        }
        let requested_delay = trouble.retry_after.and_then(RequestedWait::delay);
        let wait = match (trouble.kind, self.repeat) {
            (_, RetrySafety::AfterNewReading) | (HttpFailureType::Outdated(_), _) => return None,
            // The zone's own delay applies; the budget delays all other requests as well.
            (HttpFailureType::Throttled, _) => {
                let wait = self.busy.next()?;
                return Some(requested_delay.unwrap_or(wait));
            }
            (HttpFailureType::NotSent, _)
            | (HttpFailureType::NoResponse | HttpFailureType::ServerError, RetrySafety::Idempotent) => {
                self.trouble.next()?
            }
            (HttpFailureType::InvalidBody, RetrySafety::Idempotent) => self.garbled.next()?,
            (
                HttpFailureType::NoResponse | HttpFailureType::ServerError | HttpFailureType::InvalidBody,
                RetrySafety::OnlyIfNotProcessed,
            )
            | (
                HttpFailureType::UnexpectedStatus
                | HttpFailureType::Rejected
                | HttpFailureType::PreconditionFailed,
                _,
            ) => {
                return None;
            }
        };
        if requested_delay.is_some() {
            return requested_delay;
        }
        self.spent += wait;
        (self.spent < LONG_ENOUGH).then_some(wait)
    }
}

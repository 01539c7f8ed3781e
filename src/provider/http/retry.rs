//! Says what is tried again, how often and after how long.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::response::HttpFailureType;

/// A zone that does not answer gets no new try after this long: with answers that take half a
/// minute to time out, it is given up after about a minute.
const LONG_ENOUGH: Duration = Duration::from_secs(45);

/// What a request may safely repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetrySafety {
    /// Whatever went wrong: reading twice harms nobody.
    Idempotent,
    /// Only what the zone cannot have acted upon: a table is replaced wholly, and somebody else may
    /// have changed it since.
    OnlyIfNotProcessed,
}

/// The tries that one request has left.
pub struct RetryBudget {
    repeat: RetrySafety,
    busy: ExponentialBackoff,
    trouble: ExponentialBackoff,
    garbled: ExponentialBackoff,
    spent: Duration,
}

impl RetryBudget {
    /// Fresh patience. The seed spreads the waits of requests that failed together.
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

    /// How long to wait before the next try; `None` where this was the last. `took` is how long
    /// the last one was under way.
    pub fn next_delay(&mut self, kind: HttpFailureType, took: Duration) -> Option<Duration> {
        self.spent += took;
        let wait = match (kind, self.repeat) {
            // The zone's own word counts; the budget holds everyone else back as well.
            (HttpFailureType::Throttled(said), _) => {
                let wait = self.busy.next()?;
                return Some(said.map_or(wait, |said| said.min(Duration::from_secs(30))));
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
        self.spent += wait;
        (self.spent < LONG_ENOUGH).then_some(wait)
    }
}
